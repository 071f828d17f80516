"""Fit models to tables that do not fit into one memory."""

from typing import Any

import pandas as pd

from sklearn_anime.dask._import import import_dask
from sklearn_anime.dask._table import DaskInteractions


def fit(model: Any, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Fit a model to a Dask DataFrame.

    The rows stay on the workers, and only sums travel. At the end the table comes to this process, as
    ``interactions_`` is a part of the fitted model.

    Parameters
    ----------
    model : estimator
        A `PopularityRecommender`, `BiasRegressor`, `SVDNeighborsRecommender`, `EASERecommender` or
        `NextItemRecommender`.

    X : dask.dataframe.DataFrame
        Rows in the form of the model's ``fit``. The ids have one dtype in all partitions.

    y : dask.dataframe.Series, default=None
        Ratings, in the partitions of ``X``; NaN is "seen, not rated".

    sample_weight : dask.dataframe.Series, default=None
        Weights of the rows, in the partitions of ``X``.

    Returns
    -------
    estimator
        The model, fitted as by its ``fit`` on all rows.

    See Also
    --------
    recommend : Recommend to all users, partition by partition.
    predict : Predict for the rows of a Dask DataFrame.

    Notes
    -----
    One pass over the partitions finds the ids, and a second one brings the rows of each user together,
    by the codes of users. Without a cluster (``distributed.Client``), Dask works in this process.

    Examples
    --------
    >>> import dask.dataframe as dd
    >>> import pandas as pd
    >>> import sklearn_anime.dask
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> rows = pd.DataFrame({"user": ["ann", "ann", "bob"], "item": ["Akira", "Bleach", "Akira"]})
    >>> frame = dd.from_pandas(rows, npartitions=2)
    >>> model = sklearn_anime.dask.fit(PopularityRecommender(), frame)
    >>> model.recommend("bob", n_items=1)["item"].tolist()
    ['Bleach']
    """
    import_dask("sklearn_anime.dask.fit")
    _check_model(model)
    _check_frame(X, y, sample_weight)
    model._validate_params()
    interactions = DaskInteractions.from_frame(X, y, sample_weight, **model._reads())
    columns = pd.DataFrame(columns=list(X.columns))
    return model._set_fitted(columns, **model._fitted(interactions))


def _check_model(model):
    """Raise for a model whose fit is no sum over users."""
    if hasattr(model, "_reads") and hasattr(model, "_fitted"):
        return
    remedy = (
        "Call its partial_fit with one partition after the other."
        if hasattr(model, "partial_fit")
        else "Fit it to a part of the rows, with its own fit."
    )
    raise TypeError(
        f"sklearn_anime.dask.fit takes models whose fit is a sum over users, which "
        f"{type(model).__name__} is not. {remedy}"
    )


def _check_frame(X, y, sample_weight):
    """Raise for what is no Dask DataFrame, or columns of other partitions."""
    import dask.dataframe as dd

    if not isinstance(X, dd.DataFrame):
        raise TypeError(
            f"X is a {type(X).__name__}, and sklearn_anime.dask.fit takes a Dask DataFrame. Call "
            f"model.fit(X, y), or make one with dask.dataframe.from_pandas or read_parquet."
        )
    for name, column in {"y": y, "sample_weight": sample_weight}.items():
        if column is None:
            continue
        if not isinstance(column, dd.Series):
            raise TypeError(
                f"{name} is a {type(column).__name__}, and not a Dask Series as X is a Dask DataFrame. "
                f"Give a column of the same frame, such as frame['rating']."
            )
        if column.npartitions != X.npartitions:
            raise ValueError(
                f"{name} has {column.npartitions} partitions and X has {X.npartitions}. Give a column "
                f"of the frame that X was taken from."
            )
