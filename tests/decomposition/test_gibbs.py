"""Claims about the parts of the Gibbs sampler, compared with dense formulas and loops.

Means over draws are compared within four to five standard errors; the seeds are fixed.
"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.stats import gamma, ks_2samp

from sklearn_anime.datasets import make_ratings
from sklearn_anime.decomposition import _noise, _padded_rows
from sklearn_anime.decomposition._gibbs import (
    Prior,
    Side,
    condition,
    draw_feature_precision,
    interact,
    squared_errors,
)
from sklearn_anime.decomposition._normal import draw_wishart_root, solve_normal
from sklearn_anime.decomposition._padded_rows import PaddedRows
from sklearn_anime.decomposition._sampler import Sampler, State
from sklearn_anime.decomposition._side_features import History, SideFeatures
from sklearn_anime.interactions import Interactions
from sklearn_anime.utils._scaling import FeatureScaling

SINGLE = {"rtol": 1e-4, "atol": 1e-5}
N_DRAWS = 2000


def make_features(n_members, n_numbers, n_history, seed=0):
    rng = np.random.default_rng(seed)
    numbers, history = (rng.standard_normal((n_members, n)) for n in (n_numbers, n_history))
    return SideFeatures.collect(numbers, history, np.float64)


def padded(weights, ratings):
    """Return the rows of dense weights and weighted ratings; 0 is no rating."""
    matrix = sparse.csr_array(weights)
    targets = (ratings / np.where(weights, weights, 1))[matrix.nonzero()]
    return PaddedRows.from_csr(
        matrix.indptr, matrix.indices, targets, matrix.data, matrix.shape[1], np.float64
    )


def sums_of(weights, ratings, others, roots=None):
    """Return the sums of products of all members, in their order."""
    rows = padded(weights, ratings)
    sums = np.empty((len(weights), *[others.shape[1] + 1] * 2))
    for members, block in rows.products(others, roots):
        sums[members] = block
    return sums


def ratings_of(rng, n_members, n_others):
    """Draw weights and weighted ratings: dense, 0 where there is none."""
    mask = rng.random((n_members, n_others)) < 0.6
    weights = mask * rng.uniform(0.5, 2, mask.shape)
    return weights, weights * rng.standard_normal(mask.shape)


FEW_FEATURES, MANY_FEATURES = make_features(30, 2, 6), make_features(8, 2, 20)
SHAPES = pytest.mark.parametrize("features", [FEW_FEATURES, MANY_FEATURES], ids=["few", "many"])


# Features


@SHAPES
def test_gram_and_precisions_are_those_of_the_columns(features):
    table = features.matrix
    assert_allclose(features.gram, table.T @ table)
    n_history = table.shape[1] - 3
    assert features.precisions([2.0, 5.0]).tolist() == [1.0, 2.0, 2.0] + [5.0] * n_history


def test_means_and_covariance_are_those_of_the_columns():
    table = MANY_FEATURES.matrix
    numbers, history = MANY_FEATURES.parts
    assert_allclose(MANY_FEATURES.means, table.mean(axis=0))
    assert_allclose(MANY_FEATURES.covariance(history), np.cov(table[:, 3:].T, ddof=0), atol=1e-12)
    assert_allclose(MANY_FEATURES.means[numbers], table[:, 1:3].mean(axis=0))


def test_history_keeps_the_weighted_rows_where_it_has_room_for_all_directions():
    """An interaction of n weighs n ** -0.3; products of rows are those of the weighted matrix."""
    seen = sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    columns = History.fit(seen, 0).transform(seen)
    weighted = seen.toarray() * np.array([[2**-0.3], [1.0], [3**-0.3]])
    assert_allclose(columns @ columns.T, weighted @ weighted.T / (weighted**2).sum() * 3, atol=1e-9)


def test_history_keeps_the_first_directions(monkeypatch):
    monkeypatch.setattr("sklearn_anime.decomposition._side_features.HISTORY_COMPONENTS", 2)
    seen = sparse.csr_array((np.random.default_rng(0).random((30, 8)) < 0.6).astype(float))
    weighted = seen.toarray() * seen.sum(axis=1)[:, np.newaxis] ** -0.3
    u, values, _ = np.linalg.svd(weighted, full_matrices=False)
    columns = History.fit(seen, 0).transform(seen)
    expected = u[:, :2] * values[:2] / np.sqrt((weighted**2).sum() / 30)
    assert_allclose(np.abs(columns), np.abs(expected), atol=1e-6)


def test_scaled_numbers_have_rows_of_mean_square_length_one():
    numbers = np.random.default_rng(0).normal(5, [1, 10, 1e-3], (50, 3))
    scaled = FeatureScaling.fit(numbers).transform(numbers)
    assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
    assert_allclose((scaled**2).sum(axis=1).mean(), 1)


def test_constant_number_becomes_zero():
    numbers = np.full((5, 1), 0.1)
    assert (FeatureScaling.fit(numbers).transform(numbers) == 0).all()


# Sums of products


@pytest.mark.parametrize("sizes", [(256, 8192), (3, 20), (4, 1)], ids=["large", "small", "one row"])
@pytest.mark.parametrize("weighted", [True, False])
def test_sums_of_products_are_those_of_a_loop(sizes, weighted, monkeypatch):
    monkeypatch.setattr(_padded_rows, "BLOCK", sizes[0])
    monkeypatch.setattr(_padded_rows, "CELLS", sizes[1])
    rng = np.random.default_rng(0)
    weights, ratings = ratings_of(rng, 13, 9)
    weights[5] = ratings[5] = 0
    if not weighted:
        ratings, weights = ratings / np.where(weights, weights, 1), (weights > 0) * 1.0
    others, roots = rng.standard_normal((9, 3)), rng.uniform(0.5, 2, 9)
    sums = sums_of(weights, ratings, others, roots)
    for member in range(13):
        expected = np.zeros((4, 4))
        for other in np.flatnonzero(weights[member]):
            target = ratings[member, other] / weights[member, other] - others[other, 0]
            row = np.array([1, *others[other, 1:], target])
            expected += roots[other] ** 2 * weights[member, other] * np.outer(row, row)
        assert_allclose(sums[member], expected)


def test_squared_errors_are_those_of_the_residuals():
    rng = np.random.default_rng(0)
    weights, ratings = ratings_of(rng, 4, 6)
    vectors, others = rng.standard_normal((4, 3)), rng.standard_normal((6, 3))
    fitted = vectors[:, :1] + others[:, 0] + vectors[:, 1:] @ others[:, 1:].T
    residuals = ratings / np.where(weights, weights, 1) - fitted
    sums = sums_of(weights, ratings, others)
    assert_allclose(squared_errors(vectors, sums), (weights * residuals**2).sum(axis=1))


# Normal distributions


def test_normal_distributions_are_solved_at_once():
    rng = np.random.default_rng(0)
    half = rng.standard_normal((6, 5, 5))
    precisions = half @ half.transpose(0, 2, 1) + np.eye(5)
    right, noise = rng.standard_normal((2, 6, 5))
    system = np.concatenate([precisions, right[:, np.newaxis]], axis=1).transpose(1, 2, 0).copy()
    drawn = solve_normal(system, noise.T).T
    for vector, precision, r, z in zip(drawn, precisions, right, noise, strict=True):
        root = np.linalg.cholesky(precision)
        assert_allclose(vector, np.linalg.solve(precision, r) + np.linalg.solve(root.T, z))


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
    means, others, scales = rng.standard_normal((5, 3)), rng.standard_normal((7, 3)), np.arange(1.0, 6)
    precision = np.cov(rng.standard_normal((3, 9))) + np.eye(3)
    vectors = condition(means, precision, sums_of(weights, ratings, others), scales)
    for member in range(5):
        expected, right = precision.copy(), precision @ means[member]
        for other in np.flatnonzero(weights[member]):
            bias, factors = others[other, 0], others[other, 1:]
            row = np.array([1, *factors])
            target = ratings[member, other] / weights[member, other] - bias
            expected += scales[member] * weights[member, other] * np.outer(row, row)
            right += scales[member] * weights[member, other] * target * row
        assert_allclose(vectors[member], np.linalg.solve(expected, right))


@pytest.mark.parametrize("block", [2, 256])
def test_vectors_are_drawn_from_their_normal_distribution(block, monkeypatch):
    monkeypatch.setattr(_padded_rows, "BLOCK", block)
    rng = np.random.default_rng(0)
    features = make_features(3, 1, 4)
    given = ratings_of(rng, 3, 4)
    side = Side(padded(*given), features)
    prior = Prior(
        rng.standard_normal((features.matrix.shape[1], 2)),
        np.array([[2.0, 0.3], [0.3, 1.0]]),
        np.ones(2),
    )
    others, scales = rng.standard_normal((4, 2)), np.array([0.5, 1.5, 2.5])
    draws = np.array([side.draw_vectors(prior, others, scales, None, rng)[0] for _ in range(N_DRAWS)])
    sums = sums_of(*given, others)
    means = condition(features.matrix @ prior.coefficients, prior.precision, sums, scales)
    for member in range(3):
        covariance = np.linalg.inv(prior.precision + scales[member] * sums[member, :2, :2])
        error = 5 / np.sqrt(N_DRAWS)
        assert_allclose(draws[:, member].mean(axis=0), means[member], atol=error)
        assert_allclose(np.cov(draws[:, member].T), covariance, atol=2 * error)


@SHAPES
def test_prior_is_drawn_from_its_joint_distribution(features):
    """Its moments follow from the dense matrix F: the coefficients are integrated out by hand."""
    rng, groups = np.random.default_rng(0), np.array([0.5, 2.0])
    table, inner = features.matrix, np.diag(features.precisions(groups))
    vectors = table @ rng.standard_normal((table.shape[1], 2)) + rng.standard_normal((len(table), 2))
    empty = np.zeros((len(table), 1))
    side = Side(padded(empty, empty), features)
    draws = [side.draw_prior(vectors, groups, rng) for _ in range(N_DRAWS)]

    outer = np.eye(len(table)) + table @ np.linalg.inv(inner) @ table.T
    scatter = np.eye(2) + vectors.T @ np.linalg.solve(outer, vectors)
    dof = 2 + len(table)
    error = 5 / np.sqrt(N_DRAWS)
    expected = dof * np.linalg.inv(scatter)  # an element's variance is at most 2 / dof of the largest**2
    atol = error * np.sqrt(2 / dof) * expected.max()
    assert_allclose(np.mean([draw.precision for draw in draws], axis=0), expected, atol=atol)
    normal = np.linalg.inv(table.T @ table + inner)
    coefficients = np.array([draw.coefficients for draw in draws])
    covariance = scatter / (dof - 2 - 1)  # the mean of the inverse of a Wishart
    for column in (0, 1):
        spread = np.sqrt(covariance[column, column] * np.diag(normal))
        centered = coefficients[:, :, column] - normal @ table.T @ vectors[:, column]
        assert (np.abs(centered.mean(axis=0)) < error * spread).all()
        assert_allclose(
            np.cov(centered.T), covariance[column, column] * normal, atol=0.2 * spread.max() ** 2
        )


def test_feature_precision_is_drawn_from_its_gamma_distribution():
    """Three coefficients of two dimensions: shape 1 + 3, rate 1 + half the sum of squares."""
    rng = np.random.default_rng(0)
    draws = [draw_feature_precision(np.array([1.0, 2.0, 3.0]), 2, rng) for _ in range(N_DRAWS)]
    expected = gamma(4, scale=1 / 4)
    assert_allclose(np.mean(draws), expected.mean(), atol=5 * expected.std() / np.sqrt(N_DRAWS))
    assert_allclose(np.std(draws), expected.std(), rtol=0.1)


def test_prior_of_the_noise_finds_what_precisions_were_drawn_from():
    rng = np.random.default_rng(0)
    precisions = rng.gamma(3.0, 0.5, 2000)
    shapes, rates = np.array([_noise.draw_prior(precisions, rng) for _ in range(200)]).T
    assert shapes.mean() == pytest.approx(3, rel=0.1)
    assert rates.mean() == pytest.approx(2, rel=0.1)


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


def forward(rng, sides):
    """Draw a state from the prior, without the sampler's code."""
    vectors, precisions = [], []
    for side in sides:
        table = side.features.matrix
        half = rng.standard_normal((2, 2))  # as many degrees of freedom as dimensions
        root = np.linalg.cholesky(np.linalg.inv(half @ half.T))
        groups = rng.exponential(size=2)
        coefficients = rng.standard_normal((table.shape[1], 2))
        coefficients /= np.sqrt(side.features.precisions(groups))[:, np.newaxis]
        noise = rng.standard_normal((len(table), 2))
        vectors.append((table @ coefficients + noise) @ root.T)
        precisions.append(groups)
    shape = rng.choice(_noise.SHAPES)
    noise = rng.gamma(shape, size=len(vectors[0])) / rng.exponential()
    return State(*vectors, *precisions, noise)


