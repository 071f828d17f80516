"""Claims about the inverse of the Gram matrix, against NumPy in double precision."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context

from sklearn_anime.linear_model import _gram
from sklearn_anime.linear_model._gram import gram_dtype, inverse_gram
from sklearn_anime.utils._parts import OneBlock

N_ITEMS = 60


def random_rows(n_rows=200, density=0.03, signed=False):
    rows = sparse.random_array((n_rows, N_ITEMS), density=density, random_state=0, format="csr")
    values = np.random.RandomState(0).choice([-1.0, 1.0] if signed else [1.0], rows.nnz)
    return sparse.csr_matrix((values, rows.indices, rows.indptr), shape=rows.shape)


def expected(rows, ridge):
    dense = rows.toarray()
    return np.linalg.inv(dense.T @ dense + np.diag(ridge))


ROWS = {
    "short rows": random_rows(density=0.02),
    "long rows": random_rows(40, density=0.6),
    "both": sparse.vstack([random_rows(), random_rows(30, 0.5)], format="csr"),
    "signed": sparse.vstack([random_rows(), random_rows(30, 0.5, signed=True)], format="csr"),
    "empty rows": sparse.csr_matrix((3, N_ITEMS)),
}
every_kind = pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)


@every_kind
def test_single_precision_gives_the_inverse(rows):
    ridge = np.linspace(1, 3, N_ITEMS)
    inverse = inverse_gram(OneBlock(rows), ridge)
    assert inverse.dtype == np.float32
    assert_allclose(inverse, expected(rows, ridge), rtol=1e-4, atol=1e-6)


@every_kind
def test_a_weak_ridge_is_solved_in_double_precision(rows):
    ridge = np.linspace(1e-5, 3, N_ITEMS)
    inverse = inverse_gram(OneBlock(rows), ridge)
    if rows.nnz:
        assert inverse.dtype == np.float64
    assert_allclose(inverse, expected(rows, ridge), rtol=1e-5)


def test_the_inverse_is_symmetric_and_its_rows_lie_together():
    inverse = inverse_gram(OneBlock(ROWS["both"]), np.ones(N_ITEMS))
    assert_array_equal(inverse, inverse.T)
    assert inverse.flags.c_contiguous


def test_blocks_do_not_matter():
    whole = inverse_gram(OneBlock(ROWS["both"]), np.ones(N_ITEMS))
    with config_context(working_memory=1e-3):  # room for two rows of items at a time
        assert_allclose(
            inverse_gram(OneBlock(ROWS["both"]), np.ones(N_ITEMS)), whole, rtol=1e-5, atol=1e-7
        )


def test_bound_of_the_condition_number_is_one():
    rows, ridge = ROWS["signed"], np.linspace(1, 2, N_ITEMS)
    dense = rows.toarray()
    condition = np.linalg.cond(dense.T @ dense + np.diag(ridge))
    sizes = np.abs(dense)
    assert condition <= (sizes.T @ sizes + np.diag(ridge)).sum(axis=0).max() / ridge.min()


def test_precision_changes_where_the_bound_is_reached(monkeypatch):
    rows = sparse.csr_matrix(np.ones((3, 2)))  # largest row sum 6 + ridge
    monkeypatch.setattr(_gram, "LARGEST_CONDITION", 7.01)
    assert gram_dtype(OneBlock(rows), np.ones(2)) == np.float32
    assert gram_dtype(OneBlock(rows), np.full(2, 0.99)) == np.float64


@pytest.mark.parametrize("density", [0.001, 0.2], ids=["short rows", "long rows"])
def test_one_array_of_items_by_items_is_all_that_is_made(density):
    n_items = 1500
    rows = sparse.random_array((300, n_items), density=density, random_state=0, format="csr")
    rows = sparse.csr_matrix(rows)
    with config_context(working_memory=1):
        tracemalloc.start()
        inverse = inverse_gram(OneBlock(rows), np.full(n_items, 10.0))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1.7 * inverse.nbytes  # with blocks, and rows in both orders


def test_columns_that_are_the_same_up_to_rounding_raise():
    rows = sparse.csr_matrix(np.ones((1000, 5)))
    with pytest.raises(ValueError, match=r"singular up to rounding. Raise alpha"):
        inverse_gram(OneBlock(rows), np.full(5, 1e-18))
