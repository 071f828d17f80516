"""Claims about SVDNeighborsRecommender beyond its formulas, which are in test_svd_axes.py."""

import pickle
import warnings
from copy import deepcopy
from io import BytesIO

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plain_loops import N_ITEMS, N_USERS, all_pairs_of, baseline_ratings, make_table, places, wide
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.datasets import load_anime
from sklearn_anime.metrics import make_rating_scorer
from sklearn_anime.neighbors import FaissNeighbors, SVDNeighborsRecommender

N_COMPONENTS, N_NEIGHBORS = 3, 4
AXES = pytest.mark.parametrize("axis", ["user", "item"])
SPACES = pytest.mark.parametrize("n_components", [N_COMPONENTS, 1])
INDEX = NearestNeighbors(metric="cosine")
ONE_HOT = make_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge())
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}  # places are kept in single precision


def make_model(n_components=N_COMPONENTS, n_neighbors=N_NEIGHBORS, **params):
    return SVDNeighborsRecommender(n_components, n_neighbors, random_state=0, **params)


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.fixture(scope="module")
def all_pairs(table):
    return all_pairs_of(table[0])


# Predictions


def test_own_rating_does_not_predict_itself():
    X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Bleach"], ["bob", "Clannad"], ["cat", "Clannad"]]
    y = [10, 1, 1, 2, 1]
    model = make_model(2, 2).fit(X, y)  # nobody but ann has rated Akira
    assert_allclose(
        model.predict([["ann", "Akira"]]), BiasRegressor().fit(X, y).predict([["ann", "Akira"]])
    )


@AXES
@pytest.mark.parametrize(
    "baseline", [None, "bias", BiasRegressor(), ONE_HOT], ids=["none", "bias", "own", "pipeline"]
)
@pytest.mark.parametrize("pair", [("?", "i1"), ("u01", "?"), ("?", "?")])
def test_unknown_ids_get_the_prediction_of_the_baseline(table, axis, baseline, pair):
    rows = pd.DataFrame([pair], columns=["user_id", "anime_id"])
    model = make_model(axis=axis, baseline=baseline).fit(*table)
    assert_allclose(model.predict(rows), baseline_ratings(baseline, *table, rows))
    with pytest.raises(KeyError, match=r"'\?' was not in the rows of fit"):
        model.explain(*pair)


def test_biases_are_those_of_bias_regressor(table):
    model, biases = make_model().fit(*table), BiasRegressor().fit(*table)
    for name in ("mean_rating_", "user_bias_", "item_bias_"):
        assert_allclose(getattr(model, name), getattr(biases, name))


@pytest.mark.parametrize("baseline", [None, BiasRegressor()], ids=["none", "regressor"])
def test_other_baselines_have_a_mean_and_no_biases(table, baseline):
    model = make_model(baseline=baseline).fit(*table)
    assert_allclose(model.mean_rating_, table[1].mean())
    assert model.user_bias_ is model.item_bias_ is None


def test_baseline_is_cloned(table):
    baseline = BiasRegressor()
    make_model(baseline=baseline).fit(*table)
    assert not hasattr(baseline, "interactions_")


class Fixed(RegressorMixin, BaseEstimator):
    """Predicts from an array of its own."""

    def __init__(self, value=5.0, as_column=False):
        self.value = value
        self.as_column = as_column

    def fit(self, X, y):
        self.predicted_ = np.full((1000, 1) if self.as_column else 1000, self.value)
        return self

    def predict(self, X):
        return self.predicted_[: len(X)]


def test_predictions_of_the_baseline_stay_as_they_are(table, all_pairs):
    model = make_model(baseline=Fixed()).fit(*table)
    first = model.predict(all_pairs)
    assert_array_equal(model.predict(all_pairs), first)
    assert_array_equal(make_model(baseline=Fixed(as_column=True)).fit(*table).predict(all_pairs), first)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_baseline_that_predicts_no_rating_is_named(table, value):
    with pytest.raises(ValueError, match=r"baseline=Fixed\(value=.*\) predicts NaN or infinity for"):
        make_model(baseline=Fixed(value)).fit(*table)


@AXES
@pytest.mark.parametrize("scale", [1e-18, 1e18])
def test_the_unit_of_ratings_does_not_matter(table, all_pairs, axis, scale):
    X, y = table
    expected = make_model(axis=axis, baseline=None).fit(X, y).predict(all_pairs)
    model = make_model(axis=axis, baseline=None).fit(X, scale * y)
    assert_allclose(model.predict(all_pairs) / scale, expected, **TOLERANCE)


