"""Predictions and lists of both axes equal plain loops; with an index as well."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from plain_loops import (
    N_ITEMS,
    N_USERS,
    all_pairs_of,
    expected_ratings,
    expected_scores,
    make_table,
    seen_by,
)
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.neighbors import FaissNeighbors, SVDNeighborsRecommender

AXES = pytest.mark.parametrize("axis", ["user", "item"])
SPACES = pytest.mark.parametrize("n_components", [3, 2])
EXACT = NearestNeighbors(metric="cosine")
PLAIN = {"n_components": 3, "n_neighbors": 4, "similarity_power": 1.0, "shrinkage": 2.0}
ONE_HOT = make_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge())
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}  # places are kept in single precision


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.fixture(scope="module")
def all_pairs(table):
    return all_pairs_of(table[0])


def all_but_one(axis):
    return (N_USERS if axis == "user" else N_ITEMS) - 1


def fit(table, sample_weight=None, **params):
    model = SVDNeighborsRecommender(**PLAIN | params, clip=False, random_state=0)
    return model.fit(*table, sample_weight=sample_weight)


def check_ratings(table, all_pairs, sample_weight=None, **params):
    expected = expected_ratings(*table, all_pairs, sample_weight=sample_weight, **PLAIN | params)
    assert_allclose(fit(table, sample_weight, **params).predict(all_pairs), expected, **TOLERANCE)


def check_recommendations(model, table, **params):
    for user in model.users_:
        found = model.recommend(user)
        scores = expected_scores(*table, user, **params)
        scores = scores.drop(seen_by(table[0], user), errors="ignore")
        if scores.empty:  # no rating of the user reaches min_rating: popular items
            assert found["score"].isna().all()
            continue
        assert_allclose(found["score"], np.sort(scores)[::-1], **TOLERANCE)
        assert_allclose(found["score"], scores[found["anime_id"]], **TOLERANCE)


# Predictions


@AXES
@SPACES
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"shrinkage": 0.0},
        {"n_neighbors": 1},
        {"n_neighbors": 7},
        {"similarity_power": 2.5},
        {"shrinkage": 0.0, "similarity_power": 4.0, "n_neighbors": 8},
    ],
    ids=str,
)
def test_predictions_are_the_formula_of_the_docstring(table, all_pairs, axis, n_components, params):
    check_ratings(table, all_pairs, axis=axis, n_components=n_components, **params)


@AXES
@pytest.mark.filterwarnings("ignore:A table of 12 users and 9 items:UserWarning")
def test_predictions_are_the_formula_above_full_rank_too(table, all_pairs, axis):
    check_ratings(table, all_pairs, axis=axis, n_components=64)


@AXES
@SPACES
@pytest.mark.parametrize(
    "baseline", [None, BiasRegressor(shrinkage=1.0), ONE_HOT], ids=["none", "biases", "pipeline"]
)
def test_predictions_add_the_residuals_of_any_baseline(table, all_pairs, axis, n_components, baseline):
    check_ratings(table, all_pairs, axis=axis, n_components=n_components, baseline=baseline)


@AXES
@pytest.mark.parametrize("baseline", ["bias", None, BiasRegressor()], ids=str)
def test_a_neighbor_rating_weighs_as_its_row(table, all_pairs, axis, baseline):
    weights = np.random.default_rng(1).uniform(0.1, 5.0, len(table[0]))
    check_ratings(table, all_pairs, axis=axis, baseline=baseline, sample_weight=weights)


@AXES
def test_auto_stands_for_the_values_of_the_docstring_in_predictions(all_pairs, axis):
    table = make_table(n_users=90, n_items=9)
    pairs = all_pairs_of(table[0])[::7]
    power, shrinkage = (1.0, 2.0) if axis == "user" else (2.5, 0.03)
    auto = {"n_neighbors": "auto", "similarity_power": "auto", "shrinkage": "auto"}
    expected = expected_ratings(
        *table,
        pairs,
        axis=axis,
        n_neighbors=80,
        similarity_power=power,
        shrinkage=shrinkage,
    )
    assert_allclose(fit(table, axis=axis, **auto).predict(pairs), expected, **TOLERANCE)


@AXES
@pytest.mark.parametrize("sample_weight", [None, np.linspace(0.5, 4, 68)], ids=["equal", "weighted"])
def test_bias_regressor_as_baseline_equals_bias(table, all_pairs, axis, sample_weight):
    sample_weight = None if sample_weight is None else np.resize(sample_weight, len(table[0]))
    one = fit(table, sample_weight, axis=axis, baseline=BiasRegressor())
    other = fit(table, sample_weight, axis=axis)
    assert_allclose(one.predict(all_pairs), other.predict(all_pairs), **TOLERANCE)
    pd.testing.assert_frame_equal(one.recommend(), other.recommend())


@AXES
def test_own_rating_is_not_averaged(table, axis):
    X, y = table
    model = fit(table, axis=axis)
    for row in np.flatnonzero(y.notna())[:10]:
        ids = "user_id" if axis == "user" else "anime_id"
        neighbors = model.explain(*X.iloc[row], of="rating", n=20)[ids].tolist()
        assert X.iloc[row][ids] not in neighbors


# Lists


@AXES
@pytest.mark.parametrize("min_rating", [None, 7])
@pytest.mark.filterwarnings("ignore:1 of 1 users have no history")
def test_lists_sum_what_the_nearest_have_to_give(table, axis, min_rating):
    params = {"axis": axis, "similarity_power": 3.0}
    params["min_rating"] = min_rating
    check_recommendations(fit(table, **params), table, **params)


def test_a_user_whose_ratings_are_all_below_min_rating_gets_popular_items():
    X = [["ann", "A"], ["bob", "A"], ["bob", "B"], ["cat", "B"], ["cat", "C"], ["dan", "B"]]
    model = SVDNeighborsRecommender(2, n_neighbors=1, axis="item", min_rating=6)
    model.fit(X, [5, 9, 8, 7, 6, 9])
    with pytest.warns(UserWarning, match="1 of 2 users have no history .* such as 'ann'"):
        found = model.recommend(["ann", "bob"])
    of_ann = found[found["user"] == "ann"]
    assert of_ann["item"].tolist() == ["B", "C"]  # 3 users and 1
    assert of_ann["score"].isna().all()
    assert found["score"].notna().sum() == 1


@AXES
@pytest.mark.parametrize("baseline", [None, ONE_HOT], ids=["none", "pipeline"])
def test_unrated_rows_count_in_lists_as_the_baseline_predicts_them(table, axis, baseline):
    params = {"axis": axis, "similarity_power": 3.0, "baseline": baseline}
    check_recommendations(fit(table, **params), table, **params)


@AXES
def test_unrated_rows_of_a_new_user_count_as_the_mean_rating_where_the_baseline_is_none(table, axis):
    X, y = table
    own, mean = (X["user_id"] == "u02").to_numpy(), y.mean()
    model = fit(table, axis=axis, baseline=None)
    new_user = X[own].assign(user_id="new")
    unrated, rated = (
        model.recommend(history=(new_user, v)) for v in ([np.nan] * own.sum(), [mean] * own.sum())
    )
    pd.testing.assert_frame_equal(unrated, rated)


@AXES
def test_auto_stands_for_the_values_of_the_docstring_in_lists(axis):
    table = make_table(n_users=90, n_items=60, density=0.2)
    auto = {"n_neighbors": "auto", "similarity_power": "auto", "shrinkage": "auto"}
    found = fit(table, axis=axis, n_components=50, **auto).recommend("u03", n_items=60)
    values = {"n_neighbors": 80 if axis == "user" else 50, "similarity_power": 3.0}
    scores = expected_scores(*table, "u03", axis=axis, n_components=50, **values)
    scores = scores.drop(seen_by(table[0], "u03"))
    assert_allclose(found["score"], scores[found["anime_id"]], **TOLERANCE)


@AXES
def test_sample_weight_does_not_change_lists_of_rated_rows(axis):
    table = make_table(unrated=0.0)
    weights = np.random.default_rng(1).uniform(0.1, 5.0, len(table[0]))
    found = fit(table, weights, axis=axis).recommend()
    pd.testing.assert_frame_equal(found, fit(table, axis=axis).recommend())


@AXES
def test_a_rating_of_zero_counts_as_reached(axis):
    # Zoids is reached with a rating of 0; Bleach and Clannad lie apart from all that ann has seen.
    X = [["ann", "Akira"], ["bob", "Akira"], ["bob", "Zoids"], ["cat", "Bleach"], ["cat", "Clannad"]]
    params = {"n_neighbors": 1, "axis": axis}
    y = [0.0, 0.5, 0.0, 1.0, 1.0]
    model = SVDNeighborsRecommender(3, **params).fit(X, y)
    assert model.recommend("ann")["item"].tolist() == ["Zoids", "Bleach", "Clannad"]
    assert model.recommend("ann").set_index("item")["score"]["Zoids"] == 0
    model.set_params(min_rating=0).fit(X, y)
    assert model.recommend("ann")["item"].tolist() == ["Zoids"]


@AXES
def test_what_nobody_reaches_comes_last_and_the_most_popular_first(axis):
    X = [["ann", "Akira"], ["bob", "Akira"], ["bob", "Zoids"], ["cat", "Bleach"]]
    X += [["cat", "Clannad"], ["dan", "Clannad"]]
    model = SVDNeighborsRecommender(4, 1, axis=axis, random_state=0).fit(X, [8] * len(X))
    found = model.recommend("ann")
    assert found["item"].tolist() == ["Zoids", "Clannad", "Bleach"]
    assert_allclose(found["score"][1:], [-1 / 3, -1 / 2])
    model.set_params(min_rating=5).fit(X, [8] * len(X))
    assert model.recommend("ann")["item"].tolist() == ["Zoids"]


@AXES
def test_sums_below_zero_still_come_before_what_nobody_reaches(axis):
    X = [["ann", "Akira"], ["bob", "Akira"], ["bob", "Zoids"], ["cat", "Bleach"], ["cat", "Clannad"]]
    model = SVDNeighborsRecommender(3, 1, axis=axis).fit(X, [-4.0, -4.0, -5.0, 1.0, 1.0])
    found = model.recommend("ann")
    assert found["item"].tolist() == ["Zoids", "Bleach", "Clannad"]
    assert found["score"][0] < 0
    assert_allclose(found["score"][1:], found["score"][0] - 0.5)


@AXES
def test_who_has_seen_only_what_lies_outside_the_components_gets_the_popular_list(axis):
    seen = np.random.default_rng(0).random((50, 30)) < 0.8
    seen[:20, 15:] = seen[20:, :15] = False  # two crowds
    crowd = [[f"u{user}", f"i{item}"] for user, item in zip(*seen.nonzero(), strict=True)]
    X = [*crowd, ["ann", "Akira"], ["bob", "Akira"], ["bob", "Bleach"]]
    popular = PopularityRecommender().fit(X).recommend("ann")["item"].tolist()
    for seed in range(5):
        model = SVDNeighborsRecommender(2, axis=axis, random_state=seed).fit(X, [8] * len(X))
        assert model.recommend("ann")["item"].tolist() == popular


@pytest.mark.parametrize("power", [3.0, 40.0])
def test_a_large_power_leaves_the_near_ones_reached(power):
    X = [["ann", "Akira"], ["bob", "Akira"], ["bob", "Zoids"], ["cat", "Bleach"]]
    found = SVDNeighborsRecommender(3, 1, similarity_power=power).fit(X, [8] * 4).recommend("ann")
    assert found["item"].tolist() == ["Zoids", "Bleach"]
    assert found["score"][0] > 0
    assert_allclose(found["score"][1], -1 / 2)


def test_item_that_no_other_was_seen_with_shares_out_nothing():
    X, y = make_table(unrated=0.0)
    X = pd.concat([X, pd.DataFrame([("alone", "i_alone")], columns=X.columns)], ignore_index=True)
    y = pd.concat([y, pd.Series([9.0])], ignore_index=True)
    found = fit((X, y), axis="item", n_components=10).recommend("alone")
    assert (found["score"] < 0).all()


# History


@AXES
@SPACES
def test_history_equal_to_the_rows_of_fit_changes_nothing(table, axis, n_components):
    X, y = table
    model = fit(table, axis=axis, n_components=n_components)
    own = X["user_id"].isin(["u02", "u07"])
    found = model.recommend(["u02", "u07"], history=(X[own], y[own]))
    pd.testing.assert_frame_equal(found, model.recommend(["u02", "u07"]), rtol=1e-5)


@AXES
@SPACES
def test_new_user_with_the_rows_of_a_user_gets_the_list_of_that_user(table, axis, n_components):
    X, y = table
    model = fit((X, y), axis=axis, n_components=n_components, n_neighbors=all_but_one(axis))
    own = X["user_id"] == "u02"
    found = model.recommend(history=(X[own].assign(user_id="new"), y[own]))
    expected = model.recommend("u02")
    # On the user axis u02 is the nearest of all to the new user, but has nothing new to contribute.
    pd.testing.assert_frame_equal(found.iloc[:, 1:], expected.iloc[:, 1:], rtol=1e-4)


@AXES
def test_known_user_with_another_history_is_scored_from_it(table, axis):
    # The ranking of u05 with the rows of u03 is that of u03, but for what u05 and u03 contribute.
    X, y = make_table(unrated=0.0)
    model = fit((X, y), axis=axis, n_neighbors=all_but_one(axis))
    rows = X["user_id"] == "u03"
    found = model.recommend("u05", history=(X[rows].assign(user_id="u05"), y[rows]))
    without = X["user_id"] != "u05" if axis == "user" else np.ones(len(X), dtype=bool)
    new_user = model.recommend(history=(X[rows].assign(user_id="new"), y[rows]))
    scores = new_user.set_index("anime_id")["score"]
    if axis == "user":
        near = model._scores.neighborhood
        own = model._score_space.project(model.interactions_.take([3]).seen_matrix())[0]
        cosine = near.directions[5] @ own / np.linalg.norm(own)
        contributed = X[~without].assign(rating=y[~without]).set_index("anime_id")["rating"]
        scores = scores - (max(cosine, 0) * contributed).reindex(scores.index).fillna(0)
    assert_allclose(found["score"], scores[found["anime_id"]], **TOLERANCE)
    assert not set(found["anime_id"]) & set(seen_by(X, "u03"))


def test_ratings_of_a_new_user_move_the_list_of_the_item_axis(table):
    model = fit(table, axis="item", n_neighbors=1)
    history = pd.DataFrame({"user_id": ["new"] * 2, "anime_id": ["i0", "i4"]})
    one, other = (
        model.recommend(history=(history, y)).set_index("anime_id")["score"]
        for y in ([1.0, 10.0], [2.0, 20.0])
    )
    reached = one > 0
    assert_allclose(other[one.index][reached], 2 * one[reached], rtol=1e-6)


# An index


@AXES
@SPACES
@pytest.mark.parametrize("n_neighbors", ["auto", "all"])
def test_an_index_of_all_neighbors_gives_what_exact_search_gives(
    table, all_pairs, axis, n_components, n_neighbors
):
    params = {"axis": axis, "n_components": n_components}
    params["n_neighbors"] = all_but_one(axis) if n_neighbors == "all" else n_neighbors
    exact, asked = fit(table, **params), fit(table, neighbors=EXACT, **params)
    assert_allclose(asked.predict(all_pairs), exact.predict(all_pairs), **TOLERANCE)
    pd.testing.assert_frame_equal(asked.recommend(), exact.recommend(), rtol=1e-5)


@AXES
@pytest.mark.parametrize("index", [EXACT, FaissNeighbors(index="flat")], ids=["sklearn", "faiss"])
def test_nearest_of_an_index_contribute_where_they_have_the_rating(table, all_pairs, axis, index):
    expected = expected_ratings(*table, all_pairs, axis=axis, **PLAIN, from_all=True)
    model = fit(table, axis=axis, neighbors=index)
    assert_allclose(model.predict(all_pairs), expected, **TOLERANCE)


@AXES
def test_lists_ask_the_index_for_the_nearest_of_all(table, axis):
    params = {"axis": axis, "similarity_power": 3.0}
    check_recommendations(fit(table, neighbors=EXACT, **params), table, **params)


class NobodyFound:
    """An index that is no estimator, and finds nobody."""

    def fit(self, vectors):
        pass

    def kneighbors(self, vectors, n_neighbors, return_distance):
        return np.full((vectors.shape[0], n_neighbors), -1)


@AXES
def test_lists_and_predictions_rest_on_what_the_index_finds(table, all_pairs, axis):
    model = fit(table, axis=axis, neighbors=NobodyFound())
    baseline = BiasRegressor().fit(*table).predict(all_pairs)
    assert_allclose(model.predict(all_pairs), baseline, **TOLERANCE)
    assert (model.recommend()["score"] < 0).all()


def test_on_the_user_axis_an_index_is_asked_for_more_where_that_is_auto():
    table = make_table(n_users=1500, n_items=9)
    pairs = all_pairs_of(table[0])[::211]
    auto, as_many, fewer = (fit(table, neighbors=EXACT, n_neighbors=n) for n in ("auto", 400, 390))
    assert_allclose(auto.predict(pairs), as_many.predict(pairs), rtol=1e-10)
    assert not np.allclose(auto.predict(pairs), fewer.predict(pairs))


def test_one_user_contributes_to_a_new_user_with_an_index_too():
    X, y = [["ann", 1], ["ann", 2], ["ann", 3]], [9, 3, 5]
    exact, asked = (
        SVDNeighborsRecommender(1, 1, neighbors=index).fit(X, y).recommend(history=[["new", 1]])
        for index in (None, EXACT)
    )
    pd.testing.assert_frame_equal(asked, exact)


@AXES
def test_an_index_is_cloned(table, axis):
    index = NearestNeighbors(metric="cosine")
    fit(table, axis=axis, neighbors=index)
    assert not hasattr(index, "n_samples_fit_")


@AXES
def test_the_metric_of_an_index_does_not_change_weights(table, all_pairs, axis):
    # Of unit vectors, the nearest by Euclidean distance are the nearest by cosine.
    euclidean, cosine = (
        fit(table, axis=axis, neighbors=index).predict(all_pairs)
        for index in (NearestNeighbors(), EXACT)
    )
    assert_allclose(euclidean, cosine, **TOLERANCE)


@pytest.mark.parametrize("neighbors", [None, EXACT], ids=["exact", "index"])
def test_duplicates_of_a_user_contribute_and_the_user_does_not(neighbors):
    # Four users with equal rows: whichever an index names first, the own vector does not contribute.
    users = np.repeat(["ann", "bob", "cat", "dan"], 2)
    X = pd.DataFrame({"user": users, "item": ["Akira", "Bleach"] * 4})
    X = pd.concat([X, pd.DataFrame([("eve", "Akira")], columns=X.columns)])
    model = SVDNeighborsRecommender(2, 3, baseline=None, shrinkage=0.0, neighbors=neighbors)
    model.fit(X, [9, 1] * 4 + [5])
    for user in ["ann", "bob", "cat", "dan"]:
        terms = model.explain(user, "Bleach", of="rating")
        assert set(terms["user"].dropna()) == {"ann", "bob", "cat", "dan"} - {user}
        assert_allclose(terms["weight"].dropna(), 1.0, rtol=1e-6)
