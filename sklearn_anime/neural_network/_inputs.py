"""What a network is trained on: rated rows, histories, and the scale of ratings and features."""

from dataclasses import dataclass, fields

import numpy as np
from sklearn.preprocessing import StandardScaler, normalize

from sklearn_anime.utils._svd import truncated_svd

SIDES = ("user", "item")


@dataclass(frozen=True)
class TrainingRows:
    """Codes, features, ratings and weights of rated pairs, one entry for each.

    Examples
    --------
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

    def inputs(self, standardization):
        """Return the named inputs of the network."""
        features = standardization.standardize_features(self.features).astype(np.float32)
        codes = {side: self.codes(side).astype(np.int32) for side in SIDES}
        return codes | ({"features": features} if features.shape[1] else {})

    def seen(self, interactions, n_held_out):
        """Return what users have seen and who has seen items, without the last of these rows."""
        values = np.ones(len(interactions.item_codes))
        held_out = slice(len(self) - n_held_out, None)
        values[interactions.positions_of(self.users[held_out], self.items[held_out])] = 0.0
        return seen_by_side(interactions, values)

    def shares_beside(self, known, shape):
        """Return which share of the ratings of each user and of each item, and last of all, is here.

        `known` holds the other ratings; `shape` is the number of users and of items.
        """
        shares = {}
        for side, n_ids in zip(SIDES, shape, strict=True):
            new, old = (np.bincount(rows.codes(side), minlength=n_ids) for rows in (self, known))
            new, old = (np.append(counts, counts.sum()) for counts in (new, old))
            shares[side] = (new / np.maximum(new + old, 1))[:, np.newaxis]
        return shares

    def _coded(self, interactions, like):
        users, items = interactions.codes_in(like)
        return TrainingRows(
            users[self.users], items[self.items], self.features, self.ratings, self.weights
        )


def seen_by_side(interactions, values=None):
    """Return what users have seen, and who has seen items."""
    seen = interactions.seen_matrix(values)
    return {"user": seen, "item": seen.T.tocsr()}


@dataclass(frozen=True)
class History:
    """Rows of a matrix of what was seen, at unit length, projected on its first singular vectors.

    Attributes
    ----------
    components : ndarray of shape (n_components, n_columns)
        Right singular vectors, scaled so that the coordinates of the rows of ``fit`` have a mean square
        length of 1.

    Examples
    --------
    >>> from scipy import sparse
    >>> history = History.fit(sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), 2, random_state=0)
    >>> history.coordinates(sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 0.0, 5.0]])).shape
    (2, 2)
    """

    components: np.ndarray

    @classmethod
    def fit(cls, seen, n_components, random_state):
        """Find the singular vectors of a sparse matrix with a row for each user, or for each item."""
        n_components = min(n_components, *seen.shape)
        _, components, coordinates = truncated_svd(normalize(seen), n_components, random_state)
        length = np.sqrt((coordinates**2).sum() / len(coordinates))
        return cls(components / (length if length > 0 else 1.0))

    def coordinates(self, seen):
        """Return the coordinates of rows; columns that came after those of ``fit`` are not used."""
        known = seen[:, : self.components.shape[1]]
        return (normalize(known) @ self.components.T).astype(np.float32)

    def table(self, seen):
        """Return the coordinates of rows, and zeros for the unknown."""
        return np.vstack([self.coordinates(seen), np.zeros((1, len(self.components)), dtype=np.float32)])

    def moved(self, columns):
        """Return the same over other columns: `columns` says where each of them was, -1 for none."""
        return History(np.hstack([self.components, np.zeros((len(self.components), 1))])[:, columns])


@dataclass(frozen=True)
class Standardization:
    """Mean and spread of ratings and features.

    Attributes
    ----------
    features : StandardScaler or None
        That of the features; None where there are none.

    mean_rating, rating_scale : float
        Weighted mean and standard deviation of the ratings (1 where they are all equal).

    Examples
    --------
    >>> scaling = Standardization.fit(np.array([6.0, 8.0]), np.empty((2, 0)), np.ones(2))
    >>> scaling.standardize(np.array([6.0, 7.0])).tolist(), scaling.restore(np.array([2.0])).tolist()
    ([-1.0, 0.0], [9.0])
    """

    features: StandardScaler | None
    mean_rating: float
    rating_scale: float

    @classmethod
    def fit(cls, ratings, features, weights):
        """Find mean and spread of the rows to train on."""
        mean = np.average(ratings, weights=weights)
        spread = np.sqrt(np.average((ratings - mean) ** 2, weights=weights))
        scaler = None
        if features.shape[1]:
            scaler = StandardScaler().set_output(transform="default")
            scaler.fit(features, sample_weight=weights)
        return cls(scaler, mean, spread if spread > 0 else 1.0)

    def standardize_features(self, features):
        """Return features with mean 0 and standard deviation 1."""
        return features if self.features is None else self.features.transform(features)

    def standardize(self, ratings):
        """Return ratings with mean 0 and standard deviation 1."""
        return (ratings - self.mean_rating) / self.rating_scale

    def restore(self, ratings):
        """Return standardized ratings on their own scale."""
        return ratings * self.rating_scale + self.mean_rating
