"""The weights of the linear model from the past to the next item: exact, or in the space of an SVD."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sklearn_anime.linear_model._gram import dtype_for, gram_of, gram_sums, inverse_of
from sklearn_anime.linear_model._tail import gram_size, sparse_gram
from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._products import times_dense
from sklearn_anime.utils._svd import leading_singular_vectors


@dataclass(frozen=True)
class ExactTransitions:
    """The weights of the exact model, as one array.

    Attributes
    ----------
    weights : ndarray of shape (n_items, n_items)
        ``weights[i, j]`` is what having seen item i last adds to the score of item j.

    precision : ndarray of shape (n_items,)
        Diagonal of ``P = (S'S + X'X + alpha I)^-1``.

    Examples
    --------
    >>> past = sparse.csr_array([[3.0, 0.0], [0.0, 1.0]])
    >>> following = sparse.csr_array([[0.0, 2.0], [1.0, 0.0]])
    >>> ExactTransitions.fit(past, following, alpha=1.0).weights.round(3).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """

    weights: np.ndarray
    precision: np.ndarray

    @classmethod
    def fit(cls, past, following, alpha, users=None):
        """Solve for the weights, in the array of the inverse.

        `users` are blocks of the rows ``X``, if the items of a user predict each other, too. Of
        ``W = P (S'Z + X'X - diag(mu))``, the product with the dense ``X'X`` is never made: it is
        ``P X'X = I - P (S'S + alpha I)``, and the diagonal of ``W`` is 0.
        """
        if users is None:
            dtype = dtype_for(past.sum(axis=1), alpha)
            weights = inverse_of(past.astype(dtype).toarray(), alpha)
        else:
            dtype = dtype_for(past.sum(axis=1) + users.sum(gram_sums), alpha)
            weights = inverse_of(_plus(gram_of(users, past.shape[0], dtype), past), alpha)
            following = following - past
            own = (1 + _diagonal_of_product(weights, following)) / weights.diagonal()
            following -= sparse.diags_array(own)
        precision = weights.diagonal().copy()
        columns = following.T.tocsr().astype(dtype)
        for block in batches(len(weights), block_length(len(weights))):
            weights[block] = times_dense(columns, np.ascontiguousarray(weights[block].T)).T
        if users is not None:
            np.fill_diagonal(weights, 0.0)
        return cls(weights, precision)

    def scores(self, rows):
        """Return the scores of all items for rows over items."""
        return times_dense(rows.astype(self.weights.dtype), self.weights)

    def from_items(self, items):
        """Return what some items add to the scores of all, one row for each."""
        return self.weights[items]

    def to_item(self, item):
        """Return what each item adds to the score of one."""
        return self.weights[:, item].astype(np.float64)


@dataclass(frozen=True)
class LowRankTransitions:
    """The same weights in the space of an SVD; no dense array of items x items.

    With ``S / sqrt(alpha) = U S V'``, ``P = (I - M) / alpha`` where ``M = V f(S) V'`` is the spectral
    filter ``f(s) = s^2 / (s^2 + 1)`` of the leading components.

    Attributes
    ----------
    vectors : ndarray of shape (n_items, n_components)
        ``V``.

    filtered : ndarray of shape (n_components,)
        ``f(S)``.

    following : sparse.csr_array of shape (n_items, n_items)
        ``S'Z / alpha``, or ``(S'Z + X'X - diag(mu)) / alpha``.

    reduced : ndarray of shape (n_components, n_items)
        ``V'`` times that.

    precision : ndarray of shape (n_items,)
        Diagonal of ``P``.

    Examples
    --------
    >>> past = sparse.csr_array([[3.0, 0.0], [0.0, 1.0]])
    >>> following = sparse.csr_array([[0.0, 2.0], [1.0, 0.0]])
    >>> low_rank = LowRankTransitions.fit(past, following, 1.0, n_components=1)
    >>> low_rank.scores(sparse.csr_array([[1.0, 1.0]])).round(3).tolist()
    [[1.0, 0.5]]
    """

    vectors: np.ndarray
    filtered: np.ndarray
    following: sparse.csr_array
    reduced: np.ndarray
    precision: np.ndarray

    @classmethod
    def fit(cls, past, following, alpha, n_components, random_state=None, users=None):
        """Factorize the Gram matrix of the pasts and, if there are any, of the rows of users."""
        gram, following = ((each / alpha).astype(np.float32) for each in (past, following))
        if users is not None:
            n_items = past.shape[0]
            common = sparse_gram(users, users.panels(n_items, gram_size(users, n_items)))
            common.data /= alpha
            gram, following = gram + common, following + common
        # The singular values of the Gram matrix are the squares of those of the rows.
        squares, vectors = leading_singular_vectors(gram, n_components, random_state)
        vectors = vectors.astype(np.float32)
        filtered = (squares / (squares + 1)).astype(np.float32)
        remaining = np.maximum(1 - np.einsum("ij,ij,j->i", vectors, vectors, filtered), 0.0)
        reduced = np.ascontiguousarray((following.T @ vectors).T)
        if users is not None:  # no item predicts itself
            own = following.diagonal() - np.einsum("ij,j,ji->i", vectors, filtered, reduced)
            own = np.divide(own, remaining, out=np.zeros_like(own), where=remaining > 0)
            following = (following - sparse.diags_array(own)).tocsr().astype(np.float32)
            reduced -= vectors.T * own
        return cls(vectors, filtered, following, reduced, remaining / alpha)

    def scores(self, rows):
        """Return the scores of all items for rows over items."""
        scores = (rows @ self.following).toarray()
        scores -= ((rows @ self.vectors) * self.filtered) @ self.reduced
        return scores

    def from_items(self, items):
        """Return what some items add to the scores of all, one row for each."""
        scores = self.following[items].toarray()
        scores -= (self.vectors[items] * self.filtered) @ self.reduced
        return scores

    def to_item(self, item):
        """Return what each item adds to the score of one."""
        weights = self.following[:, [item]].toarray()[:, 0].astype(np.float64)
        return weights - self.vectors @ (self.filtered * self.reduced[:, item])


def _plus(gram, past):
    """Add a sparse array to a dense one, in place."""
    for block in batches(len(gram), block_length(len(gram))):
        gram[block] += past[block].toarray()
    return gram


def _diagonal_of_product(array, matrix):
    """Return the diagonal of the product of a dense and a sparse array."""
    columns, diagonal = matrix.T.tocsr(), np.empty(len(array))
    for block in batches(len(array), block_length(len(array))):
        diagonal[block] = (columns[block] * array[block]).sum(axis=1)
    return diagonal
