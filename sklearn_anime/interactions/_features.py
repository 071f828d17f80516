"""The further columns of ``X``: features of items, of users, and context."""

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from sklearn_anime.interactions._column import Column
from sklearn_anime.interactions._frames import tidy_frame
from sklearn_anime.interactions._ids import plain_values, series_like
from sklearn_anime.interactions._numbers import floats, numeric_columns
from sklearn_anime.interactions._pairs import PairMerge
from sklearn_anime.utils._groups import first_rows

TOLERANCE = 1e-5  # of the range of a column, up to which numbers agree


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """The further columns of ``X`` by item and by user, so that pairs without a row can be scored.

    A column that is constant within each item is a feature of the item, one that is constant within
    each user a feature of the user. Numbers are constant where they agree to 1e-5 of the range of the
    column, everything else where it is equal; missing values are equal to each other. Any other column
    is context: for a new pair, the mean of numbers and the most frequent value of categories stand in,
    over the rows of the item.

    Attributes
    ----------
    names : list of str of length n_features
        Names of the columns.

    of_user, context : ndarray of bool of shape (n_features,)
        Which columns are features of the user, and which are context.

    item_columns : list of Column of length n_items
        The features of items, context included, in the order of ``X``.

    user_columns : list of Column of length n_users
        The features of users, in the order of ``X``.

    n_items, n_users : int
        Number of items and of users.

    contexts : ndarray of shape (n_pairs, n_context) or None
        Context of each pair of ``fit``; None where columns are kept as they are.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> X = [[1, 7, 24.0, 0], [1, 8, 12.0, 1], [2, 7, 24.0, 1]]
    >>> features = Interactions.from_rows(X, [5, 4, 3], features="numbers").features
    >>> features.item_names, features.context_names
    (['x2', 'x3'], ['x3'])
    >>> features.item_features.tolist()
    [[24.0, 0.5], [12.0, 1.0]]
    """

    names: list
    of_user: np.ndarray
    context: np.ndarray
    item_columns: list
    user_columns: list
    n_items: int
    n_users: int
    contexts: np.ndarray | None = None

    @classmethod
    def from_columns(cls, columns, codes, merge, weights, numeric):
        """Tell apart the columns of rows, given the codes of their users and items.

        With `numeric`, all of them are turned into finite numbers.
        """
        if numeric:
            values = numeric_columns(columns, len(weights))
            return cls.from_values([c.name for c in columns], values, codes, merge, weights)
        names = [column.name for column in columns]
        kinds = [_Kind.of(_comparable(column), codes) for column in columns]
        sides = [
            _by_user(column, codes[0])
            if kind.of_user
            else _by_item(column, codes[1], kind.context, weights)
            for column, kind in zip(columns, kinds, strict=True)
        ]
        return cls._of(names, kinds, sides, codes, None)

    @classmethod
    def from_values(cls, names, values, codes, merge, weights):
        """Tell apart the columns of an ndarray of shape (n_rows, n_features)."""
        kinds = [_Kind.of(column, codes) for column in values.T]
        sides = []
        for column, kind in zip(values.T, kinds, strict=True):
            side = column[first_rows(codes[0 if kind.of_user else 1])]
            sides.append(_means(column, codes[1], weights) if kind.context else side)
        context = np.array([kind.context for kind in kinds], dtype=bool)
        columns = [Column.of_floats(*pair) for pair in zip(names, sides, strict=True)]
        return cls._of(names, kinds, columns, codes, merge.mean(values[:, context], weights))

    @classmethod
    def _of(cls, names, kinds, sides, codes, contexts):
        of_user = np.array([kind.of_user for kind in kinds], dtype=bool)
        return cls(
            names=list(names),
            of_user=of_user,
            context=np.array([kind.context for kind in kinds], dtype=bool),
            item_columns=[side for side, user in zip(sides, of_user, strict=True) if not user],
            user_columns=[side for side, user in zip(sides, of_user, strict=True) if user],
            n_items=int(codes[1].max()) + 1,
            n_users=int(codes[0].max()) + 1,
            contexts=contexts,
        )

    def __len__(self):
        return len(self.names)

    @property
    def item_names(self) -> list:
        """Names of the features of items, context included."""
        return [name for name, of_user in zip(self.names, self.of_user, strict=True) if not of_user]

    @property
    def user_names(self) -> list:
        """Names of the features of users."""
        return [name for name, of_user in zip(self.names, self.of_user, strict=True) if of_user]

    @property
    def context_names(self) -> list:
        """Names of the columns of context."""
        return [name for name, context in zip(self.names, self.context, strict=True) if context]

    @property
    def item_features(self) -> np.ndarray:
        """Features of the items of ``fit`` as numbers: ndarray of shape (n_items, n_item_features)."""
        return as_numbers(self.item_columns, self.n_items)

    @property
    def user_features(self) -> np.ndarray:
        """Features of the users of ``fit`` as numbers: ndarray of shape (n_users, n_user_features)."""
        return as_numbers(self.user_columns, self.n_users)

    def item_rows(self, codes):
        """Return the features of items as numbers; those of code -1 are the mean of all items."""
        return with_mean(self.item_features)[codes]

    def user_rows(self, codes):
        """Return the features of users as numbers; those of code -1 are the mean of all users."""
        return with_mean(self.user_features)[codes]

    def combined(self, user_rows, item_rows):
        """Return the features of pairs in the order of the columns of ``X``, given those of both sides.

        Both are ndarrays with a row for each pair, or both are lists of columns.
        """
        if isinstance(user_rows, np.ndarray):
            features = np.empty((len(user_rows), len(self)))
            features[:, self.of_user], features[:, ~self.of_user] = user_rows, item_rows
            return features
        users, items = iter(user_rows), iter(item_rows)
        return [next(users if of_user else items) for of_user in self.of_user]

    def fitted_rows(self, user_codes, item_codes):
        """Return the features of the pairs that ``fit`` saw as numbers, each with its own context."""
        rows = self.combined(self.user_features[user_codes], self.item_features[item_codes])
        rows[:, self.context] = self.contexts
        return rows

    def read_items(self, columns, new):
        """Return the features of the new ones among some items, as numbers or as columns.

        `new` is a mask of them; the others may have gaps.
        """
        if len(columns) != len(self.item_columns):
            raise ValueError(
                f"items= has {len(columns)} feature columns and fit saw {len(self.item_columns)} "
                f"features of items: give the item id and then {self.item_names}."
            )
        if self.contexts is None:
            return [column[np.flatnonzero(new)] for column in columns]
        return numeric_columns(columns, len(new), needed=new)[new]

    def item_frame(self, ids):
        """Return ids of items beside their columns, as a frame."""
        return tidy_frame(ids, *(column.to_series() for column in self.item_columns))

    def user_frame(self, ids):
        """Return ids of users beside their columns, as a frame."""
        return tidy_frame(ids, *(column.to_series() for column in self.user_columns))


