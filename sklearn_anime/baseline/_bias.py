"""Mean rating, user biases and item biases."""

from numbers import Integral, Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from sklearn_anime.base import RatingRegressorMixin, RecommenderMixin, Terms
from sklearn_anime.baseline._shrunk_biases import Biases
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._rows import ID_COLUMN
from sklearn_anime.interactions._user_rows import same_rows
from sklearn_anime.utils._sklearn import Interval, fit_context


class BiasRegressor(RatingRegressorMixin, RecommenderMixin, BaseEstimator):
    """Predict a rating as mean + user bias + item bias.

    The baseline below every rating model of this package, and its fallback for unknown ids: an
    unknown user or item has bias 0.

    Parameters
    ----------
    shrinkage : float, default=3.0
        Regularization in units of ratings: a bias that rests on `shrinkage` ratings is half of
        what those ratings say. The default is the best on real anime ratings, flat from 2 to 5.

    max_iter : int, default=20
        Most sweeps of the alternating fit.

    tol : float, default=1e-4
        The sweeps end when no item bias changes by more, in units of the rating.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    Attributes
    ----------
    mean_rating_ : float
        Weighted mean of the ratings.

    user_bias_, item_bias_ : ndarray of shape (n_users,) and (n_items,)
        Biases, in the order of ``users_`` and ``items_``.

    n_iter_ : int
        Number of sweeps done.

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
    PopularityRecommender : Baseline of recommendations.
    sklearn_anime.neighbors.SVDNeighborsRecommender : Models the residuals of this baseline.

    Notes
    -----
    The biases minimize, over the rated rows,

    ``sum(w * (y - mean - b_user - b_item)**2) + shrinkage * (sum(b_user**2) + sum(b_item**2))``

    by turns: all item biases in closed form, then all user biases, then the level that could move
    from one side to the other without a change in any prediction [1]_.

    References
    ----------
    .. [1] Koren (2010). Factor in the neighbors: scalable and accurate collaborative filtering. ACM
       Transactions on Knowledge Discovery from Data 4(1).

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["bob", "Bleach"]]
    >>> model = BiasRegressor(shrinkage=0).fit(X, [10, 8, 7, 5])
    >>> model.predict([["ann", "Akira"], ["cat", "Bleach"]]).round(2).tolist()
    [10.0, 6.5]
    >>> model.explain("ann", "Akira").round(2)
              term  item  weight  rating  contribution
    0  mean rating  None     NaN     NaN           7.5
    1    user bias  None     NaN     NaN           1.5
    2    item bias  None     NaN     NaN           1.0
    3         rest  None     NaN     NaN           0.0
    """

    _parameter_constraints = {
        "shrinkage": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        shrinkage: float = 3.0,
        *,
        max_iter: int = 20,
        tol: float = 1e-4,
        user: int | str = 0,
        item: int | str = 1,
        n_jobs: int | None = None,
    ):
        self.shrinkage = shrinkage
        self.max_iter = max_iter
        self.tol = tol
        self.user = user
        self.item = item
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the biases.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user and item; further columns are not used.

        y : array-like of shape (n_rows,)
            Ratings; NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        Returns
        -------
        BiasRegressor
            This estimator.
        """
        interactions = Interactions.from_rows(X, y, sample_weight, **self._reads())
        return self._set_fitted(X, **self._fitted(interactions))

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the rating of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        Returns
        -------
        ndarray of shape (n_rows,)
            Ratings.
        """
        user_codes, item_codes, _ = self._encode(X)
        return self._biases.predict(user_codes, item_codes)

    def _reads(self):
        """Return what to read of ``X``."""
        return {"user": self.user, "item": self.item}

    def _fitted(self, interactions):
        """Return the state of a fitted model."""
        biases = Biases.fit(interactions, self.shrinkage, self.max_iter, self.tol)
        return {
            "interactions_": interactions.gathered(),
            "mean_rating_": biases.mean,
            "user_bias_": biases.user,
            "item_bias_": biases.item,
            "n_iter_": biases.n_iter,
            "_biases": biases,
        }

    def _score_block(self, rows):
        return self._biases.predict_all(rows)

    def _explain_score(self, rows, item_code):
        return self._terms(self._biases.of_users(rows)[0], item_code)

    def _explain_rating(self, rows, item_code):
        fitted = self.interactions_.take(rows.codes)
        if not same_rows(rows, fitted).all():  # a history stands in for the rows of fit
            return self._explain_score(rows, item_code)
        return self._terms(self._biases.user[rows.codes[0]], item_code)

    def _terms(self, user_bias, item_code):
        biases = self._biases
        named = {
            "mean rating": biases.mean,
            "user bias": float(user_bias),
            "item bias": float(biases.item[item_code]),
        }
        return Terms(named)
