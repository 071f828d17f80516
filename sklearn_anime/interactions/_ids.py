"""Ids in any form: as a series, as plain values to look up, and whether they are sound."""

import narwhals as nw
import numpy as np
import pandas as pd


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
            f"Input contains NaN as {role} id {_where(series.name, np.argmax(missing))}. "
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


def series_like(series, values):
    """Return values as a series with the name, library and, where it holds them, dtype of another."""
    values = list(values)
    try:
        new = nw.new_series(series.name, values, backend=series.implementation)
    except Exception as error:  # each library raises its own error for values of several types
        kinds = sorted({type(value).__name__ for value in values})
        raise TypeError(
            f"Column {series.name!r} would hold ids of several types ({', '.join(kinds)}), such as "
            f"{values[0]!r} beside {values[-1]!r}, which {series.implementation} cannot hold in one "
            f"column. Give ids of the type that fit saw."
        ) from error
    if new.implementation.is_pandas() and new.to_native().dtype == series.to_native().dtype:
        return new
    try:
        cast = _cast(new, series)
    except Exception:  # each library raises its own error where its dtype has no room for an id
        return new
    return cast if _objects(cast).equals(_objects(new)) else new


def _check_hashable(index, name, role):
    for row, value in enumerate(index):
        try:
            hash(value)
        except TypeError as error:
            raise TypeError(
                f"An id argument must be a string or a number, or else hashable; got {value!r} as "
                f"{role} id {_where(name, row)}."
            ) from error


def _check_exact(index, name, role):
    size, n_bits = _float_sizes(index)
    if np.isinf(size).any():
        raise ValueError(
            f"Input contains infinity as {role} id {_where(name, np.argmax(size))}: inf is no id."
        )
    if (size >= 2**n_bits).any():
        row = int(np.argmax(size >= 2**n_bits))
        raise ValueError(
            f"The {role} id {float(index[row])!r} {_where(name, row)} is a float of 2**{n_bits} or "
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


def _where(name, row):
    return f"in row {row}" + ("" if name is None else f" of column {name!r}")


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
