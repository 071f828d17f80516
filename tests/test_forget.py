"""A model that forgets users and items is the model of a fit without their rows."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, TopNRecommender
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender

MODELS = [
    PopularityRecommender(),
    BiasRegressor(),
    EASERecommender(20.0),
    EASERecommender(20.0, min_rating=5, feature_weight=1.0),
    SVDNeighborsRecommender(3, random_state=0),
    BayesianFactorizationRegressor(2, n_iter=4, burn_in=1, n_samples=2, random_state=0),
    TopNRecommender(Ridge(), candidates=PopularityRecommender()),
    DiverseRecommender(EASERecommender(20.0), method="dpp"),
    DiverseRecommender(EASERecommender(20.0), features="year", groups="year", max_per_group=1),
]


def table(seed=0):
    """Return rows with repeated pairs, two features, ratings with gaps, and weights."""
    random_state = np.random.RandomState(seed)
    users, items = random_state.randint(0, 15, 150), random_state.randint(0, 12, 150)
    X = {"user": users + 1000, "item": items + 500, "year": 1990.0 + items, "age": 20.0 + users}
    ratings = random_state.randint(1, 11, 150).astype(float)
    ratings[::7] = np.nan
    return X, ratings, random_state.randint(1, 4, 150).astype(float)


def assert_same(model, expected, X):
    np.testing.assert_array_equal(model.users_, expected.users_)
    np.testing.assert_array_equal(model.items_, expected.items_)
    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=1e-6, atol=1e-8)
    one, other = (each.recommend(n_items=3) for each in (model, expected))
    assert list(one.columns) == list(other.columns)
    np.testing.assert_allclose(one["score"], other["score"], rtol=1e-6, atol=1e-8)


def as_array(columns):
    return np.column_stack(list(columns.values()))


def name_of(each):
    """Return the name of a parameter of a test."""
    return getattr(each, "__name__", str(each))


@pytest.mark.parametrize(
    ("model", "make"),
    [(model, pd.DataFrame) for model in MODELS] + [(model, as_array) for model in MODELS[:-1]],
    ids=name_of,
)
@pytest.mark.filterwarnings("ignore:Columns .* are constant within each user, not within each item")
def test_forgetting_is_a_fit_without_the_rows(model, make):
    X, y, _ = table()
    kept = ~np.isin(X["user"], [1003, 1004]) & (X["item"] != 505)
    fitted = clone(model).fit(make(X), y)
    assert fitted.forget([1003, 1004], 505) is fitted
    rows = {name: values[kept] for name, values in X.items()}
    expected = clone(model).fit(make(rows), y[kept])
    assert_same(fitted, expected, make(rows))


@pytest.mark.parametrize(
    "model", [PopularityRecommender(), EASERecommender(20.0), BiasRegressor()], ids=name_of
)
def test_weights_are_kept(model):
    X, y, weights = table()
    kept = X["user"] != 1003
    fitted = model.fit(pd.DataFrame(X), y, sample_weight=weights).forget(1003)
    rows = pd.DataFrame(X)[kept]
    expected = type(model)(**model.get_params()).fit(rows, y[kept], sample_weight=weights[kept])
    assert_same(fitted, expected, rows)


def test_polars_stays_polars():
    X, y, _ = table()
    model = EASERecommender(20.0).fit(pl.DataFrame(X), y).forget(users=1003)
    assert isinstance(model.recommend(), pl.DataFrame)


def test_ids_are_gone_from_the_model():
    X, y, _ = table()
    X["user"] = [f"user-{user}" for user in X["user"]]
    model = DiverseRecommender(EASERecommender(20.0), features="year").fit(pd.DataFrame(X), y)
    assert b"user-1003" in pickle.dumps(model)
    assert b"user-1003" not in pickle.dumps(model.forget("user-1003"))


@pytest.mark.parametrize(
    ("asked", "error", "match"),
    [
        ({}, ValueError, "nothing to forget"),
        ({"users": [1003, -5]}, KeyError, "user -5 was not in the rows of fit"),
        ({"items": -5}, KeyError, "item -5 was not in the rows of fit"),
        ({"users": np.arange(1000, 1015)}, ValueError, "interactions of fit would be left"),
    ],
)
@pytest.mark.parametrize(
    "model", [EASERecommender(20.0), DiverseRecommender(EASERecommender(20.0))], ids=["ease", "diverse"]
)
def test_bad_input_leaves_the_model_as_it_was(model, asked, error, match):
    X, y, _ = table()
    model.fit(pd.DataFrame(X), y)
    before = model.recommend()
    with pytest.raises(error, match=match):
        model.forget(**asked)
    pd.testing.assert_frame_equal(model.recommend(), before)


def test_context_of_columns_is_not_kept():
    X, y, _ = table()
    X["device"] = np.arange(len(y)) % 3
    model = TopNRecommender(Ridge()).fit(pd.DataFrame(X), y)
    with pytest.raises(ValueError, match=r"columns \['device'\] of X were not kept row by row"):
        model.forget(1003)


CLOCKS = {
    "numbers": lambda days: days,
    "datetimes": lambda days: pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D"),
    "zoned": lambda days: (
        pd.Timestamp("2020-01-01", tz="Europe/Paris") + pd.to_timedelta(days, unit="D")
    ),
    "durations": lambda days: pd.to_timedelta(days, unit="D"),
}


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("library", [pd.DataFrame, pl.from_pandas], ids=["pandas", "polars"])
def test_times_stay_on_their_clock(clock, library):
    X, _, _ = table()
    days = np.random.RandomState(1).randint(0, 40, len(X["user"]))  # some are equal
    X = pd.DataFrame({"user": X["user"], "item": X["item"], "when": CLOCKS[clock](days)})
    model = EASERecommender(20.0, time="when", half_life=9 if clock == "numbers" else "9D", decay=0.7)
    rest = library(X[X["user"] != 1003])
    expected = clone(model).fit(rest)
    fitted = clone(model).fit(library(X)).forget(1003)
    assert fitted.interactions_.clock == expected.interactions_.clock
    assert_same(fitted, expected, rest)
    assert_same(fitted.partial_fit(rest), expected.partial_fit(rest), rest)


def test_rows_stay_in_their_order():
    X = pd.DataFrame({"user": list("aaabbbccc"), "item": list("zyxzyxzxy")})
    fitted = NextItemRecommender(1.0).fit(X).forget(users="c")
    expected = NextItemRecommender(1.0).fit(X[X["user"] != "c"])
    history = [["me", "z"]]
    pd.testing.assert_frame_equal(fitted.recommend(history=history), expected.recommend(history=history))
