"""Compare searches for the 50 nearest neighbors: queries a second, recall and memory in one run.

Usage: python benchmarks/bench_faiss.py [--million] [--queries N]

The vectors are 73,516 users in the 64 components of a truncated SVD of `make_ratings(73_516, 11_200,
7_813_737)`. With `--million` they are a million normal vectors in 64 dimensions of falling scale, around
1,000 centers. Queries are drawn from the rows at random. Everything runs in one thread and is measured
in processor time, which other work on the machine disturbs least.
"""

import argparse
from time import process_time

import faiss
import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from sklearn_anime.datasets import make_ratings
from sklearn_anime.neighbors import FaissNeighbors

N_COMPONENTS = 64
N_NEIGHBORS = 50
UNITS = ("scikit-learn cosine", "flat")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--million", action="store_true", help="a million vectors; takes ten minutes")
    parser.add_argument("--queries", type=int, default=2000, help="rows whose neighbors are asked")
    options = parser.parse_args()
    vectors = million_vectors() if options.million else user_vectors()
    with threadpool_limits(limits=1):
        report(normalize(vectors), options.queries)


def user_vectors():
    ratings = make_ratings(73_516, 11_200, 7_813_737, random_state=0)
    pairs = ratings.data["user_id"], ratings.data["item_id"]
    matrix = sparse.csr_matrix((ratings.target, pairs), shape=(73_516, 11_200))
    return TruncatedSVD(N_COMPONENTS, random_state=0).fit_transform(matrix).astype(np.float32)


def million_vectors(n=1_000_000, n_centers=1000):
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((n_centers, N_COMPONENTS), dtype=np.float32)
    vectors = rng.standard_normal((n, N_COMPONENTS), dtype=np.float32) / 2
    vectors += centers[rng.integers(n_centers, size=n)]
    return vectors / np.sqrt(np.arange(1, N_COMPONENTS + 1, dtype=np.float32))


def searches():
    """Yield the name and the search to measure; those that others are compared with come first."""
    for metric in ("cosine", "euclidean"):
        search = NearestNeighbors(n_neighbors=N_NEIGHBORS, algorithm="brute", metric=metric)
        yield f"scikit-learn {metric}", search
    yield "flat", FaissNeighbors(N_NEIGHBORS, index="flat")
    for n_bits in (256, 512):
        yield f"lsh {n_bits} bits", FaissNeighbors(N_NEIGHBORS, index="lsh", n_bits=n_bits)
    yield "hnsw", FaissNeighbors(N_NEIGHBORS)


def report(vectors, n_queries):
    rows = np.random.default_rng(0).choice(len(vectors), n_queries, replace=False)
    print(f"{len(vectors):,} x {vectors.shape[1]} unit vectors, {n_queries:,} queries for {N_NEIGHBORS}")
    print("neighbors each, one thread, best of two runs\n")
    print(f"{'':24}{'fit, s':>8}{'MB':>7}{'recall':>8}{'queries/s':>11}{'ratios to':>11}")
    rates = {}
    for name, search in searches():
        build = seconds(search.fit, vectors)
        for setting in settings(search):
            rate = n_queries / min(seconds(search.kneighbors, vectors[rows]) for _ in range(2))
            rates.setdefault(name, rate)
            recall = search.score(vectors[rows]) if isinstance(search, FaissNeighbors) else 1.0
            cells = f"{build:8.1f}{megabytes(search):7.0f}{recall:8.3f}{rate:11.0f}"
            ratios = (f"{other} {rate / rates[other]:.1f}" for other in UNITS if other in rates)
            print(f"{name + setting:24}{cells}   {', '.join(ratios)}", flush=True)


def settings(search):
    """Yield in words each setting of a fitted search, once it is set."""
    if getattr(search, "index", None) != "hnsw":
        yield ""
        return
    for ef_search in (64, 128, 200, 400):
        search.set_params(ef_search=ef_search)
        yield f", ef_search={ef_search}"


def megabytes(search):
    """Return the size of what a search keeps: vectors, links, codes."""
    if isinstance(search, NearestNeighbors):
        return search._fit_X.nbytes / 2**20
    return faiss.serialize_index(search.index_).nbytes / 2**20


def seconds(function, *args):
    start = process_time()
    function(*args)
    return process_time() - start


if __name__ == "__main__":
    main()
