"""Claims about `recommend` and `predict` on Dask: the answers of the model, partition by partition."""

import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression, Ridge

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, TopNRecommender
from sklearn_anime.dask import predict, recommend
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender

MODELS = {
    "popularity": PopularityRecommender(time="time", half_life=100),
    "biases": BiasRegressor(),
    "EASE": EASERecommender(time="time", half_life=100),
    "next item": NextItemRecommender(time="time"),
    "SVD neighbors": SVDNeighborsRecommender(8, n_neighbors=10),
    "SVD neighbors, by item": SVDNeighborsRecommender(8, axis="item"),
    "Bayesian": BayesianFactorizationRegressor(
        n_components=2, n_iter=10, burn_in=2, n_samples=5, random_state=0
    ),
    "top n": TopNRecommender(Ridge(), candidates=EASERecommender(), n_candidates=20),
    "diverse": DiverseRecommender(EASERecommender()),
}
QUICK = ["EASE", "SVD neighbors"]
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in MODELS if name not in QUICK]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"user": rng.integers(40, size=500), "item": rng.integers(30, size=500)})
    rows = rows.drop_duplicates().reset_index(drop=True)
    rows["time"] = rng.integers(500, size=len(rows))
    rows["rating"] = rng.integers(1, 11, size=len(rows)).astype(float)
    return rows


def fitted(name, table):
    model = MODELS[name]
    columns = ["user", "item"] + ["time"] * (getattr(model, "time", None) is not None)
    return model.fit(table[columns], table.rating), columns


@pytest.mark.filterwarnings("ignore:Columns .* of X are constant neither")
@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_recommendations_are_those_of_the_model(client, table, name):
    model, _ = fitted(name, table)
    lazy = recommend(model, n_items=4, npartitions=3)
    assert (lazy.npartitions, list(lazy.columns)) == (3, ["user", "item", "score", "rank"])
    found = lazy.compute().reset_index(drop=True)
    pd.testing.assert_frame_equal(found, model.recommend(n_items=4), rtol=1e-5)


@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_predictions_are_those_of_the_model(client, table, name):
    model, columns = fitted(name, table)
    X = table[columns].sample(100, random_state=0)
    X.iloc[0, 0] = 1000  # an unknown user
    found = predict(model, dd.from_pandas(X, npartitions=3, sort=False))
    assert_allclose(found.compute(), model.predict(X), rtol=1e-5)
    assert found.compute().index.equals(X.index)


def test_some_users_get_what_they_get_from_the_model(client, table):
    model, _ = fitted("EASE", table)
    users = [7, 3, 3, 20]
    found = recommend(model, users, 2, npartitions=2, exclude_seen=False, include=[1, 2, 3])
    expected = model.recommend(users, 2, exclude_seen=False, include=[1, 2, 3])
    pd.testing.assert_frame_equal(found.compute().reset_index(drop=True), expected, rtol=1e-5)


def test_users_can_be_a_column_of_a_dask_frame(client, table):
    model, _ = fitted("EASE", table)
    users = dd.from_pandas(table, npartitions=2).user
    found = recommend(model, users, 2).compute()
    expected = model.recommend(n_items=2)
    pd.testing.assert_frame_equal(
        found.sort_values(["user", "rank"], ignore_index=True), expected, rtol=1e-5
    )


def test_unknown_users_get_what_all_users_like(client, table):
    model, _ = fitted("EASE", table)
    with pytest.warns(UserWarning, match="1 of 1 users have no history"):
        expected = model.recommend([1000], n_items=3)
    with pytest.warns(UserWarning, match="1 of 1 users have no history"):
        found = recommend(model, [1000], n_items=3).compute()
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("rated", [False, True])
def test_users_of_a_history_are_recommended_to_from_all_its_partitions(client, table, rated):
    model = EASERecommender(min_rating=5 if rated else None)
    model.fit(table[["user", "item"]], table.rating)
    history = table.iloc[:200].assign(user=table.user.iloc[:200] + 1000)
    frame = dd.from_pandas(history, npartitions=3)
    pair = (frame[["user", "item"]], frame.rating) if rated else frame[["user", "item"]]
    found = recommend(model, history=pair, n_items=2).compute()
    local = (history[["user", "item"]], history.rating) if rated else history[["user", "item"]]
    found = found.sort_values(["user", "rank"], ignore_index=True)
    pd.testing.assert_frame_equal(found, model.recommend(history=local, n_items=2), rtol=1e-5)


@pytest.mark.parametrize("times", [False, True])
@pytest.mark.parametrize("with_cluster", [False, True])
def test_a_history_keeps_its_order(request, table, times, with_cluster):
    if with_cluster:
        request.getfixturevalue("client")
    columns = ["user", "item"] + ["time"] * times
    model = NextItemRecommender(decay=0.3, time="time" if times else None)
    model.fit(table[columns].sample(frac=1, random_state=0))
    history = table[["user", "item"]].sample(200, random_state=1)
    history["user"] += 1000
    found = recommend(model, history=dd.from_pandas(history, npartitions=6, sort=False), n_items=3)
    found = found.compute().sort_values(["user", "rank"], ignore_index=True)
    pd.testing.assert_frame_equal(found, model.recommend(history=history, n_items=3), rtol=1e-5)


