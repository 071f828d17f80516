"""Claims about sample weights: they reach every model through searches, stages and scorers."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import StackingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import TopNRecommender
from sklearn_anime.datasets import make_ratings
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import make_ranking_scorer, make_rating_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser, compare

# Most users of the table have fewer items than the splits ask for.
pytestmark = pytest.mark.filterwarnings("ignore:min_items=20 tests 16 of 60 users")


@pytest.fixture(scope="module")
def table():
    made = make_ratings(60, 30, 900, random_state=0)
    plays = np.random.RandomState(1).randint(1, 5, len(made.data)).astype(float)
    return made.data, made.target, plays


def weighed_scores(model, X):
    return model.recommend(n_items=30, exclude_seen=False)


@pytest.mark.parametrize("model", [PopularityRecommender(), EASERecommender(), BiasRegressor()])
def test_weights_change_the_ranking(table, model):
    X, y, plays = table
    without, with_weights = clone(model).fit(X, y), clone(model).fit(X, y, sample_weight=plays)
    assert not weighed_scores(without, X).equals(weighed_scores(with_weights, X))


def test_popularity_is_the_sum_of_the_weights():
    X = [["ann", 1], ["ann", 2], ["bob", 2], ["bob", 2]]
    assert PopularityRecommender().fit(X).item_counts_.tolist() == [1, 2]
    assert PopularityRecommender().fit(X, sample_weight=[5, 1, 0.5, 1]).item_counts_.tolist() == [5, 2.5]


def test_unknown_users_get_what_weighs_most():
    X = [["ann", 1], ["ann", 2], ["bob", 2]]
    model = EASERecommender().fit(X, sample_weight=[9, 1, 1])
    with pytest.warns(UserWarning, match="no history"):
        assert model.recommend("zoe")["item"].tolist() == [1, 2]


def test_search_hands_weights_to_fit_and_scorer(table):
    X, y, plays = table
    search = GridSearchCV(
        EASERecommender(alpha=5.0),
        {"dropout": [0.3]},
        scoring=make_ranking_scorer("ndcg"),
        cv=LeaveKOutPerUser(2, random_state=0),
    ).fit(X, y, sample_weight=plays)
    expected = EASERecommender(5.0, dropout=0.3).fit(X, y, sample_weight=plays)
    assert_allclose(search.best_estimator_.predict(X), expected.predict(X), rtol=1e-6)


def test_routing_hands_weights_to_fit_and_scorer(table):
    X, y, plays = table
    with config_context(enable_metadata_routing=True):
        scorer = make_rating_scorer("rmse").set_score_request(sample_weight=True)
        model = BiasRegressor().set_fit_request(sample_weight=True)
        half = np.arange(len(X)) < len(X) // 2
        folds = [(np.flatnonzero(half), np.flatnonzero(~half))]
        found = cross_validate(model, X, y, scoring=scorer, cv=folds, params={"sample_weight": plays})[
            "test_score"
        ]
    fitted = BiasRegressor().fit(X[half], y[half], plays[half])
    errors = (y[~half] - fitted.predict(X[~half])) ** 2
    assert_allclose(found, [-np.sqrt(np.average(errors, weights=plays[~half]))])


def test_routing_asks_which_stage_takes_the_weights(table):
    X, y, plays = table
    with config_context(enable_metadata_routing=True):
        regressor = Ridge().set_fit_request(sample_weight=True)
        first = EASERecommender().set_fit_request(sample_weight=False)
        model = TopNRecommender(regressor, candidates=first).fit(X, y, sample_weight=plays)
    assert_allclose(model.estimator_.coef_, Ridge().fit(X, y, plays).coef_)
    assert_allclose(model.candidates_.predict(X), EASERecommender().fit(X, y).predict(X))


def test_both_stages_get_the_weights(table):
    X, y, plays = table
    unrated = y.where(np.arange(len(y)) % 5 > 0)
    model = TopNRecommender(LinearRegression(), candidates=EASERecommender())
    model.fit(X, unrated, sample_weight=plays)
    rated = unrated.notna()
    expected = LinearRegression().fit(X[rated], y[rated], plays[rated])
    assert_allclose(model.estimator_.coef_, expected.coef_)
    first = EASERecommender().fit(X, unrated, sample_weight=plays)
    assert_allclose(model.candidates_.predict(X), first.predict(X), rtol=1e-6)


def test_a_stack_in_two_stages_takes_weights(table):
    X, y, plays = table
    stack = StackingRegressor([("ridge", Ridge()), ("line", LinearRegression())])
    model = TopNRecommender(stack).fit(X, y, sample_weight=plays)
    expected = clone(stack).fit(X, y, sample_weight=plays)
    assert_allclose(model.predict(X), expected.predict(X))


def test_a_stage_that_takes_no_weights_is_named(table):
    X, y, plays = table
    with pytest.raises(ValueError, match="the fit of KNeighborsRegressor takes none"):
        TopNRecommender(KNeighborsRegressor()).fit(X, y, sample_weight=plays)


def test_rows_of_weight_zero_are_no_test_rows(table):
    X, y, _ = table
    train, test = next(LeaveKOutPerUser(4, random_state=0).split(X))
    model = EASERecommender().fit(X.iloc[train])
    weights = np.where(np.arange(len(test)) % 2, 3.0, 0.0)
    scorer = make_ranking_scorer("recall")
    found = scorer(model, X.iloc[test], y.iloc[test], sample_weight=weights)
    assert found == scorer(model, X.iloc[test][weights > 0], y.iloc[test][weights > 0])


def test_compare_hands_weights_on(table):
    X, y, plays = table
    pipeline = make_pipeline(FunctionTransformer(), EASERecommender())
    found = compare(
        {"ease": EASERecommender(), "popular": PopularityRecommender()},
        X,
        y,
        cv=LeaveKOutPerUser(2, random_state=0),
        scoring={"ndcg": make_ranking_scorer("ndcg")},
        params={"sample_weight": plays},
    )
    train, test = next(LeaveKOutPerUser(2, random_state=0).split(X))
    for name, model in {"ease": EASERecommender(), "popular": PopularityRecommender()}.items():
        fitted = model.fit(X.iloc[train], sample_weight=plays[train])
        assert found.mean_ndcg[name] == pytest.approx(fitted.score(X.iloc[test]))
    step = pipeline.fit(X, y, easerecommender__sample_weight=plays)[-1]
    pd.testing.assert_frame_equal(
        step.recommend(n_items=3), EASERecommender().fit(X, sample_weight=plays).recommend(n_items=3)
    )


def test_routing_through_compare_follows_the_request_of_each_scorer(table):
    X, y, plays = table
    cv = LeaveKOutPerUser(2, random_state=0)
    with config_context(enable_metadata_routing=True):
        asks = make_rating_scorer("rmse").set_score_request(sample_weight=True)
        declines = make_rating_scorer("rmse").set_score_request(sample_weight=False)
        ranking = make_ranking_scorer("ndcg").set_score_request(sample_weight=True)
        models = {"bias": BiasRegressor().set_fit_request(sample_weight=True)}
        found = compare(
            models,
            X,
            y,
            cv=cv,
            scoring={"asks": asks, "declines": declines, "ndcg": ranking},
            params={"sample_weight": plays},
        ).loc["bias"]
    train, test = next(cv.split(X))
    model = BiasRegressor().fit(X.iloc[train], y.iloc[train], plays[train])
    errors = (y.iloc[test] - model.predict(X.iloc[test])) ** 2
    assert found.mean_asks == pytest.approx(-np.sqrt(np.average(errors, weights=plays[test])))
    assert found.mean_declines == pytest.approx(-np.sqrt(errors.mean()))


def test_history_takes_no_weights(table):
    X, y, plays = table
    model = EASERecommender().fit(X, sample_weight=plays)
    with pytest.raises(TypeError, match="It takes no weights"):
        model.recommend(history=(X[:3], y[:3], plays[:3]))
