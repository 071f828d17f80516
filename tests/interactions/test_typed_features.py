"""Features in the dtypes of X: of the item, of the user, or context with a stand-in."""

from datetime import date, datetime, time, timedelta

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._features import extended, of_codes

ROWS = {
    "user_id": ["ann", "ann", "bob", "bob"],
    "anime_id": [1, 2, 1, 3],
    "genre": ["Action", None, "Action", "Drama"],
    "country": ["SE", "SE", None, None],
    "hour": [1, 2, 3, 4],
    "constant": [7, 7, 7, 7],
}


def table(X):
    return Interactions.from_rows(X, np.ones(len(X)), features="columns").features


def items(X):
    return [column.to_series() for column in table(X).item_columns]


def users(X):
    return [column.to_series() for column in table(X).user_columns]


def series(values):
    return nw.from_native(values, series_only=True)


def stand_in(values):
    """Return what stands in for a column of context, whose first rows are all of one item."""
    rows = pd.DataFrame({"user": range(len(values)), "item": 1, "context": values})
    other = rows.iloc[np.roll(rows.index, 1)].assign(user=rows["user"].to_numpy(), item=2)
    columns = table(pd.concat([rows, other]))
    assert columns.context.tolist() == [True]
    return columns.item_columns[0].to_series()[0]


def test_columns_are_told_apart_by_what_they_are_constant_within(container):
    columns = table(container(ROWS))
    assert columns.of_user.tolist() == [False, True, False, False]
    assert columns.context.tolist() == [False, False, True, False]


def test_a_gap_is_a_value_that_can_be_constant(frame_library):
    X = frame_library(ROWS)
    assert [pd.isna(genre) for genre in items(X)[0].to_list()] == [False, True, False]
    assert [pd.isna(country) for country in users(X)[0].to_list()] == [False, True]


@pytest.mark.parametrize(
    "gaps",
    [
        pd.Series([np.nan, np.nan, 1.5]),
        pd.Series([pd.NA, pd.NA, 1], dtype="Int64"),
        pd.Series([pd.NA, pd.NA, True], dtype="boolean"),
        pd.Series([None, None, "a"], dtype="string"),
        pd.Series([None, None, "a"], dtype="category"),
        pd.Series([pd.NaT, pd.NaT, pd.Timestamp(2024, 1, 1)]),
        pl.Series([None, None, 1]),
        pl.Series([None, None, True]),
        pl.Series([None, None, "a"]),
        pl.Series([None, None, date(2024, 1, 1)]),
        pl.Series([None, None, timedelta(1)]),
    ],
    ids=lambda gaps: f"{type(gaps).__module__.split('.')[0]} {gaps.dtype}",
)
def test_gaps_of_any_kind_equal_each_other(gaps):
    frame = pd.DataFrame if isinstance(gaps, pd.Series) else pl.DataFrame
    X = frame({"user": [1, 2, 2], "item": [7, 7, 8], "feature": gaps})
    assert table(X).context.tolist() == [False]
    assert items(X)[0].dtype == series(gaps).dtype


def test_rows_hold_the_columns_in_the_order_of_the_table(container):
    columns = table(container(ROWS))
    of_users = [of_codes(column, np.array([1, 0])) for column in columns.user_columns]
    of_items = [of_codes(column, np.array([1, 2])) for column in columns.item_columns]
    rows = columns.combined(of_users, of_items)
    assert [column.to_list()[1] for column in rows] == ["Drama", "SE", 4, 7]
    assert pd.isna(rows[0].to_list()[0])
    assert pd.isna(rows[1].to_list()[0])


