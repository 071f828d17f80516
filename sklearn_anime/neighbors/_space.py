"""Coordinates of users and items in the truncated SVD of a matrix of users x items."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg
from scipy.sparse.linalg import norm

from sklearn_anime.utils._parts import as_blocks, itself
from sklearn_anime.utils._svd import ROUNDING, truncated_svd

OUTSIDE = 1e-3  # share of its length that a vector outside the components has in them by chance


@dataclass(frozen=True)
class Space:
    """Coordinates of users and items in the space of the right singular vectors.

    With the SVD ``U S V'`` of the matrix, the coordinates of a user are ``S**(balance - 1) V'`` times
    the row, which is ``U S**balance`` for the users of ``fit``, those of an item are ``V S**balance``.

    Attributes
    ----------
    users, items : ndarray of shape (n_users, n_components) and (n_items, n_components)
        Coordinates.

    components : ndarray of shape (n_components, n_items)
        Right singular vectors.

    singular_values, explained_variance_ratio : ndarray of shape (n_components,)
        Singular values, and the share of the squared entries that each component holds.

    balance : float
        Power of the singular values in the coordinates: 1 weighs a component by all that it explains,
        smaller ones make the weights of the components more equal.

    n_fitted : int
        Number of items of the matrix that was factorized; later ones are projected.

    Examples
    --------
    >>> from scipy import sparse
    >>> matrix = sparse.csr_array([[2.0, 0.0], [1.0, 0.0], [0.0, 5.0]])
    >>> space = Space.fit(matrix, 1, random_state=0)
    >>> np.abs(space.users).round(2).tolist(), np.abs(space.items).round(2).tolist()
    ([[0.0], [0.0], [5.0]], [[0.0], [5.0]])
    """

    users: np.ndarray
    items: np.ndarray
    components: np.ndarray
    singular_values: np.ndarray
    explained_variance_ratio: np.ndarray
    balance: float
    n_fitted: int

    @classmethod
    def fit(cls, matrix, n_components, random_state=None, balance=1.0):
        """Factorize a sparse matrix, or blocks of its rows."""
        blocks = as_blocks(matrix)
        values, components, projected = truncated_svd(blocks, n_components, random_state)
        item_squares = blocks.sum(_column_squares)
        total = item_squares.sum()
        ratio = values**2 / total if total > 0 else np.zeros_like(values)
        space = cls(None, None, components, values, ratio, balance, components.shape[1])
        users = space._coordinates(projected, blocks.concatenate(_row_norms))
        return replace(space, users=users, items=space._item_coordinates(np.sqrt(item_squares)))

    def project(self, rows):
        """Return the coordinates of users given by rows over the same items."""
        return self._coordinates(rows @ self.components.T, _row_norms(rows))

    def extended(self, matrix):
        """Return this space with the users and items of a matrix, whose first ones are those of ``fit``.

        The components of the items of ``fit`` stay. The others are projected anew each time, as users
        are: the column of an item times ``U / S``.
        """
        matrix = as_blocks(matrix).concatenate(itself)
        fitted = self.components[:, : self.n_fitted]
        users = matrix[:, : self.n_fitted] @ fitted.T
        new = (matrix[:, self.n_fitted :].T @ users) * _power(self.singular_values, -2)
        space = replace(self, components=np.hstack([fitted, new.T]))
        items = space._item_coordinates(_row_norms(matrix.T))
        return replace(space, users=space.project(matrix), items=items)

    def _item_coordinates(self, norms):
        return self._coordinates(self.components.T * self.singular_values, norms)

    def _coordinates(self, projected, norms):
        """Scale the projections of vectors of some norms; where they are but noise, return zeros."""
        inside = linalg.norm(projected, axis=1) > OUTSIDE * norms
        scale = _power(self.singular_values, self.balance - 1)
        return np.where(inside[:, None], projected, 0.0) * scale


def _row_norms(matrix):
    return norm(matrix, axis=1)


def _column_squares(matrix):
    return norm(matrix, axis=0) ** 2


def _power(values, exponent):
    """Return powers of singular values; those that are 0 up to rounding become 0."""
    kept = values > ROUNDING * values.max(initial=0.0)
    return np.where(kept, np.where(kept, values, 1.0) ** exponent, 0.0)
