"""What every recommender answers: recommendations, similar items and users, and clear errors."""

import copy
import pickle
import tracemalloc

import joblib
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.utils.validation import validate_data

from sklearn_anime.base import RecommenderMixin
from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.interactions import Interactions
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.utils._blocks import block_length

# Users who have seen them: title 1 three, title 2 two, titles 3 and 4 one each.
ROWS = {
    "user_id": ["bob", "ann", "ann", "bob", "bob", "cat", "cat"],
    "anime_id": [4, 1, 2, 1, 3, 1, 2],
}
RATINGS = [9, 8, 6, 7, 5, 10, 4]
SEEN = {"ann": {1, 2}, "bob": {1, 3, 4}, "cat": {1, 2}}
COUNTS = {1: 3.0, 2: 2.0, 3: 1.0, 4: 1.0}
UNKNOWN_USERS = pytest.mark.filterwarnings("ignore:.*users have no history:UserWarning")


class Fake(RecommenderMixin, BaseEstimator):
    """Scores that depend on user and item alone, with many ties; remembers its blocks."""

    def __init__(self, *, user=0, item=1, n_jobs=None):
        self.user = user
        self.item = item
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        self.interactions_ = Interactions.from_rows(
            X, y, user=self.user, item=self.item, needs_ratings=False
        )
        validate_data(self, X, skip_check_array=True)
        self.blocks_ = []
        return self

    def _score_block(self, rows):
        self.blocks_.append(len(rows.codes))
        return (7.0 * rows.codes[:, None] + 3.0 * np.arange(rows.n_items)) % 5


class WithFeatures(RecommenderMixin, BaseEstimator):
    """The score of a title is its first feature, known or new."""

    user, item = 0, 1

    def fit(self, X, y=None):
        self.interactions_ = Interactions.from_rows(X, y, needs_ratings=False, features="numbers")
        return self

    def _score_block(self, rows):
        return np.tile(self.interactions_.features.item_features[:, 0], (len(rows.codes), 1))

    def _score_new_items(self, rows, features):
        return np.tile(features[:, 0], (len(rows.codes), 1))


def rows_of(frame):
    """Return a frame of any library as a list of rows."""
    return nw.from_native(frame).rows()


def lists_of(frame):
    """Return the items of each user, best first."""
    lists = {}
    for user, item, *_ in rows_of(frame):
        lists.setdefault(user, []).append(item)
    return lists


def random_rows(n_users=60, n_items=40, seed=0):
    rng = np.random.RandomState(seed)
    return np.column_stack([rng.randint(n_users, size=900), rng.randint(n_items, size=900)])


@pytest.fixture
def model():
    return PopularityRecommender().fit(pd.DataFrame(ROWS))


# Lists


def test_lists_are_the_best_unseen_items_by_rank(container):
    frame = PopularityRecommender().fit(container(ROWS)).recommend()
    assert rows_of(frame) == [
        ("ann", 3, 1.0, 1),
        ("ann", 4, 1.0, 2),
        ("bob", 2, 2.0, 1),
        ("cat", 3, 1.0, 1),
        ("cat", 4, 1.0, 2),
    ]


def test_users_of_a_generator_are_read_once(model):
    assert rows_of(model.recommend((user for user in ["cat", "bob"]), n_items=1)) == [
        ("cat", 3, 1.0, 1),
        ("bob", 2, 2.0, 1),
    ]


@pytest.mark.parametrize("n_items", [1, 3, 10, 500])
def test_lists_equal_those_of_a_sort_per_user_on_random_rows(n_items):
    X = random_rows()
    seen = {user: set(X[X[:, 0] == user, 1]) for user in range(60)}
    expected = {
        user: sorted(set(range(40)) - seen[user], key=lambda item: (-((7 * user + 3 * item) % 5), item))
        for user in range(60)
    }
    lists = lists_of(Fake().fit(X).recommend(n_items=n_items))
    assert lists == {user: items[:n_items] for user, items in expected.items()}


def test_columns_have_the_names_of_fit(frame_library):
    frame = PopularityRecommender().fit(frame_library(ROWS)).recommend()
    assert list(frame.columns) == ["user_id", "anime_id", "score", "rank"]


@pytest.mark.parametrize("make", [np.array, list, pd.DataFrame], ids=["ndarray", "list", "no names"])
def test_columns_of_nameless_rows_are_user_and_item_in_pandas(make):
    frame = PopularityRecommender().fit(make([[1, 2], [3, 4]])).recommend()
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == ["user", "item", "score", "rank"]


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS).convert_dtypes(),
        pd.DataFrame(ROWS).astype("category"),
        pd.DataFrame(ROWS).astype({"anime_id": "uint8", "user_id": object}),
        pd.DataFrame(ROWS).astype({"anime_id": "float32"}),
        pd.DataFrame(ROWS).set_axis([5, 5, 4, 3, 2, 1, 0]),
        pl.DataFrame(ROWS),
        pl.DataFrame(ROWS, schema={"user_id": pl.Categorical, "anime_id": pl.UInt16}),
        pl.DataFrame(ROWS, schema={"user_id": pl.Enum(["cat", "bob", "ann"]), "anime_id": pl.Float32}),
    ],
    ids=range(9),
)
@pytest.mark.parametrize("ask", ["recommend", "similar_items", "similar_users"])
@UNKNOWN_USERS
def test_ids_come_out_in_the_library_and_dtype_of_fit(X, ask):
    keys = {"recommend": {}, "similar_items": {"items": [1]}, "similar_users": {"users": ["ann"]}}
    frame = getattr(PopularityRecommender().fit(X), ask)(**keys[ask])
    assert type(frame) is type(X)
    for name in set(frame.columns) & set(X.columns):
        assert frame[name].dtype == X[name].dtype
    if isinstance(X, pd.DataFrame):
        assert frame.index.tolist() == list(range(len(frame)))


