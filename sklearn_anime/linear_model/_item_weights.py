"""The weights of the linear item-item model in closed form: exact, or in the space of an SVD."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sklearn_anime.linear_model._gram import inverse_gram
from sklearn_anime.utils._svd import leading_singular_vectors


@dataclass(frozen=True)
class ExactWeights:
    """The weights of the exact model, as one array.

    Attributes
    ----------
    weights : ndarray of shape (n_items, n_items)
        ``weights[i, j]`` is what having seen item i adds to the score of item j; 0 for i = j.

    precision : ndarray of shape (n_items,)
        Diagonal of the inverse ``P`` of the regularized Gram matrix.

    Examples
    --------
    >>> rows = sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    >>> exact = ExactWeights.fit(rows, np.ones(3))
    >>> exact.weights.astype(float).round(2).tolist()
    [[0.0, 0.5, -0.2], [0.4, 0.0, 0.4], [-0.2, 0.5, 0.0]]
    """

    weights: np.ndarray
    precision: np.ndarray

    @classmethod
    def fit(cls, rows, ridge):
        """Solve for rows over items, with a ridge for each item."""
        inverse = inverse_gram(rows, ridge)
        precision = inverse.diagonal().copy()
        inverse /= -precision
        np.fill_diagonal(inverse, 0.0)
        return cls(inverse, precision)

    def scores(self, rows):
        """Return the scores of all items for rows over items."""
        return rows.astype(self.weights.dtype) @ self.weights  # of two types, it would be copied

    def to_item(self, item):
        """Return what each item adds to the score of one."""
        return self.weights[:, item].astype(np.float64)

    def solve(self, right):
        """Return ``P`` times a matrix of shape (n_items, n)."""
        scaled = (self.precision[:, None] * right).astype(self.weights.dtype)
        return scaled - self.weights @ scaled

    def partial_correlations(self, items):
        """Return the partial correlation of some items with all, itself -inf, one row for each."""
        root = np.sqrt(self.precision)
        found = self.weights[items] * (root / root[items, None])
        found[np.arange(len(items)), items] = -np.inf
        return found


@dataclass(frozen=True)
class LowRankWeights:
    """The same weights in the space of an SVD; no array of items x items is ever made.

    With ``d`` the ridge and ``B D^-1/2 = U S V'``, ``P = D^-1/2 (I - V C V') D^-1/2`` where
    ``C = S^2 / (S^2 + 1)``.

    Attributes
    ----------
    scale : ndarray of shape (n_items,)
        ``d**-0.5``.

    vectors : ndarray of shape (n_items, n_components)
        ``V``.

    shrinkage : ndarray of shape (n_components,)
        Diagonal of ``C``.

    rest : ndarray of shape (n_items,)
        Diagonal of ``I - V C V'``.

    Examples
    --------
    >>> rows = sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    >>> LowRankWeights.fit(rows, np.ones(3), 2, random_state=0).to_item(1).round(2).tolist()
    [0.5, 0.0, 0.5]
    """

    scale: np.ndarray
    vectors: np.ndarray
    shrinkage: np.ndarray
    rest: np.ndarray

    @classmethod
    def fit(cls, rows, ridge, n_components, random_state=None):
        """Factorize rows over items, with a ridge for each item."""
        scale = (ridge**-0.5).astype(np.float32)
        values, vectors = leading_singular_vectors(_scaled(rows, scale), n_components, random_state)
        shrinkage = values**2 / (values**2 + 1)
        leverage = np.einsum("ij,ij,j->i", vectors, vectors, shrinkage)
        # No eigenvalue of I - V C V' is less; rounding could go below.
        rest = np.maximum(1 - leverage, 1 - shrinkage.max())
        return cls(scale, vectors, shrinkage.astype(np.float32), rest.astype(np.float32))

    def scores(self, rows):
        """Return the scores of all items for rows over items."""
        rows = _scaled(rows, self.scale)
        scores = ((rows @ self.vectors) * self.shrinkage) @ self.vectors.T
        pairs = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), rows.indices
        scores[pairs] -= rows.data * (1 - self.rest[rows.indices])  # no item speaks for itself
        scores /= self.scale * self.rest
        return scores

    def to_item(self, item):
        """Return what each item adds to the score of one."""
        weights = self.scale * (self.vectors @ (self.shrinkage * self.vectors[item]))
        weights /= self.scale[item] * self.rest[item]
        weights[item] = 0.0
        return weights.astype(np.float64)

    def solve(self, right):
        """Return ``P`` times a matrix of shape (n_items, n)."""
        scaled = self.scale[:, None] * right
        along = self.shrinkage[:, None] * (self.vectors.T @ scaled)
        return self.scale[:, None] * (scaled - self.vectors @ along)

    def partial_correlations(self, items):
        """Return the partial correlation of some items with all, itself -inf, one row for each."""
        root = np.sqrt(self.rest)
        found = (self.shrinkage * self.vectors[items]) @ self.vectors.T / (root * root[items, None])
        found[np.arange(len(items)), items] = -np.inf
        return found


def _scaled(rows, scale):
    """Return a CSR matrix with each column times a number, in single precision."""
    values = rows.data.astype(np.float32) * scale[rows.indices]
    return sparse.csr_array((values, rows.indices, rows.indptr), shape=rows.shape)
