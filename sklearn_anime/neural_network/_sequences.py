"""Sequences of users as arrays: what a network reads, and which item comes next at each position."""

from dataclasses import dataclass, fields, replace

import numpy as np

from sklearn_anime.utils._groups import positions_within
from sklearn_anime.utils._scaling import FeatureScaling

TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class TrainingSequences:
    """Pieces of the sequences of users, one to a row.

    A sequence is cut from its end into pieces of `max_length`; the first one is filled up. Code
    `n_items` stands before the first item of a user.

    Attributes
    ----------
    users : ndarray of shape (n_pieces,)
        Code of the user of each piece.

    items, targets : ndarray of int of shape (n_pieces, max_length)
        Codes of items, and of the one that comes next at each position.

    weights : ndarray of shape (n_pieces, max_length)
        Weight of each target; 0 where a piece is filled up.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> X = [["ann", 7], ["ann", 3], ["ann", 5], ["bob", 3]]
    >>> rows = Interactions.from_rows(X, needs_ratings=False, ordered=True)
    >>> pieces = TrainingSequences.read(rows, max_length=2)
    >>> pieces.items.tolist()  # the items 3, 5 and 7 have the codes 0, 1 and 2
    [[3, 3], [2, 0], [3, 3]]
    >>> pieces.targets.tolist(), pieces.weights.tolist()
    ([[2, 0], [0, 1], [0, 0]], [[1.0, 0.0], [1.0, 1.0], [1.0, 0.0]])
    """

    users: np.ndarray
    items: np.ndarray
    targets: np.ndarray
    weights: np.ndarray

    @classmethod
    def read(cls, rows, max_length, weights=None):
        """Cut the sequences of users; `weights` of the pairs are their entries by default."""
        order = np.lexsort([rows.order, rows.row_codes])
        users, items = rows.row_codes[order], rows.item_codes[order]
        weights = (rows.entries if weights is None else weights)[order]
        positions = positions_within(rows.row_lengths)
        pieces = (np.repeat(rows.row_lengths, rows.row_lengths) - 1 - positions) // max_length
        first = np.ones(len(order), dtype=bool)
        first[1:] = (users[1:] != users[:-1]) | (pieces[1:] != pieces[:-1])
        piece = np.cumsum(first) - 1
        columns = np.arange(len(order)) - np.flatnonzero(first)[piece]
        before = np.where(positions == 0, rows.n_items, np.roll(items, 1))
        shape = np.count_nonzero(first), max_length
        read = np.full(shape, rows.n_items, dtype=np.int32)
        targets, of_targets = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)
        read[piece, columns], targets[piece, columns] = before, items
        of_targets[piece, columns] = weights
        return cls(users[first], read, targets, of_targets)

    def __len__(self):
        return len(self.users)

    def take(self, positions):
        """Return the pieces at some positions."""
        return TrainingSequences(*(getattr(self, field.name)[positions] for field in fields(self)))

    def scaled(self, n_last):
        """Return the pieces with weights that add up to the number of pieces, the last ones apart.

        The mean over pieces is then that over their targets.
        """
        weights = self.weights.copy()
        for part in (slice(len(self) - n_last), slice(len(self) - n_last, None)):
            weights[part] *= len(weights[part]) / max(weights[part].sum(), TINY)
        return replace(self, weights=weights)

    def inputs(self):
        """Return the named inputs of the network."""
        return {"items": self.items, "targets": self.targets, "weights": self.weights}


def latest(rows, max_length):
    """Return the last items of each user, filled up, and the position of the last one.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> X = [["ann", 7], ["ann", 3], ["ann", 5], ["bob", 3]]
    >>> rows = Interactions.from_rows(X, needs_ratings=False, ordered=True)
    >>> items, last = latest(rows, max_length=2)
    >>> items.tolist(), last.tolist()
    ([[0, 1], [3, 0]], [1, 1])
    """
    items = np.full((len(rows.codes), max_length), rows.n_items, dtype=np.int32)
    order = np.lexsort([rows.order, rows.row_codes])
    lengths = np.repeat(rows.row_lengths, rows.row_lengths)
    positions = positions_within(rows.row_lengths) + 1 - np.maximum(lengths + 1 - max_length, 0)
    kept = positions >= 0
    items[rows.row_codes[order][kept], positions[kept]] = rows.item_codes[order][kept]
    return items, np.minimum(rows.row_lengths, max_length - 1)


class ItemFeatures(FeatureScaling):
    """Features of items, on a scale on which they have a mean square length of 1.

    Examples
    --------
    >>> features = ItemFeatures.fit(np.array([[24.0], [12.0]]))
    >>> features.coordinates(np.array([[24.0], [18.0]])).tolist()
    [[1.0], [0.0]]
    """

    def coordinates(self, features):
        """Return the scaled features of items in single precision."""
        return self.transform(features).astype(np.float32)

    def table(self, features):
        """Return the same, and zeros for the start of a sequence."""
        return np.vstack([self.coordinates(features), np.zeros((1, len(self.mean)), dtype=np.float32)])
