"""Claims about what lenders add to a baseline; numbers by hand.

Borrower 0 lies at (1, 0); lender 1 at cosine .8, lender 2 at cosine .6, lender 3 at a right angle.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn import config_context
from sklearn.neighbors import NearestNeighbors

from sklearn_anime.neighbors._lending import Lenders
from sklearn_anime.neighbors._near import Neighborhood

VECTORS = np.array([[1.0, 0.0], [0.8, 0.6], [0.6, -0.8], [0.0, 1.0]])
# Of two occasions; in the first, 1, 2 and 3 have a residual, in the second 0 and 3.
RESIDUALS = sparse.csr_matrix([[0.0, 2.0, -1.0, 50.0], [3.0, 0.0, 0.0, 1.0]])
SEARCHES = pytest.mark.parametrize(
    "index", [None, NearestNeighbors(metric="cosine")], ids=["all", "index"]
)


def lenders(n_neighbors=None, power=1.0, shrinkage=0.0, weights=None, index=None):
    weights = RESIDUALS.sign().multiply(RESIDUALS.sign()).tocsr() if weights is None else weights
    near = Neighborhood.fit(VECTORS, index)
    return Lenders(RESIDUALS, weights, near, n_neighbors, power, shrinkage)


def term(*args, borrower=0, occasion=0, **params):
    return lenders(*args, **params).terms(np.array([borrower]), np.array([occasion]))[0]


@SEARCHES
@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, (0.8 * 2 - 0.6 * 1) / 1.4),
        ({"n_neighbors": 1}, 2.0),
        ({"power": 2.0}, (0.64 * 2 - 0.36 * 1) / 1.0),
        ({"shrinkage": 0.6}, (0.8 * 2 - 0.6 * 1) / 2.0),
    ],
    ids=str,
)
def test_near_lenders_add_their_weighted_mean_shrunk(params, expected, index):
    assert_allclose(term(**params, index=index), expected, rtol=1e-6)


@SEARCHES
def test_weights_of_the_ratings_multiply_those_of_the_lenders(index):
    weights = RESIDUALS.copy()
    weights.data[:] = [1.0, 4.0, 1.0, 1.0, 1.0]  # that of lender 2 counts four times
    assert_allclose(term(weights=weights, index=index), (0.8 * 2 - 2.4 * 1) / 3.2, rtol=1e-6)


@SEARCHES
@pytest.mark.parametrize("shrinkage", [0.0, 1.0])
def test_where_nobody_near_lends_nothing_is_added(shrinkage, index):
    # On occasion 1 only lender 3, at a right angle, and the borrower have a residual.
    assert term(occasion=1, shrinkage=shrinkage, index=index) == 0.0


def test_exact_search_counts_those_who_have_the_rating_and_an_index_the_nearest_of_all():
    # The nearest of all to borrower 3 is 1, and on occasion 0 it lends; to borrower 1 it is 0, who has
    # no residual then: of the others lender 3, at cosine .6, is the nearest who has one.
    index = NearestNeighbors(metric="cosine")
    assert_allclose([term(1, borrower=3), term(1, borrower=3, index=index)], 2.0)
    assert_allclose(term(1, borrower=1), 50.0)
    assert term(1, borrower=1, index=index) == 0.0


BORROWERS, OCCASIONS = np.array([0, 1, 0, 2, 1]), np.array([1, 0, 0, 1, 1])


@SEARCHES
def test_terms_come_in_the_order_of_the_pairs(index):
    alone = [term(borrower=b, occasion=o) for b, o in zip(BORROWERS, OCCASIONS, strict=True)]
    assert_allclose(lenders(index=index).terms(BORROWERS, OCCASIONS), alone, atol=1e-6)


def test_terms_do_not_depend_on_blocks():
    expected = lenders().terms(BORROWERS, OCCASIONS)
    with config_context(working_memory=1e-5):  # room for one pair at a time
        assert_allclose(lenders().terms(BORROWERS, OCCASIONS), expected, rtol=1e-6)


def test_terms_by_an_index_do_not_depend_on_blocks(monkeypatch):
    index = NearestNeighbors(metric="cosine")
    expected = lenders(2, index=index).terms(BORROWERS, OCCASIONS)
    assert np.abs(expected).max() > 0
    monkeypatch.setattr("sklearn_anime.neighbors._lending.block_length", lambda n_columns: 1)
    assert_allclose(lenders(2, index=index).terms(BORROWERS, OCCASIONS), expected, rtol=1e-6)


class NotToBeAsked:
    def fit(self, vectors):
        pass

    def kneighbors(self, vectors, n_neighbors, return_distance):
        raise AssertionError("asked")


@pytest.mark.parametrize("n_neighbors", [None, 3, 9])
def test_where_all_lend_an_index_is_not_asked(n_neighbors):
    exact, indexed = lenders(n_neighbors), lenders(n_neighbors, index=NotToBeAsked())
    assert_allclose(indexed.terms(BORROWERS, OCCASIONS), exact.terms(BORROWERS, OCCASIONS))
    assert_allclose(indexed.shares(0, 0)[2], exact.shares(0, 0)[2])


@SEARCHES
def test_no_pair_has_no_terms(index):
    nothing = np.empty(0, dtype=np.intp)
    assert lenders(index=index).terms(nothing, nothing).shape == (0,)


@SEARCHES
def test_shares_are_the_parts_of_the_term(index):
    who, weights, shares = lenders(shrinkage=0.6, index=index).shares(0, 0)
    assert who.tolist() == [1, 2, 3]
    assert_allclose(weights, [0.8, 0.6, 0.0], atol=1e-6)
    assert_allclose(shares, [0.8 * 2 / 2, -0.6 / 2, 0.0], atol=1e-6)


@pytest.mark.parametrize("pair", [(-1, 0), (0, -1), (-1, -1)])
def test_unknown_ids_have_no_lenders(pair):
    assert [len(part) for part in lenders().shares(*pair)] == [0, 0, 0]
