"""Sequences of users, and what a linear model from the past to the next item needs of them."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sklearn_anime.utils._blocks import split_by_size

CHUNK = 2**21  # pairs of positions that are added up at once


@dataclass(frozen=True)
class Sequences:
    """The items of each user in the order of time, one user after the other.

    Attributes
    ----------
    items, entries : ndarray of shape (n_pairs,)
        Code of each item, and what it counts.

    lengths : ndarray of shape (n_users,)
        Number of items of each user.

    n_items : int
        Number of items of the catalog.

    Examples
    --------
    >>> sequences = Sequences(np.array([2, 0, 1]), np.ones(3), np.array([3]), 3)
    >>> past, following = sequences.transitions(decay=0.5, max_length=2)
    >>> past.toarray().tolist()  # the pasts are e_2 and e_0 + e_2 / 2
    [[1.0, 0.0, 0.5], [0.0, 0.0, 0.0], [0.5, 0.0, 1.25]]
    >>> following.toarray().tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.5, 0.0]]
    """

    items: np.ndarray
    entries: np.ndarray
    lengths: np.ndarray
    n_items: int

    @classmethod
    def of(cls, rows, factors):
        """Sort the pairs of users by time; the entry of each is multiplied by its factor."""
        order = np.lexsort([rows.order, rows.row_codes])
        entries = (rows.entries * factors)[order]
        return cls(rows.item_codes[order], entries, rows.row_lengths, rows.n_items)

    def transitions(self, *, decay, max_length, horizon=1):
        """Return ``S'S`` and ``S'Z`` as sparse arrays of items x items.

        ``S`` has a row for each item that follows others of its user: the sum of these, each times
        ``decay`` to the power of its age. ``Z`` has the item, and those after it. Neither is made. Two
        items of a user meet in all pasts from the later one on, as long as the earlier one is among the
        last `max_length`, which adds a geometric series to ``S'S``, and a number to ``S'Z``.

        Parameters
        ----------
        decay : float
            Factor for each step of age.

        max_length : int
            How many items a past has at most.

        horizon : int, default=1
            How many items of a user follow a past; the h-th counts ``decay ** (h - 1)``.
        """
        past, following = (sparse.csr_array((self.n_items, self.n_items)) for _ in range(2))
        longest = np.minimum(self.lengths, max_length + horizon)
        for block in split_by_size(self.lengths * longest, CHUNK):
            some = self._of_users(block)
            past += some._past(decay, max_length)
            following += some._following(decay, max_length, horizon)
        diagonal = sparse.diags_array(past.diagonal())
        return (past + past.T - diagonal).tocsr(), following

    def target_norms(self, *, decay, horizon=1):
        """Return the sum of the squares of each column of ``Z``."""
        starts = np.cumsum(self.lengths) - self.lengths
        n_before = np.arange(len(self.items)) - np.repeat(starts, self.lengths)
        squares = self.entries**2 * _series(decay**2, np.minimum(n_before, horizon))
        return np.bincount(self.items, squares, minlength=self.n_items)

    def _of_users(self, block):
        """Return the sequences of a slice of users."""
        start, end = self.lengths[: block.start].sum(), self.lengths[: block.stop].sum()
        items, entries = self.items[start:end], self.entries[start:end]
        return replace(self, items=items, entries=entries, lengths=self.lengths[block])

    def _past(self, decay, max_length):
        """Return ``S'S``; two different items are counted on one side of the diagonal."""
        parts = []
        for lag in range(min(max_length, self._longest)):
            first, second, products, n_after = self._apart(lag)
            n_pasts = np.minimum(n_after, max_length - lag)
            parts.append((first, second, products * decay**lag * _series(decay**2, n_pasts)))
        return self._summed(parts)

    def _following(self, decay, max_length, horizon):
        """Return ``S'Z``."""
        parts = []
        for lag in range(1, min(max_length + horizon, self._longest)):
            first, second, products, _ = self._apart(lag)
            # The later item is the h-th after the pasts that end h before it.
            ages = lag - np.arange(1, horizon + 1)
            n_pasts = np.count_nonzero((ages >= 0) & (ages < max_length))
            parts.append((first, second, products * (decay ** (lag - 1) * n_pasts)))
        return self._summed(parts)

    @property
    def _longest(self):
        return self.lengths.max(initial=0)

    def _apart(self, lag):
        """Return two items `lag` apart, the product of their entries, and how many follow the later."""
        n_after = np.repeat(np.cumsum(self.lengths), self.lengths) - np.arange(len(self.items)) - 1
        first = np.flatnonzero(n_after >= lag)
        second = first + lag
        products = self.entries[first] * self.entries[second]
        return self.items[first], self.items[second], products, n_after[second]

    def _summed(self, parts):
        """Add up entries of items x items."""
        shape = self.n_items, self.n_items
        if not parts:
            return sparse.csr_array(shape)
        rows, columns, values = (np.concatenate(each) for each in zip(*parts, strict=True))
        return sparse.csr_array((values, (rows, columns)), shape=shape)


def _series(factor, n):
    """Return the sum of the first `n` powers of a factor, from 0 on."""
    return n.astype(np.float64) if factor == 1 else (1 - factor**n) / (1 - factor)
