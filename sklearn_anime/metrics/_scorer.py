"""Scorers: callables ``scorer(estimator, X, y)`` that searches and cross-validation take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
from sklearn import get_config
from sklearn.base import is_regressor
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.utils.metadata_routing import MetadataRequest

from sklearn_anime.interactions._frames import as_table
from sklearn_anime.interactions._targets import check_ratings, check_weights
from sklearn_anime.metrics._beyond_accuracy import BEYOND_ACCURACY, NEED_FEATURES, read_features
from sklearn_anime.metrics._held_out import HeldOut
from sklearn_anime.metrics._per_user import PER_USER
from sklearn_anime.metrics._relevance import Evaluation
from sklearn_anime.utils._pipelines import find_recommender
from sklearn_anime.utils._sklearn import StrOptions, safe_indexing, validate_params

ERRORS = {"rmse": root_mean_squared_error, "mae": mean_absolute_error}


class Requester:
    """Part of a scorer that takes sample weights: what it asks of scikit-learn's metadata routing."""

    _request = None

    def set_score_request(self, *, sample_weight: bool | str | None):
        """Request the sample weights of the test rows, where metadata routing is enabled.

        Parameters
        ----------
        sample_weight : bool, str or None
            Whether to ask for them, or under which name; None raises where they are passed.

        Returns
        -------
        scorer
            This scorer.
        """
        self._request = sample_weight
        return self

    def get_metadata_routing(self):
        """Return what is requested.

        Returns
        -------
        MetadataRequest
            The request of ``score``.
        """
        request = MetadataRequest(owner=repr(self))
        request.score.add_request(param="sample_weight", alias=self._request)
        return request


@dataclass
class RankingScorer(Requester):
    """Score a recommender by its recommendations: what `make_ranking_scorer` returns."""

    metric: Any
    k: int
    held_out: HeldOut
    features: tuple | None = None

    def __repr__(self):
        features = None if self.features is None else "..."
        params = {"metric": self.metric, "k": self.k, "features": features, **vars(self.held_out)}
        return f"make_ranking_scorer({_given(params)})"

    def __call__(self, estimator, X, y=None, sample_weight=None):
        """Return the score of a fitted estimator on rows that it has not seen.

        A row is relevant or not: rows of weight 0 are left out, and all others count equally.
        """
        X, y, _ = _weighted_rows(X, y, sample_weight)
        return self.score_lists(*self.held_out.lists(estimator, X, y, self.k))

    def score_lists(self, recommender, recommended, relevant):
        """Return the score of recommendations of `k` items or more, of one metric or a weighted sum."""
        weights = self.metric if isinstance(self.metric, Mapping) else {self.metric: 1}
        scores = (self._by(metric, recommender, recommended, relevant) for metric in weights)
        return float(sum(weight * score for weight, score in zip(weights.values(), scores, strict=True)))

    def _by(self, metric, recommender, recommended, relevant):
        """Return the score of recommendations by one metric."""
        if callable(metric):
            return metric(first_places(recommended, self.k), relevant, k=self.k)
        if metric in BEYOND_ACCURACY:
            return BEYOND_ACCURACY[metric](recommender, recommended, self.features, self.k)
        evaluation = Evaluation.from_frames(recommended, relevant)
        return np.mean(PER_USER[metric](evaluation, self.k))

    def applies_to(self, estimator):
        """Return whether an estimator, fitted or not, is a recommender."""
        try:
            find_recommender(estimator)
        except TypeError:
            return False
        return True


@dataclass
class RatingScorer(Requester):
    """Score a regressor by its error on the rated rows: what `make_rating_scorer` returns."""

    metric: str

    def __repr__(self):
        return f"make_rating_scorer(metric={self.metric!r})"

    def __call__(self, estimator, X, y, sample_weight=None):
        """Return minus the weighted error of a fitted regressor, so that greater is better."""
        if not is_regressor(estimator):
            raise TypeError(
                f"{type(estimator).__name__} is no regressor: what it predicts are not ratings. Score "
                f"its lists, with make_ranking_scorer."
            )
        X, y, weights = _weighted_rows(X, y, sample_weight)
        ratings = check_ratings(y, X.shape[0])
        rated = np.flatnonzero(~np.isnan(ratings))
        if len(rated) == 0:
            raise ValueError(
                f"Input y contains NaN only ({len(ratings)} rows): there is no rating to compare "
                f"predictions with."
            )
        predicted = estimator.predict(safe_indexing(X, rated))
        weights = None if weights is None else weights[rated]
        return -float(ERRORS[self.metric](ratings[rated], predicted, sample_weight=weights))

    def applies_to(self, estimator):
        """Return whether an estimator, fitted or not, predicts ratings."""
        return is_regressor(estimator)


