"""Who is recommended to, which items may be, which of them score best, and the frames that say so."""

from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np

from sklearn_anime.interactions._ids import Vocabulary, as_series
from sklearn_anime.interactions._interactions import UserRows
from sklearn_anime.interactions._rows import table_columns
from sklearn_anime.utils._groups import positions_within


@dataclass(frozen=True)
class Candidates:
    """The items that a recommendation chooses from.

    Attributes
    ----------
    items : Vocabulary
        The items of ``fit``, then the new ones.

    codes : ndarray of shape (n_candidates,)
        Codes of those that may be recommended.

    new_features : ndarray of shape (n_new_items, n_item_features), list of columns, or None
        Features of the new ones, in the form of the features of ``fit``; None where there are none.
    """

    items: Vocabulary
    codes: np.ndarray
    new_features: np.ndarray | list | None

    @classmethod
    def select(cls, interactions, new=None, include=None, exclude=None):
        """Collect known and new items, and restrict them to `include` without `exclude`."""
        items, features = interactions.items, None
        if new is not None:
            items, features = _with_new_items(interactions, new)
        allowed = np.full(len(items), include is None)
        if include is not None:
            include = as_series(include)
            allowed[_known(items, include)] = True
            if not allowed.any() and len(include):
                raise ValueError(
                    f"None of the ids in include= (such as {include.to_list()[0]!r}) is an "
                    f"item of fit or of items=. Give item ids such as {items.example!r}."
                )
        if exclude is not None:
            allowed[_known(items, exclude)] = False
        return cls(items, np.flatnonzero(allowed), features)

    def __len__(self):
        return len(self.items)

    def split(self, n_known):
        """Return the candidates among the first `n_known` items, and the codes of the others."""
        new = self.codes >= n_known
        return replace(self, codes=self.codes[~new], new_features=None), self.codes[new]

    def restrict(self, scores):
        """Return the columns of the candidates out of scores of all items."""
        return scores if len(self.codes) == len(self) else scores[:, self.codes]


@dataclass(frozen=True)
class Audience:
    """The people to recommend to.

    Attributes
    ----------
    ids : narwhals Series of length n_users
        Their ids, in the order of the lists.

    rows : UserRows
        What they have seen.

    features : tuple of narwhals Series of length n_users
        Columns of ``X`` that say something of the user, for models that write rows of them.
    """

    ids: nw.Series
    rows: UserRows
    features: tuple = ()

    def __len__(self):
        return len(self.ids)

    def take(self, block):
        """Return the people of a slice."""
        rows = self.rows.take(np.arange(block.start, block.stop))
        return Audience(self.ids[block], rows, tuple(column[block] for column in self.features))


def best_of(scores, n):
    """Rank the `n` best columns of each row.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_columns)
        Scores; -inf is never ranked. Of equal scores, the first column is better.

    n : int
        How many to rank at most.

    Returns
    -------
    rows, columns, values, ranks : ndarray of shape (n_ranked,)
        One entry for each ranked score, by row and then by rank from 1.

    Examples
    --------
    >>> import numpy as np
    >>> rows, columns, values, ranks = best_of(np.array([[1.0, 3.0, 2.0], [5.0, -np.inf, 5.0]]), 2)
    >>> columns.tolist(), ranks.tolist()
    ([1, 2, 0, 2], [1, 2, 1, 2])
    """
    n = min(n, scores.shape[1])
    if n == 0:
        return joined([])
    last = scores.shape[1] - n
    best = np.argpartition(scores, last, axis=1)[:, last:]
    _prefer_first(best, scores)
    best.sort(axis=1)
    values = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    best, values = (
        np.take_along_axis(best, order, axis=1),
        np.take_along_axis(values, order, axis=1),
    )
    rows, places = np.nonzero(values > -np.inf)
    return rows, best[rows, places], values[rows, places].astype(np.float64), places + 1


def _prefer_first(best, scores):
    """Where equal scores compete for the last places, give these to the first columns, in place."""
    threshold = np.take_along_axis(scores, best, axis=1).min(axis=1, keepdims=True)
    tied = (scores >= threshold).sum(axis=1) > best.shape[1]
    for row in np.flatnonzero(tied & (threshold[:, 0] > -np.inf)):
        better = np.flatnonzero(scores[row] > threshold[row])
        equal = np.flatnonzero(scores[row] == threshold[row])
        best[row] = np.concatenate([better, equal[: best.shape[1] - len(better)]])


def joined(blocks):
    """Return what `best_of` gave for several blocks, or for none, one after the other."""
    codes = np.empty(0, dtype=np.intp)
    nothing = (codes, codes, np.empty(0), codes)
    return [np.concatenate(parts) for parts in zip(nothing, *blocks, strict=True)]


def rank_pairs(places, codes, scores, n):
    """Rank the pairs of each place by score, of equal ones the first pair first, and keep `n`."""
    order = np.lexsort([-scores, places])
    ranks = positions_within(np.bincount(places)) + 1
    kept = order[ranks <= n]
    return places[kept], codes[kept], scores[kept], ranks[ranks <= n]


def _known(items, ids):
    codes = items.encode(ids, "item")
    return codes[codes >= 0]


def _in_order_of_fit(interactions, columns):
    """Return the columns of new items by the names that ``fit`` saw, where all of these are there."""
    table, named = interactions.features, {column.name: column for column in columns}
    names = [interactions.items.name, *([] if table is None else table.item_names)]
    return [named[name] for name in names] if set(names) <= set(named) else columns


def _with_new_items(interactions, new):
    """Return the vocabulary with the new items at its end, and their features."""
    ids, *columns = _in_order_of_fit(interactions, table_columns(new)[0])
    items = interactions.items.extend(ids, "item")
    codes = items.encode(ids, "item")
    if len(np.unique(codes)) < len(codes):
        raise ValueError("items= holds an item id twice. Give one row for each new title.")
    added = np.flatnonzero(codes >= len(interactions.items))
    columns = [column[added] for column in columns]
    table = interactions.features
    return items, columns if table is None else table.read_items(columns, len(added))
