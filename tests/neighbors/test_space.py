"""Claims about places in SVD space; expected values are NumPy's SVD of the dense matrix, or by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklearn_anime.neighbors._space import Space

N_COMPONENTS = 3
BALANCES = pytest.mark.parametrize("balance", [1.0, 0.5, 0.0])
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def dense():
    rng = np.random.default_rng(0)
    return rng.normal(size=(9, 7)) * (rng.random((9, 7)) < 0.6)


def fit(dense, n_components=N_COMPONENTS, balance=1.0):
    return Space.fit(sparse.csr_array(dense), n_components, random_state=0, balance=balance)


def svd(dense, n=N_COMPONENTS):
    left, values, right = np.linalg.svd(dense, full_matrices=False)
    return left[:, :n], values[:n], right[:n]


def test_singular_values_are_those_of_numpy(dense):
    assert_allclose(fit(dense).singular_values, svd(dense)[1], rtol=1e-5)


def test_explained_variance_ratio_is_the_share_of_the_squared_entries(dense):
    expected = svd(dense)[1] ** 2 / (dense**2).sum()
    assert_allclose(fit(dense).explained_variance_ratio, expected, rtol=1e-5)


def test_all_components_explain_everything(dense):
    assert_allclose(fit(dense, 7).explained_variance_ratio.sum(), 1.0, rtol=1e-5)


def test_components_are_orthonormal(dense):
    components = fit(dense).components
    assert_allclose(components @ components.T, np.eye(N_COMPONENTS), atol=1e-5)


@BALANCES
def test_coordinates_are_singular_vectors_times_powers_of_singular_values(dense, balance):
    space, (left, values, right) = fit(dense, balance=balance), svd(dense)
    # Signs are free, but the same for users and items.
    sign = np.sign((space.components * right).sum(axis=1))
    assert_allclose(space.users, left * values**balance * sign, **TOLERANCE)
    assert_allclose(space.items, right.T * values**balance * sign, **TOLERANCE)


@BALANCES
def test_projection_of_a_row_of_fit_is_the_coordinates_of_its_user(dense, balance):
    space = fit(dense, balance=balance)
    assert_allclose(space.project(sparse.csr_array(dense[[4, 2]])), space.users[[4, 2]], **TOLERANCE)


@pytest.mark.parametrize("scale", [1e-60, 1e60])
@pytest.mark.parametrize("largest_exact", [(0, 0), (9, 9)], ids=["krylov", "exact"])
def test_coordinates_grow_with_the_matrix(dense, monkeypatch, scale, largest_exact):
    monkeypatch.setattr("sklearn_anime.utils._svd.LARGEST_EXACT", largest_exact)
    one, other = fit(dense), fit(scale * dense)
    assert_allclose(other.users, scale * one.users, rtol=1e-4, atol=1e-5 * scale)
    assert_allclose(other.explained_variance_ratio, one.explained_variance_ratio, rtol=1e-5)


@pytest.mark.usefixtures("krylov")
def test_a_large_noisy_matrix_is_approximated_nearly_as_well_as_by_numpy():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 120))
    dense = rng.normal(size=(200, 5)) @ rng.normal(size=(5, 120)) + noise
    space = fit(dense, 5)
    assert_allclose(space.singular_values, svd(dense, 5)[1], rtol=1e-4)
    left, values, right = svd(dense, 5)
    assert_allclose(space.users @ space.components, (left * values) @ right, atol=0.05)


@pytest.mark.usefixtures("krylov")
def test_of_noise_alone_the_components_hold_nearly_as_much_as_the_best():
    dense = np.random.default_rng(0).normal(size=(300, 200))
    held = (fit(dense, 20).singular_values ** 2).sum() / (svd(dense, 20)[1] ** 2).sum()
    assert 0.94 < held < 1.0


def test_a_matrix_of_zeros_explains_nothing_and_coordinates_all_at_zero():
    space = fit(np.zeros((3, 2)), 2)
    assert_array_equal(space.explained_variance_ratio, [0.0, 0.0])
    assert_array_equal(space.users, np.zeros((3, 2)))
    assert_array_equal(space.items, np.zeros((2, 2)))


@BALANCES
def test_components_that_are_zero_up_to_rounding_take_no_part(balance):
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(12, 2)) @ rng.normal(size=(2, 9))  # of rank 2
    space = fit(dense, 9, balance)
    for places in (space.items, space.project(sparse.csr_array(dense))):
        assert_array_equal(places[:, 2:], np.zeros((len(places), 7)))


@BALANCES
def test_extended_by_nothing_stays(dense, balance):
    space = fit(dense, balance=balance)
    same = space.extended(sparse.csr_array(dense))
    assert_array_equal(same.components, space.components)
    assert_allclose(same.users, space.users, **TOLERANCE)
    assert_allclose(same.items, space.items, **TOLERANCE)


@BALANCES
def test_a_new_item_with_the_column_of_another_has_the_coordinates_of_it(dense, balance):
    space = fit(dense, balance=balance).extended(sparse.csr_array(np.column_stack([dense, dense[:, 2]])))
    assert_allclose(space.items[-1], space.items[2], **TOLERANCE)


@BALANCES
def test_a_new_user_with_the_row_of_another_has_the_coordinates_of_them(dense, balance):
    space = fit(dense, balance=balance).extended(sparse.csr_array(np.vstack([dense, dense[4]])))
    assert_allclose(space.users[-1], space.users[4], **TOLERANCE)


def test_extended_twice_equals_extended_once(dense):
    more = np.random.default_rng(1).normal(size=(11, 9))
    more[:9, :7] = dense
    once = fit(dense).extended(sparse.csr_array(more))
    less = more.copy()
    less[:, 8], less[10] = 0.0, 0.0  # the first call knows less of the new item and the new user
    twice = fit(dense).extended(sparse.csr_array(less)).extended(sparse.csr_array(more))
    assert_allclose(twice.items, once.items)
    assert_allclose(twice.users, once.users)


@pytest.mark.parametrize(("share", "inside"), [(0.7e-3, False), (1.4e-3, True)])
def test_a_vector_with_a_thousandth_of_its_length_in_the_components_is_inside(share, inside):
    matrix = sparse.csr_array([[3.0, 0.0], [0.0, 1e-9]])
    space = Space.fit(matrix, 1)
    coordinates = space.project(sparse.csr_array([[share, np.sqrt(1 - share**2)]]))
    assert bool(np.any(coordinates != 0)) is inside
