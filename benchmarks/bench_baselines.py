"""Measure the baselines and SVD neighbours: RMSE of ratings and NDCG@10 of lists, held out at random.

Usage: python benchmarks/bench_baselines.py

The ratings are those in the folder that the environment variable SKLEARN_ANIME_DATA names, or else in
`../shared/data/anime-4000` beside the checkout; where neither is there, the embedded sample.
"""

import os
from pathlib import Path

import numpy as np
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.datasets import load_anime, load_anime_sample
from sklearn_anime.metrics import ndcg_at_k
from sklearn_anime.neighbors import SVDNeighborsRecommender

BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data" / "anime-4000"


def main():
    folder = Path(os.environ.get("SKLEARN_ANIME_DATA", BESIDE_CHECKOUT))
    if folder.is_dir():
        rated, seen = (load_anime(folder, unrated=unrated) for unrated in ("drop", "nan"))
    else:
        rated, seen = (load_anime_sample(unrated=unrated) for unrated in ("drop", "nan"))
    report_ratings(rated)
    report_lists(seen)


def report_ratings(anime):
    """Print the RMSE on a random fifth of the ratings."""
    train, test, y_train, y_test = train_test_split(
        anime.data, anime.target, test_size=0.2, random_state=0
    )
    models = [BiasRegressor(shrinkage) for shrinkage in (1.0, 2.0, 3.0, 5.0, 10.0)]
    models += [SVDNeighborsRecommender(n_neighbors=n, random_state=0) for n in (50, 120)]
    for model in models:
        error = root_mean_squared_error(y_test, model.fit(train, y_train).predict(test))
        print(f"RMSE {error:.4f}   n_iter {getattr(model, 'n_iter_', '-'):>2}   {model}")


def report_lists(anime, k=5, at_least=20):
    """Print NDCG@10 on five random rows of every user with twenty or more."""
    key = np.random.RandomState(0).rand(len(anime.data))
    order = anime.data.assign(key=key).sort_values(["user_id", "key"])
    by_user = order.groupby("user_id").key
    held_out = (by_user.cumcount() < k) & (by_user.transform("size") >= at_least)
    train, test = (order.loc[rows, ["user_id", "anime_id"]] for rows in (~held_out, held_out))
    models = [PopularityRecommender()]
    models += [SVDNeighborsRecommender(n_neighbors=n, random_state=0) for n in (50, 120)]
    models.append(SVDNeighborsRecommender(None, random_state=0))
    for model in models:
        model.fit(train, anime.target[train.index])
        print(f"NDCG@10 {ndcg_at_k(model.recommend(test.user_id.unique()), test):.4f}   {model}")


if __name__ == "__main__":
    main()
