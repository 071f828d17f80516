"""Any regressor becomes a recommender: rows are written for it, it predicts them, they are ranked."""

import copy
import pickle
import tracemalloc
from datetime import datetime

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.cluster import DBSCAN
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, StackingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import TopNRecommender
from sklearn_anime.datasets import make_ratings
from sklearn_anime.neighbors import SVDNeighborsRecommender

# Columns of three items and of three users, some with a gap.
ITEMS = {
    1: ("Action", 1, False, datetime(1988, 7, 16), 8.0),
    2: ("Action, Drama", 366, True, datetime(2004, 10, 5), np.nan),
    3: (None, 24, False, None, 7.5),
}
USERS = {"ann": ("SE", 20), "bob": (None, 31), "cat": ("JP", 20)}
PAIRS = [("ann", 1), ("ann", 2), ("bob", 2), ("bob", 3), ("cat", 1)]
UNSEEN = [("ann", 3), ("bob", 1), ("cat", 2), ("cat", 3)]
NAMES = ["user", "item", "genre", "episodes", "airing", "start", "mean", "country", "age"]
RATINGS = [8, 6, 7, 10, 9]

CONTEXT = pytest.mark.filterwarnings("ignore:Columns .* are constant neither:UserWarning")
UNKNOWN_USERS = pytest.mark.filterwarnings("ignore:.*users have no history:UserWarning")


class Spy(RegressorMixin, BaseEstimator):
    """Remembers the rows that it gets; the rating is the value of `best`, or 0, of the item."""

    def __init__(self, best=None, item=1):
        self.best = best
        self.item = item

    def fit(self, X, y):
        self.X_, self.y_, self.calls_ = X, y, []
        return self

    def predict(self, X):
        self.calls_.append(X)
        return np.array([float((self.best or {}).get(row[self.item], 0)) for row in rows_of(X)])


class NoPredict(BaseEstimator):
    def fit(self, X, y):
        return self


def rows_of(table):
    """Return any table as a list of tuples, a missing value as None."""
    arrays = isinstance(table, (np.ndarray, list))
    return [without_gaps(row) for row in (table if arrays else nw.from_native(table).rows())]


def without_gaps(row):
    return tuple(None if pd.api.types.is_scalar(value) and pd.isna(value) else value for value in row)


def written(pair):
    """Return the row of a pair, by hand."""
    user, item = pair
    return without_gaps((user, item, *ITEMS[item], *USERS[user]))


def columns_of(pairs):
    """Return a dict of columns; gaps are None."""
    return dict(zip(NAMES, map(list, zip(*map(written, pairs), strict=True)), strict=True))


def lists_of(frame):
    """Return the items of each user, best first."""
    lists = {}
    for user, item, *_ in nw.from_native(frame).rows():
        lists.setdefault(user, []).append(item)
    return lists


def random_table(n_rows=600, n_users=25, n_items=40):
    """Return rows of user, item, a number of the item and a number of the user, and ratings."""
    rng = np.random.RandomState(0)
    users, items = rng.randint(n_users, size=n_rows), rng.randint(n_items, size=n_rows)
    of_item, of_user = rng.rand(n_items), rng.rand(n_users)
    X = np.column_stack([users, items, of_item[items], of_user[users]])
    return X, 3 * of_item[items] * of_user[users] + rng.rand(n_rows), of_item, of_user


def sorted_by_hand(model, X, of_item, of_user, n_items):
    """Return the lists of a loop over users: write rows, predict, sort."""
    lists = {}
    for user in np.unique(X[:, 0]).astype(int):
        unseen = sorted(set(np.unique(X[:, 1]).astype(int)) - set(X[X[:, 0] == user, 1].astype(int)))
        ratings = model.predict([[user, item, of_item[item], of_user[user]] for item in unseen])
        order = sorted(range(len(unseen)), key=lambda place: (-ratings[place], unseen[place]))
        lists[user] = [(unseen[place], ratings[place]) for place in order[:n_items]]
    return lists


# Lists


@pytest.mark.parametrize("n_items", [1, 5, 100])
@pytest.mark.parametrize(
    "estimator", [Ridge(), DecisionTreeRegressor(max_depth=3, random_state=0)], ids=["ridge", "ties"]
)
def test_lists_are_those_of_a_loop_that_predicts_and_sorts(estimator, n_items):
    X, y, of_item, of_user = random_table()
    model = TopNRecommender(estimator).fit(X, y)
    expected = sorted_by_hand(estimator.fit(X, y), X, of_item, of_user, n_items)
    frame = model.recommend(n_items=n_items)
    assert lists_of(frame) == {user: [item for item, _ in best] for user, best in expected.items()}
    scores = [score for best in expected.values() for _, score in best]
    np.testing.assert_allclose(frame["score"], scores, rtol=1e-12)
    assert frame["rank"].tolist() == [r + 1 for best in expected.values() for r in range(len(best))]


def test_lists_follow_the_order_of_the_users_asked_for(container):
    model = TopNRecommender(Spy({2: 5, 3: 9})).fit(container(columns_of(PAIRS)), RATINGS)
    assert nw.from_native(model.recommend(["cat", "ann"])).rows() == [
        ("cat", 3, 9.0, 1),
        ("cat", 2, 5.0, 2),
        ("ann", 3, 9.0, 1),
    ]


def test_of_equal_predictions_the_item_that_sorts_first_is_better():
    model = TopNRecommender(Spy()).fit([["ann", 3], ["bob", 2], ["cat", 1]], [1, 2, 3])
    assert lists_of(model.recommend("bob")) == {"bob": [1, 3]}


def test_lists_are_frames_of_the_library_of_fit(frame_library):
    X = frame_library(columns_of(PAIRS))
    frame = TopNRecommender(Spy()).fit(X, RATINGS).recommend()
    assert type(frame) is type(X)
    assert list(frame.columns) == ["user", "item", "score", "rank"]


