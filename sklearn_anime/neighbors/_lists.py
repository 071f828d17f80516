"""Scores of lists: what near users have seen, or what lies near the items seen."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize

from sklearn_anime.neighbors._near import Neighborhood, directions_of, lending_weights
from sklearn_anime.neighbors._space import Space


@dataclass(frozen=True)
class UserLists:
    """The ratings of the nearest users, summed by similarity.

    Attributes
    ----------
    space : Space
        Places of users by what they have seen.

    near : Neighborhood
        Their directions.

    lent : CSR matrix of shape (n_users, n_items)
        What they lend: ratings, and what the baseline predicts of the unrated ones.

    n_neighbors, power : int and float
        How many lend, and the power of their similarities.
    """

    space: Space
    near: Neighborhood
    lent: sparse.csr_array
    n_neighbors: int
    power: float

    @classmethod
    def fit(cls, interactions, space, baseline, index, n_neighbors, power):
        """Prepare the lists of the users of `interactions`."""
        lent = interactions.seen_matrix(_filled(interactions, baseline))
        return cls(space, Neighborhood.fit(space.users, index), lent, n_neighbors, power)

    def at_least(self, min_rating, interactions):
        """Return the same for ratings from a threshold on."""
        return replace(self, lent=interactions.matrix_where(interactions.ratings >= min_rating))

    def scores(self, rows, n_jobs=None):
        """Return the sums for users and items, and where anything is lent at all."""
        directions = directions_of(self.space.project(rows.seen_matrix()))
        near = self.near.nearest(directions, self.n_neighbors, own=rows.codes, n_jobs=n_jobs)
        weights = lending_weights(near, self.power)
        return _with_reach(weights @ self.lent, self.lent, lambda: weights @ _ones_like(self.lent))


@dataclass(frozen=True)
class ItemLists:
    """The ratings of a user for the items seen, each shared out among the nearest items.

    Attributes
    ----------
    shares : CSR matrix of shape (n_items, n_items)
        Share of each near item in what an item has to give; each row adds up to 1.

    baseline : object with ``predict_pairs``
        Stands in for the ratings of unrated items.

    min_rating : float or None
        Smallest rating that is shared out; None shares out what was seen without a rating too.
    """

    shares: sparse.csr_array
    baseline: Any
    min_rating: float | None = None

    @classmethod
    def fit(cls, interactions, space, baseline, index, n_neighbors, power):
        """Prepare the lists over the items of `interactions`."""
        near = Neighborhood.fit(space.items, index)
        nearest = near.nearest(near.directions, n_neighbors, own=np.arange(len(near)))
        return cls(normalize(lending_weights(nearest, power), norm="l1"), baseline)

    def at_least(self, min_rating, interactions):
        """Return the same for ratings from a threshold on."""
        return replace(self, min_rating=min_rating)

    def scores(self, rows, n_jobs=None):
        """Return the sums for users and items, and where anything is lent at all."""
        if self.min_rating is None:
            given = rows.seen_matrix(_filled(rows, self.baseline))
        else:
            given = rows.matrix_where(rows.ratings >= self.min_rating)
        return _with_reach(given @ self.shares, given, lambda: _ones_like(given) @ self.shares)


LISTS = {"user": UserLists, "item": ItemLists}


def _filled(rows, baseline):
    """Return the ratings of rows, and what the baseline predicts of the unrated pairs."""
    unrated = np.flatnonzero(~rows.rated)
    filled = rows.ratings.copy()
    filled[unrated] = baseline.predict_pairs(rows, unrated)
    return filled


def _with_reach(sums, ratings, similarities):
    """Return dense sums, and where any similarity took part: `similarities` adds up these alone."""
    sums = sums.toarray()
    if ratings.data.min(initial=1.0) > 0:
        return sums, sums > 0
    return sums, similarities().toarray() > 0


def _ones_like(matrix):
    return sparse.csr_array(
        (np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape
    )
