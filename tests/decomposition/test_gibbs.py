"""Claims about the parts of the Gibbs sampler, compared with dense formulas and loops.

Means over draws are compared within four to five standard errors; the seeds are fixed.
"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.stats import ks_2samp

from sklearn_anime.decomposition import _ridge
from sklearn_anime.decomposition._gibbs import (
    Prior,
    Side,
    condition,
    draw_wishart_root,
    interact,
    solve_lower,
    solve_upper,
)
from sklearn_anime.decomposition._ridge import make_ridge
from sklearn_anime.decomposition._sampler import Sampler, State
from sklearn_anime.decomposition._side_features import FeatureScaling, SideFeatures
from sklearn_anime.interactions import Interactions

SINGLE = {"rtol": 1e-4, "atol": 1e-5}  # the factor of the ridge is in single precision
N_DRAWS = 2000


def make_features(n_members, n_numbers, n_others, seed=0):
    rng = np.random.default_rng(seed)
    seen = sparse.csr_matrix(rng.random((n_members, n_others)) < 0.4, dtype=float)
    numbers = rng.standard_normal((n_members, n_numbers))
    return SideFeatures.collect(numbers, seen, intercept=0.7)


def dense(features):
    return np.hstack([features.dense, features.history.toarray()])


def ratings_of(rng, n_members, n_others):
    """Draw weights and weighted ratings: dense, 0 where there is none."""
    mask = rng.random((n_members, n_others)) < 0.6
    weights = mask * rng.uniform(0.5, 2, mask.shape)
    return weights, weights * rng.standard_normal(mask.shape)


def make_side(features, units, weights, ratings, precision=2.0):
    return Side(
        sparse.csr_matrix(weights),
        sparse.csr_matrix(ratings),
        features,
        make_ridge(features, precision),
        precision,
        np.asarray(units),
    )


FEW_FEATURES, MANY_FEATURES = make_features(30, 2, 6), make_features(8, 2, 20)
SHAPES = pytest.mark.parametrize("features", [FEW_FEATURES, MANY_FEATURES], ids=["few", "many"])


# Features


@SHAPES
def test_products_are_those_of_the_dense_matrix(features):
    table, rng = dense(features), np.random.default_rng(1)
    assert features.shape == table.shape
    right, left = rng.standard_normal((table.shape[1], 3)), rng.standard_normal((len(table), 3))
    assert_allclose(features.times(right), table @ right)
    assert_allclose(features.transposed_times(left), table.T @ left)
    assert_allclose(features.column_squares(), (table**2).sum(axis=0))


@SHAPES
@pytest.mark.parametrize("block", [3, 1024])
def test_gram_is_the_smaller_one(features, block, monkeypatch):
    monkeypatch.setattr("sklearn_anime.decomposition._side_features.GRAM_BLOCK", block)
    table = dense(features)
    expected = table.T @ table if features is FEW_FEATURES else table @ table.T
    assert_allclose(features.gram(), expected, **SINGLE)


def test_rows_of_the_history_have_length_one_or_none():
    seen = sparse.csr_matrix([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    history = SideFeatures.collect(np.empty((3, 0)), seen).history.toarray()
    assert_allclose((history**2).sum(axis=1), [1, 0, 1])
    assert_allclose(history[0], [0.5**0.5, 0.5**0.5, 0])


def test_scaled_numbers_have_rows_of_mean_square_length_one():
    numbers = np.random.default_rng(0).normal(5, [1, 10, 1e-3], (50, 3))
    scaled = FeatureScaling.fit(numbers).transform(numbers)
    assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
    assert_allclose((scaled**2).sum(axis=1).mean(), 1)


def test_constant_number_becomes_zero():
    numbers = np.full((5, 1), 0.1)
    assert (FeatureScaling.fit(numbers).transform(numbers) == 0).all()


# Ridge


@SHAPES
@pytest.mark.parametrize("largest", [0, 20_000], ids=["conjugate gradients", "factor"])
@pytest.mark.parametrize("precision", [0.3, 5.0])
def test_ridge_solves_the_normal_equations(features, largest, precision, monkeypatch):
    monkeypatch.setattr(_ridge, "LARGEST_FACTOR", largest)
    table = dense(features)
    values = np.random.default_rng(2).standard_normal((len(table), 4))
    values[:, 3] = 0  # a target that is solved at once
    normal = table.T @ table + precision * np.eye(table.shape[1])
    expected = np.linalg.solve(normal, table.T @ values)
    assert_allclose(make_ridge(features, precision)(values), expected, rtol=1e-3, atol=1e-4)


# Triangular systems


def test_triangular_systems_are_solved_at_once():
    rng = np.random.default_rng(0)
    root = np.tril(rng.standard_normal((6, 5, 5))) + 3 * np.eye(5)
    right = rng.standard_normal((6, 5))
    for matrix, lower, upper, r in zip(
        root, solve_lower(root, right), solve_upper(root, right), right, strict=True
    ):
        assert_allclose(matrix @ lower, r)
        assert_allclose(matrix.T @ upper, r)


# Draws


def test_wishart_has_its_mean_and_variance():
    scatter, dof, rng = np.array([[2.0, 0.5], [0.5, 1.0]]), 7, np.random.default_rng(0)
    roots = [draw_wishart_root(dof, scatter, rng) for _ in range(N_DRAWS)]
    draws = np.array([root @ root.T for root in roots])
    scale = np.linalg.inv(scatter)
    diagonal = np.diag(scale)
    variance = dof * (scale**2 + np.outer(diagonal, diagonal))
    assert_allclose(draws.mean(axis=0), dof * scale, atol=5 * np.sqrt(variance.max() / N_DRAWS))
    assert_allclose(draws.var(axis=0), variance, rtol=0.15)


def test_vectors_given_ratings_are_those_of_a_loop_over_members():
    rng = np.random.default_rng(0)
    weights, ratings = ratings_of(rng, 5, 7)
    weights[2] = ratings[2] = 0  # nothing rated: the prior
    means, others = rng.standard_normal((5, 3)), rng.standard_normal((7, 3))
    precision = np.cov(rng.standard_normal((3, 9))) + np.eye(3)
    root, linear = condition(
        means, precision, others, 1.7, sparse.csr_matrix(weights), sparse.csr_matrix(ratings)
    )
    for member in range(5):
        expected, right = precision.copy(), precision @ means[member]
        for other in np.flatnonzero(weights[member]):
            bias, factors = others[other, 0], others[other, 1:]
            row = np.array([1, *factors])
            target = ratings[member, other] / weights[member, other] - bias
            expected += 1.7 * weights[member, other] * np.outer(row, row)
            right += 1.7 * weights[member, other] * target * row
        assert_allclose(root[member] @ root[member].T, expected)
        assert_allclose(linear[member], right)


@pytest.mark.parametrize("block", [2, 4096])
def test_vectors_are_drawn_from_their_normal_distribution(block, monkeypatch):
    monkeypatch.setattr("sklearn_anime.decomposition._gibbs.BLOCK", block)
    rng = np.random.default_rng(0)
    features = make_features(3, 1, 4)
    side = make_side(features, [1.0, 1.0], *ratings_of(rng, 3, 4))
    prior = Prior(rng.standard_normal((features.shape[1], 2)), np.array([[2.0, 0.3], [0.3, 1.0]]))
    others = rng.standard_normal((4, 2))
    draws = np.array([side.draw_vectors(prior, others, 1.5, rng) for _ in range(N_DRAWS)])
    means = features.times(prior.coefficients)
    given = prior.precision, others, 1.5, side.weights, side.ratings
    for member, (root, linear) in enumerate(zip(*condition(means, *given), strict=True)):
        covariance = np.linalg.inv(root @ root.T)
        error = 5 / np.sqrt(N_DRAWS)
        assert_allclose(draws[:, member].mean(axis=0), covariance @ linear, atol=error)
        assert_allclose(np.cov(draws[:, member].T), covariance, atol=2 * error)


@SHAPES
def test_prior_is_drawn_from_its_joint_distribution(features):
    """Its moments follow from the dense matrix F: the coefficients are integrated out by hand."""
    rng, units, precision = np.random.default_rng(0), np.array([1.0, 0.5]), 2.0
    table = dense(features)
    vectors = table @ rng.standard_normal((table.shape[1], 2)) + rng.standard_normal((len(table), 2))
    empty = np.zeros((len(table), 1))
    side = make_side(features, units, empty, empty, precision)
    draws = [side.draw_prior(vectors, rng) for _ in range(N_DRAWS)]

    outer = np.eye(len(table)) + table @ table.T / precision
    scatter = np.diag(units**2) + vectors.T @ np.linalg.solve(outer, vectors)
    dof = 2 + len(table)
    error = 5 / np.sqrt(N_DRAWS)
    expected = dof * np.linalg.inv(scatter)  # an element's variance is at most 2 / dof of the largest**2
    atol = error * np.sqrt(2 / dof) * expected.max()
    assert_allclose(np.mean([draw.precision for draw in draws], axis=0), expected, atol=atol)
    normal = np.linalg.inv(table.T @ table + precision * np.eye(table.shape[1]))
    coefficients = np.array([draw.coefficients for draw in draws])
    covariance = scatter / (dof - 2 - 1)  # the mean of the inverse of a Wishart
    for column in (0, 1):
        spread = np.sqrt(covariance[column, column] * np.diag(normal))
        centerd = coefficients[:, :, column] - normal @ table.T @ vectors[:, column]
        assert (np.abs(centerd.mean(axis=0)) < error * spread).all()
        assert_allclose(
            np.cov(centerd.T), covariance[column, column] * normal, atol=0.2 * spread.max() ** 2
        )


def test_pairs_interact_as_in_a_loop(monkeypatch):
    monkeypatch.setattr("sklearn_anime.decomposition._gibbs.PAIRS", 4)
    rng = np.random.default_rng(0)
    users, items = rng.standard_normal((3, 4)), rng.standard_normal((5, 4))
    codes = rng.integers(3, size=11), rng.integers(5, size=11)
    expected = [
        users[u, 0] + items[i, 0] + users[u, 1:] @ items[i, 1:] for u, i in zip(*codes, strict=True)
    ]
    assert_allclose(interact(users, items, *codes), expected)


# The whole sampler


def forward(rng, sides, precision):
    """Draw a state from the prior, without the sampler's code."""
    vectors = []
    for side in sides:
        table, n_dims = dense(side.features), len(side.units)
        half = rng.standard_normal((n_dims, n_dims)) / side.units[:, None]  # n_dims degrees of freedom
        root = np.linalg.cholesky(np.linalg.inv(half @ half.T))
        coefficients = rng.standard_normal((table.shape[1], n_dims)) / np.sqrt(precision)
        noise = rng.standard_normal((len(table), n_dims))
        vectors.append((table @ coefficients + noise) @ root.T)
    return State(*vectors, noise_precision=rng.exponential())