@pytest.mark.parametrize("ids", [np.array([2**63 + 1, 5], dtype=np.uint64), [2**53 + 1, 2**53], [-7, 3]])
def test_huge_and_negative_ids_come_out_exactly(ids):
    X = pd.DataFrame({"user_id": ids, "anime_id": ids})
    frame = PopularityRecommender().fit(X).recommend()
    first, second = sorted(X["user_id"])
    assert rows_of(frame) == [(first, second, 1.0, 1), (second, first, 1.0, 1)]


def test_lists_for_an_arrow_table_are_an_arrow_table():
    pa = pytest.importorskip("pyarrow")
    frame = PopularityRecommender().fit(pa.table(ROWS)).recommend(["bob"])
    assert isinstance(frame, pa.Table)
    assert rows_of(frame) == [("bob", 2, 2.0, 1)]


def test_ids_of_several_types_are_told_apart():
    X = pd.DataFrame({"user_id": ["1", 1, 1.5], "anime_id": [("a", 1), "a", ("a", 1)]}, dtype=object)
    assert lists_of(PopularityRecommender().fit(X).recommend()) == {
        "1": ["a"],
        1: [("a", 1)],
        1.5: ["a"],
    }


def test_user_and_item_are_found_by_name_in_any_order(frame_library):
    X = frame_library({name: ROWS[name] for name in ("anime_id", "user_id")})
    frame = PopularityRecommender(user="user_id", item="anime_id").fit(X).recommend(["bob"])
    assert rows_of(frame) == [("bob", 2, 2.0, 1)]


@pytest.mark.parametrize(
    ("names", "ask"),
    [
        (("score", "item"), lambda model: model.recommend()),
        (("user", "rank"), lambda model: model.recommend()),
        (("user", "neighbor"), lambda model: model.similar_items(1)),
    ],
    ids=["score", "rank", "neighbor"],
)
def test_id_column_with_a_name_of_the_answer_raises(names, ask):
    model = PopularityRecommender().fit(pd.DataFrame([["ann", 1], ["bob", 2]], columns=names))
    with pytest.raises(ValueError, match=r"id column of X is called '(score|rank|neighbor)', as is a"):
        ask(model)


# Whom


@pytest.mark.parametrize("users", ["bob", ["bob"], np.array(["bob"]), pd.Series(["bob"], index=[3])])
def test_one_user_gets_one_list(model, users):
    assert lists_of(model.recommend(users)) == {"bob": [2]}


def test_one_integer_is_a_user():
    assert lists_of(PopularityRecommender().fit([[7, 1], [8, 2]]).recommend(7)) == {7: [2]}


def test_lists_come_in_the_order_of_the_users_asked_and_each_once(model):
    frame = model.recommend(["cat", "ann", "cat"], n_items=1)
    assert rows_of(frame) == [("cat", 3, 1.0, 1), ("ann", 3, 1.0, 1)]


def test_nobody_gets_an_empty_frame_of_the_same_form(container):
    model = PopularityRecommender().fit(container(ROWS))
    full, empty = model.recommend(), model.recommend([])
    assert rows_of(empty) == []
    assert list(empty.dtypes) == list(full.dtypes)


def test_unknown_users_get_the_most_popular_items_and_one_warning_counts_them():
    model = BiasRegressor().fit(pd.DataFrame(ROWS), RATINGS)
    with pytest.warns(UserWarning, match=r"^2 of 3 users have no history") as warned:
        frame = model.recommend(["zoe", "ann", "yan"], n_items=3)
    assert [warning.filename for warning in warned] == [__file__]
    assert lists_of(frame)["zoe"] == lists_of(frame)["yan"] == [1, 2, 3]
    assert frame["rank"].tolist()[:3] == [1, 2, 3]


def test_the_warning_of_unknown_users_shows_what_ids_look_like():
    model = PopularityRecommender().fit([[1, 7], [2, 8]])
    with pytest.warns(UserWarning, match=r"such as '1' \(user ids of fit look like 1\)"):
        model.recommend(["1"])


@UNKNOWN_USERS
def test_popular_items_have_no_score():
    frame = BiasRegressor().fit(pd.DataFrame(ROWS), RATINGS).recommend(["zoe", "ann"])
    assert frame["score"].isna().tolist() == [True] * 4 + [False] * 2


@UNKNOWN_USERS
def test_unknown_users_get_dtypes_of_fit_where_they_fit(frame_library):
    X = frame_library(ROWS)
    frame = PopularityRecommender().fit(X).recommend(["zoe", "ann"])
    assert frame["user_id"].dtype == X["user_id"].dtype


@UNKNOWN_USERS
def test_unknown_users_of_another_type_are_named_as_asked():
    model = PopularityRecommender().fit([[1, 1], [2, 2]])
    assert list(lists_of(model.recommend(["zoe", 1, 2**63]))) == ["zoe", 1, 2**63]


