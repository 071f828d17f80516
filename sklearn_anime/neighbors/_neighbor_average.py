"""Weighted averages of the residuals of neighbors."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sklearn_anime.neighbors._neighborhood import Neighborhood, keep_largest, similarity_weights
from sklearn_anime.utils._blocks import batches, block_length


@dataclass(frozen=True)
class NeighborAverage:
    """Averages the residuals in a row of a matrix, weighted by similarity to a target.

    On the user axis a row is an item, and its columns are the users who have rated it; the target is
    another user. On the item axis a row is a user, and its columns are the items rated by that user; the
    target is another item.

    Attributes
    ----------
    residuals, weights : CSR array of shape (n_rows, n_vectors)
        Residuals of ratings, and the sample weights of these ratings.

    neighborhood : Neighborhood
        The vectors of the columns.

    n_neighbors : int or None
        Number of neighbors in an average; None takes all columns of the row.

    power, shrinkage : float
        Power of the similarity, and the pull towards 0.
    """

    residuals: sparse.csr_array
    weights: sparse.csr_array
    neighborhood: Neighborhood
    n_neighbors: int | None
    power: float
    shrinkage: float

    def of_pairs(self, queries, targets, rows):
        """Return the average for each pair.

        Parameters
        ----------
        queries : Queries
            The vectors of the targets.

        targets : ndarray of int of shape (n_pairs,)
            Which query each pair is about.

        rows : ndarray of int of shape (n_pairs,)
            Row of the residuals of each pair.

        Returns
        -------
        ndarray of shape (n_pairs,)
            Averages; 0 where there is no neighbor.
        """
        if self.neighborhood.uses_index(self.n_neighbors):
            return self._by_index(queries, targets, rows)
        averages = np.zeros(len(targets))
        for pairs in _groups(rows):
            columns, residuals, weights = self._row(rows[pairs[0]])
            for block in batches(len(pairs), block_length(max(len(columns), 1))):
                some = pairs[block]
                of_columns = self._column_weights(queries[targets[some]], columns, weights)
                totals = of_columns.sum(axis=1)
                averages[some] = _shrunk(of_columns @ residuals, totals, self.shrinkage)
        return averages

    def terms(self, query, row):
        """Return the neighbors of one pair, their weights, and what each adds to the average.

        `query` is `Queries` of length 1.
        """
        columns, residuals, weights = self._row(row)
        if self.neighborhood.uses_index(self.n_neighbors):
            of_columns = self._nearest(query)[:, columns].toarray()[0] * weights
        else:
            of_columns = self._column_weights(query, columns, weights)[0]
        return columns, of_columns, _shrunk(of_columns * residuals, of_columns.sum(), self.shrinkage)

    def _row(self, row):
        span = slice(*self.residuals.indptr[row : row + 2])
        return self.residuals.indices[span], self.residuals.data[span], self.weights.data[span]

    def _column_weights(self, queries, columns, weights):
        """Return the weight of each column for each query, 0 beyond the nearest."""
        similarity = self.neighborhood.similarity(queries, columns)
        keep_largest(similarity, self.n_neighbors)
        return similarity_weights(similarity, self.power) * weights

    def _nearest(self, queries):
        """Return the weights of the nearest of all vectors."""
        return similarity_weights(self.neighborhood.nearest(queries, self.n_neighbors), self.power)

    def _by_index(self, queries, targets, rows):
        """Average over the nearest of all vectors that are columns of the row, in blocks of targets."""
        distinct, positions = np.unique(targets, return_inverse=True)
        averages = np.zeros(len(targets))
        for block in batches(len(distinct), block_length(self.n_neighbors)):
            pairs = np.flatnonzero((positions >= block.start) & (positions < block.stop))
            nearest = self._nearest(queries[distinct[block]])
            averages[pairs] = self._average(nearest, positions[pairs] - block.start, rows[pairs])
        return averages

    def _average(self, nearest, positions, rows):
        """Return the averages of pairs, given weights of vectors and the row of each pair in them."""
        averages, columns_of = np.zeros(len(rows)), np.zeros((len(self.neighborhood), 2))
        for pairs in _groups(rows):
            columns, residuals, weights = self._row(rows[pairs[0]])
            columns_of[columns] = np.column_stack([weights * residuals, weights])
            sums = nearest[positions[pairs]] @ columns_of
            averages[pairs] = _shrunk(sums[:, 0], sums[:, 1], self.shrinkage)
            columns_of[columns] = 0.0
        return averages


def _groups(codes):
    """Return the positions of each distinct code."""
    order = np.argsort(codes, kind="stable")
    bounds = np.flatnonzero(np.diff(codes[order])) + 1
    return np.split(order, bounds) if len(order) else []


def _shrunk(sums, weights, shrinkage):
    """Return sums over weights plus shrinkage; 0 without any weight."""
    total = np.asarray(weights + shrinkage)
    return np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
