"""Places of users and items in the truncated SVD of a matrix of users x items."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import norm

from sklearn_anime.utils._svd import ROUNDING, truncated_svd

OUTSIDE = 1e-3  # of its length, what a vector outside the components has in them by chance


@dataclass(frozen=True)
class Space:
    """Users and items in the space of the right singular vectors, or by their raw vectors.

    With the SVD ``U S V'`` of the matrix, the place of a user is ``S**(balance - 1) V'`` times the row,
    which is ``U S**balance`` for the users of ``fit``, and that of an item is ``V S**balance``.

    Attributes
    ----------
    users, items : ndarray of shape (n_users, n_components) and (n_items, n_components)
        Places; without an SVD the rows and the columns of the matrix, sparse.

    components : ndarray of shape (n_components, n_items) or None
        Right singular vectors.

    singular_values, explained_variance_ratio : ndarray of shape (n_components,) or None
        Singular values, and the share of the squared entries that each component holds.

    balance : float
        Power of the singular values in the places: 1 weighs a component by all that it explains,
        smaller ones bring the components nearer to each other.

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

    users: np.ndarray | sparse.csr_array
    items: np.ndarray | sparse.csr_array
    components: np.ndarray | None = None
    singular_values: np.ndarray | None = None
    explained_variance_ratio: np.ndarray | None = None
    balance: float = 1.0
    n_fitted: int = 0

    @classmethod
    def fit(cls, matrix, n_components, random_state=None, balance=1.0):
        """Factorize a sparse matrix, or keep its raw vectors where `n_components` is None."""
        if n_components is None:
            return cls(matrix, matrix.T.tocsr())
        values, components, projected = truncated_svd(matrix, n_components, random_state)
        total = (matrix.data**2).sum()
        ratio = values**2 / total if total > 0 else np.zeros_like(values)
        space = cls(None, None, components, values, ratio, balance, matrix.shape[1])
        return replace(space, users=space._places(projected, matrix), items=space._item_places(matrix))

    def project(self, rows):
        """Return the places of users given by rows over the same items."""
        if self.components is None:
            return rows
        return self._places(rows @ self.components.T, rows)

    def extended(self, matrix):
        """Return this space with the users and items of a matrix, whose first ones are those of ``fit``.

        The components of the items of ``fit`` stay. The others are projected anew each time, as users
        are: the column of an item times ``U / S``.
        """
        if self.components is None:
            return Space.fit(matrix, None)
        fitted = self.components[:, : self.n_fitted]
        users = matrix[:, : self.n_fitted] @ fitted.T
        new = (matrix[:, self.n_fitted :].T @ users) * _power(self.singular_values, -2)
        space = replace(self, components=np.hstack([fitted, new.T]))
        return replace(space, users=space.project(matrix), items=space._item_places(matrix))

    def _item_places(self, matrix):
        return self._places(self.components.T * self.singular_values, matrix.T)

    def _places(self, coordinates, vectors):
        """Return the places of vectors with given coordinates: 0 where these are but noise."""
        inside = linalg.norm(coordinates, axis=1) > OUTSIDE * norm(vectors, axis=1)
        scale = _power(self.singular_values, self.balance - 1)
        return np.where(inside[:, None], coordinates, 0.0) * scale


def _power(values, exponent):
    """Return powers of singular values; those that are 0 up to rounding become 0."""
    kept = values > ROUNDING * values.max(initial=0.0)
    return np.where(kept, np.where(kept, values, 1.0) ** exponent, 0.0)
