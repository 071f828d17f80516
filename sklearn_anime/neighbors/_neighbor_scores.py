"""Scores of items: ratings of similar users, or of a user for similar items, summed by similarity."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize

from sklearn_anime.neighbors._neighborhood import Neighborhood, Queries, similarity_weights
from sklearn_anime.neighbors._space import Space


@dataclass(frozen=True)
class UserScores:
    """The ratings of the nearest users, summed by similarity.

    Attributes
    ----------
    space : Space
        Coordinates of users by their interactions.

    neighborhood : Neighborhood
        The users of ``fit`` in it.

    ratings : CSR array of shape (n_users, n_items)
        What is summed: ratings, and the predictions of the baseline for unrated interactions.

    n_neighbors, power : int and float
        Number of neighbors, and power of their similarities.
    """

    space: Space
    neighborhood: Neighborhood
    ratings: sparse.csr_array
    n_neighbors: int
    power: float

    @classmethod
    def fit(cls, interactions, space, baseline, index, n_neighbors, power, min_rating=None):
        """Prepare the scores from the users of `interactions`."""
        ratings = _summed_ratings(interactions.rated_from(min_rating), baseline)
        return cls(space, Neighborhood.fit(space.users, index), ratings, n_neighbors, power)

    def history(self, rows):
        """Return the interactions that are scored: all."""
        return rows

    def sums(self, rows, recency, n_jobs=None):
        """Return the sums for users and items, and whether any neighbor takes part in each.

        `rows` are a `history`, and `recency` is the weight of each of its pairs by its age.
        """
        weights = self._weights(rows, recency, n_jobs)
        return _with_reach(weights @ self.ratings, self.ratings, lambda: weights @ _ones(self.ratings))

    def terms(self, rows, recency, item_code):
        """Return the neighbors of one user that have an item, their weights and their ratings of it."""
        weights = self._weights(rows, recency)
        ratings = self.ratings[weights.indices][:, [item_code]].tocoo()
        neighbors = ratings.coords[0]
        return weights.indices[neighbors], weights.data[neighbors], ratings.data

    def _weights(self, rows, recency, n_jobs=None):
        queries = Queries.of(self.space.project(rows.seen_matrix(recency)), rows.codes)
        nearest = self.neighborhood.nearest(queries, self.n_neighbors, n_jobs)
        return similarity_weights(nearest, self.power)


@dataclass(frozen=True)
class ItemScores:
    """The ratings of a user, each shared out among the items nearest to the rated one.

    Attributes
    ----------
    shares : CSR array of shape (n_items, n_items)
        Share of each neighbor in the rating of an item; each row adds up to 1.

    baseline : object with ``predict_pairs``
        Predicts the ratings of unrated interactions.

    min_rating : float or None
        Smallest rating that is shared out; None shares out those of unrated interactions too.
    """

    shares: sparse.csr_array
    baseline: Any
    min_rating: float | None = None

    @classmethod
    def fit(cls, interactions, space, baseline, index, n_neighbors, power, min_rating=None):
        """Prepare the scores from the items of `interactions`."""
        neighborhood = Neighborhood.fit(space.items, index)
        nearest = neighborhood.nearest(neighborhood.members, n_neighbors)
        return cls(normalize(similarity_weights(nearest, power), norm="l1"), baseline, min_rating)

    def history(self, rows):
        """Return the interactions that are scored: those with a rating to share out."""
        return rows.rated_from(self.min_rating)

    def sums(self, rows, recency, n_jobs=None):
        """Return the sums for users and items, and whether any neighbor takes part in each.

        `rows` are a `history`, and `recency` is the weight of each of its pairs by its age.
        """
        ratings = _summed_ratings(rows, self.baseline, recency)
        return _with_reach(ratings @ self.shares, ratings, lambda: _ones(ratings) @ self.shares)

    def terms(self, rows, recency, item_code):
        """Return the items of one user that share with an item, the shares and the ratings.

        The shares are weighed by recency.
        """
        ratings = _summed_ratings(rows, self.baseline)
        shares = self.shares[ratings.indices][:, [item_code]].tocoo()
        items = shares.coords[0]
        return ratings.indices[items], shares.data * recency[items], ratings.data[items]


SCORES = {"user": UserScores, "item": ItemScores}


def seen_matrix(rows):
    """Return the CSR array of what users have interacted with."""
    return rows.seen_matrix()


def _summed_ratings(rows, baseline, factors=1.0):
    """Return ratings, and predictions for unrated pairs, each times the factor of its pair."""
    ratings, unrated = rows.ratings.copy(), np.flatnonzero(~rows.rated)
    ratings[unrated] = baseline.predict_pairs(rows, unrated)
    return rows.seen_matrix(ratings * factors)


def _with_reach(sums, ratings, weights):
    """Return dense sums, and where a neighbor takes part: `weights` sums up the weights alone."""
    sums = sums.toarray()
    if ratings.data.min(initial=1.0) > 0:
        return sums, sums > 0
    return sums, weights().toarray() > 0


def _ones(matrix):
    return sparse.csr_array(
        (np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape
    )
