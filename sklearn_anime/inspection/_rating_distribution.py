"""The predicted ratings of every item for one user."""

from collections.abc import Hashable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_regressor

from sklearn_anime.inspection._drawing import (
    COLORS,
    as_floats,
    as_text,
    close_axes,
    fitted_recommender,
    open_axes,
    positions,
    rating_range,
    scale_text,
)
from sklearn_anime.utils._sklearn import validate_style_kwargs


class RatingDistributionDisplay:
    """Draw the predicted ratings of all items for one user, those seen apart.

    It shows how much the predicted ratings differ, and whether the items that the user has chosen have
    high predictions. Make it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    y_pred : ndarray of shape (n_items,)
        Predicted rating of each item.

    seen : ndarray of bool of shape (n_items,)
        Whether the user has seen it.

    user : id, default=None
        The user, for the title of the picture.

    rating_range : tuple of two float, default=None
        The smallest and the largest rating there is, for the label of the axis.

    Attributes
    ----------
    bars_ : list of two matplotlib BarContainer
        The histograms of the items seen and of the others, one on top of the other.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    ExplanationDisplay : What one of these ratings is made of.

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> from sklearn_anime.datasets import load_anime_sample
    >>> from sklearn_anime.inspection import RatingDistributionDisplay
    >>> anime = load_anime_sample()
    >>> model = BiasRegressor().fit(anime.data, anime.target)
    >>> display = RatingDistributionDisplay.from_estimator(model, user=1)
    >>> int(display.seen.sum()), len(display.y_pred)
    (38, 332)
    """

    def __init__(
        self,
        *,
        y_pred: np.ndarray,
        seen: np.ndarray,
        user: Hashable = None,
        rating_range: tuple[float, float] | None = None,
    ):
        self.y_pred = y_pred
        self.seen = seen
        self.user = user
        self.rating_range = rating_range

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        user: Hashable,
        *,
        seen: ArrayLike | None = None,
        bins: Any = 30,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what a fitted model predicts for a user.

        Parameters
        ----------
        estimator : recommender
            Fitted, and a regressor: it predicts ratings. A Pipeline or a search that ends in one will
            do.

        user : id
            A user of ``fit``.

        seen : array-like of ids, default=None
            What counts as seen. None takes what ``fit`` saw of the user.

        bins : int, sequence or str, default=30
            Bins of the histogram, as matplotlib's ``hist`` takes them.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``hist``.

        Returns
        -------
        RatingDistributionDisplay
            This Display, drawn.

        Raises
        ------
        KeyError
            If the user or an item seen was not in the rows of ``fit``.

        TypeError
            If the model predicts no ratings.
        """
        recommender = fitted_recommender(estimator)
        if not is_regressor(recommender):
            raise TypeError(
                f"{type(recommender).__name__} is no regressor: what it predicts are not ratings. Take "
                f"a model of ratings, such as BiasRegressor."
            )
        interactions = recommender.interactions_
        rows = interactions.take(interactions.users.lookup([user]))
        y_pred, is_seen = recommender._rate_block(rows)[0], np.zeros(interactions.n_items, dtype=bool)
        if seen is None:
            code = interactions.users.lookup([user])
            is_seen[interactions.take(code).item_codes] = True
        else:
            is_seen[positions(recommender.items_, seen, "item")] = True
        display = cls(y_pred=y_pred, seen=is_seen, user=user, rating_range=rating_range(interactions))
        return display.plot(ax, bins=bins, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_pred: ArrayLike,
        *,
        seen: ArrayLike,
        user: Hashable = None,
        bins: Any = 30,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw predicted ratings of one user.

        Parameters
        ----------
        y_pred : array-like of shape (n_items,)
            Predicted ratings, finite.

        seen : array-like of bool of shape (n_items,)
            Whether the user has seen each item.

        user : id, default=None
            The user, for the title of the picture.

        bins : int, sequence or str, default=30
            Bins of the histogram, as matplotlib's ``hist`` takes them.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``hist``.

        Returns
        -------
        RatingDistributionDisplay
            This Display, drawn.

        Raises
        ------
        ValueError
            If the two differ in length, or a rating is missing.

        Examples
        --------
        >>> from sklearn_anime.inspection import RatingDistributionDisplay
        >>> display = RatingDistributionDisplay.from_predictions([7.5, 8.1], seen=[True, False])
        >>> display.ax_.get_xlabel()
        'Predicted rating'
        """
        y_pred, seen = as_floats(y_pred, "y_pred"), np.asarray(seen, dtype=bool)
        if seen.shape != y_pred.shape:
            raise ValueError(
                f"seen has shape {seen.shape} and y_pred {y_pred.shape}. Say of each rating whether "
                f"the user has seen the item."
            )
        return cls(y_pred=y_pred, seen=seen, user=user).plot(ax, bins=bins, **kwargs)

    def plot(self, ax: Any = None, *, bins: Any = 30, **kwargs: Any) -> Self:
        """Draw the histograms.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        bins : int, sequence or str, default=30
            Bins of the histogram, as matplotlib's ``hist`` takes them.

        **kwargs : dict
            Keywords of matplotlib's ``hist``.

        Returns
        -------
        RatingDistributionDisplay
            This Display.
        """
        ax = open_axes(self, ax)
        groups = {"seen": self.y_pred[self.seen], "new": self.y_pred[~self.seen]}
        style = {
            "label": [f"{name} ({len(ratings):,})" for name, ratings in groups.items()],
            "color": COLORS[1::-1],
            "stacked": True,
            "bins": bins,
        }
        _, _, self.bars_ = ax.hist(list(groups.values()), **validate_style_kwargs(style, kwargs))
        whom = "" if self.user is None else f" for user {as_text(self.user)}"
        ax.set(
            title=f"Predicted ratings of {len(self.y_pred):,} titles{whom}",
            xlabel=f"Predicted rating{scale_text(self.rating_range)}",
            ylabel="Number of items",
        )
        ax.legend()
        return close_axes(self, ax)
