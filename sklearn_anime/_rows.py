"""The rows of ``X``: which columns are the ids, which are features, and whether they are sound."""

from dataclasses import dataclass
from decimal import Decimal
from numbers import Real

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn.utils import check_array
from sklearn.utils.validation import column_or_1d, validate_data

from sklearn_anime._ids import as_series
from sklearn_anime.utils._sklearn import check_sample_weight

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
    """

    user: nw.Series
    item: nw.Series
    others: list

    @classmethod
    def parse(cls, X, *, user=0, item=1, estimator=None):
        """Find the id columns of ``X`` by name or position.

        With a fitted `estimator`, the columns must be those that its ``fit`` saw.
        """
        columns, named = table_columns(X)
        if estimator is not None:
            validate_data(estimator, X, reset=False, skip_check_array=True)
        if len(columns) < 2:
            raise ValueError(
                f"X has {len(columns)} feature(s) while a minimum of 2 is required: a row is a user "
                f"id, an item id and any features."
            )
        places = [_place(which, key, columns, named) for which, key in (("user", user), ("item", item))]
        if places[0] == places[1]:
            raise ValueError(
                f"user={user!r} and item={item!r} name the same column "
                f"{columns[places[0]].name!r} of X. Name two different ones."
            )
        names = ("user", "item") if not named else [columns[place].name for place in places]
        ids = [columns[place].alias(name) for place, name in zip(places, names, strict=True)]
        return cls(*ids, [c for place, c in enumerate(columns) if place not in places])

    def __len__(self):
        return len(self.user)

    def features(self):
        """Return the further columns as a float ndarray of shape (n_rows, n_features)."""
        return numeric_columns(self.others, len(self))


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


def numeric_columns(columns, n_rows):
    """Return feature columns as a float ndarray of shape (n_rows, n_columns)."""
    if not columns:
        return np.empty((n_rows, 0))
    return np.column_stack([_numeric(column) for column in columns])


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


def _array_columns(X):
    if isinstance(X, (list, tuple)):  # as an array of objects, so that numbers stay beside text
        X = np.asarray(X, dtype=object)
    array = check_array(X, dtype=None, ensure_all_finite=False, input_name="X")
    series = (pd.Series(column, name=f"x{i}").infer_objects() for i, column in enumerate(array.T))
    return [nw.from_native(column, series_only=True) for column in series]


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


def _numeric(column):
    """Return a feature column as floats, or say which value is none."""
    values = _floats(column, f"column {column.name!r} of X")
    bad = ~np.isfinite(values)
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
