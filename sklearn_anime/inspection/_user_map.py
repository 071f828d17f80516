"""Users in two dimensions, some of them singled out."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_anime.inspection._drawing import (
    COLORS,
    QUIET,
    close_axes,
    fitted_recommender,
    open_axes,
    positions,
)
from sklearn_anime.inspection._plane import draw_map, place_names, plane
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.utils._sklearn import validate_style_kwargs


class UserMapDisplay:
    """Draw users in two components of their factors, and single some out.

    Users of similar taste are in the same direction from the origin, and the farther out, the more that
    the two components know of them. Of more than a thousand users, those farthest out (0.1 % on each
    side) may lie outside the picture, whose title counts them. Make it with `from_estimator`.

    Parameters
    ----------
    coordinates : ndarray of shape (n_users, 2)
        Coordinates of each user.

    users : array-like of shape (n_users,)
        Their ids.

    axis_names : sequence of two str
        Names of the two axes.

    highlight : array-like of ids, default=()
        Users to single out.

    Attributes
    ----------
    scatter_ : matplotlib PathCollection
        All users.

    highlights_ : list of PathCollection
        Those singled out, one each.

    labels_ : list of Annotation
        Their names.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    ItemMapDisplay : The same of items.
    UserComparisonDisplay : Compares the ratings of two users.

    Examples
    --------
    >>> from sklearn_anime.datasets import load_anime_sample
    >>> from sklearn_anime.inspection import UserMapDisplay
    >>> from sklearn_anime.neighbors import SVDNeighborsRecommender
    >>> anime = load_anime_sample()
    >>> model = SVDNeighborsRecommender(random_state=0).fit(anime.data, anime.target)
    >>> display = UserMapDisplay.from_estimator(model, highlight=[1, 2])
    >>> [label.get_text() for label in display.labels_]
    ['user 1', 'user 2']
    """

    def __init__(
        self,
        *,
        coordinates: np.ndarray,
        users: ArrayLike,
        axis_names: tuple[str, str],
        highlight: ArrayLike = (),
    ):
        self.coordinates = coordinates
        self.users = users
        self.axis_names = axis_names
        self.highlight = highlight

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        highlight: ArrayLike = (),
        components: tuple[int, int] = (0, 1),
        ax: Any = None,
        scatter_kwargs: dict | None = None,
        highlight_kwargs: dict | None = None,
    ) -> Self:
        """Draw the users of a fitted recommender.

        Parameters
        ----------
        estimator : recommender
            Fitted, with factors of users, such as `SVDNeighborsRecommender` or `EmbeddingRegressor`; a
            Pipeline or a search that ends in one is accepted.

        highlight : array-like of ids or a single id, default=()
            Users of ``fit`` to single out.

        components : tuple of two int, default=(0, 1)
            Which components to draw, from 0: those of the SVD, or in models whose factors have no order
            the principal components of these. The percentage on an axis is its share: of the
            squared residuals in an SVD, else of the variance of the factors.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        scatter_kwargs : dict, default=None
            Keywords of matplotlib's ``scatter`` for all users.

        highlight_kwargs : dict, default=None
            Keywords of matplotlib's ``scatter`` for those singled out.

        Returns
        -------
        UserMapDisplay
            This Display, drawn.

        Raises
        ------
        KeyError
            If a user to single out was not in the rows of ``fit``.

        TypeError
            If the model has no factors of users.
        """
        recommender = fitted_recommender(estimator)
        coordinates, axis_names = plane(recommender, "user", components)
        display = cls(
            coordinates=coordinates,
            users=recommender.users_,
            axis_names=axis_names,
            highlight=highlight,
        )
        return display.plot(ax, scatter_kwargs=scatter_kwargs, highlight_kwargs=highlight_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        scatter_kwargs: dict | None = None,
        highlight_kwargs: dict | None = None,
    ) -> Self:
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        scatter_kwargs : dict, default=None
            Keywords of matplotlib's ``scatter`` for all users.

        highlight_kwargs : dict, default=None
            Keywords of matplotlib's ``scatter`` for those singled out.

        Returns
        -------
        UserMapDisplay
            This Display.
        """
        rows = positions(self.users, self.highlight, "user")
        ax = open_axes(self, ax)
        style = validate_style_kwargs({"s": 10, "color": QUIET, "linewidths": 0}, scatter_kwargs or {})
        self.scatter_ = ax.scatter(*self.coordinates.T, **style)
        outside = draw_map(ax, self.coordinates, self.axis_names, rows)
        self.highlights_ = [
            self._single_out(ax, row, COLORS[i % len(COLORS)], highlight_kwargs or {})
            for i, row in enumerate(rows)
        ]
        ax.set_title(f"{len(self.coordinates):,} users by taste{outside}")
        names = [f"user {user}" for user in as_series(self.highlight).to_list()]
        self.labels_ = place_names(ax, self.coordinates[rows], names)
        return close_axes(self, ax)

    def _single_out(self, ax, row, color, style):
        defaults = {"s": 70, "color": color, "edgecolor": "black", "zorder": 3}
        return ax.scatter(*self.coordinates[row], **validate_style_kwargs(defaults, style))
