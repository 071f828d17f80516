"""Ids go in as any hashable value and come out as they were; codes are their places."""

import copy
import pickle
import tracemalloc

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_anime.interactions import Vocabulary
from sklearn_anime.interactions._ids import as_series

# Each with its smallest id in row 1 and its largest in row 0, so that the codes are 2, 0, 1, 2.
COLUMNS = {
    "text": pd.Series(["cat", "ann", "bob", "cat"]),
    "text as objects": pd.Series(["cat", "ann", "bob", "cat"], dtype=object),
    "nullable text": pd.Series(["cat", "ann", "bob", "cat"], dtype="string"),
    "integers": pd.Series([30, 10, 20, 30]),
    "negative integers": pd.Series([5, -7, -1, 5]),
    "small integers": pd.Series([3, 1, 2, 3], dtype="int8"),
    "integers above 2**53": pd.Series([2**60 + 1, 2**53 + 1, 2**60, 2**60 + 1]),
    "unsigned integers above 2**63": pd.Series([2**64 - 1, 3, 2**64 - 2, 2**64 - 1], dtype="uint64"),
    "nullable integers above 2**53": pd.Series([2**60 + 1, 1, 2**60, 2**60 + 1], dtype="Int64"),
    "integers above 2**64": pd.Series([2**70 + 1, 1, 2**70, 2**70 + 1], dtype=object),
    "floats": pd.Series([2.5, -1.0, 0.5, 2.5]),
    "float32": pd.Series([2.5, -1.0, 0.5, 2.5], dtype="float32"),
    "nullable floats": pd.Series([2.5, -1.0, 0.5, 2.5], dtype="Float64"),
    "dates": pd.Series(pd.to_datetime(["2003-01-01", "2001-01-01", "2002-01-01", "2003-01-01"])),
    "tuples": pd.Series([("cat", 1), ("ann", 2), ("bob", 1), ("cat", 1)]),
    "text categories": pd.Series(["cat", "ann", "bob", "cat"], dtype="category"),
    "integer categories": pd.Series([30, 10, 20, 30], dtype="category"),
    "ordered categories": pd.Series(pd.Categorical(list("cabc"), categories=list("bcad"), ordered=True)),
    "polars text": pl.Series(["cat", "ann", "bob", "cat"]),
    "polars integers": pl.Series([30, 10, 20, 30], dtype=pl.Int32),
    "polars unsigned integers": pl.Series([2**64 - 1, 3, 2**64 - 2, 2**64 - 1], dtype=pl.UInt64),
    "polars floats": pl.Series([2.5, -1.0, 0.5, 2.5]),
    "polars categories": pl.Series(["cat", "ann", "bob", "cat"], dtype=pl.Categorical),
    "polars enum": pl.Series(list("cabc"), dtype=pl.Enum(list("bcad"))),
}


def vocabulary(values):
    return Vocabulary.from_series(as_series(values))[0]


@pytest.fixture(params=COLUMNS)
def column(request):
    return COLUMNS[request.param]


def test_codes_are_the_places_of_the_sorted_ids(column):
    _, codes = Vocabulary.from_series(as_series(column))
    assert codes.tolist() == [2, 0, 1, 2]


def test_ids_come_back_in_the_library_and_dtype_they_had(column):
    ids, codes = Vocabulary.from_series(as_series(column))
    decoded = ids.decode(codes).to_native()
    assert type(decoded) is type(column)
    assert decoded.dtype == column.dtype
    assert decoded.to_list() == column.to_list()


def test_ids_are_found_as_a_column_and_as_plain_values(column):
    ids = vocabulary(column)
    assert ids.encode(column).tolist() == [2, 0, 1, 2]
    assert ids.encode(column.to_list()).tolist() == [2, 0, 1, 2]


def test_a_single_id_is_found(column):
    assert vocabulary(column).encode([column.to_list()[2]]).tolist() == [1]


