"""The ids of users or items, and the codes 0, 1, 2, ... that stand for them inside the package."""

from weakref import WeakKeyDictionary

import narwhals as nw
import numpy as np
import pandas as pd

from sklearn_anime.interactions._column import Column
from sklearn_anime.interactions._ids import as_series, id_index, series_like
from sklearn_anime.utils._groups import first_rows, positions_in
from sklearn_anime.utils._warnings import warn

# Series and indexes are made on demand. They are kept beside the vocabularies, not in them: what a
# fitted model holds is plain data.
_SERIES = WeakKeyDictionary()
_INDEXES = WeakKeyDictionary()


class Vocabulary:
    """The distinct ids of users or of items, in sorted order.

    A code is the position of an id in the vocabulary. Ids are held as plain data: numbers and dates as
    they are, text as bytes, objects where ids are of several types. They come back in the frame library
    and the dtype of the column that they were read from.

    Parameters
    ----------
    column : Column
        The distinct ids.

    role : {"user", "item"}, default="user"
        What the ids stand for; error messages name it.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_anime.interactions import Vocabulary
    >>> vocabulary, codes = Vocabulary.from_series(pd.Series(["b", "a", "b"], name="user"))
    >>> vocabulary.name, codes.tolist()
    ('user', [1, 0, 1])
    >>> vocabulary.encode(["a", "?"]).tolist()  # -1: unknown
    [0, -1]
    >>> vocabulary.decode([1, 1]).to_list()
    ['b', 'b']
    """

    def __init__(self, column, role: str = "user"):
        self.column = column
        self.role = role

    @classmethod
    def from_series(cls, series, role: str = "user"):
        """Make the vocabulary of a column, and the code of each of its rows.

        Parameters
        ----------
        series : Series or array-like of shape (n_rows,)
            Ids, none of them missing.

        role : {"user", "item"}, default="user"
            What the ids stand for.

        Returns
        -------
        vocabulary : Vocabulary
            The distinct ids, sorted where they have an order, else as they appear.

        codes : ndarray of int of shape (n_rows,)
            Code of each row.
        """
        series = as_series(series)
        codes, distinct = _factorize(id_index(series, role))
        vocabulary = cls(Column.from_series(series[first_rows(codes)]), role)
        _INDEXES[vocabulary] = distinct
        return vocabulary, codes

    def __len__(self):
        return len(self.column)

    @property
    def name(self) -> str:
        """Name of the id column."""
        return self.column.name

    @property
    def ids(self) -> nw.Series:
        """The ids as a narwhals Series, in the order of the codes."""
        if self not in _SERIES:
            _SERIES[self] = self.column.to_series()
        return _SERIES[self]

    @property
    def index(self) -> pd.Index:
        """The ids as a pandas Index of plain values, for look-ups by hash."""
        if self not in _INDEXES:
            _INDEXES[self] = id_index(self.ids, self.role)
        return _INDEXES[self]

    @property
    def values(self) -> np.ndarray:
        """The ids as an ndarray, in the order of the codes."""
        return self.index.to_numpy()

    @property
    def example(self):
        """One of the ids, for messages."""
        return self.ids[[0]].to_list()[0]

    def encode(self, values) -> np.ndarray:
        """Return the code of each id, -1 where it is unknown.

        Parameters
        ----------
        values : Series or array-like of ids
            Ids of any library and dtype.

        Returns
        -------
        ndarray of int of shape (n_values,)
            Codes.
        """
        return self.index.get_indexer(id_index(as_series(values), self.role))

    def kinds(self, values):
        """Return the kinds of these ids and of others where text meets numbers.

        Parameters
        ----------
        values : Series or array-like of ids
            Ids of any library and dtype.

        Returns
        -------
        tuple of str or None
            ``("numbers", "text")`` or ``("text", "numbers")``.
        """
        series = as_series(values)
        found = _kind(self.index[:1000]), _kind(id_index(series[:1000], self.role))
        return found if None not in found and found[0] != found[1] else None

    def codes_of(self, others) -> np.ndarray:
        """Return the code of each id of another vocabulary, -1 where it is unknown.

        Parameters
        ----------
        others : Vocabulary
            Other ids.

        Returns
        -------
        ndarray of int of shape (n_others,)
            Codes.
        """
        return self.index.get_indexer(others.index)

    def decode(self, codes) -> nw.Series:
        """Return the ids of codes as a narwhals Series, in the dtype of ``fit``.

        Parameters
        ----------
        codes : array-like of int
            Codes of this vocabulary.

        Returns
        -------
        narwhals Series
            Ids.
        """
        return self.ids[np.asarray(codes, dtype=np.intp)]

    def lookup(self, values, remedy: str = "") -> np.ndarray:
        """Return the code of each id, all of which must be known.

        Parameters
        ----------
        values : Series or array-like of ids
            Ids of any library and dtype.

        remedy : str, default=""
            What the error says at its end.

        Returns
        -------
        ndarray of int of shape (n_values,)
            Codes.

        Raises
        ------
        KeyError
            If an id is unknown.
        """
        series = as_series(values)
        codes = self.encode(series)
        if (codes < 0).any():
            unknown = series.to_list()[int(np.argmax(codes < 0))]
            raise KeyError(
                f"{self.role} {unknown!r} was not in the rows of fit, which had {len(self)} "
                f"{self.role}s such as {self.example!r}. {remedy}".rstrip()
            )
        return codes

    def take(self, codes):
        """Return the vocabulary of some of the ids.

        Parameters
        ----------
        codes : array-like of int
            Distinct codes.

        Returns
        -------
        Vocabulary
            Their ids, in the order given.
        """
        return Vocabulary(Column.from_series(self.decode(codes)), self.role)

    def extend(self, values):
        """Return this vocabulary with the unknown ones among some ids added at its end.

        Parameters
        ----------
        values : Series or array-like of ids
            Ids of any library and dtype.

        Returns
        -------
        Vocabulary
            The known ids with their codes, then the others as they appear.

        Raises
        ------
        TypeError
            If the frame library cannot hold old and new ids in one column.
        """
        new = id_index(as_series(values), self.role).unique()
        new = new[self.index.get_indexer(new) < 0]
        if len(new) == 0:
            return self
        return Vocabulary(Column.from_series(series_like(self.ids, _append(self.index, new))), self.role)


