"""What a table of interactions knows of all its rows by sums over blocks of users."""

import numpy as np


class TableMixin:
    """Mixin of tables with ``blocks`` of `UserRows`, in one memory or in many.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> table = Interactions.from_rows([["ann", 7, 1], ["bob", 7, 3]], [5, 4], time=2)
    >>> table.mean_rating, int(table.newest)
    (4.5, 3)
    """

    @property
    def mean_rating(self) -> float:
        """Weighted mean of the ratings."""
        ratings, weights = self.blocks.sum(_rating_sums)
        return float(ratings / weights)

    @property
    def newest(self):
        """The latest time; None without ``time=``."""
        return None if self.clock is None else self.blocks.concatenate(_newest).max()

    @property
    def rating_range(self) -> tuple:
        """The smallest and the largest rating."""
        extremes = self.blocks.concatenate(_extreme_ratings)
        return extremes.min(), extremes.max()


def _rating_sums(rows):
    """Return the weighted sum of the ratings, and that of the weights."""
    rated = rows.rated
    weights = rows.weights[rated].astype(np.float64)
    return (weights * rows.ratings[rated]).sum(), weights.sum()


def _newest(rows):
    """Return the latest time in an array, which is empty where there are no rows."""
    return rows.times[:0] if len(rows.times) == 0 else rows.times.max(keepdims=True)


def _extreme_ratings(rows):
    """Return the smallest and the largest rating in an array, which is empty where there are none."""
    ratings = rows.ratings[rows.rated]
    return ratings[:0] if len(ratings) == 0 else np.array([ratings.min(), ratings.max()])
