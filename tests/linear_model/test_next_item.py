"""Claims about NextItemRecommender, against the model written out in plain_transitions.py."""

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from plain_transitions import (
    make_sequences,
    next_item_scores,
    regression,
    ridge_weights,
    sequences,
)

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.linear_model import NextItemRecommender, _next_item, _transitions

N_ITEMS = 12
ITEMS = [f"i{item:02}" for item in range(N_ITEMS)]
SOLVERS = pytest.mark.parametrize("params", [{}, {"n_components": N_ITEMS}], ids=["exact", "low-rank"])
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}  # weights are kept in single precision


def make_model(alpha=2.0, **params):
    given = {"decay": 0.6, "training_decay": 0.8, "time": "time", "random_state": 0}
    return NextItemRecommender(alpha, **given | params)


def scores_of(model, users=None, **asked):
    """Return the table of all scores that a model recommends by."""
    found = model.recommend(users, n_items=N_ITEMS, exclude_seen=False, **asked)
    return found.pivot(index="user_id", columns="item_id", values="score")


def expected_scores(X, alpha=2.0, *, decay=0.6, training_decay=0.8, entries=None, **settings):
    found = sequences(X, ITEMS, entries)
    weights = expected_weights(found, alpha, decay=training_decay, **settings)
    return next_item_scores(found, weights, decay=decay, max_length=settings.get("max_length", 50))


def expected_weights(found, alpha=2.0, *, decay=0.8, cooccurrence_weight=0.3, **settings):
    settings["cooccurrence_weight"] = cooccurrence_weight
    S, Z = regression(found, N_ITEMS, decay=decay, **settings)
    return ridge_weights(S, Z, alpha, to_itself=cooccurrence_weight == 0)


@pytest.fixture(scope="module", name="X")
def rows():
    return make_sequences()


# The model


@SOLVERS
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"alpha": 30.0, "decay": 1.0, "training_decay": 0.5},
        {"training_decay": 1.0, "max_length": 4},
        {"max_length": 1},
        {"decay": 0.0, "training_decay": 0.0},
        {"horizon": 3, "max_length": 2},
        {"cooccurrence_weight": 0.0},
        {"cooccurrence_weight": 2.0},
        {"horizon": 20},
    ],
    ids=str,
)
def test_scores_are_those_of_a_ridge_regression_from_past_to_next(X, params, settings):
    model = make_model(**settings, **params).fit(X)
    assert_allclose(scores_of(model), expected_scores(X, **settings), **TOLERANCE)


@pytest.mark.parametrize("cooccurrence_weight", [0.0, 0.3])
def test_low_rank_scores_follow_the_formula(X, cooccurrence_weight):
    found = sequences(X, ITEMS)
    S, Z = regression(found, N_ITEMS, decay=0.8, cooccurrence_weight=cooccurrence_weight)
    _, s, vt = np.linalg.svd(S / 2.0**0.5, full_matrices=False)
    inner = vt[:5].T * (s[:5] ** 2 / (s[:5] ** 2 + 1)) @ vt[:5]
    inverse = (np.eye(N_ITEMS) - inner) / 2.0
    weights = inverse @ S.T @ Z
    if cooccurrence_weight:
        weights -= inverse * (np.diag(weights) / np.diag(inverse))
    user = X["user_id"] == "u03"
    codes = np.searchsorted(ITEMS, X[user].sort_values("time")["item_id"])
    expected = 0.6 ** np.arange(len(codes))[::-1] @ weights[codes]
    model = make_model(n_components=5, cooccurrence_weight=cooccurrence_weight).fit(X)
    assert_allclose(scores_of(model, "u03").iloc[0], expected, **TOLERANCE)


def test_weights_by_hand():
    # One past, Akira, which Bleach follows: S'S + 1 = diag(2, 1), S'Z = 1 from Akira to Bleach.
    model = NextItemRecommender(1.0, cooccurrence_weight=0.0, decay=0.5).fit(
        [["ann", "Akira"], ["ann", "Bleach"]]
    )
    assert_allclose(model.predict([["ann", "Akira"], ["ann", "Bleach"]]), [0.0, 0.5 * 0.5])


def test_the_products_are_added_up_in_blocks_of_users(X, monkeypatch):
    expected = scores_of(make_model().fit(X))
    monkeypatch.setattr(_transitions, "CHUNK", 20)
    assert_allclose(scores_of(make_model().fit(X)), expected, **TOLERANCE)


