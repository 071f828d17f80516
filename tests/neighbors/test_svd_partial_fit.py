"""Claims about `SVDNeighborsRecommender.partial_fit`: shards of a table against one fit of all of it."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plain_loops import all_pairs_of, make_table
from sklearn.neighbors import NearestNeighbors

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.datasets import make_ratings
from sklearn_anime.neighbors import SVDNeighborsRecommender

AXES = pytest.mark.parametrize("axis", ["user", "item"])
SPACES = pytest.mark.parametrize("n_components", [3, 2])
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


def make_model(n_components=3, n_neighbors=4, **params):
    return SVDNeighborsRecommender(n_components, n_neighbors, random_state=0, **params)


def shards_of(X, y, n, **weights):
    """Cut a table in shards of about equal length."""
    for rows in np.array_split(np.arange(len(X)), n):
        yield X.iloc[rows], y.iloc[rows], *(w[rows] for w in weights.values())


def fit_shards(model, X, y, n, **weights):
    for shard in shards_of(X, y, n, **weights):
        model.partial_fit(*shard)
    return model


def pairs_seen(model):
    """Return rating and weight of each pair of ids, NaN for unrated ones."""
    seen = model.interactions_
    ids = zip(model.users_[seen.row_codes], model.items_[seen.item_codes], strict=True)
    return pd.DataFrame({"rating": seen.ratings, "weight": seen.weights}, list(ids)).sort_index()


def by_id(model, name):
    """Return what fit has found for each id, in the order of the ids."""
    side = name.split("_")[0]
    return pd.Series(getattr(model, name), getattr(model, f"{side}s_")).sort_index()


@pytest.fixture(scope="module")
def table():
    return make_table(20, 9)


@pytest.fixture(scope="module")
def all_pairs(table):
    return all_pairs_of(table[0])


@AXES
@SPACES
def test_first_call_is_a_fit(table, all_pairs, axis, n_components):
    one = make_model(n_components, axis=axis).partial_fit(*table)
    other = make_model(n_components, axis=axis).fit(*table)
    assert_array_equal(one.predict(all_pairs), other.predict(all_pairs))
    pd.testing.assert_frame_equal(one.recommend(), other.recommend())


@AXES
@SPACES
@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weighted"])
def test_shards_give_the_pairs_and_the_biases_of_one_fit(table, axis, n_components, weighted):
    w = {"sample_weight": np.random.default_rng(0).uniform(0.5, 3, len(table[0]))} if weighted else {}
    one = make_model(n_components, axis=axis).fit(*table, **w)
    other = fit_shards(make_model(n_components, axis=axis), *table, 3, **w)
    pd.testing.assert_frame_equal(pairs_seen(one), pairs_seen(other))
    for name in ("user_bias_", "item_bias_"):
        pd.testing.assert_series_equal(by_id(one, name), by_id(other, name), rtol=1e-10)
    assert_allclose(one.mean_rating_, other.mean_rating_)


def test_rows_that_come_again_count_twice(table):
    model = make_model().fit(*table).partial_fit(*table)
    twice = make_model().fit(*table, sample_weight=np.full(len(table[0]), 2.0))
    pd.testing.assert_frame_equal(pairs_seen(model), pairs_seen(twice))
    assert_allclose(model.item_bias_, twice.item_bias_, atol=1e-10)


@AXES
def test_components_of_the_first_fit_stay(table, axis):
    X, y = table
    new = X["anime_id"].isin(["i7", "i8"])
    model = make_model(axis=axis).fit(X[~new], y[~new])
    components, values = model.components_, model.singular_values_
    model.partial_fit(X[new], y[new])
    assert model.components_.shape == (3, 9)
    assert_array_equal(model.components_[:, :7], components)
    assert_array_equal(model.singular_values_, values)


def test_place_of_a_new_title_knows_all_its_ratings_whichever_call_brought_them():
    X, y = make_table(20, 9, unrated=0.0)
    new = (X["anime_id"] == "i8").to_numpy()
    first = make_model(baseline=None).fit(X[~new], y[~new])
    second = make_model(baseline=None).fit(X[~new], y[~new])
    first.partial_fit(X[new], y[new])
    for row in np.flatnonzero(new):
        second.partial_fit(X.iloc[[row]], y.iloc[[row]])
    assert_allclose(second.item_factors_, first.item_factors_, atol=1e-10)


def test_new_title_is_placed_where_its_column_lies():
    # A title that is rated as another one is lies where the other lies.
    X, y = make_table(20, 9, unrated=0.0)
    model = make_model(9, baseline=None).fit(X, y)
    copied = X["anime_id"] == "i3"
    model.partial_fit(X[copied].assign(anime_id="copy"), y[copied])
    i3 = list(model.items_).index("i3")
    assert_allclose(model.item_factors_[-1], model.item_factors_[i3], rtol=1e-4, atol=1e-4)
    assert model.similar_items("copy", 1)["neighbor"].tolist() == ["i3"]


def test_components_that_are_noise_do_not_place_new_titles():
    # Rank 2: the other singular values are 0 up to rounding, and divide nothing.
    ratings = np.outer([1, 2, 3, 4, 5], [1.0, 2, 1, 2]) + np.outer([1, 0, 1, 0, 1], [3.0, 0, 0, 3])
    users, items = np.indices(ratings.shape).reshape(2, -1)
    model = make_model(4, baseline=None).fit(np.column_stack([users, items]), ratings.ravel())
    assert (model.singular_values_[2:] < 1e-4).all()
    model.partial_fit([[0, 9], [1, 9], [2, 9]], [4.0, 2.0, 6.0])
    assert np.abs(model.item_factors_).max() < 20
    assert np.abs(model.user_factors_).max() < 40


@AXES
def test_new_users_and_titles_are_predicted_much_as_by_a_new_fit(axis):
    bunch = make_ratings(300, 80, 9000, random_state=0)
    X, y = bunch.data, bunch.target
    late = X.iloc[:, 0].isin(X.iloc[:, 0].unique()[:40]) | X.iloc[:, 1].isin(X.iloc[:, 1].unique()[:8])
    tested = np.random.default_rng(0).random(len(X)) < 0.1
    model, whole = (make_model(16, 40, axis=axis) for _ in range(2))
    model.fit(X[~late & ~tested], y[~late & ~tested]).partial_fit(X[late & ~tested], y[late & ~tested])
    whole.fit(X[~tested], y[~tested])
    rows = X[late & tested]
    assert np.corrcoef(model.predict(rows), whole.predict(rows))[0, 1] > 0.9


def test_predictions_for_known_pairs_stay_near_when_others_join(table, all_pairs):
    X, y = table
    late = X["user_id"].isin(["u18", "u19"])
    model = make_model().fit(X[~late], y[~late])
    before = model.predict(all_pairs[:100])
    model.partial_fit(X[late], y[late])
    assert np.abs(model.predict(all_pairs[:100]) - before).mean() < 1.0


@AXES
@pytest.mark.parametrize("kind", [str, int, "category", "Int64"], ids=str)
def test_ids_of_any_dtype_join_at_the_end_and_come_out_in_their_dtype(axis, kind):
    ids = {"user_id": [5, 5, 6, 6, 7], "anime_id": [50, 60, 50, 60, 50]}
    late = {"user_id": [1, 1, 5], "anime_id": [50, 10, 10]}
    first, second = (pd.DataFrame(columns).astype(kind) for columns in (ids, late))
    model = make_model(2, 1, axis=axis).fit(first, [8, 3, 9, 2, 7]).partial_fit(second, [8, 4, 3])
    assert [str(user) for user in model.users_] == ["5", "6", "7", "1"]
    assert [str(item) for item in model.items_] == ["50", "60", "10"]
    found = model.recommend()
    assert {str(item) for item in found["anime_id"]} <= {"50", "60", "10"}
    assert isinstance(found["user_id"].dtype, type(first["user_id"].dtype))


def test_polars_frames_join(table):
    X, y = table
    frame = pl.DataFrame(X.to_dict("list"))
    model = (
        make_model()
        .partial_fit(frame[:40], y[:40].to_numpy())
        .partial_fit(frame[40:], y[40:].to_numpy())
    )
    assert isinstance(model.recommend("u01"), pl.DataFrame)
    expected = pairs_seen(make_model().fit(X, y))
    pd.testing.assert_frame_equal(pairs_seen(model), expected)


def test_a_pair_that_was_unrated_takes_the_rating_that_comes():
    X = [["ann", 1], ["bob", 1], ["bob", 2]]
    model = make_model(1, 1).fit(X, [np.nan, 8, 6], sample_weight=[5, 1, 1])
    model.partial_fit([["ann", 1]], [4], sample_weight=[2])
    assert pairs_seen(model).loc[[("ann", 1)]].to_numpy().tolist() == [[4, 2]]


def test_a_pair_that_comes_again_counts_as_the_weighted_mean():
    X = [["ann", 1], ["bob", 1], ["bob", 2]]
    model = make_model(1, 1).fit(X, [10, 8, 6], sample_weight=[1, 1, 1])
    model.partial_fit([["ann", 1], ["bob", 2]], [4, np.nan], sample_weight=[2, 9])
    assert pairs_seen(model).loc[[("ann", 1)]].to_numpy().tolist() == [[6, 3]]
    assert pairs_seen(model).loc[[("bob", 2)]].to_numpy().tolist() == [[6, 1]]


def test_rows_without_a_rating_may_come_alone(table):
    X, y = table
    seen = pd.DataFrame([("u00", "i_new"), ("u01", "i_new")], columns=X.columns)
    model = make_model().fit(X, y).partial_fit(seen, [np.nan, np.nan])
    assert "i_new" in model.items_
    assert "i_new" in model.recommend("u02", n_items=10)["anime_id"].tolist()


@pytest.fixture
def frozen(table):
    X, y = table
    return make_model().fit(X[:60], y[:60])


@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda X, y: (X[["anime_id", "user_id"]], y), ValueError, "same order as they were in fit"),
        (
            lambda X, y: (X.rename(columns={"user_id": "u"}), y),
            ValueError,
            "Feature names unseen at fit",
        ),
        (lambda X, y: (X.assign(more=1.0), y), ValueError, "unseen at fit time:\n- more"),
        (lambda X, y: (X.to_numpy()[:, [0, 1, 1]], y), ValueError, "3 features, but .* expecting 2"),
        (lambda X, y: (X, np.where(y.index == y.index[0], np.inf, y)), ValueError, "contains infinity"),
        (lambda X, y: (X, y[:-1]), ValueError, "inconsistent numbers of samples"),
        (lambda X, y: (X.where(X != "u03"), y), ValueError, "NaN as user id"),
    ],
)
def test_bad_rows_raise_and_leave_the_model_as_it_was(frozen, table, all_pairs, change, error, message):
    X, y = table
    before, users = frozen.predict(all_pairs), frozen.users_
    with pytest.raises(error, match=message):
        frozen.partial_fit(*change(X[60:], y[60:]))
    assert_array_equal(frozen.predict(all_pairs), before)
    assert_array_equal(frozen.users_, users)


def test_an_index_that_fails_in_partial_fit_leaves_the_model_as_it_was(table, all_pairs):
    X, y = table
    model = make_model(neighbors=NearestNeighbors(metric="cosine")).fit(X[:60], y[:60])
    before = model.predict(all_pairs)
    model.set_params(neighbors__metric="no metric")
    with pytest.raises(ValueError, match="The 'metric' parameter of NearestNeighbors"):
        model.partial_fit(X[60:], y[60:])
    assert_array_equal(model.predict(all_pairs), before)


def test_a_larger_table_does_not_repeat_the_warning_about_components(table, all_pairs):
    X, y = table
    with pytest.warns(UserWarning, match=r"does not allow n_components=64 \(used: \d\)"):
        model = make_model(64, 1).partial_fit(X[:30], y[:30])
    model.partial_fit(X[30:], y[30:])  # a warning would be an error
    assert np.isfinite(model.predict(all_pairs)).all()


def test_numbers_that_are_too_large_warn_in_the_first_call_alone(table):
    X, y = table
    with pytest.warns(
        UserWarning, match="n_neighbors=50 .* Calls of partial_fit keep that number of components"
    ):
        model = make_model(64, 50).partial_fit(X[:80], y[:80])
    model.partial_fit(X[80:], y[80:]).partial_fit(X[:9], y[:9])  # a warning would be an error


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"n_components": 2},
            "n_components was 3 in fit and is 2 now, .* Call fit with all rows, or set",
        ),
        ({"n_components": 4}, "n_components was 3 in fit and is 4 now"),
        ({"baseline": None}, "baseline was 'bias' in fit and is None now"),
        ({"user": 1, "item": 0}, "user was 0 in fit and is 1 now"),
    ],
    ids=str,
)
def test_what_was_factorised_does_not_change(frozen, table, all_pairs, params, message):
    X, y = table
    before = frozen.predict(all_pairs)
    given = frozen.get_params()
    with pytest.raises(ValueError, match=message):
        frozen.set_params(**params).partial_fit(X[60:], y[60:])
    assert_array_equal(frozen.set_params(**given).predict(all_pairs), before)


def test_no_baseline_stays_none(table):
    X, y = table
    model = make_model(baseline=None).fit(X[:60], y[:60]).set_params(baseline="bias")
    with pytest.raises(ValueError, match="baseline was None in fit and is 'bias' now"):
        model.partial_fit(X[60:], y[60:])


@pytest.mark.parametrize(
    "params",
    [
        {"axis": "item"},
        {"baseline": BiasRegressor(shrinkage=1.0)},
        {"n_neighbors": 2},
        {"shrinkage": 0.1},
    ],
    ids=str,
)
def test_which_neighbors_contribute_and_how_may_change(table, all_pairs, params):
    # Both SVDs and their components are the same for either axis and any number of neighbors.
    X, y = table
    changed = make_model().fit(X[:60], y[:60]).set_params(**params).partial_fit(X[60:], y[60:])
    model = make_model(**params).fit(X[:60], y[:60]).partial_fit(X[60:], y[60:])
    if "baseline" in params:  # its residuals are new, the components those of the other's residuals
        assert_allclose(changed.mean_rating_, model.mean_rating_)
        assert changed.user_bias_ is None
        return
    assert_array_equal(changed.predict(all_pairs), model.predict(all_pairs))
    pd.testing.assert_frame_equal(changed.recommend(), model.recommend())


def test_rows_without_y_raise_in_every_call(table):
    X, y = table
    for model in (make_model(), make_model().fit(X, y)):
        with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
            model.partial_fit(X, None)


@AXES
@SPACES
@pytest.mark.parametrize("neighbors", [None, NearestNeighbors(metric="cosine")], ids=["exact", "index"])
@pytest.mark.parametrize("baseline", ["bias", None, BiasRegressor()], ids=str)
def test_everything_works_after_partial_fit(table, all_pairs, axis, n_components, neighbors, baseline):
    X, y = table
    model = make_model(n_components, axis=axis, neighbors=neighbors, baseline=baseline)
    fit_shards(model, X, y, 3)
    assert model.user_factors_.shape[0] == len(model.users_)
    predicted = model.predict(all_pairs)
    assert ((predicted >= 1) & (predicted <= 10)).all()
    assert set(model.recommend()["user_id"]) <= set(model.users_)
    for user, item in X.to_numpy()[[0, -1]]:
        row = model.predict(pd.DataFrame([(user, item)], columns=X.columns))
        assert_allclose(model.explain(user, item, of="rating")["contribution"].sum(), row[0])
    assert len(model.similar_users("u19", 3)) == len(model.similar_items("i8", 3)) == 3
    assert model.transform(X).shape == (len(X), 2 * n_components)


@AXES
def test_history_works_after_partial_fit(table, axis):
    X, y = table
    model = fit_shards(make_model(axis=axis), X, y, 2)
    own = X["user_id"] == "u19"
    found = model.recommend("u19", history=(X[own], y[own]))
    pd.testing.assert_frame_equal(found, model.recommend("u19"), rtol=1e-5)
