"""An index of faiss over rows of any scale: how rows become its vectors, and its values distances."""

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.utils import gen_batches

from sklearn_anime.utils._optional import import_optional

BATCH = 4096  # rows asked at a time: bounds the memory for the shortlists of "lsh"
SHORTLIST = 10  # candidates of "lsh" for each neighbor asked,
MIN_SHORTLIST = 200  # and at least so many: few neighbors need more room, and cost little


def import_faiss():
    """Return the module, or name the extra that brings it."""
    return import_optional("faiss", extra="ann", purpose="FaissNeighbors")


@contextmanager
def threads(n_jobs):
    """Let faiss use so many threads when called from this thread, and restore the number."""
    faiss = import_faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(effective_n_jobs(n_jobs))
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


@dataclass(frozen=True)
class Cosine:
    """Vectors of unit length, whose inner products are their cosines."""

    faiss_metric = "METRIC_INNER_PRODUCT"

    @classmethod
    def fit(cls, rows):
        """Return the space; directions need nothing from the rows."""
        return cls()

    def place(self, rows):
        """Return rows as float32 at unit length; zeros stay zeros."""
        rows = rows / _or_one(np.abs(rows).max(axis=1, keepdims=True))  # squares stay in range
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.ascontiguousarray(rows / _or_one(length), dtype=np.float32)

    def distances(self, products):
        """Return one minus the cosines."""
        return np.clip(1 - products, 0, 2)


@dataclass(frozen=True)
class Euclidean:
    """Vectors around their mean, where single precision holds most, at most 1 in absolute value."""

    center: np.ndarray
    scale: float

    faiss_metric = "METRIC_L2"

    @classmethod
    def fit(cls, rows):
        """Find the mean of some rows, and how far they reach from it."""
        center = rows.mean(axis=0)
        reach = np.maximum(rows.max(axis=0) - center, center - rows.min(axis=0))
        return cls(center, float(_or_one(reach.max())))

    def place(self, rows):
        """Return rows as float32 around the mean."""
        return np.ascontiguousarray((rows - self.center) / self.scale, dtype=np.float32)

    def distances(self, squares):
        """Return the lengths that squares of placed differences stand for."""
        return np.sqrt(squares) * self.scale


SPACES = {"cosine": Cosine, "euclidean": Euclidean}


