"""Measure the baselines: RMSE of ratings by the shrinkage of the biases, and NDCG@10 of popular lists.

Usage: python benchmarks/bench_baselines.py

The ratings are those in the folder that the environment variable SKLEARN_ANIME_DATA names, or else in
`../shared/data/anime-4000` beside the checkout; where neither is there, the embedded sample.
"""

from _data import FOLDER
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.datasets import load_anime, load_anime_sample
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser


def main():
    if FOLDER.is_dir():
        rated, seen = (load_anime(FOLDER, unrated=unrated) for unrated in ("drop", "nan"))
    else:
        rated, seen = (load_anime_sample(unrated=unrated) for unrated in ("drop", "nan"))
    report_ratings(rated)
    report_lists(seen)


def report_ratings(anime):
    """Print the RMSE on a random fifth of the ratings."""
    train, test, y_train, y_test = train_test_split(
        anime.data, anime.target, test_size=0.2, random_state=0
    )
    for shrinkage in (1.0, 2.0, 3.0, 5.0, 10.0):
        model = BiasRegressor(shrinkage).fit(train, y_train)
        error = root_mean_squared_error(y_test, model.predict(test))
        print(f"RMSE {error:.4f}   n_iter {model.n_iter_:>2}   {model}")


def report_lists(anime):
    """Print NDCG@10 on five random rows of every user with twenty or more."""
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(anime.data))
    model = PopularityRecommender().fit(anime.data.iloc[train])
    print(f"NDCG@10 {make_ranking_scorer('ndcg', k=10)(model, anime.data.iloc[test]):.4f}   {model}")


if __name__ == "__main__":
    main()
