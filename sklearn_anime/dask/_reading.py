"""The partitions of a Dask DataFrame: what one pass over them finds, and their rows as codes."""

from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from sklearn_anime.interactions import Vocabulary
from sklearn_anime.interactions._clock import warn_of_times
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.interactions._numbers import numeric_columns
from sklearn_anime.interactions._rows import Layout, Rows
from sklearn_anime.interactions._targets import check_any_rating, check_ratings, check_weights

SIDES = ("user", "item")


@dataclass(frozen=True)
class Reading:
    """What to read of each partition.

    Attributes
    ----------
    user, item, time : int, str or None
        Positions or names of columns.

    ordered : bool
        Whether rows are needed in their order.

    features : bool
        Whether the further columns are read, as numbers.
    """

    user: int | str = 0
    item: int | str = 1
    time: int | str | None = None
    ordered: bool = False
    features: bool = False

    def parse(self, X, y, sample_weight):
        """Return rows, ratings, weights and the positions of the rows that have a weight."""
        rows = self._rows(X)
        ratings = np.full(len(rows), np.nan) if y is None else check_ratings(y, len(rows))
        if sample_weight is not None and not np.any(sample_weight):
            weights = np.zeros(len(rows))  # allowed here: other partitions have weights
        else:
            weights = check_weights(sample_weight, len(rows))
        return rows, ratings, weights, np.flatnonzero(weights)

    def warn_of_times(self, X):
        """Warn of columns of datetimes that are not read as such, by a frame with some rows."""
        warn_of_times(self._rows(X), self.ordered, user=self.user, item=self.item)

    def _rows(self, X):
        return Rows.parse(X, user=self.user, item=self.item, time=self.time)


@dataclass(frozen=True)
class Part:
    """What is to be known of a partition.

    Attributes
    ----------
    position : int
        Which partition of ``X`` it is.

    n_rows, n_kept, n_rated : int
        Number of its rows, of those with a weight, and of those with a weight and a rating.

    dtypes : dict
        The dtype of users and of items, where there are rows.

    clock, time_dtype : str or None
        What the times are, and how they are held.

    layout : Layout or None
        Where the columns are.

    names : list of str
        Names of the further columns.
    """

    position: int
    n_rows: int = 0
    n_kept: int = 0
    n_rated: int = 0
    dtypes: dict = field(default_factory=dict)
    clock: str | None = None
    time_dtype: str | None = None
    layout: Layout | None = None
    names: list = field(default_factory=list)


@dataclass(frozen=True)
class Summary:
    """What one pass over some partitions finds.

    Attributes
    ----------
    parts : list of Part
        One for each partition, in their order.

    ids : dict
        Distinct ids of users and of items as pandas Series; none without rows.

    n_rows : ndarray of int of shape (n_users,) or None
        Number of rows of each user in `ids`.
    """

    parts: list
    ids: dict[str, Any] = field(default_factory=dict)
    n_rows: np.ndarray | None = None

    @classmethod
    def of(cls, position, X, y, sample_weight, reading):
        """Read a partition."""
        if len(X) == 0:
            return cls([Part(position)])
        with _Partition(position):
            rows, ratings, _, kept = reading.parse(X, y, sample_weight)
            if len(kept) == 0:
                return cls([Part(position, len(rows))])
            columns = {side: getattr(rows, side)[kept] for side in SIDES}
            found = {side: Vocabulary.from_series(ids, side) for side, ids in columns.items()}
            part = Part(
                position,
                len(rows),
                len(kept),
                int(np.count_nonzero(~np.isnan(ratings[kept]))),
                {side: _dtype_name(ids) for side, ids in columns.items()},
                rows.clock,
                None if rows.time is None else rows.times().dtype.name,
                rows.layout,
                [column.name for column in rows.others],
            )
        n_rows = np.bincount(found["user"][1], minlength=len(found["user"][0]))
        return cls([part], {side: found[side][0].ids.to_native() for side in SIDES}, n_rows)

    @classmethod
    def merged(cls, summaries):
        """Join what was found in several partitions."""
        parts = [part for summary in summaries for part in summary.parts]
        check_dtypes(parts)
        found = [summary for summary in summaries if summary.ids]
        if not found:
            return cls(parts)
        ids = {side: _distinct([summary.ids[side] for summary in found]) for side in SIDES}
        users, own = Vocabulary.from_series(as_series(ids["user"]), "user")
        return cls(parts, ids, sum(summary._rows_of(users) for summary in found)[own])

    def starts(self, users, n_blocks):
        """Return the first code of blocks of users with about as many rows each, and the end."""
        ends = np.cumsum(self._rows_of(users))
        inner = np.searchsorted(ends, ends[-1] * np.arange(1, n_blocks) / n_blocks) + 1
        return np.unique([0, *np.minimum(inner, len(users)), len(users)])

    def _rows_of(self, users):
        """Return the number of rows of each user of a vocabulary."""
        codes = users.encode(as_series(self.ids["user"]))
        return np.bincount(codes, self.n_rows, minlength=len(users)).astype(np.int64)

    @property
    def first(self):
        """The first partition with a row that has a weight."""
        return next(part for part in self.parts if part.dtypes)

    @property
    def time_dtype(self):
        """A dtype that holds the times of all partitions; None without times."""
        dtypes = [part.time_dtype for part in self.parts if part.time_dtype]
        return np.result_type(*dtypes).name if dtypes else None

    def check(self, n_columns, needs_ratings):
        """Raise where no partition has a row, a weight or, if needed, a rating."""
        counts = [(part.n_rows, part.n_kept, part.n_rated) for part in self.parts]
        n_rows, n_kept, n_rated = np.sum(counts, axis=0)
        if n_rows == 0:
            raise ValueError(
                f"X has 0 sample(s) (shape={(0, n_columns)}) while a minimum of 1 is required. "
                f"Check the filters that made the table."
            )
        if n_kept == 0:
            check_weights(np.zeros(n_rows), n_rows)
        if needs_ratings:
            check_any_rating(n_rated, n_kept)

    def vocabularies(self):
        """Return the vocabulary of users and that of items, as ``fit`` makes them."""
        return [Vocabulary.from_series(self.ids[side], side)[0] for side in SIDES]


