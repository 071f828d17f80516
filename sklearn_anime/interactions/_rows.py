"""The rows of ``X``: which columns are the ids, the time and the features."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from numbers import Integral

import narwhals as nw
import numpy as np
from sklearn.utils.validation import validate_data

from sklearn_anime.interactions._clock import clock_of
from sklearn_anime.interactions._frames import table_columns
from sklearn_anime.interactions._numbers import numeric_columns
from sklearn_anime.interactions._targets import times
from sklearn_anime.utils._sklearn import Interval

HISTORY = "history="  # how messages call the rows of a history
# Constraint of the parameters `user` and `item`: the name or the position of a column.
ID_COLUMN = [str, Interval(Integral, 0, None, closed="left")]


@dataclass(frozen=True)
class Layout:
    """Where the ids, the time and the features are in ``X``.

    Attributes
    ----------
    names : list of str or None
        Names of all columns; None where they have none.

    n_columns : int
        Number of columns.

    user, item : int
        Positions of the id columns.

    time : int or None
        Position of the time column.
    """

    names: list | None
    n_columns: int
    user: int
    item: int
    time: int | None = None

    @classmethod
    def find(cls, columns, named, user=0, item=1, time=None):
        """Find columns by name or position among narwhals Series."""
        if len(columns) < 2:
            raise ValueError(
                f"X has {len(columns)} feature(s) while a minimum of 2 is required: a row is a user id, "
                f"an item id and any features."
            )
        keys = {"user": user, "item": item} | ({} if time is None else {"time": time})
        found = {which: _position(which, key, columns, named) for which, key in keys.items()}
        for one, other in combinations(keys, 2):
            if found[one] == found[other]:
                raise ValueError(
                    f"{one}={keys[one]!r} and {other}={keys[other]!r} name the same column "
                    f"{columns[found[one]].name!r} of X. Name two different ones: user=, item= and "
                    f"time= where the ids are not the first two columns."
                )
        names = [column.name for column in columns] if named else None
        return cls(names, len(columns), **found)

    @property
    def roles(self):
        """Position of the column of each role that there is."""
        known = {"user": self.user, "item": self.item, "time": self.time}
        return {role: position for role, position in known.items() if position is not None}

    @property
    def others(self):
        """Positions of the further columns."""
        return sorted(set(range(self.n_columns)) - set(self.roles.values()))

    def of_history(self, columns, named):
        """Return where the columns of a history are, and which further columns of ``fit`` it has.

        Frames are read by name wherever ``fit`` had names, else by position: all columns of ``fit``, or
        the ids alone, or the ids and the time.
        """
        if named and self.names is not None:
            return self._by_name([column.name for column in columns])
        n_columns, roles = len(columns), list(self.roles)
        if n_columns == self.n_columns:
            return self, self.others
        if not 2 <= n_columns <= len(roles):
            raise ValueError(
                f"history= has {n_columns} columns. Give the columns {', '.join(roles)} alone"
                f"{', or without the time' * (len(roles) > 2)}, or all {self.n_columns} columns of fit."
            )
        return Layout(None, n_columns, **{role: i for i, role in enumerate(roles[:n_columns])}), []

    def _by_name(self, names):
        fitted = {role: self.names[position] for role, position in self.roles.items()}
        missing = [fitted[role] for role in ("user", "item") if fitted[role] not in names]
        if missing:
            raise ValueError(
                f"history= has no column {missing[0]!r} (columns: {names}). Name the columns as in fit: "
                f"{list(fitted.values())}."
            )
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise ValueError(
                f"history= has a column {unknown[0]!r}, which fit did not have (columns of fit: "
                f"{self.names}). Drop it; hand ratings over as y, in history=(X, y)."
            )
        roles = {role: names.index(name) for role, name in fitted.items() if name in names}
        return Layout(names, len(names), **roles), [p for p in self.others if self.names[p] in names]


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

    layout : Layout or None
        Where the columns are in ``X``.

    source : str
        How messages call the table.
    """

    user: nw.Series
    item: nw.Series
    others: list
    time: nw.Series | None = None
    layout: Layout | None = None
    source: str = "X"

    @classmethod
    def parse(cls, X, *, user=0, item=1, time=None, estimator=None):
        """Find the columns of the ids, and of the time if asked for, by name or position.

        With a fitted `estimator`, the columns must be those that its ``fit`` saw.
        """
        columns, named = table_columns(X)
        if estimator is not None:
            validate_data(estimator, X, reset=False, skip_check_array=True)
        return cls._split(columns, Layout.find(columns, named, user, item, time))

    @classmethod
    def read(cls, X, layout, estimator):
        """Read ``X`` in the form of ``fit``."""
        columns, _ = table_columns(X)
        validate_data(estimator, X, reset=False, skip_check_array=True)
        if len(columns) != layout.n_columns:
            raise ValueError(f"X has {len(columns)} features, but fit had {layout.n_columns}.")
        return cls._split(columns, layout)

    @classmethod
    def read_history(cls, X, layout):
        """Read a history, and say which further columns of ``fit`` it has, by their positions there."""
        columns, named = table_columns(X, HISTORY)
        found, present = layout.of_history(columns, named)
        rows = replace(cls._split(columns, found), source=HISTORY)
        if named and layout.names is not None:
            of_name = {column.name: column for column in rows.others}
            others = [of_name[layout.names[position]] for position in present]
            rows = replace(rows, others=others)
        return rows, present

    @classmethod
    def _split(cls, columns, layout):
        user, item = columns[layout.user], columns[layout.item]
        if layout.names is None:
            user, item = user.alias("user"), item.alias("item")
        others = [columns[position] for position in layout.others]
        return cls(user, item, others, None if layout.time is None else columns[layout.time], layout)

    def __len__(self):
        return len(self.user)

    def take(self, positions):
        """Return some of the rows, by rising position."""
        if len(positions) == len(self):
            return self
        return replace(
            self,
            user=self.user[positions],
            item=self.item[positions],
            others=[column[positions] for column in self.others],
            time=None if self.time is None else self.time[positions],
        )

    def features(self, needed=True):
        """Return the further columns as a float ndarray of shape (n_rows, n_features).

        They must be finite in the rows of the mask `needed`.
        """
        return numeric_columns(self.others, len(self), needed)

    def times(self):
        """Return the time of each row as a number, in an ndarray of shape (n_rows,)."""
        return times(self.time, self.source)

    @property
    def clock(self):
        """What the times are (see `clock_of`); None without a time column."""
        return None if self.time is None else clock_of(self.time)