@dataclass
class JointScorer(Requester):
    """Several scorers in one; those with the same settings share the recommendations.

    Attributes
    ----------
    scorers : dict of str to callable
        The scorers by name.
    """

    scorers: dict

    def __post_init__(self):
        requests = [_request_of(scorer) for scorer in self.scorers.values()]
        unset = None if None in requests else False
        self._request = next(filter(None, requests), unset)

    def __call__(self, estimator, X, y=None, sample_weight=None):
        """Return the score of a fitted estimator by each scorer."""
        weights = {
            name: sample_weight if _takes_weights(scorer) else None
            for name, scorer in self.scorers.items()
        }
        lists = self._lists(estimator, X, y, weights)
        scores = {}
        for name, scorer in self.scorers.items():
            given = {} if weights[name] is None else {"sample_weight": weights[name]}
            if isinstance(scorer, RankingScorer):
                scores[name] = scorer.score_lists(*lists[scorer.held_out, not given])
            else:
                scores[name] = scorer(estimator, X, y, **given)
        return scores

    def _lists(self, estimator, X, y, weights):
        """Return the longest recommendations of each kind that the ranking scorers need."""
        longest, given = {}, {}
        for name, scorer in self.scorers.items():
            if isinstance(scorer, RankingScorer):
                key = scorer.held_out, weights[name] is None
                longest[key], given[key] = max(scorer.k, longest.get(key, 1)), weights[name]
        return {
            key: key[0].lists(estimator, *_weighted_rows(X, y, given[key])[:2], k)
            for key, k in longest.items()
        }


def _request_of(scorer):
    """Return whether a scorer requests weights, or under which name; None where nothing is set."""
    if not hasattr(scorer, "get_metadata_routing"):
        return False
    return scorer.get_metadata_routing().score.requests.get("sample_weight", False)


def _takes_weights(scorer):
    return not get_config()["enable_metadata_routing"] or bool(_request_of(scorer))


