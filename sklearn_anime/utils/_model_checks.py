"""Checks of a recommender as a model: histories, unknown ids, explanations, and its fitted state."""

import functools
import pickle
import types
import warnings
from numbers import Number

import narwhals as nw
import numpy as np
from scipy import sparse
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError

from sklearn_anime.base import RecommenderMixin
from sklearn_anime.utils._check_tools import (
    COLUMNS,
    UNKNOWN,
    assert_close,
    assert_same,
    fitted,
    must_raise,
    of_users,
    pairs,
    ranking,
    recommender_check,
    rows,
)

FRAMES = {"cudf", "dask", "modin", "narwhals", "pandas", "polars", "pyarrow"}
FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    functools.partial,
)
# Other libraries keep in their objects what they keep.
OF_OTHERS = {"faiss", "keras", "numpy", "scikeras", "scipy", "sklearn", "tensorflow"}


def _explains(estimator):
    return hasattr(estimator, "explain")


def _explains_ratings(estimator):
    return _explains(estimator) and is_regressor(estimator)


@recommender_check()
def check_methods(name, estimator):
    """Check that a recommender inherits what it answers from `RecommenderMixin`."""
    assert isinstance(estimator, RecommenderMixin), (
        f"{name} must inherit from sklearn_anime.base.RecommenderMixin, left of BaseEstimator."
    )


@recommender_check()
def check_unfitted(name, estimator):
    """Check that before fit, recommend and predict raise NotFittedError."""
    X, _ = rows()
    with must_raise(NotFittedError, f"recommend of {name} must raise NotFittedError before fit."):
        estimator.recommend()
    with must_raise(NotFittedError, f"predict of {name} must raise NotFittedError before fit."):
        estimator.predict(X)


@recommender_check()
def check_history_of_fit(name, estimator):
    """Check that the rows of fit as history= give the recommendations of fit."""
    model, X, y = fitted(estimator)
    users = X["user_id"].unique()[[4, 1, 7]]
    found = ranking(model, users, history=of_users(X, y, users))
    message = f"{name} must recommend from history= as from the same rows in fit."
    assert_same(ranking(model, users), found, message)


@recommender_check()
def check_new_users_by_history(name, estimator):
    """Check that new users of history= are scored, and that their items are left out."""
    model, X, y = fitted(estimator)
    known = X["user_id"].unique()[:2]
    history, ratings = of_users(X, y, known)
    history["user_id"] = history["user_id"].map(dict(zip(known, UNKNOWN, strict=True)))
    found = ranking(model, history=(history, ratings))
    assert set(found["user"]) == set(UNKNOWN), (
        "Without users=, recommend(history=) must answer for the users of the history."
    )
    assert np.isfinite(found["score"]).all(), (
        f"{name} must score users of history= without a refit: _score_block gets their rows, with "
        f"codes of -1."
    )
    assert not pairs(found) & pairs(history), "Items in history= are seen, and must be left out."
    bare = ranking(model, history=history)
    assert set(bare["user"]) == set(UNKNOWN), "history= must do without ratings."
    assert not pairs(bare) & pairs(history), "Items in history= are seen, rated or not."
    reordered = ranking(model, history=(history[["item_id", "user_id"]], ratings))
    assert set(reordered["user"]) == set(UNKNOWN), (
        "A history frame must be read by the names of its columns, which may leave out features."
    )