def test_baseline_sees_arrays_and_frames_alike(table, all_pairs):
    X, y = table
    frame = make_model(baseline=ONE_HOT).fit(X, y).predict(all_pairs)
    array = make_model(baseline=ONE_HOT).fit(X.to_numpy(), y).predict(all_pairs.to_numpy())
    swapped = make_model(baseline=ONE_HOT, user=1, item=0).fit(X.to_numpy()[:, ::-1], y)
    assert_allclose(array, frame)
    assert_allclose(swapped.predict(all_pairs.to_numpy()[:, ::-1]), frame)


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
    assert_allclose(model.predict(all_pairs), BiasRegressor().fit(*table).predict(all_pairs), atol=1e-5)


def test_predictions_do_not_depend_on_the_order_of_the_rows(table, all_pairs):
    model = make_model().fit(*table)
    backwards = model.predict(all_pairs.iloc[::-1])
    assert_allclose(backwards[::-1], model.predict(all_pairs), **TOLERANCE)


@SPACES
def test_weight_two_equals_the_row_twice(table, all_pairs, n_components):
    X, y = table
    twice = np.arange(len(X)) % 3 == 0
    weighted = make_model(n_components).fit(X, y, sample_weight=1 + twice)
    repeated = make_model(n_components).fit(pd.concat([X, X[twice]]), pd.concat([y, y[twice]]))
    assert_allclose(weighted.predict(all_pairs), repeated.predict(all_pairs), atol=1e-5)
    pd.testing.assert_frame_equal(weighted.recommend(), repeated.recommend())


def test_weight_zero_equals_no_row(table, all_pairs):
    X, y = table
    kept = np.arange(len(X)) % 4 != 0
    weighted = make_model().fit(X, y, sample_weight=kept)
    expected = make_model().fit(X[kept], y[kept]).predict(all_pairs)
    assert_allclose(weighted.predict(all_pairs), expected, **TOLERANCE)


# What fit leaves behind


def test_explained_variance_ratio_is_that_of_the_residuals_in_numpy(table):
    X, y = table
    model = make_model().fit(X, y)
    residuals = wide(X, y - BiasRegressor().fit(X, y).predict(X)).fillna(0).to_numpy()
    values = np.linalg.svd(residuals, compute_uv=False)
    assert_allclose(model.singular_values_, values[:N_COMPONENTS], rtol=1e-5)
    expected = (values**2 / (residuals**2).sum())[:N_COMPONENTS]
    assert_allclose(model.explained_variance_ratio_, expected, rtol=1e-5)


def test_factors_come_as_frames_where_that_is_asked(table):
    found = make_model(2).set_output(transform="pandas").fit_transform(*table)
    assert found.columns.tolist() == ["user_factor0", "user_factor1", "item_factor0", "item_factor1"]


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
    assert_allclose(found["similarity"], expected.sort_values(ascending=False), atol=1e-5)
    assert_allclose(found["similarity"], expected[found["neighbor"]], atol=1e-5)


def test_similar_items_never_name_the_item_itself(table):
    found = make_model().fit(*table).similar_items(["i1", "i2"], n_items=3)
    assert found["anime_id"].tolist() == ["i1"] * 3 + ["i2"] * 3
    assert (found["anime_id"] != found["neighbor"]).all()


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


@AXES
def test_a_clone_fits_the_same_model(table, all_pairs, axis):
    model = make_model(axis=axis, baseline=BiasRegressor(), neighbors=INDEX)
    assert_array_equal(clone(model).fit(*table).predict(all_pairs), model.fit(*table).predict(all_pairs))


def test_grid_search_over_axis_baseline_and_index(table):
    grid = {
        "axis": ["user", "item"],
        "baseline": ["bias", None, BiasRegressor()],
        "neighbors": [None, INDEX],
    }
    folds = KFold(3, shuffle=True, random_state=0)
    search = GridSearchCV(make_model(2, 3), grid, scoring=make_rating_scorer("rmse"), cv=folds)
    search.fit(*table)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert set(search.best_params_) == set(grid)


