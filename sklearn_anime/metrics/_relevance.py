"""The data of all metrics: recommendations of users, and their relevant items."""

from dataclasses import dataclass
from numbers import Integral

import narwhals as nw
import numpy as np
import pandas as pd

from sklearn_anime.interactions import Vocabulary
from sklearn_anime.interactions._ids import id_index
from sklearn_anime.interactions._numbers import numeric_columns
from sklearn_anime.interactions._pairs import PairIndex, PairMerge
from sklearn_anime.interactions._rows import Rows
from sklearn_anime.utils._groups import best_first, ranks_within
from sklearn_anime.utils._sklearn import Interval, validate_params
from sklearn_anime.utils._warnings import warn

K = {"k": [Interval(Integral, 1, None, closed="left")]}

validate_k = validate_params(K, prefer_skip_nested_validation=True)


@dataclass(frozen=True)
class Rankings:
    """Recommendations, one row per user and item.

    Attributes
    ----------
    user, item : narwhals Series of length n_rows
        The ids of each row.

    ranks : ndarray of shape (n_rows,)
        The rank of the item for the user; 1 is best.
    """

    user: nw.Series
    item: nw.Series
    ranks: np.ndarray

    @classmethod
    def from_frame(cls, recommended):
        """Read a frame with user and item in its first two columns, and ``rank`` or ``score``."""
        frame = _eager(recommended)
        user, item = frame[:, 0], frame[:, 1]
        if "rank" in frame.columns:
            return cls(user, item, _read_ranks(frame))
        if "score" not in frame.columns:
            raise ValueError(
                f"recommended has no column 'rank' or 'score' (columns: {frame.columns}). Number the "
                f"items of each user from 1, the best, or give their scores."
            )
        return cls(user, item, ranks_within(appearance(user), _numbers(frame, "score")))

    def __len__(self):
        return len(self.ranks)

    def top(self, k):
        """Return the first `k` items of each user."""
        kept = np.flatnonzero(self.ranks <= k)
        return (
            self
            if len(kept) == len(self)
            else Rankings(self.user[kept], self.item[kept], self.ranks[kept])
        )


@dataclass(frozen=True)
class Hits:
    """Relevant items in the recommendations of users.

    Attributes
    ----------
    users, ranks, gains : ndarray of shape (n_hits,)
        Code of the user, rank from 1, and gain above 0.

    n_users : int
        Number of users, those without a hit among them.

    Examples
    --------
    >>> hits = Hits(np.array([0, 0, 2]), np.array([1, 5, 3]), np.ones(3), n_users=3)
    >>> hits.top(3).sum().tolist()
    [1.0, 0.0, 1.0]
    """

    users: np.ndarray
    ranks: np.ndarray
    gains: np.ndarray
    n_users: int

    def top(self, k):
        """Return the hits among the first `k` items of each user."""
        kept = self.ranks <= k
        return Hits(self.users[kept], self.ranks[kept], self.gains[kept], self.n_users)

    def sum(self, values=1.0):
        """Return the sum over the hits of each user, of ones or of other `values`."""
        return np.bincount(self.users, np.broadcast_to(values, self.users.shape), self.n_users)

    @property
    def orders(self):
        """Position of each hit among the hits of its user: 1 is the hit of the best rank."""
        return ranks_within(self.users, -self.ranks)


@dataclass(frozen=True)
class Relevant:
    """What is relevant to some users: distinct pairs with a gain above 0, by user and item.

    Attributes
    ----------
    everyone, users, items : Vocabulary
        All users of the rows, those with a relevant item, and all items.

    user_codes, item_codes, gains : ndarray of shape (n_pairs,)
        The pairs, coded by `users` and `items`, and the mean gain of the rows of each.
    """

    everyone: Vocabulary
    users: Vocabulary
    items: Vocabulary
    user_codes: np.ndarray
    item_codes: np.ndarray
    gains: np.ndarray

    @classmethod
    def from_frame(cls, relevant):
        """Read rows of user, item and, in a column of that name or the third of an array, gain."""
        rows = Rows.parse(relevant)
        everyone, user_codes = Vocabulary.from_series(rows.user, "user")
        items, item_codes = Vocabulary.from_series(rows.item, "item")
        merge = PairMerge(user_codes, item_codes, len(items))
        gains = merge.mean(_gains(relevant, rows), np.ones(len(rows)))
        kept = gains > 0
        present, user_codes = np.unique(merge.user_codes[kept], return_inverse=True)
        users = everyone.take(present)
        return cls(everyone, users, items, user_codes, merge.item_codes[kept], gains[kept])

    def look_up(self, user_codes, item_codes):
        """Return which rows of recommendations are relevant, and the pair that each of them is."""
        index = PairIndex(self.user_codes, self.item_codes, len(self.items))
        pairs = index.positions(user_codes, item_codes)
        found = pairs >= 0
        if pd.Index(pairs[found]).has_duplicates:
            raise ValueError("recommended lists an item twice for the same user. Drop the duplicates.")
        return np.flatnonzero(found), pairs[found]

    def best_lists(self):
        """Return the hits of a perfect ranking: the largest gain first."""
        ranks = ranks_within(self.user_codes, self.gains)
        return Hits(self.user_codes, ranks, self.gains, len(self.users))


