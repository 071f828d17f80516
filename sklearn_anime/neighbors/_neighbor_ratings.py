"""Predicted ratings: a baseline, and what neighbors add to it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_anime.neighbors._neighbor_average import NeighborAverage
from sklearn_anime.neighbors._neighborhood import Neighborhood, Queries
from sklearn_anime.neighbors._space import Space
from sklearn_anime.utils._parts import itself


@dataclass(frozen=True)
class NeighborRatings:
    """Predicts ratings of users of ``fit``, and of users of whom there is a history.

    Attributes
    ----------
    axis : {"user", "item"}
        Whether similar users or similar items are averaged.

    baseline : object with ``predict``, ``predict_pairs`` and ``predict_all``
        What is predicted without neighbors.

    space : Space
        The SVD of the residuals of the baseline, or of the ratings.

    of_residuals : bool
        Whether it is that of the residuals.

    average : NeighborAverage
        What neighbors add.
    """

    axis: str
    baseline: Any
    space: Space
    of_residuals: bool
    average: NeighborAverage

    @classmethod
    def fit(cls, interactions, baseline, make_space, of_residuals, axis, index, **settings):
        """Fit the space, by `make_space` from a matrix, and the neighborhood of one axis in it."""
        blocks = interactions.blocks.map(_residuals, baseline)
        space = make_space(blocks if of_residuals else interactions.blocks.map(_rated_matrix))
        residuals = blocks.concatenate(itself)
        weights = interactions.blocks.concatenate(_rated_weights)
        average = NeighborAverage(
            residuals.T.tocsr() if axis == "user" else residuals,
            weights.T.tocsr() if axis == "user" else weights,
            Neighborhood.fit(getattr(space, f"{axis}s"), index),
            **settings,
        )
        return cls(axis, baseline, space, of_residuals, average)

    def of_pairs(self, user_codes, item_codes, rows=None):
        """Return the rating of each pair, given by codes (-1: unknown) and by parsed rows of ids."""
        ratings = self.baseline.predict(user_codes, item_codes, rows)
        known = np.flatnonzero((user_codes >= 0) & (item_codes >= 0))
        pairs = self._sides(user_codes[known], item_codes[known])
        ratings[known] += self.average.of_pairs(self.average.neighborhood.members, *pairs)
        return ratings

    def of_users(self, codes):
        """Return the rating of each item for users of ``fit``: ndarray of shape (n_users, n_items)."""
        n_items = len(self.space.items)
        pairs = np.repeat(codes, n_items), np.tile(np.arange(n_items), len(codes))
        return self.of_pairs(*pairs).reshape(len(codes), n_items)

    def of_history(self, rows):
        """Return the rating of each item for users with a history: ndarray of shape `rows.shape`."""
        average, queries = self._from_history(rows)
        users, items = np.indices(rows.shape).reshape(2, -1)
        moved = average.of_pairs(queries, *self._sides(users, items))
        return self.baseline.predict_all(rows) + moved.reshape(rows.shape)

    def terms(self, rows, item_code, is_fitted):
        """Return the baseline, neighbors, their weights and what they add, for one user and item.

        `is_fitted` tells whether the user is known from ``fit``, and `rows` are those of ``fit``.
        """
        if is_fitted:
            user, average = rows.codes[0], self.average
            baseline = self.baseline.predict(rows.codes, np.array([item_code]))[0]
            queries = average.neighborhood.members
        else:
            user, (average, queries) = 0, self._from_history(rows)
            baseline = self.baseline.predict_all(rows)[0, item_code]
        target, row = self._sides(user, item_code)
        return baseline, *average.terms(queries[target : target + 1], row)

    def _from_history(self, rows):
        """Return the average and the queries for users who are given by a history."""
        predicted = self.baseline.predict_pairs(rows, np.arange(len(rows.ratings)))
        residuals = rows.rated_matrix(rows.ratings - predicted)
        if self.axis == "item":
            weights = rows.rated_matrix(rows.weights)
            average = replace(self.average, residuals=residuals, weights=weights)
            return average, average.neighborhood.members
        projected = self.space.project(residuals if self.of_residuals else rows.rated_matrix())
        return self.average, Queries.of(projected, rows.codes)

    def _sides(self, users, items):
        """Return targets and rows of the average: users and items, or the other way round."""
        return (users, items) if self.axis == "user" else (items, users)


def _residuals(rows, baseline):
    """Return the CSR array of what a baseline leaves of the ratings of users of ``fit``."""
    predicted = baseline.predict(rows.codes[rows.row_codes], rows.item_codes)
    return rows.rated_matrix(rows.ratings - predicted)


def _rated_matrix(rows):
    return rows.rated_matrix()


def _rated_weights(rows):
    return rows.rated_matrix(rows.weights)