def test_table_in_place_of_users_raises(model):
    with pytest.raises(
        ValueError, match=r"Ids must have one dimension, got a DataFrame of shape \(7, 1\)"
    ):
        model.recommend(pd.DataFrame(ROWS)[["user_id"]])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_user_raises(model, missing):
    with pytest.raises(ValueError, match=r"NaN as user id in row 1"):
        model.recommend(["ann", missing])


def test_unhashable_user_raises(model):
    with pytest.raises(
        TypeError, match=r"must be a string or a number, or else hashable; got \{'a': 1\}"
    ):
        model.recommend([{"a": 1}])


# History


def test_history_recommends_to_users_who_were_not_in_fit(frame_library):
    model = PopularityRecommender().fit(frame_library(ROWS))
    history = frame_library({"user_id": ["zoe", "zoe", "yan"], "anime_id": [1, 3, 2]})
    assert lists_of(model.recommend(history=history)) == {"yan": [1, 3, 4], "zoe": [2, 4]}


@pytest.mark.parametrize("new", ["zoe", "bob"])
@pytest.mark.parametrize(
    "dtype", [pl.Categorical, pl.Enum(["ann", "bob", "cat", "zoe"]), "category", "string"], ids=str
)
def test_history_of_new_users_keeps_the_dtype_of_fit(dtype, new):
    if isinstance(dtype, str):
        X = pd.DataFrame(ROWS).astype({"user_id": dtype})
        history = pd.DataFrame({"user_id": [new], "anime_id": [2]}).astype({"user_id": dtype})
    else:
        X = pl.DataFrame(ROWS, schema_overrides={"user_id": dtype})
        history = pl.DataFrame({"user_id": [new], "anime_id": [2]}, schema_overrides={"user_id": dtype})
    frame = PopularityRecommender().fit(X).recommend(history=history)
    assert lists_of(frame) == {new: [1, 3, 4]}
    assert nw.from_native(frame)["user_id"].dtype == nw.from_native(X)["user_id"].dtype


def test_history_stands_in_for_what_fit_saw_of_a_user(model):
    assert lists_of(model.recommend("ann", history=[["ann", 3]])) == {"ann": [1, 2, 4]}


def test_users_may_be_asked_for_that_are_not_in_the_history(model):
    assert lists_of(model.recommend(["bob", "zoe"], history=[["zoe", 1]])) == {
        "bob": [2],
        "zoe": [2, 3, 4],
    }


def test_ratings_of_a_history_move_the_scores():
    model = BiasRegressor(shrinkage=1).fit(pd.DataFrame(ROWS), RATINGS)
    scores = {}
    for rating in (3, 9):
        frame = model.recommend(history=([["zoe", 1], ["zoe", 2]], [rating, np.nan]))
        scores[rating] = frame["score"].to_numpy()
    # One rating and shrinkage 1: half of the residual, so half of the difference of the ratings.
    np.testing.assert_allclose(scores[9] - scores[3], (9 - 3) / 2)


def test_history_equal_to_fit_gives_the_lists_of_fit():
    X = random_rows()
    model = Fake().fit(X)
    pd.testing.assert_frame_equal(model.recommend(history=X), model.recommend())


def test_unknown_items_of_a_history_are_ignored_with_one_warning_that_counts_them(model):
    with pytest.warns(UserWarning, match=r"^2 item\(s\) of history=") as warned:
        frame = model.recommend(history=[["zoe", 1], ["zoe", 98], ["zoe", 99]])
    assert [warning.filename for warning in warned] == [__file__]
    assert lists_of(frame) == {"zoe": [2, 3, 4]}


def test_history_of_unknown_items_alone_gives_the_popular_ones(model):
    with pytest.warns(
        UserWarning, match=r"1 item\(s\) of history=|1 of 1 users have no history"
    ) as warned:
        frame = model.recommend(history=[["ann", 98]])
    assert len(warned) == 2
    assert lists_of(frame) == {"ann": [1, 2, 3, 4]}


def test_history_in_another_library_than_fit_is_answered_in_that_of_fit(model):
    frame = model.recommend(history=pl.DataFrame({"user_id": ["zoe"], "anime_id": [1]}))
    assert isinstance(frame, pd.DataFrame)
    assert lists_of(frame) == {"zoe": [2, 3, 4]}


def test_history_is_read_by_name(model, frame_library):
    history = frame_library({"anime_id": [1], "user_id": ["zoe"]})
    assert lists_of(model.recommend(history=history)) == {"zoe": [2, 3, 4]}


def test_history_needs_no_features(frame_library):
    X = frame_library({"site_rating": [4, 8, 7, 8, 3, 8, 7], **ROWS})
    model = PopularityRecommender(user="user_id", item="anime_id").fit(X)
    history = frame_library({"anime_id": [1], "user_id": ["zoe"]})
    assert lists_of(model.recommend(history=history)) == {"zoe": [2, 3, 4]}


def test_history_with_an_unknown_column_raises(model):
    history = pd.DataFrame({"user_id": ["zoe"], "anime_id": [1], "rating": [8]})
    with pytest.raises(
        ValueError, match=r"history= has a column 'rating', which fit did not have.* as y"
    ):
        model.recommend(history=history)