@dataclass(frozen=True)
class Evaluation:
    """The recommendations to some users, evaluated by what is relevant to them.

    Attributes
    ----------
    users : Vocabulary
        The users with a relevant item, whether or not there are recommendations for them.

    hits : Hits
        The relevant items among the recommended ones, by user and rank.

    ideal : Hits
        The relevant items in a perfect ranking: largest gain first.

    n_left_out : int
        Number of the other users of both frames: without a relevant item, nothing can be a hit.

    Examples
    --------
    >>> recommended = pd.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "a"], "rank": [1, 2, 1]})
    >>> relevant = pd.DataFrame({"user": [1, 1], "item": ["b", "c"]})
    >>> evaluation = Evaluation.from_frames(recommended, relevant)
    >>> evaluation.users.values.tolist(), evaluation.hits.ranks.tolist(), evaluation.n_left_out
    ([1], [2.0], 1)
    """

    users: Vocabulary
    hits: Hits
    ideal: Hits
    n_left_out: int

    @classmethod
    def from_frames(cls, recommended, relevant):
        """Look up recommended pairs among the relevant ones.

        Parameters
        ----------
        recommended : DataFrame
            User and item in the first two columns, and ``rank`` or ``score``.

        relevant : DataFrame
            User and item in the first two columns, and ``gain``, where there is one.
        """
        lists, relevant_items = Rankings.from_frame(recommended), Relevant.from_frame(relevant)
        check_roles(recommended, relevant, "relevant")
        comparable_codes(relevant_items.everyone, lists.user, "recommended")
        codes = relevant_items.users.encode(lists.user)
        items = comparable_codes(relevant_items.items, lists.item, "recommended")
        found, pairs = relevant_items.look_up(codes, items)
        unknown = lists.user[np.flatnonzero(codes < 0)]
        return cls(
            users=relevant_items.users,
            hits=_sorted_hits(
                codes[found],
                lists.ranks[found],
                relevant_items.gains[pairs],
                len(relevant_items.users),
            ),
            ideal=relevant_items.best_lists(),
            n_left_out=len(relevant_items.everyone.extend(unknown)) - len(relevant_items.users),
        )


def check_roles(recommended, others, parameter):
    """Raise where another frame has the users and items of `recommended` in swapped columns."""
    if not all(map(nw.dependencies.is_into_dataframe, (recommended, others))):
        return
    user, item = nw.from_native(recommended).columns[:2]
    found = list(nw.from_native(others).columns[:2])
    if user != item and found == [item, user]:
        raise ValueError(
            f"recommended has the columns {user!r} and {item!r} first, {parameter} {found[0]!r} and "
            f"{found[1]!r}: users and items are swapped. Put the user first in both frames."
        )


def comparable_codes(vocabulary, ids, parameter):
    """Return the codes of ids, or raise where numbers are compared with text."""
    kinds = vocabulary.kinds(ids)
    if kinds is not None:
        example = ids[[0]].to_list()[0]
        raise ValueError(
            f"The {vocabulary.role} ids of {parameter} are {kinds[1]} (such as {example!r}), and are "
            f"compared with {kinds[0]} (such as {vocabulary.example!r}). Convert one of them, for "
            f"instance with astype."
        )
    return vocabulary.encode(ids)


def appearance(series):
    """Return a code for each user id: 0 for the first that appears, 1 for the next, ..."""
    return pd.factorize(id_index(series, "user"))[0]


def mean_over_users(values, n_left_out=0, reason=""):
    """Return the mean of the values of users, NaN without any, and warn of those left out."""
    warn_of_left_out(n_left_out, len(values) + n_left_out, reason)
    return float(np.mean(values)) if len(values) else float("nan")


def warn_of_left_out(n_left_out, n_users, reason):
    """Warn that some users do not count, or that there is no user at all."""
    if n_left_out:
        message = f"{n_left_out} of {n_users} users have {reason} and are left out."
    elif n_users == 0:
        message = "recommended has no rows: the metric is undefined and NaN stands in for it."
    else:
        return
    warn(message)


def _eager(recommended):
    if not nw.dependencies.is_into_dataframe(recommended):
        raise TypeError(
            f"recommended must be a DataFrame in memory, as `recommend` returns it, got a "
            f"{type(recommended).__name__}."
        )
    frame = nw.from_native(recommended, eager_only=True)
    if frame.shape[1] < 2:
        raise ValueError(
            f"recommended has {frame.shape[1]} column(s) ({frame.columns}). Give the user and the "
            f"item in its first two."
        )
    return frame


def _read_ranks(frame):
    ranks = _numbers(frame, "rank")
    if (ranks < 1).any():
        raise ValueError(f"The ranks of recommended start at 1, got {ranks.min():g}.")
    return ranks


def _numbers(frame, name):
    try:
        return numeric_columns([frame[name]], len(frame))[:, 0]
    except ValueError as error:
        raise ValueError(
            f"The column {name!r} of recommended must hold a finite number in each row. Drop the rows "
            f"without one."
        ) from error


def _gains(relevant, rows):
    """Return the gain of each row: the column ``gain`` of a frame, the third of an array, else 1."""
    named = nw.dependencies.is_into_dataframe(relevant)
    columns = [column for column in rows.others if column.name == "gain"] if named else rows.others[:1]
    if not columns:
        return np.ones(len(rows))
    try:
        gains = numeric_columns(columns, len(rows))[:, 0]
    except ValueError as error:
        raise ValueError(
            f"The gain of a row of relevant must be a finite number ({error}). Leave out rows without "
            f"one, or leave out the column: every gain is 1 then."
        ) from error
    if (gains < 0).any():
        raise ValueError(
            f"A gain is 0 or more, got {gains.min()} in column {columns[0].name!r} of relevant."
        )
    return gains


def _sorted_hits(users, ranks, gains, n_users):
    order = best_first(users, -ranks)
    users, ranks, gains = users[order], ranks[order], gains[order]
    shared = (users[1:] == users[:-1]) & (ranks[1:] == ranks[:-1])
    if shared.any():
        raise ValueError(
            f"recommended gives two items of the same user the rank {ranks[1:][shared][0]:g}. Number "
            f"the items of each user 1, 2, 3, ..."
        )
    return Hits(users, ranks, gains, n_users)
