"""The rows of ``X``: which columns are the ids, which are features, and whether they are sound."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations
from numbers import Integral, Real

import narwhals as nw
import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import column_or_1d, validate_data

from sklearn_anime.interactions._ids import as_series
from sklearn_anime.utils._sklearn import Interval, check_sample_weight

# Constraint of the parameters `user` and `item`: the name or the position of a column.
ID_COLUMN = [str, Interval(Integral, 0, None, closed="left")]

REMEDIES = (
    "Turn text into numbers first, for instance with WeightedOneHotGenres or OneHotEncoder in a "
    "ColumnTransformer.",
    "Ratings are numbers: convert them, for instance with pandas.to_numeric.",
)


@dataclass(frozen=True)
class Rows:
    """The columns of ``X``, told apart.

    Attributes
    ----------
    user, item : narwhals Series of length n_rows
        The two ids of each row.

    others : list of narwhals Series
        The further columns, in the order of ``X``.

    time : narwhals Series of length n_rows or None
        When each row happened, where ``time=`` names a column.
    """

    user: nw.Series
    item: nw.Series
    others: list
    time: nw.Series | None = None

    @classmethod
    def parse(cls, X, *, user=0, item=1, time=None, estimator=None):
        """Find the columns of the ids, and of the time if asked for, by name or position.

        With a fitted `estimator`, the columns must be those that its ``fit`` saw.
        """
        columns, named = table_columns(X)
        if estimator is not None:
            validate_data(estimator, X, reset=False, skip_check_array=True)
        places = id_places(columns, named, user, item, time)
        user, item, *rest = (columns[place] for place in places)
        if not named:
            user, item = user.alias("user"), item.alias("item")
        others = [c for place, c in enumerate(columns) if place not in places]
        return cls(user, item, others, *rest)

    def __len__(self):
        return len(self.user)

    def features(self, needed=True):
        """Return the further columns as a float ndarray of shape (n_rows, n_features).

        They must be finite in the rows of the mask `needed`.
        """
        return numeric_columns(self.others, len(self), needed)

    def times(self):
        """Return the time of each row as a number, in an ndarray of shape (n_rows,)."""
        _check_no_gap(self.time)
        return _sortable(self.time)


def id_places(columns, named, user, item, time=None):
    """Return the positions of the user and the item column, and of the time column if asked for."""
    if len(columns) < 2:
        raise ValueError(
            f"X has {len(columns)} feature(s) while a minimum of 2 is required: a row is a user id, an "
            f"item id and any features."
        )
    keys = {"user": user, "item": item} | ({} if time is None else {"time": time})
    places = {which: _place(which, key, columns, named) for which, key in keys.items()}
    for one, other in combinations(keys, 2):
        if places[one] == places[other]:
            raise ValueError(
                f"{one}={keys[one]!r} and {other}={keys[other]!r} name the same column "
                f"{columns[places[one]].name!r} of X. Name two different ones."
            )
    return list(places.values())


def table_columns(X):
    """Return the columns of ``X`` as narwhals Series, and whether they have names."""
    if nw.dependencies.is_polars_lazyframe(X):
        raise TypeError("X is a lazy frame. Call .collect() on it first.")
    if not nw.dependencies.is_into_dataframe(X):
        return _array_columns(X), False
    frame = _eager_frame(X)
    if len(frame) == 0:
        raise ValueError(
            f"X has 0 sample(s) (shape={frame.shape}) while a minimum of 1 is required. "
            "Check the filters that made the table."
        )
    named = all(isinstance(name, str) for name in frame.columns)
    if not named:
        frame = nw.from_native(X.set_axis([str(name) for name in X.columns], axis=1))
    return [frame[:, place] for place in range(frame.shape[1])], named


def _eager_frame(X):
    try:
        return nw.from_native(X, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise ValueError(f"Two columns of X have the same name ({error}). Rename one.") from error


def numeric_columns(columns, n_rows, needed=True):
    """Return feature columns as a float ndarray of shape (n_rows, n_columns), finite where needed."""
    if not columns:
        return np.empty((n_rows, 0))
    return np.column_stack([_numeric(column, needed) for column in columns])


def tidy_frame(*series, **arrays):
    """Return a native frame of some series and arrays, in the library of the first series."""
    _check_names([*(column.name for column in series), *arrays])
    columns = {column.name: column for column in series}
    for name, values in arrays.items():
        columns[name] = nw.new_series(name, values, backend=series[0].implementation)
    # Without `backend`, which would lose categories and nullable dtypes.
    return nw.maybe_reset_index(nw.from_dict(columns)).to_native()


def _check_names(names):
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"An id column of X is called {name!r}, as is a column of the answer. Rename it in X."
            )


def table_like(empty, columns):
    """Return columns as a table in the form of another: a frame, or an ndarray of its dtype."""
    if not nw.dependencies.is_into_dataframe(empty):
        return _array_like(empty, columns)
    table = tidy_frame(*(column.alias(str(place)) for place, column in enumerate(columns)))
    if nw.dependencies.is_pandas_dataframe(empty):
        return table.set_axis(empty.columns, axis=1)
    names = nw.from_native(empty).columns
    return (
        nw.from_native(table)
        .rename(dict(zip(map(str, range(len(names))), names, strict=True)))
        .to_native()
    )


def _array_like(empty, columns):
    if empty.dtype.kind not in "OUS":
        return np.column_stack([column.to_numpy() for column in columns])
    objects = [pd.Series(column.to_list(), dtype=object) for column in columns]
    return np.column_stack(objects).astype(empty.dtype.type)  # as long as the longest text


def check_ratings(y, n_rows):
    """Return ratings as a float ndarray; NaN is "seen, not rated"."""
    if y is None:
        raise ValueError("This model requires y to be passed, but the target y is None.")
    if nw.dependencies.is_into_series(y):
        y = _floats(nw.from_native(y, series_only=True), "y")
    y = column_or_1d(y, warn=True)
    ratings = _floats(as_series(y), "y") if y.dtype.kind not in "fiub" else y.astype(np.float64)
    if len(ratings) != n_rows:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {n_rows} rows and y "
            f"has {len(ratings)} ratings. Give one rating for each row, NaN where there is none."
        )
    if np.isinf(ratings).any():
        raise ValueError(
            f"Input y contains infinity (row {np.argmax(np.isinf(ratings))}). A rating is a finite "
            f"number, or NaN for an item that was seen and not rated."
        )
    return ratings


def check_weights(sample_weight, n_rows):
    """Return sample weights as a float ndarray: ones by default, never negative or all zero."""
    return check_sample_weight(
        sample_weight, np.empty(n_rows), dtype=np.float64, ensure_non_negative=True
    )


def as_table(X):
    """Return frames as they are, lists as an array of objects, so that numbers stay beside text."""
    if nw.dependencies.is_into_dataframe(X) or sparse.issparse(X):
        return X
    return np.asarray(X, dtype=object if isinstance(X, (list, tuple)) else None)


def _array_columns(X):
    array = check_array(as_table(X), dtype=None, ensure_all_finite=False, input_name="X")
    return [_typed(column, f"x{place}") for place, column in enumerate(array.T)]


def _typed(values, name):
    """Return a column of an array in the dtype of its values; text with gaps stays as it is."""
    column = pd.Series(values, name=name).infer_objects()
    if values.dtype == object and column.dtype == "str" and column.hasnans:
        column = pd.Series(values, name=name, dtype=object)
    return nw.from_native(column, series_only=True)


def _place(which, key, columns, named):
    """Return the position of the column that ``user=`` or ``item=`` means."""
    names = [column.name for column in columns]
    if isinstance(key, str):
        if not named:
            raise ValueError(
                f"{which}={key!r} is a column name, but X has no column names. Give the position of "
                f"the column, or keep the names with .set_output(transform='pandas')."
            )
        if key not in names:
            raise ValueError(
                f"X has no column {key!r} (columns: {names}). Name the {which} column with `{which}=`."
            )
        return names.index(key)
    if not 0 <= key < len(columns):
        raise ValueError(
            f"{which}={key} is no position of a column of X, which has {len(columns)} columns."
        )
    return int(key)


def _check_no_gap(column):
    """Raise where a row has no time."""
    missing = column.is_null().to_numpy()
    if column.dtype.is_float():
        missing = missing | np.isnan(column.to_numpy())
    if missing.any():
        raise ValueError(
            f"Input X contains NaN: row {np.argmax(missing)} has no time in column {column.name!r}. "
            f"Drop such rows, or give them a time."
        )


def _sortable(column):
    """Return times as numbers in the same order, or say which value is no time."""
    kind = pd.api.types.infer_dtype(column.to_list()) if column.dtype == nw.Object else None
    if kind == "date":
        column = as_series(pd.to_datetime(column.to_list()))
    if column.dtype == nw.Date:
        column = column.cast(nw.Datetime())
    if isinstance(column.dtype, (nw.Datetime, nw.Duration)):
        return column.cast(nw.Int64()).to_numpy()
    if column.dtype.is_integer():
        return column.to_numpy()  # as floats, large ones would become equal
    if column.dtype.is_numeric() or kind == "decimal":
        return _floats(column, f"column {column.name!r} of X")
    values = column.to_list()
    row = next((row for row, value in enumerate(values) if not isinstance(value, (Real, date))), 0)
    raise ValueError(
        f"Column {column.name!r} of X holds {values[row]!r} (row {row}), but times are all numbers, all "
        f"dates, or all datetimes of one time zone. Convert them, for instance with pandas.to_datetime."
    )


def _numeric(column, needed):
    """Return a feature column as floats, or say which value is none."""
    values = _floats(column, f"column {column.name!r} of X")
    bad = ~np.isfinite(values) & needed
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"Input X contains NaN or infinity: {values[row]} in row {row} of column "
            f"{column.name!r}. Fill it first, for instance with SimpleImputer in a ColumnTransformer."
        )
    return values


def _floats(series, what):
    """Return a series as float64, missing values as NaN."""
    if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
        return np.array([_float(value, row, what) for row, value in enumerate(series.to_list())])
    if series.implementation.is_pandas_like():
        return series.to_native().to_numpy(dtype=np.float64, na_value=np.nan)
    return series.cast(nw.Float64()).to_numpy().astype(np.float64)


def _float(value, row, what):
    if value is None or value is pd.NA:
        return np.nan
    if not isinstance(value, (Real, Decimal, np.bool_)):
        raise ValueError(
            f"{what} holds {value!r} (row {row}), which is no number. {REMEDIES[what == 'y']}"
        )
    return float(value)
