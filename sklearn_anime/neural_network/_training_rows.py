"""The training rows of a network."""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class TrainingRows:
    """Codes, features, ratings and weights of rated pairs, one entry for each.

    Examples
    --------
    >>> from sklearn_anime.interactions._features import FeatureTable
    >>> from sklearn_anime.interactions import Interactions
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"]]
    >>> interactions = Interactions.from_rows(X, [9, np.nan, 7], features="numbers")
    >>> TrainingRows.read(interactions).users.tolist()
    [0, 1]
    """

    users: np.ndarray
    items: np.ndarray
    features: np.ndarray
    ratings: np.ndarray
    weights: np.ndarray

    @classmethod
    def read(cls, interactions, like=None):
        """Return the rated pairs of interactions, with the codes that its ids have in `like`."""
        rated = np.flatnonzero(interactions.rated)
        users, items = interactions.row_codes, interactions.item_codes
        features = interactions.features.fitted_rows(users, items)
        rows = cls(users, items, features, interactions.ratings, interactions.weights).take(rated)
        return rows if like is None else rows._coded(interactions, like)

    def __len__(self):
        return len(self.users)

    def codes(self, side):
        """Return the codes of ``"user"`` or of ``"item"``."""
        return {"user": self.users, "item": self.items}[side]

    def take(self, positions):
        """Return the rows at some positions."""
        return TrainingRows(*(getattr(self, field.name)[positions] for field in fields(self)))

    def _coded(self, interactions, like):
        users, items = interactions.codes_in(like)
        return TrainingRows(
            users[self.users], items[self.items], self.features, self.ratings, self.weights
        )
