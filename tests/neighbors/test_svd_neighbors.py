"""Claims about SVDNeighborsRecommender.

Expected predictions and lists come from the loops `expected_rating` and `expected_scores`, which are
written from the formulas in its docstring with NumPy's SVD of dense matrices and `BiasRegressor` as
the baseline; other numbers are worked out by hand.
"""

import pickle
import warnings
from copy import deepcopy
from io import BytesIO

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.exceptions import NotFittedError
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.datasets import load_anime
from sklearn_anime.neighbors import SVDNeighborsRecommender

N_USERS, N_ITEMS, N_COMPONENTS, N_NEIGHBORS = 12, 9, 3, 4
SPACES = pytest.mark.parametrize("n_components", [N_COMPONENTS, None], ids=["svd", "raw"])


def make_model(n_components=N_COMPONENTS, n_neighbors=N_NEIGHBORS, **params):
    return SVDNeighborsRecommender(n_components, n_neighbors, random_state=0, **params)


def make_table(n_users=N_USERS, n_items=N_ITEMS, unrated=0.15, seed=0):
    """Draw shuffled rows of text ids and whole ratings, some of them missing."""
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((n_users, n_items)) < 0.6)
    ratings = rng.integers(1, 11, len(users)).astype(float)
    ratings[rng.random(len(users)) < unrated] = np.nan
    order = rng.permutation(len(users))
    X = pd.DataFrame({"user_id": [f"u{u:02}" for u in users], "anime_id": [f"i{i}" for i in items]})
    return X.iloc[order].reset_index(drop=True), pd.Series(ratings[order], name="rating")


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.fixture(scope="module")
def all_pairs(table):
    users, items = (sorted(table[0][name].unique()) for name in ("user_id", "anime_id"))
    return pd.DataFrame([(u, i) for u in users for i in items], columns=["user_id", "anime_id"])


def wide(X, values):
    """Return users x items: the value of each row, NaN where there is no row."""
    return X.assign(value=np.asarray(values)).pivot(index="user_id", columns="anime_id", values="value")


def baseline_of(X, y, pairs, sample_weight=None):
    return wide(pairs, BiasRegressor().fit(X, y, sample_weight).predict(pairs))


def places(matrix, n_components):
    """Return the rows of a dense matrix, projected on its first right singular vectors."""
    if n_components is None:
        return matrix
    return matrix @ np.linalg.svd(matrix)[2][:n_components].T


def similarity(u, v):
    norm = np.linalg.norm(u) * np.linalg.norm(v)
    return max(u @ v / norm, 0.0) if norm > 1e-12 else 0.0


def expected_rating(
    X, y, pairs, user, item, n_components, n_neighbors=N_NEIGHBORS, shrinkage=3.0, sample_weight=None
):
    """Return the prediction of the docstring, without clipping, of a known pair."""
    baseline = baseline_of(X, y, pairs, sample_weight)
    weights = wide(X, np.ones(len(X)) if sample_weight is None else sample_weight)
    residuals = wide(X, y) - baseline
    where = places(residuals.fillna(0).to_numpy(), n_components)
    own = residuals.index.get_loc(user)
    lent = [
        (similarity(where[own], where[other]) * weights[item].iloc[other], residual)
        for other, residual in enumerate(residuals[item])
        if other != own and not np.isnan(residual)
    ]
    nearest = sorted(lent, key=lambda pair: -pair[0])[:n_neighbors]
    total = sum(weight for weight, _ in nearest) + shrinkage
    moved = sum(weight * residual for weight, residual in nearest) / total if total > 0 else 0.0
    return baseline.loc[user, item] + moved


