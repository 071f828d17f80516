"""The models of a stack, and the rows that they are fitted on."""

from contextlib import suppress
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from sklearn_anime.base import RatingRegressorMixin, RecommenderMixin
from sklearn_anime.interactions._frames import as_table
from sklearn_anime.interactions._targets import check_ratings, check_weights
from sklearn_anime.utils._pipelines import find_last
from sklearn_anime.utils._sklearn import safe_indexing


@dataclass(frozen=True)
class TrainingRows:
    """Rows of a table that carry a weight.

    Attributes
    ----------
    table : array or DataFrame
        The rows.

    ratings : ndarray of shape (n_rows,)
        Ratings; NaN is "seen, not rated".

    weights : ndarray of shape (n_rows,) or None
        Weights, where there are any.

    positions : ndarray of shape (n_rows,)
        Which rows of ``X`` they are.
    """

    table: Any
    ratings: np.ndarray
    weights: np.ndarray | None
    positions: np.ndarray

    @classmethod
    def read(cls, X, y, sample_weight):
        """Read the rows, without those of weight 0."""
        table, n_rows = as_table(X), len(as_table(X))
        weights = None if sample_weight is None else check_weights(sample_weight, n_rows)
        rows = cls(table, check_ratings(y, n_rows), weights, np.arange(n_rows))
        return rows if weights is None else rows.take(weights > 0)

    def take(self, mask):
        """Return some of the rows."""
        some = np.flatnonzero(mask)
        weights = None if self.weights is None else self.weights[some]
        return TrainingRows(
            safe_indexing(self.table, some), self.ratings[some], weights, self.positions[some]
        )

    def fit(self, estimator):
        """Fit an estimator on the rows, with their weights where it takes weights."""
        if self.weights is None or not has_fit_parameter(find_last(estimator), "sample_weight"):
            return estimator.fit(self.table, self.ratings)
        name = "sample_weight"
        if isinstance(estimator, Pipeline):
            name = f"{estimator.steps[-1][0]}__sample_weight"
        return estimator.fit(self.table, self.ratings, **{name: self.weights})


@dataclass(frozen=True)
class Member:
    """One model of a stack.

    Attributes
    ----------
    name : str
        Its name.

    estimator : estimator
        The model.
    """

    name: str
    estimator: Any

    def fit(self, rows):
        """Return a fitted copy. Only models of this package see the rows without a rating."""
        if not isinstance(find_last(self.estimator), (RatingRegressorMixin, RecommenderMixin)):
            rows = rows.take(~np.isnan(rows.ratings))
        return Member(self.name, rows.fit(clone(self.estimator)))

    def predict(self, table):
        """Return the prediction for each row and its standard deviation, NaN where there is none."""
        predict = self.estimator.predict
        if "return_std" in signature(find_last(self.estimator).predict).parameters:
            with suppress(ValueError):  # a single network has none
                return np.column_stack(predict(table, return_std=True))
        predicted = predict(table)
        return np.column_stack([predicted, np.full(len(predicted), np.nan)])


def spread(users, n_parts, random_state):
    """Return a part for each rated pair at random, so that those of a user are spread over all parts.

    Examples
    --------
    >>> import numpy as np
    >>> parts = spread(np.array([0, 1, 0, 1, 0]), 3, np.random.RandomState(0))
    >>> sorted(parts[[0, 2, 4]].tolist()), bool(parts[1] != parts[3])
    ([0, 1, 2], True)
    """
    order = np.lexsort([random_state.random_sample(len(users)), users])
    counts = np.bincount(users)
    within = np.arange(len(users)) - np.repeat(np.cumsum(counts) - counts, counts)
    first, rated = np.zeros(len(counts), dtype=np.intp), np.flatnonzero(counts)
    first[rated] = random_state.permutation(len(rated)) % n_parts  # of one rating each, too
    parts = np.empty(len(users), dtype=np.intp)
    parts[order] = (first[users[order]] + within) % n_parts
    return parts


def predict_part(member, part, rows, parts):
    """Return the predictions of a part of the rows, by a model that has not seen it."""
    table = safe_indexing(rows.table, np.flatnonzero(parts == part))
    if not len(table):
        return np.empty((0, 2))
    return member.fit(rows.take(parts != part)).predict(table)


def joined(predictions, parts, n_members):
    """Return what the models predicted of the parts: an array of rows x models x (mean, deviation).

    Examples
    --------
    >>> import numpy as np
    >>> predictions = [np.array([[7.0, 1.0]]), np.array([[8.0, 2.0], [9.0, 2.0]])]
    >>> joined(predictions, np.array([1, 0, 1]), 1)[:, 0, 0].tolist()
    [8.0, 7.0, 9.0]
    """
    predicted = np.full((len(parts), n_members, 2), np.nan)
    for part in range(len(predictions) // n_members):
        of_part = predictions[part * n_members : (part + 1) * n_members]
        predicted[parts == part] = np.stack(of_part, axis=1)
    return predicted