def test_seen_items_are_left_out_unless_asked_for():
    model = TopNRecommender(Spy({1: 9, 2: 8, 3: 7})).fit(pd.DataFrame(columns_of(PAIRS)), RATINGS)
    assert lists_of(model.recommend("ann")) == {"ann": [3]}
    assert lists_of(model.recommend("ann", exclude_seen=False)) == {"ann": [1, 2, 3]}


@pytest.mark.parametrize("candidates", [None, PopularityRecommender()], ids=["one stage", "two stages"])
def test_only_allowed_items_are_predicted(candidates):
    model = TopNRecommender(Spy(), candidates=candidates).fit(pd.DataFrame(columns_of(PAIRS)), RATINGS)
    assert lists_of(model.recommend("cat", include=[1, 3])) == {"cat": [3]}
    assert lists_of(model.recommend("cat", exclude=[3])) == {"cat": [2]}
    assert [rows_of(call) for call in model.estimator_.calls_] == [
        [written(("cat", 3))],
        [written(("cat", 2))],
    ]


@pytest.mark.parametrize("candidates", [None, PopularityRecommender()], ids=["one stage", "two stages"])
@pytest.mark.parametrize("asked", [{"users": []}, {"include": []}, {"exclude": [1, 2, 3]}], ids=str)
def test_nothing_to_rank_is_an_empty_frame_of_the_same_form(container, candidates, asked):
    X = container(columns_of(PAIRS))
    model = TopNRecommender(Spy(), candidates=candidates).fit(X, RATINGS)
    full, empty = model.recommend(), model.recommend(**asked)
    assert len(empty) == 0
    assert list(empty.dtypes) == list(full.dtypes)
    assert len(model.estimator_.calls_) == 1


# The rows that the regressor gets


def test_rows_of_new_pairs_hold_the_columns_of_their_item_and_user(container):
    model = TopNRecommender(Spy()).fit(container(columns_of(PAIRS)), RATINGS)
    model.recommend()
    assert rows_of(model.estimator_.calls_[0]) == [written(pair) for pair in UNSEEN]


def test_rows_of_new_pairs_have_the_columns_and_dtypes_of_fit(frame_library):
    X = frame_library(columns_of(PAIRS))
    model = TopNRecommender(Spy()).fit(X, RATINGS)
    model.recommend()
    (seen,) = model.estimator_.calls_
    assert type(seen) is type(X)
    assert list(seen.columns) == list(X.columns)
    assert list(seen.dtypes) == list(X.dtypes)


@pytest.mark.parametrize(
    "dtype",
    ["float32", "int16", "uint8", "bool", "object", "str", "string", "category", "Int64", "boolean"],
)
def test_dtypes_of_pandas_come_back(dtype):
    X = pd.DataFrame({"user": [1, 2, 2], "item": [7, 7, 8], "feature": pd.Series([1, 1, 0])})
    X["feature"] = (
        X["feature"].astype("str").astype(dtype) if "str" in dtype else X["feature"].astype(dtype)
    )
    model = TopNRecommender(Spy()).fit(X, [3, 4, 5])
    model.recommend(1)
    expected = X.iloc[[2]].assign(user=1).reset_index(drop=True)
    pd.testing.assert_frame_equal(model.estimator_.calls_[0], expected)


@pytest.mark.parametrize(
    "dtype", [pl.Float32, pl.UInt8, pl.Boolean, pl.Categorical, pl.Enum(["a", "b"])]
)
def test_dtypes_of_polars_come_back(dtype):
    values = ["a", "a", "b"] if dtype in (pl.Categorical, pl.Enum) else [1, 1, 0]
    X = pl.DataFrame({"user": [1, 2, 2], "item": [7, 7, 8], "feature": pl.Series(values).cast(dtype)})
    model = TopNRecommender(Spy()).fit(X, [3, 4, 5])
    model.recommend(1)
    assert model.estimator_.calls_[0].equals(X[[2]].with_columns(user=pl.lit(1, pl.Int64)))
    assert model.estimator_.calls_[0].schema == X.schema


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8", "object", "str"])
def test_arrays_come_back_in_their_dtype(dtype):
    X = np.array([[1, 7, 5], [2, 7, 5], [2, 8, 6]]).astype(dtype)
    model = TopNRecommender(Spy()).fit(X, [3, 4, 5])
    model.recommend(X[0, 0])
    assert model.estimator_.calls_[0].dtype.type is X.dtype.type
    assert model.estimator_.calls_[0].tolist() == [[X[0, 0], *X[2, 1:]]]


def test_a_gap_in_text_of_an_array_stays_none():
    X = [["ann", 1, "Action"], ["bob", 2, None]]
    model = TopNRecommender(Spy()).fit(X, [3, 4])
    model.recommend()
    assert model.estimator_.calls_[0].tolist() == [["ann", 2, None], ["bob", 1, "Action"]]


def test_nanoseconds_of_an_array_stay_dates():
    stamps = [pd.Timestamp("2024-01-01 00:00:00.000000001"), pd.Timestamp("2024-01-02")]
    model = TopNRecommender(Spy()).fit([["ann", 1, stamps[0]], ["bob", 2, stamps[1]]], [3, 4])
    model.recommend()
    assert model.estimator_.calls_[0][:, 2].tolist() == stamps[::-1]


@pytest.mark.parametrize("values", [[["a"], ["a"], ["b", "c"]], [(1, "a"), (1, "a"), (2, "b")]], ids=str)
@pytest.mark.parametrize("library", [pd.DataFrame, lambda data: data], ids=["pandas", "list"])
def test_lists_and_tuples_are_features_too(values, library):
    features = pd.Series(values, dtype=object)
    X = pd.DataFrame({"user": [1, 2, 2], "item": [7, 7, 8], "tags": features})
    if library is not pd.DataFrame:
        X = X.to_numpy()
    model = TopNRecommender(Spy()).fit(X, [3, 4, 5])
    model.recommend(1)
    seen = model.estimator_.calls_[0]
    assert [row[2] for row in (seen.to_numpy() if isinstance(seen, pd.DataFrame) else seen)] == [
        values[2]
    ]


