"""Claims about the places of users; expected values are NumPy's SVD of the dense matrix, or by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklearn_anime.neighbors._space import UserSpace, keep_largest

N_COMPONENTS = 3


@pytest.fixture(scope="module")
def dense():
    rng = np.random.default_rng(0)
    return rng.normal(size=(9, 7)) * (rng.random((9, 7)) < 0.6)


@pytest.fixture(scope="module")
def space(dense):
    return UserSpace.fit(sparse.csr_matrix(dense), N_COMPONENTS, random_state=0)


def cosines(left, right):
    norms = np.linalg.norm(left, axis=1)[:, None] * np.linalg.norm(right, axis=1)
    return left @ right.T / norms


def test_singular_values_are_those_of_numpy(dense, space):
    expected = np.linalg.svd(dense, compute_uv=False)[:N_COMPONENTS]
    assert_allclose(space.singular_values, expected, rtol=1e-6)


def test_explained_variance_ratio_is_the_share_of_the_squared_entries(dense, space):
    expected = np.linalg.svd(dense, compute_uv=False) ** 2 / (dense**2).sum()
    assert_allclose(space.explained_variance_ratio, expected[:N_COMPONENTS], rtol=1e-6)


def test_all_components_explain_everything(dense):
    space = UserSpace.fit(sparse.csr_matrix(dense), min(dense.shape), random_state=0)
    assert_allclose(space.explained_variance_ratio.sum(), 1.0)


def test_components_are_orthonormal(space):
    assert_allclose(space.components @ space.components.T, np.eye(N_COMPONENTS), atol=1e-10)


def test_users_times_components_is_the_best_approximation_of_rank_n_components(dense, space):
    left, values, right = np.linalg.svd(dense, full_matrices=False)
    expected = (left[:, :N_COMPONENTS] * values[:N_COMPONENTS]) @ right[:N_COMPONENTS]
    assert_allclose(space.users @ space.components, expected, atol=1e-6)


def test_items_are_singular_vectors_times_singular_values(dense, space):
    _, values, right = np.linalg.svd(dense, full_matrices=False)
    expected = np.abs(right[:N_COMPONENTS].T * values[:N_COMPONENTS])  # signs are free
    assert_allclose(np.abs(space.items), expected, atol=1e-6)


def test_place_of_a_row_of_fit_is_that_of_its_user(dense, space):
    assert_allclose(space.direct(sparse.csr_matrix(dense[[4, 2]])), space.directions[[4, 2]])


def test_similarity_is_the_cosine_with_negative_ones_as_zero(space):
    expected = np.maximum(cosines(space.users[:2], space.users), 0)
    assert_allclose(space.similarity(space.directions[:2]), expected, atol=1e-12)
    assert (expected == 0).any()


def test_similarity_to_some_users_is_these_columns_of_the_similarity_to_all(space):
    everyone = space.similarity(space.directions[:2])
    assert_allclose(space.similarity(space.directions[:2], np.array([5, 1])), everyone[:, [5, 1]])


def test_without_components_the_similarity_is_the_cosine_of_the_raw_rows(dense):
    space = UserSpace.fit(sparse.csr_matrix(dense), None)
    new = sparse.csr_matrix(dense[:2] + 1.0)
    expected = np.maximum(cosines(dense[:2] + 1.0, dense), 0)
    assert_allclose(space.similarity(space.direct(new)), expected, atol=1e-12)


def test_without_components_there_are_no_singular_values(dense):
    space = UserSpace.fit(sparse.csr_matrix(dense), None)
    assert space.components is space.singular_values is space.explained_variance_ratio is None


def test_without_components_the_items_are_the_columns(dense):
    space = UserSpace.fit(sparse.csr_matrix(dense), None)
    assert_array_equal(space.items.toarray(), dense.T)


def test_a_row_of_zeros_is_similar_to_nobody(space):
    empty = sparse.csr_matrix((1, 7))
    assert_array_equal(space.similarity(space.direct(empty)), np.zeros((1, 9)))


def test_a_matrix_of_zeros_explains_nothing():
    space = UserSpace.fit(sparse.csr_matrix((3, 2)), 2, random_state=0)
    assert_array_equal(space.explained_variance_ratio, [0.0, 0.0])


def test_keep_largest_zeroes_the_others_of_each_row():
    matrix = np.array([[3.0, 1.0, 2.0], [0.5, 0.7, 0.6]])
    keep_largest(matrix, 2)
    assert_array_equal(matrix, [[3.0, 0.0, 2.0], [0.0, 0.7, 0.6]])


def test_keep_largest_keeps_ties_at_the_edge():
    matrix = np.array([[3.0, 1.0, 1.0, 0.5]])
    keep_largest(matrix, 2)
    assert_array_equal(matrix, [[3.0, 1.0, 1.0, 0.0]])


@pytest.mark.parametrize("n", [3, 4])
def test_keep_largest_of_at_least_all_changes_nothing(n):
    matrix = np.array([[3.0, 1.0, 2.0]])
    keep_largest(matrix, n)
    assert_array_equal(matrix, [[3.0, 1.0, 2.0]])
