"""Measure what diversity, calibration and coverage cost, for each method of DiverseRecommender.

Usage: python benchmarks/bench_diversity.py [PART ...]

The parts are curves, rules and throughput; without names all run. The ratings of anime are read from the
folder that SKLEARN_ANIME_DATA names, or else beside the checkout in `../shared/data`. Five rows of each
user with twenty or more are held out, EASE selects the candidates, and genres are the features. The
curves are of 1,000 users, and of both orders of the chosen items. The weight of each goal is chosen on
five more rows of each user, taken from the training rows: the one with the largest gain that costs no
more than the goal allows.
"""

import copy
import sys
import warnings
from itertools import product
from time import perf_counter, process_time

import numpy as np
from _data import FOLDER
from sklearn.base import clone

from sklearn_anime.compose import DiverseRecommender
from sklearn_anime.datasets import load_anime
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import (
    calibration_error,
    catalog_coverage,
    intra_list_diversity,
    ndcg_at_k,
)
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.preprocessing import WeightedOneHotGenres

EASE = EASERecommender()
N_USERS = 1000  # of the curves
METHODS = ["mmr", "maxsum", "dpp", "calibrated", "popularity"]
ORDERS = ["choice", "relevance"]
WEIGHTS = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.35, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7]
# What is measured, the largest loss of NDCG@10, and the gain that is asked for.
GOALS = {
    "diversity": (0.03, 1.3),
    "calibration": (0.03, 0.5),
    "coverage": (0.05, 2.0),
}


def load():
    """Return the rows and the genres of anime, and the vectors of the catalog."""
    anime = load_anime(FOLDER, unrated="nan")
    genres = WeightedOneHotGenres(weighting="uniform").fit_transform(anime.catalog[["genre"]])
    return anime.data, anime.catalog[["genre"]], anime.catalog.index, genres


def held_out(X):
    """Return the training rows and the rows held out."""
    train, test = next(LeaveKOutPerUser(5, min_items=20, random_state=0).split(X))
    return X.iloc[train], X.iloc[test]


def fitted(method, genre, train, recommender=None):
    """Return a model of a method; the recommender is that of another model where one is given."""
    model = DiverseRecommender(EASE, method=method, features=genre)
    if recommender is None:
        return model.fit(train)
    return model.set_params(recommender=Fitted(recommender)).fit(train)


class Fitted(EASERecommender):
    """An EASE whose fit takes the state of another one, so that the methods share one solution."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def __sklearn_clone__(self):
        return self

    def fit(self, X, y=None):
        """Take the state of the other model."""
        self.__dict__.update({**vars(self.model), "model": self.model})
        return self


def measured(model, train, test, catalog, vectors):
    """Return the four numbers of the recommendations."""
    found = model.recommend(test.iloc[:, 0].unique(), n_items=10)
    vectors = vectors.to_numpy() if hasattr(vectors, "to_numpy") else vectors
    known = np.isin(model.items_, catalog)
    if not known.all():  # items that the catalog lacks have no genre
        catalog = np.append(catalog, model.items_[~known])
        vectors = np.vstack([vectors, np.zeros(((~known).sum(), vectors.shape[1]))])
    return {
        "ndcg": ndcg_at_k(found, test, k=10),
        "diversity": intra_list_diversity(found, catalog, vectors, k=10),
        "calibration": calibration_error(found, train, catalog, vectors, k=10),
        "coverage": catalog_coverage(found, model.items_, k=10),
    }


def curve(train, test, genre, catalog, vectors):
    """Return the numbers of each method and weight, over some of the users."""
    users = np.random.RandomState(0).choice(test.iloc[:, 0].unique(), N_USERS, replace=False)
    test = test[test.iloc[:, 0].isin(users)]
    found, ease = {}, clone(EASE).fit(train)
    for method in METHODS:
        model = fitted(method, genre, train, ease)
        for order, weight in product(ORDERS, WEIGHTS):
            asked = copy.copy(model).set_params(diversity=weight, order=order)
            found[method, order, weight] = measured(asked, train, test, catalog, vectors)
    return found


def curves():
    """Print the whole curve of each method, and what was chosen on validation rows."""
    X, genre, catalog, vectors = load()
    train, test = held_out(X)
    validation = curve(*held_out(train), genre, catalog, vectors)
    final = curve(train, test, genre, catalog, vectors)
    print(
        f"{'method':<12}{'order':<11}{'weight':>7}{'NDCG@10':>9}{'diversity':>11}{'calibration':>13}"
        f"{'coverage':>10}"
    )
    for (method, order, weight), row in final.items():
        print(
            f"{method:<12}{order:<11}{weight:>7}{row['ndcg']:>9.4f}{row['diversity']:>11.3f}"
            f"{row['calibration']:>13.3f}{row['coverage']:>10.3f}"
        )
    for goal, (loss, asked) in GOALS.items():
        for method, order in product(METHODS, ORDERS):
            weight = chosen(validation, method, order, goal, loss)
            base, row = final[method, order, 0.0], final[method, order, weight]
            print(
                f"{goal} (asked x{asked} at NDCG -{loss:.0%}): {method} by {order}, weight {weight}: "
                f"x{row[goal] / base[goal]:.2f} at NDCG {row['ndcg'] / base['ndcg'] - 1:+.1%}"
            )


def chosen(found, method, order, goal, loss):
    """Return the weight with the best value of a goal among those that cost no more than a loss."""
    rows, sign = {w: found[method, order, w] for w in WEIGHTS}, -1 if goal == "calibration" else 1
    fine = [w for w in WEIGHTS if rows[w]["ndcg"] >= (1 - loss) * rows[0.0]["ndcg"]]
    return max(fine, key=lambda weight: sign * rows[weight][goal])


def rules():
    """Print what a limit of items with the same first genre costs."""
    X, genre, catalog, vectors = load()
    train, test = held_out(X)
    first = genre["genre"].dropna().str.split(", ").str[0]
    for limit in (None, 5, 3, 2):
        groups = {} if limit is None else {"groups": first, "max_per_group": limit}
        model = DiverseRecommender(EASE, diversity=0.0, features=genre, **groups).fit(train)
        row = measured(model, train, test, catalog, vectors)
        print(f"at most {limit} of a first genre: " + ", ".join(f"{k} {v:.4f}" for k, v in row.items()))


def throughput(n_repeats=2):
    """Print users per second of the second stage alone: the time beyond that of EASE."""
    X, genre, _, _ = load()
    ease = clone(EASE).fit(X)
    for method in METHODS:
        model = fitted(method, genre, X, ease)
        best = min(beyond(model, ease) for _ in range(n_repeats))
        per_second = len(ease.users_) / best[0]
        print(f"{method}: {per_second:,.0f} users/s, {best[1]:.2f} s of CPU (100 candidates)")


def beyond(model, ease):
    """Return the time and the CPU time of a model beyond that of its recommender, for 10 items."""
    times = []
    for each in (model, ease):
        start, cpu = perf_counter(), process_time()
        each.recommend(n_items=10)
        times.append((perf_counter() - start, process_time() - cpu))
    return times[0][0] - times[1][0], times[0][1] - times[1][1]


PARTS = {"curves": curves, "rules": rules, "throughput": throughput}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for part in sys.argv[1:] or PARTS:
        print(f"== {part}")
        PARTS[part]()