def statistics(state, targets):
    """Return some functions of a state and of its ratings."""
    users, items = state.users, state.items
    norms = [(vectors**2).sum() for vectors in (users[:, 0], users[:, 1], items[:, 0], items[:, 1])]
    products = [users[0, 0] * users[0, 1], users[0, 1] * items[0, 1], users[0, 0] * users[1, 0]]
    residuals = targets - interact(users, items, *(codes.ravel() for codes in np.indices((3, 2))))
    return [*norms, *products, state.noise_precision, (residuals**2).sum()]


def test_a_sweep_leaves_the_joint_distribution_of_parameters_and_ratings_as_it_is():
    """Draw from the prior, rate, sweep: parameters and ratings are then distributed as before.

    A slip in the distribution of any part sets the two samples apart.
    """
    rng, n_draws = np.random.default_rng(0), 1500
    users, items = (codes.ravel() for codes in np.indices((3, 2)))
    interactions = Interactions.from_rows(np.column_stack([users, items]), users, rng.uniform(0.5, 2, 6))
    weights, units, precision = interactions.weights, np.array([1.0, 1.0]), 1.5
    empty = np.zeros((3, 2))
    sides = [
        make_side(make_features(3, 1, 2, seed=3), units, empty, empty, precision),
        make_side(make_features(2, 1, 3, seed=4), units, empty.T, empty.T, precision),
    ]

    def draw():
        state = forward(rng, sides, precision)
        means = interact(state.users, state.items, users, items)
        return state, means + rng.standard_normal(6) / np.sqrt(state.noise_precision * weights)

    def swept(state, targets):
        by_user = interactions.rated_matrix(weights), interactions.rated_matrix(weights * targets)
        by_item = [matrix.T.tocsr() for matrix in by_user]
        both = [
            replace(side, weights=known[0], ratings=known[1])
            for side, known in zip(sides, (by_user, by_item), strict=True)
        ]
        state, _, _ = Sampler(*both, users, items, targets, weights, scale=1.0).sweep(state, rng)
        return state, targets

    before = np.array([statistics(*draw()) for _ in range(n_draws)])
    after = np.array([statistics(*swept(*draw())) for _ in range(n_draws)])
    p_values = [ks_2samp(*columns).pvalue for columns in zip(before.T, after.T, strict=True)]
    assert min(p_values) > 1e-3, p_values