def test_history_without_the_item_column_raises(model):
    history = pd.DataFrame({"user_id": ["zoe"], "title": [1]})
    with pytest.raises(
        ValueError, match=r"history= has no column 'anime_id' \(columns: \['user_id', 'title'\]"
    ):
        model.recommend(history=history)


@pytest.mark.parametrize("user", [0, 2])
def test_history_of_an_array_is_the_ids_or_all_columns_of_fit(user):
    item = 2 - user
    X = [
        [user_id, 5.0, anime_id][:: 1 if user == 0 else -1]
        for user_id, anime_id in zip(*ROWS.values(), strict=True)
    ]
    model = PopularityRecommender(user=user, item=item).fit(X)
    assert lists_of(model.recommend(history=[["zoe", 1]])) == {"zoe": [2, 3, 4]}
    assert lists_of(model.recommend(history=[["zoe", 5.0, 1][:: 1 if user == 0 else -1]])) == {
        "zoe": [2, 3, 4]
    }


def test_history_of_an_array_may_have_all_columns_of_a_frame(frame_library):
    """The names of the features are those of fit, and the array has none."""
    features = {**ROWS, "age": [30, 20, 20, 30, 30, 40, 40], "episodes": [1, 24, 12, 24, 3, 24, 12]}
    model = WithFeatures().fit(frame_library(features))
    full = model.recommend(history=[["dan", 1, 50, 24]])
    assert rows_of(full) == rows_of(model.recommend(history=[["dan", 1]]))


def test_history_as_a_tuple_of_two_rows_is_rows(model):
    frame = model.recommend(history=(["zoe", 1], ["zoe", 2]))
    assert lists_of(frame) == {"zoe": [3, 4]}


def test_history_as_a_list_of_rows_and_ratings_raises(model):
    with pytest.raises(TypeError, match=r"list of two tables.*tuple: history=\(X, y\)"):
        model.recommend(history=[[["zoe", 1]], [8]])


def test_history_features_of_new_users_are_used():
    class OfUsers(Fake):
        def fit(self, X, y=None):
            self.interactions_ = Interactions.from_rows(X, y, needs_ratings=False, features="numbers")
            return self

        def _score_block(self, rows):
            return np.tile(rows.user_features[:, :1], (1, rows.n_items))

    X = pd.DataFrame({**ROWS, "age": [30, 20, 20, 30, 30, 25, 25]})
    model = OfUsers().fit(X)
    history = pd.DataFrame({"user_id": ["zoe"], "anime_id": [1], "age": [44]})
    assert model.recommend(history=history)["score"].tolist() == [44.0] * 3
    assert model.recommend(history=history[["user_id", "anime_id"]])["score"].tolist() == [25.0] * 3
    assert model.recommend("ann")["score"].tolist() == [20.0] * 2


def test_unknown_ids_of_another_type_in_polars_are_answered_or_named():
    X = pl.DataFrame({"user": [1, 1, 2], "item": [7, 8, 7]})
    model = PopularityRecommender().fit(X)
    with pytest.warns(UserWarning, match="no history"):
        assert model.recommend("zoe", n_items=1).rows() == [
            ("zoe", 7, pytest.approx(np.nan, nan_ok=True), 1)
        ]
    assert model.recommend(history=[["zoe", 7]]).rows() == [("zoe", 8, 1.0, 1)]
    with pytest.raises(TypeError, match=r"Column 'user' would hold ids of several types \(int, str\)"):
        model.recommend([1, "zoe"])


@pytest.mark.parametrize("mask", [[True, False, True], np.array([True, False, True])])
def test_a_mask_in_place_of_users_raises(model, mask):
    with pytest.raises(
        ValueError, match=r"users are asked for by a mask of booleans.*model\.users_\[mask\]"
    ):
        model.recommend(mask)


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ([["zoe"]], r"history= has 1 columns\. Give the columns user, item alone, or all 2"),
        (["zoe", 1], r"^history=\['zoe', 1\] is no table of interactions\. Give a row of user and item"),
        ({"zoe": [1, 2]}, r"^history=\{'zoe': \[1, 2\]\} is no table of interactions"),
        ([{"user": "zoe", "item": 1}], r"is no table of interactions"),
        (pd.Series([1, 2]), r"is no table of interactions"),
        (pl.Series([1, 2]), r"is no table of interactions"),
        (np.array([1, 2]), r"is no table of interactions"),
        ([], r"^history=\[\] is no table of interactions"),
        ("zoe", r"is no table of interactions"),
        ([["zoe", None]], r"NaN as item id in row 0"),
        (([["zoe", 1]], [np.inf]), r"y contains infinity"),
        (([["zoe", 1]], [8, 9]), r"X has 1 rows and y has 2 ratings"),
        (([["zoe", 1]], ["good"]), r"y holds 'good' \(row 0\)"),
    ],
)
def test_bad_history_raises(model, history, message):
    with pytest.raises(ValueError, match=message):
        model.recommend(history=history)


# Which items


def test_seen_items_are_ranked_where_asked(model):
    assert lists_of(model.recommend(["bob"], exclude_seen=False)) == {"bob": [1, 2, 3, 4]}


