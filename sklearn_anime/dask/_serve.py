"""Recommendations and predictions of a fitted model, partition by partition."""

from copy import copy
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.dask._import import import_dask
from sklearn_anime.dask._partitions import sent_once, task
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.interactions._rows import Rows
from sklearn_anime.utils._warnings import without_warnings

USERS_OF_PARTITION = 10_000
OF_PAIRS = ("item_codes", "ratings", "weights", "totals", "times", "order")
OF_ALL_USERS = ("item_counts", "popularity", "mean_rating", "newest")
RATING = "rating of history"  # column that takes the ratings of a history to another partition


def recommend(
    model: Any,
    users: Any = None,
    n_items: int = 10,
    *,
    history: Any = None,
    npartitions: int | None = None,
    **parameters: Any,
) -> Any:
    """Recommend items to users, partition by partition.

    Parameters
    ----------
    model : fitted recommender
        Any recommender of this package. Its parameters go to each worker once, and the interactions of
        users to the partition in which they are asked for.

    users : array-like of ids or dask.dataframe.Series, default=None
        Whom to recommend to. None means every user of ``fit`` or, with `history`, every user in it.

    n_items : int, default=10
        Number of items for each user.

    history : dask.dataframe.DataFrame, or pair of it and a Series, default=None
        Interactions, and how they were rated, as in the model's ``recommend``. The rows of each user are
        brought together.

    npartitions : int, default=None
        Number of partitions of the recommendations without `history`; None is one for 10,000 users.

    **parameters : dict
        Further parameters of the model's ``recommend``.

    Returns
    -------
    dask.dataframe.DataFrame
        The frame that the model's ``recommend`` returns, one partition for some users. It is lazy: its
        ``to_parquet`` never holds the recommendations of all users.

    See Also
    --------
    fit : Fit a model to a Dask DataFrame.

    Examples
    --------
    >>> import sklearn_anime.dask
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["cat", "Clannad"]]
    >>> model = PopularityRecommender().fit(X)
    >>> lazy = sklearn_anime.dask.recommend(model, n_items=1, npartitions=2)
    >>> lazy.npartitions, lazy.compute().item.tolist()
    (2, ['Clannad', 'Bleach', 'Akira'])
    """
    import_dask("sklearn_anime.dask.recommend")
    import dask.dataframe as dd

    check_is_fitted(model)
    served = sent_once(without_rows(model))
    meta = _meta(model)
    if history is not None:
        if users is not None:
            raise ValueError("Give users= or history=, which recommends to all users in it.")
        frames = _by_user(model, history)
        tasks = [task(_recommend_from)(served, each, n_items, parameters, meta) for each in frames]
    else:
        ids = _partitions_of(model, users, npartitions)
        rows = sent_rows(model, [model.interactions_.users.encode(each) for each in ids])
        tasks = [
            task(_recommend)(served, some, each.to_native(), n_items, parameters)
            for some, each in zip(rows, ids, strict=True)
        ]
    return dd.from_delayed(tasks, meta=meta, verify_meta=False)


def predict(model: Any, X: Any) -> Any:
    """Predict for the rows of a Dask DataFrame, partition by partition.

    Parameters
    ----------
    model : fitted estimator
        Any recommender or rating model of this package. Its parameters go to each worker once.

    X : dask.dataframe.DataFrame
        Rows in the form of ``fit``. The column of users is read at once, to bring the interactions of
        the users of each partition to it; all else is lazy.

    Returns
    -------
    dask.dataframe.Series
        What the model's ``predict`` returns, in the partitions and with the index of ``X``.

    See Also
    --------
    fit : Fit a model to a Dask DataFrame.

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> import pandas as pd
    >>> import sklearn_anime.dask
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> rows = pd.DataFrame({"user": ["ann", "ann", "bob"], "item": ["Akira", "Bleach", "Akira"]})
    >>> model = BiasRegressor(shrinkage=0).fit(rows, [10, 8, 7])
    >>> frame = dd.from_pandas(rows, npartitions=2)
    >>> sklearn_anime.dask.predict(model, frame).compute().round(2).tolist()
    [10.0, 8.0, 7.0]
    """
    dask = import_dask("sklearn_anime.dask.predict")
    import dask.dataframe as dd

    check_is_fitted(model)
    if not isinstance(X, dd.DataFrame):
        raise TypeError(
            f"X is a {type(X).__name__}, and sklearn_anime.dask.predict takes a Dask DataFrame. Call "
            f"model.predict(X)."
        )
    served, frames = sent_once(without_rows(model)), X.to_delayed()
    codes = dask.compute(*(task(_users_of)(served, frame) for frame in frames))
    rows = sent_rows(model, codes)
    tasks = [task(_predict)(served, *each) for each in zip(rows, frames, strict=True)]
    divisions = X.divisions if X.known_divisions else None
    return dd.from_delayed(tasks, meta=_prediction([], None), divisions=divisions, verify_meta=False)


