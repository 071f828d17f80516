"""The distinct pairs of some rows, and the first few of each user in some order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklearn_anime.interactions._pairs import pair_keys
from sklearn_anime.interactions._vocabulary import Vocabulary
from sklearn_anime.utils._groups import positions_in
from sklearn_anime.utils._warnings import warn


@dataclass(frozen=True)
class Pairs:
    """The distinct pairs of user and item of some rows, in the order in which they first appear.

    Attributes
    ----------
    users : ndarray of shape (n_pairs,)
        Code of the user of each pair.

    of_row : ndarray of shape (n_rows,)
        The pair of each row.
    """

    users: np.ndarray
    of_row: np.ndarray

    @classmethod
    def from_rows(cls, rows):
        """Find the pairs of some rows."""
        _, users = Vocabulary.from_series(rows.user, "user")
        items, item_codes = Vocabulary.from_series(rows.item, "item")
        key = pair_keys(users, item_codes, len(items))
        ordered = np.sort(key)
        if (ordered[1:] > ordered[:-1]).all():  # quicker to see than to number the pairs
            return cls(users, np.arange(len(rows)))
        of_row, distinct = pd.factorize(key)
        return cls(distinct // len(items), of_row)

    def have(self, rows):
        """Return the mask of the pairs that have a row in a mask of rows."""
        found = np.zeros(len(self.users), dtype=bool)
        found[self.of_row[rows]] = True
        return found

    def by_user(self, key, min_items):
        """Return the pairs of users with enough of them, sorted by user and then by a key.

        The second value is the number of pairs of each of these users.
        """
        counts = np.bincount(self.users)
        enough = counts >= min_items
        if not enough.any():
            raise ValueError(
                f"No user of X has min_items={min_items} different items: {counts.max()} is the most "
                f"that one has. Lower min_items."
            )
        if 2 * enough.sum() < len(counts):
            warn(
                f"min_items={min_items} tests {enough.sum()} of {len(counts)} users: the result says "
                f"nothing of the others, which have fewer items. Lower min_items."
            )
        # One sort of whole numbers is several times as fast as np.lexsort((key, users)).
        order = np.argsort(self.users * len(key) + positions_in(np.argsort(key)))
        return order[np.repeat(enough, counts)], counts[enough]

    def first(self, k, key, min_items):
        """Return the mask of the pairs with the k smallest keys of each user with enough pairs."""
        order, counts = self.by_user(key, min_items)
        starts = np.cumsum(counts) - counts
        mask = np.zeros(len(self.users), dtype=bool)
        mask[order[starts[:, None] + np.arange(k)]] = True
        return mask