def expected_scores(X, y, pairs, seen, own=None, min_rating=None, n_components=N_COMPONENTS):
    """Return the score of every item for somebody who has seen some items."""
    ratings = wide(X, y)
    everyone = wide(X, np.ones(len(X))).fillna(0)
    vectors = everyone.to_numpy()
    row = everyone.columns.isin(seen).astype(float)
    if n_components is not None:
        axes = np.linalg.svd(vectors)[2][:n_components].T
        vectors, row = vectors @ axes, row @ axes
    weights = np.array([similarity(row, vector) for vector in vectors])
    if own is not None:
        weights[everyone.index.get_loc(own)] = 0.0
    weights[weights < np.sort(weights)[-N_NEIGHBORS]] = 0.0
    if min_rating is None:
        lent = ratings.fillna(baseline_of(X, y, pairs)).where(everyone > 0, 0.0)
    else:
        lent = ratings.where(ratings >= min_rating, 0.0)
    scores = pd.Series(weights @ lent, index=everyone.columns)
    last = -1 / (1 + everyone.sum()) if min_rating is None else np.nan
    return scores.where(scores > 1e-9, last).dropna()


def seen_by(X, user):
    return X.loc[X["user_id"] == user, "anime_id"].tolist()


# Predictions


@SPACES
@pytest.mark.parametrize(
    "params", [{}, {"shrinkage": 0.0}, {"n_neighbors": 1}, {"n_neighbors": 11}], ids=str
)
def test_prediction_is_the_formula_of_the_docstring(table, all_pairs, n_components, params):
    model = make_model(n_components, **params, clip=False).fit(*table)
    expected = [
        expected_rating(*table, all_pairs, user, item, n_components, **params)
        for user, item in all_pairs.to_numpy()
    ]
    assert_allclose(model.predict(all_pairs), expected, atol=1e-6)


def test_heavier_ratings_of_neighbours_weigh_more(table, all_pairs):
    weights = np.random.default_rng(1).uniform(0.1, 5.0, len(table[0]))
    model = make_model(clip=False).fit(*table, sample_weight=weights)
    expected = [
        expected_rating(*table, all_pairs, user, item, N_COMPONENTS, sample_weight=weights)
        for user, item in all_pairs.to_numpy()
    ]
    assert_allclose(model.predict(all_pairs), expected, atol=1e-6)


def test_own_rating_does_not_predict_itself():
    X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Bleach"], ["bob", "Clannad"], ["cat", "Clannad"]]
    y = [10, 1, 1, 2, 1]
    model = make_model(None, 2).fit(X, y)  # nobody but ann has rated Akira
    assert_allclose(
        model.predict([["ann", "Akira"]]), BiasRegressor().fit(X, y).predict([["ann", "Akira"]])
    )


@pytest.mark.parametrize("pair", [("?", "i1"), ("u01", "?"), ("?", "?")])
def test_unknown_ids_get_the_prediction_of_the_biases(table, pair):
    rows = pd.DataFrame([pair], columns=["user_id", "anime_id"])
    model = make_model().fit(*table)
    assert_allclose(model.predict(rows), BiasRegressor().fit(*table).predict(rows))


def test_biases_are_those_of_bias_regressor(table):
    model, biases = make_model().fit(*table), BiasRegressor().fit(*table)
    for name in ("mean_rating_", "user_bias_", "item_bias_"):
        assert_allclose(getattr(model, name), getattr(biases, name))


def test_user_without_ratings_gets_the_mean_and_the_item_bias(table):
    X, y = table
    X = pd.concat([X, pd.DataFrame({"user_id": ["new"], "anime_id": ["i0"]})], ignore_index=True)
    y = pd.concat([y, pd.Series([np.nan])], ignore_index=True)
    model = make_model(clip=False).fit(X, y)
    rows = pd.DataFrame({"user_id": ["new"] * N_ITEMS, "anime_id": model.items_})
    assert_allclose(model.predict(rows), model.mean_rating_ + model.item_bias_)


def test_clip_keeps_predictions_in_the_range_of_the_ratings_seen(table, all_pairs):
    X, y = table
    y = y.where(y < 5, 10.0)
    free = make_model(shrinkage=0.0, clip=False).fit(X, y).predict(all_pairs)
    clipped = make_model(shrinkage=0.0).fit(X, y).predict(all_pairs)
    assert free.max() > 10
    assert_allclose(clipped, np.clip(free, 1, 10))


