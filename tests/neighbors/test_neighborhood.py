"""Claims about nearest neighbors; expected values by hand, or by NumPy on dense vectors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.neighbors import NearestNeighbors

from sklearn_anime.neighbors._neighborhood import (
    Neighborhood,
    Queries,
    keep_largest,
    similarity_weights,
)

FORMS = pytest.mark.parametrize("form", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
SEARCHES = pytest.mark.parametrize(
    "index", [None, NearestNeighbors(metric="cosine")], ids=["all", "index"]
)


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(size=(30, 4))


def cosines(vectors):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.maximum(unit @ unit.T, 0.0)


def nearest(neighborhood, directions, n, own):
    return neighborhood.nearest(Queries(directions, np.asarray(own, dtype=int)), n)


def test_similarity_is_the_cosine_with_negative_ones_and_the_own_as_zero(vectors):
    near = Neighborhood.fit(vectors)
    expected = cosines(vectors)
    np.fill_diagonal(expected, 0.0)
    found = near.similarity(near.members[:3], np.array([5, 1]))
    assert_allclose(found, expected[:3][:, [5, 1]], atol=1e-6)


@SEARCHES
@pytest.mark.parametrize("n", [1, 5, 29])
def test_nearest_are_the_largest_cosines_without_the_own(vectors, index, n):
    near = Neighborhood.fit(vectors, index)
    expected = cosines(vectors)
    np.fill_diagonal(expected, 0.0)
    edge = np.sort(expected, axis=1)[:, -n, None]
    expected = np.where(expected >= edge, expected, 0.0)
    found = nearest(near, near.directions, n, np.arange(30))
    assert_allclose(found.toarray(), expected, atol=1e-6)


@SEARCHES
def test_a_query_from_outside_has_no_own_vector(vectors, index):
    near = Neighborhood.fit(vectors, index)
    found = nearest(near, near.directions[:2], 1, [-1, 1]).toarray()
    assert found[0].argmax() == 0
    assert_allclose(found[0, 0], 1.0, rtol=1e-6)
    assert found[1, 1] == 0


@SEARCHES
def test_nearest_does_not_depend_on_blocks(vectors, index):
    near = Neighborhood.fit(vectors, index)
    expected = nearest(near, near.directions, 4, np.arange(30)).toarray()
    with config_context(working_memory=1e-3):  # room for a few directions at a time
        found = nearest(near, near.directions, 4, np.arange(30)).toarray()
    assert_allclose(found, expected, atol=1e-6)


@SEARCHES
def test_no_query_has_no_neighbors(vectors, index):
    near = Neighborhood.fit(vectors, index)
    assert nearest(near, near.directions[:0], 4, []).shape == (0, 30)


@SEARCHES
def test_a_vector_of_zeros_is_similar_to_none(index):
    near = Neighborhood.fit(np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]]), index)
    assert_array_equal(nearest(near, near.directions, 2, [0, 1, 2]).toarray()[0], np.zeros(3))


def test_the_index_is_a_fitted_clone(vectors):
    index = NearestNeighbors(metric="cosine")
    near = Neighborhood.fit(vectors, index)
    assert near.index is not index
    assert near.index.n_samples_fit_ == len(near) == 30


class Labels:
    """An index that is no estimator, and answers every row with the same labels."""

    def __init__(self, labels):
        self.labels = labels

    def fit(self, vectors):
        self.n_fitted = len(vectors)

    def kneighbors(self, vectors, n_neighbors, return_distance):
        assert not return_distance
        return np.tile(self.labels, (len(vectors), 1))


def test_an_index_is_a_copy_of_any_object_with_fit_and_kneighbors(vectors):
    index = Labels([4, 7, 2])
    near = Neighborhood.fit(vectors, index)
    found = nearest(near, near.directions[:2], 2, [0, 4])
    assert near.index.n_fitted == 30
    assert not hasattr(index, "n_fitted")
    assert set(found[[1]].indices) <= {2, 7}


def test_an_index_has_to_be_an_instance(vectors):
    with pytest.raises(TypeError, match="provide an instance"):
        Neighborhood.fit(vectors, NearestNeighbors)


@pytest.mark.parametrize("labels", [[3, -1, 1], [3, 1], [3, 3, 1], [1, 3, 1, -1]], ids=str)
def test_what_an_index_does_not_find_or_names_twice_is_left_out(labels):
    near = Neighborhood.fit(np.ones((5, 2)), Labels(labels))
    found = nearest(near, near.directions[:2], 2, [0, 3])
    assert_allclose(found.toarray(), [[0, 1, 0, 1, 0], [0, 1, 0, 0, 0]])


@pytest.mark.parametrize("labels", [[5, 1, 2], [[[1, 2, 3]]]], ids=["unknown position", "shape"])
def test_an_index_that_answers_with_no_positions_is_named(labels):
    near = Neighborhood.fit(np.ones((5, 2)), Labels(labels))
    with pytest.raises(ValueError, match=r"The index .*Labels.* but it was fitted on 5"):
        nearest(near, near.directions[:2], 2, [0, 1])


@SEARCHES
def test_new_and_known_vectors_have_as_many_neighbors(vectors, index):
    near = Neighborhood.fit(np.abs(vectors), index)
    found = nearest(near, near.directions[:4], 3, [-1, 1, -1, 3])
    assert_array_equal(np.diff(found.indptr), [3, 3, 3, 3])


@pytest.mark.parametrize("n", [4, 5, 9])
def test_an_index_is_not_asked_for_all_others(n):
    near = Neighborhood.fit(np.ones((5, 2)), Labels([0, 0, 0]))
    found = nearest(near, near.directions, n, np.arange(5))
    assert_allclose(found.toarray(), 1 - np.eye(5))


@SEARCHES
def test_one_vector_is_near_to_a_new_one(index):
    near = Neighborhood.fit(np.ones((1, 2)), index)
    assert_allclose(nearest(near, near.directions, 1, [-1]).toarray(), [[1.0]])


@pytest.mark.parametrize("scale", [1e-60, 1e60])
def test_scale_does_not_move_directions(vectors, scale):
    one, other = (Neighborhood.fit(vectors * s).directions for s in (1.0, scale))
    assert one.dtype == np.float32
    assert_allclose(abs(one - other).max(), 0, atol=1e-6)


@FORMS
def test_similarity_weights_are_powers_in_double_precision(form):
    weights = similarity_weights(form(np.array([[0.5, 1.0]], dtype=np.float32)), 3)
    assert weights.dtype == np.float64
    assert_array_equal(weights.toarray() if sparse.issparse(weights) else weights, [[0.125, 1.0]])


@FORMS
def test_similarities_that_are_zero_up_to_rounding_weigh_nothing(form):
    similarities = form(np.array([[1e-8, 1e-3]], dtype=np.float32))
    weights = similarity_weights(similarities, 2)
    weights = weights.toarray() if sparse.issparse(weights) else weights
    assert_allclose(weights, [[0.0, 1e-6]], rtol=1e-6)
    assert similarities.min() > 0  # what is given stays


def test_keep_largest_zeroes_the_others_of_each_row():
    matrix = np.array([[3.0, 1.0, 2.0], [0.5, 0.7, 0.6]])
    keep_largest(matrix, 2)
    assert_array_equal(matrix, [[3.0, 0.0, 2.0], [0.0, 0.7, 0.6]])


def test_keep_largest_keeps_ties_at_the_edge():
    matrix = np.array([[3.0, 1.0, 1.0, 0.5]])
    keep_largest(matrix, 2)
    assert_array_equal(matrix, [[3.0, 1.0, 1.0, 0.0]])


@pytest.mark.parametrize("n", [3, 4, None])
def test_keep_largest_of_at_least_all_changes_nothing(n):
    matrix = np.array([[3.0, 1.0, 2.0]])
    keep_largest(matrix, n)
    assert_array_equal(matrix, [[3.0, 1.0, 2.0]])


def test_keep_largest_of_none_leaves_nothing():
    matrix = np.array([[3.0, 1.0, 2.0]])
    keep_largest(matrix, 0)
    assert_array_equal(matrix, [[0.0, 0.0, 0.0]])