def test_integer_column_names_of_pandas_come_back():
    X = pd.DataFrame(columns_of(PAIRS)).set_axis(range(10, 19), axis=1)
    model = TopNRecommender(Spy()).fit(X, RATINGS)
    model.recommend()
    assert model.estimator_.calls_[0].columns.tolist() == list(range(10, 19))
    assert rows_of(model.estimator_.calls_[0]) == [written(pair) for pair in UNSEEN]


@pytest.mark.parametrize("by", ["name", "position"])
@pytest.mark.parametrize(
    "order",
    [
        ["genre", "item", "episodes", "country", "user"],
        ["item", "user", "genre", "country"],
        ["user", "genre", "country", "item"],
    ],
    ids=" ".join,
)
def test_id_columns_may_be_anywhere(frame_library, order, by):
    columns, unseen = columns_of(PAIRS), columns_of(UNSEEN)
    where = {role: role if by == "name" else order.index(role) for role in ("user", "item")}
    model = TopNRecommender(Spy(item=order.index("item")), **where)
    frame = model.fit(frame_library({name: columns[name] for name in order}), RATINGS).recommend()
    assert list(frame.columns) == ["user", "item", "score", "rank"]
    (seen,) = model.estimator_.calls_
    assert list(seen.columns) == order
    assert rows_of(seen) == list(zip(*(unseen[name] for name in order), strict=True))


@pytest.mark.parametrize(
    "index", [[9, 9, 1, 1, 0], pd.MultiIndex.from_arrays([list("aabbc"), range(5)])]
)
def test_index_of_pandas_does_not_matter(index):
    X = pd.DataFrame(columns_of(PAIRS))
    model = TopNRecommender(Spy()).fit(X.set_axis(index), RATINGS)
    model.recommend()
    assert rows_of(model.estimator_.calls_[0]) == [written(pair) for pair in UNSEEN]
    assert model.estimator_.calls_[0].index.equals(pd.RangeIndex(4))


# What the regressor learns from


def test_regressor_learns_from_the_rated_rows_alone(container):
    X = container(columns_of(PAIRS))
    model = TopNRecommender(Spy()).fit(X, [8, np.nan, 7, np.nan, 9])
    assert rows_of(model.estimator_.X_) == [written(PAIRS[row]) for row in (0, 2, 4)]
    assert model.estimator_.y_.tolist() == [8, 7, 9]


def test_rows_without_a_rating_count_as_seen():
    model = TopNRecommender(Spy()).fit([["ann", 1], ["ann", 2], ["bob", 3]], [8, np.nan, 7])
    assert lists_of(model.recommend("ann")) == {"ann": [3]}


def test_items_that_nobody_rated_are_recommended_with_their_features():
    X = [["ann", 1, "Action"], ["bob", 2, "Drama"]]
    model = TopNRecommender(Spy()).fit(X, [8, np.nan])
    model.recommend("ann")
    assert rows_of(model.estimator_.calls_[0]) == [("ann", 2, "Drama")]


def test_predict_is_that_of_the_regressor_on_any_container(container):
    columns = {name: columns_of(PAIRS)[name] for name in ("user", "item", "episodes", "age")}
    X = container(columns)
    by_age = make_pipeline(make_column_transformer(("passthrough", [2, 3])), Ridge())
    expected = Ridge().fit(np.column_stack([columns["episodes"], columns["age"]]), RATINGS)
    np.testing.assert_allclose(
        TopNRecommender(by_age).fit(X, RATINGS).predict(X),
        expected.predict(np.column_stack([columns["episodes"], columns["age"]])),
    )


def test_predict_gives_rows_to_the_regressor_in_the_form_of_fit(container):
    X = container(columns_of(PAIRS))
    model = TopNRecommender(Spy()).fit(X, RATINGS)
    model.predict(X)
    assert type(model.estimator_.calls_[0]) is type(model.estimator_.X_)
    assert rows_of(model.estimator_.calls_[0]) == rows_of(model.estimator_.X_)


def test_score_is_r2_over_the_rated_rows():
    X, y, _, _ = random_table()
    model = TopNRecommender(Ridge()).fit(X, y)
    gaps = np.where(np.arange(len(y)) % 3 == 0, np.nan, y)
    rated = ~np.isnan(gaps)
    assert model.score(X, gaps) == r2_score(y[rated], Ridge().fit(X, y).predict(X[rated]))


class OneColumn(Spy):
    def predict(self, X):
        return super().predict(X)[:, None]


def test_predictions_in_one_column_are_ratings_too():
    X = pd.DataFrame(columns_of(PAIRS))
    model = TopNRecommender(OneColumn({2: 5, 3: 9})).fit(X, RATINGS)
    assert lists_of(model.recommend("cat")) == {"cat": [3, 2]}


def test_prediction_that_is_no_number_raises():
    model = TopNRecommender(Spy({2: np.nan, 3: -5})).fit(pd.DataFrame(columns_of(PAIRS)), RATINGS)
    with pytest.raises(
        ValueError, match=r"predicts NaN for 1 of 2 pairs, which cannot be ranked\. Let it"
    ):
        model.recommend("cat")


@pytest.mark.parametrize(
    "y", [pd.Series([8, None, 7, 6, 9], [3, 3, 2, 1, 0], "Int64"), pl.Series([8, None, 7, 6, 9])]
)
def test_ratings_may_be_a_series_of_any_library(y):
    model = TopNRecommender(Spy(), candidates=BiasRegressor()).fit(pd.DataFrame(columns_of(PAIRS)), y)
    assert model.estimator_.y_.tolist() == [8, 7, 6, 9]


# Two stages


def test_only_the_list_of_the_first_stage_is_predicted():
    X, y, _, _ = random_table()
    model = TopNRecommender(Spy(), candidates=PopularityRecommender(), n_candidates=7).fit(X, y)
    model.recommend(n_items=3)
    predicted = [row[:2] for row in rows_of(np.vstack(model.estimator_.calls_))]
    proposed = PopularityRecommender().fit(X, y).recommend(n_items=7)
    assert sorted(predicted) == sorted(proposed[["user", "item"]].itertuples(index=False, name=None))


