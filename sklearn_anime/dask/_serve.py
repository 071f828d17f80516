"""Recommendations and predictions of a fitted model, partition by partition."""

from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from numbers import Integral
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
ROW = "row of history"  # and one with the position of each row, which may be that of time
REPEATED = 2  # times that interactions would be sent, from which on every partition gets those of all


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
        users to the partition in which they are asked for. A model within another one, as in
        `DiverseRecommender`, takes its own table along to each worker.

    users : array-like of ids or dask.dataframe.Series, default=None
        Whom to recommend to. None means every user of ``fit`` or, with `history`, every user in it.

    n_items : int, default=10
        Number of items for each user.

    history : dask.dataframe.DataFrame, or pair of it and a Series, default=None
        Interactions, and how they were rated, as in the model's ``recommend``. The rows of each user are
        brought together, in their order. What ``fit`` has seen of its users goes to each worker.

    npartitions : int, default=None
        Number of partitions of the recommendations without `history`; None is one for 10,000 users, or
        as many as `users` has.

    **parameters : dict
        Further parameters of the model's ``recommend``.

    Returns
    -------
    dask.dataframe.DataFrame
        The frame that the model's ``recommend`` returns, one partition for some users. It is lazy: its
        ``to_parquet`` never holds the recommendations of all users. The interactions that they are made
        of are sent at once, and stay with the scheduler as long as the frame is there.

    Raises
    ------
    TypeError
        If the model is no recommender, or `history` no Dask DataFrame.

    ValueError
        If both `users` and `history` are given, or as in the model's ``recommend``.

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

    _check_recommender(model, "recommend")
    if users is not None and history is not None:
        raise ValueError("Give users= or history=, which recommends to all users in it.")
    parameters["n_items"] = n_items
    meta = _meta(model, parameters)
    served, given = sent_once(without_rows(model, parameters.get("now"))), sent_once(parameters)
    if history is not None:
        rows, frames = _history_of(model, history)
        tasks = [task(_recommend_from)(served, rows, each, given, meta) for each in frames]
    else:
        ids = _partitions_of(model, users, npartitions)
        if not ids:
            return dd.from_pandas(meta, npartitions=1)
        rows = sent_rows(model, [model.interactions_.users.encode(each) for each in ids])
        tasks = [
            task(_recommend)(served, some, each.to_native(), given)
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
        Rows in the form of ``fit``. They are read twice: at once, to bring the interactions of the users
        of each partition to it, and lazily for the predictions. Where users have rows in many
        partitions, each worker gets the interactions of all of them.

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

    _check_recommender(model, "predict")
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
    return dd.from_delayed(
        tasks, meta=_prediction([], X._meta.index), divisions=divisions, verify_meta=False
    )


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


def without_rows(model, now=None):
    """Return a model without the interactions of its users, which go to the partitions.

    With `now`, it knows what was popular by then, which the interactions of some users do not tell.
    """
    served = _with(model, ServedInteractions.without_rows(model.interactions_))
    if now is not None:
        served._popularity = partial(_by_then, model._popularity(now))
    return served


def _by_then(popularity, now):
    return popularity


def sent_rows(model, codes):
    """Return the interactions of the known ones of some users, for each partition.

    Where most are in several partitions, each gets those of all, which a worker needs once.
    """
    known = [np.unique(each[each >= 0]) for each in codes]
    everyone, lengths = np.unique(np.concatenate(known)), model.interactions_.row_lengths
    n_sent = sum(lengths[each].sum() for each in known)
    if n_sent > REPEATED * lengths[everyone].sum():
        return [sent_once(model.interactions_.take(everyone))] * len(known)
    return [sent_once(model.interactions_.take(each)) for each in known]


def _with_rows(model, rows):
    """Return a model that was sent without interactions with those of some users."""
    return _with(model, model.interactions_.with_rows(rows))


def _with(model, interactions):
    """Return a copy of a model with other interactions."""
    other = copy(model)
    other.interactions_ = interactions
    return other


def _partitions_of(model, users, npartitions):
    """Return the ids of the users of each partition, each user once."""
    if npartitions is not None and not (isinstance(npartitions, Integral) and npartitions > 0):
        raise ValueError(f"npartitions={npartitions!r} is no number of partitions. Give 1 or more.")
    if hasattr(users, "to_delayed"):
        npartitions, users = npartitions or users.npartitions, _distinct_of(users)
    ids = model.interactions_.users.ids if users is None else as_series(users)
    ids = ids.unique(maintain_order=True)
    n = npartitions or -(-len(ids) // USERS_OF_PARTITION)
    bounds = np.linspace(0, len(ids), min(n, len(ids)) + 1).astype(int).tolist()
    return [ids[start:stop] for start, stop in pairwise(bounds)]


def _distinct_of(column):
    """Return the distinct values of each partition of a Dask Series."""
    parts = import_dask().compute(*(task(_distinct)(part) for part in column.to_delayed()))
    return pd.concat(parts)


def _distinct(column):
    return column.drop_duplicates()


def _history_of(model, history):
    """Return what ``fit`` has seen of the users of a history, and its frames, with whole users."""
    X, y = history if isinstance(history, tuple) else (history, None)
    if not hasattr(X, "to_delayed"):
        raise TypeError(
            f"history= is a {type(X).__name__}, and sklearn_anime.dask.recommend takes a Dask "
            f"DataFrame. Call model.recommend(history=...)."
        )
    layout, X = model.interactions_.layout, X.rename(columns=str)  # a shuffle takes names of text alone
    user = X.columns[layout.user] if layout.names is None else layout.names[layout.user]
    if user not in X.columns:
        raise ValueError(
            f"history= has no column {user!r} (columns: {list(X.columns)}). Name the columns as in fit."
        )
    ids = as_series(_distinct_of(X[user]))
    (rows,) = sent_rows(model, [model.interactions_.users.encode(ids)])
    X = X.assign(**{ROW: 1})
    X = X.assign(**{ROW: X[ROW].cumsum()})
    if y is not None:
        X = X.assign(**{RATING: y})
    return rows, (X if X.npartitions == 1 else X.shuffle(on=user)).to_delayed()


def _recommend(model, rows, ids, parameters):
    return _in_pandas(_with_rows(model, rows).recommend(ids, **parameters))


def _recommend_from(model, rows, history, parameters, meta):
    if len(history) == 0:
        return meta
    history = history.sort_values(ROW).drop(columns=ROW)
    if RATING in history:
        history = history.drop(columns=RATING), history[RATING]
    return _in_pandas(_with_rows(model, rows).recommend(history=history, **parameters))


def _users_of(model, X):
    """Return the codes of the users of rows."""
    if len(X) == 0:
        return np.empty(0, dtype=np.intp)
    fitted = model.interactions_
    return np.unique(fitted.users.encode(Rows.read(X, fitted.layout, model).user))


def _predict(model, rows, X):
    if len(X) == 0:
        return _prediction([], X.index)
    return _prediction(_with_rows(model, rows).predict(X), X.index)


def _prediction(values, index):
    return pd.Series(np.asarray(values, dtype=np.float64), index=index, name="prediction")


def _meta(model, parameters):
    """Return the recommendations of a model without rows, or raise for its parameters."""
    with without_warnings():
        found = model.recommend(model.interactions_.users.ids[[0]], **parameters)
    return _in_pandas(found).iloc[:0]


def _check_recommender(model, name):
    """Raise for what has no interactions, as pipelines and the regressors of scikit-learn."""
    check_is_fitted(model)
    if not (hasattr(model, "interactions_") and hasattr(model, name)):
        raise TypeError(
            f"sklearn_anime.dask.{name} takes a recommender of this package, and {type(model).__name__} "
            f"is none. Of a pipeline, give its last step: pipeline[-1]."
        )


def _in_pandas(frame):
    return nw.from_native(frame).to_pandas()
