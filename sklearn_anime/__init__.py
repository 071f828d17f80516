"""Recommender systems as scikit-learn estimators.

One row of ``X`` is one interaction (a user, an item, and any numeric features), ``y`` is the
rating, and every model is an estimator: it clones, pickles, cross-validates and composes in
``Pipeline``, ``ColumnTransformer``, ``GridSearchCV`` and ``StackingRegressor``.

Subpackages are imported on first use, so that ``import sklearn_anime`` is quick and pulls in
neither TensorFlow nor matplotlib.

>>> import sklearn_anime
>>> anime = sklearn_anime.datasets.load_anime_sample()
>>> model = sklearn_anime.baseline.PopularityRecommender().fit(anime.data)
>>> model.recommend(users=[1], n_items=3).columns.tolist()
['user_id', 'anime_id', 'score', 'rank']
"""

import importlib

__version__ = "0.1.0"

_SUBPACKAGES = (
    "base",
    "baseline",
    "compose",
    "dask",
    "datasets",
    "decomposition",
    "inspection",
    "interactions",
    "io",
    "linear_model",
    "metrics",
    "model_selection",
    "neighbors",
    "neural_network",
    "preprocessing",
    "serve",
    "utils",
)

__all__ = ["__version__", *_SUBPACKAGES]


def __getattr__(name):
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