def test_list_of_the_first_stage_is_ranked_by_the_prediction():
    X = [["ann", 1], *([name, item] for item in (2, 3, 4) for name in "abcde"[:item])]
    best = {2: 9, 3: 5, 4: 7}
    model = TopNRecommender(Spy(best), candidates=PopularityRecommender(), n_candidates=2)
    frame = model.fit(X, [5] * len(X)).recommend("ann", n_items=2)
    # Item 2 would be best, but items 3 and 4 have more users.
    assert nw.from_native(frame).rows() == [("ann", 4, 7.0, 1), ("ann", 3, 5.0, 2)]


@pytest.mark.parametrize("n_items", [1, 2, 3])
def test_longer_lists_begin_like_shorter_ones(n_items):
    X, y, _, _ = random_table()
    model = TopNRecommender(Ridge(), candidates=PopularityRecommender(), n_candidates=4).fit(X, y)
    longest = model.recommend(n_items=15)
    assert longest.groupby("user").size().max() == 4
    shorter = longest[longest["rank"] <= n_items].reset_index(drop=True)
    pd.testing.assert_frame_equal(model.recommend(n_items=n_items), shorter)


def test_of_equal_predictions_the_first_stage_decides():
    X, y, _, _ = random_table()
    model = TopNRecommender(DummyRegressor(), candidates=PopularityRecommender()).fit(X, y)
    proposed = PopularityRecommender().fit(X, y).recommend()
    assert model.recommend()["item"].tolist() == proposed["item"].tolist()


def test_first_stage_with_its_ids_in_other_columns_raises():
    X = [[1, 2], [2, 1], [1, 1]]
    model = TopNRecommender(
        BiasRegressor(user=1, item=0), candidates=PopularityRecommender(), user=1, item=0
    )
    with pytest.raises(ValueError, match=r"Give both the same `user=`, `item=` and `time=`"):
        model.fit(X, [1, 2, 3])


def test_fitted_first_stage_may_be_frozen():
    X, y, _, _ = random_table()
    frozen = FrozenEstimator(PopularityRecommender().fit(X, y))
    one = TopNRecommender(Ridge(), candidates=frozen).fit(X, y).recommend()
    two = TopNRecommender(Ridge(), candidates=PopularityRecommender()).fit(X, y).recommend()
    pd.testing.assert_frame_equal(one, two)


def test_who_has_seen_nearly_everything_gets_what_is_left_of_the_list():
    X = [*(["ann", item] for item in range(9)), *(["bob", item] for item in range(10)), ["bob", 10]]
    for n_candidates in (2, 200):
        model = TopNRecommender(Spy(), candidates=PopularityRecommender(), n_candidates=n_candidates)
        model.fit(X, [5] * len(X))
        assert lists_of(model.recommend(n_items=2)) == {"ann": [9, 10]}


@pytest.mark.parametrize("exclude_seen", [True, False])
def test_a_first_stage_that_proposes_everything_changes_nothing(exclude_seen):
    X, y, _, _ = random_table()
    one = TopNRecommender(Ridge()).fit(X, y)
    two = TopNRecommender(Ridge(), candidates=PopularityRecommender()).fit(X, y)
    pd.testing.assert_frame_equal(
        one.recommend(exclude_seen=exclude_seen), two.recommend(exclude_seen=exclude_seen)
    )


@pytest.mark.parametrize(
    "first",
    [
        BiasRegressor(),
        SVDNeighborsRecommender(n_components=2, n_neighbors=3, random_state=0),
        make_pipeline(make_column_transformer(("passthrough", [0, 1])), PopularityRecommender()),
        GridSearchCV(BiasRegressor(), {"shrinkage": [1.0]}, cv=2),
        TopNRecommender(Ridge()),
    ],
    ids=["bias", "neighbors", "pipeline", "search", "top n"],
)
def test_any_recommender_is_a_first_stage(first):
    X, y, _, _ = random_table()
    model = TopNRecommender(Spy(), candidates=first, n_candidates=5).fit(X, y)
    model.recommend([3, 4], n_items=5)
    bare = first[-1] if hasattr(first, "steps") else getattr(first, "estimator", first)
    bare = first if isinstance(first, TopNRecommender) else bare
    proposed = clone(bare).fit(X, y).recommend([3, 4], n_items=5)
    predicted = [row[:2] for row in rows_of(model.estimator_.calls_[0])]
    assert sorted(predicted) == sorted(proposed[["user", "item"]].itertuples(index=False, name=None))


def test_a_first_stage_behind_other_columns_is_asked_with_its_own():
    X, y, _, of_user = random_table()
    X = pd.DataFrame(X, columns=["user", "item", "length", "age"])
    keep = make_column_transformer(
        ("passthrough", ["user", "item"]), (FunctionTransformer(np.negative), ["age"])
    )
    first = make_pipeline(keep, TopNRecommender(Spy()))
    model = TopNRecommender(Spy(), candidates=first, n_candidates=5).fit(X, y)
    model.recommend([3], n_items=5)
    asked = model.candidates_[-1].estimator_.calls_[0]
    assert asked.shape[1] == 3
    assert set(asked[:, 2]) == {-of_user[3]}
    assert model.estimator_.calls_[0]["age"].tolist() == [of_user[3]] * 5


def test_first_stage_gets_lists_as_rows_of_their_own_types():
    X = [["ann", 1, "Action"], ["bob", 2, "Drama"], ["bob", 1, "Action"]]
    first = make_pipeline(make_column_transformer(("passthrough", [0, 1])), PopularityRecommender())
    model = TopNRecommender(Spy(), candidates=first).fit(X, [8, 7, 6])
    assert lists_of(model.recommend()) == {"ann": [2]}


# New titles


