"""All ranking metrics at once, user by user, with confidence intervals."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import bootstrap
from sklearn.utils import Bunch, check_random_state

from sklearn_anime.interactions._frames import tidy_frame
from sklearn_anime.metrics._held_out import HeldOut
from sklearn_anime.metrics._per_user import PER_USER
from sklearn_anime.metrics._relevance import Evaluation
from sklearn_anime.utils._sklearn import Interval, validate_params

BATCH = 2_000_000  # numbers that the bootstrap draws at once


@validate_params(
    {
        "confidence": [Interval(Real, 0, 1, closed="neither")],
        "n_resamples": [Interval(Integral, 2, None, closed="left")],
    }
    | HeldOut.CONSTRAINTS,
    prefer_skip_nested_validation=True,
)
def ranking_report(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    k: int = 10,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    relevant: float | None = None,
    history: float | None = None,
    sample_users: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Evaluate recommendations by all ranking metrics, user by user.

    One call of ``recommend`` serves all of them.

    Parameters
    ----------
    estimator : recommender
        Fitted; a Pipeline or a search that ends in a recommender will do.

    X : array-like or DataFrame of shape (n_rows, n_columns)
        Rows that ``fit`` has not seen.

    y : array-like of shape (n_rows,), default=None
        Ratings; needed for `relevant`.

    k : int, default=10
        Number of recommendations per user.

    confidence : float, default=0.95
        Confidence level of the intervals, between 0 and 1.

    n_resamples : int, default=1000
        Number of bootstrap samples of the users.

    relevant : float, default=None
        Rating from which on a row is relevant. None counts every row, rated or not.

    history : float, default=None
        Share of the rows of each user, between 0 and 1, rounded down to whole rows, that is drawn at
        random and handed to ``recommend`` as the history of the user; the others are to be found. For
        users who were not in ``fit``.

    sample_users : int, default=None
        How many users to draw, where all of them take too long.

    random_state : int, RandomState instance or None, default=None
        Seed of all draws.

    Returns
    -------
    Bunch
        With three frames:

        per_user : DataFrame
            The user column and, for each metric, a column with its value for the user: ``ndcg``,
            ``recall``, ``precision``, ``map``, ``mrr``, ``hit_rate``. In the frame library of ``X``.

        summary : pandas DataFrame
            One row for each metric: ``mean`` over the users, and ``low`` and ``high``, the ends of
            its confidence interval.

        by_activity : pandas DataFrame
            One row for each of up to four groups of the users, from the least to the most active, by
            the number of their interactions in ``fit`` (with `history`, of their relevant rows):
            ``n_users``, ``least`` and ``most`` interactions, mean ``ndcg``, and ``gap``, how far this is
            from the mean of all users.

    Raises
    ------
    TypeError
        If the estimator has no ``recommend``: wrap it in `TopNRecommender`.

    ValueError
        If no row is relevant, or none is left beside the history, or if ``X`` lacks the id columns of
        the recommender.

    Warns
    -----
    UserWarning
        If users have no relevant row (they are left out) or no history (they get popular items), if
        relevant pairs were in the rows of ``fit`` (they count as misses), or if `k` is larger than the
        catalog.

    See Also
    --------
    make_ranking_scorer : One of these numbers, for searches and cross-validation.

    Notes
    -----
    The interval holds the middle of the means over users drawn with replacement (the percentile
    bootstrap [1]_). It says how the mean would vary with other users like these; not how it would vary
    with other training rows.

    References
    ----------
    .. [1] Efron and Tibshirani (1993). An introduction to the bootstrap. Chapman and Hall.

    Examples
    --------
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> from sklearn_anime.metrics import ranking_report
    >>> train = [["ann", 1], ["ann", 2], ["bob", 1], ["bob", 3], ["cat", 3]]
    >>> model = PopularityRecommender().fit(train)
    >>> report = ranking_report(model, [["ann", 3], ["bob", 4]], k=2, random_state=0)
    >>> report.per_user[["user", "ndcg", "hit_rate"]]
      user  ndcg  hit_rate
    0  ann   1.0       1.0
    1  bob   0.0       0.0
    >>> report.summary.loc["ndcg"].to_dict()
    {'mean': 0.5, 'low': 0.0, 'high': 1.0}
    >>> report.by_activity
       n_users  least  most  ndcg  gap
    0        2      2     2   0.5  0.0
    """
    random_state = check_random_state(random_state)
    held_out = HeldOut(relevant, history, sample_users, random_state)
    recommender, recommended, relevant_rows = held_out.lists(estimator, X, y, k)
    evaluation = Evaluation.from_frames(recommended, relevant_rows)
    values = {name: per_user(evaluation, k) for name, per_user in PER_USER.items()}
    return Bunch(
        per_user=tidy_frame(evaluation.users.ids, **values),
        summary=_summary(pd.DataFrame(values), confidence, n_resamples, random_state),
        by_activity=_by_activity(_activity(recommender, evaluation, history), values["ndcg"]),
    )


def _activity(recommender, evaluation, history):
    """Return the number of interactions of each user in ``fit``, else of relevant items."""
    seen = getattr(recommender, "interactions_", None)
    if history is not None or seen is None:
        return evaluation.ideal.sum().astype(np.intp)
    return np.append(seen.row_lengths, 0)[seen.users.encode(evaluation.users.ids)]


def _by_activity(activity, ndcg):
    """Return the mean NDCG of up to four groups of users of about the same size."""
    edges = np.unique(np.quantile(activity, [0.25, 0.5, 0.75]))
    users = pd.DataFrame({"activity": activity, "ndcg": ndcg})
    groups = users.groupby(np.searchsorted(edges, activity))
    table = groups["activity"].agg(n_users="size", least="min", most="max")
    table["ndcg"] = groups["ndcg"].mean()
    table["gap"] = table["ndcg"] - ndcg.mean()
    return table.reset_index(drop=True)


def _summary(values, confidence, n_resamples, random_state):
    """Return mean and bootstrap interval of each column."""
    table = values.to_numpy()
    means = table.mean(axis=0)
    if len(table) == 1:  # there is one way to draw one user
        return _frame_of(means, means, means, values.columns)
    interval = bootstrap(
        (table,),
        np.mean,
        n_resamples=n_resamples,
        batch=max(1, BATCH // table.size),
        axis=0,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(random_state.randint(2**31 - 1)),
    ).confidence_interval
    return _frame_of(means, interval.low, interval.high, values.columns)


def _frame_of(means, low, high, names):
    return pd.DataFrame({"mean": means, "low": low, "high": high}, index=names).rename_axis("metric")
