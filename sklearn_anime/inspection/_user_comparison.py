"""How two users rate the items that both have rated."""

from collections.abc import Hashable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_anime.inspection._drawing import (
    COLORS,
    LINE,
    as_text,
    close_axes,
    fitted_recommender,
    open_axes,
    rating_range,
    scale_text,
)
from sklearn_anime.utils._sklearn import validate_style_kwargs

LARGEST_AREA = 420.0  # of a bubble, in square points: it fits between two whole ratings


class UserComparisonDisplay:
    """Draw the ratings of two users on the items that both have rated.

    Each bubble is a pair of ratings, and its area says how many items have it. On the diagonal both
    think the same. Make it with `from_estimator`.

    Parameters
    ----------
    ratings : ndarray of shape (n_common_items, 2)
        The ratings of each item by both users.

    items : array-like of shape (n_common_items,)
        Ids of the items.

    users : tuple of two ids
        The two users.

    rating_range : tuple of two float, default=None
        The smallest and the largest rating there is. None takes those of `ratings`.

    Attributes
    ----------
    scatter_ : matplotlib PathCollection
        The pairs of ratings.

    line_ : matplotlib Line2D
        The diagonal.

    correlation_ : float
        Pearson correlation of the ratings; NaN where one of them gives all items the same rating.

    legend_ : matplotlib Legend or None
        What the areas mean; None where every pair of ratings is there once.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    UserMapDisplay : Where the two are among all users.

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> from sklearn_anime.inspection import UserComparisonDisplay
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["ann", "Clannad"],
    ...      ["bob", "Akira"], ["bob", "Bleach"], ["bob", "Durarara"]]
    >>> model = BiasRegressor().fit(X, [9, 2, 10, 8, 4, 7])
    >>> display = UserComparisonDisplay.from_estimator(model, "ann", "bob")
    >>> display.ratings.tolist(), display.items.tolist()
    ([[9.0, 8.0], [2.0, 4.0]], ['Akira', 'Bleach'])
    """

    def __init__(
        self,
        *,
        ratings: np.ndarray,
        items: ArrayLike,
        users: tuple[Hashable, Hashable],
        rating_range: tuple[float, float] | None = None,
    ):
        self.ratings = ratings
        self.items = items
        self.users = users
        self.rating_range = rating_range

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        user: Hashable,
        other: Hashable,
        *,
        ax: Any = None,
        scatter_kwargs: dict | None = None,
        line_kwargs: dict | None = None,
    ) -> Self:
        """Draw the ratings of two users that a recommender was fitted to.

        Parameters
        ----------
        estimator : recommender
            Fitted; a Pipeline or a search that ends in one will do.

        user, other : id
            The two users.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        scatter_kwargs : dict, default=None
            Keywords of matplotlib's ``scatter``.

        line_kwargs : dict, default=None
            Keywords of matplotlib's ``plot`` for the diagonal.

        Returns
        -------
        UserComparisonDisplay
            This Display, drawn.

        Raises
        ------
        KeyError
            If a user was not in the rows of ``fit``.

        ValueError
            If there is no item that both have rated.
        """
        interactions = fitted_recommender(estimator).interactions_
        codes = [interactions.users.lookup([one]) for one in (user, other)]
        items, ratings = _common(*(interactions.take(code) for code in codes))
        if len(items) == 0:
            raise ValueError(
                f"The users {user!r} and {other!r} have rated no item in common. Compare two who have, "
                f"such as those of similar_users."
            )
        display = cls(
            ratings=ratings,
            items=interactions.items.values[items],
            users=(user, other),
            rating_range=rating_range(interactions),
        )
        return display.plot(ax, scatter_kwargs=scatter_kwargs, line_kwargs=line_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        scatter_kwargs: dict | None = None,
        line_kwargs: dict | None = None,
    ) -> Self:
        """Draw the pairs of ratings.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        scatter_kwargs : dict, default=None
            Keywords of matplotlib's ``scatter``.

        line_kwargs : dict, default=None
            Keywords of matplotlib's ``plot`` for the diagonal.

        Returns
        -------
        UserComparisonDisplay
            This Display.
        """
        ax = open_axes(self, ax)
        ends = self.rating_range or (np.min(self.ratings), np.max(self.ratings))
        style = {"color": LINE, "linestyle": "--", "linewidth": 1, "zorder": 0}
        (self.line_,) = ax.plot(ends, ends, **validate_style_kwargs(style, line_kwargs or {}))
        pairs, counts = np.unique(self.ratings, axis=0, return_counts=True)
        area = LARGEST_AREA / max(counts.max(), 4)
        style = {"s": area * counts, "color": COLORS[0], "alpha": 0.75, "linewidths": 0}
        self.scatter_ = ax.scatter(*pairs.T, **validate_style_kwargs(style, scatter_kwargs or {}))
        self.legend_ = self._explain_areas(ax, area, counts.max()) if counts.max() > 1 else None
        self.correlation_ = _correlation(self.ratings)
        self._name_axes(ax, scale_text(ends), 0.08 * (ends[1] - ends[0]) or 0.5)
        return close_axes(self, ax)

    def _explain_areas(self, ax, area, most):
        style = {"color": COLORS[0], "alpha": 0.75, "fmt": "{x:.0f}", "func": lambda size: size / area}
        shown = sorted({1, (1 + most) // 2, most})
        handles = self.scatter_.legend_elements(prop="sizes", num=shown, **style)
        return ax.legend(*handles, title="Titles", loc="upper left", labelspacing=1.1)

    def _name_axes(self, ax, scale, margin):
        low, high = self.line_.get_xdata()
        limits = low - margin, high + margin
        correlation = "" if np.isnan(self.correlation_) else f", correlation {self.correlation_:.2f}"
        ax.set(
            xlim=limits,
            ylim=limits,
            aspect="equal",
            xlabel=f"Rating by user {as_text(self.users[0])}{scale}",
            ylabel=f"Rating by user {as_text(self.users[1])}{scale}",
            title=f"{len(self.ratings)} titles that both have rated{correlation}",
        )


def _common(rows, others):
    """Return the items that two users have rated, and the ratings of both."""
    rated, others_rated = rows.rated, others.rated
    items, ours, theirs = np.intersect1d(
        rows.item_codes[rated], others.item_codes[others_rated], return_indices=True
    )
    ratings = rows.ratings[rated][ours], others.ratings[others_rated][theirs]
    return items, np.column_stack(ratings)


def _correlation(ratings):
    if len(ratings) < 2 or (np.ptp(ratings, axis=0) == 0).any():
        return np.nan
    return float(np.corrcoef(ratings.T)[0, 1])