def test_rows_that_were_seen_and_not_rated_are_left_out_too():
    model = BiasRegressor().fit([["ann", 1], ["ann", 2], ["bob", 3]], [8, np.nan, 7])
    assert lists_of(model.recommend(["ann"])) == {"ann": [3]}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"include": [1, 4]}, [4]),
        ({"include": 4}, [4]),
        ({"include": [3, 4, 99]}, [3, 4]),
        ({"exclude": [3]}, [4]),
        ({"exclude": [3, 99]}, [4]),
        ({"exclude": []}, [3, 4]),
        ({"include": [3, 4], "exclude": pd.Series([4])}, [3]),
        ({"include": []}, []),
        ({"include": [1], "exclude": [1]}, []),
    ],
)
def test_include_and_exclude_restrict_the_candidates(model, keys, expected):
    assert [item for _, item, *_ in rows_of(model.recommend("ann", **keys))] == expected


def test_no_candidate_gives_an_empty_frame_of_the_same_form(container):
    model = PopularityRecommender().fit(container(ROWS))
    assert list(model.recommend(include=[]).dtypes) == list(model.recommend().dtypes)


def test_include_of_unknown_ids_alone_raises(model):
    with pytest.raises(
        ValueError, match=r"None of the ids in include= \(such as '1'\).*ids such as 1\."
    ):
        model.recommend(include=["1"])


def test_new_titles_join_the_candidates(frame_library):
    X = frame_library({**ROWS, "site_rating": [4, 8, 7, 8, 3, 8, 7]})
    new = frame_library({"anime_id": [9, 5], "site_rating": [3.5, 9]})
    frame = WithFeatures().fit(X).recommend(["ann"], items=new)
    assert rows_of(frame) == [("ann", 5, 9, 1), ("ann", 4, 4, 2), ("ann", 9, 3.5, 3), ("ann", 3, 3, 4)]


def test_new_titles_can_be_asked_for_alone():
    X = pd.DataFrame({**ROWS, "site_rating": 5.0})
    frame = WithFeatures().fit(X).recommend("bob", items=[[9, 3.5], [5, 9]], include=[5, 9])
    assert lists_of(frame) == {"bob": [5, 9]}


@UNKNOWN_USERS
def test_new_titles_come_last_for_unknown_users():
    X = pd.DataFrame({**ROWS, "site_rating": 5.0})
    frame = WithFeatures().fit(X).recommend("zoe", items=[[9, 3.5]])
    assert lists_of(frame) == {"zoe": [1, 2, 3, 4, 9]}


@pytest.mark.parametrize("items", [[[9]], pd.DataFrame({"anime_id": [9], "episodes": [12]})])
def test_new_titles_raise_for_a_model_without_features(model, items):
    with pytest.raises(
        ValueError, match=r"PopularityRecommender does not use item features.*Leave items="
    ):
        model.recommend(items=items)


@pytest.mark.parametrize("items", [[[1]], pd.DataFrame({"anime_id": [4, 1]})])
def test_known_items_among_the_new_ones_change_nothing(model, items):
    pd.testing.assert_frame_equal(model.recommend(items=items), model.recommend())


def test_new_items_with_a_misnamed_column_raise(frame_library):
    X = frame_library({**ROWS, "site_rating": [4, 8, 7, 8, 3, 8, 7]})
    new = frame_library({"site_ratting": [3.5], "anime_id": [9]})
    with pytest.raises(
        ValueError, match=r"items= has no column 'site_rating' .*'anime_id', 'site_rating'"
    ):
        WithFeatures().fit(X).recommend(["ann"], items=new)


def test_known_items_among_the_new_ones_may_have_gaps(frame_library):
    model = WithFeatures().fit(frame_library({**ROWS, "episodes": [1.5, 24, 12, 24, 3, 24, 12]}))
    both = frame_library({"anime_id": [1, 9], "episodes": [None, 2.5]})
    new = frame_library({"anime_id": [9], "episodes": [2.5]})
    assert rows_of(model.recommend(items=both)) == rows_of(model.recommend(items=new))
    assert rows_of(model.recommend(items=both[:1])) == rows_of(model.recommend())


def test_new_items_with_gaps_raise_with_their_row():
    model = WithFeatures().fit(pd.DataFrame({**ROWS, "episodes": [1.5, 24, 12, 24, 3, 24, 12]}))
    with pytest.raises(ValueError, match="nan in row 1 of column 'episodes'"):
        model.recommend(items=pd.DataFrame({"anime_id": [1, 9], "episodes": [None, np.nan]}))


def test_a_new_item_in_the_history_is_not_recommended_again():
    X = pd.DataFrame({**ROWS, "site_rating": 5.0})
    model = WithFeatures().fit(X)
    frame = model.recommend(history=[["zoe", 9], ["zoe", 1], ["yan", 1]], items=[[9, 8.0], [5, 7.0]])
    assert lists_of(frame) == {"yan": [9, 5, 2, 3, 4], "zoe": [5, 2, 3, 4]}


def test_exclude_of_unknown_ids_alone_raises(model):
    with pytest.raises(ValueError, match=r"None of the ids in exclude= \(such as '3'\).*such as 1"):
        model.recommend(exclude=["3"])


def test_unknown_ids_beside_known_ones_may_be_excluded(model):
    assert lists_of(model.recommend("ann", exclude=[3, 99])) == {"ann": [4]}