@pytest.mark.parametrize("name", ["biases", "SVD neighbors"])
def test_a_history_that_is_that_of_fit_is_known_as_such(client, table, name):
    model, columns = fitted(name, table)
    frame = dd.from_pandas(table[[*columns, "rating"]], npartitions=3)
    found = recommend(model, history=(frame[columns], frame.rating), n_items=3).compute()
    expected = model.recommend(history=(table[columns], table.rating), n_items=3)
    found = found.sort_values(["user", "rank"], ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5)


@pytest.mark.parametrize("model", [EASERecommender(time="time"), PopularityRecommender(time="time")])
@pytest.mark.filterwarnings("ignore:.*have no history:UserWarning")
@pytest.mark.filterwarnings("ignore:.*after now=:UserWarning")
def test_popularity_by_a_moment_is_that_of_all_users(client, table, model):
    model.fit(table[["user", "item", "time"]])
    users = [*model.users_, 1000]
    found = recommend(model, users, 3, npartitions=4, now=50).compute().reset_index(drop=True)
    pd.testing.assert_frame_equal(found, model.recommend(users, 3, now=50), rtol=1e-5)


def test_rows_of_a_user_in_many_partitions_are_sent_once(table):
    from sklearn_anime.dask._serve import sent_rows

    model, _ = fitted("EASE", table)
    apart = sent_rows(model, [np.array([0, 1]), np.array([2])])
    assert len({rows.key for rows in apart}) == 2
    again = sent_rows(model, [np.array([0, 1])] * 5)
    assert len({rows.key for rows in again}) == 1


def test_a_history_may_have_numbers_for_names(client, table):
    model = EASERecommender().fit(table[["user", "item"]].to_numpy())
    history = table[["user", "item"]].set_axis([0, 1], axis=1)
    found = recommend(model, history=dd.from_pandas(history, npartitions=2), n_items=2).compute()
    found = found.sort_values(["user", "rank"], ignore_index=True)
    pd.testing.assert_frame_equal(found, model.recommend(history=history, n_items=2), rtol=1e-5)


def test_nobody_is_recommended_nothing(client, table):
    model, _ = fitted("EASE", table)
    found = recommend(model, table.user.iloc[:0]).compute()
    assert (len(found), list(found.columns)) == (0, ["user", "item", "score", "rank"])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda model: recommend(model, [1], npartitions=0), ValueError, "npartitions=0 is no number"),
        (lambda model: recommend(model, history=[[1, 2]]), TypeError, "history= is a list, and"),
        (lambda model: recommend(model, n_items=0), ValueError, "n_items"),
        (lambda model: recommend(model, other=1), TypeError, "other"),
        (lambda model: recommend(LinearRegression().fit([[1]], [1])), TypeError, r"give its last step"),
    ],
)
def test_bad_input_raises_at_once(table, call, error, message):
    model, _ = fitted("EASE", table)
    with pytest.raises(error, match=message):
        call(model)


def test_users_and_a_history_raise(table):
    model, _ = fitted("EASE", table)
    frame = dd.from_pandas(table[["user", "item"]], npartitions=1)
    with pytest.raises(ValueError, match="Give users= or history="):
        recommend(model, [1], history=frame)


def test_recommendations_go_to_parquet_by_partition(client, table, tmp_path):
    model, _ = fitted("EASE", table)
    recommend(model, n_items=3, npartitions=4).to_parquet(tmp_path, write_index=False)
    assert len(list(tmp_path.glob("*.parquet"))) == 4
    found = pd.read_parquet(tmp_path)
    pd.testing.assert_frame_equal(found, model.recommend(n_items=3), rtol=1e-5)


def test_a_partition_gets_the_interactions_of_its_own_users(table):
    from sklearn_anime.dask._serve import sent_rows, without_rows

    model, _ = fitted("EASE", table)
    served = without_rows(model)
    assert served.interactions_.item_codes.size == 0
    assert served.interactions_.popularity.tolist() == model.interactions_.popularity.tolist()
    (rows,) = sent_rows(model, [np.array([3, 1, -1])])
    assert rows.compute().codes.tolist() == [1, 3]


def test_a_model_of_polars_answers_in_pandas(table):
    model = PopularityRecommender().fit(pl.DataFrame({"user": ["a", "b"], "item": ["x", "y"]}))
    found = recommend(model, n_items=1, npartitions=2).compute()
    assert found.user.tolist() == ["a", "b"]
    assert found.item.tolist() == ["y", "x"]


def test_text_ids_come_back_as_text(client):
    X = pd.DataFrame({"user": ["ann", "bob"], "item": ["Akira", "Bleach"]})
    found = recommend(PopularityRecommender().fit(X), n_items=1, npartitions=2)
    assert found.compute().item.tolist() == ["Bleach", "Akira"]
    assert found.dtypes["user"] == X.user.dtype


def test_an_empty_partition_is_predicted_and_recommended(client, table):
    model, columns = fitted("EASE", table)
    frame = dd.from_pandas(table[columns], npartitions=2)
    frame = frame[frame.user < 3].repartition(npartitions=2)
    assert len(predict(model, frame[frame.item < 0]).compute()) == 0
    assert len(recommend(model, history=frame[frame.item < 0]).compute()) == 0


def test_predict_takes_a_dask_frame_only(table):
    model, columns = fitted("EASE", table)
    with pytest.raises(TypeError, match=r"Call model\.predict\(X\)"):
        predict(model, table[columns])