def test_grid_search_over_the_parameters_of_an_index(table):
    grid = {"neighbors__n_bits": [8, 64], "neighbors__index": ["lsh", "flat"]}
    model = make_model(2, 3, neighbors=FaissNeighbors())
    folds = KFold(3, shuffle=True, random_state=0)
    search = GridSearchCV(model, grid, scoring=make_rating_scorer("rmse"), cv=folds).fit(*table)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# Explanations


@AXES
@SPACES
@pytest.mark.parametrize("neighbors", [None, INDEX], ids=["exact", "index"])
@pytest.mark.parametrize("baseline", ["bias", None, ONE_HOT], ids=["bias", "none", "pipeline"])
def test_contributions_add_up_to_the_prediction(
    table, all_pairs, axis, n_components, neighbors, baseline
):
    params = {"axis": axis, "neighbors": neighbors, "baseline": baseline, "shrinkage": 0.1}
    model = make_model(n_components, **params).fit(*table)
    predicted = model.predict(all_pairs)
    for pair, rating in list(zip(all_pairs.to_numpy(), predicted, strict=True))[::15]:
        assert_allclose(
            model.explain(*pair, of="rating", n=2)["contribution"].sum(), rating, **TOLERANCE
        )


@AXES
def test_neighbors_show_their_rating_weight_and_share(table, axis):
    X, y = table
    model = make_model(axis=axis, similarity_power=1.0, shrinkage=1.0, clip=False).fit(X, y)
    terms = model.explain("u03", "i2", of="rating", n=20)
    ids = "user_id" if axis == "user" else "anime_id"
    neighbors = terms[terms["term"] == "neighbor"]
    base, ratings = wide(all_pairs_of(X), baseline_ratings("bias", X, y, all_pairs_of(X))), wide(X, y)
    row = (ratings["i2"], base["i2"]) if axis == "user" else (ratings.loc["u03"], base.loc["u03"])
    assert_array_equal(neighbors["rating"], row[0][neighbors[ids]])
    weights = neighbors["weight"].to_numpy()
    shares = weights * (row[0] - row[1])[neighbors[ids]] / (weights.sum() + 1.0)
    assert_allclose(neighbors["contribution"], shares, **TOLERANCE)
    assert neighbors["contribution"].abs().is_monotonic_decreasing
    similar = getattr(model, f"similar_{axis}s")("u03" if axis == "user" else "i2", 20)
    cosines = similar.set_index("neighbor")["similarity"]
    assert_allclose(weights, cosines[neighbors[ids]], **TOLERANCE)


def test_explain_by_hand():
    # One component and no baseline: all rows point the same way, and bob, the only rater, adds 7 - 5.
    X = [["ann", 1], ["ann", 2], ["bob", 1], ["bob", 2], ["bob", 3]]
    model = SVDNeighborsRecommender(1, 2, baseline=None, shrinkage=1.0, axis="user")
    with pytest.warns(UserWarning, match=r"n_neighbors=2 \(used: 1\)"):
        model.fit(X, [4, 4, 5, 5, 7])
    terms = model.explain("ann", 3, of="rating")
    assert terms["term"].tolist() == ["baseline", "neighbor", "rest"]
    assert terms["user"].tolist() == [None, "bob", None]
    assert_allclose(terms["weight"], [np.nan, 1, np.nan], rtol=1e-6)
    assert_allclose(terms["rating"], [np.nan, 7, np.nan])
    assert_allclose(terms["contribution"], [5, 2 / (1 + 1), 0], rtol=1e-6)


@AXES
@pytest.mark.parametrize("min_rating", [None, 6])
def test_explanation_of_a_score_adds_up_to_that_of_the_recommendation(axis, min_rating):
    X, y = make_table(n_users=60, n_items=30)
    model = make_model(axis=axis, min_rating=min_rating).fit(X, y)
    own = X["user_id"] == "u03"
    history = (X[own].assign(user_id="new"), y[own])
    for frame in (model.recommend(model.users_[::7], n_items=2), model.recommend(history=history)):
        given = {"history": history} if frame["user_id"][0] == "new" else {}
        for user, item, score, _ in frame.itertuples(index=False):
            terms = model.explain(user, item, **given)
            assert_allclose(terms["contribution"].sum(), score, **TOLERANCE)


