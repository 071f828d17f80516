"""The Gibbs sampler: each draw is from the distribution of one part of the model given the others.

Users and items are two sides of the same kind. The vector of a member of a side is its bias and its
factors; ``b_u + b_i + p_u . q_i`` is what both vectors add to the mean rating.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from sklearn_anime.decomposition._side_features import SideFeatures

BLOCK = 4096  # members whose precision matrices are there at once
PAIRS = 16_384  # that are multiplied at once: their vectors stay in the cache
START = 0.1  # spread of the first vectors, in their units


@dataclass(frozen=True)
class Prior:
    """A draw of the prior of the vectors of a side: normal around a linear model of their features.

    Attributes
    ----------
    coefficients : ndarray of shape (n_features, n_dims)
        Coefficients of the features.

    precision : ndarray of shape (n_dims, n_dims)
        Inverse covariance around the linear model.
    """

    coefficients: np.ndarray
    precision: np.ndarray


@dataclass(frozen=True)
class Side:
    """The users, or the items: what is known of them, which no sweep changes.

    Attributes
    ----------
    weights : csr matrix of shape (n_members, n_others)
        Weights of the ratings.

    ratings : csr matrix of shape (n_members, n_others)
        Ratings without their mean, each times its weight.

    features : SideFeatures
        Features of the members.

    ridge : callable
        From targets to the coefficients of their regression on the features.

    feature_precision : float
        Precision of the coefficients, in units of that of the vectors.

    units : ndarray of shape (n_dims,)
        Scale of a bias and of the factors.
    """

    weights: sparse.csr_array
    ratings: sparse.csr_array
    features: SideFeatures
    ridge: Callable
    feature_precision: float
    units: np.ndarray

    def start(self, rng):
        """Return small vectors at random."""
        return START * self.units * rng.standard_normal((self.weights.shape[0], len(self.units)))

    def draw_prior(self, vectors, rng):
        """Draw coefficients and precision given the vectors.

        Both come from their joint distribution: the precision from the Wishart that is left once the
        coefficients are integrated out, then the coefficients given the precision, as a draw of
        their prior corrected by the regression of what it leaves over.
        """
        n_members, n_dims = vectors.shape
        noise = rng.standard_normal(vectors.shape)
        free = rng.standard_normal((self.features.shape[1], n_dims)) / np.sqrt(self.feature_precision)
        solved = self.ridge(np.hstack([vectors, noise - self.features.times(free)]))
        fitted, correction = solved[:, :n_dims], solved[:, n_dims:]
        residuals = vectors - self.features.times(fitted)
        scatter = np.diag(self.units**2) + residuals.T @ residuals
        scatter += self.feature_precision * fitted.T @ fitted
        root = draw_wishart_root(n_dims + n_members, scatter, rng)
        spread = np.linalg.solve(root.T, (free + correction).T).T
        return Prior(fitted + spread, root @ root.T)

    def draw_vectors(self, prior, others, noise_precision, rng):
        """Draw the vectors of all members given those of the other side, in blocks."""
        means = self.features.times(prior.coefficients)
        vectors = np.empty_like(means)
        for block in gen_batches(len(means), BLOCK):
            given = self.weights[block], self.ratings[block]
            root, linear = condition(means[block], prior.precision, others, noise_precision, *given)
            noise = rng.standard_normal(linear.shape)
            vectors[block] = solve_upper(root, solve_lower(root, linear) + noise)
        return vectors


def draw_wishart_root(dof, scatter, rng):
    """Return R with ``R R'`` drawn from the Wishart of some degrees of freedom and inverse scale."""
    n_dims = len(scatter)
    bartlett = np.tril(rng.standard_normal((n_dims, n_dims)), -1)
    bartlett[np.diag_indices(n_dims)] = np.sqrt(rng.chisquare(dof - np.arange(n_dims)))
    lower = np.linalg.cholesky(scatter)  # scatter^-1 = lower^-T lower^-1
    return np.linalg.solve(lower.T, bartlett)


def condition(means, precision, others, noise_precision, weights, ratings):
    """Return the normal distribution of vectors given ratings and the vectors of the other side.

    Parameters
    ----------
    means : ndarray of shape (n_members, n_dims)
        Prior means.

    precision : ndarray of shape (n_dims, n_dims)
        Prior precision.

    others : ndarray of shape (n_others, n_dims)
        Vectors of the other side.

    noise_precision : float
        Precision of a rating of weight 1.

    weights, ratings : csr matrix of shape (n_members, n_others)
        Weights, and ratings without their mean times the weights.

    Returns
    -------
    root : ndarray of shape (n_members, n_dims, n_dims)
        Lower Cholesky factors of the posterior precisions.

    linear : ndarray of shape (n_members, n_dims)
        Posterior precisions times posterior means.
    """
    design, offset = np.hstack([np.ones((len(others), 1)), others[:, 1:]]), others[:, :1]
    # One sparse product gives each member the sums of all products of the others' coordinates.
    sums = weights @ np.hstack([*_products(design), design * offset])
    root = np.zeros((len(means), *precision.shape))
    start = 0
    for row, known in enumerate(precision):
        end = start + row + 1
        root[:, row, : row + 1] = noise_precision * sums[:, start:end] + known[: row + 1]
        start = end
    linear = noise_precision * (ratings @ design - sums[:, start:]) + means @ precision
    return np.linalg.cholesky(root), linear


def _products(design):
    """Yield the products of each column with those up to it: a lower triangle, row by row."""
    for column in range(design.shape[1]):
        yield design[:, : column + 1] * design[:, [column]]


def solve_lower(root, right):
    """Solve ``L x = r`` for many lower triangular matrices at once."""
    solution = right.copy()
    for position in range(right.shape[1]):
        known = np.einsum("ij,ij->i", root[:, position, :position], solution[:, :position])
        solution[:, position] = (solution[:, position] - known) / root[:, position, position]
    return solution


def solve_upper(root, right):
    """Solve ``L'x = r`` for many lower triangular matrices L at once."""
    solution = right.copy()
    for position in reversed(range(right.shape[1])):
        known = np.einsum("ij,ij->i", root[:, position + 1 :, position], solution[:, position + 1 :])
        solution[:, position] = (solution[:, position] - known) / root[:, position, position]
    return solution


def interact(users, items, user_codes, item_codes):
    """Return ``b_u + b_i + p_u . q_i`` of pairs of members, given by their codes."""
    left, right = beside_one(users, 1), beside_one(items, 0)
    values = np.empty(len(user_codes))
    for rows in gen_batches(len(values), PAIRS):
        pairs = left.take(user_codes[rows], axis=0), right.take(item_codes[rows], axis=0)
        values[rows] = np.einsum("ij,ij->i", *pairs)
    return values


def beside_one(vectors, position):
    """Return vectors with a 1 where the other side has its bias: products then add both biases."""
    return np.insert(vectors, position, 1, axis=1)
