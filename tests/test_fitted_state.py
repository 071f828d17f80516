"""Claims about what fitted estimators hold: plain data, which can be stored without pickle."""

import types
from collections.abc import Callable

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, StackedRatingRegressor, TopNRecommender
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.neighbors import FaissNeighbors, SVDNeighborsRecommender
from sklearn_anime.neural_network import EmbeddingRegressor, SequenceRecommender
from sklearn_anime.preprocessing import WeightedOneHotGenres
from sklearn_anime.utils import all_estimators

SWEEPS = {"n_components": 2, "n_iter": 10, "burn_in": 2, "n_samples": 5}
ESTIMATORS = [
    BayesianFactorizationRegressor(**SWEEPS),
    BayesianFactorizationRegressor(**SWEEPS, n_chains=2),
    BiasRegressor(),
    EASERecommender(feature_weight=0.5),
    EASERecommender(n_components=2),
    DiverseRecommender(EASERecommender(), n_candidates=2),
    EmbeddingRegressor(2, (2,), epochs=1),
    SequenceRecommender(n_components=2, max_length=3, epochs=1),
    FaissNeighbors(1),
    NextItemRecommender(),
    NextItemRecommender(n_components=2),
    PopularityRecommender(),
    SVDNeighborsRecommender(1, n_neighbors=1),
    SVDNeighborsRecommender(1, n_neighbors=1, axis="item", baseline=BiasRegressor()),
    SVDNeighborsRecommender(1, n_neighbors=1, neighbors=NearestNeighbors(metric="cosine")),
    StackedRatingRegressor([("biases", BiasRegressor())], cv=2),
    TopNRecommender(BiasRegressor(), candidates=PopularityRecommender()),
    WeightedOneHotGenres(max_genres=1, handle_unknown="infrequent"),
]
IDS = {
    "numbers": lambda ids: pd.DataFrame({"user": ids[0], "item": ids[1]}),
    "text": lambda ids: pd.DataFrame({"user": ids[0], "item": ids[1]}).astype(str),
    "categories": lambda ids: pd.DataFrame({"user": ids[0], "item": ids[1]}).astype("category"),
    "nullable": lambda ids: pd.DataFrame({"user": ids[0], "item": ids[1]}).convert_dtypes(),
    "polars": lambda ids: pl.DataFrame({"user": ids[0], "item": ids[1]}),
    "polars text": lambda ids: pl.DataFrame({"user": ids[0], "item": ids[1]}).cast(pl.String),
    "array": lambda ids: np.column_stack(ids),
}
OF_PANDAS = (pd.DataFrame, pd.Series, pd.Index)
OF_PANDAS += (pd.api.extensions.ExtensionArray, pd.api.extensions.ExtensionDtype)
OF_FRAMES = (*OF_PANDAS, pl.DataFrame, pl.Series, pl.DataType, nw.DataFrame, nw.Series, nw.dtypes.DType)
OTHERS = ("faiss", "keras", "tensorflow")  # what these libraries hold is theirs


def table(kind):
    """Return rows of 3 users and 4 items, with numbers as further columns, and their ratings."""
    users, items = (codes.ravel() for codes in np.mgrid[:3, :4])
    kept = users != items
    X = IDS[kind]((users[kept], items[kept]))
    years, age = 1990.0 + items[kept], 20.0 + users[kept]
    if kind.startswith("polars"):
        X = X.with_columns(year=years, age=age)
    elif kind == "array":
        X = np.column_stack([X, years, age])
    else:
        X = X.assign(year=years, age=age)
    return X, 5.0 + (users + items)[kept] % 4


def fit(estimator, kind):
    if isinstance(estimator, WeightedOneHotGenres):
        return estimator.fit(pd.DataFrame({"genre": ["Action, Drama", "Drama, Music"]}))
    X, y = table(kind)
    if isinstance(estimator, FaissNeighbors):
        pytest.importorskip("faiss", reason="FaissNeighbors needs faiss-cpu")
        return estimator.fit(np.arange(8.0).reshape(4, 2))
    return estimator.fit(X, y)


def parts(value):
    """Return the parts of an object: of containers, arrays of objects and instances."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(enumerate(value))
    if isinstance(value, np.ndarray):
        return list(enumerate(value.flat)) if value.dtype == object else []
    if sparse.issparse(value) or isinstance(value, type):
        return []
    if type(value).__module__.startswith(OTHERS):
        return []
    return list(getattr(value, "__dict__", {}).items())


def walk(value, path, known):
    """Yield all that a value holds, each with its path."""
    if id(value) in known:
        return
    known[id(value)] = value
    yield path, value
    for name, part in parts(value):
        yield from walk(part, f"{path}.{name}", known)


def is_plain(value):
    if isinstance(value, OF_FRAMES):
        return False
    instance = isinstance(value, BaseEstimator) or type(value).__module__.startswith(OTHERS)
    return instance or isinstance(value, type) or not isinstance(value, Callable)


def fitted_parts(model):
    """Yield what `fit` has set."""
    parameters = model.get_params(deep=False)
    known = {}
    for name, value in vars(model).items():
        if name not in parameters:
            yield from walk(value, name, known)


def slow(estimator, kind):
    """Fits of networks take seconds: only one of them is quick."""
    networks = EmbeddingRegressor, SequenceRecommender
    return [pytest.mark.slow] if isinstance(estimator, networks) and kind != "text" else []


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [
        pytest.param(
            estimator, kind, marks=slow(estimator, kind), id=f"{type(estimator).__name__}-{kind}"
        )
        for estimator in ESTIMATORS
        for kind in IDS
    ],
)
@pytest.mark.filterwarnings(
    "ignore:A table of", "ignore:Columns .* are constant within each user", "ignore:No two users"
)
def test_a_fitted_estimator_holds_no_frame_and_no_function(estimator, kind):
    model = fit(estimator, kind)
    if hasattr(model, "recommend"):
        model.recommend()  # what it makes on demand is not kept in it
    found = {path: type(value) for path, value in fitted_parts(model) if not is_plain(value)}
    assert found == {}


def test_all_estimators_are_among_them():
    ours = {estimator for _, estimator in all_estimators()}
    assert ours == {type(estimator) for estimator in ESTIMATORS}


@pytest.mark.parametrize(
    "value",
    [
        pd.Series([1]),
        pd.Index([1]),
        pl.Series([1]),
        nw.from_native(pd.Series([1]), series_only=True),
        lambda: 1,
        np.sum,
        [].append,
        types.SimpleNamespace(deep=[np.array([{"ids": pd.Index([1])}], dtype=object)]),
    ],
    ids=["pandas", "index", "polars", "narwhals", "lambda", "function", "method", "nested"],
)
def test_the_walk_finds_what_is_not_plain(value):
    model = BiasRegressor()
    model.holder_ = {"some": [1, value]}
    assert any(not is_plain(part) for _, part in fitted_parts(model))
