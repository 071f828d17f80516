"""Biases of users and of items by alternating least squares, each shrunk towards 0."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Biases:
    """Mean rating, biases of users and of items, fitted to interactions.

    Attributes
    ----------
    mean : float
        Mean rating.

    user, item : ndarray of shape (n_users,) and (n_items,)
        Biases.

    shrinkage : float
        How many ratings of 0 each bias is the mean of, beside its own.

    n_iter : int
        Number of sweeps.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["bob", "Bleach"]]
    >>> Biases.fit(Interactions.from_rows(X, [10, 8, 8, 6]), shrinkage=0).item.tolist()
    [1.0, -1.0]
    """

    mean: float
    user: np.ndarray
    item: np.ndarray
    shrinkage: float
    n_iter: int

    @classmethod
    def fit(cls, interactions, shrinkage=3.0, max_iter=20, tol=1e-4):
        """Fit biases to the rated pairs by alternating least squares.

        Each sweep takes one sum over the users for each item. That of their biases is made without the
        level that moves from one side to the other, which is known only after it.
        """
        mean, item = interactions.mean_rating, np.zeros(interactions.n_items)
        rated = interactions.blocks.map(Rated.of, mean, shrinkage)
        weights, sums = rated.sum(Rated.item_sums)
        level = 0.0
        for n_iter in range(1, max_iter + 1):
            unlevelled = _shrunk(sums - level * weights, weights, shrinkage)
            sums, of_users = rated.sum(Rated.sweep, unlevelled)
            level = (unlevelled.sum() - of_users) / sum(interactions.shape)
            change, item = np.abs(unlevelled - level - item).max(), unlevelled - level
            if change <= tol:
                break
        user = rated.concatenate(Rated.user_biases, unlevelled) + level
        return cls(mean, user, item, shrinkage, n_iter)

    def predict(self, user_codes, item_codes, rows=None):
        """Return mean + user bias + item bias; the bias of code -1 is 0."""
        return self.mean + _bias_of(self.user, user_codes) + _bias_of(self.item, item_codes)

    def predict_pairs(self, rows, positions):
        """Return the same for some pairs of `rows`, the biases of users from what `rows` say of them."""
        of_items = self.item[rows.item_codes[positions]]
        return self.mean + self.of_users(rows)[rows.row_codes[positions]] + of_items

    def predict_all(self, rows):
        """Return the predictions of all items, the biases of users from what `rows` say of them."""
        return self.mean + self.of_users(rows)[:, None] + self.item

    def of_users(self, rows):
        """Return the biases of users from what they have rated, whether ``fit`` knew them or not."""
        rated = rows.rated
        residuals = rows.ratings[rated] - self.mean - self.item[rows.item_codes[rated]]
        return _shrunk_means(
            rows.row_codes[rated], residuals, rows.weights[rated], len(rows.codes), self.shrinkage
        )


@dataclass(frozen=True)
class Rated:
    """The rated pairs of some users.

    Attributes
    ----------
    users, items : ndarray of int of shape (n_rated,)
        Row of the user, and code of the item.

    target, weights : ndarray of shape (n_rated,)
        Rating less the mean, and its weight.

    user_weights : ndarray of shape (n_users,)
        Sum of the weights of each user.

    n_items : int
        Number of items.

    shrinkage : float
        As in `Biases`.
    """

    users: np.ndarray
    items: np.ndarray
    target: np.ndarray
    weights: np.ndarray
    user_weights: np.ndarray
    n_items: int
    shrinkage: float

    @classmethod
    def of(cls, rows, mean, shrinkage):
        """Take the rated pairs out of rows of users."""
        rated = rows.rated
        users, weights = rows.row_codes[rated], rows.weights[rated].astype(np.float64)
        user_weights = np.bincount(users, weights, minlength=len(rows.codes))
        target = rows.ratings[rated].astype(np.float64) - mean
        return cls(users, rows.item_codes[rated], target, weights, user_weights, rows.n_items, shrinkage)

    def item_sums(self):
        """Return the sum of the weights of each item, and of its ratings."""
        return self._by_item(self.weights), self._by_item(self.weights * self.target)

    def user_biases(self, item):
        """Return the biases of the users, given those of items."""
        values = self.weights * (self.target - item[self.items])
        sums = np.bincount(self.users, values, minlength=len(self.user_weights))
        return _shrunk(sums, self.user_weights, self.shrinkage)

    def sweep(self, item):
        """Return for each item its sum of ratings without biases of users, and the sum of these."""
        user = self.user_biases(item)
        return self._by_item(self.weights * (self.target - user[self.users])), user.sum()

    def _by_item(self, values):
        return np.bincount(self.items, values, minlength=self.n_items)


def _shrunk(sums, weights, shrinkage):
    """Return means of groups by their sums, shrunk towards 0; 0 for a group without values."""
    total = weights + shrinkage
    return np.divide(sums, total, out=np.zeros(len(total)), where=total > 0)


def _shrunk_means(codes, values, weights, n_groups, shrinkage):
    """Return the weighted mean of each group, shrunk towards 0; 0 for a group without values."""
    sums = np.bincount(codes, weights * values, minlength=n_groups)
    return _shrunk(sums, np.bincount(codes, weights, minlength=n_groups), shrinkage)


def _bias_of(biases, codes):
    return np.where(codes >= 0, biases[codes], 0.0)