@pytest.mark.parametrize("exclude_seen", ["no", 1, None])
def test_exclude_seen_is_a_switch(model, exclude_seen):
    with pytest.raises(TypeError, match=r"exclude_seen must be True or False, got"):
        model.recommend(exclude_seen=exclude_seen)


def test_context_is_replaced_by_its_mean_with_one_warning_that_names_it():
    X = pd.DataFrame({**ROWS, "hour": range(7)})
    with pytest.warns(UserWarning, match=r"Columns \['hour'\] of X are constant neither") as warned:
        frame = WithFeatures().fit(X).recommend(["bob"])
    assert [warning.filename for warning in warned] == [__file__]
    assert rows_of(frame) == [("bob", 2, (2 + 6) / 2, 1)]


@pytest.mark.parametrize(
    ("n_items", "error", "message"),
    [
        (0, ValueError, r"n_items == 0, must be >= 1"),
        (2.5, TypeError, r"n_items must be an instance of"),
        (True, TypeError, r"n_items must be an instance of int, not bool"),
    ],
)
def test_length_that_is_none_raises(model, n_items, error, message):
    with pytest.raises(error, match=message):
        model.recommend(n_items=n_items)


# Scores that are wrong


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros((1, 3)), r"_score_block returned scores of shape \(1, 3\), not \(1, 4\)"),
        (np.full((1, 4), np.nan), r"4 of 4 scores are NaN, which cannot be ranked"),
    ],
)
def test_scores_that_cannot_be_ranked_raise(scores, message):
    model = Fake().fit(pd.DataFrame(ROWS))
    model._score_block = lambda rows: scores
    with pytest.raises(ValueError, match=message):
        model.recommend("ann")


def test_scores_may_be_integers_and_read_only():
    model = Fake().fit(pd.DataFrame(ROWS))
    model._score_block = lambda rows: np.broadcast_to(np.arange(4), rows.shape)
    assert lists_of(model.recommend("ann")) == {"ann": [4, 3]}


# Blocks and workers


@pytest.mark.parametrize("working_memory", [1e-9, 0.001, 0.01])
def test_lists_do_not_depend_on_the_size_of_the_blocks(working_memory):
    model = Fake().fit(random_rows())
    expected = model.recommend()
    with sklearn.config_context(working_memory=working_memory):
        pd.testing.assert_frame_equal(model.recommend(), expected)


def test_blocks_keep_to_the_working_memory():
    model = Fake().fit(random_rows())
    with sklearn.config_context(working_memory=0.002):
        model.recommend()
    assert sum(model.blocks_) == 60
    assert max(model.blocks_) == int(0.002 * 2**20 / (8 * 40))


def test_workers_share_the_working_memory():
    with sklearn.config_context(working_memory=8):
        assert block_length(1000, n_jobs=2) == block_length(1000) // 2
        with joblib.parallel_config(backend="threading", n_jobs=4):
            assert block_length(1000) == 8 * 2**20 // (8 * 1000) // 4


def test_a_block_has_at_most_64_mebibytes():
    assert block_length(1024) == 64 * 1024 // 8


