"""What the checks of recommenders share: a small table, models fitted to it, and assertions."""

import warnings
from contextlib import contextmanager
from functools import wraps

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn.base import clone

# Ratings of 12 users (rows) for 9 items: "?" is an interaction without a rating, "." none.
RATINGS = [
    "77.7.6...",
    "82.9.4.65",
    "792..26..",
    "89.695.6.",
    "?949...9.",
    "?8..9?6?.",
    "8699.3?..",
    "559..7.?.",
    "7.4.8.6..",
    "91287..5.",
    "9.598..26",
    "?.6572.7.",
]
N_ITEMS = len(RATINGS[0])
UNKNOWN = [-1, -2]  # ids that the table does not have
COLUMNS = ["user_id", "item_id", "year"]
ID_TYPES = {
    "integers": lambda ids: ids,
    "text": lambda ids: [f"id {number}" for number in ids],
    "categories": lambda ids: pd.Categorical(ids, categories=sorted(set(ids), reverse=True)),
}
CHECKS = []


def recommender_check(applies=lambda estimator: True):
    """Register a check, which gets a clone of the estimator and whose warnings are ignored.

    `applies` tells for which estimators it is.
    """

    def register(check):
        @wraps(check)
        def quiet(name, estimator):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check(name, with_columns(estimator))

        quiet.applies = applies
        CHECKS.append(quiet)
        return quiet

    return register


def with_columns(estimator, user=0, item=1):
    """Return a clone that reads its ids from these columns and draws the same at random each time."""
    values = {"user": user, "item": item, "time": None, "random_state": 0}
    names = {name: name.split("__")[-1] for name in estimator.get_params()}
    changed = {name: values[last] for name, last in names.items() if last in values}
    return clone(estimator).set_params(**changed)


def rows(ids="integers"):
    """Return interactions as ids and a feature of the items, and their ratings.

    Every user has 4 to 6 items, 2 of them or more with a rating of at least 7.
    """
    cells = np.array([list(line) for line in RATINGS])
    users, items = np.nonzero(cells != ".")
    named, ratings = ID_TYPES[ids], cells[users, items]
    X = pd.DataFrame({
        "user_id": named(101 + 5 * users % len(RATINGS)),
        "item_id": named(2000 + 13 * (4 * items % N_ITEMS)),
        "year": 1990 + 3 * items,
    })  # fmt: skip
    return X, np.where(ratings == "?", "nan", ratings).astype(float)


def of_users(X, y, users):
    """Return the rows and ratings of some users."""
    kept = X["user_id"].isin(users).to_numpy()
    return X[kept].reset_index(drop=True), y[kept]


def fitted(estimator, ids="integers"):
    """Return the estimator fitted to the table, the table, and its ratings."""
    X, y = rows(ids)
    return estimator.fit(X, y), X, y


def plain(frame):
    """Return a frame of any library as one of pandas, its columns named by their meaning."""
    frame = nw.from_native(frame)
    names = ["user", "item", "score", "rank"]
    return pd.DataFrame(
        {name: frame[column].to_list() for name, column in zip(names, frame.columns, strict=True)}
    )


def ranking(model, users=None, n_items=N_ITEMS, **options):
    """Return the recommendations of a model with columns user, item, score and rank."""
    return plain(model.recommend(users, n_items, **options))


def pairs(frame):
    """Return the set of the first two columns of a frame."""
    return set(zip(frame.iloc[:, 0], frame.iloc[:, 1], strict=True))


def assert_same(one, other, message):
    """Raise unless two rankings hold the same pairs with the same scores."""
    one, other = (each.sort_values(["user", "item"], ignore_index=True) for each in (one, other))
    assert one[["user", "item"]].equals(other[["user", "item"]]), f"{message} Other items come out."
    assert_close(one["score"], other["score"], message)


def assert_close(one, other, message):
    """Raise unless two arrays hold the same numbers but for the rounding of single precision."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    scale = np.nanmax(np.abs(one), initial=1e-3)
    if not np.allclose(one, other, rtol=1e-4, atol=1e-4 * scale, equal_nan=True):
        raise AssertionError(f"{message} Numbers differ by {np.nanmax(np.abs(one - other)):.3g}.")


@contextmanager
def must_raise(errors, message):
    """Raise an AssertionError with a message unless what follows raises one of some errors."""
    try:
        yield
    except errors:
        return
    except Exception as error:
        raise AssertionError(f"{message} It raised {type(error).__name__}: {error}") from error
    raise AssertionError(f"{message} It raised nothing.")
