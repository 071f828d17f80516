"""Columns become plain data, and come back in the library and dtype that they had."""

import pickle
from datetime import date, datetime, timedelta
from decimal import Decimal

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_anime.interactions import Vocabulary
from sklearn_anime.interactions._column import Column, Text

DAY = datetime(2024, 3, 1, 12)
PANDAS = [
    pd.Series([3, 1]),
    pd.Series([3, 1], dtype="uint8"),
    pd.Series([1.5, np.nan], dtype="float32"),
    pd.Series([True, False]),
    pd.Series([2, None], dtype="UInt32"),
    pd.Series([2, None], dtype="Int64"),
    pd.Series([2.5, None], dtype="Float64"),
    pd.Series([True, None], dtype="boolean"),
    pd.Series(["Akira", "", "\u30dd\u30b1"]),
    pd.Series(["a", None], dtype="str"),
    pd.Series(["a", None], dtype="string"),
    pd.Series(["a", "b"], dtype=object),
    pd.Series(["a", None, 3], dtype=object),
    pd.Series([("a", 1), ("b", 2)], dtype=object),
    pd.Series(pd.Categorical(["b", None, "a"], categories=["b", "a", "c"])),
    pd.Series(pd.Categorical([2, 1], categories=[2, 1], ordered=True)),
    pd.Series([DAY, pd.NaT]),
    pd.Series([DAY], dtype="datetime64[s]"),
    pd.Series([DAY]).dt.tz_localize("Europe/Berlin"),
    pd.Series([timedelta(days=1)]),
    pd.Series([date(2024, 3, 1)]),
    pd.Series([Decimal("1.5")]),
]
POLARS = [
    pl.Series([3, 1]),
    pl.Series([3, None], dtype=pl.UInt32),
    pl.Series([1.5, None], dtype=pl.Float32),
    pl.Series([True, None]),
    pl.Series(["a", None, ""]),
    pl.Series(["b", "a", None], dtype=pl.Categorical),
    pl.Series(["b", "a"], dtype=pl.Enum(["b", "a", "c"])),
    pl.Series([date(2024, 3, 1), None]),
    pl.Series([DAY, None]),
    pl.Series([DAY]).dt.replace_time_zone("Europe/Berlin"),
    pl.Series([timedelta(days=1), None]),
]


def name_of(series):
    return f"{type(series).__module__.split('.')[0]} {series.dtype}"


def series(values):
    return nw.from_native(values, series_only=True)


def assert_equal(found, expected):
    if isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected)
    else:
        assert found.dtype == expected.dtype
        assert found.to_list() == expected.to_list()


@pytest.mark.parametrize("values", [*PANDAS, *POLARS], ids=name_of)
def test_a_column_comes_back_as_it_was(values):
    values = values.rename("id")
    column = pickle.loads(pickle.dumps(Column.from_series(series(values))))
    assert_equal(column.to_series().to_native(), values)


@pytest.mark.parametrize("values", [*PANDAS, *POLARS], ids=name_of)
def test_a_column_is_plain_data(values):
    column = Column.from_series(series(values))
    while column is not None:
        assert type(column.values) in {np.ndarray, Text}
        assert type(column.missing) in {np.ndarray, type(None)}
        assert {type(column.library), type(column.dtype), type(column.ordered)} == {str, bool}
        column = column.categories


@pytest.mark.parametrize("kind", ["int64", "string", "timestamp[us, tz=UTC]"])
def test_columns_of_arrow_in_pandas_come_back(kind):
    pytest.importorskip("pyarrow")
    values = {"int64": 3, "string": "a"}.get(kind, DAY)
    dtype = pd.api.types.pandas_dtype(f"{kind}[pyarrow]")
    if kind == "string":
        import pyarrow as pa

        dtype = pd.ArrowDtype(pa.string())
    column = pd.Series([values, None], dtype=dtype, name="id")
    assert_equal(Column.from_series(series(column)).to_series().to_native(), column)


@pytest.mark.parametrize("values", [[3, None], ["a", None], [True, False], [DAY, None]])
def test_columns_of_arrow_tables_come_back(values):
    pa = pytest.importorskip("pyarrow")
    column = pa.chunked_array([values])
    found = Column.from_series(series(column)).to_series().to_native()
    assert found.type == column.type
    assert found.to_pylist() == values


def test_text_takes_its_bytes_and_eight_for_each_value():
    text = Text.pack(["\u00e9", "ab", ""])
    assert text.data.tolist() == [0xC3, 0xA9, 97, 98]
    assert text.offsets.tolist() == [0, 2, 4, 4]
    assert text.offsets.dtype == np.int64


def test_text_that_is_no_valid_unicode_comes_back():
    assert Text.pack(["\udc80x"]).unpack().tolist() == ["\udc80x"]


@pytest.mark.parametrize(
    "column",
    [pl.Series("id", [1, 2]), pl.Series("id", [1, 2], dtype=pl.UInt32)],
    ids=["Int64", "UInt32"],
)
def test_text_beside_numbers_in_polars_is_a_sentence(column):
    vocabulary, _ = Vocabulary.from_series(series(column))
    with pytest.raises(
        TypeError, match=r"Column 'id' would hold ids of several types \(int, str\).*fit"
    ):
        vocabulary.extend(["x"])


def test_a_fitted_vocabulary_holds_neither_series_nor_index():
    vocabulary, _ = Vocabulary.from_series(pd.Series(["b", "a"], name="user"))
    vocabulary.encode(["a"])
    vocabulary.decode([0])
    assert {type(value) for value in vars(vocabulary).values()} == {Column, str}
