"""Who lies near whom: exact search in blocks, or an index."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import normalize

from sklearn_anime._ranking import batches, block_length
from sklearn_anime.neighbors._space import ROUNDING


@dataclass(frozen=True)
class Neighbourhood:
    """Vectors at unit length, and how their nearest ones are found.

    Attributes
    ----------
    directions : ndarray or sparse matrix of shape (n_vectors, n_dimensions)
        The vectors at unit length, in float32.

    index : object with ``kneighbors`` or None
        Finds the nearest; None searches all in blocks.

    Examples
    --------
    >>> near = Neighbourhood.fit(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 2.0]]))
    >>> near.nearest(near.directions[:1], 1, own=[0]).toarray().astype(float).round(2).tolist()
    [[0.0, 0.6, 0.0]]
    """

    directions: np.ndarray | sparse.csr_matrix
    index: Any = None

    @classmethod
    def fit(cls, vectors, index=None):
        """Scale vectors to unit length, and fit a copy of an index to them."""
        directions = normalize(vectors.astype(np.float32))
        return cls(directions, None if index is None else clone(index).fit(directions))

    def __len__(self):
        return self.directions.shape[0]

    def similarity(self, directions, places=slice(None)):
        """Return the cosine of directions with some of the vectors, negative ones as 0."""
        cosine = directions @ self.directions[places].T
        cosine = cosine.toarray() if sparse.issparse(cosine) else cosine
        return np.maximum(cosine, 0.0, out=cosine)

    def nearest(self, directions, n, own):
        """Return the similarities of the nearest vectors, in a CSR matrix with `n` for each direction.

        Parameters
        ----------
        directions : ndarray or sparse matrix of shape (n_directions, n_dimensions)
            Directions at unit length.

        n : int
            How many to find for each. Ties at the edge stay, where the search is exact.

        own : array-like of shape (n_directions,)
            The vector that is the direction itself and does not count; -1 where there is none.
        """
        search = self._search_all if self.index is None else self._ask_index
        blocks = batches(directions.shape[0], block_length(len(self)))
        found = [search(directions[block], n, np.asarray(own)[block]) for block in blocks]
        return sparse.vstack(found, format="csr") if found else sparse.csr_matrix((0, len(self)))

    def _search_all(self, directions, n, own):
        near = self.similarity(directions)
        known = np.flatnonzero(own >= 0)
        near[known, own[known]] = 0.0
        keep_largest(near, n)
        return _csr_of_positive(near)

    def _ask_index(self, directions, n, own):
        """Return what the index finds; the similarities are computed anew, whatever its metric."""
        n = min(n + 1, len(self))  # one of them may be the direction itself
        found = np.asarray(self.index.kneighbors(directions, n_neighbors=n, return_distance=False))
        rows = np.repeat(np.arange(len(found)), n)
        near = np.maximum(paired_cosines(directions[rows], self.directions[found.ravel()]), 0.0)
        near = near.reshape(found.shape)
        near[found == own[:, None]] = 0.0
        keep_largest(near, n - 1)
        return sparse.csr_matrix((near.ravel(), (rows, found.ravel())), (len(found), len(self)))


def _csr_of_positive(dense):
    """Return the positive entries of a dense matrix without negative ones."""
    places = np.flatnonzero(dense > 0)  # of booleans several times as fast as of floats
    rows, columns = np.divmod(places, dense.shape[1])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(dense)))])
    return sparse.csr_matrix((dense.ravel()[places], columns, indptr), shape=dense.shape)


def lending_weights(similarities, power):
    """Return similarities to a power, in double precision; those that are 0 up to rounding are 0."""
    weights = similarities.astype(np.float64)
    values = weights.data if sparse.issparse(weights) else weights
    values[values < ROUNDING] = 0.0
    np.power(values, power, out=values)
    return weights


def paired_cosines(some, others):
    """Return the cosine of each row with the row of others beside it, all at unit length."""
    if sparse.issparse(some):
        return np.asarray(some.multiply(others).sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", some, others)


def keep_largest(matrix, n):
    """Set all but the `n` largest entries of each row to 0, in place; ties at the edge stay.

    Examples
    --------
    >>> matrix = np.array([[0.1, 0.5, 0.3]])
    >>> keep_largest(matrix, 2)
    >>> matrix.tolist()
    [[0.0, 0.5, 0.3]]
    """
    if n is not None and n < matrix.shape[1]:
        edge = np.partition(matrix, -n, axis=1)[:, -n, None] if n else np.inf
        matrix[matrix < edge] = 0.0