def test_explanation_of_an_item_that_no_neighbor_reaches(table):
    X = [["ann", "Akira"], ["bob", "Akira"], ["cat", "Bleach"], ["cat", "Clannad"]]
    model = make_model(2, 1).fit(X, [8, 7, 6, 5])
    terms = model.explain("ann", "Clannad")
    assert terms["term"].tolist() == ["popularity", "rest"]
    assert_allclose(terms["contribution"].sum(), model.recommend("ann", include=["Clannad"])["score"])
    with pytest.raises(ValueError, match=r"'Clannad' is not recommended .* min_rating=5 or more"):
        make_model(2, 1, min_rating=5).fit(X, [8, 7, 6, 5]).explain("ann", "Clannad")


@AXES
def test_ratings_of_a_history_equal_to_fit_are_explained_alike(table, axis):
    X, y = table
    model = make_model(axis=axis).fit(X, y)
    own = X["user_id"] == "u03"
    known = model.explain("u03", "i2", of="rating")
    told = model.explain("u03", "i2", of="rating", history=(X[own], y[own]))
    pd.testing.assert_frame_equal(told, known, rtol=1e-5)


def test_clip_is_a_term_of_its_own(table, all_pairs):
    X, y = table
    y = y.where(y < 5, 10.0)
    model = make_model(shrinkage=0.0).fit(X, y)
    row = np.argmax(clone(model).set_params(clip=False).fit(X, y).predict(all_pairs))
    terms = model.explain(*all_pairs.iloc[row], of="rating").set_index("term")["contribution"]
    assert terms["clip"] < 0
    assert_allclose(terms.sum(), 10.0)


def test_n_limits_the_neighbors_and_rest_holds_the_others(table):
    model = make_model(clip=False).fit(*table)
    every, some = (model.explain("u03", "i2", of="rating", n=n) for n in (20, 1))
    assert some["term"].tolist() == ["baseline", "neighbor", "rest"]
    assert_allclose(some["contribution"].iloc[-1], every["contribution"].iloc[2:].sum())
    with pytest.raises(ValueError, match="n == 0, must be >= 1"):
        model.explain("u03", "i2", n=0)


@AXES
def test_explanations_come_in_the_frame_library_of_fit(table, axis):
    X, y = table
    frame = pl.DataFrame(X.to_dict("list"))
    found = make_model(axis=axis).fit(frame, y.to_numpy()).explain("u03", "i2", of="rating")
    expected = make_model(axis=axis).fit(X, y).explain("u03", "i2", of="rating")
    ids = "user_id" if axis == "user" else "anime_id"
    assert isinstance(found, pl.DataFrame)
    assert found[ids].to_list() == expected[ids].tolist()
    assert_allclose(found["contribution"], expected["contribution"])


@AXES
def test_neighbors_that_are_numbers_stay_whole(axis):
    X = [[1, 10], [1, 20], [2, 10], [2, 20], [3, 20]]
    terms = make_model(2, 1, axis=axis).fit(X, [8, 3, 9, 2, 5]).explain(1, 20, of="rating")
    assert all(isinstance(i, int) for i in terms[axis].dropna())


# Neighbors


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.recommend(),
        lambda model: model.predict([["ann", "Akira"]]),
        lambda model: model.explain("ann", "Akira"),
    ],
)
def test_before_fit_every_answer_says_so(call):
    with pytest.raises(NotFittedError, match="This SVDNeighborsRecommender instance is not fitted yet"):
        call(make_model())


# Lists


def test_min_rating_leaves_out_what_was_seen_without_a_rating():
    X = [["ann", "Akira"], ["bob", "Akira"], ["bob", "Bleach"], ["bob", "Clannad"]]
    model = make_model(1, 1, similarity_power=1.0, min_rating=5).fit(X, [5, 5, np.nan, 5])
    found = model.recommend("ann").set_index("item")["score"]
    assert found.index.tolist() == ["Clannad"]
    assert_allclose(found["Clannad"], 5, rtol=1e-6)  # in one component the cosine is 1


@pytest.mark.parametrize("min_rating", ["8", np.nan, np.inf])
def test_min_rating_that_is_no_number_is_named(table, min_rating):
    with pytest.raises(ValueError, match="'min_rating' parameter of SVDNeighborsRecommender must be"):
        make_model(min_rating=min_rating).fit(*table)


@AXES
def test_users_without_history_get_the_most_popular(table, axis):
    model = make_model(axis=axis).fit(*table)
    with pytest.warns(UserWarning, match="1 of 1 users have no history"):
        found = model.recommend("?", n_items=N_ITEMS)
    counts = pd.Series(model.interactions_.item_counts, model.items_)
    assert found["score"].isna().all()
    assert counts[found["anime_id"]].is_monotonic_decreasing