def warn_of_kinds(vocabulary, values, codes, where):
    """Warn where no id is known as numbers meet text, and return whether that is so."""
    kinds = vocabulary.kinds(values) if len(codes) and (codes < 0).all() else None
    if kinds is None:
        return False
    role, example = vocabulary.role, as_series(values)[[0]].to_list()[0]
    warn(
        f"None of the {role} ids of {where} was in the rows of fit: they are {kinds[1]} (such as "
        f"{example!r}), and those of fit {kinds[0]} (such as {vocabulary.example!r}). Convert them, for "
        f"instance with astype."
    )
    return True


def _kind(index):
    """Return whether ids are numbers or text, None for others."""
    if index.inferred_type in {"integer", "floating", "mixed-integer-float"}:
        return "numbers"
    return "text" if index.inferred_type == "string" else None


def _factorize(index):
    """Return the code of each value and the distinct values, sorted where they can be."""
    codes, distinct = pd.factorize(index)
    try:
        order = distinct.argsort()
    except TypeError:  # ids of several types have no common order: that of appearance stays
        return codes, distinct
    return positions_in(order)[codes], distinct[order]


def _append(index, new):
    """Return plain ids with new ones at their end; no integer becomes a float on the way."""
    if index.dtype == new.dtype:
        return index.append(new).to_list()
    return index.astype(object).append(new.astype(object)).infer_objects().to_list()
