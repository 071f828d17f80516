"""Columns as arrays of numbers, or the sentence that says why not."""

from decimal import Decimal
from numbers import Real

import narwhals as nw
import numpy as np
import pandas as pd

REMEDIES = (
    "Turn text into numbers first, for instance with WeightedOneHotGenres or OneHotEncoder in a "
    "ColumnTransformer.",
    "Ratings are numbers: convert them, for instance with pandas.to_numeric.",
)


def numeric_columns(columns, n_rows, needed=True):
    """Return feature columns as a float ndarray of shape (n_rows, n_columns), finite where needed."""
    if not columns:
        return np.empty((n_rows, 0))
    return np.column_stack([_finite(column, needed) for column in columns])


def floats(series, what):
    """Return a series as float64, missing values as NaN."""
    if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
        return np.array([_float(value, row, what) for row, value in enumerate(series.to_list())])
    if series.implementation.is_pandas_like():
        return series.to_native().to_numpy(dtype=np.float64, na_value=np.nan)
    return series.cast(nw.Float64()).to_numpy().astype(np.float64)


def _finite(column, needed):
    """Return a feature column as floats, or say which value is none."""
    values = floats(column, f"column {column.name!r} of X")
    bad = ~np.isfinite(values) & needed
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"Input X contains NaN or infinity: {values[row]} in row {row} of column "
            f"{column.name!r}. Fill it first, for instance with SimpleImputer in a ColumnTransformer."
        )
    return values


def _float(value, row, what):
    if value is None or value is pd.NA:
        return np.nan
    if not isinstance(value, (Real, Decimal, np.bool_)):
        raise ValueError(
            f"{what} holds {value!r} (row {row}), which is no number. {REMEDIES[what == 'y']}"
        )
    return float(value)
