"""Baselines: the predictions that neighbors start from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import column_or_1d
from sklearn.utils.validation import has_fit_parameter

from sklearn_anime.baseline._shrunk_biases import Biases
from sklearn_anime.interactions import Vocabulary
from sklearn_anime.interactions._frames import tidy_frame


def fit_baseline(baseline, interactions):
    """Fit ``"bias"``, None (the mean rating) or a regressor on rows of user and item."""
    if baseline is None:
        return MeanBaseline(interactions.mean_rating)
    if isinstance(baseline, str):
        return Biases.fit(interactions)
    return FittedBaseline.fit(baseline, interactions.gathered())


@dataclass(frozen=True)
class MeanBaseline:
    """The mean rating, for every pair."""

    mean: float

    def predict(self, user_codes, item_codes, rows=None):
        """Return the mean rating."""
        return np.full(len(user_codes), self.mean)

    def predict_pairs(self, rows, positions):
        """Return the mean rating."""
        return np.full(len(positions), self.mean)

    def predict_all(self, rows):
        """Return the mean rating."""
        return np.full(rows.shape, self.mean)


@dataclass(frozen=True)
class FittedBaseline:
    """A regressor on rows of user and item.

    Attributes
    ----------
    regressor : regressor
        Fitted on the rated pairs.

    users, items : Vocabulary
        The ids that codes stand for.

    mean : float
        Mean rating, for unknown ids of which only the code is given.
    """

    regressor: Any
    users: Vocabulary
    items: Vocabulary
    mean: float

    @classmethod
    def fit(cls, regressor, interactions):
        """Fit a copy of a regressor to the rated pairs."""
        rated = np.flatnonzero(interactions.rated)
        users = interactions.users.decode(interactions.row_codes[rated])
        items = interactions.items.decode(interactions.item_codes[rated])
        weights = interactions.weights[rated]
        weighted = has_fit_parameter(regressor, "sample_weight")
        params = {"sample_weight": weights} if weighted else {}
        fitted = clone(regressor).fit(tidy_frame(users, items), interactions.ratings[rated], **params)
        return cls(fitted, interactions.users, interactions.items, interactions.mean_rating)

    def predict(self, user_codes, item_codes, rows=None):
        """Return the predictions for pairs, given by rows or by codes of ``fit`` (-1: the mean)."""
        if rows is not None:
            pairs = rows.user.alias(self.users.name), rows.item.alias(self.items.name)
            return self._predict(tidy_frame(*pairs))
        known = np.flatnonzero((user_codes >= 0) & (item_codes >= 0))
        pairs = self.users.decode(user_codes[known]), self.items.decode(item_codes[known])
        predicted = np.full(len(user_codes), self.mean)
        if len(known):
            predicted[known] = self._predict(tidy_frame(*pairs))
        return predicted

    def predict_pairs(self, rows, positions):
        """Return the predictions for some pairs of `rows`; the mean for users not in ``fit``."""
        return self.predict(rows.codes[rows.row_codes[positions]], rows.item_codes[positions])

    def predict_all(self, rows):
        """Return the predictions of all items; the mean for users not in ``fit``."""
        items = np.tile(np.arange(rows.n_items), len(rows.codes))
        return self.predict(np.repeat(rows.codes, rows.n_items), items).reshape(rows.shape)

    def _predict(self, X):
        """Return the finite predictions of the regressor, in a new array."""
        predicted = column_or_1d(self.regressor.predict(X)).astype(np.float64)
        n_bad = np.count_nonzero(~np.isfinite(predicted))
        if n_bad:
            raise ValueError(
                f"baseline={self.regressor!r} predicts NaN or infinity for {n_bad} of {len(predicted)} "
                f"rows. Give a baseline that predicts a finite rating for every user and item."
            )
        return predicted