@dataclass(frozen=True)
class FaissIndex:
    """Rows in an index.

    Attributes
    ----------
    index : faiss.Index
        Holds the vectors, and what finds them.

    space : Cosine or Euclidean
        Places rows as vectors, and turns what faiss computes into distances.

    Examples
    --------
    >>> rows = FaissIndex.build(np.array([[0.0], [3.0], [5.0]]), "flat", "euclidean")
    >>> rows.kneighbors(np.array([[6.0]]), 2)
    (array([[1., 3.]]), array([[2, 1]]))
    """

    index: Any
    space: Cosine | Euclidean

    @classmethod
    def build(cls, rows, kind, metric, **settings):
        """Put rows in an index of some kind; `settings` are the keywords of `empty_index`."""
        space = SPACES[metric].fit(rows)
        faiss_metric = getattr(import_faiss(), space.faiss_metric)
        built = cls(empty_index(kind, rows.shape[1], faiss_metric, **settings), space)
        built.index.add(np.concatenate(list(built._blocks(rows))))  # at once: links need them all
        return built

    def __getstate__(self):
        return {"index": import_faiss().serialize_index(self.index), "space": self.space}

    def __setstate__(self, state):
        index = import_faiss().deserialize_index(state["index"])
        self.__dict__.update(state, index=index)

    def __len__(self):
        return self.index.ntotal

    def exact(self):
        """Return the same rows in the flat index, within this one, that holds the vectors."""
        for name in ("storage", "refine_index"):
            if hasattr(self.index, name):
                flat = import_faiss().downcast_index(getattr(self.index, name))
                return FaissIndex(flat, self.space)
        return self

    def kneighbors(self, rows, n_neighbors, ef_search=1):
        """Return distances, ascending, and neighbors; of each row in the index for ``rows=None``.

        Those are then not among their own neighbors.
        """
        found = [
            self._search(vectors, n_neighbors, ef_search)
            if rows is not None
            else self._search_others(place * BATCH, vectors, n_neighbors, ef_search)
            for place, vectors in enumerate(self._blocks(rows))
        ]
        distances, labels = map(np.concatenate, zip(*found, strict=True))
        return distances, labels

    def distances(self, rows, labels):
        """Return the distances of each row to some in the index, ndarrays of shape (n_rows, n)."""
        batches = gen_batches(len(labels), BATCH)
        pairs = zip(self._blocks(rows), batches, strict=True)
        return np.concatenate([self._measure(vectors, labels[batch]) for vectors, batch in pairs])

    def _blocks(self, rows):
        """Yield rows as vectors, some at a time; those in the index for ``rows=None``."""
        if rows is None:
            flat = self.exact().index
            for batch in gen_batches(len(self), BATCH):
                yield flat.reconstruct_n(batch.start, batch.stop - batch.start)
            return
        for batch in gen_batches(len(rows), BATCH):
            yield self.space.place(rows[batch])

    def _search_others(self, start, vectors, n_neighbors, ef_search):
        distances, labels = self._search(vectors, n_neighbors + 1, ef_search)
        others = labels != np.arange(start, start + len(vectors))[:, None]
        others[others.all(axis=1), -1] = False  # where the row itself is not found, the last goes
        return tuple(found[others].reshape(-1, n_neighbors) for found in (distances, labels))

    def _search(self, vectors, n_neighbors, ef_search):
        labels = self._candidates(vectors, n_neighbors, ef_search)
        distances = self._measure(vectors, labels)
        order = np.argsort(distances, axis=1, kind="stable")
        return tuple(np.take_along_axis(found, order, axis=1) for found in (distances, labels))

    def _candidates(self, vectors, n_neighbors, ef_search):
        """Return the neighbors that the index finds, and the true ones where it finds too few."""
        params = search_parameters(self.index, n_neighbors, ef_search)
        _, labels = self.index.search(vectors, n_neighbors, params=params)
        short = (labels < 0).any(axis=1)
        if short.any():
            _, labels[short] = self.exact().index.search(vectors[short], n_neighbors)
        return labels

    def _measure(self, vectors, labels):
        """Return the distances of vectors to some rows in the index, pair by pair.

        Those of a search come from products of whole matrices, which cancel between near vectors.
        """
        faiss = import_faiss()
        labels = np.ascontiguousarray(labels, dtype=np.int64)
        values = np.empty(labels.shape, dtype=np.float32)
        x, distances, rows = (faiss.swig_ptr(array) for array in (vectors, values, labels))
        n_rows, n_labels = labels.shape
        self.exact().index.compute_distance_subset(n_rows, x, n_labels, distances, rows)
        return self.space.distances(values.astype(np.float64))


def empty_index(kind, n_features, metric, *, n_links=None, ef_construction=None, n_bits=None):
    """Return a faiss index without vectors."""
    faiss = import_faiss()
    if kind == "hnsw":
        index = faiss.IndexHNSWFlat(n_features, n_links, metric)
        index.hnsw.efConstruction = ef_construction
        return index
    flat = faiss.IndexFlat(n_features, metric)
    if kind == "flat":
        return flat
    codes = faiss.IndexLSH(n_features, n_bits, True, False)  # random directions, split at zero
    codes.metric_type = metric  # has to be that of the comparison of the shortlist
    return faiss.IndexRefine(codes, flat)


def search_parameters(index, n_neighbors, ef_search):
    """Return the faiss parameters of a search: how many candidates it keeps."""
    faiss = import_faiss()
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=ef_search)
    if isinstance(index, faiss.IndexRefine):
        shortlist = max(SHORTLIST * n_neighbors, MIN_SHORTLIST)
        return faiss.IndexRefineSearchParameters(k_factor=min(shortlist, index.ntotal) / n_neighbors)
    return None


def _or_one(values):
    return np.where(values == 0, 1, values)