def split_history(history):
    """Return rows and ratings of ``history=``: rows ``X``, or a pair ``(X, y)``.

    A tuple of two rows is rows. A list of ``X`` and ``y`` raises, and so do weights.
    """
    if isinstance(history, tuple) and len(history) == 3 and _is_table(history[0]):
        raise TypeError(
            "history= takes rows, or rows and ratings: history=(X, y). It takes no weights; a row that "
            "is repeated counts so often in models that were fitted with weights."
        )
    if not (isinstance(history, (tuple, list)) and len(history) == 2 and _is_table(history[0])):
        _check_is_rows(history)
        return history, None
    if isinstance(history, list):
        raise TypeError(
            "history= is a list of two tables. Give rows and ratings as a tuple: history=(X, y)."
        )
    return history


def _check_is_rows(history):
    """Raise for ids without rows around them, and for a dict."""
    if isinstance(history, (list, tuple)):
        bare = not (history and np.iterable(history[0])) or isinstance(history[0], (str, Mapping))
    else:
        flat = getattr(history, "ndim", 2) == 1 or nw.dependencies.is_into_series(history)
        bare = flat or isinstance(history, (Mapping, str))
    if bare:
        shown = repr(history)
        raise ValueError(
            f"history={shown[:60] + '...' * (len(shown) > 60)} is no table of interactions. Give a row "
            f"of user and item for each, such as history=[['me', 'Akira'], ['me', 'Bleach']]."
        )


def _is_table(value):
    """Return whether a value has two dimensions: a frame, an array, or rows in a sequence."""
    if nw.dependencies.is_into_dataframe(value):
        return True
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and isinstance(value[0], (list, tuple, np.ndarray))
    return getattr(value, "ndim", 0) == 2


def _position(which, key, columns, named):
    """Return the position of the column that ``user=``, ``item=`` or ``time=`` means."""
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