def test_new_titles_are_predicted_from_their_features(container):
    columns = columns_of(PAIRS)
    X = container({name: columns[name] for name in ("user", "item", "genre", "country", "episodes")})
    model = TopNRecommender(Spy({9: 5, 3: 2})).fit(X, RATINGS)
    new = container({"item": [9, 8], "genre": ["A long new genre", None], "episodes": [1000, 12]})
    frame = model.recommend(["bob", "ann"], n_items=2, items=new)
    assert lists_of(frame) == {"bob": [9, 1], "ann": [9, 3]}
    assert rows_of(model.estimator_.calls_[0]) == [
        ("bob", 1, "Action", None, 1),
        ("bob", 9, "A long new genre", None, 1000),
        ("bob", 8, None, None, 12),
        ("ann", 3, None, "SE", 24),
        ("ann", 9, "A long new genre", "SE", 1000),
        ("ann", 8, None, "SE", 12),
    ]


def test_new_titles_leave_the_dtypes_as_they_are(frame_library):
    X = frame_library(columns_of(PAIRS))
    model = TopNRecommender(Spy()).fit(X, RATINGS)
    new = dict(
        zip(NAMES[1:7], ([9], ["Drama"], [2], [True], [datetime(2024, 1, 1)], [None]), strict=True)
    )
    new["mean"] = np.array([np.nan])
    model.recommend("ann", items=frame_library(new))
    assert list(model.estimator_.calls_[0].dtypes) == list(X.dtypes)
    assert rows_of(model.estimator_.calls_[0])[1] == (
        "ann", 9, "Drama", 2, True, datetime(2024, 1, 1), None, "SE", 20,
    )  # fmt: skip


def test_new_titles_may_come_in_another_library():
    X = pl.DataFrame({"user": ["ann", "bob"], "item": [1, 2], "genre": ["Action", "Drama"]})
    model = TopNRecommender(Spy({9: 5})).fit(X, [8, 7])
    frame = model.recommend("ann", n_items=1, items=pd.DataFrame({"item": [9], "genre": ["New"]}))
    assert frame.rows() == [("ann", 9, 5.0, 1)]
    assert model.estimator_.calls_[0].schema == X.schema


def test_text_of_new_titles_is_not_cut_to_the_length_of_fit():
    X = np.array([["ann", "Akira", "Action"], ["bob", "Bleach", "Drama"]])
    model = TopNRecommender(Spy({"Fullmetal Alchemist": 5})).fit(X, [8, 7])
    new = [["Fullmetal Alchemist", "Action, Adventure, Drama"]]
    assert lists_of(model.recommend("ann", n_items=1, items=new)) == {"ann": ["Fullmetal Alchemist"]}
    assert model.estimator_.calls_[0].dtype.kind == "U"
    assert model.estimator_.calls_[0][1].tolist() == ["ann", *new[0]]


def test_numbers_of_new_titles_are_not_cut_to_integers():
    model = TopNRecommender(Spy()).fit(np.array([[1, 7, 24], [2, 8, 12]]), [8, 7])
    model.recommend(1, items=[[9, 12.5]])
    assert model.estimator_.calls_[0].tolist() == [[1, 8, 12], [1, 9, 12.5]]


@pytest.mark.parametrize("more", [["Drama", "New"], [None, "New"]], ids=["category", "gap"])
def test_categories_stay_categories_with_new_titles(more):
    X = pd.DataFrame({"user": [1, 2, 2], "item": [7, 7, 8], "genre": ["Action", "Action", "Drama"]})
    X["genre"] = X["genre"].astype("category")
    model = TopNRecommender(Spy()).fit(X, [8, 7, 6])
    model.recommend(1, items=pd.DataFrame({"item": [9, 10], "genre": more}))
    genre = model.estimator_.calls_[0]["genre"]
    assert genre.cat.categories.tolist() == ["Action", "Drama", "New"]
    assert [value if isinstance(value, str) else None for value in genre] == ["Drama", *more]


@pytest.mark.parametrize("candidates", [None, PopularityRecommender()], ids=["one stage", "two stages"])
def test_new_titles_of_a_table_of_ids_need_their_id_alone(candidates):
    model = TopNRecommender(Spy({9: 5}), candidates=candidates)
    model.fit([["ann", 1], ["ann", 2], ["bob", 3]], [8, 7, 6])
    assert lists_of(model.recommend("ann", items=[[9], [8]])) == {"ann": [9, 3, 8]}
    assert lists_of(model.recommend("ann", items=[[9], [8]], include=[8])) == {"ann": [8]}


def test_every_new_title_joins_the_list_of_a_first_stage_that_knows_no_features():
    X = pd.DataFrame({"user": ["ann", "bob", "bob"], "item": [1, 2, 3], "length": [24, 12, 1]})
    model = TopNRecommender(
        Spy({14: 9, 11: 8, 2: 7}), candidates=PopularityRecommender(), n_candidates=1
    )
    model.fit(X, [8, 7, 6])
    new = pd.DataFrame({"item": range(10, 15), "length": range(5)})
    assert lists_of(model.recommend("ann", n_items=1, items=new)) == {"ann": [14]}
    assert sorted(row[1] for row in rows_of(model.estimator_.calls_[0])) == [2, 10, 11, 12, 13, 14]
    assert lists_of(model.recommend(n_items=3, items=new)) == {"ann": [14, 11, 2], "bob": [14, 11, 1]}


def test_new_titles_pass_through_three_stages():
    X = pd.DataFrame({"user": ["ann", "bob", "bob"], "item": [1, 2, 3], "length": [24, 12, 1]})
    first = TopNRecommender(Spy(), candidates=PopularityRecommender())
    model = TopNRecommender(Spy({9: 5}), candidates=first).fit(X, [8, 7, 6])
    assert lists_of(model.recommend("ann", items=[[9, 3]])) == {"ann": [9, 2, 3]}


def test_new_titles_are_restricted_like_others():
    model = TopNRecommender(Spy({9: 5, 8: 4})).fit(pd.DataFrame(columns_of(PAIRS)).iloc[:, :3], RATINGS)
    new = [[9, "New"], [8, "New"]]
    assert lists_of(model.recommend("ann", items=new, exclude=[9, 3])) == {"ann": [8]}
    assert lists_of(model.recommend("ann", items=new, include=[9])) == {"ann": [9]}