@recommender_check()
def check_unknown_users_are_counted(name, estimator):
    """Check that one warning counts the users without a history among those asked for."""
    model, X, _ = fitted(estimator)
    known = X["user_id"].iloc[0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = ranking(model, [known, *UNKNOWN], n_items=2)
    said = [str(warning.message) for warning in caught if "2 of 3 users" in str(warning.message)]
    assert len(said) == 1, (
        f"recommend must warn once that 2 of 3 users have no history, and warned {len(said)} times. "
        f"_has_history(rows) tells who has one."
    )
    scores = found["score"][found["user"] == known]
    assert np.isfinite(scores).all(), "A user of fit must have scores beside unknown users."


@recommender_check()
def check_predict(name, estimator):
    """Check that `predict` gives one finite number per row, also for unknown ids."""
    model, X, _ = fitted(estimator)
    some = X[:4].assign(user_id=[X["user_id"][0], -1, X["user_id"][0], -1])
    some["item_id"] = [X["item_id"][0], X["item_id"][0], -1, -1]
    for asked in (X, some):
        predicted = model.predict(asked)
        assert isinstance(predicted, np.ndarray), "predict must return an ndarray."
        assert predicted.shape == (len(asked),), "predict must return one number per row."
        assert np.isfinite(predicted).all(), (
            f"predict of {name} must be finite, also for users and items that were not in fit."
        )


@recommender_check()
def check_similar_items(name, estimator):
    """Check that the items most similar to an item are others, by falling similarity in [-1, 1]."""
    model, X, _ = fitted(estimator)
    _check_similar(model.similar_items, X["item_id"])


@recommender_check(lambda estimator: hasattr(estimator, "similar_users"))
def check_similar_users(name, estimator):
    """Check that the users most similar to a user are others, by falling similarity in [-1, 1]."""
    model, X, _ = fitted(estimator)
    _check_similar(model.similar_users, X["user_id"])


def _check_similar(similar, ids):
    method, known = similar.__name__, ids.unique()
    found = similar(known[:3], 100)
    expected = [ids.name, "neighbor", "similarity", "rank"]
    assert list(found.columns) == expected, f"{method} must return the columns {expected}."
    assert found["neighbor"].isin(known).all(), f"{method} must return ids of fit."
    assert not (found[ids.name] == found["neighbor"]).any(), (
        f"{method} must not return the id itself: its own similarity is -inf."
    )
    assert (found["similarity"].abs() < 1 + 1e-6).all(), "similarity must be in [-1, 1]."
    for _, of_id in found.groupby(ids.name):
        assert of_id["rank"].tolist() == list(range(1, len(of_id) + 1)), "Ranks must be 1, 2, ..."
        assert not (of_id["similarity"].diff() > 0).any(), "similarity must not rise with the rank."
    with must_raise(KeyError, f"{method} of an unknown id must raise KeyError."):
        similar(UNKNOWN)


@recommender_check(_explains)
def check_explain_adds_up_to_the_score(name, estimator):
    """Check that the contributions of explain add up to the score of the recommendation."""
    model, X, y = fitted(estimator)
    users = X["user_id"].unique()[:4]
    history = of_users(X, y, users[:1])
    history = history[0].assign(user_id=-1), history[1]
    for asked in ({"users": users}, {"history": history}):
        found = ranking(model, **asked, exclude_seen=False)
        for row in found[found["rank"] < 4].itertuples():
            given = {"history": history} if "history" in asked else {}
            _check_terms(model.explain(row.user, row.item, n=2, **given), row.score, "score")


@recommender_check(_explains_ratings)
def check_explain_adds_up_to_the_rating(name, estimator):
    """Check that with of="rating", the contributions of explain add up to the prediction."""
    model, X, _ = fitted(estimator)
    for row, rating in zip(X[:8].itertuples(), model.predict(X[:8]), strict=True):
        _check_terms(model.explain(row.user_id, row.item_id, of="rating", n=2), rating, "rating")


def _check_terms(explained, expected, of):
    table = nw.from_native(explained)
    others = [column for column in table.columns if column not in COLUMNS]
    assert others == ["term", "weight", "rating", "contribution"], (
        "explain must return term, the item or user column, weight, rating and contribution."
    )
    total = table["contribution"].sum()
    message = f"The contributions of explain(of={of!r}) must add up to the {of} {expected:.6g}."
    assert_close([expected], [total], f"{message} They add up to {total:.6g}.")


@recommender_check(_explains)
def check_explain_of_unknown_ids(name, estimator):
    """Check that `explain` raises KeyError for unknown items, and unknown users without history=."""
    model, X, _ = fitted(estimator)
    with must_raise(KeyError, "explain of an unknown item must raise KeyError."):
        model.explain(X["user_id"][0], -1)
    with must_raise(KeyError, "explain of an unknown user without history= must raise KeyError."):
        model.explain(-1, X["item_id"][0])


@recommender_check()
def check_score(name, estimator):
    """Check that `score` is a number in [0, 1], or in a model of ratings, at most 1."""
    X, y = rows()
    test = np.arange(len(X)) % 4 == 0
    score = estimator.fit(X[~test], y[~test]).score(X[test], y[test])
    assert isinstance(score, float), f"score must be a float, not {type(score).__name__}."
    lowest = -np.inf if is_regressor(estimator) else 0
    assert lowest <= score <= 1, f"score of {name} must be in [{lowest}, 1], not {score}."


@recommender_check()
def check_failed_fit_changes_nothing(name, estimator):
    """Check that a fit that fails leaves the model as it was."""
    model, X, y = fitted(estimator)
    before, predicted = dict(vars(model)), model.predict(X)
    bad = X.assign(user_id=X["user_id"].astype(float).where(X.index != 3), more=1)
    with must_raise((ValueError, TypeError), "fit must raise where a user id is missing."):
        model.fit(bad, y)
    after = vars(model)
    changed = [key for key in before | after if before.get(key) is not after.get(key)]
    assert not changed, (
        f"A fit that failed has changed {changed} of {name}. Compute everything first, then store it "
        f"in one step with self._set_fitted(X, ...)."
    )
    assert_close(predicted, model.predict(X), "A fit that failed must not change predictions.")


@recommender_check()
def check_forget(name, estimator):
    """Check that forget(users, items) leaves the ids out, as a fit without their rows does."""
    model, X, y = fitted(estimator)
    user, item = X["user_id"].iloc[0], X["item_id"].iloc[1]
    assert model.forget(user, item) is model, f"forget of {name} must return self."
    assert user not in model.users_, f"forget of {name} must leave the user out of users_."
    assert item not in model.items_, f"forget of {name} must leave the item out of items_."
    if "random_state" not in estimator.get_params():
        kept = X[(X["user_id"] != user) & (X["item_id"] != item)].sort_values(["user_id", "item_id"])
        expected = ranking(clone(estimator).fit(kept, y[kept.index]))
        assert_same(ranking(model), expected, f"forget of {name} must equal a fit without the rows.")
    with must_raise(KeyError, f"forget of an id that {name} does not know must raise KeyError."):
        model.forget(user)


@recommender_check()
def check_fit_keeps_parameters(name, estimator):
    """Check that `fit` returns the estimator, and leaves its parameters and the rows as they were."""
    X, y = rows()
    before, X_before, y_before = estimator.get_params(deep=False), X.copy(), y.copy()
    assert estimator.fit(X, y) is estimator, f"fit of {name} must return self."
    after = estimator.get_params(deep=False)
    changed = [key for key in before if before[key] is not after[key]]
    assert not changed, f"fit of {name} must not change the parameters {changed}."
    assert X.equals(X_before), "fit must not change X."
    assert np.array_equal(y, y_before, equal_nan=True), "fit must not change y."


@recommender_check()
def check_pickle(name, estimator):
    """Check that a model recommends the same after pickling, and a clone of it is not fitted."""
    model, X, _ = fitted(estimator)
    loaded = pickle.loads(pickle.dumps(model))
    message = f"{name} must recommend the same after pickling."
    assert_same(ranking(model), ranking(loaded), message)
    assert_close(model.predict(X), loaded.predict(X), message)
    assert not hasattr(clone(model), "interactions_"), f"clone({name}) must not be fitted."


@recommender_check()
def check_fitted_state_is_plain_data(name, estimator):
    """Check that a fitted model holds arrays, numbers and text, but no frames and no functions."""
    model, *_ = fitted(estimator)
    parameters = model.get_params(deep=False)
    state = {key: value for key, value in vars(model).items() if key not in parameters}
    for path, value in _objects(state, name):
        kind = type(value)
        library = kind.__module__.partition(".")[0]
        is_plain = library not in FRAMES and not isinstance(value, FUNCTIONS)
        assert is_plain, (
            f"{path} holds a {kind.__module__}.{kind.__name__}. A fitted model must hold plain data, "
            f"which can be stored without pickle: make frames, indexes and functions on demand."
        )


def _objects(value, path, known=None):
    """Yield all objects that a value holds, each with its path."""
    known = set() if known is None else known
    if value is None or isinstance(value, (str, bytes, Number)) or id(value) in known:
        return
    known.add(id(value))
    yield path, value
    for key, part in _parts(value):
        yield from _objects(part, f"{path}{key}", known)


def _parts(value):
    """Return the parts of a container or object, each with its name."""
    if isinstance(value, dict):
        return [(f"[{key!r}]", part) for key, part in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [(f"[{position}]", part) for position, part in enumerate(value)]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [(f"[{position}]", part) for position, part in enumerate(value.flat)]
    if sparse.issparse(value) or isinstance(value, type):
        return []
    library = type(value).__module__.partition(".")[0]
    if library in OF_OTHERS | FRAMES or isinstance(value, FUNCTIONS):
        return []
    return [(f".{key}", part) for key, part in getattr(value, "__dict__", {}).items()]
