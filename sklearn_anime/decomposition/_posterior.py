"""The samples that are kept of a chain, and what they say of ratings."""

from dataclasses import dataclass

import numpy as np

from sklearn_anime.decomposition._gibbs import beside_one, condition, interact
from sklearn_anime.decomposition._padded_rows import PaddedRows
from sklearn_anime.decomposition._side_features import History


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

    history : ndarray of shape (n_history, n_dims)
        Coefficients of the columns of the history; there may be none.
    """

    vectors: np.ndarray
    center: np.ndarray
    numbers: np.ndarray
    covariance: np.ndarray
    precision: np.ndarray
    intercept: np.ndarray
    history: np.ndarray

    @classmethod
    def keep(cls, vectors, prior, features, units):
        """Keep a draw of the vectors and of their prior, in other units.

        An unknown id counts as a member drawn at random.
        """
        coefficients, (of_numbers, of_history) = prior.coefficients, features.parts
        center = vectors.mean(axis=0) - features.means[of_numbers] @ coefficients[of_numbers]
        covariance = np.linalg.inv(prior.precision)
        spread = features.covariance(of_history)
        covariance += coefficients[of_history].T @ spread @ coefficients[of_history]
        kept = (
            vectors * units,
            center * units,
            coefficients[of_numbers] * units,
            covariance * np.outer(units, units),
            prior.precision / np.outer(units, units),
            coefficients[0] * units,
            coefficients[of_history] * units,
        )
        return cls(*map(_single, kept))

    def extended(self, numbers):
        """Return the vectors of the members, and the prior means of unknown ids with some numbers."""
        return np.vstack([self.vectors, self.center + numbers @ self.numbers]).astype(np.float64)

    def prior_means(self, numbers, history):
        """Return the prior means of ids with some numbers and columns of their history."""
        return self.intercept + numbers @ self.numbers + history @ self.history


@dataclass(frozen=True)
class Sample:
    """A draw of the whole model.

    Attributes
    ----------
    users, items : SideSample
        Both sides.

    noise : ndarray of shape (n_users,)
        Variance of the noise of a rating of each user.

    mean_noise : float
        Mean of it over the ratings: that of an unknown user.
    """

    users: SideSample
    items: SideSample
    noise: np.ndarray
    mean_noise: float

    def predict(self, user_codes, item_codes, user_numbers, item_numbers):
        """Return mean and variance of ratings around the mean rating.

        Codes from the number of members on are unknown, described by rows of numbers.
        """
        users, items = self.users.extended(user_numbers), self.items.extended(item_numbers)
        means = interact(users, items, user_codes, item_codes)
        new = user_codes >= len(self.users.vectors), item_codes >= len(self.items.vectors)
        variance = np.append(self.noise, self.mean_noise)[np.minimum(user_codes, len(self.noise))]
        variance = variance.astype(np.float64)
        rows = np.flatnonzero(new[0] | new[1])
        variance[rows] += self._variance(
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

    def fold_in(self, rows, codes, numbers, history):
        """Return the expected vectors of users given their ratings and the vectors of the items.

        Codes are those of users whose noise is known, or -1.
        """
        means = self.users.prior_means(numbers, history).astype(np.float64)
        noise = np.where(codes >= 0, self.noise[codes], self.mean_noise)
        vectors = np.empty_like(means)
        for members, sums in rows.products(self.items.vectors.astype(np.float64)):
            given = self.users.precision, sums, 1 / noise[members]
            vectors[members] = condition(means[members], *given)
        return vectors


@dataclass(frozen=True)
class Posterior:
    """The samples of the chains.

    Attributes
    ----------
    mean_rating : float
        What the vectors add to.

    samples : list of Sample
        The samples.

    history : History or None
        The way to the history columns of users.
    """

    mean_rating: float
    samples: list
    history: History | None = None

    def predict(self, *pairs):
        """Return mean and standard deviation of the ratings of pairs (see `Sample.predict`)."""
        total = squares = 0.0
        for sample in self.samples:
            mean, variance = sample.predict(*pairs)
            total = total + mean
            squares = squares + mean**2 + variance
        mean = total / len(self.samples)
        return self.mean_rating + mean, np.sqrt(squares / len(self.samples) - mean**2)

    def vectors_of(self, rows, changed, numbers):
        """Return the vectors of users in each sample; those of `changed` rows follow from the rows."""
        known = [sample.users.vectors[rows.codes] for sample in self.samples]
        if changed.any():
            given = self._given(rows.take(np.flatnonzero(changed)), numbers[changed])
            for sample, vectors in zip(self.samples, known, strict=True):
                vectors[changed] = sample.fold_in(*given)
        return known

    def _given(self, rows, numbers):
        """Return what the vectors of users follow from: ratings, codes, numbers and history."""
        rated = rows.rated_matrix(rows.weights)
        targets = rows.ratings[rows.rated] - self.mean_rating
        structure = rated.indptr, rated.indices, targets, rated.data
        padded = PaddedRows.from_csr(*structure, rated.shape[1], np.float64)
        history = np.empty((len(rows.codes), 0))
        if self.history is not None:
            history = self.history.transform(rows.seen_matrix())
        return padded, rows.codes, numbers, history

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