def test_the_dense_table_of_users_and_items_never_exists():
    users = np.arange(4000)
    X = np.column_stack([users, users // 2])
    model = PopularityRecommender().fit(X)  # 4000 users x 2000 items: 64 MB as a dense table
    with sklearn.config_context(working_memory=2):
        tracemalloc.start()
        try:
            model.recommend(n_items=5)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 12e6


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_lists_do_not_depend_on_n_jobs(n_jobs):
    X = random_rows()
    with sklearn.config_context(working_memory=0.002):
        pd.testing.assert_frame_equal(Fake(n_jobs=n_jobs).fit(X).recommend(), Fake().fit(X).recommend())


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_lists_do_not_depend_on_the_backend_of_joblib(backend):
    model = PopularityRecommender().fit(random_rows())
    expected = model.recommend()
    with sklearn.config_context(working_memory=0.01), joblib.parallel_config(backend=backend, n_jobs=2):
        pd.testing.assert_frame_equal(model.recommend(), expected)


# Similar items and users


def test_similar_items_are_those_seen_by_the_same_users(container):
    frame = PopularityRecommender().fit(container(ROWS)).similar_items(1)
    assert list(frame.columns)[1:] == ["neighbor", "similarity", "rank"]
    items, neighbors, similarities, ranks = zip(*rows_of(frame), strict=True)
    assert (items, neighbors, ranks) == ((1, 1, 1), (2, 3, 4), (1, 2, 3))
    # cosine = users who have seen both / sqrt(users of one * users of the other)
    assert similarities == pytest.approx([2 / (3 * 2) ** 0.5, 1 / 3**0.5, 1 / 3**0.5])


def test_similar_users_are_those_who_have_seen_the_same_items(frame_library):
    frame = PopularityRecommender().fit(frame_library(ROWS)).similar_users(["bob", "ann"], n_users=1)
    users, neighbors, similarities, _ = zip(*rows_of(frame), strict=True)
    assert (users, neighbors) == (("bob", "ann"), ("ann", "cat"))
    assert similarities == pytest.approx([1 / (3 * 2) ** 0.5, 1])


def test_similar_lists_come_once_and_do_not_depend_on_the_size_of_the_blocks():
    model = PopularityRecommender().fit(random_rows())
    expected = model.similar_items([5, 3, 8])
    with sklearn.config_context(working_memory=1e-9):
        pd.testing.assert_frame_equal(model.similar_items([5, 3, 8, 3, 5]), expected)


def test_similar_to_nothing_is_an_empty_frame(model):
    assert model.similar_items([]).dtypes.tolist() == model.similar_items([1]).dtypes.tolist()


def test_a_lone_item_has_no_neighbor():
    assert rows_of(PopularityRecommender().fit([["ann", 1], ["bob", 1]]).similar_items(1)) == []


@pytest.mark.parametrize(
    ("ask", "unknown", "message"),
    [
        ("similar_items", [1, 99], r"item 99 was not in the rows of fit, which had 4 items such as 1\."),
        (
            "similar_users",
            "zoe",
            r"user 'zoe' was not in the rows of fit, which had 3 users such as 'ann'",
        ),
    ],
)
def test_similar_to_an_unknown_id_raises(model, ask, unknown, message):
    with pytest.raises(KeyError, match=message):
        getattr(model, ask)(unknown)


# Scores


def test_score_is_the_ndcg_of_the_lists(model):
    # ann's list is 3, 4: her one relevant title stands second; bob's list is 2.
    X = pd.DataFrame({"user_id": ["ann", "bob"], "anime_id": [4, 2]})
    assert model.score(X) == pytest.approx((1 / np.log2(3) + 1) / 2)


def test_score_of_the_rows_of_fit_is_zero(model):
    assert model.score(pd.DataFrame(ROWS)) == 0.0


def test_score_counts_repeated_rows_once(model):
    X = pd.DataFrame({"user_id": ["ann", "bob"], "anime_id": [4, 2]})
    assert model.score(pd.concat([X, X[:1]])) == model.score(X)


def test_score_of_a_rating_model_is_r2_over_the_rated_rows():
    X, y = pd.DataFrame(ROWS), np.array(RATINGS, dtype=float)
    model = BiasRegressor().fit(X, y)
    y[2], rated = np.nan, np.arange(7) != 2
    weights = np.arange(1, 8)
    expected = r2_score(y[rated], model.predict(X)[rated])
    weighted = r2_score(y[rated], model.predict(X)[rated], sample_weight=weights[rated])
    assert model.score(X, y) == pytest.approx(expected)
    assert model.score(X, y, sample_weight=weights) == pytest.approx(weighted)


@pytest.mark.parametrize(
    ("y", "sample_weight", "message"),
    [
        ([np.nan] * 7, None, r"y contains NaN only: there is no rating to compare"),
        (RATINGS, [1, 2], r"sample_weight.shape == \(2,\), expected \(7,\)"),
        (RATINGS[:3], None, r"X has 7 rows and y has 3 ratings"),
    ],
    ids=["nan", "weights", "length"],
)
def test_score_of_a_rating_model_without_its_numbers_raises(y, sample_weight, message):
    model = BiasRegressor().fit(pd.DataFrame(ROWS), RATINGS)
    with pytest.raises(ValueError, match=message):
        model.score(pd.DataFrame(ROWS), y, sample_weight=sample_weight)


# The estimator contract


@pytest.mark.parametrize(
    ("ask", "argument"),
    [("recommend", None), ("similar_items", [1]), ("similar_users", ["ann"]), ("predict", [["ann", 1]])],
)
@pytest.mark.parametrize("estimator", [BiasRegressor(), PopularityRecommender()], ids=repr)
def test_use_before_fit_raises(estimator, ask, argument):
    with pytest.raises(NotFittedError, match=r"instance is not fitted yet"):
        getattr(estimator, ask)(argument)


BAD_TABLES = {
    "no column": (pd.DataFrame(ROWS)[["user_id"]], RATINGS, r"minimum of 2 is required"),
    "no row": (pd.DataFrame(ROWS)[:0], [], r"X has 0 sample"),
    "missing id": (pd.DataFrame(ROWS).replace({"user_id": {"cat": None}}), RATINGS, r"NaN as user id"),
    "infinite id": (pd.DataFrame(ROWS).replace({"anime_id": {4: np.inf}}), RATINGS, r"inf is no id"),
    "infinite rating": (pd.DataFrame(ROWS), [np.inf, *RATINGS[1:]], r"y contains infinity"),
    "text rating": (pd.DataFrame(ROWS), ["good"] * 7, r"y holds 'good'"),
    "other length": (pd.DataFrame(ROWS), RATINGS[1:], r"X has \d+ rows and y has \d+ ratings"),
    "mixed names": (pd.DataFrame(ROWS).set_axis(["user_id", 1], axis=1), RATINGS, r"have string names"),
}


@pytest.mark.parametrize("bad", BAD_TABLES)
@pytest.mark.parametrize("estimator", [BiasRegressor, PopularityRecommender])
def test_a_failing_fit_leaves_the_old_model(estimator, bad):
    model = estimator().fit(pd.DataFrame(ROWS).assign(episodes=12), RATINGS)
    before, attributes = pickle.dumps(model), vars(model).copy()
    X, y, message = BAD_TABLES[bad]
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(X, y)
    assert vars(model) == attributes
    assert pickle.dumps(model) == before


def test_a_new_fit_forgets_the_old_model():
    model = BiasRegressor().fit(pd.DataFrame(ROWS).assign(episodes=12), RATINGS)
    model.fit([[1, 2], [3, 4]], [5, 6])
    assert model.n_features_in_ == 2
    assert not hasattr(model, "feature_names_in_")
    assert model.users_.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda X: X.rename(columns={"anime_id": "title"}),
            r"(?s)unseen at fit time:\n- title.*anime_id",
        ),
        (lambda X: X[["anime_id", "user_id"]], r"must be in the same order"),
        (lambda X: X.assign(episodes=12), r"unseen at fit time:\n- episodes"),
        (lambda X: X[["user_id"]], r"now missing:\n- anime_id"),
        (lambda X: X.assign(episodes=12).to_numpy(), r"X has 3 features, but .* is expecting 2"),
    ],
    ids=["renamed", "swapped", "more", "fewer", "array"],
)
@pytest.mark.parametrize("estimator", [BiasRegressor, PopularityRecommender])
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
def test_predict_on_other_columns_than_in_fit_raises(estimator, change, message):
    model = estimator().fit(pd.DataFrame(ROWS), RATINGS)
    with pytest.raises(ValueError, match=message):
        model.predict(change(pd.DataFrame(ROWS)))


