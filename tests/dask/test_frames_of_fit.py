"""Claims about frames whose rows are not in memory: every `fit` names the remedy."""

import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import Ridge

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.neighbors import FaissNeighbors
from sklearn_anime.preprocessing import WeightedOneHotGenres
from sklearn_anime.utils import all_estimators

ESTIMATORS = {name: estimator for name, estimator in all_estimators() if hasattr(estimator, "recommend")}
ROWS = {"user": [1, 1, 2, 3], "item": [7, 8, 7, 8], "rating": [5.0, 4.0, 3.0, 2.0]}


def model_of(name):
    given = {
        "DiverseRecommender": {"recommender": EASERecommender()},
        "StackedRatingRegressor": {"estimators": [("biases", BiasRegressor())], "rankers": []},
        "TopNRecommender": {"estimator": Ridge()},
    }
    return ESTIMATORS[name](**given.get(name, {}))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_fit_to_a_dask_frame_names_the_fit_that_takes_it(name):
    frame = dd.from_pandas(pd.DataFrame(ROWS), npartitions=2)
    with pytest.raises(TypeError, match=r"sklearn_anime\.dask\.fit"):
        model_of(name).fit(frame[["user", "item"]], frame["rating"])


@pytest.mark.parametrize("name", ESTIMATORS)
def test_fit_to_a_lazy_frame_asks_for_collect(name):
    with pytest.raises(TypeError, match=r"\.collect\(\)"):
        model_of(name).fit(pl.LazyFrame(ROWS).select("user", "item"), np.array(ROWS["rating"]))


@pytest.mark.parametrize("model", [WeightedOneHotGenres(), FaissNeighbors()], ids=["genres", "index"])
def test_what_is_no_recommender_takes_partitions(model):
    frame = dd.from_pandas(pd.DataFrame(ROWS), npartitions=2)
    with pytest.raises(TypeError, match=r"DataFrame of Dask, .*map_partitions\(model\.transform\)"):
        model.fit(frame)
    with pytest.raises(TypeError, match=r"\.collect\(\)"):
        model.fit(pl.LazyFrame(ROWS))


def test_arrays_of_dask_are_refused_too():
    rows = dd.from_pandas(pd.DataFrame(ROWS), npartitions=2)[["user", "item"]].to_dask_array()
    with pytest.raises(TypeError, match=r"X is a Array of Dask, .*sklearn_anime\.dask\.fit"):
        EASERecommender().fit(rows)