def check_dtypes(parts):
    """Raise where the ids of partitions are of different dtypes, or their times on different clocks."""
    parts = [part for part in parts if part.dtypes]
    for part in parts[1:]:
        first = parts[0]
        for side in SIDES:
            if part.dtypes[side] != first.dtypes[side]:
                name = part.layout.names[getattr(part.layout, side)]
                raise TypeError(
                    f"The {side} ids in column {name!r} of X are {first.dtypes[side]} in partition "
                    f"{first.position} and {part.dtypes[side]} in partition {part.position}. Give them "
                    f"one dtype, for instance with X.astype({{{name!r}: {first.dtypes[side]!r}}})."
                )
        if part.clock != first.clock:
            raise TypeError(
                f"The times of X are {first.clock} in partition {first.position} and {part.clock} in "
                f"partition {part.position}. Convert them, for instance with dask.dataframe.to_datetime."
            )


def encode(position, X, y, sample_weight, reading, users, items, first_row, time_dtype):
    """Return the rows of a partition as a frame of codes and numbers.

    It holds ``user``, ``item`` and, where there are such, ``rating``, ``weight``, ``time``, ``row`` and
    a column for each feature. `first_row` is the number of rows in earlier partitions.
    """
    if len(X) == 0:
        return coded_meta(reading, y is not None, sample_weight is not None, time_dtype, X.shape[1])
    with _Partition(position):
        rows, ratings, weights, kept = reading.parse(X, y, sample_weight)
        values = {
            "user": users.encode(rows.user[kept]).astype(np.int32),
            "item": items.encode(rows.item[kept]).astype(np.int32),
        }
        if any((values[side] < 0).any() for side in SIDES):
            raise ValueError(
                "It has ids that were not there when X was read for the first time. Call X.persist() "
                "before, where its rows change from one reading to the next."
            )
        if y is not None:
            values["rating"] = ratings[kept]
        if sample_weight is not None:
            values["weight"] = weights[kept]
        if rows.time is not None:
            values["time"] = rows.times()[kept].astype(time_dtype)
        if rows.time is not None or reading.ordered:
            values["row"] = first_row + kept
        if reading.features:
            others = [column[kept] for column in rows.others]
            features = numeric_columns(others, len(kept))
            values |= {f"feature{i}": features[:, i] for i in range(features.shape[1])}
    return pd.DataFrame(values)


def coded_meta(reading, has_ratings, has_weights, time_dtype, n_columns):
    """Return the frame that `encode` returns, without rows."""
    types = {"user": np.int32, "item": np.int32}
    if has_ratings:
        types["rating"] = np.float64
    if has_weights:
        types["weight"] = np.float64
    if time_dtype is not None:
        types["time"] = time_dtype
    if time_dtype is not None or reading.ordered:
        types["row"] = np.int64
    if reading.features:
        n_features = n_columns - 2 - (reading.time is not None)
        types |= {f"feature{i}": np.float64 for i in range(n_features)}
    return pd.DataFrame({name: np.empty(0, dtype) for name, dtype in types.items()})


class _Partition:
    """Says in errors of what is inside which partition it was."""

    def __init__(self, position):
        self.position = position

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, (ValueError, TypeError)):
            raise type(error)(f"Partition {self.position} of X: {error}") from error


def _dtype_name(series):
    """Return the name of the dtype of ids; categories are compared by the dtype of their values."""
    dtype = series.to_native().dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return f"category of {dtype.categories.dtype}"
    return str(dtype)


def _distinct(columns):
    """Return the distinct ids of several columns of one dtype, in the order in which they appear."""
    if any(isinstance(column.dtype, pd.CategoricalDtype) for column in columns):
        categories = pd.api.types.union_categoricals(columns, ignore_order=True)
        joined = pd.Series(categories, name=columns[0].name)
    else:
        joined = pd.concat(columns, ignore_index=True)
    if joined.dtype == object:
        return joined[~pd.Index(joined).duplicated()]
    return nw.from_native(joined, series_only=True).unique(maintain_order=True).to_native()
