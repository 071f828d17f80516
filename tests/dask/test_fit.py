"""Claims about fits to Dask frames: they are those of one memory, however the rows are cut."""

import io

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from dask.diagnostics import Callback, ProgressBar
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.dask import fit
from sklearn_anime.dask._table import DaskInteractions
from sklearn_anime.io import dump, load
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.neural_network import EmbeddingRegressor

TIME = {"time": "time"}
EXACT = {
    "popularity": PopularityRecommender(),
    "popularity, aged": PopularityRecommender(**TIME, half_life=300),
    "biases": BiasRegressor(),
    "EASE": EASERecommender(),
    "EASE, aged": EASERecommender(**TIME, half_life=200, decay=0.9, training_half_life=300),
    "EASE, liked": EASERecommender(min_rating=6.0),
    "next item": NextItemRecommender(**TIME),
    "next item, in the order of rows": NextItemRecommender(),
    "SVD neighbors": SVDNeighborsRecommender(8, n_neighbors=10),
    "SVD neighbors, by item": SVDNeighborsRecommender(8, axis="item"),
    "SVD neighbors, no baseline": SVDNeighborsRecommender(8, baseline=None, **TIME, half_life=200),
    "SVD neighbors, a regressor": SVDNeighborsRecommender(8, baseline=BiasRegressor(shrinkage=1)),
}
LOW_RANK = {
    "EASE, a tail": EASERecommender(n_components=12, tail=0.6, random_state=0),
    "SVD neighbors": SVDNeighborsRecommender(12, random_state=0),
    "next item": NextItemRecommender(**TIME, n_components=12, random_state=0),
}


DTYPES = ["int64", "Int32", "str", "string[pyarrow]", "category", "object", "float64"]
SLOW = pytest.mark.slow


def marked(names, *quick):
    """Return parameters, of which all but some are slow."""
    return [pytest.param(name, marks=() if name in quick else SLOW) for name in names]


def make_table(n_users=60, n_items=40, n_rows=900, seed=0):
    """Return rows with repeated pairs, unrated ones, times that are equal, and weights of 0."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=(n_users, 3)) @ rng.normal(size=(3, n_items))
    users, items = rng.integers(n_users, size=n_rows), rng.integers(n_items, size=n_rows)
    ratings = np.round(np.clip(6 + taste[users, items], 1, 10))
    ratings[rng.uniform(size=n_rows) < 0.2] = np.nan
    return pd.DataFrame(
        {
            "user_id": users * 7,
            "anime_id": items + 100,
            "time": rng.integers(500, size=n_rows),
            "rating": ratings,
            "weight": rng.integers(0, 4, size=n_rows).astype(float),
        }
    )


def rows_of(table, model):
    """Return the columns that a model reads."""
    columns = ["user_id", "anime_id"] + ["time"] * (getattr(model, "time", None) is not None)
    return table[columns]


def fits(model, table, npartitions, weighted=False):
    """Return the model fitted in one memory, and by Dask."""
    frame = dd.from_pandas(table, npartitions=npartitions, sort=False)
    weights = (table.weight, frame.weight) if weighted else (None, None)
    clones = [type(model)(**model.get_params(deep=False)) for _ in range(2)]
    local = clones[0].fit(rows_of(table, model), table.rating, weights[0])
    return local, fit(clones[1], rows_of(frame, model), frame.rating, weights[1])


def score_all(model):
    """Return the scores of all items for all users, each user's divided by the largest."""
    scores = model._score_block(model.interactions_.take(np.arange(len(model.users_))))
    scores = np.where(np.isfinite(scores), scores, 0.0)
    largest = np.abs(scores).max(axis=1, keepdims=True)
    return scores / np.where(largest > 0, largest, 1)


def assert_same_table(one, other):
    """Compare the tables that two models keep."""
    assert one.users.ids.to_native().equals(other.users.ids.to_native())
    assert one.items.ids.to_native().equals(other.items.ids.to_native())
    for name in ("indptr", "item_codes", "ratings", "weights", "totals", "times"):
        values = getattr(one, name)
        if values is None:
            assert getattr(other, name) is None
        else:
            assert_allclose(getattr(other, name), values, rtol=1e-6)
    assert (one.order is None) == (other.order is None)
    assert (one.layout, one.clock, one.weighted) == (other.layout, other.clock, other.weighted)