def test_item_features_can_be_given_back_as_items(container):
    model = TopNRecommender(Spy()).fit(container(columns_of(PAIRS)), RATINGS)
    features = model.item_features_
    assert rows_of(features) == [written(("ann", item))[1:7] for item in ITEMS]
    assert lists_of(model.recommend(items=features)) == lists_of(model.recommend())
    other = TopNRecommender(Spy()).fit(container(columns_of(PAIRS[:3])), RATINGS[:3])
    assert lists_of(other.recommend("ann", items=features)) == {"ann": [3]}
    assert rows_of(other.estimator_.calls_[0]) == [written(("ann", 3))]


def test_user_features_hold_the_columns_of_users(container):
    model = TopNRecommender(Spy()).fit(container(columns_of(PAIRS)), RATINGS)
    assert rows_of(model.user_features_) == [(user, *USERS[user]) for user in USERS]
    assert type(model.user_features_) is type(model.recommend())


# New users


@pytest.mark.parametrize("candidates", [None, PopularityRecommender()], ids=["one stage", "two stages"])
def test_new_users_are_predicted_with_the_features_of_their_history(container, candidates):
    columns = columns_of(PAIRS)
    names = ["user", "item", "country", "genre", "age"]
    X = container({name: columns[name] for name in names})
    model = TopNRecommender(Spy({2: 5, 3: 9}), candidates=candidates).fit(X, RATINGS)
    history = container(
        dict(zip(names, (["zoe", "yan"], [1, 3], ["FR", None], ["Action", None], [40, 17]), strict=True))
    )
    assert lists_of(model.recommend(history=history)) == {"zoe": [3, 2], "yan": [2, 1]}
    assert sorted(rows_of(model.estimator_.calls_[0]), key=lambda row: row[:2]) == [
        ("yan", 1, None, "Action", 17),
        ("yan", 2, None, "Action, Drama", 17),
        ("zoe", 2, "FR", "Action, Drama", 40),
        ("zoe", 3, "FR", None, 40),
    ]


def test_features_of_a_history_stand_in_for_those_of_fit():
    model = TopNRecommender(Spy()).fit(pd.DataFrame(columns_of(PAIRS)), RATINGS)
    history = pd.DataFrame(columns_of([("ann", 3)])).assign(age=99, country="US")
    frame = model.recommend(["bob", "ann"], history=(history, [7]))
    assert lists_of(frame) == {"bob": [1], "ann": [1, 2]}
    assert [row[-2:] for row in rows_of(model.estimator_.calls_[0])] == [(None, 31)] + 2 * [("US", 99)]


def test_new_users_without_features_get_those_of_a_typical_user(container):
    columns = columns_of(PAIRS)
    X = container({name: columns[name] for name in ("user", "item", "age")})
    model = TopNRecommender(Spy()).fit(X, RATINGS)
    model.recommend(history=[["zoe", 1], ["zoe", 3]])
    assert rows_of(model.estimator_.calls_[0]) == [("zoe", 2, 24)]  # the mean of 20, 20 and 31


def test_history_without_features_is_enough_where_fit_saw_none_of_users():
    model = TopNRecommender(Spy()).fit([["ann", 1, "Action"], ["bob", 2, "Drama"]], [8, 7])
    assert lists_of(model.recommend(history=[["zoe", 1]])) == {"zoe": [2]}
    assert rows_of(model.estimator_.calls_[0]) == [("zoe", 2, "Drama")]


def test_history_with_some_of_the_columns_is_enough():
    model = TopNRecommender(Spy()).fit(pd.DataFrame(columns_of(PAIRS)), RATINGS)
    history = pd.DataFrame(columns_of(PAIRS[:1])).drop(columns="genre")
    model.recommend(history=history)
    assert model.estimator_.calls_


def test_history_with_other_column_names_raises():
    model = TopNRecommender(Spy()).fit(pd.DataFrame(columns_of(PAIRS)), RATINGS)
    history = pd.DataFrame(columns_of(PAIRS[:1])).rename(columns={"age": "years"})
    with pytest.raises(ValueError, match=r"history= has a column 'years', which fit did not have"):
        model.recommend(history=history)


@pytest.mark.parametrize("candidates", [None, PopularityRecommender()], ids=["one stage", "two stages"])
def test_unknown_users_get_popular_items_unpredicted_with_one_warning(candidates):
    X = [["ann", 1], ["bob", 1], ["bob", 2], ["cat", 1], ["cat", 2], ["cat", 3]]
    model = TopNRecommender(Spy({3: 9}), candidates=candidates).fit(X, [5] * 6)
    with pytest.warns(UserWarning, match=r"^2 of 3 users have no history") as warned:
        frame = model.recommend(["zoe", "ann", "yan"], n_items=2)
    assert [warning.filename for warning in warned] == [__file__]
    assert frame.drop(columns="score").to_numpy().tolist() == [
        ["zoe", 1, 1],
        ["zoe", 2, 2],
        ["ann", 3, 1],
        ["ann", 2, 2],
        ["yan", 1, 1],
        ["yan", 2, 2],
    ]
    np.testing.assert_array_equal(frame["score"], [np.nan, np.nan, 9, 0, np.nan, np.nan])
    assert {row[0] for row in rows_of(model.estimator_.calls_[0])} == {"ann"}


@UNKNOWN_USERS
def test_unknown_users_find_new_items_behind_those_that_users_have_seen():
    model = TopNRecommender(Spy({9: 5})).fit([["ann", 1], ["bob", 2]], [8, 7])
    assert lists_of(model.recommend("zoe", items=[[9]])) == {"zoe": [1, 2, 9]}


def test_unknown_items_of_a_history_warn_at_the_line_that_asks():
    model = TopNRecommender(Spy()).fit([["ann", 1], ["bob", 2]], [8, 7])
    with pytest.warns(UserWarning, match=r"^1 item\(s\) of history= were not in the rows") as warned:
        model.recommend(history=[["zoe", 1], ["zoe", 77]])
    assert [warning.filename for warning in warned] == [__file__]


# Context