@validate_params(
    {"metric": [StrOptions({*PER_USER, *BEYOND_ACCURACY}), callable, Mapping]} | HeldOut.CONSTRAINTS,
    prefer_skip_nested_validation=True,
)
def make_ranking_scorer(
    metric: str | Callable | Mapping = "ndcg",
    k: int = 10,
    *,
    features: Any = None,
    relevant: float | None = None,
    history: float | None = None,
    sample_users: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> RankingScorer:
    """Make a scorer of recommendations, for searches and cross-validation.

    The scorer asks the estimator for `k` items for each user of the test rows and compares them with
    these rows. It takes a recommender, or a Pipeline or a search that ends in one: every row of ``X``
    carries its ids, so that no metadata need be routed.

    Parameters
    ----------
    metric : {"ndcg", "recall", "precision", "map", "mrr", "hit_rate", "coverage", "novelty", \
            "diversity", "calibration"}, callable or dict, default="ndcg"
        What to compute of the recommendations; ``"map"`` is `average_precision_at_k`, ``"mrr"`` is
        `reciprocal_rank_at_k`, ``"coverage"`` is `catalog_coverage` of the items of ``fit``,
        ``"novelty"`` is `novelty`, ``"diversity"`` is `intra_list_diversity` and ``"calibration"`` minus
        the `calibration_error`, both given `features` and what ``fit`` saw. A callable is called as
        ``metric(recommended, relevant, k=k)`` with two tidy frames; greater is better. A dict of
        metrics and weights asks for the weighted sum, such as ``{"ndcg": 1, "diversity": 0.3}``.

    k : int, default=10
        Number of recommendations per user.

    features : DataFrame, default=None
        Numbers of the items, such as a column for each genre, indexed by item (in the first column of
        other frames than those of pandas). Items of ``fit`` without a row are like no other. Needed by
        ``"diversity"`` and ``"calibration"``.

    relevant : float, default=None
        Rating from which on a test row is relevant. None counts every row, rated or not.

    history : float, default=None
        Share of the rows of each test user, between 0 and 1, rounded down to whole rows, that is drawn
        at random and handed to ``recommend`` as the history of the user; the others are to be found. For
        splits whose test users are not in training, such as `NewUserSplit`; None takes what ``fit`` saw
        of them.

    sample_users : int, default=None
        How many test users to draw, where scoring all of them takes too long.

    random_state : int, RandomState instance or None, default=None
        Seed of `history` and `sample_users`. Pass an int, so that all candidates of a search are
        evaluated by the same rows.

    Returns
    -------
    RankingScorer
        Callable as ``scorer(estimator, X, y=None, sample_weight=None)``; a float, greater is better.
        Rows of weight 0 are left out; other weights change nothing, as a row is relevant or not.

    Raises
    ------
    ValueError
        If a metric is not known, or needs `features` and gets none, or a weight is no finite number.

    TypeError
        When called with an estimator that has no ``recommend``: wrap it in `TopNRecommender`.

    ValueError
        When called with rows of which none is relevant, or none is left beside the history, or if ``X``
        lacks the id columns of the recommender.

    Warns
    -----
    UserWarning
        When called, if test users have no relevant row (they are left out), have no history (they get
        popular items), if relevant pairs were in the rows of ``fit`` (they count as misses), or
        if `k` is larger than the catalog.

    See Also
    --------
    make_rating_scorer : Scores predicted ratings.
    ranking_report : All metrics, user by user.
    sklearn_anime.model_selection.LeaveKOutPerUser : The split to go with it.

    Notes
    -----
    Scores of the training rows say nothing, since what was seen is not recommended again. Halving
    searches compute them unless they are told ``return_train_score=False``.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_anime.datasets import load_anime_sample
    >>> from sklearn_anime.metrics import make_ranking_scorer
    >>> from sklearn_anime.model_selection import LeaveKOutPerUser
    >>> from sklearn_anime.neighbors import SVDNeighborsRecommender
    >>> anime = load_anime_sample()
    >>> search = GridSearchCV(
    ...     SVDNeighborsRecommender(random_state=0),
    ...     {"n_neighbors": [2, 50]},
    ...     scoring=make_ranking_scorer("ndcg", k=10),
    ...     cv=LeaveKOutPerUser(5, random_state=0),
    ... ).fit(anime.data, anime.target)
    >>> search.best_params_
    {'n_neighbors': 50}
    """
    _check_metrics(metric if isinstance(metric, Mapping) else {metric: 1}, features)
    held_out = HeldOut(relevant, history, sample_users, random_state)
    return RankingScorer(metric, k, held_out, None if features is None else read_features(features))


@validate_params({"metric": [StrOptions(set(ERRORS))]}, prefer_skip_nested_validation=True)
def make_rating_scorer(metric: str = "rmse") -> RatingScorer:
    """Make a scorer of predicted ratings that leaves unrated rows out.

    scikit-learn's own scorers fail where ``y`` holds NaN ("seen, not rated").

    Parameters
    ----------
    metric : {"rmse", "mae"}, default="rmse"
        Root mean squared error or mean absolute error, in units of the rating.

    Returns
    -------
    RatingScorer
        Callable as ``scorer(estimator, X, y, sample_weight=None)``; minus the weighted error, so that
        greater is better.

    Raises
    ------
    TypeError
        When called with an estimator that is no regressor.

    ValueError
        When called with rows of which none is rated.

    See Also
    --------
    make_ranking_scorer : Scores lists.

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> from sklearn_anime.metrics import make_rating_scorer
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["bob", "Bleach"]]
    >>> model = BiasRegressor(shrinkage=0).fit(X[:3], [10, 8, 7])
    >>> round(make_rating_scorer("mae")(model, X, [10, 8, float("nan"), 4]), 2)
    -0.33
    """
    return RatingScorer(metric)


def _check_metrics(weights, features):
    """Raise where a metric or its weight is none, or a metric lacks features."""
    if not weights:
        raise ValueError("metric={} has no metric. Give one or more with their weights.")
    for metric, weight in weights.items():
        if not (callable(metric) or metric in PER_USER or metric in BEYOND_ACCURACY):
            known = sorted([*PER_USER, *BEYOND_ACCURACY])
            raise ValueError(f"metric= has the metric {metric!r}. Give one of {known}, or a callable.")
        if not isinstance(weight, Real) or not np.isfinite(weight):
            raise ValueError(f"metric= has the weight {weight!r} of {metric!r}. Give a finite number.")
        if metric in NEED_FEATURES and features is None:
            raise ValueError(
                f"metric={metric!r} compares features of items. Give a frame of numbers that is indexed "
                f"by item in features=."
            )


def _weighted_rows(X, y, sample_weight):
    """Return rows, ratings and weights without the rows of weight 0."""
    X = as_table(X)
    if sample_weight is None:
        return X, y, None
    weights = check_weights(sample_weight, X.shape[0])
    kept = np.flatnonzero(weights)
    return safe_indexing(X, kept), None if y is None else safe_indexing(y, kept), weights[kept]


def first_places(recommended, k):
    """Return the first `k` items of each user."""
    return nw.from_native(recommended).filter(nw.col("rank") <= k).to_native()


def _given(params):
    return ", ".join(f"{name}={value!r}" for name, value in params.items() if value is not None)
