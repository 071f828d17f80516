"""Claims about the truncated SVD, exact and by block Krylov, against the full SVD of NumPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklearn_anime.utils._svd import leading_singular_vectors, truncated_svd

SHAPES = pytest.mark.parametrize("shape", [(300, 200), (200, 300)], ids=["tall", "wide"])


def random_matrix(shape):
    rng = np.random.default_rng(0)
    return rng.normal(size=shape) * (rng.random(shape) < 0.6)


def full_svd(dense, n):
    left, values, right = np.linalg.svd(dense, full_matrices=False)
    return left[:, :n], values[:n], right[:n]


def falling(shape, exponent=1.0):
    """Return a matrix whose singular values are powers of 1, 1/2, 1/3, ..."""
    rng, n = np.random.RandomState(0), min(shape)
    left, right = (np.linalg.qr(rng.standard_normal((size, n)))[0] for size in shape)
    return left * np.arange(1, n + 1) ** -exponent @ right.T


def leading(dense, n_components, random_state=0):
    return leading_singular_vectors(
        sparse.csr_matrix(dense.astype(np.float32)), n_components, random_state
    )


@pytest.mark.usefixtures("krylov")
@SHAPES
def test_leading_vectors_are_those_of_the_full_svd(shape):
    dense = falling(shape)
    values, vectors = leading(dense, 12)
    _, expected_values, expected = np.linalg.svd(dense)
    assert_allclose(values, expected_values[:12], rtol=0.01)
    # The last ones are the least exact: the first are compared one by one.
    assert_allclose(values[:6], expected_values[:6], rtol=1e-4)
    assert_allclose(np.abs(expected[:6] @ vectors[:, :6]), np.eye(6), atol=0.02)


@pytest.mark.usefixtures("krylov")
@SHAPES
@pytest.mark.parametrize("n_components", [1, 12, 67, 200])
def test_vectors_are_orthonormal(shape, n_components):
    _, vectors = leading(falling(shape), n_components)
    assert vectors.shape == (shape[1], n_components)
    assert_allclose(vectors.T @ vectors, np.eye(n_components), atol=1e-4)


@pytest.mark.usefixtures("krylov")
@SHAPES
@pytest.mark.parametrize("n_components", [67, 68, 199, 200])
def test_a_third_of_all_vectors_or_more_rebuild_what_they_hold(shape, n_components):
    dense = falling(shape, 0.5)
    values, vectors = leading(dense, n_components)
    assert_allclose(values, np.linalg.svd(dense)[1][:n_components], rtol=0.02)
    missing = np.linalg.norm(dense - dense @ vectors @ vectors.T) ** 2
    least = (np.linalg.svd(dense)[1][n_components:] ** 2).sum()
    assert_allclose(missing, least, rtol=0.01, atol=1e-3)


@pytest.mark.usefixtures("krylov")
@pytest.mark.parametrize("n_components", [20, 200])
def test_equal_singular_values_are_all_found(n_components):
    values, vectors = leading(2 * np.eye(200), n_components)
    assert_allclose(values, 2, rtol=1e-5)
    assert_allclose(vectors.T @ vectors, np.eye(n_components), atol=1e-4)


@pytest.mark.usefixtures("krylov")
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


@pytest.mark.usefixtures("krylov")
@SHAPES
def test_a_matrix_of_zeros_has_no_direction(shape):
    values, vectors = leading(np.zeros(shape), 3)
    assert_array_equal(values, 0)
    assert np.isfinite(vectors).all()


@pytest.mark.usefixtures("krylov")
def test_the_seed_decides():
    one, same, other = (leading(falling((300, 200)), 10, seed)[1] for seed in (0, 0, 1))
    assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0


@pytest.mark.parametrize("n_components", [3, 7, 9, 20])
@pytest.mark.parametrize("shape", [(9, 7), (7, 9)], ids=["tall", "wide"])
def test_small_matrices_have_the_svd_of_numpy_whatever_the_seed(shape, n_components):
    matrix = sparse.csr_matrix(random_matrix(shape))
    values, components, projected = truncated_svd(matrix, n_components, 0)
    left, expected, right = full_svd(matrix.toarray(), n_components)
    assert_allclose(values, expected, rtol=1e-8)
    assert_allclose(components @ components.T, np.eye(len(expected)), atol=1e-10)
    assert_allclose(np.abs((components * right).sum(axis=1)), 1.0, rtol=1e-8)
    assert_allclose(projected @ components, (left * expected) @ right, atol=1e-8)
    other = truncated_svd(matrix, n_components, 1)
    assert_array_equal(other[2], projected)


@pytest.mark.usefixtures("krylov")
def test_all_components_of_a_krylov_svd_are_those_of_numpy():
    dense = random_matrix((9, 7))
    values, components, projected = truncated_svd(sparse.csr_matrix(dense), 20, 0)
    assert_allclose(values, full_svd(dense, 7)[1], rtol=1e-5)
    assert_allclose(projected @ components, dense, atol=1e-5)


@pytest.mark.parametrize("largest_exact", [(0, 0), (9, 9)], ids=["krylov", "exact"])
def test_equal_seeds_give_equal_vectors_and_the_largest_entry_is_positive(monkeypatch, largest_exact):
    monkeypatch.setattr("sklearn_anime.utils._svd.LARGEST_EXACT", largest_exact)
    dense = sparse.csr_matrix(random_matrix((9, 7)))
    one, other = (truncated_svd(dense, 3, random_state=1) for _ in range(2))
    for part, same in zip(one, other, strict=True):
        assert_array_equal(part, same)
    assert (one[1].max(axis=1) == np.abs(one[1]).max(axis=1)).all()