@pytest.mark.slow
def test_the_pasts_are_never_made(monkeypatch):
    n_users, length = 60, 400
    monkeypatch.setattr(_transitions, "CHUNK", length**2)
    items = np.concatenate([np.random.RandomState(user).permutation(length) for user in range(n_users)])
    X = pd.DataFrame({"user": np.repeat(np.arange(n_users), length), "item": items})
    tracemalloc.start()
    NextItemRecommender(max_length=length, n_components=4, random_state=0).fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * n_users * length**2 / 2  # bytes of S: a number and a column for each pair


# Time


def test_rows_come_in_any_order_with_times(X):
    shuffled = X.sample(frac=1, random_state=1)
    assert_allclose(scores_of(make_model().fit(shuffled)), scores_of(make_model().fit(X)), **TOLERANCE)


def test_the_order_of_the_rows_stands_for_the_time_where_there_is_none(X):
    ordered = X.sort_values("time", kind="stable")[["user_id", "item_id"]]
    found = scores_of(make_model(time=None).fit(ordered))
    assert_allclose(found, scores_of(make_model().fit(X)), **TOLERANCE)
    other = scores_of(make_model(time=None).fit(ordered[::-1]))
    assert np.abs(found - other).to_numpy().max() > 0.01


def test_rows_of_equal_time_keep_their_order(X):
    ordered = X.sort_values("time", kind="stable")
    found = scores_of(make_model().fit(ordered.assign(time=0)))
    assert_allclose(found, scores_of(make_model().fit(X)), **TOLERANCE)


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_times_are_numbers_or_datetimes(X, library):
    expected = make_model().fit(X).predict(X)
    dates = pd.Timestamp("1969-06-01") + pd.to_timedelta(X["time"], unit="D")
    dated = library({**X.to_dict("list"), "time": dates.dt.to_pydatetime().tolist()})
    assert_allclose(make_model().fit(dated).predict(dated), expected, **TOLERANCE)


def test_a_repeated_item_counts_at_its_latest_time(X):
    user = X[X["user_id"] == "u03"].sort_values("time")
    again = pd.concat([X, user.head(1).assign(time=2000)])
    assert_allclose(scores_of(make_model().fit(again)), expected_scores(again), **TOLERANCE)


def test_a_history_brings_its_times(X):
    model = make_model().fit(X)
    history = X[X["user_id"] == "u03"].assign(user_id="new")
    expected = scores_of(model, "u03").iloc[0]
    assert_allclose(scores_of(model, history=history).iloc[0], expected, **TOLERANCE)
    backwards = history.assign(time=-history["time"])
    assert np.abs(scores_of(model, history=backwards).iloc[0] - expected).max() > 0.01


def test_a_missing_time_raises(X):
    gaps = X.assign(time=X["time"].astype(float).where(X.index != 3))
    with pytest.raises(ValueError, match="no time in column 'time'"):
        make_model().fit(gaps)


def test_half_life_multiplies_with_decay_in_the_history_that_is_scored(X):
    user = X[X["user_id"] == "u03"].sort_values("time")
    model = make_model(half_life=40).fit(X)
    ages = (user["time"].max() - user["time"]).to_numpy()
    entries = 0.5 ** (ages / 40) * 0.6 ** np.arange(len(user))[::-1]
    weights = [
        model._weights.to_item(item)[np.searchsorted(ITEMS, user["item_id"])] for item in range(12)
    ]
    assert_allclose(scores_of(model, "u03").iloc[0], weights @ entries, **TOLERANCE)
    plain = make_model().fit(X).set_params(half_life=40)  # read when scoring
    assert_allclose(scores_of(plain), scores_of(model), rtol=0, atol=0)


def test_training_half_life_weighs_rows_as_sample_weights_do(X):
    weights = 0.5 ** ((X["time"].max() - X["time"]) / 30)
    expected = make_model().fit(X, sample_weight=weights)
    model = make_model(training_half_life=30).fit(X)
    assert_allclose(model._weights.weights, expected._weights.weights, **TOLERANCE)


