"""The columns of ``X`` as they came, text included, so that rows of new pairs can be written."""

from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
import pandas as pd

from sklearn_anime.interactions._features import ColumnSides
from sklearn_anime.interactions._ids import plain_values, series_like
from sklearn_anime.interactions._rows import tidy_frame
from sklearn_anime.utils._groups import first_rows


@dataclass(frozen=True)
class ColumnTable(ColumnSides):
    """The further columns of ``X`` in their own dtypes, by item and by user.

    The stand-in for context is a value that the item had: the median where values have an order
    (numbers, dates), else the most frequent one.

    Attributes
    ----------
    names, of_user, context
        As in `ColumnSides`.

    items : list of narwhals Series of length n_items
        The columns that say something of the item, context included.

    users : list of narwhals Series of length n_users + 1
        The columns that say something of the user; the last row is that of a typical user, for
        those not in ``fit``.

    Examples
    --------
    >>> from sklearn_anime.interactions._interactions import Interactions
    >>> X = [[1, 7, "Action", "fan"], [1, 8, "Drama", "fan"], [2, 7, "Action", "new"]]
    >>> columns = Interactions.from_rows(X, [5, 4, 3], features=ColumnTable).features
    >>> [column.to_list() for column in columns.rows(columns.of_users([1, 0]), [0, 1])]
    [['Action', 'Drama'], ['new', 'fan']]
    """

    items: list
    users: list

    STAND_IN = "a typical value of the item"

    @classmethod
    def from_rows(cls, columns, user_codes, item_codes, merge, weights):
        """Sort the columns into those of items, of users and context."""
        row_of_user, row_of_item = first_rows(user_codes), first_rows(item_codes)
        of_user, context, items, users = [], [], [], []
        for column in columns:
            values = _value_codes(column)
            of_item = np.array_equal(values, values[row_of_item][item_codes])
            of_user.append(not of_item and np.array_equal(values, values[row_of_user][user_codes]))
            context.append(not (of_item or of_user[-1]))
            if of_user[-1]:
                everyone = np.zeros(len(row_of_user), dtype=np.intp)
                typical = _typical_rows(values[row_of_user], everyone, column)
                users.append(column[np.append(row_of_user, row_of_user[typical])])
            else:
                rows = row_of_item if of_item else _typical_rows(values, item_codes, column)
                items.append(column[rows])
        names = [column.name for column in columns]
        return cls(names, np.array(of_user, dtype=bool), np.array(context, dtype=bool), items, users)

    def of_users(self, user_codes):
        """Return the columns of users; those of a typical one for code -1."""
        return [column[np.asarray(user_codes) % len(column)] for column in self.users]

    def rows(self, user_columns, item_codes):
        """Return all columns of rows, given those of their users, in the order of ``X``."""
        users, items = iter(user_columns), (column[item_codes] for column in self.items)
        return [next(users if of_user else items) for of_user in self.of_user]

    def item_frame(self, ids):
        """Return ids of items beside their columns, as a frame."""
        return tidy_frame(ids, *self.items)

    def user_frame(self, ids):
        """Return ids of users beside their columns, as a frame."""
        return tidy_frame(ids, *(column[: len(ids)] for column in self.users))

    def read_items(self, columns, n_items):
        """Return the feature columns of new items."""
        self.check_items(columns)
        return columns

    def with_items(self, columns):
        """Return this table with more items at its end."""
        return replace(self, items=[extended(*pair) for pair in zip(self.items, columns, strict=True)])


def extended(column, more):
    """Return a column with more values at its end, in its dtype where this holds them."""
    values = pd.Series([*column.to_list(), *more.to_list()], name=column.name, dtype=object)
    if not column.implementation.is_pandas_like():
        try:
            return series_like(column, values)
        except TypeError:  # polars has no room for a float among integers
            return series_like(column, pd.to_numeric(values))
    if column.to_native().dtype == object:
        return nw.from_native(values, series_only=True)
    present = values.dropna()  # reindex opens a gap of the dtype for each missing value
    native = series_like(column, present).to_native().set_axis(present.index)
    return nw.from_native(native.reindex(values.index), series_only=True)


def _value_codes(column):
    """Return a number for each value of a column, in their order where they have one; -1: missing."""
    values = plain_values(column)
    try:
        return pd.factorize(values, sort=_has_order(column))[0]
    except TypeError:  # values that cannot be hashed, such as lists
        return pd.factorize(np.array([repr(value) for value in values], dtype=object))[0]


def _has_order(column):
    return column.dtype.is_numeric() or column.dtype.is_temporal()


def _typical_rows(values, groups, column):
    """Return a row of each group: that of its median or, without an order, its most frequent value.

    A missing value is typical only where there is no other.
    """
    present = values >= 0
    kept = np.flatnonzero(present | (np.bincount(groups, present) == 0)[groups])
    typical = _median_rows if _has_order(column) else _most_frequent_rows
    return kept[typical(values[kept], groups[kept])]


def _median_rows(values, groups):
    """Return the row of the median of each group, the lower one of two."""
    order = np.lexsort([values, groups])
    sizes = np.bincount(groups)
    return order[np.cumsum(sizes) - sizes + (sizes - 1) // 2]


def _most_frequent_rows(values, groups):
    """Return the first row of the most frequent value of each group."""
    n_values = values.max() + 2
    pairs, rows, counts = np.unique(
        groups * n_values + values + 1, return_index=True, return_counts=True
    )
    order = np.lexsort([rows, -counts, pairs // n_values])
    return rows[order][first_rows((pairs // n_values)[order])]
