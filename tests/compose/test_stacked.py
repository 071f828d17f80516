"""Claims about StackedRatingRegressor."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, train_test_split

from sklearn_anime.base import RatingRegressorMixin
from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import StackedRatingRegressor, TopNRecommender
from sklearn_anime.compose._stack_members import spread
from sklearn_anime.datasets import make_ratings
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender


class Memory(RegressorMixin, BaseEstimator):
    """Remember the ratings of pairs: 0 for a pair that was not there, whoever rated it."""

    def fit(self, X, y, sample_weight=None):
        self.seen_ = dict(zip(map(tuple, np.asarray(X)[:, :2]), y, strict=True))
        self.weighted_ = sample_weight is not None
        return self

    def predict(self, X):
        return np.array([self.seen_.get(pair, 0.0) for pair in map(tuple, np.asarray(X)[:, :2])])


class OwnMemory(RatingRegressorMixin, Memory):
    """The same, as a model of this package: unrated rows reach it."""


class MeanOf(RegressorMixin, BaseEstimator):
    """Predict the mean rating of the id in one column."""

    def __init__(self, column):
        self.column = column

    def fit(self, X, y):
        self.means_ = pd.Series(np.asarray(y)).groupby(X[self.column].to_numpy()).mean()
        return self

    def predict(self, X):
        return self.means_.reindex(X[self.column]).fillna(self.means_.mean()).to_numpy()


class Columns(RegressorMixin, BaseEstimator):
    """Keep what the final regressor is fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.weights_ = X, y, sample_weight
        return self

    def predict(self, X):
        return np.asarray(X)[:, 0]


@pytest.fixture(scope="module")
def table():
    """Rows of user, item; every tenth is not rated."""
    ratings = make_ratings(60, 40, 1200, random_state=0)
    return ratings.data, ratings.target.where(np.arange(1200) % 10 > 0)


def biases(**params):
    quick = {"rankers": [], "random_state": 0}
    return StackedRatingRegressor([("biases", BiasRegressor())], **{**quick, **params})


def test_ratings_of_each_user_are_spread_over_the_parts():
    users = np.repeat([0, 1, 2], [7, 2, 1])
    parts = spread(users, 3, np.random.RandomState(0))
    assert sorted(np.bincount(parts[users == 0], minlength=3)) == [2, 2, 3]
    assert parts[7] != parts[8]


def test_users_with_one_rating_are_in_all_parts():
    for seed in range(20):
        assert sorted(spread(np.array([0, 2, 5]), 3, np.random.RandomState(seed))) == [0, 1, 2]


def test_no_column_has_seen_the_rating_that_it_predicts(table):
    X, y = table
    stack = StackedRatingRegressor([("memory", Memory())], rankers=[], final_estimator=Columns())
    fitted = stack.fit(X, y)
    assert (fitted.final_estimator_.X_ == 0).all()
    assert_array_equal(np.sort(fitted.final_estimator_.y_), np.sort(y.dropna()))
    member = fitted.members_[0].estimator
    assert_array_equal(member.predict(X[y.notna()]), y.dropna())  # refitted on all rated rows


def test_repeated_pair_is_in_one_part(table):
    X, y = pd.concat([table[0]] * 2), pd.concat([table[1]] * 2)
    stack = StackedRatingRegressor([("memory", Memory())], rankers=[], final_estimator=Columns())
    final = stack.fit(X, y).final_estimator_
    assert (final.X_ == 0).all()
    assert len(final.y_) == table[1].notna().sum()
    assert (final.weights_ == 2).all()


def test_rows_without_a_rating_reach_models_of_this_package_alone(table):
    X, y = table
    models = [("own", OwnMemory()), ("other", Memory())]
    stack = StackedRatingRegressor(models, rankers=[], final_estimator=Columns()).fit(X, y)
    own, other = (member.estimator for member in stack.members_)
    assert len(own.seen_) == len(X)
    assert len(other.seen_) == y.notna().sum()


