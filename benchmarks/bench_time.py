"""Measure recency: what weighing a history by age adds to EASE and to popularity for the next item.

Usage: python benchmarks/bench_time.py [PART ...]

The parts are movielens, games, games_low_rank and splits. Without names all run. The last interaction
of each user with five or more is the test; hyperparameters are chosen on the last but one, which is left
out of the fit then. The ratings of MovieLens are read from the folder that SKLEARN_ANIME_MOVIELENS names
(ratings.csv.gz), the games from that of SKLEARN_ANIME_GAMES (interactions.csv.gz with user, item and
position), or else beside the checkout in `../shared/data`. Figures are means over users with their
standard errors; times are CPU seconds.
"""

import sys
from copy import copy
from itertools import product
from time import process_time

import numpy as np
import pandas as pd
from _data import GAMES, MOVIELENS, last_out

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import TimeSplit

DAY = 24 * 3600  # in the units of the times of MovieLens
COLUMNS = {"user": "user", "item": "item", "time": "time"}
DECAYS = [1.0, 0.97, 0.94, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5]
ALPHAS = ["auto", 100.0]  # the default was chosen on random splits
HALF_LIVES = [None, 0.1, 1.0, 30.0]  # days
N_CHOOSING = 5000  # users to choose hyperparameters with, at most
TRENDS = [None, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]  # half-lives of the popularity


def movielens():
    """Return users, items and times of MovieLens latest-small, in days."""
    rows = pd.read_csv(MOVIELENS / "ratings.csv.gz").iloc[:, [0, 1, 3]]
    rows = rows.set_axis(["user", "item", "time"], axis=1)
    rows["time"] /= DAY
    spans = rows.groupby("user").time.agg(np.ptp)
    print(f"  {np.mean(spans < 1):.0%} of the users rated all their movies within a day")
    return rows


def games():
    """Return users, items and positions of the games."""
    return pd.read_csv(GAMES / "interactions.csv.gz").set_axis(["user", "item", "time"], axis=1)


def gains(model, test):
    """Return the NDCG@10 and the hit at 10 of each user of the test."""
    users = test.user.unique()
    found = model.recommend(users, n_items=10)[["user", "item", "rank"]]
    ranks = test.merge(found, how="left", on=["user", "item"])["rank"]
    return (1 / np.log2(ranks + 1)).fillna(0.0).to_numpy(), ranks.notna().to_numpy()


def report(name, model, test):
    """Print the figures of a fitted model."""
    start = process_time()
    ndcg, hits = gains(model, test)
    seconds = process_time() - start
    errors = [np.std(values, ddof=1) / np.sqrt(len(test)) for values in (ndcg, hits)]
    print(
        f"  {name}: NDCG@10 {ndcg.mean():.4f} (standard error {errors[0]:.4f}), "
        f"HR@10 {hits.mean():.4f} ({errors[1]:.4f}); {len(test) / seconds:,.0f} users/s",
        flush=True,
    )


def with_recency(model, half_life=None, decay=1.0):
    """Return a fitted model on other parameters of scoring; the weights between items stay."""
    return copy(model).set_params(half_life=half_life, decay=decay)


def chosen(train, half_lives, solver):
    """Return the alpha, half-life and decay that are best on the last row of the users of `train`."""
    inner, held_out = last_out(train, at_least=4)
    held_out = held_out.sample(min(N_CHOOSING, len(held_out)), random_state=0)
    figures = {}
    for alpha in ALPHAS:
        model = EASERecommender(alpha, **COLUMNS, **solver).fit(inner)
        for pair in product(half_lives, DECAYS):
            figures[alpha, *pair] = gains(with_recency(model, *pair), held_out)[0].mean()
            print(
                f"    on the last but one, alpha={alpha}, half_life={pair[0]}, decay={pair[1]}: "
                f"{figures[alpha, *pair]:.4f}",
                flush=True,
            )
    return max(figures, key=figures.get)


def trend(train):
    """Return the half-life of popularity that is best on the last row of the users of `train`."""
    inner, held_out = last_out(train, at_least=4)
    figures = {}
    for half_life in TRENDS:
        model = PopularityRecommender(**COLUMNS, half_life=half_life).fit(inner)
        figures[half_life] = gains(model, held_out)[0].mean()
    return max(figures, key=figures.get)


def next_item(rows, half_lives, **solver):
    """Print popularity and EASE, without and with recency."""
    train, test = last_out(rows, at_least=5)
    print(f"  {len(train):,} rows; {len(test):,} users to test on", flush=True)
    report("popularity", PopularityRecommender(**COLUMNS).fit(train), test)
    if half_lives != [None]:  # positions of a user are no moments of the table
        best = trend(train)
        popular = PopularityRecommender(**COLUMNS, half_life=best).fit(train)
        report(f"popularity, half_life={best}", popular, test)
    start = process_time()
    model = EASERecommender(**COLUMNS, **solver).fit(train)
    print(f"  EASE: fit in {process_time() - start:.0f} CPU seconds", flush=True)
    report("EASE", model, test)
    alpha, *recency = chosen(train, half_lives, solver)
    if alpha != "auto":
        model = EASERecommender(alpha, **COLUMNS, **solver).fit(train)
    name = f"EASE, alpha={alpha}, half_life={recency[0]}, decay={recency[1]}"
    report(name, with_recency(model, *recency), test)


def splits():
    """Print the NDCG@10 of a leave-last-out split and of a time split of MovieLens."""
    rows = movielens()
    train, test = last_out(rows, at_least=5)
    scorer = make_ranking_scorer("ndcg", k=10)
    early, late = next(TimeSplit(time="time", test_size=0.2).split(rows))
    early, late = rows.iloc[early], rows.iloc[late]
    known = late[late.user.isin(early.user)]
    print(f"  time split: {known.user.nunique()} of {late.user.nunique()} users are known")
    popular = [PopularityRecommender(**COLUMNS, half_life=h) for h in (None, 300.0)]
    for name, model in zip(["popularity", "popularity, half_life=300"], popular, strict=True):
        print(f"  {name}: leave-last-out {gains(model.fit(train), test)[0].mean():.4f}")
        print(f"  {name}: time split {scorer(model.fit(early), known):.4f}", flush=True)
    models = [EASERecommender(**COLUMNS).fit(each) for each in (train, early)]
    for decay in (1.0, 0.9):
        last, window = (with_recency(model, decay=decay) for model in models)
        print(f"  EASE, decay={decay}: leave-last-out {gains(last, test)[0].mean():.4f}")
        print(f"  EASE, decay={decay}: time split {scorer(window, known):.4f}", flush=True)


PARTS = {
    "movielens": lambda: next_item(movielens(), HALF_LIVES),
    "games": lambda: next_item(games(), [None]),
    "games_low_rank": lambda: next_item(games(), [None], n_components=256, random_state=0),
    "splits": splits,
}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        print(part)
        start = process_time()
        PARTS[part]()
        print(f"  {process_time() - start:.0f} CPU seconds")