@dataclass(frozen=True)
class _Kind:
    """Whether a column is constant within each user (and not each item), or within neither."""

    of_user: bool
    context: bool

    @classmethod
    def of(cls, values, codes):
        users, items = codes
        if _is_constant(values, items):
            return cls(False, False)
        of_user = _is_constant(values, users)
        return cls(of_user, not of_user)


def as_numbers(columns, n_rows):
    """Return columns as a float ndarray of shape (n_rows, n_columns)."""
    return np.column_stack([column.floats() for column in columns]) if columns else np.empty((n_rows, 0))


def with_mean(rows):
    """Return rows with their mean as the last one, for code -1."""
    return np.vstack([rows, rows.mean(axis=0)])


def of_codes(column, codes):
    """Return the values of a column for some codes as a series; a typical value stands for code -1."""
    series = column.to_series()
    if (codes >= 0).all():
        return series[codes]
    return extended(series, typical(series))[np.where(codes >= 0, codes, len(series))]


def typical(series):
    """Return the mean of numbers, the median of dates, or else the most frequent value, as a series."""
    if not series.dtype.is_numeric():
        groups = np.zeros(len(series), dtype=np.intp)
        return series[_typical_rows(series, groups, np.ones(len(series)))]
    values = floats(series, series.name)
    if np.isnan(values).all():
        return series[[0]]
    mean = np.nanmean(values)
    return series_like(series, [round(mean) if series.dtype.is_integer() else float(mean)])


