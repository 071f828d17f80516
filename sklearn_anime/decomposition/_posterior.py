"""The samples that are kept of a chain, and what they say of ratings."""

from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import normalize
from sklearn.utils import gen_batches

from sklearn_anime.decomposition._gibbs import (
    BLOCK,
    beside_one,
    condition,
    interact,
    solve_lower,
    solve_upper,
)


@dataclass(frozen=True)
class SideSample:
    """What is kept of a draw of the users or of the items, in single precision.

    Attributes
    ----------
    vectors : ndarray of shape (n_members, n_dims)
        Bias and factors of each member.

    center : ndarray of shape (n_dims,)
        Mean of an unknown id with average numbers.

    numbers : ndarray of shape (n_numbers, n_dims)
        Coefficients of the scaled numbers.

    covariance : ndarray of shape (n_dims, n_dims)
        Covariance of an unknown id: the residual of the features, and the unknown history.

    precision : ndarray of shape (n_dims, n_dims)
        Prior precision of an id whose history is known.

    intercept : ndarray of shape (n_dims,)
        Prior mean of an id with average numbers, before the history.

    history : ndarray of shape (n_others, n_dims) or None
        Coefficients of the history, where they are kept.
    """

    vectors: np.ndarray
    center: np.ndarray
    numbers: np.ndarray
    covariance: np.ndarray
    precision: np.ndarray
    intercept: np.ndarray
    history: np.ndarray | None

    @classmethod
    def keep(cls, vectors, prior, side, with_history):
        """Keep a draw of the vectors and of their prior.

        An unknown id counts as the member of a rated pair drawn at random, so that each member counts
        once for each of its ratings: rows are of popular items and of active users.
        """
        dense, history = side.features.split(prior.coefficients)
        counts, numbers = np.diff(side.weights.indptr), side.features.dense[:, 1:]
        center = np.average(vectors - numbers @ dense[1:], axis=0, weights=counts)
        covariance = np.linalg.inv(prior.precision)
        if side.features.history is not None:
            covariance += np.cov((side.features.history @ history).T, ddof=0, aweights=counts)
        intercept = side.features.dense[0, 0] * dense[0]
        kept = (vectors, center, dense[1:], covariance, prior.precision, intercept)
        with_history = with_history and side.features.history is not None
        return cls(*map(_single, kept), _single(history) if with_history else None)

    def extended(self, numbers):
        """Return the vectors of the members, and the prior means of unknown ids with some numbers."""
        return np.vstack([self.vectors, self.center + numbers @ self.numbers]).astype(np.float64)

    def prior_means(self, numbers, history):
        """Return the prior means of users with some numbers and rows of history."""
        means = self.intercept + numbers @ self.numbers
        return means if self.history is None else means + history @ self.history


@dataclass(frozen=True)
class Sample:
    """A draw of the whole model."""

    users: SideSample
    items: SideSample
    noise_precision: float

    def predict(self, user_codes, item_codes, user_numbers, item_numbers):
        """Return mean and variance of ratings around the mean rating, noise aside.

        Codes from the number of members on are unknown, described by rows of numbers.
        """
        users, items = self.users.extended(user_numbers), self.items.extended(item_numbers)
        means = interact(users, items, user_codes, item_codes)
        new = user_codes >= len(self.users.vectors), item_codes >= len(self.items.vectors)
        variance = np.zeros(len(means))
        rows = np.flatnonzero(new[0] | new[1])
        variance[rows] = self._variance(
            users[user_codes[rows]], items[item_codes[rows]], new[0][rows], new[1][rows]
        )
        return means, variance

    def _variance(self, users, items, new_users, new_items):
        """Return the variance that prior means in place of vectors bring: of a sum of products."""
        of_users, of_items = self.users.covariance, self.items.covariance
        both = (of_users[1:, 1:] * of_items[1:, 1:]).sum()
        return (
            new_users * _quadratic(_with_one(items), of_users)
            + new_items * _quadratic(_with_one(users), of_items)
            + (new_users & new_items) * both
        )

    def fold_in(self, weights, ratings, numbers, history):
        """Return the expected vectors of users given their ratings and the vectors of the items."""
        means = self.users.prior_means(numbers, history)
        items, precision = self.items.vectors.astype(np.float64), self.users.precision
        vectors = np.empty_like(means)
        for block in gen_batches(len(means), BLOCK):
            given = self.noise_precision, weights[block], ratings[block]
            root, linear = condition(means[block], precision, items, *given)
            vectors[block] = solve_upper(root, solve_lower(root, linear))
        return vectors


@dataclass(frozen=True)
class Posterior:
    """The samples of a chain."""

    mean_rating: float
    samples: list

    def predict(self, *pairs):
        """Return mean and standard deviation of the ratings of pairs (see `Sample.predict`)."""
        total = squares = 0.0
        for sample in self.samples:
            mean, variance = sample.predict(*pairs)
            total = total + mean
            squares = squares + mean**2 + variance + 1 / sample.noise_precision
        mean = total / len(self.samples)
        return self.mean_rating + mean, np.sqrt(squares / len(self.samples) - mean**2)

    def vectors_of(self, rows, changed, numbers):
        """Return the vectors of users in each sample; those of `changed` rows follow from the rows."""
        known = [sample.users.vectors[rows.codes] for sample in self.samples]
        if changed.any():
            some = rows.take(np.flatnonzero(changed))
            given = (
                some.rated_matrix(some.weights),
                some.rated_matrix(some.weights * (some.ratings - self.mean_rating)),
                numbers[changed],
                normalize(some.seen_matrix()),
            )
            for sample, vectors in zip(self.samples, known, strict=True):
                vectors[changed] = sample.fold_in(*given)
        return known

    def scores(self, user_vectors, item_numbers=None):
        """Return the mean rating of each user for all items, or for new ones with some numbers."""
        users, items = [], []
        for sample, vectors in zip(self.samples, user_vectors, strict=True):
            side = sample.items
            new = side.vectors if item_numbers is None else side.center + item_numbers @ side.numbers
            users.append(beside_one(_single(vectors), 1))
            items.append(beside_one(_single(new), 0))
        products = np.hstack(users) @ np.hstack(items).T
        return self.mean_rating + products.astype(np.float64) / len(self.samples)

    def terms(self, user_vectors, item_code):
        """Return the terms that add up to the mean rating of one user for one item."""
        users = np.array([vectors[0] for vectors in user_vectors], dtype=np.float64)
        items = np.array([sample.items.vectors[item_code] for sample in self.samples], np.float64)
        return {
            "mean rating": self.mean_rating,
            "user bias": float(users[:, 0].mean()),
            "item bias": float(items[:, 0].mean()),
            "factors": float(np.einsum("ij,ij->i", users[:, 1:], items[:, 1:]).mean()),
        }

    def mean_vectors(self, side):
        """Return the means of the vectors of a side."""
        vectors = (getattr(sample, side).vectors.astype(np.float64) for sample in self.samples)
        return sum(vectors) / len(self.samples)


def _single(array):
    return np.asarray(array, dtype=np.float32)


def _with_one(vectors):
    """Return what the coordinates of a vector of the other side are multiplied by."""
    return np.hstack([np.ones((len(vectors), 1)), vectors[:, 1:]])


def _quadratic(vectors, matrix):
    return np.einsum("ij,jk,ik->i", vectors, matrix, vectors, optimize=True)