@dataclass(frozen=True, eq=False, kw_only=True)
class ServedInteractions(Interactions):
    """The interactions of some users, beside what models ask of those of all users.

    Attributes
    ----------
    known : dict
        Values of the properties in `OF_ALL_USERS`, and the range of the ratings.
    """

    known: dict

    item_counts = property(lambda self: self.known["item_counts"])
    popularity = property(lambda self: self.known["popularity"])
    mean_rating = property(lambda self: self.known["mean_rating"])
    newest = property(lambda self: self.known["newest"])
    rating_range = property(lambda self: self.known["rating_range"])

    @classmethod
    def without_rows(cls, table):
        """Return a table without interactions, which knows what those of all users add up to."""
        known = {name: getattr(table, name) for name in ("item_counts", "popularity", "newest")}
        rated = table.rated.any()
        known["mean_rating"] = table.mean_rating if rated else np.nan
        known["rating_range"] = table.rating_range if rated else (np.nan, np.nan)
        features = table.features
        if features is not None and features.contexts is not None:
            features = replace(features, contexts=features.contexts[:0])
        fields = {name: getattr(table, name) for name in table.__dataclass_fields__}
        fields |= {name: values[:0] for name in OF_PAIRS if (values := fields[name]) is not None}
        fields |= {"indptr": np.zeros(len(table.codes) + 1, dtype=np.intp), "features": features}
        return cls(**fields, known=known)

    def with_rows(self, rows):
        """Return this table with the interactions of some users, sorted by their codes."""
        lengths = np.zeros(len(self.codes), dtype=np.intp)
        lengths[rows.codes] = rows.row_lengths
        pairs = {name: getattr(rows, name) for name in OF_PAIRS}
        return replace(self, indptr=np.concatenate([[0], np.cumsum(lengths)]), **pairs)


def without_rows(model):
    """Return a model without the interactions of its users, which go to the partitions."""
    return _with(model, ServedInteractions.without_rows(model.interactions_))


def sent_rows(model, codes):
    """Return the interactions of the known ones of some users, for each partition."""
    known = [np.unique(each[each >= 0]) for each in codes]
    return [sent_once(model.interactions_.take(each)) for each in known]


def _with(model, interactions):
    """Return a copy of a model with other interactions."""
    other = copy(model)
    other.interactions_ = interactions
    return other


def _partitions_of(model, users, npartitions):
    """Return the ids of the users of each partition."""
    if hasattr(users, "to_delayed"):
        parts = import_dask().compute(*users.to_delayed())
        return [as_series(part.drop_duplicates()) for part in parts if len(part)]
    ids = model.interactions_.users.ids if users is None else as_series(users)
    n = npartitions or -(-len(ids) // USERS_OF_PARTITION)
    bounds = np.linspace(0, len(ids), min(n, len(ids)) + 1).astype(int).tolist()
    return [ids[start:stop] for start, stop in pairwise(bounds)]


def _by_user(model, history):
    """Return a history as delayed frames, in which each user has all rows, and maybe ratings."""
    X, y = history if isinstance(history, tuple) else (history, None)
    names = model.interactions_.layout.names
    user = X.columns[0] if names is None else names[model.interactions_.layout.user]
    if y is not None:
        X = X.assign(**{RATING: y})
    return (X if X.npartitions == 1 else X.shuffle(on=user)).to_delayed()


def _recommend(model, rows, ids, n_items, parameters):
    model = _with(model, model.interactions_.with_rows(rows))
    return _in_pandas(model.recommend(ids, n_items, **parameters))


def _recommend_from(model, history, n_items, parameters, meta):
    if len(history) == 0:
        return meta
    if RATING in history:
        history = history.drop(columns=RATING), history[RATING]
    return _in_pandas(model.recommend(n_items=n_items, history=history, **parameters))


def _users_of(model, X):
    """Return the codes of the users of rows."""
    if len(X) == 0:
        return np.empty(0, dtype=np.intp)
    fitted = model.interactions_
    return np.unique(fitted.users.encode(Rows.read(X, fitted.layout, model).user))


def _predict(model, rows, X):
    if len(X) == 0:
        return _prediction([], X.index)
    model = _with(model, model.interactions_.with_rows(rows))
    return _prediction(model.predict(X), X.index)


def _prediction(values, index):
    return pd.Series(np.asarray(values, dtype=np.float64), index=index, name="prediction")


def _meta(model):
    """Return the recommendations of a model without rows."""
    with without_warnings():
        found = model.recommend(model.interactions_.users.ids[[0]], n_items=1)
    return _in_pandas(found).iloc[:0]


def _in_pandas(frame):
    return nw.from_native(frame).to_pandas()