def test_context_of_new_pairs_is_that_of_the_item_and_one_warning_says_so(container):
    columns = {
        "user": ["ann", "bob", "cat", "ann", "dan"],
        "item": [1, 1, 1, 2, 2],
        "hour": [9, 22, 11, 5, 7],
        "device": ["tv", "phone", "phone", "watch", "tv"],
        "length": [24, 24, 24, 12, 12],
    }
    model = TopNRecommender(Spy()).fit(container(columns), [8, 7, 6, 5, 4])
    with pytest.warns(UserWarning, match=r"constant neither within .* the mean of numbers") as warned:
        model.recommend(["bob", "dan"])
    assert [warning.filename for warning in warned] == [__file__]
    # The means of 5 and 7 and of 9, 11 and 22; of devices equally often there, the first.
    assert rows_of(model.estimator_.calls_[0]) == [
        ("bob", 2, 6, "watch", 12),
        ("dan", 1, 14, "phone", 24),
    ]


@CONTEXT
def test_context_of_a_new_title_comes_with_it():
    X = [["ann", 1, 9], ["ann", 2, 11], ["bob", 1, 23]]
    model = TopNRecommender(Spy()).fit(X, [8, 7, 6])
    model.recommend("ann", items=[[9, 14]])
    assert rows_of(model.estimator_.calls_[0]) == [("ann", 9, 14)]


def test_a_first_stage_does_not_warn_again():
    X = [["ann", 1, 9], ["ann", 2, 11], ["bob", 1, 23]]
    model = TopNRecommender(Spy(), candidates=TopNRecommender(Spy())).fit(X, [8, 7, 6])
    with pytest.warns(UserWarning, match=r"constant neither within") as warned:
        model.recommend("bob")
    assert len(warned) == 1


# Memory


@pytest.mark.parametrize("candidates", [None, PopularityRecommender()], ids=["one stage", "two stages"])
def test_rows_are_written_in_blocks_that_fit_the_working_memory(candidates):
    X, y, _, _ = random_table()
    model = TopNRecommender(Spy({item: item % 7 for item in range(40)}), candidates=candidates).fit(X, y)
    whole = model.recommend()
    model.estimator_.calls_.clear()
    with sklearn.config_context(working_memory=0.01):  # in MiB
        pd.testing.assert_frame_equal(model.recommend(), whole)
    # 16 float64 for each of the 4 columns of a row.
    assert max(map(len, model.estimator_.calls_)) == 2**20 // 100 // (8 * 16 * 4)


def test_the_pairs_of_all_users_and_items_never_exist_at_once():
    users = np.arange(2000)
    X = np.column_stack([users, users // 2])
    model = TopNRecommender(Ridge()).fit(X, users)  # 2000 users x 1000 items: 16 MB for each array
    with sklearn.config_context(working_memory=2):
        tracemalloc.start()
        try:
            model.recommend(n_items=5)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8e6


# Fitted state


class FailsOn(Spy):
    """Fails where a table has a number of rows."""

    def __init__(self, n_rows=None, best=None, item=1):
        super().__init__(best, item)
        self.n_rows = n_rows

    def fit(self, X, y):
        if len(y) == self.n_rows:
            raise ArithmeticError("no luck")
        return super().fit(X, y)


@pytest.mark.parametrize("stage", ["estimator", "candidates"])
def test_a_fit_that_fails_leaves_the_old_model(stage):
    fails = FailsOn(2)
    model = (
        TopNRecommender(fails)
        if stage == "estimator"
        else TopNRecommender(Spy(), candidates=TopNRecommender(fails))
    )
    model.fit(pd.DataFrame(columns_of(PAIRS)), RATINGS)
    old, before = model.recommend(), set(vars(model))
    with pytest.raises(ArithmeticError, match="no luck"):
        model.fit(pd.DataFrame({"u": [1, 2], "i": [3, 4]}), [1, 2])
    pd.testing.assert_frame_equal(model.recommend(), old)
    assert (model.n_features_in_, list(model.feature_names_in_)) == (9, NAMES)
    assert set(vars(model)) == before


def test_fit_leaves_its_parts_as_they_were():
    estimator, candidates = Ridge(), PopularityRecommender()
    model = TopNRecommender(estimator, candidates=candidates).fit([[1, 2], [3, 4]], [5, 6])
    assert not hasattr(estimator, "coef_")
    assert not hasattr(candidates, "interactions_")
    assert model.estimator_ is not estimator
    assert model.candidates_ is not candidates
    assert TopNRecommender(Ridge()).fit([[1, 2], [3, 4]], [5, 6]).candidates_ is None


@pytest.mark.parametrize("copied", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy])
def test_copies_recommend_the_same(container, copied):
    X = container({name: columns_of(PAIRS)[name] for name in ("user", "item", "airing", "age")})
    airing = make_column_transformer((OneHotEncoder(), [2]), ("passthrough", [3]))
    model = TopNRecommender(make_pipeline(airing, Ridge()), candidates=PopularityRecommender())
    model.fit(X, RATINGS)
    assert nw.from_native(copied(model).recommend()).rows() == nw.from_native(model.recommend()).rows()


def test_before_fit_every_question_says_so():
    model = TopNRecommender(Ridge())
    for question in (model.recommend, lambda: model.predict([[1, 2]]), lambda: model.similar_items([1])):
        with pytest.raises(NotFittedError, match="TopNRecommender instance is not fitted yet"):
            question()


def test_similar_items_have_been_seen_by_the_same_users():
    model = TopNRecommender(Spy()).fit([[1, 7], [1, 8], [2, 7], [2, 8], [2, 9]], [5] * 5)
    assert model.similar_items(7, n_items=1)["neighbor"].tolist() == [8]


# In scikit-learn


def test_grid_search_reaches_the_regressor_and_bears_ratings_that_are_missing():
    X, y, _, _ = random_table()
    y = np.where(np.arange(len(y)) % 4 == 0, np.nan, y)
    search = GridSearchCV(
        TopNRecommender(Ridge()),
        {"estimator__alpha": [0.1, 1e6]},
        cv=KFold(3, shuffle=True, random_state=0),
        error_score="raise",
    ).fit(X, y)
    assert search.best_params_ == {"estimator__alpha": 0.1}
    assert search.best_estimator_.recommend([3]).shape == (10, 4)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_pipelines_with_frames_inside_work(library):
    columns = columns_of(PAIRS)
    columns = {name: columns[name] for name in ("user", "item", "episodes", "age")}
    X = pd.DataFrame(columns) if library == "pandas" else pl.DataFrame(columns)
    steps = make_column_transformer((StandardScaler(), ["episodes", "age"]))
    model = TopNRecommender(make_pipeline(steps, Ridge()).set_output(transform=library)).fit(X, RATINGS)
    numbers = np.column_stack([columns["episodes"], columns["age"]])
    by_hand = make_pipeline(StandardScaler(), Ridge()).fit(numbers, RATINGS)
    expected = by_hand.predict([[24, 20], [1, 31]])
    frame = model.recommend(["ann", "bob"])
    np.testing.assert_allclose(frame["score"].to_numpy(), expected)


def test_trees_take_categories_as_they_are():
    X, y, _, _ = random_table()
    X = pd.DataFrame(X, columns=["user", "item", "length", "age"]).astype({"item": int})
    X["user"] = X["user"].astype(int).astype("category")
    X["genre"] = pd.Categorical(np.array(["Action", "Drama", "Sport"])[X["item"] % 3])
    trees = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=5, random_state=0)
    model = TopNRecommender(trees).fit(X, y)
    frame = model.recommend([3], n_items=1)
    assert frame["user"].dtype == X["user"].dtype
    best = X[X["item"] == frame["item"][0]].iloc[[0]].assign(age=X["age"][X["user"] == 3].iloc[0])
    best["user"] = pd.Categorical([3], categories=X["user"].cat.categories)
    assert frame["score"][0] == trees.fit(X, y).predict(best)[0]


