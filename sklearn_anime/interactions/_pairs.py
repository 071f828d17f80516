"""The distinct pairs of user and item: merged, looked up and counted here, and nowhere else."""

import numpy as np

from sklearn_anime.utils._groups import positions_in

LATEST = ("times", "order")  # what a pair has from its latest row


class PairMerge:
    """How rows become distinct pairs, sorted by user and item.

    Attributes
    ----------
    user_codes, item_codes : ndarray of shape (n_pairs,)
        Codes of the distinct pairs.
    """

    def __init__(self, user_codes, item_codes, n_items):
        key = pair_keys(user_codes, item_codes, n_items)
        self._order = None if (key[1:] > key[:-1]).all() else np.argsort(key, kind="stable")
        key = self._sort(key)
        starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        self._starts = None if len(starts) == len(key) else starts
        self.user_codes, self.item_codes = np.divmod(self._first(key), n_items)

    def __len__(self):
        return len(self.user_codes)

    def indptr(self, n_users):
        """Return where the pairs of each user begin, and the number of all."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.user_codes, minlength=n_users))])

    def sum(self, values):
        """Return the sum of a value over the rows of each pair."""
        values = self._sort(values)
        return values if self._starts is None else np.add.reduceat(values, self._starts, axis=0)

    def max(self, values):
        """Return the largest value over the rows of each pair."""
        values = self._sort(values)
        return values if self._starts is None else np.maximum.reduceat(values, self._starts)

    def mean(self, values, weights):
        """Return the weighted mean of a value, or of several columns, over the rows of each pair."""
        weights = weights.reshape(-1, *[1] * (values.ndim - 1))
        return self.sum(values * weights) / self.sum(weights)

    def ratings(self, ratings, weights):
        """Return the weighted mean rating and the summed weight of each pair."""
        if self._starts is None:
            return self._sort(ratings), self._sort(weights)
        rated = ~np.isnan(ratings)
        rated_weights = self.sum(weights * rated)
        total = self.sum(np.where(rated, ratings, 0.0) * weights)
        with np.errstate(invalid="ignore"):  # 0 / 0: the pairs without a rating
            means = total / rated_weights
        return means, np.where(rated_weights > 0, rated_weights, self.sum(weights))

    def first(self, values):
        """Return the value of the first row of each pair."""
        return self._first(self._sort(values))

    def last(self, values):
        """Return the value of the last row of each pair."""
        values = self._sort(values)
        return values if self._starts is None else values[np.append(self._starts[1:], len(values)) - 1]

    def fields(self, values, n_users):
        """Return the fields of `UserRows` that merge the values of rows, by their names."""
        ratings, weights = self.ratings(values["ratings"], values["weights"])
        return {
            "indptr": self.indptr(n_users),
            "item_codes": self.item_codes,
            "ratings": ratings,
            "weights": weights,
            "totals": self.sum(values["totals"]),
            **{name: None if values[name] is None else self.max(values[name]) for name in LATEST},
        }

    def _sort(self, values):
        return values if self._order is None else values[self._order]

    def _first(self, values):
        return values if self._starts is None else values[self._starts]


class PairIndex:
    """Where pairs are among distinct pairs sorted by user and item.

    Examples
    --------
    >>> index = PairIndex(np.array([0, 0, 1]), np.array([0, 2, 1]), n_items=3)
    >>> index.positions(np.array([1, 0, -1]), np.array([1, 1, 0])).tolist()  # -1: no such pair
    [2, -1, -1]
    """

    def __init__(self, user_codes, item_codes, n_items):
        self.n_items = n_items
        self._keys = pair_keys(user_codes, item_codes, n_items)

    def positions(self, user_codes, item_codes):
        """Return the position of each pair, -1 where there is none."""
        known = (user_codes >= 0) & (item_codes >= 0)
        keys = np.where(known, pair_keys(user_codes, item_codes, self.n_items), -1)
        found = np.searchsorted(self._keys, keys)
        if len(self._keys) == 0:
            return np.full(len(keys), -1)
        there = self._keys[np.minimum(found, len(self._keys) - 1)] == keys
        return np.where(there, found, -1)


def order_of(times, rows):
    """Return the rank of rows by time and, where times are equal or there are none, by row."""
    return rows if times is None else positions_in(np.lexsort([rows, times]))


def pair_keys(user_codes, item_codes, n_items):
    """Return a number for each pair, in the order of users and then items."""
    return np.asarray(user_codes).astype(np.int64) * n_items + item_codes
