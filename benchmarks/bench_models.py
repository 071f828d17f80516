"""Print the table of models in the README: what each is for, its accuracy and its time.

Usage: python benchmarks/bench_models.py [WORD ...]

With words, only the models that have one of them in their name or purpose. The ratings are those in the
folder that the environment variable SKLEARN_ANIME_DATA names, or else in `../shared/data/anime-4000`
beside the checkout; where neither is there, the embedded sample. Times are CPU seconds of a fit on the
rows of the ranking split, all threads together; numpy gets one thread.
"""

import os
import sys
from dataclasses import dataclass
from time import process_time

import numpy as np
from _data import FOLDER
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from threadpoolctl import threadpool_limits

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import StackedRatingRegressor, TopNRecommender
from sklearn_anime.datasets import load_anime, load_anime_sample
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import make_ranking_scorer, make_rating_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.neural_network import EmbeddingRegressor
from sklearn_anime.preprocessing import WeightedOneHotGenres

IDS = ["user_id", "anime_id"]
HEADER = ("Model", "Choose it for", "RMSE", "NDCG@10", "Fit, CPU s", "New users", "New items")


@dataclass(frozen=True)
class Row:
    """A model, and what the table says of it beside the numbers."""

    name: str
    purpose: str
    model: BaseEstimator
    new_users: str = "yes"
    new_items: str = "no"

    def cells(self, rmse, ndcg, seconds):
        """Return the cells of the table, given what was measured."""
        seconds = f"{seconds:,.0f}" if seconds >= 1 else f"{seconds:.1f}"
        return (
            self.name,
            self.purpose,
            "-" if rmse is None else f"{rmse:.3f}",
            f"{ndcg:.3f}",
            seconds,
            self.new_users,
            self.new_items,
        )


def with_genres(model, *steps):
    """Return a Pipeline that takes rows of ids and a text of genres."""
    columns = make_column_transformer(
        ("passthrough", IDS),
        (make_pipeline(WeightedOneHotGenres(), *steps), ["genre"]),
        verbose_feature_names_out=False,
    )
    return make_pipeline(columns.set_output(transform="pandas"), model)


NEAR_ITEMS = SVDNeighborsRecommender(512, axis="item", random_state=0)
BAYES = BayesianFactorizationRegressor(random_state=0)
STACK = StackedRatingRegressor(random_state=0)
ROWS = (
    Row(
        "`PopularityRecommender`",
        "baseline of recommendations",
        PopularityRecommender(),
        "popular items",
    ),
    Row("`BiasRegressor`", "baseline of predicted ratings", BiasRegressor(), "well rated items"),
    Row(
        "`SVDNeighborsRecommender`",
        "similar users, with ratings and recommendations from them",
        SVDNeighborsRecommender(random_state=0),
    ),
    Row(
        '`SVDNeighborsRecommender(512, axis="item")`',
        "good ratings and good recommendations in one model, quickly",
        NEAR_ITEMS,
    ),
    Row(
        "`EASERecommender`",
        "the most accurate recommendations",
        EASERecommender(),
        new_items="with genres",
    ),
    Row(
        "`EASERecommender(n_components=512)`",
        "recommendations from a large catalog",
        EASERecommender(n_components=512, random_state=0),
        new_items="with genres",
    ),
    Row(
        "`BayesianFactorizationRegressor`",
        "accurate ratings with error bars, nothing to tune",
        BAYES,
    ),
    Row(
        "the same, with genres",
        "the most accurate ratings of a single model",
        with_genres(BAYES),
        new_items="yes",
    ),
    Row(
        "`EmbeddingRegressor`",
        "ratings by a Keras network that continues on new rows (`partial_fit`)",
        EmbeddingRegressor(random_state=0),
    ),
    Row(
        "`EmbeddingRegressor(n_estimators=5)`, with genres",
        "the same, a little more accurate",
        with_genres(EmbeddingRegressor(n_estimators=5, random_state=0), PCA(10, random_state=0)),
        new_items="yes",
    ),
    Row(
        "`TopNRecommender(stack, candidates=EASERecommender())`",
        "the most accurate ratings: a stack of models, which ranks 30 candidates",
        TopNRecommender(STACK, candidates=EASERecommender(), n_candidates=30),
        "candidates",
    ),
)


def main(words):
    from sklearn_anime.neural_network import _training  # noqa: F401 - importing Keras is no part of a fit

    X, y = rows_with_genres()
    print(f"{os.cpu_count()} cores, {len(X):,} rows", flush=True)
    with threadpool_limits(1):
        print(markdown(HEADER), markdown(["---"] * len(HEADER)), sep="\n", flush=True)
        for row in ROWS:
            if not words or any(word in row.name + row.purpose for word in words):
                ndcg, seconds = measure_ranking(row.model, X, y)
                rmse = measure_ratings(row.model, X, y) if is_regressor(row.model) else None
                print(markdown(row.cells(rmse, ndcg, seconds)), flush=True)


def rows_with_genres():
    """Return rows of user, item and the item's genres, and the ratings; NaN where there is none."""
    anime = load_anime(FOLDER, unrated="nan") if FOLDER.is_dir() else load_anime_sample(unrated="nan")
    return anime.data.join(anime.catalog["genre"], on="anime_id"), anime.target


def measure_ranking(model, X, y):
    """Return NDCG@10, five items of each user with twenty held out, and the seconds of the fit."""
    split = next(LeaveKOutPerUser(5, random_state=0).split(X))
    return measure(model, X, y, split, make_ranking_scorer("ndcg", k=10))


def measure_ratings(model, X, y):
    """Return the RMSE on a random fifth of the ratings."""
    split = train_test_split(np.flatnonzero(y.notna()), test_size=0.2, random_state=0)
    return -measure(model, X, y, split, make_rating_scorer("rmse"))[0]


def measure(model, X, y, split, scorer):
    """Return a score and the CPU seconds of the fit; only a Pipeline gets the genres."""
    X = X if isinstance(model, Pipeline) else X[IDS]
    train, test = split
    start = process_time()
    fitted = clone(model).fit(X.iloc[train], y.iloc[train])
    seconds = process_time() - start
    return scorer(fitted, X.iloc[test], y.iloc[test]), seconds


def markdown(cells):
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