@pytest.mark.parametrize("ids", ["bob", np.str_("bob"), ["bob"], ("bob",), pd.Index(["bob"]), {"bob"}])
def test_text_is_one_id_and_any_list_of_ids_is_taken(ids):
    assert vocabulary(["cat", "ann", "bob"]).encode(ids).tolist() == [1]


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ([1, 2], [1.5]),
        ([1, 2], ["1"]),
        (["1", "2"], [1]),
        ([2**53], [2**53 + 1]),
        ([2**53 + 1], [2**53]),
        ([5.0], [2**53 + 1]),
        ([2**62], np.array([2**63 + 2**62], dtype=np.uint64)),
        (np.array([2**64 - 1], dtype=np.uint64), [-1]),
    ],
    ids=str,
)
def test_ids_that_differ_are_not_taken_for_each_other(known, asked):
    assert vocabulary(known).encode(asked).tolist() == [-1]


@pytest.mark.parametrize("asked", [[1.0], np.array([1], dtype=np.uint8), pl.Series([1], dtype=pl.Int8)])
def test_a_number_is_the_same_id_in_every_dtype(asked):
    assert vocabulary([3, 1]).encode(asked).tolist() == [0]


def test_ids_of_several_types_keep_the_order_of_appearance():
    ids, codes = Vocabulary.from_series(as_series(["b", 2, ("x",), 2, "b"]))
    assert codes.tolist() == [0, 1, 2, 1, 0]
    assert ids.decode([2, 0]).to_list() == [("x",), "b"]
    assert ids.encode([2, "b", "2"]).tolist() == [1, 0, -1]


def test_memory_follows_the_number_of_ids_and_not_their_size():
    tracemalloc.start()
    try:
        vocabulary(np.arange(-500, 500) * 2**52)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(
    "values",
    [
        [1.0, np.nan],
        ["ann", None],
        pd.Series([1, None], dtype="Int64"),
        pd.Series(["ann", None], dtype="string"),
        pd.Series(["ann", None], dtype="category"),
        pd.Series(["ann", pd.NA], dtype=object),
        pd.Series([pd.Timestamp(0), pd.NaT]),
        pl.Series([1, None]),
        pl.Series(["ann", None], dtype=pl.Categorical),
        pl.Series([1.0, float("nan")]),
    ],
    ids=repr,
)
def test_missing_id_raises_with_its_row_and_a_remedy(values):
    series = as_series(values).alias("user_id")
    with pytest.raises(ValueError, match=r"NaN as user id in row 1 of column 'user_id'\. Drop these"):
        Vocabulary.from_series(series)


def test_message_about_a_list_of_ids_names_no_column():
    with pytest.raises(ValueError, match=r"NaN as user id in row 0\. Drop"):
        vocabulary([1]).encode([None])


@pytest.mark.parametrize("values", [[1.0, np.inf], [1.0, -np.inf], ["ann", np.inf], [0, float("inf")]])
def test_infinite_id_raises_also_among_text(values):
    with pytest.raises(ValueError, match=r"infinity as item id in row 1: inf is no id"):
        Vocabulary.from_series(as_series(values), "item")


@pytest.mark.parametrize(
    ("values", "n_bits"),
    [
        ([1.0, 2.0**53], 53),
        ([1.0, -(2.0**60)], 53),
        (["ann", 2.0**53], 53),
        (np.array([1, 2**24], dtype=np.float32), 24),
        (pl.Series([1.0, 2.0**53]), 53),
        (pd.Series([1.0, 2.0**53], dtype="Float64"), 53),
    ],
    ids=repr,
)
def test_float_id_that_may_be_a_rounded_integer_raises_and_suggests_set_output(values, n_bits):
    message = (
        rf"user id .* in row 1.* is a float of 2\*\*{n_bits} or more.*set_output\(transform='pandas'\)"
    )
    with pytest.raises(ValueError, match=message):
        Vocabulary.from_series(as_series(values))


@pytest.mark.parametrize(
    "values",
    [["ann", {"a": 1}], [1, [2]], pl.Series([{"a": 1}, {"a": 2}]), pl.Series([[1], [2]])],
    ids=repr,
)
def test_unhashable_id_raises(values):
    message = r"must be a string or a number, or else hashable; got .* as user id in row [01]"
    with pytest.raises(TypeError, match=message):
        Vocabulary.from_series(as_series(values))