def test_large_shrinkage_leaves_the_baseline(table, all_pairs):
    model = make_model(shrinkage=1e9, clip=False).fit(*table)
    assert_allclose(model.predict(all_pairs), BiasRegressor().fit(*table).predict(all_pairs), atol=1e-6)


def test_predictions_do_not_depend_on_the_order_of_the_rows(table, all_pairs):
    model = make_model().fit(*table)
    backwards = model.predict(all_pairs.iloc[::-1])
    assert_allclose(backwards[::-1], model.predict(all_pairs))


@SPACES
def test_weight_two_equals_the_row_twice(table, all_pairs, n_components):
    X, y = table
    twice = np.arange(len(X)) % 3 == 0
    weighted = make_model(n_components).fit(X, y, sample_weight=1 + twice)
    repeated = make_model(n_components).fit(pd.concat([X, X[twice]]), pd.concat([y, y[twice]]))
    assert_allclose(weighted.predict(all_pairs), repeated.predict(all_pairs), atol=1e-10)
    pd.testing.assert_frame_equal(weighted.recommend(), repeated.recommend())


def test_weight_zero_equals_no_row(table, all_pairs):
    X, y = table
    kept = np.arange(len(X)) % 4 != 0
    weighted = make_model().fit(X, y, sample_weight=kept)
    assert_allclose(weighted.predict(all_pairs), make_model().fit(X[kept], y[kept]).predict(all_pairs))


# What fit leaves behind


def test_explained_variance_ratio_is_that_of_the_residuals_in_numpy(table):
    X, y = table
    model = make_model().fit(X, y)
    residuals = wide(X, y - BiasRegressor().fit(X, y).predict(X)).fillna(0).to_numpy()
    values = np.linalg.svd(residuals, compute_uv=False)
    assert_allclose(model.singular_values_, values[:N_COMPONENTS], rtol=1e-6)
    expected = (values**2 / (residuals**2).sum())[:N_COMPONENTS]
    assert_allclose(model.explained_variance_ratio_, expected, rtol=1e-6)


def test_raw_vectors_have_no_singular_values_and_no_transform(table):
    model = make_model(None).fit(*table)
    assert model.components_ is model.singular_values_ is model.explained_variance_ratio_ is None
    assert not hasattr(model, "get_feature_names_out")
    with pytest.raises(AttributeError, match="has no attribute 'transform'"):
        model.transform(table[0])


def test_raw_vectors_are_the_residuals(table):
    X, y = table
    model = make_model(None).fit(X, y)
    residuals = wide(X, y - BiasRegressor().fit(X, y).predict(X)).fillna(0).to_numpy()
    assert_allclose(model.user_factors_.toarray(), residuals)
    assert_allclose(model.item_factors_.toarray(), residuals.T)


def test_transform_puts_the_factors_of_user_and_item_side_by_side(table):
    model = make_model().fit(*table)
    rows = pd.DataFrame([("u02", "i3"), ("u02", "?"), ("?", "i3")], columns=["user_id", "anime_id"])
    user = model.user_factors_[list(model.users_).index("u02")]
    item = model.item_factors_[list(model.items_).index("i3")]
    zeros = np.zeros(N_COMPONENTS)
    expected = [np.hstack(pair) for pair in ((user, item), (user, zeros), (zeros, item))]
    assert_allclose(model.transform(rows), expected)


def test_feature_names_count_the_factors_of_each_side(table):
    names = make_model(2).fit(*table).get_feature_names_out().tolist()
    assert names == ["user_factor0", "user_factor1", "item_factor0", "item_factor1"]


@SPACES
def test_similar_users_are_the_cosines_of_the_residuals(table, n_components):
    X, y = table
    found = make_model(n_components).fit(X, y).similar_users("u03", n_users=N_USERS)
    residuals = wide(X, y - BiasRegressor().fit(X, y).predict(X)).fillna(0)
    where = places(residuals.to_numpy(), n_components)
    unit = pd.DataFrame(where / np.linalg.norm(where, axis=1, keepdims=True), residuals.index)
    expected = (unit @ unit.loc["u03"]).drop("u03")
    assert_allclose(found["similarity"], expected.sort_values(ascending=False), atol=1e-6)
    assert_allclose(found["similarity"], expected[found["neighbour"]], atol=1e-6)


