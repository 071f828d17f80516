"""A cross-fitted stack of rating models and rankers, which unrated rows take part in."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from sklearn_anime.base import RatingRegressorMixin, RecommenderMixin
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._frames import as_table
from sklearn_anime.interactions._rows import ID_COLUMN, Rows
from sklearn_anime.interactions._targets import check_ratings, check_weights
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.utils._estimator import EstimatorMixin
from sklearn_anime.utils._groups import first_rows
from sklearn_anime.utils._pipelines import find_last
from sklearn_anime.utils._sklearn import fit_context, safe_indexing
from sklearn_anime.utils._validation import check_predicts

N_COMPONENTS = 512  # of the SVD neighbors, or as many as the table has room for


class StackedRatingRegressor(EstimatorMixin, MetaEstimatorMixin, RatingRegressorMixin, BaseEstimator):
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
        Recommenders whose scores become columns, by name. None takes `EASERecommender`; an empty list
        takes none.

    final_estimator : regressor, default=None
        What predicts the rating from the columns. None is ``RidgeCV`` on the columns, their squares
        and products, all standardized: how far a model is trusted may depend on what others predict.

    cv : int, splitter or iterable, default=5
        Number of parts, 2 at least, over which the ratings of each user are spread. The test rows of a
        splitter, or of an iterable of pairs of training and test rows, are parts too.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

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
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.estimators = estimators
        self.rankers = rankers
        self.final_estimator = final_estimator
        self.cv = cv
        self.user = user
        self.item = item
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
        interactions = Interactions.from_rows(X, y, sample_weight, user=self.user, item=self.item)
        random_state = check_random_state(self.random_state)
        members = self._members(interactions, random_state.randint(2**31 - 1))
        rows = TrainingRows.read(X, y, sample_weight)
        pairs = self._pairs(X, interactions)
        of_pair = self._parts(X, interactions, pairs, random_state)
        pairs = pairs[rows.positions]
        parts = of_pair[pairs]
        jobs = [(member, part) for part in range(of_pair.max() + 1) for member in members]
        columns = self._parallel(delayed(_predict_part)(*job, rows, parts) for job in jobs)
        predicted = _joined(columns, parts, len(members))[first_rows(pairs)]
        final_estimator = self._fit_final(predicted, interactions, of_pair >= 0)
        fitted = self._parallel(delayed(member.fit)(rows) for member in members)
        return self._set_fitted(
            X, interactions_=interactions, members_=fitted, final_estimator_=final_estimator
        )

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the rating of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        Returns
        -------
        ndarray of shape (n_rows,)
            What the final regressor predicts, within the range of the ratings of ``fit``.
        """
        check_is_fitted(self)
        Rows.read(X, self.interactions_.layout, self)
        columns = [member.columns(as_table(X)) for member in self.members_]
        predicted = self.final_estimator_.predict(np.hstack(columns))
        return np.clip(predicted, *self.interactions_.rating_range)

    def _members(self, interactions, seed):
        """Return the unfitted models, then the rankers."""
        columns = {"user": self.user, "item": self.item}
        estimators, rankers = self.estimators, self.rankers
        if estimators is None:
            n_components = min(N_COMPONENTS, *interactions.shape)
            near = SVDNeighborsRecommender(n_components, axis="item", random_state=seed, **columns)
            bayes = BayesianFactorizationRegressor(random_state=seed, **columns)
            estimators = [("neighbors", near), ("bayes", bayes)]
        if rankers is None:
            rankers = [("ease", EASERecommender(random_state=seed, **columns))]
        if not (len(estimators) or len(rankers)):
            raise ValueError(
                "estimators and rankers are both empty: there is nothing to stack. Give one."
            )
        for name, estimator in [*estimators, *rankers]:
            check_predicts(estimator, name)
        return [Member(name, clone(estimator)) for name, estimator in [*estimators, *rankers]]

    def _parts(self, X, interactions, pairs, random_state):
        """Return the part of each pair, -1 for those without a rating."""
        rated = np.flatnonzero(interactions.rated)
        of_pair = np.full(len(interactions.ratings), -1)
        if isinstance(self.cv, Integral):
            of_pair[rated] = spread(interactions.row_codes[rated], self.cv, random_state)
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
        """Fit the final regressor on the rated pairs."""
        final = self.final_estimator
        if final is None:
            products = PolynomialFeatures(2, include_bias=False)
            ridge = RidgeCV(np.logspace(-2, 4, 13))
            final = make_pipeline(StandardScaler(), products, StandardScaler(), ridge)
        check_predicts(final, "final_estimator")
        weights = None if (interactions.weights == 1).all() else interactions.weights
        positions = np.arange(len(predicted))
        pairs = TrainingRows(predicted, interactions.ratings, weights, positions)
        return pairs.take(kept).fit(clone(final))

    def _parallel(self, calls):
        return Parallel(n_jobs=self.n_jobs, require="sharedmem")(calls)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


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

    def columns(self, table):
        """Return the prediction for each row as a column."""
        return np.reshape(self.estimator.predict(table), (-1, 1))


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
    first = random_state.randint(n_parts, size=len(counts))
    parts = np.empty(len(users), dtype=np.intp)
    parts[order] = (first[users[order]] + within) % n_parts
    return parts


def _joined(columns, parts, n_members):
    """Return what the models predicted of the parts: a row for each row, a column for each model."""
    predicted = np.full((len(parts), n_members), np.nan)
    for part in range(len(columns) // n_members):
        predicted[parts == part] = np.hstack(columns[part * n_members : (part + 1) * n_members])
    return predicted


def _predict_part(member, part, rows, parts):
    """Return the columns of a part of the rows, by a model that has not seen it."""
    table = safe_indexing(rows.table, np.flatnonzero(parts == part))
    if not len(table):
        return np.empty((0, 1))
    return member.fit(rows.take(parts != part)).columns(table)