def test_unknown_users_get_the_columns_of_a_typical_one():
    X = pd.DataFrame({"user": [1, 1, 2, 3, 4], "item": [1, 2, 1, 2, 1]})
    X["age"] = X["user"].map({1: 30, 2: 10, 3: 40, 4: 20})
    X["country"] = X["user"].map({1: "SE", 2: "JP", 3: "SE", 4: "FR"})
    ages, countries = (of_codes(column, np.array([-1, 0])) for column in table(X).user_columns)
    assert ages.to_list() == [25, 30]  # the mean of 10, 20, 30 and 40, a whole number as the others
    assert countries.to_list() == ["SE", "SE"]


@pytest.mark.parametrize(
    ("values", "typical"),
    [
        ([5, 1, 9], 5),
        ([5, 1, 9, 7], 5.5),
        ([5.5, np.nan, 1.0, np.nan, np.nan], 3.25),
        (pd.to_datetime(["2024-03-01", "2020-01-01", "2021-01-01"]), pd.Timestamp("2021-01-01")),
        (pd.to_timedelta([5, 1, 9], unit="D"), pd.Timedelta(5, "D")),
        (pd.array([5, None, None, 9, 10], dtype="Int64"), 8),
        (["b", "a", "b"], "b"),
        (["b", "a", "a", "b"], "b"),
        ([None, None, None, "a"], "a"),
        ([True, False, False], False),
        (pd.Categorical([10, 2, 10, 1]), 10),
        ([["x"], ["y"], ["y"]], ["y"]),
    ],
    ids=str,
)
def test_mean_of_numbers_median_of_dates_or_most_frequent_value_stands_in_for_context(values, typical):
    assert stand_in(values) == typical


def test_a_gap_stands_in_where_an_item_has_no_value():
    X = pd.DataFrame({"user": [1, 2, 1, 2], "item": [7, 7, 8, 8], "hour": [np.nan, np.nan, 1, 2]})
    hours = items(X)[0].to_list()
    assert np.isnan(hours[0])
    assert hours[1] == 1.5


def test_times_of_day_have_an_order():
    times = [time(23), time(9), time(11)]
    X = pl.DataFrame({"user": [1, 2, 3, 1], "item": [7, 7, 7, 8], "at": [*times, time(1)]})
    assert items(X)[0].to_list() == [time(11), time(1)]


def test_mean_and_most_frequent_value_equal_a_loop_on_random_columns():
    rng = np.random.RandomState(0)
    n = 500
    X = pd.DataFrame({"user": rng.permutation(n), "item": np.r_[:20, rng.randint(20, size=n - 20)]})
    X["number"] = np.where(rng.rand(n) < 0.3, np.nan, rng.randint(9, size=n))
    X["text"] = pd.Series(rng.choice(["a", "b", "c", None], size=n), dtype=object)
    X["other"] = -X["user"] // 2  # no column of the users
    X = pd.concat([X, X.assign(item=99, number=rng.rand(n), text="d", other=1)], ignore_index=True)
    numbers, texts, _ = items(X)
    for code, (_, rows) in enumerate(X.groupby("item")):
        counts = rows["text"].dropna().value_counts()
        assert numbers[code] == pytest.approx(rows["number"].mean())
        assert counts[texts[code]] == counts.max()


def test_frames_of_items_and_users_have_a_row_for_each_id(frame_library):
    interactions = Interactions.from_rows(frame_library(ROWS), np.ones(4), features="columns")
    columns = interactions.features
    items = nw.from_native(columns.item_frame(interactions.items.ids))
    users = nw.from_native(columns.user_frame(interactions.users.ids))
    assert items.columns == ["anime_id", "genre", "hour", "constant"]
    assert items["hour"].to_list() == [2, 2, 4]  # item 1 at 1 and at 3
    assert users.columns == ["user_id", "country"]
    assert len(users) == 2


def test_new_items_with_another_number_of_columns_raise():
    with pytest.raises(
        ValueError, match=r"items= has 1 feature columns and fit saw 3 .*'genre', 'hour'"
    ):
        table(pd.DataFrame(ROWS)).read_items([series(pd.Series(["Sport"]))], 1)


