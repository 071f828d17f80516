"""Fitted models of every kind, which hold every type of the package that a fitted model can hold."""

import warnings
from functools import cache
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import StackingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_anime import metrics, model_selection
from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, StackedRatingRegressor, TopNRecommender
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender, _tail
from sklearn_anime.metrics import make_ranking_scorer, make_rating_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import FaissNeighbors, SVDNeighborsRecommender
from sklearn_anime.neural_network import EmbeddingRegressor, SequenceRecommender
from sklearn_anime.preprocessing import WeightedOneHotGenres

GENRES = ["Action, Comedy", "Drama", "Comedy, Drama", "Action"]


def table(ids="integers"):
    """Return 300 rows of user, item, genre and episodes, and their ratings, of which some are NaN."""
    random_state = np.random.RandomState(0)
    users, items = random_state.randint(0, 30, 300), random_state.randint(0, 20, 300)
    text = ids == "text"
    X = pd.DataFrame({
        "user_id": [f"user {user}" for user in users] if text else users,
        "anime_id": [f"anime {item}" for item in items] if text else items,
        "genre": np.array(GENRES)[items % len(GENRES)],
        "episodes": 12.0 + items,
    })  # fmt: skip
    ratings = np.clip(np.round(6 + users % 3 + items % 2 + random_state.normal(size=300)), 1, 10)
    return X, np.where(random_state.random_sample(300) < 0.1, np.nan, ratings)


def bayesian(**params):
    return BayesianFactorizationRegressor(
        n_components=3, n_iter=8, burn_in=3, n_samples=3, random_state=0, **params
    )


def embedding(**params):
    return EmbeddingRegressor(4, (4,), epochs=2, random_state=0, **params)


def sequence(**params):
    return SequenceRecommender(n_components=4, max_length=6, epochs=1, random_state=0, **params)


def from_columns(regressor):
    """Return a pipeline from the columns of `table` to a regressor that reads ids."""
    columns = ColumnTransformer(
        [
            ("ids", "passthrough", ["user_id", "anime_id"]),
            ("genres", make_pipeline(WeightedOneHotGenres(), PCA(2)), ["genre"]),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["episodes"]),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    return make_pipeline(columns, regressor)


def stack():
    """Return a stack of scikit-learn on a pipeline of columns and on a model of ids."""
    by_genre = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["genre", "user_id"])), Ridge()
    )
    return StackingRegressor(
        [("genre", by_genre), ("bias", from_columns(BiasRegressor()))],
        Ridge(),
        cv=KFold(2, shuffle=True, random_state=0),
    )


def search(estimator, grid, scoring=None, cv=2):
    return GridSearchCV(estimator, grid, scoring=scoring, cv=cv)


MODELS = {
    "bias": BiasRegressor,
    "popularity": PopularityRecommender,
    "ease": EASERecommender,
    "low-rank ease": lambda: EASERecommender(n_components=5, tail=0.7, random_state=0),
    "next item": lambda: NextItemRecommender(1.0),
    "low-rank next item": lambda: NextItemRecommender(1.0, n_components=5, random_state=0),
    "svd neighbors": lambda: SVDNeighborsRecommender(n_components=3, random_state=0),
    "items of svd": lambda: SVDNeighborsRecommender(n_components=3, axis="item", random_state=0),
    "mean baseline": lambda: SVDNeighborsRecommender(n_components=3, baseline=None, random_state=0),
    "regressor as baseline": lambda: SVDNeighborsRecommender(
        n_components=3, baseline=BiasRegressor(), random_state=0
    ),
    "index": lambda: SVDNeighborsRecommender(
        n_components=3, n_neighbors=5, neighbors=FaissNeighbors(5, metric="euclidean"), random_state=0
    ),
    "bayesian": bayesian,
    "chains": lambda: bayesian(n_chains=2),
    "embedding": embedding,
    "embeddings": lambda: embedding(n_estimators=2, use_history=False),
    "sequence": sequence,
    "sequences": lambda: sequence(cell="attention", n_estimators=2, base=NextItemRecommender(1.0)),
    "stack of ratings": lambda: StackedRatingRegressor(
        [("bayesian", bayesian()), ("biases", BiasRegressor())], cv=2, random_state=0
    ),
    "top-n": lambda: TopNRecommender(stack(), candidates=PopularityRecommender(), n_candidates=15),
    "diverse": lambda: DiverseRecommender(
        EASERecommender(), method="dpp", features="genre", groups="episodes", max_per_group=1
    ),
    "calibrated": lambda: DiverseRecommender(
        PopularityRecommender(), method="calibrated", features=["genre", "episodes"], boosts=None
    ),
    "ranking search": lambda: search(
        SVDNeighborsRecommender(n_components=3, random_state=0),
        {"n_neighbors": [5, 10]},
        make_ranking_scorer("ndcg", k=5),
        LeaveKOutPerUser(1, min_items=2, random_state=0),
    ),
    "rating search": lambda: search(BiasRegressor(), {"shrinkage": [1.0, 5.0]}, make_rating_scorer()),
}
NETWORKS = {"embedding", "embeddings", "sequence", "sequences"}
WITH_COLUMNS = {"top-n", "diverse", "calibrated"}
WITH_FEATURES = {"bayesian", "chains", "embedding", "embeddings", "sequence", "stack of ratings"}


def rows_for(name, X):
    """Return the columns of `table` that a model reads."""
    if name in WITH_COLUMNS:
        return X
    return X[["user_id", "anime_id", *(["episodes"] if name in WITH_FEATURES else [])]]


@cache
def fit(name, ids="integers"):
    """Return a fitted model, its rows and its ratings; the same ones each time."""
    X, y = table(ids)
    X = rows_for(name, X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a small table: fewer items than are asked for
        return MODELS[name]().fit(X, y), X, y


def every_holder():
    """Yield fitted models and whatever else a model may hold as a parameter."""
    for ids in ("integers", "text"):
        for name in MODELS:
            yield fit(name, ids)[0]
    X, _ = table()
    yield PopularityRecommender().fit(pl.from_pandas(X[["user_id", "anime_id"]]))
    yield EASERecommender().fit(X[["user_id", "anime_id", "episodes"]])
    with patch.object(_tail, "LARGEST_GRAM", 0):
        yield EASERecommender(n_components=3, tail=0.5).fit(X[["user_id", "anime_id"]])
    vectors = np.random.RandomState(0).normal(size=(50, 3))
    for index in ("flat", "hnsw", "lsh"):
        yield FaissNeighbors(5, index=index, n_bits=16).fit(vectors)
    yield from (make_ranking_scorer(metric) for metric in metric_functions())
    yield from splitters()


def metric_functions():
    """Return the metrics of tidy frames."""
    others = {"make_ranking_scorer", "make_rating_scorer", "ranking_report"}
    return [getattr(metrics, name) for name in metrics.__all__ if name not in others]


def splitters():
    """Return one splitter of each class."""
    classes = [getattr(model_selection, name) for name in model_selection.__all__ if name != "compare"]
    needed = {"TimeSplit": {"time": "date"}, "LastKPerUser": {"time": "date"}}
    return [splitter(**needed.get(splitter.__name__, {})) for splitter in classes]
