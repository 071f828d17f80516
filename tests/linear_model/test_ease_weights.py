"""Claims about the weights of users and rows in EASERecommender, and about its tail."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plain_ridge import N_ITEMS, filtered_weights, make_table, ridge_weights, weighed, wide
from scipy import sparse

from sklearn_anime.datasets import make_ratings
from sklearn_anime.linear_model import EASERecommender, _tail
from sklearn_anime.linear_model._item_weights import LowRankWeights
from sklearn_anime.utils._parts import OneBlock

ALPHA, DROPOUT, POWER = 2.0, 0.3, 0.4
TOLERANCE = {"rtol": 1e-3, "atol": 1e-5}  # weights are kept in single precision
FORMS = pytest.mark.parametrize("room", [2**30, 0], ids=["formed", "implicit"])
DENSITIES = pytest.mark.parametrize("least", [0.0, 1.0], ids=["dense", "sparse"])
SOLVERS = pytest.mark.parametrize(
    "params", [{}, {"n_components": 4, "tail": 0.7}], ids=["exact", "low-rank"]
)


def make_model(**params):
    defaults = {"alpha": ALPHA, "dropout": DROPOUT, "user_power": POWER, "random_state": 0}
    return EASERecommender(**defaults | params)


def scores_of(model, **params):
    found = model.recommend(n_items=N_ITEMS, exclude_seen=False, **params)
    return found.pivot(index="user_id", columns="anime_id", values="score")


@pytest.fixture(scope="module", name="X")
def table_of_rows():
    return make_table()[0]


@pytest.fixture(scope="module")
def plays(X):
    return np.random.RandomState(2).randint(1, 6, len(X)).astype(float)


def entries_of(X, plays):
    return X.assign(plays=plays).pivot(index="user_id", columns="anime_id", values="plays").fillna(0.0)


def ridge_of(rows):
    return ALPHA + DROPOUT / (1 - DROPOUT) * (rows**2).sum(axis=0)


# Users


def test_scores_are_those_of_weighted_ridge_regressions(X):
    entries = wide(X)
    rows = weighed(entries, POWER)
    expected = entries @ ridge_weights(rows, ridge_of(rows))
    assert_allclose(scores_of(make_model().fit(X)), expected, **TOLERANCE)


def test_user_weights_do_not_change_with_the_unit_of_the_rows(X):
    once, thrice = (
        make_model(alpha=alpha).fit(X, sample_weight=np.full(len(X), w))
        for alpha, w in ((2, 1), (18, 3))
    )
    assert_allclose(3 * scores_of(once), scores_of(thrice), rtol=1e-5)


# The tail


@FORMS
@pytest.mark.parametrize("tail", [0.0, 0.5, 1.0])
def test_low_rank_scores_follow_the_filter_and_its_tail(X, tail, room, monkeypatch):
    monkeypatch.setattr(_tail, "LARGEST_GRAM", room)
    entries = wide(X)
    rows = weighed(entries, POWER)
    expected = entries @ filtered_weights(rows, ridge_of(rows), 4, tail)
    model = make_model(n_components=4, tail=tail).fit(X)
    assert_allclose(scores_of(model), expected, **TOLERANCE)
    assert_allclose(scores_of(model, history=X), expected, **TOLERANCE)
    assert model.tail_ == tail


@FORMS
@pytest.mark.parametrize("tail", [0.0, 0.5, 0.8, 1.0])
def test_full_rank_is_the_exact_model_whatever_the_tail(X, tail, room, monkeypatch):
    monkeypatch.setattr(_tail, "LARGEST_GRAM", room)
    exact, low_rank = (
        make_model(solver=solver, n_components=N_ITEMS, tail=tail).fit(X)
        for solver in ("cholesky", "svd")
    )
    assert_allclose(scores_of(low_rank), scores_of(exact), rtol=1e-2, atol=1e-4)
    columns = ["anime_id", "neighbor"]
    similar = [
        m.similar_items(m.items_, N_ITEMS).set_index(columns).similarity for m in (low_rank, exact)
    ]
    assert_allclose(similar[0], similar[1].loc[similar[0].index], atol=1e-4)


@DENSITIES
def test_a_dense_tail_scores_as_a_sparse_one(X, least, monkeypatch):
    monkeypatch.setattr(_tail, "DENSE", least)
    entries = wide(X)
    rows = weighed(entries, POWER)
    model = make_model(n_components=4, tail=0.7).fit(X)
    assert isinstance(model._weights.tail.gram, np.ndarray) == (least == 0)
    expected = entries @ filtered_weights(rows, ridge_of(rows), 4, 0.7)
    assert_allclose(scores_of(model), expected, **TOLERANCE)


@FORMS
def test_scores_with_a_tail_do_not_depend_on_the_size_of_blocks(room, monkeypatch):
    monkeypatch.setattr(_tail, "LARGEST_GRAM", room)
    X = make_ratings(60, 40, 700, random_state=0).data
    model = make_model(n_components=3, tail=0.6).fit(X)
    expected = model.recommend(n_items=40)
    monkeypatch.setattr(_tail, "CHUNK", 30)
    pd.testing.assert_frame_equal(model.recommend(n_items=40), expected)


def test_empty_rows_have_scores_of_zero():
    rows = sparse.csr_array(np.array([[1.0, 1, 0], [0, 1, 1], [1, 0, 1]], dtype=np.float32))
    weights = LowRankWeights.fit(OneBlock(rows), np.ones(3), 1, tail=0.6)
    some = sparse.csr_array(np.array([[0.0, 0, 0], [1, 0, 0], [0, 0, 0]], dtype=np.float32))
    found = weights.scores(some)
    assert_array_equal(found[[0, 2]], 0.0)
    assert found[1, 1] > 0


def test_a_diagonal_of_one_has_a_lower_bound():
    # The largest eigenvalue of the filter is f(s_1), so that no diagonal element of I - M is below
    # 1 - f(s_1).
    rows = sparse.csr_array(np.eye(3, dtype=np.float32) * 1e4)
    weights = LowRankWeights.fit(OneBlock(rows), np.ones(3), 1, tail=1.0)
    assert weights.rest.min() > 0
    assert np.isfinite(weights.scores(sparse.csr_array(np.eye(3, dtype=np.float32)))).all()


@pytest.mark.parametrize(("n_components", "tail"), [(2, 0.7), (N_ITEMS, 0.0)])
def test_auto_has_a_tail_where_the_filter_is_cut_off(X, n_components, tail):
    assert make_model(alpha=5.0, n_components=n_components).fit(X).tail_ == tail


def test_exact_solver_has_no_tail(X):
    assert make_model(tail=0.7).fit(X).tail_ == 0.0


def test_explanation_with_a_tail_adds_up_to_the_score(X, plays):
    model = make_model(n_components=3, tail=0.7).fit(X, sample_weight=plays)
    scores = scores_of(model)
    for user in ("u03", "u11"):
        for item in ("i0", "i5"):
            explained = model.explain(user, item, n=3)
            assert explained.contribution.sum() == pytest.approx(scores.loc[user, item], abs=1e-5)


# Settings not given


@pytest.mark.parametrize(
    ("n_users", "n_items", "length"),
    [(40, 20, 1), (5, 80, 2), (2, 800, 20)],
    ids=["few", "many", "most"],
)
def test_settings_follow_the_mean_number_of_interactions_of_a_user(n_users, n_items, length):
    X = [[user, item] for user in range(n_users) for item in range(n_items)]
    model = EASERecommender().fit(X)
    assert model.alpha_ == pytest.approx(10 * length**2)
    assert model.dropout_ == pytest.approx(0.5 / length)
    assert model.user_power_ == pytest.approx(0.3 / length)
    tripled = EASERecommender().fit(X, sample_weight=np.full(len(X), 3.0))
    assert tripled.alpha_ == pytest.approx(90 * length**2)
    assert tripled.dropout_ == model.dropout_


def test_one_large_weight_or_recency_does_not_move_alpha():
    X = [[user, item] for user in range(40) for item in range(20)]
    weights = np.ones(len(X))
    weights[0] = 1e4
    assert EASERecommender().fit(X, sample_weight=weights).alpha_ == 10.0
    timed = [[*row, position] for position, row in enumerate(X)]
    assert EASERecommender(time=2, training_half_life=100).fit(timed).alpha_ == 10.0


def test_weights_that_overflow_leave_the_old_model(X):
    model = make_model().fit(X)
    before = scores_of(model)
    with pytest.raises(ValueError, match="overflow in single precision"):
        model.partial_fit(X, sample_weight=np.full(len(X), 1e18))
    pd.testing.assert_frame_equal(scores_of(model), before)


def test_auto_is_exact_only_where_memory_has_room(X, monkeypatch):
    monkeypatch.setattr("sklearn_anime.linear_model._ease.total_memory", lambda: 4 * N_ITEMS**2)
    assert make_model().fit(X).solver_ == "svd"


def test_settings_that_are_given_are_used(X):
    model = EASERecommender(7, dropout=0.1, user_power=0.0).fit(X)
    assert (model.alpha_, model.dropout_, model.user_power_) == (7.0, 0.1, 0.0)


# Sample weights


@SOLVERS
def test_entries_are_the_sums_of_the_weights(X, plays, params):
    rows = entries_of(X, plays)
    weighted = weighed(rows, POWER)
    if params:
        weights = filtered_weights(weighted, ridge_of(weighted), 4, 0.7)
    else:
        weights = ridge_weights(weighted, ridge_of(weighted))
    model = make_model(**params).fit(X, sample_weight=plays)
    assert_allclose(scores_of(model), rows @ weights, rtol=1e-3, atol=1e-4)


def test_weight_of_two_is_the_row_twice(X, plays):
    repeated = np.repeat(np.arange(len(X)), plays.astype(int))
    ones = np.ones(len(repeated))
    expected = make_model().fit(X, sample_weight=plays)
    for model in (
        make_model().fit(X.iloc[repeated], sample_weight=ones),
        make_model().fit(X.iloc[repeated[1:]]).partial_fit(X.iloc[repeated[:1]], sample_weight=[1.0]),
    ):
        assert_allclose(scores_of(model), scores_of(expected), rtol=1e-5, atol=1e-6)


def test_weights_of_partial_fit_count_rows_without_one_as_one(X, plays):
    half = len(X) // 2
    expected = make_model().fit(X, sample_weight=np.append(np.ones(half), plays[half:]))
    model = make_model().fit(X[:half]).partial_fit(X[half:], sample_weight=plays[half:])
    assert_allclose(scores_of(model), scores_of(expected), rtol=1e-4, atol=1e-5)


def test_unrated_rows_of_a_pair_count_too():
    X = [["ann", 1], ["ann", 1], ["ann", 2], ["bob", 1], ["bob", 2], ["cat", 2]]
    ratings = [8.0, np.nan, 7.0, 6.0, 9.0, 5.0]
    found = EASERecommender(1.0).fit(X, ratings, sample_weight=np.ones(6)).predict([["ann", 2]])
    expected = EASERecommender(1.0).fit(X, sample_weight=np.ones(6)).predict([["ann", 2]])
    assert_allclose(found, expected)


def test_rows_of_weight_zero_are_absent(X, plays):
    present = np.arange(len(X)) % 4 > 0
    expected = make_model().fit(X[present], sample_weight=plays[present])
    found = make_model().fit(X, sample_weight=np.where(present, plays, 0.0))
    assert_allclose(scores_of(found), scores_of(expected), rtol=1e-6)


@pytest.mark.parametrize(
    ("weight", "message"),
    [(-1.0, "Negative values"), (np.nan, "NaN"), (0.0, "zero")],
    ids=["negative", "NaN", "all zero"],
)
def test_wrong_weights_leave_the_old_model(X, weight, message):
    model = make_model().fit(X)
    before = scores_of(model)
    for call in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=message):
            call(X, sample_weight=np.full(len(X), weight))
    pd.testing.assert_frame_equal(scores_of(model), before)


def test_table_without_two_users_who_share_an_item_warns_and_has_scores_of_zero():
    with pytest.warns(UserWarning, match="No two users of the 3 in X share an item"):
        model = EASERecommender().fit([["ann", 1], ["bob", 2], ["cat", 3]])
    assert_array_equal(model.predict([["ann", 2], ["bob", 1]]), 0.0)