def test_now_leaves_out_what_came_later(X):
    now = int(X["time"].median())
    model = make_model(half_life=40).fit(X)
    X = X.sort_values("time").drop_duplicates(["user_id", "item_id"], keep="last")
    early = X[X["time"] <= now]
    n_later = (X["user_id"].isin(early["user_id"]) & (X["time"] > now)).sum()
    with pytest.warns(UserWarning, match=rf"^{n_later} interaction\(s\) after now={now}"):
        found = scores_of(model, early["user_id"].unique(), now=now)
    pd.testing.assert_frame_equal(found, scores_of(model, history=early))


def test_a_half_life_without_times_raises(X):
    for parameters in ({"half_life": 3}, {"training_half_life": 3}):
        with pytest.raises(ValueError, match=r"half_life=3 needs the times of the interactions"):
            make_model(time=None, **parameters).fit(X[["user_id", "item_id"]])


# Users


def test_users_whose_items_nobody_went_on_from_get_popular_items():
    X = [["ann", 1], ["ann", 2], ["bob", 1], ["bob", 2], ["cat", 3]]
    model = NextItemRecommender().fit(X)
    with pytest.warns(UserWarning, match="1 of 3 users have no history"):
        found = model.recommend(n_items=1)
    assert np.isnan(found["score"]).tolist() == [False, False, True]
    assert found["item"].tolist() == [3, 3, 1]


def test_unknown_users_get_the_most_popular(X):
    with pytest.warns(UserWarning, match="1 of 1 users have no history"):
        found = make_model().fit(X).recommend("?", n_items=3)
    with pytest.warns(UserWarning, match="1 of 1 users have no history"):
        expected = PopularityRecommender().fit(X[["user_id", "item_id"]]).recommend("?", n_items=3)
    assert found["item_id"].tolist() == expected["item_id"].tolist()


def test_one_interaction_for_each_user_leaves_popular_items():
    model = NextItemRecommender().fit([["ann", 1], ["bob", 1], ["cat", 2]])
    with pytest.warns(UserWarning, match="3 of 3 users have no history"):
        assert model.recommend(n_items=1)["item"].tolist() == [2, 2, 1]


# Weights, more rows


@SOLVERS
def test_sample_weights_are_the_entries_of_pasts_and_targets(X, params):
    plays = np.random.RandomState(1).randint(1, 5, len(X)).astype(float)
    model = make_model(**params).fit(X, sample_weight=plays)
    assert_allclose(scores_of(model), expected_scores(X, entries=plays), rtol=1e-3, atol=1e-4)


def test_a_weight_of_two_is_the_row_twice(X):
    twice = pd.concat([X, X[:30]])
    found = scores_of(make_model().fit(twice, sample_weight=np.ones(len(twice))))
    weights = np.where(np.arange(len(X)) < 30, 2.0, 1.0)
    assert_allclose(found, scores_of(make_model().fit(X, sample_weight=weights)), **TOLERANCE)


@pytest.mark.parametrize("time", ["time", None])
@SOLVERS
def test_partial_fit_is_a_fit_on_all_rows(X, time, params):
    X = X if time else X.sort_values("time")[["user_id", "item_id"]]
    half = len(X) // 2
    model = make_model(time=time, **params).partial_fit(X[:half])
    model.partial_fit(X[half:])
    expected = scores_of(make_model(time=time, **params).fit(X))
    assert_allclose(scores_of(model)[expected.columns].loc[expected.index], expected, **TOLERANCE)


def test_partial_fit_with_another_reading_of_the_rows_raises(X):
    model = make_model().fit(X).set_params(time=None)
    with pytest.raises(ValueError, match="time was 'time' in fit and is None now"):
        model.partial_fit(X)


# What it answers


@SOLVERS
def test_contributions_fall_with_the_age_and_add_up(X, params):
    model = make_model(**params).fit(X)
    for item, score in scores_of(model, "u03").iloc[0].items():
        terms = model.explain("u03", item, n=N_ITEMS)
        assert_allclose(terms["contribution"].sum(), score, atol=1e-5)
    ages = X[X["user_id"] == "u03"].sort_values("time", ascending=False)["item_id"].tolist()
    shown = terms[terms["term"] == "neighbor"]
    weights = model._weights.to_item(N_ITEMS - 1)[np.searchsorted(ITEMS, shown["item_id"])]
    assert_allclose(
        shown["weight"], weights * 0.6 ** np.array([ages.index(i) for i in shown["item_id"]])
    )


