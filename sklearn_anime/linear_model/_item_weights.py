"""The weights of the linear item-item model in closed form: exact, or in the space of an SVD."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sklearn_anime.linear_model._gram import inverse_gram
from sklearn_anime.linear_model._tail import FormedTail, ImplicitTail, squared_norms, tail_of
from sklearn_anime.utils._products import times_dense
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
    >>> from sklearn_anime.utils._parts import OneBlock
    >>> rows = OneBlock(sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    >>> exact = ExactWeights.fit(rows, np.ones(3))
    >>> exact.weights.astype(float).round(2).tolist()
    [[0.0, 0.5, -0.2], [0.4, 0.0, 0.4], [-0.2, 0.5, 0.0]]
    """

    weights: np.ndarray
    precision: np.ndarray

    @classmethod
    def fit(cls, blocks, ridge):
        """Solve for blocks of rows over items, with a ridge for each item."""
        inverse = inverse_gram(blocks, ridge)
        precision = inverse.diagonal().copy()
        inverse /= -precision
        np.fill_diagonal(inverse, 0.0)
        return cls(inverse, precision)

    def scores(self, rows):
        """Return the scores of all items for rows over items."""
        return times_dense(rows.astype(self.weights.dtype), self.weights)

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
    """The same weights in the space of an SVD, and in a sparse tail; no dense array of items x items.

    With ``d`` the ridge and ``A D^-1/2 = U S V'``, ``P = D^-1/2 (I - M) D^-1/2`` where ``M`` is the
    spectral filter ``f(s) = s^2 / (s^2 + 1)`` of the leading components and ``c s^2`` of all others.

    Attributes
    ----------
    scale : ndarray of shape (n_items,)
        ``d**-0.5``.

    vectors : ndarray of shape (n_items, n_components)
        ``V``.

    spectrum : ndarray of shape (n_components,)
        What the vectors add to the tail: ``f(S) - c S^2``.

    tail : FormedTail, ImplicitTail or None
        ``c D^-1/2 A'A D^-1/2`` without its diagonal.

    own : ndarray of shape (n_items,)
        Diagonal of ``V (f(S) - c S^2) V'``.

    rest : ndarray of shape (n_items,)
        Diagonal of ``I - M``.

    share : float
        Slope of the tail, as a share of that of the chord of ``f`` from 0 to the last component.

    Examples
    --------
    >>> from sklearn_anime.utils._parts import OneBlock
    >>> rows = OneBlock(sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    >>> LowRankWeights.fit(rows, np.ones(3), 2, tail=0.0, random_state=0).to_item(1).round(2).tolist()
    [0.5, 0.0, 0.5]
    """

    scale: np.ndarray
    vectors: np.ndarray
    spectrum: np.ndarray
    tail: FormedTail | ImplicitTail | None
    own: np.ndarray
    rest: np.ndarray
    share: float

    @classmethod
    def fit(cls, blocks, ridge, n_components, *, tail, random_state=None):
        """Factorize blocks of rows over items, with a ridge for each item.

        `tail` is the share of the slope, or a function from ``f`` at the last component to this share.
        """
        scale = (ridge**-0.5).astype(np.float32)
        scaled = blocks.map(_scaled, scale)
        values, vectors = leading_singular_vectors(scaled, n_components, random_state)
        squares = values.astype(np.float64) ** 2
        filtered = squares / (squares + 1)
        share = tail(filtered[-1]) if callable(tail) else tail
        c = share / (1 + squares[-1])
        spectrum = filtered - c * squares
        own = np.einsum("ij,ij,j->i", vectors, vectors, spectrum)
        # No eigenvalue of I - M is less; rounding could go below.
        rest = np.maximum(1 - own - c * scaled.sum(squared_norms), 1 / (1 + squares[0]))
        parts = (each.astype(np.float32) for each in (own, rest))
        spectrum = spectrum.astype(np.float32)
        return cls(scale, vectors, spectrum, tail_of(scaled, c, len(ridge)), *parts, share)

    def scores(self, rows):
        """Return the scores of all items for rows over items."""
        rows = _scaled(rows, self.scale)
        scores = ((rows @ self.vectors) * self.spectrum) @ self.vectors.T
        pairs = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), rows.indices
        scores[pairs] -= rows.data * self.own[rows.indices]  # no item speaks for itself
        if self.tail is not None:
            scores += self.tail.scores(rows)
        scores /= self.scale * self.rest
        return scores

    def to_item(self, item):
        """Return what each item adds to the score of one."""
        weights = self._filtered([item])[0] * self.scale / (self.scale[item] * self.rest[item])
        weights[item] = 0.0
        return weights.astype(np.float64)

    def solve(self, right):
        """Return ``P`` times a matrix of shape (n_items, n)."""
        scaled = (self.scale[:, None] * right).astype(np.float32)
        filtered = self.vectors @ (self.spectrum[:, None] * (self.vectors.T @ scaled))
        if self.tail is not None:
            filtered += self.tail.dot(scaled) + (1 - self.rest - self.own)[:, None] * scaled
        return self.scale[:, None] * (scaled - filtered)

    def partial_correlations(self, items):
        """Return the partial correlation of some items with all, itself -inf, one row for each."""
        root = np.sqrt(self.rest)
        found = self._filtered(items) / (root * root[items, None])
        found[np.arange(len(items)), items] = -np.inf
        return found

    def _filtered(self, items):
        """Return rows of ``M``, but for its diagonal."""
        rows = (self.spectrum * self.vectors[items]) @ self.vectors.T
        if self.tail is not None:
            chosen = (np.ones(len(items), np.float32), items, np.arange(len(items) + 1))
            rows += self.tail.scores(sparse.csr_array(chosen, shape=rows.shape))
        return rows


def _scaled(rows, scale):
    """Return a CSR matrix with each column times a number, in single precision."""
    values = rows.data.astype(np.float32) * scale[rows.indices]
    return sparse.csr_array((values, rows.indices, rows.indptr), shape=rows.shape)
