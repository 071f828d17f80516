"""Recommenders inside pipelines and searches."""

from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from sklearn_anime.utils._sklearn import BaseSearchCV


def find_last(estimator):
    """Return the estimator at the end of pipelines and searches, fitted or not."""
    if isinstance(estimator, FrozenEstimator):
        return find_last(estimator.estimator)
    if isinstance(estimator, BaseSearchCV):
        return find_last(getattr(estimator, "best_estimator_", estimator.estimator))
    if isinstance(estimator, Pipeline):
        return find_last(estimator.steps[-1][1])
    return estimator


def find_recommender(estimator):
    """Return the recommender at the end of pipelines and searches, fitted or not.

    Raises
    ------
    TypeError
        If what is there has no ``recommend``.
    """
    estimator = find_last(estimator)
    if not hasattr(estimator, "recommend"):
        name = type(estimator).__name__
        raise TypeError(
            f"{name} has no method `recommend`. Wrap it: TopNRecommender({name}(...)) makes a "
            f"recommender of any regressor."
        )
    return estimator


def id_columns(recommender):
    """Return the name or position of the user and of the item column of a fitted recommender.

    Recommenders of others are asked for their parameters ``user`` and ``item``.
    """
    layout = getattr(getattr(recommender, "interactions_", None), "layout", None)
    if layout is None:
        return {"user": getattr(recommender, "user", 0), "item": getattr(recommender, "item", 1)}
    positions = {"user": layout.user, "item": layout.item}
    if layout.names is None:
        return positions
    return {role: layout.names[position] for role, position in positions.items()}


def rows_of_recommender(estimator, X):
    """Return ``X`` as the recommender at the end of fitted pipelines and searches sees it."""
    if isinstance(estimator, FrozenEstimator):
        return rows_of_recommender(estimator.estimator, X)
    if isinstance(estimator, BaseSearchCV):
        if not hasattr(estimator, "best_estimator_"):
            raise NotFittedError(
                f"This {type(estimator).__name__} has no best_estimator_. Call fit with refit=True."
            )
        return rows_of_recommender(estimator.best_estimator_, X)
    if isinstance(estimator, Pipeline):
        X = estimator[:-1].transform(X) if len(estimator) > 1 else X
        return rows_of_recommender(estimator[-1], X)
    return X
