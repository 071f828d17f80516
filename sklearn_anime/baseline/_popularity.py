"""Recommend the most popular items."""

from datetime import timedelta
from numbers import Integral
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from sklearn_anime.base import RecommenderMixin
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._recency import HALF_LIFE, TIME_COLUMN, Recency
from sklearn_anime.interactions._rows import ID_COLUMN
from sklearn_anime.utils._sklearn import fit_context


class PopularityRecommender(RecommenderMixin, BaseEstimator):
    """Recommend the items that most users have interacted with.

    Every user gets the same ranking, without the items that the user has seen. It is the baseline of
    personalized recommendations, and the fallback of every recommender for users without a history.

    Parameters
    ----------
    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    time : int or str, default=None
        Position or name of the time column of ``X``: numbers, dates or datetimes. It is no feature.
        None reads no times.

    half_life : float, str or timedelta, default=None
        Age at which an interaction counts half, so that what trends now ranks above what was popular: a
        number in the units of the time column or, for datetimes, a duration such as ``"30D"``. The age
        is measured from the newest row of ``fit`` or, with `now` in ``recommend``, from the newest row
        until then. None: age does not count.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    Attributes
    ----------
    item_counts_ : ndarray of shape (n_items,)
        Number of users who have interacted with each item, rated or not; with sample weights, the sum
        of those of its rows. With `half_life` each interaction counts what is left of it by its age.

    users_, items_ : ndarray of shape (n_users,) and (n_items,)
        The ids of ``fit``, sorted.

    interactions_ : Interactions
        What ``fit`` saw.

    n_features_in_ : int
        Number of columns of ``X``.

    feature_names_in_ : ndarray of str
        Names of the columns of ``X``, where they are all text.

    See Also
    --------
    BiasRegressor : Baseline of predicted ratings.

    References
    ----------
    .. [1] Cremonesi, Koren and Turrin (2010). Performance of recommender algorithms on top-n
       recommendation tasks. RecSys 2010.

    Examples
    --------
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["cat", "Clannad"]]
    >>> PopularityRecommender().fit(X).recommend(["bob", "cat"], n_items=1)
      user    item  score  rank
    0  bob  Bleach    1.0     1
    1  cat   Akira    2.0     1
    >>> X = [["ann", "Akira", 1998], ["bob", "Akira", 1999], ["cat", "Clannad", 2007]]
    >>> PopularityRecommender(time=2, half_life=3).fit(X).item_counts_.round(3).tolist()
    [0.282, 1.0]
    """

    _parameter_constraints = {
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "time": TIME_COLUMN,
        "half_life": HALF_LIFE,
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        user: int | str = 0,
        item: int | str = 1,
        time: int | str | None = None,
        half_life: float | str | timedelta | None = None,
        n_jobs: int | None = None,
    ):
        self.user = user
        self.item = item
        self.time = time
        self.half_life = half_life
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Count the users of each item.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user and item; further columns are not used.

        y : array-like of shape (n_rows,), default=None
            Ratings; not used, as every row counts as an interaction.

        sample_weight : array-like of shape (n_rows,), default=None
            What each row counts, such as a number of plays: an item then counts the sum of the weights
            of its rows. None counts a pair of user and item once, however often it stands there.

        Returns
        -------
        PopularityRecommender
            This estimator.
        """
        interactions = Interactions.from_rows(X, y, sample_weight, **self._reads())
        return self._set_fitted(X, **self._fitted(interactions))

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the number of users of the item of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        Returns
        -------
        ndarray of shape (n_rows,)
            Preference scores; 0 for unknown items.
        """
        _, item_codes, _ = self._encode(X)
        return np.where(item_codes >= 0, self.item_counts_[item_codes], 0).astype(np.float64)

    def _reads(self):
        """Return what to read of ``X``."""
        return {"user": self.user, "item": self.item, "time": self.time, "needs_ratings": False}

    def _fitted(self, interactions):
        """Return the state of a fitted model."""
        recency = Recency.choose(interactions, self.half_life)
        counts = _counts(interactions, recency)
        return {"interactions_": interactions.gathered(), "item_counts_": counts, "_recency": recency}

    def _score_block(self, rows):
        return np.tile(self._popularity(rows.now).astype(np.float64), (len(rows.codes), 1))

    def _popularity(self, now):
        if now is None:
            return self.item_counts_
        rows = self._as_of(now)
        if self._recency.half_life is None or not len(rows.item_codes):
            return rows.popularity
        return _weighed_popularity(rows, self._recency, rows.times.max())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def _counts(table, recency):
    """Return the popularity of each item, weighed by age from the newest interaction of all."""
    if recency.half_life is None:
        return table.blocks.sum(_popularity)
    return table.blocks.sum(_weighed_popularity, recency, table.newest)


def _popularity(rows):
    return rows.popularity


def _weighed_popularity(rows, recency, newest):
    """Return the sum of the entries of each item, weighed by age from the newest of all."""
    entries = rows.entries * recency.table_weights(rows, newest)
    return np.bincount(rows.item_codes, entries, minlength=rows.n_items)