@SOLVERS
def test_similar_items_are_those_that_come_next(X, params):
    found = sequences(X, ITEMS)
    S, Z = regression(found, N_ITEMS, decay=0.8)
    P = np.linalg.inv(S.T @ S + 2.0 * np.eye(N_ITEMS))
    expected = expected_weights(found) / np.sqrt(np.outer(np.diag(P), (Z**2).sum(axis=0)))
    expected = pd.DataFrame(expected, ITEMS, ITEMS)
    near = make_model(**params).fit(X).similar_items(["i03", "i05"], n_items=N_ITEMS)
    for item, rows in near.groupby("item_id"):
        assert len(rows) == N_ITEMS - 1
        assert_allclose(rows["similarity"], expected.loc[item, rows["neighbor"]], **TOLERANCE)


def test_what_comes_next_is_not_symmetric():
    X = [[user, item] for user in range(20) for item in ("first", "second", "third")]
    model = NextItemRecommender(alpha=1.0).fit(X)
    assert model.similar_items("first", 1)["neighbor"].tolist() == ["second"]
    assert model.similar_items("second", 1)["neighbor"].tolist() == ["third"]


# Solvers


def test_auto_is_exact_unless_told_otherwise_or_too_large(X, monkeypatch):
    assert make_model().fit(X).solver_ == "cholesky"
    assert make_model(n_components=3).fit(X).solver_ == "svd"
    assert make_model(n_components=3, solver="cholesky").fit(X).solver_ == "cholesky"
    monkeypatch.setattr(_next_item, "LARGEST_ARRAY", 4 * N_ITEMS**2 - 1)
    assert make_model().fit(X).solver_ == "svd"


def test_catalog_too_large_for_the_exact_solver_is_named_with_its_size():
    X = pd.DataFrame({"user": np.arange(1_000_000), "item": np.arange(1_000_000)})
    with pytest.raises(ValueError, match=r"needs 3,725.3 GiB for 1000000 items. Give n_components"):
        NextItemRecommender(solver="cholesky").fit(X)


def test_more_components_than_items_warn_once(X):
    message = r"A table of 12 items does not allow n_components=20 \(used: 12\)"
    with pytest.warns(UserWarning, match=message) as warned:
        make_model(n_components=20).fit(X)
    assert len(warned) == 1


def test_rows_in_the_order_of_items_are_warned_of():
    X = pd.DataFrame({"user": np.repeat(np.arange(12), 6), "item": np.tile(np.arange(6), 12)})
    with pytest.warns(UserWarning, match=r"sorted by item.*Name the time column"):
        NextItemRecommender().fit(X)
    NextItemRecommender().fit(X[::-1])  # and nothing is said of another order, or of times
    NextItemRecommender(time="time").fit(X.assign(time=np.arange(72)))


def test_datetimes_that_are_not_named_are_warned_of():
    X = pd.DataFrame({"user": np.repeat(np.arange(12), 6), "item": np.tile(np.arange(6), 12)})
    X["day"] = pd.to_datetime(np.arange(72)[::-1], unit="D")
    with pytest.warns(UserWarning, match=r"'day' of X holds datetimes, .*: time='day'"):
        NextItemRecommender().fit(X[::-1])
    NextItemRecommender(time="day").fit(X)
    NextItemRecommender().fit(X[["user", "item"]][::-1])  # and nothing is said of an order without them


def test_datetimes_as_text_are_to_be_converted():
    X = pd.DataFrame({"user": [1, 1, 2], "item": [5, 6, 5], "day": ["2026-01-31", "2026-02-01", "?"]})
    with pytest.warns(UserWarning, match=r": time='day'\. Convert its text before"):
        NextItemRecommender().fit(X)


@pytest.mark.parametrize("names", [["day", "user", "item"], ["user", "day", "item"]])
@pytest.mark.parametrize("convert", [pd.to_datetime, list])
def test_datetimes_that_are_read_as_ids_are_warned_of(names, convert):
    days = convert(["2026-01-31 20:15:00", "2026-02-01 00:00:00"] * 2)
    X = pd.DataFrame({"user": [1, 1, 2, 2], "item": [5, 6, 5, 6], "day": days})
    role = ["user", "item"][names.index("day")]
    with pytest.warns(UserWarning, match=rf"'day' of X is read as the {role} ids, .*user= and item="):
        NextItemRecommender().fit(X[names])
    X["day"] = pd.to_datetime(X.day)
    NextItemRecommender(user="user", item="item", time="day").fit(X[names])
