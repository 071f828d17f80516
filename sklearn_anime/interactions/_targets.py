"""What stands beside ids and features in a row: its rating, its weight and its time, as numbers."""

from datetime import date
from numbers import Real

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn.utils.validation import column_or_1d

from sklearn_anime.interactions._clock import typed
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.interactions._numbers import floats
from sklearn_anime.utils._sklearn import check_sample_weight

LARGEST_RATING = 1e30  # ratings stay in the range of float32, and sums of squares in that of float64


def check_ratings(y, n_rows):
    """Return ratings as a float ndarray; NaN, or a mask, is "interaction without a rating"."""
    if y is None:
        raise ValueError("This model requires y to be passed, but the target y is None.")
    y = _filled(y)
    if nw.dependencies.is_into_series(y):
        y = floats(nw.from_native(y, series_only=True), "y")
    y = column_or_1d(y, warn=True)
    ratings = floats(as_series(y), "y") if y.dtype.kind not in "fiub" else y.astype(np.float64)
    if len(ratings) != n_rows:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {n_rows} rows and y "
            f"has {len(ratings)} ratings. Give one rating for each row, NaN where there is none."
        )
    _check_range(ratings)
    return ratings


def check_any_rating(n_rated, n_rows):
    """Raise where no row has a rating."""
    if n_rated == 0:
        raise ValueError(
            f"Input y contains NaN only ({n_rows} rows with a weight), so there is no rating to "
            f"learn from. PopularityRecommender learns from interactions alone."
        )


def check_weights(sample_weight, n_rows):
    """Return sample weights as a float ndarray: ones by default, never negative or all zero."""
    return check_sample_weight(
        _filled(sample_weight), np.empty(n_rows), dtype=np.float64, ensure_non_negative=True
    )


def times(column, table="X"):
    """Return the time of each row as a number; dates and datetimes in microseconds since 1970.

    `table` is how messages call what the column is of.
    """
    _check_no_gap(column, table)
    column = typed(column)
    if column.dtype == nw.Date:
        column = column.cast(nw.Datetime())
    if isinstance(column.dtype, (nw.Datetime, nw.Duration)):
        return _microseconds(column)
    if column.dtype.is_integer():
        # As floats, large ones would become equal; differences of narrow integers would overflow.
        return column.to_numpy() if column.dtype == nw.UInt64 else column.cast(nw.Int64()).to_numpy()
    if column.dtype.is_numeric() or _is_decimal(column):
        return floats(column, f"column {column.name!r} of {table}")
    values = column.to_list()
    row = next((row for row, value in enumerate(values) if not isinstance(value, (Real, date))), 0)
    raise ValueError(
        f"Column {column.name!r} of {table} holds {values[row]!r} (row {row}), but times are all "
        f"numbers, all dates, or all datetimes of one time zone. Convert them, for instance with "
        f"pandas.to_datetime."
    )


def _filled(values):
    """Return a masked array as floats, NaN where it is masked, and anything else as it is."""
    masked = isinstance(values, np.ma.MaskedArray)
    return np.ma.filled(values.astype(np.float64), np.nan) if masked else values


def _check_range(ratings):
    if np.isinf(ratings).any():
        raise ValueError(
            f"Input y contains infinity (row {np.argmax(np.isinf(ratings))}). A rating is a finite "
            f"number, or NaN for an item that was seen and not rated."
        )
    if (np.abs(ratings) > LARGEST_RATING).any():
        row = int(np.argmax(np.abs(ratings) > LARGEST_RATING))
        raise ValueError(
            f"Input y holds {ratings[row]:g} (row {row}): ratings beyond {LARGEST_RATING:g} overflow in "
            f"single precision. Bring the ratings to another scale, for instance with "
            f"TransformedTargetRegressor."
        )


def _microseconds(column):
    """Return dates or durations of any unit as integers in one unit."""
    ticks = column.cast(nw.Int64()).to_numpy()
    unit = column.dtype.time_unit
    if unit == "ns":
        return ticks // 1000
    return ticks * {"s": 1_000_000, "ms": 1000, "us": 1}[unit]


def _is_decimal(column):
    return column.dtype == nw.Object and pd.api.types.infer_dtype(column.to_list()) == "decimal"


def _check_no_gap(column, table):
    """Raise where a row has no time."""
    missing = column.is_null().to_numpy()
    if column.dtype.is_float():
        missing = missing | np.isnan(column.to_numpy())
    if missing.any():
        raise ValueError(
            f"Input {table} contains NaN: {missing.sum()} of {len(missing)} rows have no time in column "
            f"{column.name!r}, the first of them row {np.argmax(missing)}. Drop such rows, or give them "
            f"a time."
        )