@AXES
@pytest.mark.parametrize("neighbors", [None, INDEX], ids=["exact", "index"])
def test_lists_do_not_depend_on_jobs_and_blocks(table, axis, neighbors):
    expected = make_model(axis=axis, neighbors=neighbors).fit(*table).recommend()
    model = make_model(axis=axis, neighbors=neighbors, n_jobs=2).fit(*table)
    with config_context(working_memory=1e-4 if neighbors is None else 2):
        found = model.recommend()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5)


@AXES
def test_predictions_do_not_depend_on_blocks(table, all_pairs, axis):
    model = make_model(axis=axis).fit(*table)
    expected = model.predict(all_pairs)
    with config_context(working_memory=1e-4):  # room for one pair or so at a time
        assert_allclose(model.predict(all_pairs), expected, **TOLERANCE)


# Sizes that the table does not allow


def catch(fit, *args):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = fit(*args)
    return model, [str(warning.message) for warning in caught]


def test_one_warning_names_the_numbers_that_are_too_large(table):
    _, messages = catch(make_model(64, 50).fit, *table)
    assert messages == [
        "A table of 12 users and 9 items does not allow n_components=64 (used: 9) and n_neighbors=50 "
        "(used: 11). Calls of partial_fit keep that number of components: begin with a larger table."
    ]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_components": 10}, r"does not allow n_components=10 \(used: 9\)\."),
        ({"n_neighbors": 12}, r"does not allow n_neighbors=12 \(used: 11\)\."),
        ({"n_components": 3, "n_neighbors": 12}, r"does not allow n_neighbors=12 \(used: 11\)\."),
        ({"axis": "item", "n_neighbors": 9}, r"does not allow n_neighbors=9 \(used: 8\)\."),
    ],
)
def test_warning_names_only_what_is_too_large(table, params, message):
    with pytest.warns(UserWarning, match=message) as caught:
        make_model(**params).fit(*table)
    assert caught[0].filename == __file__


def test_largest_numbers_that_the_table_allows_do_not_warn(table):
    make_model(n_components=N_ITEMS, n_neighbors=N_USERS - 1).fit(*table)
    make_model(n_components=N_ITEMS, n_neighbors=N_ITEMS - 1, axis="item").fit(*table)


@AXES
def test_auto_numbers_of_neighbors_do_not_warn(table, axis):
    make_model(n_neighbors="auto", axis=axis).fit(*table)


def test_cut_model_equals_the_model_of_the_largest_sizes(table, all_pairs):
    cut, _ = catch(make_model(64, 50).fit, *table)
    assert_allclose(
        cut.predict(all_pairs), make_model(9, 11).fit(*table).predict(all_pairs), **TOLERANCE
    )
    assert cut.n_components == 64


# Tables at the edge


EDGES = {
    "constant ratings": ([["ann", 1], ["ann", 2], ["bob", 1], ["cat", 2]], [7, 7, 7, 7]),
    "one user": ([["ann", 1], ["ann", 2], ["ann", 3]], [10, 4, 1]),
    "one item": ([["ann", 1], ["bob", 1], ["cat", 1]], [10, 4, 10]),
    "one rating": ([["ann", 1], ["ann", 2], ["bob", 1]], [np.nan, 8, np.nan]),
    "one row": ([["ann", 1]], [8]),
    "the same row again and again": ([["ann", 1]] * 4, [8, 9, np.nan, 7]),
}


@AXES
@SPACES
@pytest.mark.parametrize("neighbors", [None, INDEX], ids=["exact", "index"])
@pytest.mark.parametrize("baseline", ["bias", None], ids=str)
@pytest.mark.parametrize("edge", EDGES)
def test_tables_at_the_edge_are_fitted(axis, n_components, neighbors, baseline, edge):
    X, y = EDGES[edge]
    params = {"axis": axis, "neighbors": neighbors, "baseline": baseline}
    model, _ = catch(make_model(n_components, **params).fit, X, y)
    predicted = model.predict([*X, ["?", 1]])
    assert ((predicted >= np.nanmin(y)) & (predicted <= np.nanmax(y))).all()
    found = model.recommend(n_items=5)
    assert np.isfinite(found["score"]).all()
    terms = model.explain(*X[0], of="rating")
    assert_allclose(terms["contribution"].sum(), predicted[0], **TOLERANCE)