def test_another_model_of_this_package_is_a_regressor_too():
    X, y, _, _ = random_table()
    pd.testing.assert_frame_equal(
        TopNRecommender(BiasRegressor()).fit(X, y).recommend(), BiasRegressor().fit(X, y).recommend()
    )


# Bad input


def test_a_classifier_raises():
    for classifier in (LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())):
        with pytest.raises(
            TypeError, match=r"predicts classes, which have no order .* Give a regressor"
        ):
            TopNRecommender(classifier).fit([[1, 2], [3, 4]], [0, 1])


@pytest.mark.parametrize("estimator", [NoPredict(), DBSCAN(), None], ids=["class", "clusters", "none"])
def test_an_estimator_without_predict_raises(estimator):
    message = r"estimator.* (has no method `predict`. Give a regressor|implementing 'fit')"
    with pytest.raises((TypeError, ValueError), match=message):
        TopNRecommender(estimator).fit([[1, 2], [3, 4]], [0, 1])


@pytest.mark.parametrize(
    "candidates", [Ridge(), make_pipeline(StandardScaler(), Ridge()), GridSearchCV(Ridge(), {})]
)
def test_candidates_without_recommend_raise_before_anything_is_fitted(candidates):
    with pytest.raises(TypeError, match=r"^Ridge has no method `recommend`\. Wrap it: TopNRecommender"):
        TopNRecommender(FailsOn(2), candidates=candidates).fit([["a", 2], ["b", 4]], [0, 1])


def test_candidates_of_another_package_raise():
    class Foreign(BaseEstimator):
        def fit(self, X, y):
            return self

        def recommend(self, users):
            return users

    with pytest.raises(TypeError, match=r"no recommender of this package\. Let Foreign inherit from"):
        TopNRecommender(Ridge(), candidates=Foreign()).fit([[1, 2], [3, 4]], [0, 1])


@pytest.mark.parametrize(
    "change",
    [lambda X: X + 1, lambda X: X * [1, 10], lambda X: X[:, ::-1]],
    ids=["users", "items", "swapped"],
)
def test_candidates_that_change_the_ids_raise(change):
    first = make_pipeline(FunctionTransformer(change), PopularityRecommender())
    with pytest.raises(
        ValueError, match=r"other users and items after fit .* keep the ids and the rows"
    ):
        TopNRecommender(Ridge(), candidates=first).fit([[1, 2], [3, 4]], [0, 1])


@pytest.mark.parametrize("method", ["predict", "score"])
def test_unknown_columns_raise(method):
    X = pd.DataFrame({"user": [1, 2], "item": [3, 4], "length": [5, 6]})
    model = TopNRecommender(Ridge()).fit(X, [7, 8])
    arguments = () if method == "predict" else ([7, 8],)
    with pytest.raises(ValueError, match=r"Feature names unseen at fit time:\n- size"):
        getattr(model, method)(X.rename(columns={"length": "size"}), *arguments)
    with pytest.raises(ValueError, match=r"X has 2 features, but TopNRecommender is expecting 3"):
        getattr(model.fit(X.to_numpy(), [7, 8]), method)(X[["user", "item"]].to_numpy(), *arguments)


def test_new_titles_with_too_few_columns_raise():
    model = TopNRecommender(Spy()).fit(pd.DataFrame(columns_of(PAIRS)), RATINGS)
    with pytest.raises(
        ValueError, match=r"items= has 1 feature columns and fit saw 5 .*'genre', 'episodes'"
    ):
        model.recommend("ann", items=[[9, "Drama"]])


def test_ratings_that_are_all_missing_raise():
    with pytest.raises(ValueError, match=r"y contains NaN only \(2 rows"):
        TopNRecommender(Ridge()).fit([[1, 2], [3, 4]], [np.nan, np.nan])


# Stacks


def test_a_stack_with_its_default_final_estimator_is_a_regressor():
    ratings = make_ratings(60, 40, 900, random_state=0)
    stack = StackingRegressor([("bias", BiasRegressor())])
    model = TopNRecommender(stack).fit(ratings.data, ratings.target)
    frame = model.recommend([1], n_items=3)
    rows = frame[["user_id", "item_id"]]
    np.testing.assert_allclose(frame["score"], model.estimator_.predict(rows))