def test_similar_items_never_name_the_item_itself(table):
    found = make_model().fit(*table).similar_items(["i1", "i2"], n_items=3)
    assert found["anime_id"].tolist() == ["i1"] * 3 + ["i2"] * 3
    assert (found["anime_id"] != found["neighbour"]).all()


@SPACES
def test_equal_random_state_gives_equal_models(table, all_pairs, n_components):
    one, two = (make_model(n_components).fit(*table) for _ in range(2))
    assert_array_equal(one.predict(all_pairs), two.predict(all_pairs))
    pd.testing.assert_frame_equal(one.recommend(), two.recommend(), check_exact=True)


def test_fit_takes_nothing_from_the_global_generator_where_a_seed_is_given(table):
    np.random.seed(0)  # noqa: NPY002
    expected = np.random.get_state()[1]  # noqa: NPY002
    make_model().fit(*table)
    assert_array_equal(np.random.get_state()[1], expected)  # noqa: NPY002


def joblib_round_trip(model):
    buffer = BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


@SPACES
@pytest.mark.parametrize(
    "copy",
    [lambda model: pickle.loads(pickle.dumps(model)), joblib_round_trip, deepcopy],
    ids=["pickle", "joblib", "deepcopy"],
)
def test_copies_predict_and_recommend_the_same(table, all_pairs, n_components, copy):
    model = make_model(n_components).fit(*table)
    twin = copy(model)
    assert_array_equal(twin.predict(all_pairs), model.predict(all_pairs))
    pd.testing.assert_frame_equal(twin.recommend(), model.recommend(), check_exact=True)


# Lists


@SPACES
@pytest.mark.parametrize("min_rating", [None, 7])
def test_lists_rank_by_the_summed_ratings_of_the_nearest_users(
    table, all_pairs, n_components, min_rating
):
    X, y = table
    model = make_model(n_components).fit(X, y)
    for user in model.users_:
        found = model.recommend(user, min_rating=min_rating)
        seen = seen_by(X, user)
        scores = expected_scores(X, y, all_pairs, seen, user, min_rating, n_components)
        scores = scores.drop(seen, errors="ignore")
        assert_allclose(found["score"], np.sort(scores)[::-1], atol=1e-6)
        assert_allclose(found["score"], scores[found["anime_id"]], atol=1e-6)


def test_min_rating_leaves_out_what_was_seen_without_a_rating():
    X = [["ann", "Akira"], ["bob", "Akira"], ["bob", "Bleach"], ["bob", "Clannad"]]
    model = make_model(None, 1).fit(X, [5, 5, np.nan, 5])
    found = model.recommend("ann", min_rating=5).set_index("item")["score"]
    assert found.index.tolist() == ["Clannad"]
    assert_allclose(found["Clannad"], 5 / 3**0.5)  # cosine of (1, 0, 0) and (1, 1, 1), times 5


def test_what_no_near_user_has_seen_comes_last_and_the_most_popular_first():
    X = [["ann", "Akira"], ["bob", "Akira"], ["bob", "Zoids"], ["cat", "Bleach"]]
    X += [["cat", "Clannad"], ["dan", "Clannad"]]
    found = make_model(None, 1).fit(X, [8] * len(X)).recommend("ann")
    assert found["item"].tolist() == ["Zoids", "Clannad", "Bleach"]
    assert_allclose(found["score"], [8 / 2**0.5, -1 / 3, -1 / 2])


def test_title_that_near_users_rated_zero_counts_as_seen_by_them():
    X = [["ann", "Akira"], ["bob", "Akira"], ["bob", "Zoids"], ["cat", "Bleach"], ["cat", "Clannad"]]
    model = make_model(None, 1).fit(X, [0.0, 0.5, 0.0, 1.0, 1.0])
    assert model.recommend("ann").set_index("item")["score"]["Zoids"] == 0
    assert model.recommend("ann", min_rating=0)["item"].tolist() == ["Zoids"]


