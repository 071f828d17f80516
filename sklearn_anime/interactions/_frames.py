"""Frames and arrays of any kind as columns, and columns as frames and arrays."""

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import check_array

ON_DASK = (  # what the message says that models need
    "Fit with sklearn_anime.dask.fit(model, X, y), predict with sklearn_anime.dask.predict(model, X) "
    "and recommend with sklearn_anime.dask.recommend(model, history=X)"
)
BY_PARTITION = "Fit to a part of them, and transform with X.map_partitions(model.transform)"


def as_table(X):
    """Return frames as they are, lists as an array of objects, so that numbers stay beside text.

    What is masked is missing.
    """
    if nw.dependencies.is_into_dataframe(X) or sparse.issparse(X):
        return X
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        return np.where(np.ma.getmaskarray(X), None, X.data)
    return np.asarray(X, dtype=object if isinstance(X, (list, tuple)) else None)


def check_in_memory(X, table="X", remedy=ON_DASK):
    """Raise for frames whose rows are not there yet: lazy ones, and those of Dask.

    `remedy` is what to do with the rows of Dask in place of ``.compute()``.
    """
    if nw.dependencies.is_polars_lazyframe(X):
        raise TypeError(f"{table} is a lazy frame. Call .collect() on it first.")
    if nw.dependencies.is_dask_dataframe(X) or type(X).__module__.startswith("dask."):
        raise TypeError(
            f"{table} is a {type(X).__name__} of Dask, whose rows may not fit into one memory. "
            f"{remedy}, or call .compute() on it first."
        )


def table_columns(X, table="X"):
    """Return the columns of ``X`` as narwhals Series, and whether they have names.

    `table` is how messages call it.
    """
    check_in_memory(X, table)
    if not nw.dependencies.is_into_dataframe(X):
        return _array_columns(X, table), False
    frame = _eager_frame(X, table)
    if len(frame) == 0:
        raise ValueError(
            f"{table} has 0 sample(s) (shape={frame.shape}) while a minimum of 1 is required. "
            "Check the filters that made the table."
        )
    named = all(isinstance(name, str) for name in frame.columns)
    if not named:
        frame = nw.from_native(X.set_axis([str(name) for name in X.columns], axis=1))
    return list(frame.iter_columns()), named


def tidy_frame(*series, **arrays):
    """Return a native frame of some series and arrays, in the library of the first series."""
    _check_names([*(column.name for column in series), *arrays])
    if series[0].implementation.is_pandas():  # several times faster than through narwhals
        named = {column.name: column.to_native().reset_index(drop=True) for column in series}
        return pd.DataFrame(named | arrays)
    columns = {column.name: column for column in series}
    for name, values in arrays.items():
        columns[name] = nw.new_series(name, values, backend=series[0].implementation)
    # Without `backend`, which would lose categories and nullable dtypes.
    return nw.maybe_reset_index(nw.from_dict(columns)).to_native()


@dataclass(frozen=True)
class TableForm:
    """The form of ``X``: a frame with names, or an array of some kind of values.

    Attributes
    ----------
    names : list or None
        Names of the columns of a frame; None for an array.

    kind : str
        Kind of the values of an array, as in ``numpy.dtype.kind``.
    """

    names: list | None
    kind: str = "O"

    @classmethod
    def of(cls, X):
        """Remember the form of a table."""
        table = as_table(X)
        if nw.dependencies.is_into_dataframe(table):
            return cls(list(table.columns if _is_pandas(table) else nw.from_native(table).columns))
        return cls(None, table.dtype.kind)

    def write(self, columns):
        """Return narwhals Series as a table of this form."""
        if self.names is None:
            return self._array(columns)
        table = tidy_frame(*(column.alias(str(position)) for position, column in enumerate(columns)))
        if _is_pandas(table):
            return table.set_axis(self.names, axis=1)
        numbered = map(str, range(len(self.names)))
        return nw.from_native(table).rename(dict(zip(numbered, self.names, strict=True))).to_native()

    def _array(self, columns):
        if self.kind not in "OUS":
            return np.column_stack([column.to_numpy() for column in columns])
        objects = [pd.Series(column.to_list(), dtype=object) for column in columns]
        return np.column_stack(objects).astype(np.dtype(self.kind).type)  # as long as the longest text


def _is_pandas(table):
    return nw.dependencies.is_pandas_dataframe(table)


def _eager_frame(X, table):
    try:
        return nw.from_native(X, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise ValueError(f"Two columns of {table} have the same name ({error}). Rename one.") from error


def _array_columns(X, table):
    array = check_array(as_table(X), dtype=None, ensure_all_finite=False, input_name=table)
    return [_typed(column, f"x{position}") for position, column in enumerate(array.T)]


def _typed(values, name):
    """Return a column of an array in the dtype of its values; text with gaps stays as it is."""
    column = pd.Series(values, name=name).infer_objects()
    if values.dtype == object and column.dtype == "str" and column.hasnans:
        column = pd.Series(values, name=name, dtype=object)
    return nw.from_native(column, series_only=True)


def _check_names(names):
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"An id column of X is called {name!r}, as is a column of the answer. Rename it in X."
            )