def test_prediction_is_that_of_the_final_regressor(table):
    X, y = table
    models = [("biases", BiasRegressor()), ("neighbors", SVDNeighborsRecommender(4, random_state=0))]
    stack = StackedRatingRegressor(
        models, rankers=[("popular", PopularityRecommender())], final_estimator=LinearRegression()
    ).fit(X, y)
    assert [member.name for member in stack.members_] == ["biases", "neighbors", "popular"]
    columns = [clone(model).fit(X, y).predict(X) for _, model in models]
    columns.append(PopularityRecommender().fit(X, y).predict(X))
    final = stack.final_estimator_
    expected = np.column_stack(columns) @ final.coef_ + final.intercept_
    assert_allclose(stack.predict(X), np.clip(expected, y.min(), y.max()))


def test_stack_is_better_than_models_that_know_one_side_each():
    ratings = make_ratings(300, 150, 9000, random_state=0)
    X, X_test, y, y_test = train_test_split(ratings.data, ratings.target, random_state=0)
    models = [("users", MeanOf("user_id")), ("items", MeanOf("item_id"))]
    stack = StackedRatingRegressor(models, rankers=[], random_state=0).fit(X, y)
    errors = [root_mean_squared_error(y_test, model.fit(X, y).predict(X_test)) for _, model in models]
    assert root_mean_squared_error(y_test, stack.predict(X_test)) < 0.95 * min(errors)


def test_weights_reach_models_and_the_final_regressor(table):
    X, y = table
    weights = np.arange(len(X)) % 3 * 1.0
    stack = StackedRatingRegressor([("memory", Memory())], rankers=[], final_estimator=Columns())
    stack.fit(X, y, sample_weight=weights)
    kept = y.notna() & (weights > 0)
    assert_array_equal(np.sort(stack.final_estimator_.weights_), np.sort(weights[kept]))
    assert stack.members_[0].estimator.weighted_
    assert len(stack.members_[0].estimator.seen_) == kept.sum()


def test_weight_two_equals_the_row_twice(table):
    X, y = table
    twice = np.arange(len(X)) % 3 == 0
    weighted = biases().fit(X, y, sample_weight=1.0 + twice)
    repeated = biases().fit(pd.concat([X, X[twice]]), pd.concat([y, y[twice]]))
    assert_allclose(weighted.predict(X), repeated.predict(X))


def test_it_is_searched_and_recommends(table):
    X, y = table[0][table[1].notna()], table[1].dropna()
    grid = {"cv": [2, 3], "final_estimator": [Ridge(1.0)]}
    search = GridSearchCV(biases(), grid, cv=KFold(2, shuffle=True, random_state=0)).fit(X, y)
    assert search.best_params_["cv"] in (2, 3)
    frame = TopNRecommender(biases(cv=2)).fit(*table).recommend(users=[4], n_items=3)
    assert len(frame) == 3


@pytest.mark.slow
def test_default_stack_of_three_models_is_better_than_the_biases():
    ratings = make_ratings(100, 60, 3000, random_state=0)
    X, X_test, y, y_test = train_test_split(ratings.data, ratings.target, random_state=0)
    stack = StackedRatingRegressor(random_state=0).fit(X, y)
    assert [member.name for member in stack.members_] == ["neighbors", "bayes", "ease"]
    of_biases = root_mean_squared_error(y_test, BiasRegressor().fit(X, y).predict(X_test))
    assert root_mean_squared_error(y_test, stack.predict(X_test)) < of_biases


def test_threads_change_nothing(table):
    assert_allclose(
        biases(n_jobs=2).fit(*table).predict(table[0]), biases().fit(*table).predict(table[0])
    )


def test_parts_are_the_test_rows_of_a_splitter(table):
    X, y = table
    stack = StackedRatingRegressor([("memory", Memory())], rankers=[], final_estimator=Columns())
    half = np.arange(len(X)) < 600
    splits = [(np.flatnonzero(~test), np.flatnonzero(test)) for test in (half[::-1], half)]
    final = stack.set_params(cv=splits).fit(X, y).final_estimator_
    assert (final.X_ == 0).all()
    assert len(final.y_) == y.notna().sum()
    few = stack.set_params(cv=KFold(3, shuffle=True, random_state=0)).fit(X, y).final_estimator_
    assert len(few.y_) == y.notna().sum()


