"""The Gibbs sampler: each draw is from the distribution of one part of the model given the others.

Users and items are two sides of the same kind. The vector of a member of a side is its bias and its
factors; ``b_u + b_i + p_u . q_i`` is what both vectors add to the mean rating.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.utils import gen_batches

from sklearn_anime.decomposition._normal import draw_wishart_root, solve_normal
from sklearn_anime.decomposition._padded_rows import PaddedRows
from sklearn_anime.decomposition._side_features import SideFeatures

PAIRS = 16_384  # that are multiplied at once: their vectors stay in the cache


@dataclass(frozen=True)
class Prior:
    """A draw of the prior of the vectors of a side: normal around a linear model of their features.

    Attributes
    ----------
    coefficients : ndarray of shape (n_features, n_dims)
        Coefficients of the features.

    precision : ndarray of shape (n_dims, n_dims)
        Inverse covariance around the linear model.

    feature_precisions : ndarray of shape (n_groups,)
        Precision of the coefficients of each group of features, in units of `precision`.
    """

    coefficients: np.ndarray
    precision: np.ndarray
    feature_precisions: np.ndarray


@dataclass(frozen=True)
class Side:
    """The users, or the items: what is known of them, which no sweep changes.

    Attributes
    ----------
    rows : PaddedRows
        What was rated of each member.

    features : SideFeatures
        Features of the members.
    """

    rows: PaddedRows
    features: SideFeatures

    def draw_prior(self, vectors, feature_precisions, rng):
        """Draw the prior given the vectors.

        Coefficients and precision come from their joint distribution: the precision from the Wishart
        that is left once the coefficients are integrated out, then the coefficients given it. The
        precisions of the groups of features follow from both.
        """
        n_members, n_dims = vectors.shape
        features = self.features
        normal = features.gram + np.diag(features.precisions(feature_precisions))
        root = np.linalg.cholesky(normal)
        cross = (features.matrix.T @ vectors).astype(np.float64)
        fitted = solve_triangular(root, cross, lower=True)
        vectors = vectors.astype(np.float64)
        scatter = np.eye(n_dims) + vectors.T @ vectors - fitted.T @ fitted
        spread = draw_wishart_root(n_dims + n_members, scatter, rng)
        noise = np.linalg.solve(spread.T, rng.standard_normal(fitted.shape).T).T
        coefficients = solve_triangular(root, fitted + noise, lower=True, trans="T")
        squares = ((coefficients @ spread) ** 2).sum(axis=1)
        drawn = [draw_feature_precision(squares[group], n_dims, rng) for group in features.groups]
        return Prior(coefficients, spread @ spread.T, np.array(drawn))

    def draw_vectors(self, prior, others, scales, roots, rng):
        """Draw the vectors of all members given those of the other side.

        Parameters
        ----------
        prior : Prior
            Their prior.

        others : ndarray of shape (n_others, n_dims)
            Vectors of the other side.

        scales : ndarray of shape (n_members,) or None
            Precision of the ratings of each member, where it is a property of this side.

        roots : ndarray of shape (n_others,) or None
            Root of it, where it is one of the other side.

        rng : Generator
            Source of random numbers.

        Returns
        -------
        vectors : ndarray of shape (n_members, n_dims)
            The vectors.

        errors : ndarray of shape (n_members,)
            Weighted sums of squared residuals, each times the square of its root.
        """
        means = self.features.matrix @ prior.coefficients.astype(others.dtype)
        vectors, errors = np.empty_like(means), np.empty(len(means))
        for members, sums in self.rows.products(others, roots):
            noise = rng.standard_normal((len(members), means.shape[1])).astype(means.dtype)
            scale = None if scales is None else scales[members]
            drawn = condition(means[members], prior.precision, sums, scale, noise)
            vectors[members], errors[members] = drawn, squared_errors(drawn, sums)
        return vectors, errors


def draw_feature_precision(squares, n_dims, rng):
    """Draw the precision of coefficients from their squares, given an exponential prior of mean 1."""
    return rng.gamma(1 + len(squares) * n_dims / 2) / (1 + squares.sum() / 2)


def condition(means, precision, sums, scales=None, noise=0.0):
    """Return the expected vectors of members given what they rated, or a draw of them.

    Parameters
    ----------
    means : ndarray of shape (n_members, n_dims)
        Prior means.

    precision : ndarray of shape (n_dims, n_dims)
        Prior precision.

    sums : ndarray of shape (n_members, n_dims + 1, n_dims + 1)
        Sums of products of what they rated, see `PaddedRows.products`.

    scales : ndarray of shape (n_members,), default=None
        What the sums are multiplied by.

    noise : ndarray of shape (n_members, n_dims), default=0.0
        Standard normal noise for a draw.

    Returns
    -------
    ndarray of shape (n_members, n_dims)
        The vectors.
    """
    precision = precision.astype(means.dtype)
    system = np.ascontiguousarray(sums[:, :, :-1].transpose(1, 2, 0))
    if scales is not None:
        system *= scales.astype(means.dtype)
    system[:-1] += precision[:, :, np.newaxis]
    system[-1] += precision @ means.T
    noise = np.broadcast_to(noise, means.shape)
    return solve_normal(system, noise.T).T


def squared_errors(vectors, sums):
    """Return the sums of squared residuals of what members rated, given their vectors."""
    signed = np.column_stack([-vectors, np.ones(len(vectors), vectors.dtype)])
    squares = np.einsum("mi,mi->m", np.matmul(sums, signed[:, :, np.newaxis])[:, :, 0], signed)
    return np.maximum(squares, 0)  # rounding may leave less than nothing of a perfect fit


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