def test_min_rating_that_is_no_number_is_named(table):
    with pytest.raises(TypeError, match="min_rating must be an instance of float, not str"):
        make_model().fit(*table).recommend(min_rating="8")


def test_recommend_before_fit_says_so():
    with pytest.raises(NotFittedError, match="This SVDNeighborsRecommender instance is not fitted yet"):
        make_model().recommend()


def test_new_people_are_scored_from_their_history(table, all_pairs):
    X, y = table
    seen = ["i0", "i4", "i5"]
    history = pd.DataFrame({"user_id": ["new"] * 3, "anime_id": seen})
    found = make_model().fit(X, y).recommend(history=history)
    scores = expected_scores(X, y, all_pairs, seen).drop(seen)
    assert found["user_id"].tolist() == ["new"] * len(scores)
    assert_allclose(found["score"], scores[found["anime_id"]], atol=1e-6)
    assert_allclose(found["score"], np.sort(scores)[::-1], atol=1e-6)


@SPACES
def test_history_equal_to_the_rows_of_fit_changes_nothing(table, n_components):
    X, y = table
    model = make_model(n_components).fit(X, y)
    own = X["user_id"].isin(["u02", "u07"])
    found = model.recommend(["u02", "u07"], history=(X[own], y[own]))
    pd.testing.assert_frame_equal(found, model.recommend(["u02", "u07"]))


@SPACES
def test_new_person_with_the_rows_of_a_user_gets_the_list_of_that_user(n_components):
    # Two tastes, and all of the same taste are neighbours: the user in question lends nothing that
    # the new person has not seen, so that both lists are the same.
    tastes = np.array([[1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]]).repeat(4, axis=0)
    tastes[np.arange(8), [0, 1, 2, 3, 4, 5, 6, 7]] = 0
    users, items = np.nonzero(tastes)
    X = pd.DataFrame({"user_id": users, "anime_id": items})
    y = 1.0 + np.arange(len(X)) % 7
    model = make_model(n_components, n_neighbors=4).fit(X, y)
    history = X[X["user_id"] == 2].assign(user_id=99)
    new, old = model.recommend(history=history, n_items=1), model.recommend(2, n_items=1)
    pd.testing.assert_frame_equal(new.drop(columns="user_id"), old.drop(columns="user_id"))


def test_history_in_place_of_the_rows_of_a_known_user_still_leaves_that_user_out(table, all_pairs):
    X, y = table
    seen = ["i1", "i2"]
    history = pd.DataFrame({"user_id": ["u05"] * 2, "anime_id": seen})
    found = make_model().fit(X, y).recommend("u05", history=history)
    scores = expected_scores(X, y, all_pairs, seen, own="u05").drop(seen)
    assert_allclose(found["score"], scores[found["anime_id"]], atol=1e-6)


def test_user_with_unrated_rows_alone_gets_lists_from_what_they_have_seen(table, all_pairs):
    X, y = table
    y = y.where(X["user_id"] != "u04")
    found = make_model().fit(X, y).recommend("u04")
    scores = expected_scores(X, y, all_pairs, seen_by(X, "u04"), "u04").drop(seen_by(X, "u04"))
    assert_allclose(found["score"], scores[found["anime_id"]], atol=1e-6)


def test_lists_do_not_depend_on_jobs_and_blocks(table):
    expected = make_model().fit(*table).recommend()
    with config_context(working_memory=1e-4):  # room for one user or so at a time
        found = make_model(n_jobs=2).fit(*table).recommend()
    pd.testing.assert_frame_equal(found, expected)


def test_predictions_do_not_depend_on_blocks(table, all_pairs):
    model = make_model().fit(*table)
    expected = model.predict(all_pairs)
    with config_context(working_memory=1e-4):
        assert_allclose(model.predict(all_pairs), expected)


# Sizes that the table does not allow


def catch(fit, *args):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = fit(*args)
    return model, [str(warning.message) for warning in caught]


