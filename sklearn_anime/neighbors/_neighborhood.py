"""Nearest neighbors by cosine: exact search in blocks, or an index."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import normalize

from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._svd import ROUNDING


@dataclass(frozen=True)
class Queries:
    """Vectors whose neighbors are searched.

    Attributes
    ----------
    directions : ndarray of shape (n_queries, n_dimensions)
        The vectors at unit length, in float32.

    own : ndarray of int of shape (n_queries,)
        The vector of the neighborhood that is the query itself and no neighbor; -1: there is none.
    """

    directions: np.ndarray
    own: np.ndarray

    @classmethod
    def of(cls, vectors, own):
        """Scale vectors to unit length."""
        return cls(directions_of(vectors), np.asarray(own))

    def __len__(self):
        return len(self.directions)

    def __getitem__(self, rows):
        return Queries(self.directions[rows], self.own[rows])


@dataclass(frozen=True)
class Neighborhood:
    """Vectors at unit length, and the search for their nearest neighbors.

    Attributes
    ----------
    directions : ndarray of shape (n_vectors, n_dimensions)
        The vectors at unit length, in float32.

    index : object with ``kneighbors`` or None
        Finds the nearest; None compares with all vectors, in blocks.

    Examples
    --------
    >>> neighborhood = Neighborhood.fit(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 2.0]]))
    >>> neighborhood.nearest(neighborhood.members[:1], 1).toarray().astype(float).round(2).tolist()
    [[0.0, 0.6, 0.0]]
    """

    directions: np.ndarray
    index: Any = None

    @classmethod
    def fit(cls, vectors, index=None):
        """Scale vectors to unit length, and fit a copy of an index to them."""
        directions = directions_of(vectors)
        if index is not None:
            index = clone(index, safe=isinstance(index, type))  # of any object, but not of a class
            index.fit(directions)
        return cls(directions, index)

    def __len__(self):
        return len(self.directions)

    @property
    def members(self):
        """The vectors themselves as queries, none of which is its own neighbor."""
        return Queries(self.directions, np.arange(len(self)))

    def uses_index(self, n):
        """Return whether the index finds the `n` nearest; it is not asked for all others."""
        return self.index is not None and n is not None and n < len(self) - 1

    def similarity(self, queries, positions):
        """Return the cosines of queries with some of the vectors, 0 for negative ones and their own."""
        cosine = queries.directions @ self.directions[positions].T
        cosine[queries.own[:, None] == positions] = 0.0
        return np.maximum(cosine, 0.0, out=cosine)

    def nearest(self, queries, n, n_jobs=None):
        """Return the similarities of the nearest vectors: a CSR array with `n` entries per query.

        Parameters
        ----------
        queries : Queries
            Vectors whose neighbors to find.

        n : int
            How many to find for each. Ties at the edge stay, where the search is exact.

        n_jobs : int, default=None
            Number of threads that search at the same time, and share the memory for it.
        """
        if self.uses_index(n):  # the vectors of all neighbors that are found are held at once
            search, width = self._search_index, n * self.directions.size // len(self)
        else:
            search, width = self._search_all, len(self)
        blocks = batches(len(queries), block_length(width, n_jobs))
        found = [search(queries[block], n) for block in blocks]
        return sparse.vstack(found, format="csr") if found else sparse.csr_array((0, len(self)))

    def _search_all(self, queries, n):
        similarity = np.maximum(queries.directions @ self.directions.T, 0.0)
        known = np.flatnonzero(queries.own >= 0)
        similarity[known, queries.own[known]] = 0.0
        keep_largest(similarity, n)
        return _csr_of_positive(similarity)

    def _search_index(self, queries, n):
        """Return what the index finds; the similarities are computed anew, whatever its metric."""
        found = self._labels(queries.directions, n + 1)  # one of them may be the query itself
        rows = np.broadcast_to(np.arange(len(found))[:, None], found.shape)
        pairs = queries.directions[rows.ravel()], self.directions[found.ravel()]
        similarity = np.einsum("ij,ij->i", *pairs).reshape(found.shape)
        similarity[(found < 0) | (found == queries.own[:, None])] = 0.0
        keep_largest(similarity, n)
        kept = similarity > 0
        shape = len(found), len(self)
        return sparse.csr_array((similarity[kept], (rows[kept], found[kept])), shape)

    def _labels(self, directions, n):
        """Return what the index finds, in rising order; -1 for what is missing or repeated."""
        n_rows = len(directions)
        found = np.array(self.index.kneighbors(directions, n_neighbors=n, return_distance=False))
        if found.ndim != 2 or len(found) != n_rows or found.max(initial=-1) >= len(self):
            raise ValueError(
                f"The index {self.index!r} answers {n_rows} rows with labels of shape {found.shape} up "
                f"to {found.max(initial=-1)}, but it was fitted on {len(self)}. Give `neighbors` a "
                f"kneighbors that returns the positions of neighbors, a row for each query."
            )
        found = np.sort(found, axis=1)
        found[:, 1:][found[:, 1:] == found[:, :-1]] = -1
        return found


def directions_of(vectors):
    """Return vectors at unit length, in single precision whatever their scale; zeros stay zeros."""
    largest = abs(vectors).max() if vectors.size else 0.0
    # `normalize` takes very short vectors for zeros.
    return normalize(vectors.astype(np.float64) / (largest or 1.0)).astype(np.float32)


def similarity_weights(similarities, power):
    """Return similarities to a power, in double precision; those that are 0 up to rounding are 0."""
    weights = similarities.astype(np.float64)
    values = weights.data if sparse.issparse(weights) else weights
    values[values < ROUNDING] = 0.0
    np.power(values, power, out=values)
    return weights


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


def _csr_of_positive(dense):
    """Return the positive entries of a dense matrix without negative ones."""
    positions = np.flatnonzero(dense > 0)  # of booleans several times as fast as of floats
    rows, columns = np.divmod(positions, dense.shape[1])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(dense)))])
    return sparse.csr_array((dense.ravel()[positions], columns, indptr), shape=dense.shape)
