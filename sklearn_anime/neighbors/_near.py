"""Who lies near whom: exact search in blocks, or an index."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import normalize

from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._svd import ROUNDING


@dataclass(frozen=True)
class Neighborhood:
    """Vectors at unit length, and how their nearest ones are found.

    Attributes
    ----------
    directions : ndarray or sparse matrix of shape (n_vectors, n_dimensions)
        The vectors at unit length, in float32.

    index : object with ``kneighbors`` or None
        Finds the nearest; None searches all in blocks.

    Examples
    --------
    >>> near = Neighborhood.fit(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 2.0]]))
    >>> near.nearest(near.directions[:1], 1, own=[0]).toarray().astype(float).round(2).tolist()
    [[0.0, 0.6, 0.0]]
    """

    directions: np.ndarray | sparse.csr_array
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
        return self.directions.shape[0]

    def asks_index(self, n):
        """Return whether `n` nearest are found by the index; of all others it has no choice to make."""
        return self.index is not None and n is not None and n < len(self) - 1

    def similarity(self, directions, places=slice(None)):
        """Return the cosine of directions with some of the vectors, negative ones as 0."""
        cosine = directions @ self.directions[places].T
        cosine = cosine.toarray() if sparse.issparse(cosine) else cosine
        return np.maximum(cosine, 0.0, out=cosine)

    def nearest(self, directions, n, own, n_jobs=None):
        """Return the similarities of the nearest vectors, in a CSR matrix with `n` for each direction.

        Parameters
        ----------
        directions : ndarray or sparse matrix of shape (n_directions, n_dimensions)
            Directions at unit length.

        n : int
            How many to find for each. Ties at the edge stay, where the search is exact.

        own : array-like of shape (n_directions,)
            The vector that is the direction itself and does not count; -1 where there is none.

        n_jobs : int, default=None
            Number of threads that search at the same time, and share the memory for it.
        """
        if self.asks_index(n):  # the vectors of all that is found are held at once
            search, width = self._ask_index, n * self.directions.size // len(self)
        else:
            search, width = self._search_all, len(self)
        blocks = batches(directions.shape[0], block_length(width, n_jobs))
        found = [search(directions[block], n, np.asarray(own)[block]) for block in blocks]
        return sparse.vstack(found, format="csr") if found else sparse.csr_array((0, len(self)))

    def _search_all(self, directions, n, own):
        near = self.similarity(directions)
        known = np.flatnonzero(own >= 0)
        near[known, own[known]] = 0.0
        keep_largest(near, n)
        return _csr_of_positive(near)

    def _ask_index(self, directions, n, own):
        """Return what the index finds; the similarities are computed anew, whatever its metric."""
        found = self._labels(directions, n + 1)  # one of them may be the direction itself
        rows = np.broadcast_to(np.arange(len(found))[:, None], found.shape)
        near = paired_cosines(directions[rows.ravel()], self.directions[found.ravel()])
        near = near.reshape(found.shape)
        near[(found < 0) | (found == own[:, None])] = 0.0
        keep_largest(near, n)
        kept = near > 0
        return sparse.csr_array((near[kept], (rows[kept], found[kept])), (len(found), len(self)))

    def _labels(self, directions, n):
        """Return what the index finds, in rising order; -1 for what it lacks or names twice."""
        n_rows = directions.shape[0]
        found = np.array(self.index.kneighbors(directions, n_neighbors=n, return_distance=False))
        if found.ndim != 2 or len(found) != n_rows or found.max(initial=-1) >= len(self):
            raise ValueError(
                f"The index {self.index!r} answers {n_rows} rows with labels of shape {found.shape} up "
                f"to {found.max(initial=-1)}, but it was fitted on {len(self)}. Give `neighbors` a "
                f"kneighbors that returns the places of neighbors, a row for each row asked."
            )
        found = np.sort(found, axis=1)
        found[:, 1:][found[:, 1:] == found[:, :-1]] = -1
        return found


def directions_of(vectors):
    """Return vectors at unit length, in single precision whatever their scale; zeros stay zeros."""
    largest = abs(vectors).max() if vectors.size else 0.0
    # `normalize` takes very short vectors for zeros.
    return normalize(vectors.astype(np.float64) / (largest or 1.0)).astype(np.float32)


def _csr_of_positive(dense):
    """Return the positive entries of a dense matrix without negative ones."""
    places = np.flatnonzero(dense > 0)  # of booleans several times as fast as of floats
    rows, columns = np.divmod(places, dense.shape[1])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(dense)))])
    return sparse.csr_array((dense.ravel()[places], columns, indptr), shape=dense.shape)


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
