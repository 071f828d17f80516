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
        """Fit biases to the rated pairs by alternating least squares."""
        rated = interactions.rated
        users, items = interactions.row_codes[rated], interactions.item_codes[rated]
        weights = interactions.weights[rated]
        mean = interactions.mean_rating
        target = interactions.ratings[rated] - mean
        user, item = np.zeros(interactions.shape[0]), np.zeros(interactions.shape[1])
        for n_iter in range(1, max_iter + 1):
            new_item = _shrunk_means(items, target - user[users], weights, len(item), shrinkage)
            user = _shrunk_means(users, target - new_item[items], weights, len(user), shrinkage)
            level = (new_item.sum() - user.sum()) / (len(user) + len(item))
            new_item, user = new_item - level, user + level
            change, item = np.abs(new_item - item).max(), new_item
            if change <= tol:
                break
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


def _shrunk_means(codes, values, weights, n_groups, shrinkage):
    """Return the weighted mean of each group, shrunk towards 0; 0 for a group without values."""
    total = np.bincount(codes, weights, minlength=n_groups) + shrinkage
    sums = np.bincount(codes, weights * values, minlength=n_groups)
    return np.divide(sums, total, out=np.zeros(n_groups), where=total > 0)


def _bias_of(biases, codes):
    return np.where(codes >= 0, biases[codes], 0.0)