@AXES
def test_one_user_who_has_seen_everything_gets_an_empty_list(axis):
    model, _ = catch(make_model(1, 1, axis=axis).fit, [["ann", "Akira"], ["ann", "Bleach"]], [10, 4])
    assert len(model.recommend()) == 0


def test_one_item_is_predicted_from_the_other_raters():
    X, y = [["ann", "Akira"], ["bob", "Akira"], ["cat", "Akira"]], [10, 4, 10]
    model = make_model(1, 2, shrinkage=0.0).fit(X, y)
    residuals = y - BiasRegressor().fit(X, y).predict(X)
    expected = BiasRegressor().fit(X, y).predict(X[:1]) + residuals[2]  # bob lies on the other side
    assert_allclose(model.predict(X[:1]), expected)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, np.inf, 2], r"y contains infinity \(row 1\)"),
        ([np.nan] * 3, "y contains NaN only"),
        ([1, 2], "inconsistent numbers of samples"),
    ],
)
def test_bad_ratings_raise(y, message):
    with pytest.raises(ValueError, match=message):
        make_model(1, 1).fit([["ann", 1], ["ann", 2], ["bob", 1]], y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"neighbors": Ridge()}, "The 'neighbors' parameter .* implementing 'fit' and 'kneighbors'"),
        ({"baseline": "mean"}, "The 'baseline' parameter of SVDNeighborsRecommender must be"),
        ({"axis": "row"}, "The 'axis' parameter of SVDNeighborsRecommender must be a str among"),
        ({"similarity_power": 0}, "The 'similarity_power' parameter .* range \\(0.0, inf\\)"),
        ({"shrinkage": -1.0}, "The 'shrinkage' parameter .* range \\[0.0, inf\\)"),
        ({"n_neighbors": 0}, "The 'n_neighbors' parameter .* range \\[1, inf\\)"),
    ],
)
def test_bad_parameters_raise_with_the_message_of_scikit_learn(table, params, message):
    with pytest.raises(ValueError, match=message):
        make_model().set_params(**params).fit(*table)


@pytest.mark.parametrize(
    ("params", "y", "message"),
    [
        ({}, "nan", "y contains NaN only"),
        (
            {"neighbors": NearestNeighbors(metric="?")},
            "same",
            "The 'metric' parameter of NearestNeighbors",
        ),
        ({"baseline": Ridge()}, "same", "could not convert string to float"),
    ],
)
def test_failed_fit_leaves_the_old_model(table, all_pairs, params, y, message):
    X, ratings = table
    model = make_model().fit(X, ratings)
    before = model.predict(all_pairs)
    model.set_params(**params)
    with pytest.raises(ValueError, match=message):
        model.fit(X.assign(more=1.0), ratings if y == "same" else ratings * np.nan)
    assert model.n_features_in_ == 2
    assert_array_equal(model.predict(all_pairs), before)


# Real ratings


@pytest.fixture(scope="module")
def real_split(real_folder):
    X, y = load_anime(real_folder, return_X_y=True)
    rated = y.notna()
    return train_test_split(X[rated], y[rated], test_size=0.2, random_state=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "limit"),
    [({}, 1.180), ({"axis": "item", "n_components": 512}, 1.126)],  # the biases: 1.21
    ids=["user", "item"],
)
def test_real_ratings_are_predicted_well(real_split, params, limit):
    X, X_test, y, y_test = real_split
    model = SVDNeighborsRecommender(**params, random_state=0).fit(X, y)
    assert root_mean_squared_error(y_test, model.predict(X_test)) < limit


@AXES
def test_another_axis_counts_from_the_next_fit_on(table, all_pairs, axis):
    model = make_model(axis=axis).fit(*table)
    pair = tuple(all_pairs.iloc[0])
    before, explained = model.predict(all_pairs), model.explain(*pair, of="rating")
    model.set_params(axis="item" if axis == "user" else "user")
    assert_array_equal(model.predict(all_pairs), before)
    pd.testing.assert_frame_equal(model.explain(*pair, of="rating"), explained)
    refitted = clone(model).fit(*table).predict(all_pairs)
    assert_array_equal(model.fit(*table).predict(all_pairs), refitted)
    assert not np.allclose(refitted, before)