def extended(series, more):
    """Return a series with more values at its end, in its dtype where this holds them."""
    values = pd.Series([*series.to_list(), *more.to_list()], name=series.name, dtype=object)
    if not series.implementation.is_pandas_like():
        try:
            return series_like(series, values)
        except TypeError:  # polars has no room for a float among integers
            return series_like(series, pd.to_numeric(values))
    if series.to_native().dtype == object:
        return nw.from_native(values, series_only=True)
    present = values.dropna()  # reindex opens a gap of the dtype for each missing value
    native = series_like(series, present).to_native().set_axis(present.index)
    return nw.from_native(native.reindex(values.index), series_only=True)


def _by_user(series, user_codes):
    return Column.from_series(series[first_rows(user_codes)])


def _by_item(series, item_codes, context, weights):
    """Return the value of each item, or where a column is context what stands in for it."""
    if not context:
        return Column.from_series(series[first_rows(item_codes)])
    if series.dtype.is_numeric():
        means = _means(floats(series, series.name), item_codes, weights)
        return Column.of_floats(series.name, means, like=Column.from_series(series[:1]))
    return Column.from_series(series[_typical_rows(series, item_codes, weights)])


def _is_constant(values, codes):
    """Return whether values are constant within groups: floats up to rounding, others exactly."""
    group = values[first_rows(codes)][codes]
    if values.dtype.kind != "f":
        return np.array_equal(values, group)
    # A transformer can give the rows of an item slightly different values.
    present = values[~np.isnan(values)]
    spread = np.ptp(present) if len(present) else 0.0
    return np.allclose(values, group, rtol=0, atol=TOLERANCE * spread, equal_nan=True)


def _means(values, codes, weights):
    """Return the weighted mean of each group over the values that there are, NaN where there is none."""
    present = ~np.isnan(values)
    total = np.bincount(codes, np.where(present, values, 0.0) * weights)
    with np.errstate(invalid="ignore"):  # 0 / 0: no value
        return total / np.bincount(codes, weights * present)


def _comparable(series):
    """Return a series as floats or, where it holds no numbers, as a code for each value."""
    return floats(series, series.name) if series.dtype.is_numeric() else _value_codes(series)


def _value_codes(series):
    """Return a number for each value of a series, in their order where they have one; -1: missing."""
    values = plain_values(series)
    try:
        return pd.factorize(values, sort=series.dtype.is_temporal())[0]
    except TypeError:  # values that cannot be hashed, such as lists
        return pd.factorize(np.array([repr(value) for value in values], dtype=object))[0]


def _typical_rows(series, groups, weights):
    """Return a row of each group: that of its median date, else that of its most frequent value.

    A missing value is typical only where there is no other.
    """
    values = _value_codes(series)
    present = values >= 0
    kept = np.flatnonzero(present | (np.bincount(groups, present) == 0)[groups])
    if series.dtype.is_temporal():
        return kept[_median_rows(values[kept], groups[kept])]
    return kept[_most_frequent_rows(values[kept], groups[kept], weights[kept])]


def _median_rows(values, groups):
    """Return the row of the median of each group, the lower one of two."""
    order = np.lexsort([values, groups])
    sizes = np.bincount(groups)
    return order[np.cumsum(sizes) - sizes + (sizes - 1) // 2]


def _most_frequent_rows(values, groups, weights):
    """Return the first row of the value with the largest weight of each group."""
    merge = PairMerge(groups, values + 1, values.max() + 2)
    first = merge.first(np.arange(len(values)))
    order = np.lexsort([first, -merge.sum(weights), merge.user_codes])
    return first[order][first_rows(merge.user_codes[order])]
