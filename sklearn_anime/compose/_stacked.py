"""A cross-fitted stack of rating models and rankers, which unrated rows take part in."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_regressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import check_cv
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.base import RatingRegressorMixin, RecommenderMixin
from sklearn_anime.compose._stack_members import (
    Member,
    TrainingRows,
    joined,
    predict_part,
    spread,
)
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._frames import as_table
from sklearn_anime.interactions._recency import TIME_COLUMN
from sklearn_anime.interactions._rows import ID_COLUMN, Rows
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.utils._estimator import EstimatorMixin
from sklearn_anime.utils._groups import first_rows
from sklearn_anime.utils._pipelines import find_last
from sklearn_anime.utils._sklearn import BaseComposition, fit_context
from sklearn_anime.utils._validation import check_predicts

N_COMPONENTS = 512  # of the SVD neighbors, or as many as the table has room for


class StackedRatingRegressor(
    EstimatorMixin, MetaEstimatorMixin, RatingRegressorMixin, BaseComposition, BaseEstimator
):
    """Predict ratings from the predictions of several rating models and rankers.

    Models that err on different pairs are better together. Each model is fitted `cv` times without a
    part of the ratings, and predicts that part; the final regressor learns from these predictions, of
    which none has seen the rating that it predicts. The models are then fitted once more, on all rows.

    Unlike in scikit-learn's ``StackingRegressor``, the ratings of each user are spread over the parts,
    so that a user with two ratings is known in every fit, and rows without a rating are in all of them.

    Parameters
    ----------
    estimators : list of (str, regressor), default=None
        Rating models, or pipelines that end in one, by name. Those of other packages are fitted on the
        rated rows. None stacks `SVDNeighborsRecommender` on the item axis and
        `BayesianFactorizationRegressor`.

    rankers : list of (str, recommender), default=None
        Recommenders whose scores become columns, by name. None takes `EASERecommender`, and with `time`
        `NextItemRecommender` too; an empty list takes none.

    final_estimator : regressor, default=None
        What predicts the rating from the columns. None is ``RidgeCV`` on the columns, their squares
        and products, all standardized: how far a model is trusted may depend on what others predict.

    cv : int, splitter or iterable, default=5
        Number of parts, 2 at least, over which the ratings of each user are spread; None is 5. The test
        rows of a splitter, or of an iterable of pairs of training and test rows, are parts too.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    time : int or str, default=None
        Position or name of the time column of ``X``. The default models get it, to leave it out of their
        features; other models have to name it too. None if there is none.

    n_jobs : int, default=None
        Number of threads that fit models.

    random_state : int, RandomState instance or None, default=None
        Seed of the parts, and of the default models.

    Attributes
    ----------
    members_ : list of Member
        The models and then the rankers, fitted on all rows: each has a ``name`` and an ``estimator``.

    final_estimator_ : regressor
        The fitted final regressor; it reads a column for each of the members.

    deviation_ : float
        By what the standard deviations of the models are multiplied, so that they fit the errors of
        the final regressor on the parts; where no model has any, the root mean square of these errors.

    interactions_ : Interactions
        What ``fit`` saw.

    n_features_in_ : int
        Number of columns of ``X``.

    feature_names_in_ : ndarray of str
        Names of the columns of ``X``, where they are all text.

    See Also
    --------
    sklearn.ensemble.StackingRegressor : For rated rows and regressors alone.
    sklearn_anime.compose.TopNRecommender : Makes a recommender of it.

    Notes
    -----
    ``fit`` takes ``cv + 1`` times as long as its models together, and holds them once. With the default
    models nearly all of this time is that of `BayesianFactorizationRegressor`: fewer parts, or fewer of
    its sweeps, save most.

    References
    ----------
    .. [1] Wolpert (1992). Stacked generalization. Neural Networks 5(2).
    .. [2] Sill, Takacs, Mackey and Lin (2009). Feature-weighted linear stacking. arXiv:0911.0460.

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> from sklearn_anime.compose import StackedRatingRegressor
    >>> from sklearn_anime.datasets import make_ratings
    >>> from sklearn_anime.neighbors import SVDNeighborsRecommender
    >>> ratings = make_ratings(60, 40, 1000, random_state=0)
    >>> models = [("biases", BiasRegressor()), ("neighbors", SVDNeighborsRecommender(8))]
    >>> stack = StackedRatingRegressor(models, rankers=[], random_state=0)
    >>> stack = stack.fit(ratings.data, ratings.target)
    >>> [member.name for member in stack.members_]
    ['biases', 'neighbors']
    """

    _parameter_constraints = {
        "estimators": ["array-like", None],
        "rankers": ["array-like", None],
        "final_estimator": [BaseEstimator, None],
        "cv": ["cv_object"],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "time": TIME_COLUMN,
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimators: Sequence | None = None,
        *,
        rankers: Sequence | None = None,
        final_estimator: BaseEstimator | None = None,
        cv: Any = 5,
        user: int | str = 0,
        item: int | str = 1,
        time: int | str | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.estimators = estimators
        self.rankers = rankers
        self.final_estimator = final_estimator
        self.cv = cv
        self.user = user
        self.item = item
        self.time = time
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the models on parts of the rows, the final regressor, and all models.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user, item and whatever the models take.

        y : array-like of shape (n_rows,)
            Ratings; NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, for all models that take them and for the final regressor.

        Returns
        -------
        StackedRatingRegressor
            This estimator.
        """
        columns = {"user": self.user, "item": self.item, "time": self.time}
        interactions = Interactions.from_rows(X, y, sample_weight, **columns)
        random_state = check_random_state(self.random_state)
        members = self._members(interactions, random_state.randint(2**31 - 1))
        rows = TrainingRows.read(X, y, sample_weight)
        pairs = self._pairs(X, interactions)
        of_pair = self._parts(X, interactions, pairs, random_state)
        pairs = pairs[rows.positions]
        parts = of_pair[pairs]
        jobs = [(member, part) for part in range(of_pair.max() + 1) for member in members]
        predictions = self._parallel(delayed(predict_part)(*job, rows, parts) for job in jobs)
        predicted = joined(predictions, parts, len(members))[first_rows(pairs)]
        final_estimator, deviation = self._fit_final(predicted, interactions, of_pair >= 0)
        fitted = self._parallel(delayed(member.fit)(rows) for member in members)
        return self._set_fitted(
            X,
            interactions_=interactions,
            members_=fitted,
            final_estimator_=final_estimator,
            deviation_=deviation,
        )

    def predict(
        self, X: ArrayLike, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Predict the rating of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        return_std : bool, default=False
            Whether to return standard deviations too.

        Returns
        -------
        ratings : ndarray of shape (n_rows,)
            What the final regressor predicts, within the range of the ratings of ``fit``.

        deviations : ndarray of shape (n_rows,)
            Standard deviations of the rating, its noise included: the mean of those of the models that
            have any, such as `BayesianFactorizationRegressor`, times ``deviation_``; only with
            `return_std`.
        """
        check_is_fitted(self)
        Rows.read(X, self.interactions_.layout, self)
        predicted = np.stack([member.predict(as_table(X)) for member in self.members_], axis=1)
        ratings = self.final_estimator_.predict(predicted[:, :, 0])
        ratings = np.clip(ratings, *self.interactions_.rating_range)
        return (ratings, self.deviation_ * _deviations(predicted)) if return_std else ratings

    def get_params(self, deep: bool = True) -> dict:
        """Return the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the models by name, and their parameters as ``name__parameter``.

        Returns
        -------
        dict
            Names and values.
        """
        nested = self._get_params("rankers", deep=deep) if deep else {}
        return nested | self._get_params("estimators", deep=deep)

    def set_params(self, **params: Any) -> Self:
        """Set parameters, models by name, and parameters of models.

        Parameters
        ----------
        **params : dict
            Names and values, as ``get_params`` returns them.

        Returns
        -------
        StackedRatingRegressor
            This estimator.
        """
        names = _names_of(params.get("rankers", self.rankers))
        of_rankers = {key: value for key, value in params.items() if key.split("__")[0] in names}
        if "rankers" in params:
            of_rankers["rankers"] = params["rankers"]
        self._set_params("rankers", **of_rankers)
        others = {key: value for key, value in params.items() if key not in of_rankers}
        self._set_params("estimators", **others)
        return self

    def _members(self, interactions, seed):
        """Return the unfitted models, then the rankers."""
        columns = {"user": self.user, "item": self.item, "time": self.time}
        estimators, rankers = self.estimators, self.rankers
        if estimators is None:
            n_components = min(N_COMPONENTS, *interactions.shape)
            near = SVDNeighborsRecommender(n_components, axis="item", random_state=seed, **columns)
            bayes = BayesianFactorizationRegressor(random_state=seed, **columns)
            estimators = [("neighbors", near), ("bayes", bayes)]
        if rankers is None:
            rankers = [("ease", EASERecommender(random_state=seed, **columns))]
            if self.time is not None:
                rankers.append(("next_item", NextItemRecommender(random_state=seed, **columns)))
        if not (len(estimators) or len(rankers)):
            raise ValueError(
                "estimators and rankers are both empty: there is nothing to stack. Give one."
            )
        named = [*_pairs_of(estimators, "estimators"), *_pairs_of(rankers, "rankers")]
        self._validate_names([name for name, _ in named])
        for name, estimator in estimators:
            check_predicts(estimator, name)
            if _ranks_only(estimator):
                raise TypeError(
                    f"{name}={estimator} predicts scores, not ratings. Put it into rankers=."
                )
        for name, ranker in rankers:
            if not hasattr(find_last(ranker), "recommend"):
                raise TypeError(f"{name}={ranker} is no recommender. Put it into estimators=.")
        return [Member(name, clone(estimator)) for name, estimator in [*estimators, *rankers]]

    def _parts(self, X, interactions, pairs, random_state):
        """Return the part of each pair, -1 for those without a rating."""
        rated = np.flatnonzero(interactions.rated)
        of_pair = np.full(len(interactions.ratings), -1)
        n_parts = 5 if self.cv is None else self.cv
        if isinstance(n_parts, Integral):
            of_pair[rated] = spread(interactions.row_codes[rated], n_parts, random_state)
        else:
            for part, (_, test) in enumerate(check_cv(self.cv).split(X)):
                of_pair[pairs[test][pairs[test] >= 0]] = part
            of_pair[~interactions.rated] = -1
        if len(np.unique(of_pair[rated])) < 2:
            raise ValueError(
                f"y has {len(rated)} sample(s) with a rating, all in one part, and a stack learns from "
                f"two parts or more. Give more ratings."
            )
        return of_pair

    def _pairs(self, X, interactions):
        """Return the pair of each row."""
        rows = Rows.parse(X, user=self.user, item=self.item)
        codes = interactions.users.encode(rows.user), interactions.items.encode(rows.item)
        return interactions.positions_of(*codes)

    def _fit_final(self, predicted, interactions, kept):
        """Fit the final regressor on the rated pairs, and return it and the factor of deviations."""
        final = self.final_estimator
        if final is None:
            products = PolynomialFeatures(2, include_bias=False)
            ridge = RidgeCV(np.logspace(-2, 4, 13))
            final = make_pipeline(StandardScaler(), products, StandardScaler(), ridge)
        check_predicts(final, "final_estimator")
        if isinstance(find_last(final), RecommenderMixin):
            raise TypeError(
                f"final_estimator={final} reads ids, and gets the predictions of the models. Give a "
                f"regressor of scikit-learn, such as RidgeCV()."
            )
        weights = None if (interactions.weights == 1).all() else interactions.weights
        pairs = TrainingRows(
            predicted[:, :, 0], interactions.ratings, weights, np.arange(len(predicted))
        ).take(kept)
        final = pairs.fit(clone(final))
        scaled = (pairs.ratings - final.predict(pairs.table)) / _deviations(predicted[kept])
        return final, float(np.sqrt(np.average(scaled**2, weights=pairs.weights)))

    def _parallel(self, calls):
        return Parallel(n_jobs=self.n_jobs, require="sharedmem")(calls)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _deviations(predicted):
    """Return the mean of the standard deviations of each row, 1 where no model has any."""
    deviations = predicted[:, :, 1]
    known = ~np.isnan(deviations).any(axis=0)
    return deviations[:, known].mean(axis=1) if known.any() else np.ones(len(deviations))


def _names_of(members):
    """Return the names of pairs of a name and a model, none of what is no list of such pairs."""
    try:
        return {name for name, _ in members}
    except (TypeError, ValueError):
        return set()


def _pairs_of(members, parameter):
    """Return pairs of name and model, or say which one is none."""
    for member in members:
        if not (isinstance(member, (tuple, list)) and len(member) == 2 and isinstance(member[0], str)):
            raise ValueError(f"{parameter}= has the entry {member!r}. Give pairs of a name and a model.")
    return members


def _ranks_only(estimator):
    last = find_last(estimator)
    return isinstance(last, RecommenderMixin) and not is_regressor(last)