@pytest.mark.parametrize(
    "values",
    [np.array([["ann"]]), pd.DataFrame({"user_id": ["ann"]}), pl.DataFrame({"user_id": ["ann"]})],
    ids=["ndarray", "pandas", "polars"],
)
def test_table_in_place_of_ids_raises(values):
    with pytest.raises(ValueError, match=r"one dimension, got .* of shape \(1, 1\)\. Pass one column"):
        vocabulary(["ann"]).encode(values)


@pytest.mark.parametrize(("known", "unknown", "example"), [([1, 2], 9, "1"), (["a"], "z", "'a'")])
def test_lookup_of_an_unknown_id_raises_and_shows_a_known_one(known, unknown, example):
    with pytest.raises(KeyError, match=rf"user {unknown!r} was not in .* such as {example}\."):
        vocabulary(known).lookup([known[0], unknown])


def test_extend_puts_unknown_ids_at_the_end_and_keeps_the_codes():
    ids = vocabulary(["b", "d"]).extend(["c", "b", "a", "c"])
    assert ids.decode([0, 1, 2, 3]).to_list() == ["b", "d", "c", "a"]
    assert ids.encode(["a", "d"]).tolist() == [3, 1]


def test_extend_without_unknown_ids_is_the_same_vocabulary():
    ids = vocabulary(["b", "d"])
    assert ids.extend(["d"]) is ids


@pytest.mark.parametrize(
    ("known", "new"),
    [
        (pd.Series(["b", "a"]), "z"),
        (pd.Series(["b", "a"], dtype="string"), "z"),
        (pd.Series([1, 2], dtype="int8"), 3),
        (pd.Series([1, 2], dtype="Int64"), 3),
        (pd.Series([1, 2], dtype="uint64"), 2**64 - 1),
        (pd.Series([1.5, 2], dtype="float32"), 0.5),
        (pl.Series(["b", "a"]), "z"),
        (pl.Series(["b", "a"], dtype=pl.Categorical), "z"),
        (pl.Series(["b", "a"], dtype=pl.Enum(["a", "b", "z"])), "z"),
        (pl.Series([1, 2], dtype=pl.Int16), 3),
    ],
    ids=repr,
)
def test_extend_keeps_the_dtype_where_it_holds_the_new_id(known, new):
    ids = vocabulary(known).extend([new])
    assert ids.ids.to_native().dtype == known.dtype
    assert ids.decode(ids.encode([new])).to_list() == [new]


@pytest.mark.parametrize(
    ("known", "new"),
    [
        (pd.Series([1, 2], dtype="int8"), 300),
        (pd.Series([1, 2]), 2**63 + 1),
        (pd.Series([-1, 2**53 + 1]), 2**63 + 1),
        (pd.Series([1, 2]), "z"),
        (pd.Series([1, 2]), 1.5),
        (pl.Series(["b", "a"], dtype=pl.Enum(["a", "b"])), "z"),
        (pl.Series([1, 2], dtype=pl.Int8), 300),
    ],
    ids=repr,
)
def test_extend_never_changes_an_id_to_fit_the_dtype(known, new):
    ids = vocabulary(known).extend([new])
    assert ids.decode(ids.encode([*known.to_list(), new])).to_list() == [*known.to_list(), new]


@pytest.mark.parametrize("ordered", [False, True])
def test_extend_adds_a_category(ordered):
    known = pd.Series(pd.Categorical([2, 1], categories=[2, 1], ordered=ordered))
    dtype = vocabulary(known).extend([7]).ids.to_native().dtype
    assert dtype == pd.CategoricalDtype([2, 1, 7], ordered)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_copy_finds_and_returns_the_same_ids(column, copied):
    ids = copied(vocabulary(column))
    assert ids.encode(column).tolist() == [2, 0, 1, 2]
    assert ids.decode([0, 2]).to_native().dtype == column.dtype


def test_name_of_the_column_is_kept():
    series = nw.from_native(pd.Series([2, 1], name="user_id"), series_only=True)
    ids, _ = Vocabulary.from_series(series)
    assert ids.name == "user_id"
    assert ids.decode([0]).name == "user_id"
