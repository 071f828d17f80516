"""Measure EASERecommender: lists on real data, time and memory beside bare LAPACK and skrecsys.

Usage: python benchmarks/bench_ease.py [accuracy] [genres] [lapack] [rival] [large] [full]

Without names all parts run. The real ratings (the first four parts) are those in the folder that the
environment variable SKLEARN_ANIME_DATA names, or else in `../shared/data/anime-4000` beside the
checkout. The other parts draw tables with `make_ratings`. Times are ratios within one run. The part
rival needs the package skrecsys (dependency group bench), and leaves it out where it is not installed.
"""

import importlib.util
import os
import sys
from time import perf_counter

import numpy as np
import pandas as pd
from bench_svd_neighbors import FOLDER, FULL_SIZE, measured_apart, peak
from scipy.linalg import lapack
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline

from sklearn_anime._interactions import Interactions
from sklearn_anime.datasets import load_anime, make_ratings
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import ndcg_at_k
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.preprocessing import WeightedOneHotGenres

IDS = ["user_id", "anime_id"]
MODELS = {
    "exact, alpha 100": EASERecommender(),
    "exact, alpha 200": EASERecommender(200.0),
    "exact, alpha 100, dropout .23": EASERecommender(dropout=0.23),
    "512 components, alpha 200": EASERecommender(200.0, n_components=512, random_state=0),
    "1024 components, dropout .23": EASERecommender(dropout=0.23, n_components=1024, random_state=0),
}


def main(parts):
    print(f"{os.cpu_count()} cores")
    for name, part in PARTS.items():
        if not parts or name in parts:
            print(f"\n{name}: {part.__doc__}", flush=True)
            part()


def accuracy():
    """NDCG@10, five titles of each user with twenty held out."""
    train, test = real_split()
    for name, model in MODELS.items():
        took = seconds(lambda model=model: model.fit(train[IDS]))
        print(f"{name:<30} NDCG@10 {ndcg(model, test):.4f}   fit {took:.1f} s", flush=True)


def genres():
    """NDCG@10 for few interactions, with genres of a weight that a second split has chosen."""
    train, test = real_split()
    inner, validation = held_out(train)
    pipelines = {weight: with_genres(weight) for weight in (0.0, 1.0, 3.0, 10.0, 30.0)}
    found = {}
    for weight, pipeline in pipelines.items():
        found[weight] = ndcg(pipeline.fit(inner)[-1], validation)
    best = max(list(found)[1:], key=found.get)
    print("validation", {weight: round(value, 4) for weight, value in found.items()}, "chosen", best)
    titles = train["anime_id"].map(train["anime_id"].value_counts())
    rare = set(train.loc[titles < 5, "anime_id"])
    shortened = train.groupby("user_id").head(9)
    for weight in (0.0, best):
        whole = pipelines[weight].fit(train)[-1]
        short = pipelines[weight].fit(shortened)[-1]
        of_rare = test[test["anime_id"].isin(rare)]
        print(
            f"weight {weight:>4}: all {ndcg(whole, test):.4f}, users with nine interactions "
            f"{ndcg(short, test):.4f}, titles with fewer than five {ndcg(whole, of_rare):.4f} "
            f"({len(of_rare)} rows)",
            flush=True,
        )


def lapack_alone():
    """Seconds of the exact fit, beside bare ``B'B`` + ``potrf`` + ``potri``."""
    train, _ = real_split()
    seen = Interactions.from_rows(train[IDS], None, needs_ratings=False).seen_matrix()
    seen = seen.astype(np.float32)

    def bare():
        gram = np.asfortranarray((seen.T @ seen).toarray())
        gram[np.diag_indices_from(gram)] += 100
        lapack.spotri(lapack.spotrf(gram, overwrite_a=1)[0], overwrite_c=1)

    runs = (lambda: EASERecommender().fit(train[IDS]), bare)
    ours, theirs = (min(seconds(run) for _ in range(3)) for run in runs)
    print(f"ours {ours:.2f} s, bare {theirs:.2f} s: {ours / theirs:.2f}")


def rival():
    """Seconds and extra memory of fit and of recommend to all, beside skrecsys."""
    train, test = real_split()
    runs = {name: MODELS[name] for name in MODELS if name not in list(MODELS)[1:3]}
    if importlib.util.find_spec("skrecsys"):
        from skrecsys import EASE

        runs = {"skrecsys": EASE(l2_reg=100.0), **runs}
    users = test["user_id"].unique()
    for name, model in runs.items():
        took, extra = measured_apart(lambda model=model: seconds(lambda: fit(model, train[IDS])))
        fit(model, train[IDS])
        lists = seconds(lambda model=model: model.recommend(users, 10))
        print(f"{name:<30} fit {took:.2f} s, {extra:,.0f} MB more; lists {lists:.2f} s", flush=True)


def fit(model, X):
    return model.fit(X) if isinstance(model, EASERecommender) else model.fit(X.to_numpy())


def large():
    """Half a million titles: fit with 256 components, lists for 1,000 users, peak memory."""
    measured_apart(fit_and_recommend, (20_000, 500_000, 5_000_000), {"n_components": 256}, 1_000)


def full():
    """Fit and lists for all users at the full Kaggle size, exact and with 512 components."""
    for params in ({}, {"n_components": 512, "alpha": 200.0}):
        measured_apart(fit_and_recommend, FULL_SIZE, params, None)


def fit_and_recommend(size, params, n_users):
    table = make_ratings(*size, random_state=0)
    model = EASERecommender(random_state=0, **params)
    took = seconds(lambda: model.fit(table.data))
    after = peak()
    users = model.users_[:n_users]
    lists = seconds(lambda: model.recommend(users, 10))
    print(
        f"{params}: fit {took:.1f} s, peak {after:,.0f} MB; lists for {len(users)} users {lists:.1f} s, "
        f"peak {peak():,.0f} MB",
        flush=True,
    )


def with_genres(weight):
    columns = make_column_transformer(
        ("passthrough", IDS), (WeightedOneHotGenres(), ["genre"]), verbose_feature_names_out=False
    ).set_output(transform="pandas")
    return make_pipeline(columns, EASERecommender(feature_weight=weight))


def real_split():
    """Return rows with genres to train on, and rows to find."""
    anime = load_anime(FOLDER, unrated="nan")
    return held_out(anime.data.join(anime.anime["genre"], on="anime_id"))


def held_out(rows):
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(rows))
    return rows.iloc[train], rows.iloc[test]


def ndcg(model, test):
    test = test[test["user_id"].isin(pd.Series(model.users_))]
    return ndcg_at_k(model.recommend(test["user_id"].unique(), 10), test[IDS], k=10)


def seconds(run):
    """Return the seconds of a call."""
    start = perf_counter()
    run()
    return perf_counter() - start


PARTS = {
    "accuracy": accuracy,
    "genres": genres,
    "lapack": lapack_alone,
    "rival": rival,
    "large": large,
    "full": full,
}

if __name__ == "__main__":
    main(sys.argv[1:])
