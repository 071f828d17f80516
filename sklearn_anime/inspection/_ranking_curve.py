"""A ranking metric against the number of recommendations, for several recommenders."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from sklearn_anime.inspection._drawing import as_text, close_axes, next_color, open_axes
from sklearn_anime.metrics._held_out import HeldOut
from sklearn_anime.metrics._per_user import PER_USER
from sklearn_anime.metrics._relevance import Evaluation, K
from sklearn_anime.utils._pipelines import find_last
from sklearn_anime.utils._sklearn import StrOptions, validate_params, validate_style_kwargs

TITLES = {"ndcg": "NDCG", "map": "MAP", "mrr": "MRR", "hit_rate": "Hit rate"}
METRIC = {"metric": [StrOptions(set(PER_USER))], **K}


class RankingCurveDisplay:
    """Draw a metric of recommendations against the length of the lists.

    Make it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (k,)
        For each recommender, the metric at 1, 2, ..., `k`.

    metric : str, default="ndcg"
        Name of the metric.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The curves.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    sklearn_anime.metrics.ranking_report : All metrics at one `k`, with intervals.
    sklearn_anime.model_selection.compare : A table of models, over several splits.

    Examples
    --------
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> from sklearn_anime.inspection import RankingCurveDisplay
    >>> train = [["ann", 1], ["ann", 2], ["bob", 1], ["bob", 3], ["cat", 3]]
    >>> model = PopularityRecommender().fit(train)
    >>> display = RankingCurveDisplay.from_estimator(
    ...     {"popularity": model}, [["ann", 3], ["cat", 2]], metric="hit_rate", k=2
    ... )
    >>> display.curves["popularity"].tolist()
    [0.5, 1.0]
    """

    def __init__(self, *, curves: dict, metric: str = "ndcg"):
        self.curves = curves
        self.metric = metric

    @classmethod
    @validate_params(METRIC | HeldOut.CONSTRAINTS, prefer_skip_nested_validation=True)
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        metric: str = "ndcg",
        k: int = 20,
        relevant: float | None = None,
        history: float | None = None,
        sample_users: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Evaluate the rankings of fitted recommenders on rows that they have not seen.

        Each recommender recommends once, `k` items per user.

        Parameters
        ----------
        estimator : recommender, or dict of str to recommender
            Fitted; Pipelines and searches that end in one will do.

        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows that ``fit`` has not seen, all of them relevant.

        y : array-like of shape (n_rows,), default=None
            Ratings; needed for `relevant`.

        metric : {"ndcg", "recall", "precision", "map", "mrr", "hit_rate"}, default="ndcg"
            What to compute of the lists, as `make_ranking_scorer` does.

        k : int, default=20
            Length of the longest lists, at least 1.

        relevant : float, default=None
            Rating from which on a row is relevant. None counts every row, rated or not.

        history : float, default=None
            Share of the rows of each user, between 0 and 1, that is handed to ``recommend`` as the
            history of the user; the others are to be found. For users who were not in ``fit``.

        sample_users : int, default=None
            How many users to draw, the same for all recommenders, where all of them take too long.

        random_state : int, RandomState instance or None, default=None
            Seed of `history` and `sample_users`.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        RankingCurveDisplay
            This Display, drawn.

        Raises
        ------
        TypeError
            If an estimator has no ``recommend``: wrap it in `TopNRecommender`.

        ValueError
            If there is no estimator, or no row is relevant.
        """
        seed = check_random_state(random_state).randint(2**31 - 1)  # the same draws for all
        held_out = HeldOut(relevant, history, sample_users, seed)
        evaluation = {
            name: Evaluation.from_frames(*held_out.lists(one, X, y, k)[1:])
            for name, one in _named(estimator).items()
        }
        return cls._of(evaluation, metric, k).plot(ax, **kwargs)

    @classmethod
    @validate_params(METRIC, prefer_skip_nested_validation=True)
    def from_predictions(
        cls,
        recommended: Any,
        relevant: Any,
        *,
        metric: str = "ndcg",
        k: int = 20,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Judge lists, of this package or any other, by what is relevant.

        Parameters
        ----------
        recommended : DataFrame, or dict of str to DataFrame
            Recommendations, `k` or more for each user, as the metrics take them: user and item in the
            first two columns, and a column ``rank`` or ``score``.

        relevant : DataFrame
            What the users did choose: user and item in the first two columns, and perhaps a column
            ``gain``. Users without a row in it are left out.

        metric : {"ndcg", "recall", "precision", "map", "mrr", "hit_rate"}, default="ndcg"
            What to compute of the lists, as `make_ranking_scorer` does.

        k : int, default=20
            Length of the longest lists, at least 1.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        RankingCurveDisplay
            This Display, drawn.

        Raises
        ------
        ValueError
            If there are no lists, or no row is relevant.

        Examples
        --------
        >>> import pandas as pd
        >>> from sklearn_anime.inspection import RankingCurveDisplay
        >>> recommended = pd.DataFrame({"user": [1, 1], "item": ["a", "b"], "rank": [1, 2]})
        >>> relevant = pd.DataFrame({"user": [1], "item": ["b"]})
        >>> display = RankingCurveDisplay.from_predictions(recommended, relevant, metric="recall", k=2)
        >>> display.curves["recall"].tolist()
        [0.0, 1.0]
        """
        lists = recommended if isinstance(recommended, Mapping) else {metric: recommended}
        evaluation = {name: Evaluation.from_frames(frame, relevant) for name, frame in lists.items()}
        return cls._of(evaluation, metric, k).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        RankingCurveDisplay
            This Display.
        """
        ax = open_axes(self, ax)
        self.lines_ = [self._draw_curve(ax, name, kwargs) for name in self.curves]
        title = TITLES.get(self.metric, self.metric.capitalize())
        ax.set(
            title=f"{title} of recommendations",
            xlabel="k (recommendations per user)",
            ylabel=f"{title}@k (mean over the users)",
        )
        ax.set_ylim(bottom=0)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend()
        return close_axes(self, ax)

    def _draw_curve(self, ax, name, kwargs):
        values = self.curves[name]
        style = {"color": next_color(ax), "label": as_text(name), "marker": "o", "markersize": 3}
        style = validate_style_kwargs(style, kwargs)
        return ax.plot(np.arange(1, len(values) + 1), values, **style)[0]

    @classmethod
    def _of(cls, evaluation, metric, k):
        """Return the Display of a metric of evaluation lists."""
        if not evaluation:
            raise ValueError("There are no recommendations to draw. Give one recommender or more.")
        if any(len(lists.users) == 0 for lists in evaluation.values()):
            raise ValueError("No user has a relevant item (every gain is 0). Give rows with a gain.")
        curves = {
            name: np.array([PER_USER[metric](lists, rank).mean() for rank in range(1, k + 1)])
            for name, lists in evaluation.items()
        }
        return cls(curves=curves, metric=metric)


def _named(estimator):
    if isinstance(estimator, Mapping):
        return estimator
    return {type(find_last(estimator)).__name__: estimator}
