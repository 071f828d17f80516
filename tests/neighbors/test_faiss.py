"""Claims about FaissNeighbors; the truth is scikit-learn's brute force, or worked out by hand."""

import pickle
import sys
import threading
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import DBSCAN
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsTransformer, NearestNeighbors

from sklearn_anime.neighbors import FaissNeighbors

faiss = pytest.importorskip("faiss")

INDEXES = ["flat", "hnsw", "lsh"]
METRICS = ["cosine", "euclidean"]
# Distances are in single precision; cosines lose another digit in 1 - cosine.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}

every_index = pytest.mark.parametrize("index", INDEXES)
every_metric = pytest.mark.parametrize("metric", METRICS)


@pytest.fixture(scope="module")
def clusters():
    """Two thousand vectors around forty centers."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 16))[rng.integers(40, size=2000)] + rng.normal(size=(2000, 16)) / 2


@pytest.fixture(scope="module")
def few():
    return np.random.default_rng(1).normal(size=(12, 3))


def brute(X, metric, n_neighbors=5):
    return NearestNeighbors(n_neighbors=n_neighbors, algorithm="brute", metric=metric).fit(X)


# Distances and neighbors


@every_metric
@every_index
@pytest.mark.parametrize("queries", ["others", "those of fit"])
def test_neighbors_of_few_rows_are_those_of_scikit_learn(few, index, metric, queries):
    X = None if queries == "those of fit" else np.random.default_rng(2).normal(size=(7, 3))
    distances, rows = FaissNeighbors(index=index, metric=metric).fit(few).kneighbors(X)
    expected_distances, expected_rows = brute(few, metric).kneighbors(X)
    assert_array_equal(rows, expected_rows)
    assert_allclose(distances, expected_distances, **TOLERANCE)


@every_metric
def test_flat_index_gives_the_neighbors_of_scikit_learn(clusters, metric):
    distances, rows = FaissNeighbors(20, index="flat", metric=metric).fit(clusters).kneighbors()
    expected_distances, expected_rows = brute(clusters, metric, 20).kneighbors()
    assert_allclose(distances, expected_distances, **TOLERANCE)
    assert np.mean(rows == expected_rows) > 0.999  # nearly equal distances swap in single precision


@every_metric
@every_index
def test_distances_are_those_of_the_rows_named(clusters, index, metric):
    distances, rows = FaissNeighbors(index=index, metric=metric).fit(clusters).kneighbors(clusters[:50])
    for query, found, named in zip(clusters, distances, rows, strict=False):
        expected, _ = brute(clusters[named], metric).kneighbors(query[None])
        assert_allclose(found, expected[0], **TOLERANCE)


@every_metric
@pytest.mark.parametrize("index", ["hnsw", "lsh"])
def test_defaults_find_nearly_all_true_neighbors(clusters, index, metric):
    neighbors = FaissNeighbors(index=index, metric=metric).fit(clusters)
    assert neighbors.recall_against(brute(clusters, metric)) > 0.95


def test_cosine_of_hand_made_vectors():
    neighbors = FaissNeighbors(3, index="flat").fit([[1, 0], [0, 2], [-3, 0]])
    distances, rows = neighbors.kneighbors([[5, 0]])
    assert_allclose(distances, [[0, 1, 2]], atol=1e-6)
    assert_array_equal(rows, [[0, 1, 2]])


def test_cosine_distances_lie_between_zero_and_two():
    X = np.random.default_rng(3).normal(size=(100, 7))
    distances, _ = FaissNeighbors(200, index="flat").fit(np.vstack([X, -X])).kneighbors(X)
    assert distances.min() >= 0
    assert distances.max() <= 2


@every_metric
def test_distances_ascend_where_vectors_are_nearly_equal(metric):
    rng = np.random.default_rng(4)
    X = np.repeat(rng.normal(size=(4, 64)), 500, axis=0) + 1e-4 * rng.normal(size=(2000, 64))
    distances, _ = FaissNeighbors(20, index="flat", metric=metric).fit(X).kneighbors(X)
    assert np.all(np.diff(distances) >= 0)


def test_distances_of_nearly_equal_vectors_do_not_cancel():
    # Products of whole matrices would be wrong by 1e-3 here, as much as the distances.
    rng = np.random.default_rng(4)
    X = np.repeat(rng.normal(size=(4, 64)), 500, axis=0) + 1e-4 * rng.normal(size=(2000, 64))
    distances, rows = FaissNeighbors(1, index="flat", metric="euclidean").fit(X).kneighbors()
    assert_allclose(distances[:, 0], np.linalg.norm(X - X[rows[:, 0]], axis=1), rtol=1e-3)


@every_index
def test_zeros_are_at_cosine_distance_one_from_all(few, index):
    X = np.vstack([few, np.zeros((2, 3))])
    neighbors = FaissNeighbors(len(X), index=index).fit(X)
    assert_array_equal(neighbors.kneighbors([[0, 0, 0]])[0], np.ones((1, len(X))))
    distances, rows = neighbors.kneighbors(few)
    assert_array_equal(distances[rows >= len(few)], 1)


@every_index
def test_vectors_far_from_the_origin_keep_their_distances(index):
    # Around 1e6, single precision is 0.06 apart: only rows moved to their mean can be told apart.
    X = 1e6 + np.arange(12.0)[:, None]
    distances, rows = FaissNeighbors(1, index=index, metric="euclidean").fit(X).kneighbors([[1e6 + 3.2]])
    assert_allclose(distances, [[0.2]], rtol=1e-4)
    assert_array_equal(rows, [[3]])


@every_metric
@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_the_unit_of_measurement_does_not_matter(few, metric, unit):
    expected = FaissNeighbors(metric=metric).fit(few).kneighbors()
    distances, rows = FaissNeighbors(metric=metric).fit(few * unit).kneighbors()
    assert_allclose(distances / (unit if metric == "euclidean" else 1), expected[0], **TOLERANCE)
    assert_array_equal(rows, expected[1])


def test_equal_vectors_are_at_distance_zero(clusters):
    X = np.repeat(clusters[:50], 2, axis=0)
    distances, rows = FaissNeighbors(1, index="flat", metric="euclidean").fit(X).kneighbors()
    assert_array_equal(distances, 0)
    assert_array_equal(rows[:, 0], np.arange(100) ^ 1)


@every_metric
@every_index
def test_rows_of_fit_are_not_their_own_neighbors_among_many_equal_ones(index, metric):
    X = np.repeat([[1.0, 0.0], [0.0, 1.0]], 30, axis=0)
    distances, rows = FaissNeighbors(7, index=index, metric=metric).fit(X).kneighbors()
    assert not np.any(rows == np.arange(60)[:, None])
    assert all(len(set(row)) == 7 for row in rows)
    assert_allclose(distances, 0, atol=1e-6)


def test_a_row_that_the_graph_does_not_find_costs_the_last_neighbor(clusters):
    # A poor graph misses rows, their own included; the nearest one found has to stay.
    neighbors = FaissNeighbors(5, n_links=2, ef_construction=1, ef_search=1).fit(clusters)
    with_itself = neighbors.kneighbors(clusters, 6, return_distance=False)
    lost = ~(with_itself == np.arange(len(clusters))[:, None]).any(axis=1)
    assert lost.any()
    others = neighbors.kneighbors(return_distance=False)
    assert_array_equal(others[lost], with_itself[lost, :5])


def test_a_graph_that_finds_too_few_is_completed_exactly(clusters):
    neighbors = FaissNeighbors(200, n_links=2, ef_construction=1, ef_search=1).fit(clusters)
    vectors = next(neighbors._indexed._blocks(clusters))
    _, labels = neighbors.index_.search(vectors, 200)
    short = (labels < 0).any(axis=1)
    assert short.any()
    rows = neighbors.kneighbors(clusters, return_distance=False)
    expected = FaissNeighbors(200, index="flat").fit(clusters).kneighbors(clusters)[1]
    assert rows.min() >= 0
    assert_array_equal(rows[short], expected[short])


@every_index
def test_all_rows_can_be_asked(few, index):
    rows = FaissNeighbors(index=index).fit(few).kneighbors(few, len(few), return_distance=False)
    assert_array_equal(np.sort(rows), np.tile(np.arange(len(few)), (len(few), 1)))


@every_index
def test_many_rows_are_answered_as_each_alone(clusters, index, monkeypatch):
    neighbors = FaissNeighbors(index=index).fit(clusters)
    expected = neighbors.kneighbors()
    monkeypatch.setattr("sklearn_anime.neighbors._faiss_index.BATCH", 77)
    distances, rows = neighbors.kneighbors()
    assert_allclose(distances, expected[0], **TOLERANCE)
    assert_array_equal(rows, expected[1])


def test_a_graph_is_built_with_the_settings_given(few):
    index = FaissNeighbors(n_links=7, ef_construction=33).fit(few).index_
    assert index.hnsw.efConstruction == 33
    assert index.hnsw.nb_neighbors(1) == 7


@pytest.mark.parametrize("n_bits", [4097, 65536])
def test_more_bits_than_memory_and_time_allow_raise(few, n_bits):
    with pytest.raises(ValueError, match=r"The 'n_bits' parameter .* in the range \[1, 4096\]"):
        FaissNeighbors(index="lsh", n_bits=n_bits).fit(few)


# The interface of scikit-learn


def test_graph_holds_the_neighbors(few):
    neighbors = FaissNeighbors(3).fit(few)
    expected = brute(few, "cosine", 3)
    for mode in ("connectivity", "distance"):
        graph = neighbors.kneighbors_graph(few, mode=mode)
        assert_allclose(graph.toarray(), expected.kneighbors_graph(few, mode=mode).toarray(), atol=1e-6)


def test_transform_is_that_of_the_transformer_of_scikit_learn(few):
    expected = KNeighborsTransformer(n_neighbors=3, metric="cosine").fit_transform(few)
    graph = FaissNeighbors(3).fit_transform(few)
    assert_array_equal(graph.indptr, expected.indptr)
    assert_allclose(graph.toarray(), expected.toarray(), atol=1e-6)


def test_graph_serves_estimators_with_precomputed_distances(clusters):
    graph = FaissNeighbors(30, metric="euclidean", index="flat").fit_transform(clusters)
    labels = DBSCAN(eps=1.3, metric="precomputed").fit_predict(graph)
    assert_array_equal(labels, DBSCAN(eps=1.3).fit_predict(clusters))


def test_parameters_of_the_index_take_effect_in_fit_only(few):
    neighbors = FaissNeighbors(metric="euclidean", index="flat").fit(few)
    expected = neighbors.kneighbors()
    neighbors.set_params(metric="cosine", index="lsh")
    assert_array_equal(neighbors.kneighbors()[0], expected[0])
    assert neighbors.effective_metric_ == "euclidean"


def test_ef_search_is_read_at_each_search(clusters):
    neighbors = FaissNeighbors(20, ef_search=1, n_links=4).fit(clusters)
    little = neighbors.score(clusters[:300])
    assert little < neighbors.set_params(ef_search=300).score(clusters[:300])


@pytest.mark.parametrize("copied", [deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@every_index
def test_copies_answer_the_same(clusters, index, copied):
    neighbors = FaissNeighbors(index=index, n_bits=64, ef_search=30).fit(clusters)
    other = copied(neighbors)
    expected = neighbors.kneighbors()
    del neighbors
    for answer, truth in zip(other.kneighbors(), expected, strict=True):
        assert_array_equal(answer, truth)


@every_index
def test_two_fits_give_the_same_answers(clusters, index):
    neighbors = FaissNeighbors(index=index, n_bits=64, ef_search=10)
    first, second = (clone(neighbors).fit(clusters).kneighbors() for _ in range(2))
    assert_array_equal(first[0], second[0])
    assert_array_equal(first[1], second[1])


@every_index
def test_answers_do_not_depend_on_the_number_of_threads(clusters, index):
    neighbors = FaissNeighbors(index=index).fit(clusters)
    expected = neighbors.kneighbors()
    distances, rows = neighbors.set_params(n_jobs=2).kneighbors()
    assert_array_equal(distances, expected[0])
    assert_array_equal(rows, expected[1])


def test_the_number_of_threads_is_restored(few, monkeypatch):
    before, used = faiss.omp_get_max_threads(), []
    set_threads = faiss.omp_set_num_threads
    monkeypatch.setattr(faiss, "omp_set_num_threads", lambda n: (used.append(n), set_threads(n)))
    FaissNeighbors(n_jobs=3).fit(few)
    assert used == [3, before]
    assert faiss.omp_get_max_threads() == before


def test_the_number_of_threads_is_restored_after_an_error(few, monkeypatch):
    before = faiss.omp_get_max_threads()
    neighbors = FaissNeighbors(n_jobs=before + 1).fit(few)
    monkeypatch.setattr(neighbors._indexed.index, "search", None)
    with pytest.raises(TypeError, match="not callable"):
        neighbors.kneighbors()
    assert faiss.omp_get_max_threads() == before


def test_several_threads_can_search_at_once(clusters):
    neighbors = FaissNeighbors(n_jobs=2).fit(clusters)
    expected, answers = neighbors.kneighbors(return_distance=False), []
    searches = [
        threading.Thread(target=lambda: answers.append(neighbors.kneighbors(return_distance=False)))
        for _ in range(4)
    ]
    for search in searches:
        search.start()
    for search in searches:
        search.join()
    assert len(answers) == 4
    for answer in answers:
        assert_array_equal(answer, expected)


# Recall


class Named:
    """A search that answers with the same rows always."""

    def __init__(self, *rows):
        self.rows = rows

    def kneighbors(self, X, n_neighbors, return_distance):
        return np.array([self.rows])


def test_recall_counts_what_is_no_farther_than_the_truth():
    neighbors = FaissNeighbors(2, index="flat", metric="euclidean").fit([[0.0], [1.0], [-1.0]])
    query = [[0.0]]  # at distance 0 of the first row, and at 1 of the two others
    assert neighbors.recall_against(Named(0, 1), query) == 1.0
    assert neighbors.recall_against(Named(0, 2), query) == 1.0
    assert neighbors.recall_against(Named(0, 0), query) == 0.5  # no truth is beyond distance 0


def test_recall_is_the_share_of_the_neighbors_of_scikit_learn(clusters):
    neighbors = FaissNeighbors(10, ef_search=1, n_links=4, ef_construction=4).fit(clusters)
    exact = brute(clusters, "cosine", 10)
    pairs = zip(
        neighbors.kneighbors(return_distance=False), exact.kneighbors(return_distance=False), strict=True
    )
    expected = np.mean([len({*found} & {*true}) / 10 for found, true in pairs])
    assert 0.1 < expected < 0.9
    assert neighbors.recall_against(exact) == pytest.approx(expected, abs=1e-3)
    assert neighbors.score(clusters[:500]) == neighbors.recall_against(
        FaissNeighbors(index="flat").fit(clusters), clusters[:500]
    )


@every_metric
def test_exact_index_has_recall_one_among_many_equal_rows(metric):
    X = np.repeat(np.eye(3), 20, axis=0)
    neighbors = FaissNeighbors(index="flat", metric=metric).fit(X)
    assert neighbors.recall_against(brute(X, metric)) == 1.0
    assert neighbors.score(X) == 1.0


def test_grid_search_tunes_the_recall(clusters):
    search = GridSearchCV(FaissNeighbors(20, n_links=4), {"ef_search": [1, 200]}).fit(clusters)
    assert search.best_params_ == {"ef_search": 200}
    assert search.best_score_ > 0.95


def test_recall_against_a_search_among_other_rows_is_an_error(clusters):
    neighbors = FaissNeighbors(index="flat").fit(clusters[:500])
    with pytest.raises(ValueError, match=r"was fitted on 500\. Fit both on the same rows"):
        neighbors.recall_against(brute(clusters, "cosine"), clusters[:100])
    with pytest.raises(ValueError, match="exact finds neighbors for 400 rows"):
        neighbors.recall_against(brute(clusters[:400], "cosine"))


# Bad input


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (None, r"n_neighbors < n_samples_fit, but n_neighbors = 12, n_samples_fit = 12, n_samples = 12"),
        ([[1.0] * 3], r"n_neighbors <= n_samples_fit, but n_neighbors = 13, n_samples_fit = 12"),
    ],
)
def test_more_neighbors_than_rows_are_an_error(few, X, message):
    n_neighbors = 12 if X is None else 13
    with pytest.raises(ValueError, match=message):
        FaissNeighbors().fit(few).kneighbors(X, n_neighbors)


def test_number_of_neighbors_is_a_positive_int(few):
    neighbors = FaissNeighbors().fit(few)
    with pytest.raises(ValueError, match="n_neighbors == 0, must be >= 1"):
        neighbors.kneighbors(few, 0)
    with pytest.raises(TypeError, match="n_neighbors must be an instance of int"):
        neighbors.kneighbors(few, 2.0)


def test_unknown_mode_of_the_graph_is_an_error(few):
    with pytest.raises(ValueError, match="mode='weights' is unknown"):
        FaissNeighbors().fit(few).kneighbors_graph(few, mode="weights")


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.coo_array])
def test_sparse_rows_are_an_error_that_names_the_svd(few, make):
    with pytest.raises(TypeError, match=r"X is sparse.*TruncatedSVD before it in a Pipeline"):
        FaissNeighbors().fit(make(few))
    with pytest.raises(TypeError, match="X is sparse"):
        FaissNeighbors().fit(few).kneighbors(make(few))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_an_error(few, bad):
    X = few.copy()
    X[2, 1] = bad
    with pytest.raises(ValueError, match="Input X contains"):
        FaissNeighbors().fit(X)
    with pytest.raises(ValueError, match="Input X contains"):
        FaissNeighbors().fit(few).kneighbors(X)


def test_fit_that_fails_leaves_the_old_index(few, frame_library):
    neighbors = FaissNeighbors().fit(few)
    expected = neighbors.kneighbors()
    with pytest.raises(ValueError, match="Input X contains"):
        neighbors.fit(frame_library({"a": [1.0, np.inf], "b": [1.0, 2.0]}))
    assert_array_equal(neighbors.kneighbors()[1], expected[1])
    assert neighbors.n_features_in_ == 3
    assert not hasattr(neighbors, "feature_names_in_")


@pytest.mark.parametrize("method", ["kneighbors", "kneighbors_graph", "transform", "score"])
def test_search_before_fit_is_an_error(few, method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(FaissNeighbors(), method)(few)


def test_missing_faiss_is_an_error_that_names_the_extra(few, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ImportError, match=r'FaissNeighbors needs .*"sklearn-anime\[ann\]"'):
        FaissNeighbors().fit(few)


def test_frames_keep_the_names_of_their_columns(few, frame_library):
    frame = frame_library(dict(zip("abc", few.T, strict=True)))
    neighbors = FaissNeighbors().fit(frame)
    assert_array_equal(neighbors.feature_names_in_, ["a", "b", "c"])
    assert_array_equal(neighbors.kneighbors(frame)[1], FaissNeighbors().fit(few).kneighbors(few)[1])
