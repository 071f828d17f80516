"""Measure NextItemRecommender: accuracy of the next item, and time and memory beside EASE.

Usage: python benchmarks/bench_next_item.py [PART ...]

The parts are movielens, games, low_rank, trials and time. Without names all run. MovieLens is read from
the folder that SKLEARN_ANIME_MOVIELENS names (ratings.csv.gz with a timestamp), games from that of
SKLEARN_ANIME_GAMES (interactions.csv.gz with a position), or else beside the checkout in
`../shared/data`. The last item of each user with five or more is the test; rows of equal time keep the
order of the file, and items of training are left out. Times are CPU seconds, ratios within one run.
"""

import itertools
import resource
import sys
from time import process_time

import numpy as np
import pandas as pd
from _data import GAMES, MOVIELENS, last_out

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender

K = 10
COMPONENTS = {"n_components": 512, "random_state": 0}
GAMES_SETTINGS = {"training_decay": 0.9, "time": 2}


def main(names):
    for name, part in PARTS.items():
        if not names or name in names:
            print(f"\n{name}: {part.__doc__}", flush=True)
            part()


def movielens():
    """NDCG@10 on MovieLens latest-small, exact: training is validated on its own last items first."""
    train, test = last_out(movielens_rows())
    inner = last_out(train, at_least=3)
    for model in grid((100.0, 300.0), (0.6, 0.7, 0.8), time=2):
        report(f"validation, alpha={model.alpha:g}, decay={model.decay}", model, *inner)
    report("popularity", PopularityRecommender(), train.iloc[:, :2], test)
    report("next item, the defaults", NextItemRecommender(time=2), train, test)
    alone = NextItemRecommender(time=2, cooccurrence_weight=0.0)
    report("next item, no co-occurrence", alone, train, test)


def games():
    """NDCG@10 on games, exact."""
    report("next item", NextItemRecommender(30.0, **GAMES_SETTINGS), *last_out(games_rows()))


def low_rank():
    """NDCG@10 on games with 512 components; the peak is that of the process."""
    train, test = last_out(games_rows())
    inner = last_out(train, at_least=3)
    models = grid((30.0, 100.0, 200.0, 400.0, 800.0), (0.7, 0.8), **GAMES_SETTINGS, **COMPONENTS)
    for model in models:
        report(f"validation, alpha={model.alpha:g}, decay={model.decay}", model, *inner)
    model = NextItemRecommender(400.0, decay=0.8, **GAMES_SETTINGS, **COMPONENTS)
    report("next item, alpha=400, decay=0.8", model, train, test)


def trials():
    """Weights of co-occurrence, and what is left out: on the last but one of MovieLens, low rank."""
    train, _ = last_out(movielens_rows())
    inner = last_out(train, at_least=3)
    small = {"time": 2, "n_components": 256, "random_state": 0}
    for weight in (0.0, 0.1, 0.3, 1.0):
        name = f"cooccurrence_weight={weight}"
        report(name, NextItemRecommender(cooccurrence_weight=weight, **small), *inner)
    ratings = pd.read_csv(MOVIELENS / "ratings.csv.gz").rating.loc[inner[0].index]
    weights = {"sample_weight": ratings / ratings.mean()}
    report("ratings as weights", NextItemRecommender(**small), *inner, **weights)
    for horizon in (1, 2, 4):
        report(f"horizon={horizon}", NextItemRecommender(horizon=horizon, **small), *inner)
    half_life = 365 * 24 * 3600
    report(
        "training_half_life of a year",
        NextItemRecommender(training_half_life=half_life, **small),
        *inner,
    )
    model = NextItemRecommender(**small).fit(inner[0])
    for hours, decay in itertools.product((0.1, 1, 24, 720), (0.7, 0.85, 1.0)):
        model.set_params(half_life=hours * 3600, decay=decay)
        show(f"half_life of {hours} h, decay={decay}", gains_of(recommended(model, inner[1]), inner[1]))


def time():
    """CPU seconds of fit, users/s of recommend and peak memory on MovieLens, beside EASE."""
    train, test = last_out(movielens_rows())
    report("EASE", EASERecommender(), train.iloc[:, :2], test)
    report("next item", NextItemRecommender(time=2), train, test)


def grid(alphas, decays, **settings):
    """Return a model for each pair of alpha and decay."""
    pairs = itertools.product(alphas, decays)
    return [NextItemRecommender(alpha, decay=decay, **settings) for alpha, decay in pairs]


def movielens_rows():
    """Return rows of user, item and time."""
    return pd.read_csv(MOVIELENS / "ratings.csv.gz")[["userId", "movieId", "timestamp"]]


def games_rows():
    """Return rows of user, item and position."""
    return pd.read_csv(GAMES / "interactions.csv.gz")


def report(name, model, train, test, **fit_params):
    """Print the accuracy of a model with its standard error, and what it costs."""
    start = process_time()
    model.fit(train, **fit_params)
    fitted = process_time()
    gains = gains_of(recommended(model, test), test)
    seconds = process_time() - fitted
    costs = (
        f"fit {fitted - start:6.1f} CPU s ({1e6 * (fitted - start) / len(train):,.0f} a million rows)  "
        f"{len(gains) / seconds:6,.0f} users/CPU s  "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"
    )
    show(name, gains, costs)


def show(name, gains, costs=""):
    """Print NDCG and hit rate."""
    error = gains.std(ddof=1) / len(gains) ** 0.5
    ndcg = f"NDCG@{K} {gains.mean():.4f} +- {error:.4f}"
    print(f"{name:<36} {ndcg}  HR@{K} {(gains > 0).mean():.4f}  {costs}", flush=True)


def recommended(model, test):
    """Return the recommendations to the users of the test."""
    return model.recommend(test.iloc[:, 0].unique(), n_items=K)


def gains_of(found, test):
    """Return NDCG of each user of the test, who has one relevant item."""
    user, item = test.columns[:2]
    ranks = test[[user, item]].merge(found, how="left", on=[user, item])["rank"].to_numpy()
    return np.nan_to_num(1 / np.log2(ranks + 1))


PARTS = {"movielens": movielens, "games": games, "low_rank": low_rank, "trials": trials, "time": time}

if __name__ == "__main__":
    main(sys.argv[1:])
