"""A table of several models, evaluated on the same splits by the same scorers."""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import get_scorer
from sklearn.model_selection import check_cv, cross_validate

from sklearn_anime.metrics._scorer import JointScorer
from sklearn_anime.utils._sklearn import validate_params


@validate_params(
    {
        "estimators": [Mapping, list, tuple],
        "cv": ["cv_object"],
        "scoring": [str, callable, list, tuple, dict],
        "params": [Mapping, None],
        "published": [Mapping, None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def compare(
    estimators: Mapping[str, Any] | Sequence[tuple[str, Any]],
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    cv: Any,
    scoring: Any,
    params: Mapping[str, Any] | None = None,
    published: Mapping[str, Mapping[str, Any]] | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> pd.DataFrame:
    """Cross-validate several estimators on the same splits, into one table.

    Parameters
    ----------
    estimators : dict of str to estimator, or list of (str, estimator)
        What to compare, by name. They are cloned.

    X : array-like or DataFrame of shape (n_rows, n_columns)
        Rows that all of the estimators take.

    y : array-like of shape (n_rows,), default=None
        Ratings; NaN is "seen, not rated".

    cv : splitter or iterable of (train, test)
        How to split the rows; drawn once, so that all estimators see the same splits. A number
        is refused: it would stand for folds in the order of the rows, and tables of ratings
        are sorted by user.

    scoring : str, callable, list of str or dict of str to (str or callable)
        Scorers of `make_ranking_scorer`, `make_rating_scorer` or scikit-learn; greater is better. One
        of the first two that does not apply to an estimator (ranking by a plain regressor, ratings of a
        recommender that predicts none) leaves its cells empty. Ranking scorers that differ in metric
        and `k` alone share one call of ``recommend``, for the largest number of items.

    params : dict of str to array-like, default=None
        What ``fit`` and the scorers take besides ``X`` and ``y``, such as
        ``{"sample_weight": weights}``, with an element for each row.

    published : dict of str to dict, default=None
        Rows to print below, such as those of a paper: name of a model -> name of a scorer -> its mean,
        with the sign that the scorer has; under ``"source"`` where the numbers are from. They are only
        comparable where the rows, the split and the metric are those of the source.

    n_jobs : int, default=None
        Number of processes that fit and score the splits of an estimator.

    verbose : int, default=0
        Whether to print each estimator when it is done.

    Returns
    -------
    pandas DataFrame
        One row for each estimator, by its name: ``mean_<scorer>`` and ``std_<scorer>`` over the splits
        (the standard deviation is NaN where there is one split), and ``fit_seconds`` and
        ``score_seconds``, means over the splits. With `published` its rows follow, with what they say,
        and a column ``source``: ``"measured"`` for the estimators.

    Raises
    ------
    ValueError
        If `cv` is a number, there is no estimator, two of them have the same name, no scorer applies to
        one of them, or a published row has the name of an estimator, an unknown scorer or a value that
        is no number.

    TypeError
        If estimators or scorers have no names.

    See Also
    --------
    LeaveKOutPerUser : The usual split for rankings.
    sklearn_anime.metrics.make_ranking_scorer : Scores rankings.
    sklearn_anime.metrics.make_rating_scorer : Scores ratings.

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
    >>> from sklearn_anime.datasets import load_anime_sample
    >>> from sklearn_anime.metrics import make_ranking_scorer, make_rating_scorer
    >>> from sklearn_anime.model_selection import LeaveKOutPerUser, compare
    >>> anime = load_anime_sample()
    >>> table = compare(
    ...     {"popularity": PopularityRecommender(), "bias": BiasRegressor()},
    ...     anime.data,
    ...     anime.target,
    ...     cv=LeaveKOutPerUser(5, random_state=0),
    ...     scoring={"ndcg": make_ranking_scorer("ndcg"), "rmse": make_rating_scorer("rmse")},
    ... )
    >>> table.columns.tolist()
    ['mean_ndcg', 'std_ndcg', 'mean_rmse', 'std_rmse', 'fit_seconds', 'score_seconds']
    >>> table.mean_rmse.isna().to_dict()  # a count of users is no rating
    {'popularity': True, 'bias': False}
    >>> beside = compare(
    ...     {"popularity": PopularityRecommender()},
    ...     anime.data,
    ...     cv=LeaveKOutPerUser(5, random_state=0),
    ...     scoring={"ndcg": make_ranking_scorer("ndcg")},
    ...     published={"random": {"ndcg": 0.02, "source": "an invented example"}},
    ... )
    >>> beside.source.to_dict()
    {'popularity': 'measured', 'random': 'an invented example'}
    """
    named, scorers = _named(estimators), _scorers(scoring)
    _check_published(published, named, scorers)
    used = {name: _applicable(scorers, name, estimator) for name, estimator in named.items()}
    splits = _splits(cv, X, y)
    rows = {}
    for name, estimator in named.items():
        joint = JointScorer(used[name])
        results = cross_validate(
            estimator, X, y, cv=splits, scoring=joint, params=params, n_jobs=n_jobs, error_score="raise"
        )
        rows[name] = _cells(results, scorers)
        if verbose:
            print(f"[compare] {name}: " + ", ".join(f"{k} {v:.4g}" for k, v in rows[name].items()))
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("estimator")
    return table if published is None else _append_published(table, published)


def _check_published(published, named, scorers):
    for name, values in (published or {}).items():
        if name in named:
            raise ValueError(f"published has a row {name!r}, as estimators has. Rename one.")
        for key, value in values.items():
            if key not in (*scorers, "source"):
                raise ValueError(
                    f"published[{name!r}] has a value for {key!r}, which is no scorer (scorers: "
                    f"{list(scorers)}). Name one of them, or 'source'."
                )
            if key != "source" and not isinstance(value, Real):
                raise ValueError(
                    f"published[{name!r}][{key!r}] is {value!r}, where a number is expected."
                )


def _append_published(table, published):
    """Return the table with a column of sources, and the published rows below."""
    rows = {
        name: {key if key == "source" else f"mean_{key}": value for key, value in values.items()}
        for name, values in published.items()
    }
    table = table.assign(source="measured")
    return table.reindex([*table.index, *rows]).assign(
        **{
            column: [*table[column], *(row.get(column, np.nan) for row in rows.values())]
            for column in table
        }
    )


def _named(estimators):
    pairs = list(estimators.items() if isinstance(estimators, Mapping) else estimators)
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise TypeError(
            f"estimators must be a dict of names to estimators, or a list of (name, estimator), got "
            f"{estimators!r}."
        )
    if not pairs:
        raise ValueError("There is nothing to compare: estimators is empty. Name one or more.")
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError(f"Two estimators have the same name (names: {names}). Rename one.")
    return dict(pairs)


def _scorers(scoring):
    """Return name -> callable."""
    if isinstance(scoring, str):
        scoring = [scoring]
    if callable(scoring):
        scoring = {"score": scoring}
    if not isinstance(scoring, Mapping):
        _check_names(scoring)
        scoring = {name: name for name in scoring}
    return {name: get_scorer(scorer) for name, scorer in scoring.items()}


def _check_names(scoring):
    for name in scoring:
        if not isinstance(name, str):
            raise TypeError(
                f"scoring has a {type(name).__name__}, which has no name. Name it in a "
                f"dict, such as scoring={{'ndcg': make_ranking_scorer('ndcg')}}."
            )


def _splits(cv, X, y):
    if cv is None or isinstance(cv, Integral):
        raise ValueError(
            f"cv={cv} would split the rows in their order, and so test on users that training has not "
            f"seen where they are sorted by user. Pass a splitter, such as PerUserKFold(5, "
            f"random_state=0)."
        )
    return list(check_cv(cv).split(X, y))


def _applicable(scorers, name, estimator):
    """Return the scorers that apply to an estimator."""
    found = {key: scorer for key, scorer in scorers.items() if _applies(scorer, estimator)}
    if not found:
        raise ValueError(
            f"None of the scorers {list(scorers)} applies to {name!r}, a {type(estimator).__name__}. "
            f"A ranking metric needs a recommender, which TopNRecommender makes of any regressor; "
            f"ratings need a regressor."
        )
    return found


def _applies(scorer, estimator):
    return getattr(scorer, "applies_to", lambda estimator: True)(estimator)


def _deviation(scores):
    """Return the standard deviation over splits; one split has none."""
    return np.std(scores) if len(scores) > 1 else np.nan


def _cells(results, scorers):
    """Return the cells of one estimator."""
    cells = {}
    for key in scorers:
        scores = results.get(f"test_{key}", [np.nan])
        cells |= {f"mean_{key}": np.mean(scores), f"std_{key}": _deviation(scores)}
    times = {f"{step}_seconds": np.mean(results[f"{step}_time"]) for step in ("fit", "score")}
    return cells | times