def test_one_warning_names_the_numbers_that_are_too_large(table):
    _, messages = catch(SVDNeighborsRecommender(random_state=0).fit, *table)
    assert messages == [
        "A table of 12 users and 9 items does not allow n_components=64 (used: 9) and n_neighbors=50 "
        "(used: 11)."
    ]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_components": 10}, r"does not allow n_components=10 \(used: 9\)\."),
        ({"n_neighbors": 12}, r"does not allow n_neighbors=12 \(used: 11\)\."),
        ({"n_components": None, "n_neighbors": 12}, r"does not allow n_neighbors=12 \(used: 11\)\."),
    ],
)
def test_warning_names_only_what_is_too_large(table, params, message):
    with pytest.warns(UserWarning, match=message) as caught:
        make_model(**params).fit(*table)
    assert caught[0].filename == __file__


def test_largest_numbers_that_the_table_allows_do_not_warn(table):
    make_model(n_components=N_ITEMS, n_neighbors=N_USERS - 1).fit(*table)


def test_cut_model_equals_the_model_of_the_largest_sizes(table, all_pairs):
    cut, _ = catch(make_model(64, 50).fit, *table)
    assert_allclose(cut.predict(all_pairs), make_model(9, 11).fit(*table).predict(all_pairs), atol=1e-9)
    assert cut.n_components == 64


# Tables at the edge


def test_constant_ratings_are_predicted():
    X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["cat", "Bleach"]]
    model = make_model(2, 2).fit(X, [7, 7, 7, 7])
    assert_allclose(model.predict([["bob", "Bleach"], ["?", "Akira"]]), 7.0)
    assert_array_equal(model.explained_variance_ratio_, [0.0, 0.0])


def test_one_user_gets_the_prediction_of_the_biases():
    X, y = [["ann", "Akira"], ["ann", "Bleach"]], [10, 4]
    model = make_model(1, 1).fit(X, y)
    assert_allclose(model.predict(X), BiasRegressor().fit(X, y).predict(X))


def test_one_user_who_has_seen_everything_gets_an_empty_list():
    model = make_model(1, 1).fit([["ann", "Akira"], ["ann", "Bleach"]], [10, 4])
    assert len(model.recommend()) == 0


def test_one_item_is_predicted_from_the_other_raters():
    X, y = [["ann", "Akira"], ["bob", "Akira"], ["cat", "Akira"]], [10, 4, 10]
    model = make_model(1, 2, shrinkage=0.0).fit(X, y)
    residuals = y - BiasRegressor().fit(X, y).predict(X)
    expected = BiasRegressor().fit(X, y).predict(X[:1]) + residuals[2]  # bob lies on the other side
    assert_allclose(model.predict(X[:1]), expected)


def test_one_rated_row_among_unrated_ones_is_enough():
    X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"]]
    model = make_model(1, 1).fit(X, [np.nan, 8, np.nan])
    assert_allclose(model.predict(X), [8, 8, 8])
    assert model.recommend("bob")["item"].tolist() == ["Bleach"]


def test_failed_fit_leaves_the_old_model(table, all_pairs):
    model = make_model().fit(*table)
    before = model.predict(all_pairs)
    with pytest.raises(ValueError, match="y contains NaN only"):
        model.fit(table[0], np.full(len(table[0]), np.nan))
    assert_array_equal(model.predict(all_pairs), before)


# Real ratings


@pytest.fixture(scope="module")
def real_split(real_folder):
    X, y = load_anime(real_folder, n_users=500, n_anime=500, return_X_y=True)
    return train_test_split(X, y, test_size=0.1, random_state=0)


@SPACES
def test_real_ratings_are_predicted_better_than_by_the_biases(real_split, n_components):
    X, X_test, y, y_test = real_split
    biases = root_mean_squared_error(y_test, BiasRegressor().fit(X, y).predict(X_test))
    model = make_model(n_components and 64, n_neighbors=50).fit(X, y)
    assert root_mean_squared_error(y_test, model.predict(X_test)) < 0.975 * biases  # measured: 0.96
