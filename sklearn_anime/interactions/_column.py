"""A column of a frame as plain data, from which the column can be made again."""

import ast
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from sklearn_anime.interactions._numbers import floats

TEXT = (nw.String, nw.Categorical, nw.Enum)


@dataclass(frozen=True, eq=False)
class Text:
    """Text as UTF-8 bytes and offsets: compact in memory and in files.

    Attributes
    ----------
    data : ndarray of uint8 of shape (n_bytes,)
        The bytes of all values, one after the other.

    offsets : ndarray of int64 of shape (n_values + 1,)
        Where each value begins, and the end of the last.

    Examples
    --------
    >>> text = Text.pack(["Akira", "ポケモン"])
    >>> text.data.nbytes, text.unpack().tolist()
    (17, ['Akira', 'ポケモン'])
    """

    data: np.ndarray
    offsets: np.ndarray

    @classmethod
    def pack(cls, values):
        """Encode an iterable of str."""
        encoded = [value.encode("utf-8", "surrogatepass") for value in values]
        lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
        data = np.frombuffer(bytearray(b"".join(encoded)), dtype=np.uint8)
        return cls(data, np.concatenate([[0], np.cumsum(lengths)]))

    def unpack(self):
        """Return the values as an array of str objects."""
        data, ends = self.data.tobytes(), self.offsets.tolist()
        values = np.empty(len(self), dtype=object)
        values[:] = [data[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(ends)]
        return values

    def __len__(self):
        return len(self.offsets) - 1


@dataclass(frozen=True, eq=False)
class Column:
    """The values of a column, its name, and the library and dtype that it had.

    Attributes
    ----------
    name : str or None
        Name of the column.

    values : ndarray or Text of length n_rows
        Numbers and dates as they are (of another time zone in UTC), text packed, the codes of
        categories in pandas, and an array of objects for what is none of these.

    missing : ndarray of bool of shape (n_rows,) or None
        Where there is no value; None where there is one in each row.

    library : str
        The frame library.

    dtype : str
        Name of the dtype in that library.

    categories : Column or None
        The categories of a categorical column, ordered or not.

    ordered : bool
        Whether categories have an order.

    Examples
    --------
    >>> series = nw.from_native(pd.Series([2, None], dtype="UInt32"), series_only=True)
    >>> column = Column.from_series(series)
    >>> column.values.tolist(), column.missing.tolist(), column.dtype
    ([2, 0], [False, True], 'UInt32')
    >>> column.to_series().to_native().tolist()
    [2, <NA>]
    """

    name: str | None
    values: np.ndarray | Text
    missing: np.ndarray | None
    library: str
    dtype: str
    categories: Any = None
    ordered: bool = False

    @classmethod
    def from_series(cls, series):
        """Take the values out of a narwhals Series."""
        if series.implementation.is_pandas_like():
            return cls._from_pandas(series.name, series.to_native(), str(series.implementation))
        return cls._from_other(series)

    @classmethod
    def _from_pandas(cls, name, native, library):
        dtype, missing = native.dtype, native.isna().to_numpy(dtype=bool)
        missing = missing if missing.any() else None
        if isinstance(dtype, pd.CategoricalDtype):
            categories = cls._from_pandas(None, pd.Series(dtype.categories), library)
            codes = native.cat.codes.to_numpy()
            return cls(name, codes, missing, library, "category", categories, bool(dtype.ordered))
        return cls(name, _pandas_values(native, missing), missing, library, _pandas_name(dtype))

    @classmethod
    def _from_other(cls, series):
        missing = series.is_null().to_numpy().astype(bool)
        missing = missing if missing.any() else None
        dtype, categories, values = series.dtype, None, None
        if isinstance(dtype, TEXT):
            texts = series.cast(nw.String()).to_list()
            values = Text.pack("" if text is None else text for text in texts)
        elif dtype.is_numeric() or dtype == nw.Boolean or dtype.is_temporal():
            values = _filled(series).to_numpy() if missing is not None else series.to_numpy()
        if values is None or (isinstance(values, np.ndarray) and values.dtype.kind == "O"):
            values = _objects(series.to_list())
        name = repr(dtype)
        if isinstance(dtype, nw.Enum):
            name, categories = "Enum", cls("", Text.pack(dtype.categories), None, "", "")
        return cls(series.name, values, missing, str(series.implementation), name, categories)

    def __len__(self):
        return len(self.values)

    @classmethod
    def of_floats(cls, name, values, like=None):
        """Return a column of floats without gaps, in the library of another column (or of pandas)."""
        if like is None or like.library == "pandas":
            return cls(name, values, None, "pandas", _float_dtype(like))
        return cls(name, values, None, like.library, "Float64")

    def floats(self):
        """Return the values as float64, NaN where there is none."""
        if self.categories is not None and not isinstance(self.values, Text):
            return np.append(self.categories.floats(), np.nan)[self.values]
        if isinstance(self.values, np.ndarray) and self.values.dtype.kind in "biuf":
            values = self.values.astype(np.float64)
            return values if self.missing is None else np.where(self.missing, np.nan, values)
        return floats(self.to_series(), f"column {self.name!r} of X")

    def to_series(self):
        """Return the column as a narwhals Series of the library and dtype that it had."""
        if self.library in {"pandas", "modin", "cudf"}:
            native = self._to_pandas()
            if self.library == "pandas":
                return nw.from_native(native, series_only=True)
            return nw.new_series(self.name, native.tolist(), backend=self.library)
        return self._to_other()

    def _to_pandas(self):
        if self.categories is not None:
            categories = pd.Index(self.categories._to_pandas())
            dtype = pd.CategoricalDtype(categories, self.ordered)
            return pd.Series(pd.Categorical.from_codes(self.values, dtype=dtype), name=self.name)
        values = self.values.unpack() if isinstance(self.values, Text) else self.values
        dtype = _pandas_dtype(self.dtype)
        if isinstance(dtype, pd.DatetimeTZDtype):
            zoned = pd.Series(values, name=self.name).dt.tz_localize("UTC")
            return zoned.dt.tz_convert(dtype.tz).astype(dtype)
        if self.missing is None or getattr(values, "dtype", None) == dtype:
            return pd.Series(values, name=self.name, dtype=dtype)
        gaps = pd.Series(values.astype(object), name=self.name).mask(self.missing, pd.NA)
        return gaps.astype(dtype)

    def _to_other(self):
        dtype = self._narwhals_dtype()
        values = self.values.unpack() if isinstance(self.values, Text) else self.values
        zone = getattr(dtype, "time_zone", None)
        first = nw.Datetime(dtype.time_unit) if zone else dtype
        if values.dtype == object or self.missing is not None:
            values = values.tolist() if values.dtype.kind not in "mM" else list(values.astype(object))
            gaps = self.missing if self.missing is not None else np.zeros(len(self), dtype=bool)
            values = [None if gap else value for value, gap in zip(values, gaps, strict=True)]
        series = nw.new_series(self.name, values, first, backend=self.library)
        return series.dt.replace_time_zone("UTC").dt.convert_time_zone(zone) if zone else series

    def _narwhals_dtype(self):
        if self.dtype == "Enum":
            return nw.Enum(self.categories.values.unpack().tolist())
        call = ast.parse(self.dtype, mode="eval").body
        if not isinstance(call, ast.Call):
            return getattr(nw, self.dtype)()
        given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        return getattr(nw, call.func.id)(**given)


def _pandas_values(native, missing):
    """Return the values of a pandas series that is not categorical."""
    dtype = native.dtype
    if isinstance(dtype, pd.StringDtype) or _is_arrow_text(dtype) or _is_all_text(native, missing):
        return Text.pack("" if value is pd.NA or value != value else value for value in native)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return native.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    if isinstance(dtype, np.dtype):
        return native.to_numpy()
    numpy_dtype = getattr(dtype, "numpy_dtype", np.dtype(object))
    if numpy_dtype.kind in "biuf":
        fill = {} if missing is None else {"na_value": numpy_dtype.type(0)}
        return native.to_numpy(dtype=numpy_dtype, **fill)
    return _objects(native.tolist())


def _is_all_text(native, missing):
    if native.dtype != object or missing is not None:
        return False
    return pd.api.types.infer_dtype(native, skipna=False) == "string"


def _is_arrow_text(dtype):
    return isinstance(dtype, pd.ArrowDtype) and dtype.type is str and not dtype.name.startswith("dict")


def _pandas_name(dtype):
    """Return a name from which `_pandas_dtype` makes the dtype again."""
    if isinstance(dtype, pd.ArrowDtype):
        return f"arrow {dtype.pyarrow_dtype}"
    if isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA:
        return f"string[{dtype.storage}]"
    return str(dtype)


def _pandas_dtype(name):
    kind, _, arrow = name.partition("arrow ")
    if kind or not arrow:
        return pd.api.types.pandas_dtype(name)
    import pyarrow as pa

    try:
        return pd.ArrowDtype(pa.type_for_alias(arrow))
    except ValueError:
        pass
    try:
        return pd.api.types.pandas_dtype(f"{arrow}[pyarrow]")
    except (NotImplementedError, TypeError):  # parameters that pandas does not read
        return np.dtype(object)


def _float_dtype(like):
    """Return the float dtype of pandas that belongs to the dtype of another column."""
    if like is None or like.dtype.islower():
        return "arrow double" if like is not None and like.dtype.startswith("arrow ") else "float64"
    return "Float64"


def _filled(series):
    """Return a series with some value in its gaps."""
    present = series.drop_nulls()
    return series.fill_null(present[[0]].to_list()[0]) if len(present) else series


def _objects(values):
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
