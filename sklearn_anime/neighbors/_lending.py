"""Predictions from ratings that near ones lend."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sklearn_anime.neighbors._near import Neighborhood, keep_largest, lending_weights
from sklearn_anime.utils._blocks import batches, block_length


@dataclass(frozen=True)
class Lenders:
    """Who has residuals to lend, and how near they are to whom a prediction is for.

    On the user axis the borrower is the user of a pair, and the lenders are the raters of its item;
    on the item axis the borrower is the item, and the lenders are the items that the user has rated.
    The other id of the pair, which says who the lenders are, is the occasion.

    Attributes
    ----------
    residuals, weights : CSR matrices of shape (n_occasions, n_lenders)
        What each lender has for each occasion, and the sample weight of that rating.

    near : Neighborhood
        The directions of the lenders, who are the borrowers too.

    n_neighbors : int or None
        How many lend for one prediction; None lets all of them.

    power, shrinkage : float
        Power of the similarity, and the pull towards 0.
    """

    residuals: sparse.csr_array
    weights: sparse.csr_array
    near: Neighborhood
    n_neighbors: int | None
    power: float
    shrinkage: float

    def terms(self, borrowers, occasions):
        """Return what the near lenders add to the baseline of pairs, occasion by occasion."""
        if self.near.asks_index(self.n_neighbors):
            return self._terms_by_index(borrowers, occasions)
        terms = np.zeros(len(borrowers))
        for pairs in _groups(occasions):
            lenders, residuals, weights = self._lenders(occasions[pairs[0]])
            for block in batches(len(pairs), block_length(max(len(lenders), 1))):
                lent = self._lent(borrowers[pairs[block]], lenders, weights)
                terms[pairs[block]] = _shrunk(lent @ residuals, lent.sum(axis=1), self.shrinkage)
        return terms

    def shares(self, borrower, occasion):
        """Return the lenders of one pair, their weights, and what each of them adds."""
        if min(borrower, occasion) < 0:
            return np.empty(0, dtype=np.intp), np.empty(0), np.empty(0)
        lenders, residuals, weights = self._lenders(occasion)
        if self.near.asks_index(self.n_neighbors):
            lent = self._global(np.array([borrower]))[:, lenders].toarray()[0] * weights
        else:
            lent = self._lent(np.array([borrower]), lenders, weights)[0]
        return lenders, lent, _shrunk(lent * residuals, lent.sum(), self.shrinkage)

    def _lenders(self, occasion):
        span = slice(*self.residuals.indptr[occasion : occasion + 2])
        return self.residuals.indices[span], self.residuals.data[span], self.weights.data[span]

    def _lent(self, borrowers, lenders, weights):
        """Return the weight of each lender for each borrower, 0 beyond the nearest."""
        near = self.near.similarity(self.near.directions[borrowers], lenders)
        near[borrowers[:, None] == lenders] = 0.0
        keep_largest(near, self.n_neighbors)
        return lending_weights(near, self.power) * weights

    def _global(self, borrowers):
        """Return the powers of the similarities of the nearest of all."""
        near = self.near.nearest(self.near.directions[borrowers], self.n_neighbors, own=borrowers)
        return lending_weights(near, self.power)

    def _terms_by_index(self, borrowers, occasions):
        """Return the same from the nearest of all, as far as they lend, some borrowers at a time."""
        people, places = np.unique(borrowers, return_inverse=True)
        terms = np.zeros(len(borrowers))
        for block in batches(len(people), block_length(self.n_neighbors)):
            pairs = np.flatnonzero((places >= block.start) & (places < block.stop))
            near = self._global(people[block])
            terms[pairs] = self._filtered_terms(near, places[pairs] - block.start, occasions[pairs])
        return terms

    def _filtered_terms(self, near, places, occasions):
        """Return the terms of pairs, given the weights of all and the row of each borrower in them."""
        terms, weighted = np.zeros(len(places)), np.zeros((len(self.near), 2))
        for pairs in _groups(occasions):
            lenders, residuals, weights = self._lenders(occasions[pairs[0]])
            weighted[lenders] = np.column_stack([weights * residuals, weights])
            sums = near[places[pairs]] @ weighted
            terms[pairs] = _shrunk(sums[:, 0], sums[:, 1], self.shrinkage)
            weighted[lenders] = 0.0
        return terms


def _groups(codes):
    """Yield the places of each distinct code."""
    order = np.argsort(codes, kind="stable")
    bounds = np.flatnonzero(np.diff(codes[order])) + 1
    return np.split(order, bounds) if len(order) else []


def _shrunk(sums, weights, shrinkage):
    """Return sums over weights plus shrinkage; 0 where nobody lends."""
    total = np.asarray(weights + shrinkage)
    return np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
