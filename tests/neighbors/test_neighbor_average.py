"""Averages of the residuals of neighbors; numbers by hand.

Target 0 is at (1, 0); vector 1 at cosine .8, vector 2 at cosine .6, vector 3 at a right angle.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn import config_context
from sklearn.neighbors import NearestNeighbors

from sklearn_anime.neighbors._neighbor_average import NeighborAverage
from sklearn_anime.neighbors._neighborhood import Neighborhood

VECTORS = np.array([[1.0, 0.0], [0.8, 0.6], [0.6, -0.8], [0.0, 1.0]])
# In the first row, 1, 2 and 3 have a residual, in the second 0 and 3.
RESIDUALS = sparse.csr_array([[0.0, 2.0, -1.0, 50.0], [3.0, 0.0, 0.0, 1.0]])
SEARCHES = pytest.mark.parametrize(
    "index", [None, NearestNeighbors(metric="cosine")], ids=["all", "index"]
)


def average(n_neighbors=None, power=1.0, shrinkage=0.0, weights=None, index=None):
    weights = abs(RESIDUALS.sign()) if weights is None else weights
    neighborhood = Neighborhood.fit(VECTORS, index)
    return NeighborAverage(RESIDUALS, weights, neighborhood, n_neighbors, power, shrinkage)


def of_pairs(averaged, targets, rows):
    return averaged.of_pairs(averaged.neighborhood.members, targets, rows)


def of_pair(*args, target=0, row=0, **params):
    return of_pairs(average(*args, **params), np.array([target]), np.array([row]))[0]


def terms(averaged, target, row):
    return averaged.terms(averaged.neighborhood.members[target : target + 1], row)


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
def test_average_is_the_weighted_mean_shrunk(params, expected, index):
    assert_allclose(of_pair(**params, index=index), expected, rtol=1e-6)


@SEARCHES
def test_sample_weights_multiply_those_of_the_neighbors(index):
    weights = RESIDUALS.copy()
    weights.data[:] = [1.0, 4.0, 1.0, 1.0, 1.0]  # that of vector 2 counts four times
    assert_allclose(of_pair(weights=weights, index=index), (0.8 * 2 - 2.4 * 1) / 3.2, rtol=1e-6)


@SEARCHES
@pytest.mark.parametrize("shrinkage", [0.0, 1.0])
def test_without_neighbors_the_average_is_zero(shrinkage, index):
    # In row 1 only vector 3, at a right angle, and the target itself have a residual.
    assert of_pair(row=1, shrinkage=shrinkage, index=index) == 0.0


def test_exact_search_counts_those_who_have_the_rating_and_an_index_the_nearest_of_all():
    # The nearest of all to target 3 is 1, which has a residual in row 0; to target 1 it is 0, which has
    # none: of the others vector 3, at cosine .6, is the nearest that has one.
    index = NearestNeighbors(metric="cosine")
    assert_allclose([of_pair(1, target=3), of_pair(1, target=3, index=index)], 2.0)
    assert_allclose(of_pair(1, target=1), 50.0)
    assert of_pair(1, target=1, index=index) == 0.0


TARGETS, ROWS = np.array([0, 1, 0, 2, 1]), np.array([1, 0, 0, 1, 1])


@SEARCHES
def test_averages_come_in_the_order_of_the_pairs(index):
    alone = [of_pair(target=b, row=o) for b, o in zip(TARGETS, ROWS, strict=True)]
    assert_allclose(of_pairs(average(index=index), TARGETS, ROWS), alone, atol=1e-6)


def test_averages_do_not_depend_on_blocks():
    expected = of_pairs(average(), TARGETS, ROWS)
    with config_context(working_memory=1e-5):  # room for one pair at a time
        assert_allclose(of_pairs(average(), TARGETS, ROWS), expected, rtol=1e-6)


def test_averages_by_an_index_do_not_depend_on_blocks(monkeypatch):
    index = NearestNeighbors(metric="cosine")
    expected = of_pairs(average(2, index=index), TARGETS, ROWS)
    assert np.abs(expected).max() > 0
    monkeypatch.setattr("sklearn_anime.neighbors._neighbor_average.block_length", lambda n_columns: 1)
    assert_allclose(of_pairs(average(2, index=index), TARGETS, ROWS), expected, rtol=1e-6)


class NotToBeAsked:
    def fit(self, vectors):
        pass

    def kneighbors(self, vectors, n_neighbors, return_distance):
        raise AssertionError("asked")


@pytest.mark.parametrize("n_neighbors", [None, 3, 9])
def test_an_index_is_not_asked_for_all_others(n_neighbors):
    exact, indexed = average(n_neighbors), average(n_neighbors, index=NotToBeAsked())
    assert_allclose(of_pairs(indexed, TARGETS, ROWS), of_pairs(exact, TARGETS, ROWS))
    assert_allclose(terms(indexed, 0, 0)[2], terms(exact, 0, 0)[2])


@SEARCHES
def test_no_pair_has_no_average(index):
    nothing = np.empty(0, dtype=np.intp)
    assert of_pairs(average(index=index), nothing, nothing).shape == (0,)


@SEARCHES
def test_terms_are_the_parts_of_the_average(index):
    neighbors, weights, shares = terms(average(shrinkage=0.6, index=index), 0, 0)
    assert neighbors.tolist() == [1, 2, 3]
    assert_allclose(weights, [0.8, 0.6, 0.0], atol=1e-6)
    assert_allclose(shares, [0.8 * 2 / 2, -0.6 / 2, 0.0], atol=1e-6)