@pytest.mark.parametrize("weighted", [pytest.param(False, marks=SLOW), True], ids=["", "weighted"])
@pytest.mark.parametrize("name", marked(EXACT, "EASE, aged", "biases", "next item"))
def test_the_fit_is_that_of_one_memory(client, name, weighted):
    local, ours = fits(EXACT[name], make_table(), npartitions=3, weighted=weighted)
    assert_same_table(local.interactions_, ours.interactions_)
    assert_allclose(score_all(ours), score_all(local), atol=1e-4)
    assert local.feature_names_in_.tolist() == ours.feature_names_in_.tolist()


@pytest.mark.parametrize("weighted", [pytest.param(False, marks=SLOW), True], ids=["", "weighted"])
def test_features_of_items_users_and_pairs_are_told_apart(client, weighted):
    table = make_table()
    columns = {
        "length": table.anime_id % 24 / 24,
        "age": table.user_id % 13,
        "hour": table.time % 24 / 24,
    }
    table = table.assign(**columns)
    frame = dd.from_pandas(table, npartitions=3)
    names = ["user_id", "anime_id", *columns]
    models = [EASERecommender(alpha=5, feature_weight=2.0) for _ in range(2)]
    weights = (table.weight, frame.weight) if weighted else (None, None)
    with pytest.warns(UserWarning, match="Columns"):
        models[0].fit(table[names], None, weights[0])
    with pytest.warns(UserWarning, match="Columns"):
        fit(models[1], frame[names], None, weights[1])
    one, other = (model.interactions_.features for model in models)
    assert (other.names, other.of_user.tolist()) == (one.names, [False, True, False])
    assert other.context.tolist() == one.context.tolist() == [False, False, True]
    for name in ("item_features", "user_features", "contexts"):
        assert_allclose(getattr(other, name), getattr(one, name))
    assert_allclose(*(score_all(model) for model in models[::-1]), atol=1e-4)
    new = pd.DataFrame({"anime_id": [999], "length": [0.5], "hour": [0.1]})
    scores = [model.recommend(items=new, include=[999]).score for model in models]
    assert_allclose(scores[1], scores[0], rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_low_rank_with_features_is_that_of_one_memory(client, krylov):
    table = make_table().assign(length=lambda rows: rows.anime_id % 24 / 24)
    names = ["user_id", "anime_id", "length"]
    params = {"feature_weight": 2.0, "n_components": 12, "tail": 0.6, "random_state": 0}
    local = EASERecommender(**params).fit(table[names])
    ours = fit(EASERecommender(**params), dd.from_pandas(table, npartitions=3)[names])
    assert_allclose(score_all(ours), score_all(local), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("npartitions", [1, 2, 7])
@pytest.mark.parametrize("name", ["EASE", "biases"])
def test_the_number_of_partitions_changes_nothing(client, name, npartitions):
    local, ours = fits(EXACT[name], make_table(), npartitions)
    assert_allclose(score_all(ours), score_all(local), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOW_RANK)
def test_low_rank_with_one_seed_does_not_depend_on_the_partitions(client, krylov, name):
    scores = [score_all(fits(LOW_RANK[name], make_table(), n)[1]) for n in (1, 4)]
    assert_allclose(scores[0], scores[1], atol=1e-4)


@pytest.mark.parametrize("name", marked(LOW_RANK, "EASE, a tail"))
def test_low_rank_is_that_of_one_memory(client, krylov, name):
    """There are more users than items, so that both find the vectors of items."""
    local, ours = fits(LOW_RANK[name], make_table(), npartitions=4)
    assert_allclose(score_all(ours), score_all(local), atol=1e-4)


@pytest.mark.slow
def test_sums_are_cut_into_panels_of_items(client, monkeypatch):
    monkeypatch.setattr("sklearn_anime.dask._partitions.LARGEST_PANEL", 8 * 40 * 7)
    for params in ({}, {"n_components": 12, "tail": 0.6, "random_state": 0}):
        local, ours = fits(EASERecommender(**params), make_table(), npartitions=3)
        assert_allclose(score_all(ours), score_all(local), atol=1e-4)


def test_a_fit_needs_no_cluster_and_shows_its_progress():
    bars, keys = io.StringIO(), set()
    with (
        dask.config.set(scheduler="synchronous"),
        ProgressBar(out=bars),
        Callback(pretask=lambda key, *_: keys.add(str(key))),
    ):
        local, ours = fits(EASERecommender(), make_table(), npartitions=3)
    assert_allclose(score_all(ours), score_all(local), atol=1e-5)
    assert "100% Completed" in bars.getvalue()
    names = {key.rpartition("-")[0] for key in keys}
    assert {"ids", "join-ids", "encode", "block", "training-entries", "sum-gram-matrix"} <= names


@pytest.mark.slow
def test_a_fitted_model_is_fitted_further_and_forgets(client):
    table = make_table()
    local, ours = fits(NextItemRecommender(time="time"), table, npartitions=3)
    more = make_table(seed=1).iloc[:50]
    for model in (local, ours):
        model.partial_fit(rows_of(more, model)).forget(users=[0, 7])
    assert_allclose(score_all(ours), score_all(local), atol=1e-5)


def test_a_fit_that_fails_leaves_the_model_as_it_was(client):
    table = make_table()
    model = EASERecommender().fit(table[["user_id", "anime_id"]])
    before = vars(model).copy()
    frame = dd.from_pandas(table.assign(user_id=np.nan), npartitions=2)
    with pytest.raises(ValueError, match=r"Partition \d of X: Input contains NaN as user id"):
        fit(model, frame[["user_id", "anime_id"]])
    assert vars(model) == before


@pytest.mark.slow
def test_a_model_of_dask_is_a_file_as_any_other(client, tmp_path):
    _, ours = fits(EASERecommender(time="time"), make_table(), npartitions=3)
    dump(ours, tmp_path / "model.skops")
    pd.testing.assert_frame_equal(load(tmp_path / "model.skops").recommend(), ours.recommend())


# Ids and partitions


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, in the code of Dask
def test_ratings_in_fewer_partitions_than_the_ids_of_one_frame(client, tmp_path):
    table = make_table()
    for part, rows in enumerate(np.array_split(np.arange(len(table)), 4)):
        table.iloc[rows].to_parquet(tmp_path / f"part.{part}.parquet", index=False)
    frame = dd.read_parquet(tmp_path)
    X, y = frame[["user_id", "anime_id"]], frame.rating
    assert len(y.to_delayed()) < len(X.to_delayed())  # Dask reads several files for a narrow column
    local = BiasRegressor().fit(table[["user_id", "anime_id"]], table.rating)
    assert_allclose(score_all(fit(BiasRegressor(), X, y)), score_all(local), atol=1e-6)


@pytest.mark.parametrize("dtype", marked(DTYPES, "category"))
def test_ids_come_back_in_their_dtype(client, dtype):
    table = make_table()
    text = dtype in {"str", "string[pyarrow]", "category", "object"}
    users = ("user " + table.user_id.astype(str)) if text else table.user_id
    table["user_id"] = users.astype(dtype)
    with dask.config.set({"dataframe.convert-string": False}):
        local, ours = fits(EASERecommender(), table, npartitions=3)
    assert_same_table(local.interactions_, ours.interactions_)
    one, other = (model.recommend(n_items=3) for model in (local, ours))
    pd.testing.assert_frame_equal(one, other, rtol=1e-4)


def test_text_that_dask_holds_by_pyarrow_is_found_as_text(client):
    table = make_table()
    table["user_id"] = "user " + table.user_id.astype(str)
    _, ours = fits(EASERecommender(), table, npartitions=3)
    assert "user 7" in ours.users_
    assert ours.recommend(["user 7"], n_items=2).user_id.tolist() == ["user 7"] * 2


def test_categories_that_differ_between_partitions_are_joined(client):
    parts = [
        pd.DataFrame({"user": pd.Categorical(["a", "b"]), "item": [1, 2]}),
        pd.DataFrame({"user": pd.Categorical(["c", "b"]), "item": [1, 1]}),
    ]
    frame = dd.from_delayed([dask.delayed(part) for part in parts], meta=parts[0], verify_meta=False)
    assert fit(PopularityRecommender(), frame).users_.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("position", marked([0, 1, 2], 0))
def test_an_empty_partition_changes_nothing(client, position):
    table = make_table()
    parts = [table.iloc[:500], table.iloc[500:]]
    parts.insert(position, table.iloc[:0])
    frame = dd.from_delayed([dask.delayed(part) for part in parts], meta=table.iloc[:0])
    model = EASERecommender(time="time")
    ours = fit(model, rows_of(frame, model), frame.rating)
    local = EASERecommender(time="time").fit(rows_of(table, model), table.rating)
    assert_same_table(local.interactions_, ours.interactions_)
    assert_allclose(score_all(ours), score_all(local), atol=1e-5)


@pytest.mark.slow
def test_a_partition_without_weight_is_empty(client):
    table = make_table()
    table.loc[table.index[:450], "weight"] = 0.0
    local, ours = fits(EASERecommender(), table, npartitions=2, weighted=True)
    assert_same_table(local.interactions_, ours.interactions_)


def test_a_user_in_every_partition_is_one_user(client):
    table = make_table(n_users=1, n_rows=30)
    _, ours = fits(PopularityRecommender(), table, npartitions=3)
    assert len(ours.users_) == 1
    assert_array_equal(ours.items_, np.unique(table.anime_id))


def test_blocks_have_about_as_many_rows_each(client):
    users = np.repeat(np.arange(300), [400] * 20 + [10] * 280)
    rows = pd.DataFrame({"user": users, "item": np.arange(len(users)) % 50})
    rows = rows.sample(frac=1, random_state=0, ignore_index=True)
    frame = dd.from_pandas(rows, npartitions=4, sort=False)
    table = DaskInteractions.from_frame(frame, needs_ratings=False)
    starts = [block.compute().codes[0] for block in table.blocks.blocks]
    assert starts == [0, 7, 14, 30]  # with 2,800, 2,800, 2,500 and 2,700 rows


def test_fewer_users_than_partitions(client):
    local, ours = fits(EASERecommender(alpha=1), make_table(n_users=2, n_rows=50), npartitions=5)
    assert_allclose(score_all(ours), score_all(local), atol=1e-5)


def test_ids_whose_dtype_differs_between_partitions_raise(client):
    parts = [pd.DataFrame({"user": [1, 2], "item": [1, 2]})]
    parts += [parts[0], parts[0].astype({"user": str})]
    frame = dd.from_delayed([dask.delayed(part) for part in parts], meta=parts[0], verify_meta=False)
    expected = r"user ids in column 'user' of X are int64 in partition 0 and str in partition 2.*astype"
    with pytest.raises(TypeError, match=expected):
        fit(EASERecommender(), frame)


def test_datetimes_that_are_not_named_are_warned_of(client):
    rows = pd.DataFrame({"user": [1, 1, 2, 2], "item": [5, 6, 5, 6]})
    frame = dd.from_pandas(rows.assign(day=pd.to_datetime([1, 2, 1, 2])), npartitions=2)
    with pytest.warns(UserWarning, match="'day' of X holds datetimes, .*: time='day'"):
        fit(NextItemRecommender(), frame)
    with pytest.warns(UserWarning, match="'day' of X is read as the item ids"):
        fit(PopularityRecommender(), frame[["user", "day", "item"]])


def test_rows_in_the_order_of_items_are_warned_of(client):
    rows = pd.DataFrame({"user": np.repeat(np.arange(12), 6), "item": np.tile(np.arange(6), 12)})
    with pytest.warns(UserWarning, match="sorted by item"):
        fit(NextItemRecommender(), dd.from_pandas(rows, npartitions=2))


# Bad input


def frame_of(**columns):
    return dd.from_pandas(pd.DataFrame(columns), npartitions=2)


def test_a_frame_in_memory_raises():
    with pytest.raises(TypeError, match=r"takes a Dask DataFrame. Call model\.fit"):
        fit(EASERecommender(), make_table())


def test_ratings_that_are_no_dask_series_raise():
    frame = frame_of(user=[1, 2], item=[1, 2])
    with pytest.raises(TypeError, match="y is a list, and not a Dask Series"):
        fit(BiasRegressor(), frame, [1.0, 2.0])


def test_weights_in_other_partitions_raise():
    frame = frame_of(user=[1, 2], item=[1, 2], weight=[1.0, 2.0])
    with pytest.raises(ValueError, match="sample_weight has 1 partitions and X has 2"):
        fit(BiasRegressor(), frame, frame.weight, frame.weight.repartition(npartitions=1))


def test_no_ratings_raise(client):
    frame = frame_of(user=[1, 2], item=[1, 2], y=[np.nan, np.nan])
    with pytest.raises(ValueError, match="requires y to be passed"):
        fit(BiasRegressor(), frame[["user", "item"]])
    with pytest.raises(ValueError, match=r"NaN only \(2 rows"):
        fit(BiasRegressor(), frame[["user", "item"]], frame.y)


def test_no_rating_that_is_liked_raises(client):
    frame = frame_of(user=[1, 2], item=[1, 2], y=[3.0, 4.0])
    with pytest.raises(ValueError, match=r"No rating in y reaches min_rating=5: the largest is 4"):
        fit(EASERecommender(min_rating=5), frame[["user", "item"]], frame.y)


def test_no_rows_raise(client):
    frame = frame_of(user=[1, 2], item=[1, 2])
    with pytest.raises(ValueError, match=r"X has 0 sample\(s\)"):
        fit(EASERecommender(), frame[frame.user > 5])


def test_no_weight_raises(client):
    frame = frame_of(user=[1, 2], item=[1, 2], weight=[0.0, 0.0])
    with pytest.raises(ValueError, match="non-zero"):
        fit(EASERecommender(), frame[["user", "item"]], sample_weight=frame.weight)


def test_bad_parameters_raise():
    with pytest.raises(ValueError, match="'alpha' parameter of EASERecommender"):
        fit(EASERecommender(alpha=-1), frame_of(user=[1, 2], item=[1, 2]))


def test_a_model_that_is_trained_names_partial_fit():
    with pytest.raises(TypeError, match=r"EmbeddingRegressor is not\. Call its partial_fit"):
        fit(EmbeddingRegressor(), frame_of(user=[1, 2], item=[1, 2]))


@pytest.mark.slow
def test_partitions_are_a_stream_for_a_model_that_is_trained():
    table = make_table().dropna().drop_duplicates(["user_id", "anime_id"])
    frame = dd.from_pandas(table, npartitions=3, sort=False)
    model = EmbeddingRegressor(n_components=2, hidden_units=(4,), epochs=1, random_state=0)
    for part in frame.partitions:
        rows = part.compute(scheduler="synchronous")
        model.partial_fit(rows[["user_id", "anime_id"]], rows.rating)
    assert len(model.interactions_.item_codes) == len(table)
    assert np.isfinite(model.predict(table[["user_id", "anime_id"]])).all()


def test_rows_that_change_from_one_reading_to_the_next_raise():
    readings = []

    def read():
        readings.append(None)
        return pd.DataFrame({"user": [1, 2], "item": [1, len(readings)]})

    meta = pd.DataFrame({"user": [1], "item": [1]})
    frame = dd.from_delayed([dask.delayed(read)()], meta=meta, verify_meta=False)
    with pytest.raises(ValueError, match=r"Partition 0.*ids that were not there.*X\.persist\(\)"):
        fit(PopularityRecommender(), frame)
