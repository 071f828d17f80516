"""Measure SVDNeighborsRecommender: accuracy on real ratings, time and memory at the full Kaggle size.

Usage: python benchmarks/bench_svd_neighbors.py [accuracy] [blog] [auto] [matrices] [fit] [search]
[recommend] [scaling]

Without names all parts run. The real ratings (parts accuracy, blog, auto and matrices) are those in
the folder that the environment variable SKLEARN_ANIME_DATA names, or else in
`../shared/data/anime-4000` beside the checkout. The other parts draw tables with `make_ratings`; their
times are ratios within one run.
"""

import multiprocessing
import os
import resource
import sys
import warnings
from dataclasses import replace
from itertools import product
from time import perf_counter

import numpy as np
from _data import FOLDER
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics import mean_squared_error, root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.datasets import load_anime, make_ratings
from sklearn_anime.interactions import Interactions
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.neighbors._neighbor_scores import ItemScores, UserScores
from sklearn_anime.neighbors._neighborhood import Neighborhood, similarity_weights
from sklearn_anime.neighbors._space import Space

FULL_SIZE = (73_516, 11_200, 7_813_737)
MODELS = {
    "user axis, defaults": SVDNeighborsRecommender(random_state=0),
    "item axis, 512 components": SVDNeighborsRecommender(n_components=512, axis="item", random_state=0),
    "item axis, 64 components": SVDNeighborsRecommender(axis="item", random_state=0),
    "user axis, no baseline": SVDNeighborsRecommender(baseline=None, random_state=0),
    "user axis, exact index": SVDNeighborsRecommender(
        neighbors=NearestNeighbors(metric="cosine"), random_state=0
    ),
}
GRIDS = {
    "user axis": {"n_neighbors": (40, 80, 160), "power": (0.5, 1.0, 2.0), "shrinkage": (1.0, 2.0, 4.0)},
    "user axis, index": {"n_neighbors": (80, 400, 800)},
    "item axis": {
        "n_neighbors": (50, 100, None),
        "power": (1.5, 2.0, 2.5, 3.0),
        "shrinkage": (0, 0.03, 0.1),
    },
}


def main(parts):
    print(f"{os.cpu_count()} cores")
    for name, part in PARTS.items():
        if not parts or name in parts:
            print(f"\n{name}: {part.__doc__}")
            part()


def accuracy():
    """RMSE on a random fifth of the ratings; NDCG@10, five titles of each user with twenty held out."""
    rated, seen = (load_anime(FOLDER, unrated=unrated) for unrated in ("drop", "nan"))
    split = train_test_split(rated.data, rated.target, test_size=0.2, random_state=0)
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(seen.data))
    scorer = make_ranking_scorer("ndcg", k=10)
    for name, model in {"biases": BiasRegressor(), **MODELS}.items():
        error = root_mean_squared_error(split[3], model.fit(split[0], split[2]).predict(split[1]))
        model.fit(seen.data.iloc[train], seen.target.iloc[train])
        print(f"{name:<26} RMSE {error:.4f}   NDCG@10 {scorer(model, seen.data.iloc[test]):.4f}")


def blog():
    """MSE on a tenth of the 1000 x 500 table, ratings scaled to 0..1, without and with the -1 rows."""
    for unrated in ("drop", "keep"):
        rows = load_anime(FOLDER, n_users=1000, n_anime=500, unrated=unrated)
        scaled = (rows.target - rows.target.min()) / (rows.target.max() - rows.target.min())
        X, X_test, y, y_test = train_test_split(rows.data, scaled, test_size=0.1, random_state=0)
        for name in list(MODELS)[:3]:
            with warnings.catch_warnings(action="ignore"):  # 512 components: the table allows 500
                model = MODELS[name].fit(X, y)
            error = mean_squared_error(y_test, model.predict(X_test))
            print(f"-1 rows: {unrated:<5} {name:<26} MSE {error:.5f}")


def auto():
    """RMSE around the values that "auto" stands for, on a part of the training ratings of `accuracy`."""
    rated = load_anime(FOLDER, unrated="drop")
    X, _, y, _ = train_test_split(rated.data, rated.target, test_size=0.2, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=1)
    for axis, index in (("user", None), ("user", NearestNeighbors(metric="cosine")), ("item", None)):
        n_components = {"user": 64, "item": 512}[axis]
        model = SVDNeighborsRecommender(n_components, axis=axis, neighbors=index, random_state=0)
        model.fit(X, y)
        ratings = model._ratings
        around, name = ratings.average, f"{axis} axis{', index' if index else ''}"
        for setting, values in GRIDS[name].items():
            for value in values:
                model._ratings = replace(ratings, average=replace(around, **{setting: value}))
                error = root_mean_squared_error(y_test, model.predict(X_test))
                print(f"{name:<16} {setting}={value!s:<5} RMSE {error:.4f}")


