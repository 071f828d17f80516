"""Ids of users and items, and the codes 0, 1, 2, ... that stand for them inside the package."""

import narwhals as nw
import numpy as np
import pandas as pd

from sklearn_anime.utils._groups import first_rows


class Vocabulary:
    """The distinct ids of one side (users or items) in sorted order.

    A code is the place of an id in the vocabulary. Codes stay inside the package: whatever
    comes in or goes out is an id, in the frame library and the dtype that ``fit`` saw.

    Parameters
    ----------
    ids : narwhals Series
        The distinct ids; its name and dtype are those of the column that ``fit`` saw.

    index : pandas Index
        The same ids as plain values, for look-ups by hash: memory follows the number of
        distinct ids, never their size.

    Examples
    --------
    >>> import pandas as pd
    >>> vocabulary, codes = Vocabulary.from_series(as_series(pd.Series(["b", "a", "b"], name="user")))
    >>> codes.tolist()
    [1, 0, 1]
    >>> vocabulary.encode(["a", "?"]).tolist()
    [0, -1]
    >>> vocabulary.decode([1, 1]).to_list()
    ['b', 'b']
    """

    def __init__(self, ids, index):
        self.ids = ids
        self.index = index

    @classmethod
    def from_series(cls, series, role="user"):
        """Make the vocabulary of a column, and the code of each of its rows."""
        index = id_index(series, role)
        codes, distinct = factorize(index)
        return cls(series[first_rows(codes)], distinct), codes

    def __len__(self):
        return len(self.index)

    @property
    def name(self):
        """Name of the id column."""
        return self.ids.name

    @property
    def values(self):
        """The ids as an ndarray, in the order of the codes."""
        return self.index.to_numpy()

    @property
    def example(self):
        """One of the ids, for messages."""
        return self.ids[[0]].to_list()[0]

    def encode(self, values, role="user"):
        """Return the code of each id, -1 where it is unknown."""
        return self.index.get_indexer(id_index(as_series(values), role))

    def decode(self, codes):
        """Return the ids of codes as a narwhals Series."""
        return self.ids[np.asarray(codes, dtype=np.intp)]

    def lookup(self, values, role):
        """Return the code of each id; raise ``KeyError`` where one is unknown."""
        series = as_series(values)
        codes = self.encode(series, role)
        if (codes < 0).any():
            unknown = series.to_list()[int(np.argmax(codes < 0))]
            raise KeyError(
                f"{role} {unknown!r} was not in the rows of fit, which had {len(self)} {role}s "
                f"such as {self.example!r}."
            )
        return codes

    def extend(self, values, role="user"):
        """Return this vocabulary with the unknown ones among some ids added at its end."""
        new = id_index(as_series(values), role).unique()
        new = new[self.index.get_indexer(new) < 0]
        if len(new) == 0:
            return self
        index = _append(self.index, new)
        return Vocabulary(series_like(self.ids, index), index)


def factorize(index):
    """Return the code of each value and the distinct values, sorted where they can be."""
    codes, distinct = pd.factorize(index)
    try:
        order = distinct.argsort()
    except TypeError:  # ids of several types have no common order: that of appearance stays
        return codes, distinct
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place[codes], distinct[order]


def as_series(values):
    """Return ids given as a scalar, list, array, index or series as a narwhals Series."""
    if isinstance(values, nw.Series):
        return values
    shape = getattr(values, "shape", ())
    if len(shape) > 1:
        raise ValueError(
            f"Ids must have one dimension, got a {type(values).__name__} of shape {shape}. Pass one "
            f"column of it."
        )
    if nw.dependencies.is_into_series(values):
        return nw.from_native(values, series_only=True)
    if isinstance(values, (str, bytes)) or not np.iterable(values):
        values = [values]
    if not isinstance(values, (np.ndarray, pd.Index)):
        values = list(values)
    return nw.from_native(pd.Series(values).infer_objects(), series_only=True)


def id_index(series, role):
    """Return the ids of a series as a pandas Index of plain values, or say why they are no ids."""
    index = pd.Index(plain_values(series), tupleize_cols=False)
    if index.dtype == object:
        _check_hashable(index, series.name, role)
    missing = index.isna()
    if missing.any():
        raise ValueError(
            f"Input contains NaN as {role} id {_place(series.name, np.argmax(missing))}. "
            f"Drop these rows, or give the {role} an id."
        )
    _check_exact(index, series.name, role)
    return index


def plain_values(series):
    """Return the values of a series without categories, masks or library-specific types."""
    if series.dtype.is_nested():
        return pd.Series(series.to_list(), dtype=object).array
    if not series.implementation.is_pandas_like():
        return series.to_numpy()
    native = series.to_native()
    if isinstance(native.dtype, pd.CategoricalDtype):
        native = native.astype(native.cat.categories.dtype)
    if isinstance(native.dtype, pd.StringDtype):
        return native.array
    return native.to_numpy()


def _check_hashable(index, name, role):
    for row, value in enumerate(index):
        try:
            hash(value)
        except TypeError as error:
            raise TypeError(
                f"An id argument must be a string or a number, or else hashable; got {value!r} as "
                f"{role} id {_place(name, row)}."
            ) from error


def _check_exact(index, name, role):
    size, n_bits = _float_sizes(index)
    if np.isinf(size).any():
        raise ValueError(
            f"Input contains infinity as {role} id {_place(name, np.argmax(size))}: inf is no id."
        )
    if (size >= 2**n_bits).any():
        row = int(np.argmax(size >= 2**n_bits))
        raise ValueError(
            f"The {role} id {float(index[row])!r} {_place(name, row)} is a float of 2**{n_bits} or "
            f"more, where different ids become equal. Pass ids as integers or text; behind a "
            f"ColumnTransformer, keep them so with .set_output(transform='pandas')."
        )


def _float_sizes(index):
    """Return the size of each id that is a float, else 0, and the bits in which floats are exact."""
    if index.dtype.kind == "f":
        return np.abs(index.to_numpy()), np.finfo(index.dtype).nmant + 1
    if index.dtype != object:
        return np.zeros(1), 53
    return np.array([abs(v) if isinstance(v, (float, np.floating)) else 0.0 for v in index]), 53


def _place(name, row):
    return f"in row {row}" + ("" if name is None else f" of column {name!r}")


def _append(index, new):
    """Return an index with new values at its end; no integer becomes a float on the way."""
    if index.dtype == new.dtype:
        return index.append(new)
    return index.astype(object).append(new.astype(object)).infer_objects()


def series_like(series, values):
    """Return values as a series with the name, library and, where it holds them, dtype of another."""
    new = nw.new_series(series.name, values.to_list(), backend=series.implementation)
    try:
        cast = _cast(new, series)
    except Exception:  # each library raises its own error where its dtype has no room for an id
        return new
    return cast if _objects(cast).equals(_objects(new)) else new


def _objects(series):
    return pd.Series(series.to_list(), dtype=object)


def _cast(new, series):
    if not series.implementation.is_pandas_like():
        return new.cast(series.dtype)
    native, dtype = new.to_native(), series.to_native().dtype
    if isinstance(dtype, pd.CategoricalDtype):
        more = pd.Index(native).difference(dtype.categories, sort=False)
        dtype = pd.CategoricalDtype(dtype.categories.append(more), dtype.ordered)
    return nw.from_native(native.astype(dtype), series_only=True)