def statistics(state, targets):
    """Return some functions of a state and of its ratings."""
    users, items = state.users, state.items
    norms = [(vectors**2).sum() for vectors in (users[:, 0], users[:, 1], items[:, 0], items[:, 1])]
    products = [users[0, 0] * users[0, 1], users[0, 1] * items[0, 1], users[0, 0] * users[1, 0]]
    residuals = targets - interact(users, items, *(codes.ravel() for codes in np.indices((3, 2))))
    noise = state.noise_precisions
    precisions = [
        *state.user_precisions,
        *state.item_precisions,
        *noise,
        noise.var() / noise.mean() ** 2,
    ]
    return [*norms, *products, *precisions, (residuals**2).sum()]


@pytest.mark.parametrize("n_draws", [100, pytest.param(1500, marks=pytest.mark.slow)])
def test_a_sweep_leaves_the_joint_distribution_of_parameters_and_ratings_as_it_is(n_draws, monkeypatch):
    """Draw from the prior, rate, sweep: parameters and ratings are then distributed as before.

    A slip in the distribution of any part sets the two samples apart.
    """
    monkeypatch.setattr(_noise, "SHAPES", np.geomspace(1.0, 10.0, 5))
    rng = np.random.default_rng(0)
    users, items = (codes.ravel() for codes in np.indices((3, 2)))
    interactions = Interactions.from_rows(np.column_stack([users, items]), users, rng.uniform(0.5, 2, 6))
    weights, empty = interactions.weights.reshape(3, 2), np.zeros((3, 2))
    sides = [
        Side(padded(empty, empty), make_features(3, 1, 2, seed=3)),
        Side(padded(empty.T, empty.T), make_features(2, 1, 3, seed=4)),
    ]

    def draw():
        state = forward(rng, sides)
        noise = rng.standard_normal(6) / np.sqrt(
            (state.noise_precisions[:, np.newaxis] * weights).ravel()
        )
        return state, interact(state.users, state.items, users, items) + noise

    def swept(state, targets):
        ratings = weights * targets.reshape(3, 2)
        known = padded(weights, ratings), padded(weights.T, ratings.T)
        both = [replace(side, rows=rows) for side, rows in zip(sides, known, strict=True)]
        sampler = Sampler(*both, np.full(3, 2), weights.sum(), 1.0, ())
        return sampler.sweep(state, rng)[0], targets

    before = np.array([statistics(*draw()) for _ in range(n_draws)])
    after = np.array([statistics(*swept(*draw())) for _ in range(n_draws)])
    p_values = [ks_2samp(*columns).pvalue for columns in zip(before.T, after.T, strict=True)]
    assert min(p_values) > 1e-3, p_values


@pytest.mark.parametrize("n_components", [2, 8])
def test_single_precision_follows_the_chain_of_double_precision(n_components):
    """With the same random numbers both chains stay together: rounding does not add up."""
    table = make_ratings(60, 40, 1000, random_state=0)
    interactions = Interactions.from_rows(table.data, table.target)
    numbers = [np.empty((n, 0)) for n in interactions.shape]
    chains = []
    for dtype in (np.float32, np.float64):
        features = [SideFeatures.collect(side, None, dtype) for side in numbers]
        sampler, rng = Sampler.build(interactions, features, dtype), np.random.default_rng(0)
        state = sampler.start(n_components, rng)
        for _ in range(50):
            state = sampler.sweep(state, rng)[0]
        assert state.users.dtype == state.items.dtype == dtype
        chains.append(state)
    assert_allclose(chains[0].users, chains[1].users, atol=1e-3)
    assert_allclose(chains[0].noise_precisions, chains[1].noise_precisions, rtol=1e-3)