@pytest.mark.parametrize(
    ("column", "more"),
    [
        (pd.Series([1, 2], dtype="int8"), pd.Series([3])),
        (pd.Series([1.5, np.nan], dtype="float32"), pd.Series([2, None], dtype=object)),
        (pd.Series([1, pd.NA], dtype="Int64"), pd.Series([2, pd.NA], dtype="Int64")),
        (pd.Series([True, pd.NA], dtype="boolean"), pd.Series([False, None], dtype=object)),
        (pd.Series([True, None], dtype=object), pd.Series([None, False], dtype=object)),
        (pd.Series(["a", None], dtype="str"), pd.Series(["b", None], dtype=object)),
        (pd.Series(["a", None], dtype="string"), pd.Series(["b", None])),
        (pd.Series(["a", None], dtype=object), pd.Series(["b", None], dtype=object)),
        (pd.Series(pd.to_datetime(["2024-01-01", None])), pd.Series([datetime(2024, 2, 1), pd.NaT])),
        (pd.Series([date(2024, 1, 1)]), pd.Series([date(2024, 1, 2)])),
        (pl.Series([1, None], dtype=pl.Int8), pl.Series([2, None])),
        (pl.Series([1.5, None]), pd.Series([2])),
        (pl.Series(["a", None]), pd.Series(["b", "c"])),
        (pl.Series(["a", None], dtype=pl.Categorical), pl.Series(["b", None])),
        (pl.Series([date(2024, 1, 1), None]), pl.Series([date(2024, 1, 2)])),
        (pl.Series([["a"], ["b"]]), pl.Series([["a"], []])),
    ],
    ids=lambda values: f"{type(values).__module__.split('.')[0]} {values.dtype}",
)
def test_a_longer_column_keeps_its_dtype(column, more):
    longer = extended(series(column), series(more)).to_native()
    assert longer.dtype == column.dtype
    for value, expected in zip(longer.to_list(), [*column.to_list(), *more.to_list()], strict=True):
        missing = not isinstance(expected, list) and pd.isna(expected)
        assert pd.isna(value) if missing else value == expected


def test_gaps_of_a_longer_column_of_objects_stay_none():
    longer = extended(series(pd.Series(["a", None], dtype=object)), series(pl.Series([None, "b"])))
    assert longer.to_list() == ["a", None, None, "b"]


@pytest.mark.parametrize("ordered", [False, True])
def test_a_longer_categorical_has_more_categories(ordered):
    column = pd.Series(pd.Categorical(["b", "a", None], categories=["b", "a"], ordered=ordered))
    longer = extended(series(column), series(pd.Series(["c", None, "a"]))).to_native()
    assert longer.dtype == pd.CategoricalDtype(["b", "a", "c"], ordered=ordered)
    assert longer.cat.codes.tolist() == [0, 1, -1, 2, -1, 1]


@pytest.mark.parametrize("column", [pd.Series([1, 2]), pl.Series([1, 2])], ids=["pandas", "polars"])
@pytest.mark.parametrize(
    "more", [pd.Series([1.5, 3.0]), pl.Series([1.5, 3.0])], ids=["pandas", "polars"]
)
def test_integers_become_floats_where_they_must(column, more):
    longer = extended(series(column), series(more))
    assert longer.dtype == nw.Float64
    assert longer.to_list() == [1, 2, 1.5, 3]


def test_integers_become_floats_for_a_gap_in_pandas():
    longer = extended(series(pd.Series([1, 2])), series(pd.Series([np.nan, 3]))).to_native()
    np.testing.assert_array_equal(longer, [1, 2, np.nan, 3])


@pytest.mark.parametrize(
    "column", [pd.Series([1, None]), pd.Series(["a"], dtype="category"), pl.Series([1])]
)
def test_nothing_more_is_the_same_column(column):
    longer = extended(series(column), series(column)[:0]).to_native()
    assert longer.dtype == column.dtype
    assert len(longer) == len(column)
