"""Claims about the block Krylov SVD, against the full SVD of NumPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklearn_anime.linear_model._spectrum import leading_singular_vectors

SHAPES = pytest.mark.parametrize("shape", [(300, 200), (200, 300)], ids=["tall", "wide"])


def falling(shape, exponent=1.0):
    """Return a matrix whose singular values are powers of 1, 1/2, 1/3, ..."""
    rng, n = np.random.RandomState(0), min(shape)
    left, right = (np.linalg.qr(rng.standard_normal((size, n)))[0] for size in shape)
    return left * np.arange(1, n + 1) ** -exponent @ right.T


def leading(dense, n_components, random_state=0):
    return leading_singular_vectors(
        sparse.csr_matrix(dense.astype(np.float32)), n_components, random_state
    )


@SHAPES
def test_leading_vectors_are_those_of_the_full_svd(shape):
    dense = falling(shape)
    values, vectors = leading(dense, 12)
    _, expected_values, expected = np.linalg.svd(dense)
    assert_allclose(values, expected_values[:12], rtol=0.01)
    # The last ones are the least exact: the first are compared one by one.
    assert_allclose(values[:6], expected_values[:6], rtol=1e-4)
    assert_allclose(np.abs(expected[:6] @ vectors[:, :6]), np.eye(6), atol=0.02)


@SHAPES
@pytest.mark.parametrize("n_components", [1, 12, 67, 200])
def test_vectors_are_orthonormal(shape, n_components):
    _, vectors = leading(falling(shape), n_components)
    assert vectors.shape == (shape[1], n_components)
    assert_allclose(vectors.T @ vectors, np.eye(n_components), atol=1e-4)


@SHAPES
@pytest.mark.parametrize("n_components", [67, 68, 199, 200])
def test_a_third_of_all_vectors_or_more_rebuild_what_they_hold(shape, n_components):
    dense = falling(shape, 0.5)
    values, vectors = leading(dense, n_components)
    assert_allclose(values, np.linalg.svd(dense)[1][:n_components], rtol=2e-3)
    missing = np.linalg.norm(dense - dense @ vectors @ vectors.T) ** 2
    least = (np.linalg.svd(dense)[1][n_components:] ** 2).sum()
    assert_allclose(missing, least, rtol=0.01, atol=1e-3)


@pytest.mark.parametrize("n_components", [20, 200])
def test_equal_singular_values_are_all_found(n_components):
    values, vectors = leading(2 * np.eye(200), n_components)
    assert_allclose(values, 2, rtol=1e-5)
    assert_allclose(vectors.T @ vectors, np.eye(n_components), atol=1e-4)


@SHAPES
@pytest.mark.parametrize("rank", [1, 5, 19])
def test_a_matrix_of_low_rank_has_zeros_beyond_it(shape, rank):
    rng = np.random.RandomState(0)
    dense = rng.standard_normal((shape[0], rank)) @ rng.standard_normal((rank, shape[1]))
    values, vectors = leading(dense, 20)
    assert_allclose(values[rank:], 0, atol=1e-3 * values[0])
    kept = vectors[:, :rank]
    assert_allclose(kept.T @ kept, np.eye(rank), atol=1e-4)
    assert_allclose(dense @ kept @ kept.T, dense, atol=1e-3 * values[0])


@SHAPES
def test_a_matrix_of_zeros_has_no_direction(shape):
    values, vectors = leading(np.zeros(shape), 3)
    assert_array_equal(values, 0)
    assert np.isfinite(vectors).all()


def test_the_seed_decides():
    one, same, other = (leading(falling((300, 200)), 10, seed)[1] for seed in (0, 0, 1))
    assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0
