"""Recommenders on rows with a time column: recency, moments, histories, searches and stages."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import StackedRatingRegressor, TopNRecommender
from sklearn_anime.datasets import load_anime_sample, make_ratings
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import LastKPerUser, compare
from sklearn_anime.neighbors import SVDNeighborsRecommender

N_ITEMS = 25
EASE = EASERecommender(2.0, dropout=0.0, user_power=0.0)
NEIGHBORS = {
    axis: SVDNeighborsRecommender(5, n_neighbors=8, axis=axis, random_state=0)
    for axis in ("user", "item")
}
NEXT = NextItemRecommender(2.0, decay=1.0)
OF_SETS = {"EASE": EASE, **{f"neighbors by {axis}": model for axis, model in NEIGHBORS.items()}}
MODELS = {"next item": NEXT, **OF_SETS}
every_model_of_sets = pytest.mark.parametrize("model", OF_SETS.values(), ids=OF_SETS)
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@pytest.fixture(scope="module")
def table():
    """Rows of user, item and day, and their ratings."""
    ratings = make_ratings(40, N_ITEMS, 300, random_state=0)
    days = np.random.default_rng(0).permutation(len(ratings.data))
    return ratings.data.assign(day=days), ratings.target


def with_(model, **parameters):
    return clone(model).set_params(**parameters)


def scores_of(model, **given):
    found = model.recommend(n_items=N_ITEMS, exclude_seen=False, **given)
    return found.pivot(index="user_id", columns="item_id", values="score")


def factors_of(X, half_life, decay, now=None):
    """Return the table of the weights of interactions, by a formula of its own."""
    age = X.groupby("user_id").day.transform("max") - X.day if now is None else now - X.day
    position = X.groupby("user_id").day.rank(ascending=False) - 1
    weights = X.assign(weight=0.5 ** (age / half_life) * decay**position)
    return weights.pivot(index="user_id", columns="item_id", values="weight").fillna(0.0)


# Scores


def test_scores_of_ease_are_the_weighed_history_times_the_weights(table):
    X, _ = table
    model = with_(EASE, time="day", half_life=50, decay=0.8).fit(X)
    rows = X.assign(one=1.0).pivot(index="user_id", columns="item_id", values="one").fillna(0.0)
    inverse = np.linalg.inv(rows.T @ rows + 2.0 * np.eye(N_ITEMS))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    assert_allclose(scores_of(model), factors_of(X, 50, 0.8) @ weights, rtol=1e-3, atol=1e-5)


def test_training_half_life_weighs_rows_as_sample_weights_do(table):
    X, _ = table
    model = with_(EASE, time="day", training_half_life=50).fit(X)
    weights = 0.5 ** ((X.day.max() - X.day) / 50)
    weighted = with_(EASE, time="day").fit(X, sample_weight=weights)
    expected = weighted.similar_items(model.items_, N_ITEMS)
    pd.testing.assert_frame_equal(model.similar_items(model.items_, N_ITEMS), expected, rtol=1e-3)
    both = with_(EASE, time="day", training_half_life=50).fit(X, sample_weight=np.full(len(X), 2.0))
    expected = with_(EASE, time="day").fit(X, sample_weight=2 * weights)
    expected = expected.similar_items(model.items_, N_ITEMS)
    pd.testing.assert_frame_equal(both.similar_items(model.items_, N_ITEMS), expected, rtol=1e-3)


def test_neighbors_by_item_weigh_each_rating_by_its_age(table):
    X, y = table
    plain = with_(NEIGHBORS["item"], time="day").fit(X, y)
    recent = with_(NEIGHBORS["item"], time="day", decay=0.0).fit(X, y)
    newest = X.loc[X.groupby("user_id").day.idxmax()]
    alone = plain.recommend(history=(newest, y[newest.index]), n_items=3)
    found = recent.recommend(n_items=3, exclude_seen=False)
    reached = alone.score > 0
    best = found.merge(alone[reached], on=["user_id", "item_id"])
    assert len(best) > 20
    assert_allclose(best.score_x, best.score_y)


def test_neighbors_by_user_are_those_of_the_recent_history(table):
    X, y = table
    recent = with_(NEIGHBORS["user"], time="day", decay=0.0).fit(X, y)
    newest = X.loc[X.groupby("user_id").day.idxmax()]
    plain = with_(NEIGHBORS["user"], time="day").fit(X, y)
    expected = scores_of(plain, history=(newest, y[newest.index]))
    assert_allclose(scores_of(recent), expected, rtol=1e-4)


@every_model_of_sets
def test_neutral_recency_gives_the_very_scores_without_time(table, model):
    X, y = table
    expected = scores_of(with_(model).fit(X, y))
    assert_array_equal(scores_of(with_(model, time="day").fit(X, y)), expected)
    neutral = with_(model, time="day", half_life=1e300, decay=1.0).fit(X, y)
    assert_array_equal(scores_of(neutral), expected)


@every_model
def test_explanations_add_up_to_the_score(table, model):
    X, y = table
    model = with_(model, time="day", half_life=100, decay=0.9).fit(X, y)
    for now in (None, 200):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "[0-9]+ interaction.s. after now=200", UserWarning)
            found = model.recommend(model.users_[:5], n_items=3, now=now)
            for user, item, score, _ in found.itertuples(index=False):
                explained = model.explain(user, item, now=now)
                assert_allclose(explained.contribution.sum(), score, rtol=1e-4, atol=1e-6)


def test_ratings_do_not_know_the_recency(table):
    X, y = table
    plain = with_(NEIGHBORS["user"]).fit(X, y).predict(X)
    assert_array_equal(with_(NEIGHBORS["user"], time="day", decay=0.5).fit(X, y).predict(X), plain)


def test_a_user_with_one_interaction_is_scored_as_without_recency():
    X = [["ann", 1, 5], ["bob", 1, 3], ["bob", 2, 4], ["cat", 2, 9]]
    recent = EASERecommender(1.0, time=2, half_life=1, decay=0.5).fit(X)
    plain = EASERecommender(1.0, time=2).fit(X)
    assert recent.recommend("ann")["score"].tolist() == plain.recommend("ann")["score"].tolist()


# Popularity


def test_popularity_counts_what_is_left_of_each_interaction():
    X = [["ann", "old", 0], ["bob", "old", 0], ["cat", "new", 20], ["dan", "new", 10]]
    model = PopularityRecommender(time=2, half_life=10).fit(X)
    assert dict(zip(model.items_, model.item_counts_, strict=True)) == {"new": 1.5, "old": 0.5}


def test_popularity_as_of_a_moment_does_not_count_what_came_later():
    X = [["ann", "old", 0], ["bob", "old", 0], ["cat", "new", 20], ["dan", "new", 10]]
    model = PopularityRecommender(time=2, half_life=10).fit(X)
    found = model.recommend(history=[["eve", "new", 0]], now=10, exclude_seen=False)
    assert dict(zip(found["item"], found["score"], strict=True)) == {"new": 1.0, "old": 1.0}


# Moments and histories


def test_now_ignores_later_interactions_with_one_warning_that_counts_them(table):
    X, _ = table
    model = with_(EASE, time="day", half_life=50).fit(X)
    now = int(X.groupby("user_id").day.min().max())  # everyone has a history by then
    n_later = (X.day > now).sum()
    message = rf"^{n_later} interaction\(s\) after now={now} are ignored"
    with pytest.warns(UserWarning, match=message) as seen:
        found = scores_of(model, now=now)
    assert (len(seen), n_later > 10) == (1, True)
    assert_allclose(found, scores_of(model, history=X[X.day <= now], now=now))


@every_model
def test_a_distant_now_leaves_the_scores_as_they_are(table, model):
    X, y = table
    model = with_(model, time="day", half_life=5).fit(X, y)
    assert_array_equal(scores_of(model, now=10**9), scores_of(model))


@pytest.mark.parametrize("model", [EASE, NEIGHBORS["item"]], ids=["EASE", "neighbors"])
def test_without_the_newest_rating_the_next_one_counts_in_full(table, model):
    X, _ = table
    newest = X.index == X.groupby("user_id").day.transform("idxmax")
    settings = {"time": "day", "min_rating": 5, "half_life": 1e-3}
    model = with_(model, **settings).fit(X, np.where(newest, 1.0, 9.0))
    last = X[~newest].sort_values("day").drop_duplicates("user_id", keep="last")
    expected = model.recommend(history=(last, np.full(len(last), 9.0)), n_items=3, exclude_seen=False)
    found = model.recommend(expected.user_id.unique(), n_items=3, exclude_seen=False)
    pd.testing.assert_frame_equal(found, expected)


@every_model
@pytest.mark.filterwarnings("ignore:The rows of each user are sorted by item")
def test_half_life_and_decay_are_read_when_scoring(table, model):
    X, y = table
    expected = scores_of(with_(model, time="day", half_life=50, decay=0.8).fit(X, y))
    later = with_(model, time="day").fit(X, y).set_params(half_life=50, decay=0.8)
    assert_array_equal(scores_of(later), expected)
    with pytest.raises(ValueError, match=r"decay=2 is not between 0 and 1"):
        later.set_params(decay=2).recommend(n_items=1)
    without = with_(model).fit(X[["user_id", "item_id"]], y).set_params(half_life=5)
    with pytest.raises(ValueError, match=r"half_life=5 needs the times .*Name their column with `time="):
        without.recommend(n_items=1)


@pytest.mark.parametrize("model", [EASERecommender(), PopularityRecommender(half_life=1e9)], ids=str)
def test_users_whom_now_leaves_without_a_history_get_what_was_popular_then(model):
    X = [["ann", "old", 0], ["bob", "old", 1], *([user, "new", 9] for user in range(5))]
    model = with_(model, time=2).fit(np.array(X, dtype=object))
    message = r"1 of 1 users have no history until now=5 that fit .*: they get the most popular items by"
    with pytest.warns(UserWarning, match=message), pytest.warns(UserWarning, match="after now=5"):
        found = model.recommend(history=[["eve", "new", 7]], now=5)
    assert found["item"].tolist() == ["old", "new"]


def test_new_items_after_now_are_not_seen():
    X = pd.DataFrame({"user": [1, 1, 2], "item": [1, 2, 2], "day": [0, 1, 2], "genre": [0.0, 1.0, 1.0]})
    model = EASERecommender(1.0, feature_weight=1.0, time="day").fit(X)
    new = pd.DataFrame({"item": [9], "genre": [1.0]})
    history = pd.DataFrame({"user": [5, 5], "item": [1, 9], "day": [0, 7]})
    with pytest.warns(UserWarning, match=r"^1 interaction\(s\) after now=3 are ignored"):
        found = model.recommend(history=history, items=new, now=3)
    assert set(found["item"]) == {2, 9}
    assert set(model.recommend(history=history, items=new, now=7)["item"]) == {2}


@pytest.mark.parametrize(
    ("days", "now"),
    [([0, 1, 2], 2), (pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]), "2024-01-03")],
)
def test_now_is_on_the_clock_of_the_column(days, now):
    X = pd.DataFrame({"user": [1, 1, 2], "item": [1, 2, 2], "day": days})
    model = EASERecommender(1.0, time="day").fit(X)
    assert len(model.recommend(2, now=now)) == 1
    for other in (2 if isinstance(now, str) else "2024-01-03", True):
        with pytest.raises(
            ValueError, match=r"now=.* is no moment on the time column of fit, which held"
        ):
            model.recommend(2, now=other)


def test_now_of_another_time_zone_is_the_same_moment():
    days = pd.to_datetime(["2024-01-01", "2024-01-02"]).tz_localize("UTC")
    X = pd.DataFrame({"user": [1, 1], "item": [1, 2], "day": days})
    model = PopularityRecommender(time="day").fit(X)
    found = model.recommend(1, now="2024-01-02 09:00+09:00", exclude_seen=False)
    assert found["score"].tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"now='2024-01-02' is no moment .* datetimes of a time zone"):
        model.recommend(1, now="2024-01-02")


def test_now_without_a_time_column_raises():
    model = PopularityRecommender().fit([[1, 1], [2, 2]])
    with pytest.raises(ValueError, match=r"now=3 needs the times .*Fit with `time=`"):
        model.recommend(1, now=3)


@pytest.mark.parametrize("recommender", [EASE, NEXT], ids=["EASE", "next"])
def test_a_history_without_times_is_read_in_its_order(table, recommender):
    X, _ = table
    model = with_(recommender, time="day", decay=0.5).fit(X)
    history = pd.DataFrame({"user_id": -1, "item_id": X.item_id.unique()[:6]})
    newest = X.day.max()
    for rows in (history, history[::-1]):
        timed = model.recommend(history=rows.assign(day=newest))
        pd.testing.assert_frame_equal(model.recommend(history=rows), timed)
    assert not model.recommend(history=history).equals(model.recommend(history=history[::-1]))


def test_a_history_without_times_has_happened_by_now(table):
    X, _ = table
    model = with_(EASE, time="day", decay=0.5).fit(X)
    history = pd.DataFrame({"user_id": -1, "item_id": X.item_id.unique()[:6]})
    found = model.recommend(history=history, now=100)
    pd.testing.assert_frame_equal(found, model.recommend(history=history))


# Parameters


def test_durations_of_numpy_are_half_lives():
    X = pd.DataFrame({"u": [1, 1, 2, 2], "i": [1, 2, 1, 3], "t": pd.date_range("2020-01-01", periods=4)})
    durations = ("30D", np.timedelta64(30, "D"), pd.Timedelta(30, "D"))
    scores = [EASERecommender(1.0, time="t", half_life=each).fit(X).predict(X) for each in durations]
    assert_array_equal(scores[1], scores[0])
    assert_array_equal(scores[2], scores[0])


def test_narrow_integers_do_not_overflow():
    X = pd.DataFrame({"u": [1, 1, 2, 2], "i": [1, 2, 1, 3], "t": [-120, 120, 5, 7]})
    wide, narrow = (
        EASERecommender(1.0, time="t", half_life=50).fit(X.astype({"t": dtype})).predict(X)
        for dtype in ("int64", "int8")
    )
    assert_array_equal(narrow, wide)


@pytest.mark.parametrize(
    "parameters", [{"half_life": -1.0}, {"half_life": 0}, {"decay": 1.5}, {"decay": -0.1}], ids=str
)
@every_model
def test_bad_parameters_raise_with_the_message_of_scikit_learn(table, model, parameters):
    name = next(iter(parameters))
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of {type(model).__name__} must be"):
        with_(model, time="day", **parameters).fit(*table)


@pytest.mark.parametrize(
    "model",
    [EASE, NEIGHBORS["user"], PopularityRecommender(), TopNRecommender(BiasRegressor())],
    ids=lambda model: type(model).__name__,
)
def test_a_time_column_that_is_not_there_raises(table, model):
    with pytest.raises(ValueError, match=r"X has no column 'when' .*Name the time column with `time=`"):
        with_(model, time="when").fit(*table)


def test_partial_fit_goes_on_with_the_times_of_fit(table):
    X, _ = table
    whole = with_(EASE, time="day", half_life=50, training_half_life=90).fit(X)
    parts = with_(EASE, time="day", half_life=50, training_half_life=90).fit(X[:200])
    parts.partial_fit(X[200:])
    ordered = scores_of(whole)
    assert_allclose(scores_of(parts).loc[ordered.index, ordered.columns], ordered, rtol=1e-3, atol=1e-5)
    with pytest.raises(ValueError, match="time"):
        parts.set_params(time=None).partial_fit(X[200:])


# The time column in other models, and in tools


def test_the_time_is_no_feature_of_the_bayesian_model(table):
    X, y = table
    model = BayesianFactorizationRegressor(2, n_iter=25, n_samples=5, random_state=0)
    expected = with_(model).fit(X[["user_id", "item_id"]], y).predict(X[["user_id", "item_id"]])
    assert_array_equal(with_(model, time="day").fit(X, y).predict(X), expected)


@pytest.mark.slow
def test_the_time_is_no_feature_of_the_embedding_model(table):
    neural_network = pytest.importorskip("sklearn_anime.neural_network")
    pytest.importorskip("keras")
    X, y = table
    model = neural_network.EmbeddingRegressor(2, (4,), epochs=1, random_state=0, time="day").fit(X, y)
    assert model.interactions_.features.names == []
    assert model.partial_fit(X, y).interactions_.times is not None


def test_the_time_is_no_feature_of_the_models_of_a_stack(table):
    X, y = table
    members = {
        "estimators": [("neighbors", with_(NEIGHBORS["item"], time="day"))],
        "rankers": [("ease", with_(EASE, time="day", decay=0.5))],
    }
    stack = StackedRatingRegressor(**members, cv=2, time="day", random_state=0).fit(X, y)
    assert stack.interactions_.features is None
    assert [member.estimator.interactions_.clock for member in stack.members_] == ["numbers"] * 2
    default = StackedRatingRegressor(rankers=[], time="day")._members(stack.interactions_, seed=0)
    assert [member.estimator.time for member in default] == ["day"] * 2
    plain = with_(NEIGHBORS["item"]), with_(EASE, time=None)
    members = {"estimators": [("neighbors", plain[0])], "rankers": [("ease", plain[1])]}
    expected = StackedRatingRegressor(**members, cv=2, random_state=0).fit(X[["user_id", "item_id"]], y)
    stack.set_params(rankers=[("ease", with_(EASE, time="day"))]).fit(X, y)
    assert_allclose(stack.predict(X), expected.predict(X[["user_id", "item_id"]]))


@pytest.mark.parametrize("first", [EASE, NEXT, NEIGHBORS["item"]], ids=["EASE", "next", "neighbors"])
def test_two_stages_read_the_times_of_a_history(table, first):
    X, y = table
    first = with_(first, time="day", decay=0.5)
    model = TopNRecommender(BiasRegressor(), candidates=first, n_candidates=3, time="day").fit(X, y)
    history = pd.DataFrame({"user_id": -1, "item_id": X.item_id.unique()[:6], "day": range(6)})
    for rows in (history, history.assign(day=range(6, 0, -1)), history[["user_id", "item_id"]]):
        found = model.recommend(history=rows, n_items=3)
        expected = clone(first).fit(X, y).recommend(history=rows, n_items=3)
        assert set(found.item_id) == set(expected.item_id)


@pytest.mark.parametrize("now", [None, 150])
@pytest.mark.filterwarnings("ignore:[0-9]+ interaction.s. after now=150:UserWarning")
@pytest.mark.filterwarnings("ignore:.*have no history:UserWarning")
def test_two_stages_hand_the_time_on_to_the_first(table, now):
    X, y = table
    first = with_(EASE, time="day", decay=0.5)
    model = TopNRecommender(BiasRegressor(), candidates=first, n_candidates=3, time="day").fit(X, y)
    found = model.recommend(n_items=3, now=now)
    expected = with_(first).fit(X).recommend(n_items=3, now=now)
    pairs = [set(frame.iloc[:, :2].itertuples(index=False)) for frame in (found, expected)]
    assert {tuple(pair) for pair in pairs[0]} == {tuple(pair) for pair in pairs[1]}


def test_the_regressor_of_two_stages_gets_the_newest_time_for_new_pairs(frame_library):
    X = frame_library({"user": [1, 1, 2, 2], "item": [1, 2, 2, 3], "day": [0, 1, 2, 3]})
    model = TopNRecommender(LinearRegression(), time="day").fit(X, [0.0, 1.0, 2.0, 3.0])
    assert model.interactions_.features.names == []
    pairs = frame_library({"user": [1], "item": [3], "day": [3]})
    assert_allclose(model.recommend([1])["score"].to_list(), model.predict(pairs))


def test_stages_on_different_times_raise(table):
    X, y = table
    model = TopNRecommender(BiasRegressor(), candidates=with_(EASE, time="day"))
    with pytest.raises(ValueError, match=r"Give both the same `user=`, `item=` and `time=`"):
        model.fit(X, y)
    model.set_params(candidates=make_pipeline("passthrough", with_(EASE, time="day")))
    with pytest.raises(ValueError, match=r"reads times, and time=None .*Give both the same `time=`"):
        model.fit(X, y)


@every_model
def test_half_life_and_decay_are_tuned_in_a_grid_search(table, model):
    X, y = table
    grid = {"half_life": [10, 1000], "decay": [0.5, 1.0]}
    splitter = LastKPerUser(1, time="day", user="user_id", item="item_id", min_items=3)
    search = GridSearchCV(with_(model, time="day"), grid, scoring=make_ranking_scorer(), cv=splitter)
    search.fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert search.best_params_.keys() == grid.keys()


def test_on_the_sample_recency_tells_more_of_the_next_title_and_the_order_even_more():
    X = load_anime_sample(unrated="nan", times=True).data
    columns = {"time": "timestamp", "user": "user_id", "item": "anime_id"}
    train, test = next(LastKPerUser(1, **columns, min_items=20).split(X))
    models = [
        PopularityRecommender(time="timestamp"),
        EASERecommender(time="timestamp"),
        EASERecommender(time="timestamp", decay=0.8),
        NextItemRecommender(time="timestamp"),
    ]
    score = make_ranking_scorer("ndcg", k=10)
    found = [score(model.fit(X.iloc[train]), X.iloc[test]) for model in models]
    assert found[1] > 1.5 * found[0]
    assert found[2] > 1.4 * found[1]
    assert found[3] > 1.05 * found[2]


def test_compare_takes_models_with_a_time_column(table):
    models = {name: with_(model, time="day", decay=0.5) for name, model in MODELS.items()}
    stages = with_(EASE, time="day", decay=0.5)
    models["stages"] = TopNRecommender(BiasRegressor(), candidates=stages, n_candidates=3, time="day")
    splitter = LastKPerUser(1, time="day", user="user_id", item="item_id", min_items=3)
    compared = compare(models, *table, cv=splitter, scoring={"ndcg": make_ranking_scorer()})
    assert len(compared) == len(models)
    alone = cross_val_score(models["EASE"], *table, cv=splitter, scoring=make_ranking_scorer())
    assert compared.loc["EASE"].iloc[0] == pytest.approx(alone.mean())
