"""What diversity costs: the accuracy of recommendations against a second goal."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from sklearn_anime.inspection._drawing import as_text, close_axes, next_color, open_axes
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.metrics._beyond_accuracy import BEYOND_ACCURACY
from sklearn_anime.metrics._held_out import HeldOut
from sklearn_anime.utils._sklearn import StrOptions, validate_params, validate_style_kwargs

GOAL = {"goal": [StrOptions(set(BEYOND_ACCURACY)), callable]}


class DiversityCurveDisplay:
    """Draw the accuracy of recommendations against a second goal.

    Make it with `from_estimator`.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (n_weights, 2)
        For each recommender, the values of the goal and the NDCG, by rising weight.

    diversity : ndarray of shape (n_weights,)
        The weights.

    goal : str, default="coverage"
        Name of the goal.

    k : int, default=10
        Length of the recommendations.

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
    sklearn_anime.compose.DiverseRecommender : What is drawn.

    Examples
    --------
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> from sklearn_anime.compose import DiverseRecommender
    >>> from sklearn_anime.inspection import DiversityCurveDisplay
    >>> train = [["ann", 1], ["ann", 2], ["bob", 1], ["bob", 3], ["cat", 3]]
    >>> model = DiverseRecommender(PopularityRecommender(), method="popularity").fit(train)
    >>> display = DiversityCurveDisplay.from_estimator(
    ...     model, [["ann", 3], ["cat", 1]], diversity=[0, 1], k=1
    ... )
    >>> display.curves["popularity"].round(2).tolist()  # shares of the items shown, and NDCG@1
    [[0.67, 1.0], [0.67, 0.5]]
    """

    def __init__(self, *, curves: dict, diversity: Any, goal: str = "coverage", k: int = 10):
        self.curves = curves
        self.diversity = diversity
        self.goal = goal
        self.k = k

    @classmethod
    @validate_params(GOAL | HeldOut.CONSTRAINTS, prefer_skip_nested_validation=True)
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        goal: str | Callable = "coverage",
        diversity: ArrayLike = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
        k: int = 10,
        features: Any = None,
        relevant: float | None = None,
        history: float | None = None,
        sample_users: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Evaluate fitted recommenders at several weights of the goal.

        Parameters
        ----------
        estimator : DiverseRecommender, or dict of str to DiverseRecommender
            Fitted; it is not fitted again.

        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows that ``fit`` has not seen, all of them relevant.

        y : array-like of shape (n_rows,), default=None
            Ratings; needed for `relevant`.

        goal : {"coverage", "novelty", "diversity", "calibration"} or callable, default="coverage"
            What to draw NDCG against: a metric of `make_ranking_scorer`, such as the share of the items
            of ``fit`` that is shown, or what ``goal(recommended, relevant, k=k)`` returns.

        diversity : array-like of float, default=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
            The weights, between 0 and 1.

        k : int, default=10
            Length of the recommendations, at least 1.

        features : DataFrame, default=None
            Numbers of the items, indexed by item; needed by ``"diversity"`` and ``"calibration"``.

        relevant : float, default=None
            Rating from which on a row is relevant. None counts every row, rated or not.

        history : float, default=None
            Share of the rows of each user, between 0 and 1, that is handed to ``recommend`` as the
            history of the user; the others are to be found. For users who were not in ``fit``.

        sample_users : int, default=None
            How many users to draw, the same for all, where all of them take too long.

        random_state : int, RandomState instance or None, default=None
            Seed of `history` and `sample_users`.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        DiversityCurveDisplay
            This Display, drawn.

        Raises
        ------
        TypeError
            If an estimator has no parameter `diversity`.

        ValueError
            If no row is relevant, a weight is outside 0..1, or `goal` is not known or needs `features`.
        """
        seed = check_random_state(random_state).randint(2**31 - 1)  # the same draws for all
        weights = np.sort(np.asarray(diversity))
        rows = {"relevant": relevant, "history": history, "sample_users": sample_users}
        scorers = [
            make_ranking_scorer(metric, k, features=features, random_state=seed, **rows)
            for metric in (goal, "ndcg")
        ]
        curves = {
            name: np.array([_scores(model, weight, X, y, scorers) for weight in weights.tolist()])
            for name, model in _named(estimator).items()
        }
        name = goal if isinstance(goal, str) else getattr(goal, "__name__", "goal")
        return cls(curves=curves, diversity=weights, goal=name, k=k).plot(ax, **kwargs)

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
        DiversityCurveDisplay
            This Display.
        """
        ax = open_axes(self, ax)
        self.lines_ = [self._draw_curve(ax, name, kwargs) for name in self.curves]
        goal = as_text(self.goal.replace("_", " ").capitalize())
        ax.set(
            title="What diversity costs",
            xlabel=f"{goal} of {self.k} recommendations",
            ylabel=f"NDCG@{self.k} (mean over the users)",
        )
        ax.legend()
        return close_axes(self, ax)

    def _draw_curve(self, ax, name, kwargs):
        style = {"color": next_color(ax), "label": as_text(name), "marker": "o", "markersize": 3}
        points = np.asarray(self.curves[name])
        for place in {0, len(points) - 1}:
            ax.annotate(
                f"{self.diversity[place]:g}", points[place], (3, 3), textcoords="offset points", size=8
            )
        return ax.plot(*points.T, **validate_style_kwargs(style, kwargs))[0]


def _scores(model, weight, X, y, scorers):
    """Return the scores of a model at another weight."""
    model = copy.copy(model).set_params(diversity=weight)
    found = scorers[0].held_out.lists(model, X, y, scorers[0].k)
    return [scorer.score_lists(*found) for scorer in scorers]


def _named(estimator):
    named = estimator if isinstance(estimator, Mapping) else {None: estimator}
    for model in named.values():
        if not hasattr(model, "diversity"):
            raise TypeError(
                f"{type(model).__name__} has no parameter `diversity`. Give a fitted DiverseRecommender."
            )
    return named if None not in named else {estimator.method: estimator}