def matrices():
    """NDCG@10 of lists where nearness is that in the SVD of what was seen, of ratings, of residuals."""
    seen = load_anime(FOLDER, unrated="nan")
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(seen.data))
    scorer = make_ranking_scorer("ndcg", k=10)
    for axis in ("user", "item"):
        model = SVDNeighborsRecommender(axis=axis, random_state=0)
        model.fit(seen.data.iloc[train], seen.target.iloc[train])
        table, baseline = model.interactions_, model._ratings.baseline
        residuals = table.ratings - baseline.predict(table.row_codes, table.item_codes)
        found = {"seen = 1": table.seen_matrix(), "ratings": table.rated_matrix()}
        found["residuals"] = table.rated_matrix(residuals)
        scores, n_neighbors = {"user": (ScoresOfFit, 80), "item": (ItemScores, 50)}[axis]
        for name, balance in product(found, (0.5, 1.0)):
            space = Space.fit(found[name], 64, random_state=0, balance=balance)
            model._scores = scores.fit(table, space, baseline, None, n_neighbors, 3.0)
            ndcg = scorer(model, seen.data.iloc[test])
            print(f"{axis} axis, {name:<9} power {balance} of singular values   NDCG@10 {ndcg:.4f}")


class ScoresOfFit(UserScores):
    """Scores of users of ``fit`` from their coordinates there, whatever the matrix behind them."""

    def _weights(self, rows, n_jobs=None):
        nearest = self.neighborhood.nearest(self.neighborhood.members[rows.codes], self.n_neighbors)
        return similarity_weights(nearest, self.power)


def fit():
    """Seconds of `fit` at full size, against TruncatedSVD on the CSR matrix of the ratings alone."""
    ratings = make_ratings(*FULL_SIZE, random_state=0)
    matrix = Interactions.from_rows(ratings.data, ratings.target).rated_matrix()
    reference = min(seconds(lambda: TruncatedSVD(64, random_state=0).fit(matrix)) for _ in range(3))
    model = SVDNeighborsRecommender(random_state=0)
    ours = min(seconds(lambda: model.fit(ratings.data, ratings.target)) for _ in range(3))
    print(f"fit {ours:.1f} s, TruncatedSVD {reference:.1f} s: {ours / reference:.2f} times")


def search(n_queries=8_000):
    """Fifty nearest of 73,516 users in 64 dimensions: exact search, and scikit-learn's brute force."""
    vectors = np.random.RandomState(0).standard_normal((FULL_SIZE[0], 64)).astype(np.float32)
    near = Neighborhood.fit(vectors)
    queries = near.directions[:n_queries]

    def brute(metric):
        index = NearestNeighbors(n_neighbors=51, algorithm="brute", metric=metric)
        return lambda: index.fit(near.directions).kneighbors(queries)

    searches = {
        "blocks of this package": lambda: near.nearest(near.members[:n_queries], 50),
        "scikit-learn, cosine": brute("cosine"),
        "scikit-learn, euclidean": brute("euclidean"),
    }
    for name, run in searches.items():
        took, extra = measured_apart(run)
        print(f"{name:<26} {n_queries / took:8.0f} queries a second, {extra:6.0f} MB more memory")


def recommend():
    """All users at full size: seconds of `recommend`, and the peak memory of the process."""
    took, _ = measured_apart(recommend_to_all, FULL_SIZE)
    print(f"recommend to {FULL_SIZE[0]:,} users: {took:.0f} s")


def scaling():
    """Milliseconds per user of `recommend` as the number of users grows."""
    for share in (4, 2, 1):
        size = (FULL_SIZE[0] // share, FULL_SIZE[1], FULL_SIZE[2] // share)
        took, _ = measured_apart(recommend_to_all, size)
        print(f"{size[0]:>6,} users: {1000 * took / size[0]:.2f} ms per user")


def recommend_to_all(size):
    """Return the seconds that `recommend` takes for all users of a table of some size."""
    ratings = make_ratings(*size, random_state=0)
    model = SVDNeighborsRecommender(random_state=0).fit(ratings.data, ratings.target)
    took = seconds(model.recommend)
    print(f"peak memory of the process {peak():.0f} MB")
    return took


def seconds(run):
    """Return how long a call takes."""
    start = perf_counter()
    run()
    return perf_counter() - start


def peak():
    """Return the peak memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured_apart(run, *args):
    """Return the seconds of a call in a process of its own, and how much its peak memory grew, in MB.

    Where the call returns seconds, these count.
    """
    ours, theirs = multiprocessing.get_context("fork").Pipe()

    def work():
        before, start = peak(), perf_counter()
        result = run(*args)
        took = result if isinstance(result, float) else perf_counter() - start
        theirs.send((took, peak() - before))

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    answer = ours.recv()
    process.join()
    return answer


PARTS = {
    part.__name__: part for part in (accuracy, blog, auto, matrices, fit, search, recommend, scaling)
}

if __name__ == "__main__":
    main(sys.argv[1:])
