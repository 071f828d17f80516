"""What models with factors and models of ratings answer besides recommendations."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, TransformerMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.interactions._targets import check_ratings, check_weights
from sklearn_anime.utils._sklearn import check_feature_names_in


class FactorsMixin(TransformerMixin):
    """Mixin of models with ``user_factors_`` and ``item_factors_``, which become features.

    Examples
    --------
    >>> from sklearn_anime.base import FactorsMixin
    >>> from sklearn_anime.neighbors import SVDNeighborsRecommender
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["cat", "Bleach"]]
    >>> model = SVDNeighborsRecommender(1, n_neighbors=1).fit(X, [9, 2, 10, 1])
    >>> isinstance(model, FactorsMixin), model.transform(X).shape
    (True, (4, 2))
    """

    def transform(self, X: ArrayLike) -> Any:
        """Return the factors of the user and of the item of each row.

        They are features for any other estimator.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user and item, in the form of ``fit``.

        Returns
        -------
        ndarray of shape (n_rows, n_user_factors + n_item_factors)
            The factors of the user, then those of the item; zeros for unknown ids.
        """
        user_codes, item_codes, _ = self._encode(X)
        return np.hstack(
            [
                _rows_or_zeros(self._user_vectors(), user_codes),
                _rows_or_zeros(self._item_vectors(), item_codes),
            ]
        )

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the columns of ``transform``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of ``X``; checked, not used.

        Returns
        -------
        ndarray of str
            ``user_factor0``, ``user_factor1``, ..., ``item_factor0``, ...
        """
        check_is_fitted(self)
        check_feature_names_in(self, input_features)
        sides = (("user", self._user_vectors()), ("item", self._item_vectors()))
        return np.array(
            [f"{side}_factor{i}" for side, factors in sides for i in range(factors.shape[1])],
            dtype=object,
        )

    def _item_vectors(self):
        return self.item_factors_

    def _user_vectors(self):
        return self.user_factors_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


class RatingRegressorMixin(RegressorMixin):
    """Mixin of models that predict a rating for each row: regressors that take NaN in ``y``.

    Two more hooks: ``_rate_block(rows)``, the predicted rating of every item of ``fit`` for some users,
    where ``_score_block`` gives something else; and ``_explain_rating(rows, item_code)``, the `Terms` of
    a predicted rating.

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["bob", "Bleach"]]
    >>> model = BiasRegressor(shrinkage=0).fit(X, [10, 8, 7, float("nan")])
    >>> round(model.score(X, [10, 8, 7, float("nan")]), 6)  # over the rated rows
    1.0
    """

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the coefficient of determination R2 over the rated rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        y : array-like of shape (n_rows,)
            Ratings; rows where it is NaN are left out.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        Returns
        -------
        float
            1 is perfect, 0 as good as the mean of ``y``; it can be negative.
        """
        predicted = self.predict(X)
        ratings = check_ratings(y, len(predicted))
        weights = check_weights(sample_weight, len(predicted))
        rated = ~np.isnan(ratings)
        if not rated.any():
            raise ValueError(
                "Input y contains NaN only: there is no rating to compare predictions with."
            )
        return float(r2_score(ratings[rated], predicted[rated], sample_weight=weights[rated]))

    def _rate_block(self, rows):
        return self._score_block(rows)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # The common checks rate random ids, from which nothing can be learned.
        tags.regressor_tags.poor_score = True
        return tags


def _rows_or_zeros(factors, codes):
    return np.where((codes >= 0)[:, None], factors[codes], 0.0)