def by_joblib(model, tmp_path):
    joblib.dump(model, tmp_path / "model.joblib")
    return joblib.load(tmp_path / "model.joblib")


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
@pytest.mark.parametrize("estimator", [BiasRegressor, PopularityRecommender])
@pytest.mark.parametrize(
    "copied",
    [
        lambda model, tmp_path: pickle.loads(pickle.dumps(model)),
        lambda model, tmp_path: copy.deepcopy(model),
        by_joblib,
    ],
    ids=["pickle", "deepcopy", "joblib"],
)
def test_a_copy_answers_as_the_model_does(library, estimator, copied, tmp_path):
    model = estimator().fit(library(ROWS), RATINGS)
    other = copied(model, tmp_path)
    assert rows_of(other.recommend()) == rows_of(model.recommend())
    np.testing.assert_array_equal(other.predict(library(ROWS)), model.predict(library(ROWS)))


@pytest.mark.parametrize(
    "estimator", [BiasRegressor(1.0, user="user_id"), PopularityRecommender(item="anime_id")], ids=repr
)
def test_clone_has_the_parameters_and_nothing_of_fit(estimator):
    other = clone(estimator.fit(pd.DataFrame(ROWS), RATINGS))
    assert other.get_params() == estimator.get_params()
    assert not hasattr(other, "interactions_")


# Pairs that are left out


def pairs_left(model, exclude, **options):
    frame = nw.from_native(
        model.recommend(["ann", "bob"], exclude=exclude, exclude_seen=False, **options)
    )
    return set(zip(frame["user"].to_list(), frame["item"].to_list(), strict=True))


def test_exclude_as_a_frame_is_for_single_users(frame_library):
    rows = {"user": ["ann", "ann", "bob"], "item": ["A", "B", "C"]}
    model = PopularityRecommender().fit(frame_library(rows))
    everything = {(user, item) for user in ("ann", "bob") for item in "ABC"}
    for names in (["user", "item"], ["who", "what"]):
        pairs = frame_library(dict(zip(names, [["bob", "ann", "?"], ["A", "?", "B"]], strict=True)))
        assert pairs_left(model, pairs) == everything - {("bob", "A")}
    swapped = frame_library({"item": ["A"], "user": ["bob"]})
    assert pairs_left(model, swapped) == everything - {("bob", "A")}
    assert pairs_left(model, swapped, history=[["ann", "A"], ["bob", "A"]]) == everything - {
        ("bob", "A")
    }


def test_exclude_as_a_frame_of_one_column():
    model = PopularityRecommender().fit([["ann", "A"], ["bob", "B"]])
    with pytest.raises(ValueError, match=r"exclude= is a frame with the columns \['item'\]"):
        model.recommend(exclude=pd.DataFrame({"item": ["A"]}))


@pytest.mark.parametrize("known", [[1, 2], ["1", "2"]], ids=["numbers", "text"])
def test_ids_of_another_kind_are_named(known):
    """Text and numbers never match: one warning says so, in predict and in history=."""
    other = [str(each) if isinstance(each, int) else int(each) for each in known]
    model = EASERecommender(1.0).fit(pd.DataFrame({"user": ["a", "a", "b"], "item": [*known, known[0]]}))
    wrong = pd.DataFrame({"user": ["a"], "item": other[:1]})
    with pytest.warns(UserWarning, match=r"None of the item ids of X was in the rows of fit.*astype"):
        assert model.predict(wrong).tolist() == [0.0]
    match = r"None of the item ids of history= was in the rows of fit.*astype"
    with pytest.warns(UserWarning, match=match), pytest.warns(UserWarning, match="no history"):
        model.recommend(history=wrong.assign(user="me"))


def test_users_asked_for_by_text_where_fit_had_numbers_are_told_so():
    model = PopularityRecommender().fit([[1, 10], [2, 20]])
    with pytest.warns(UserWarning, match="They are text, and those of fit numbers"):
        model.recommend(["1"], n_items=1)
    with pytest.warns(UserWarning, match="are ignored|have no history") as warned:
        model.recommend(history=[["me", 30]], n_items=1)
    assert not any("They are text" in str(each.message) for each in warned)