def test_parameters_of_the_models_are_set_and_searched(table):
    stack = biases(rankers=[("ease", EASERecommender())])
    assert stack.get_params()["ease__alpha"] == stack.get_params()["ease"].alpha
    stack.set_params(biases__shrinkage=3.0, ease__alpha=7.0, cv=2)
    assert stack.estimators[0][1].shrinkage == 3.0
    assert stack.rankers[0][1].alpha == 7.0
    stack.set_params(ease=PopularityRecommender())
    assert isinstance(stack.fit(*table).members_[1].estimator, PopularityRecommender)
    X, y = table[0][table[1].notna()], table[1].dropna()
    grid = {"biases__shrinkage": [0.1, 5.0]}
    search = GridSearchCV(biases(cv=2), grid, cv=KFold(2, shuffle=True, random_state=0)).fit(X, y)
    assert search.best_estimator_.estimators[0][1].shrinkage in (0.1, 5.0)


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"estimators": [("a", BiasRegressor()), ("a", BiasRegressor())]}, ValueError, "not unique"),
        ({"rankers": [("biases", EASERecommender())]}, ValueError, "not unique"),
        ({"estimators": [("cv", BiasRegressor())]}, ValueError, "conflict with constructor"),
        ({"estimators": [BiasRegressor()]}, ValueError, r"estimators= has the entry BiasRegressor\(\)"),
        ({"rankers": [("a",)]}, ValueError, r"rankers= has the entry \('a',\)"),
        ({"estimators": [("ease", EASERecommender())]}, TypeError, "predicts scores, not ratings"),
        ({"rankers": [("ridge", Ridge())]}, TypeError, "is no recommender"),
        ({"final_estimator": BiasRegressor()}, TypeError, "reads ids, and gets the predictions"),
    ],
)
def test_models_that_cannot_be_stacked(table, params, error, match):
    params = {"estimators": [("biases", BiasRegressor())], "rankers": []} | params
    with pytest.raises(error, match=match):
        StackedRatingRegressor(**params).fit(*table)


def test_five_parts_where_cv_is_none(table):
    X, _ = table
    assert_array_equal(biases(cv=None).fit(*table).predict(X), biases(cv=5).fit(*table).predict(X))


def test_without_deviations_of_models_that_of_the_errors_on_the_parts(table):
    X, y = table
    stack = StackedRatingRegressor([("memory", Memory())], rankers=[], final_estimator=Columns())
    ratings, deviations = stack.fit(X, y).predict(X, return_std=True)
    assert_array_equal(ratings, stack.predict(X))
    assert_allclose(deviations, np.sqrt((y.dropna() ** 2).mean()))  # all columns are 0


def test_deviations_are_scaled_to_the_errors():
    ratings = make_ratings(200, 80, 6000, random_state=0)
    X, X_test, y, y_test = train_test_split(ratings.data, ratings.target, random_state=0)
    bayes = BayesianFactorizationRegressor(4, n_iter=30, burn_in=10, n_samples=20, random_state=0)
    stack = StackedRatingRegressor([("bayes", bayes)], rankers=[], cv=2, random_state=0).fit(X, y)
    predicted, deviations = stack.predict(X_test, return_std=True)
    assert_allclose(deviations, stack.deviation_ * stack.members_[0].predict(X_test)[:, 1])
    covered = np.abs(y_test - predicted) < 1.645 * deviations
    assert 0.87 < covered.mean() < 0.93
    unknown = X_test[:2].assign(user_id=-1)
    assert (stack.predict(unknown, return_std=True)[1] > deviations[:2]).all()


def test_nothing_to_stack_raises(table):
    with pytest.raises(ValueError, match="estimators and rankers are both empty"):
        StackedRatingRegressor([], rankers=[]).fit(*table)


def test_a_fit_that_fails_leaves_the_stack_as_it_was(table):
    stack = biases().fit(*table)
    before = stack.predict(table[0])
    with pytest.raises(ValueError, match="NaN only"):
        stack.fit(table[0], table[1] * np.nan)
    assert_array_equal(stack.predict(table[0]), before)


def test_one_rating_raises():
    with pytest.raises(
        ValueError,
        match=r"1 sample\(s\) with a rating, all in one part, and a stack learns from two parts or more",
    ):
        biases().fit([["ann", "Akira"]], [7.0])
