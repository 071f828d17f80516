"""A user's history along time, beside what is recommended next."""

from collections.abc import Hashable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_anime._recommend import Audience
from sklearn_anime.inspection._catalog import names_of
from sklearn_anime.inspection._drawing import (
    COLORS,
    LINE,
    QUIET,
    as_text,
    close_axes,
    fitted_recommender,
    open_axes,
)
from sklearn_anime.interactions._clock import DATES, DURATIONS, ZONED
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.utils._sklearn import validate_style_kwargs
from sklearn_anime.utils._validation import check_count
from sklearn_anime.utils._warnings import without_warnings

LONGEST_LABEL = 32  # characters
LARGEST, SMALLEST = 160, 8  # areas of the markers of weight 1 and 0, in square points
AHEAD = 0.06  # of the span of the history, at which the recommendations stand
MICROSECONDS = {DATES: "datetime64[us]", ZONED: "datetime64[us]", DURATIONS: "timedelta64[us]"}


class HistoryDisplay:
    """Draw the history of a user along time, and what is recommended next.

    One row for each interaction, the newest on top, and above them the recommendations. The larger and
    the bluer a marker, the more the interaction counts for the recommendations. Make it with
    `from_estimator`.

    Parameters
    ----------
    items : array-like of ids of shape (n_interactions,)
        The history, by rising time.

    times : ndarray of shape (n_interactions,)
        Numbers or datetimes.

    weights : ndarray of shape (n_interactions,)
        What each interaction counts.

    recommended : array-like of ids, default=()
        What is recommended, best first.

    user : id, default=None
        The user, for the title of the plot.

    names : mapping of id to str, default=None
        Names of items. Items without a name are labeled by their ids.

    time_name : str, default="time"
        Label of the axis of time.

    Attributes
    ----------
    scatter_ : matplotlib PathCollection
        The markers of the history, the oldest first.

    recommended_ : matplotlib PathCollection
        The markers of the recommendations, the best first.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    ExplanationDisplay : What each interaction adds to one score.

    Examples
    --------
    >>> from sklearn_anime.datasets import load_anime_sample
    >>> from sklearn_anime.inspection import HistoryDisplay
    >>> from sklearn_anime.linear_model import EASERecommender
    >>> anime = load_anime_sample(times=True)
    >>> model = EASERecommender(time="timestamp", half_life="30D").fit(anime.data)
    >>> display = HistoryDisplay.from_estimator(model, 8, n_items=2, n_history=3, catalog=anime.catalog)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()][2:]
    ['Gintama Movie: Kanketsu-hen - Y…', "Gintama'", 'Gintama']
    >>> display.weights.round(2).tolist()
    [0.9, 0.91, 1.0]
    """

    def __init__(
        self,
        *,
        items: ArrayLike,
        times: np.ndarray,
        weights: np.ndarray,
        recommended: ArrayLike = (),
        user: Hashable | None = None,
        names: Mapping | None = None,
        time_name: str = "time",
    ):
        self.items = items
        self.times = times
        self.weights = weights
        self.recommended = recommended
        self.user = user
        self.names = names
        self.time_name = time_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        user: Hashable,
        *,
        history: Any = None,
        now: Any = None,
        n_items: int = 5,
        n_history: int = 15,
        catalog: Any = None,
        name: str = "name",
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what a fitted recommender knows of a user, and what it recommends.

        Parameters
        ----------
        estimator : recommender
            Fitted with ``time=``, or on rows in the order of time as `NextItemRecommender` may be; a
            Pipeline or a search that ends in one will do.

        user : id
            A user of ``fit`` or of `history`.

        history : array-like or DataFrame of shape (n_rows, n_columns), or (X, y), default=None
            Interactions of the user, as in ``recommend``.

        now : number, str or datetime, default=None
            The moment to recommend at, as in ``recommend``.

        n_items : int, default=5
            How many recommendations to draw.

        n_history : int, default=15
            How many interactions to draw, the newest.

        catalog : DataFrame, default=None
            One row for each item. The ids are in the column with the name of the item column of
            ``fit``, or else in the index. None labels items by their ids.

        name : str, default="name"
            Column of the catalog with the names of the items.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``scatter`` for the markers of the history.

        Returns
        -------
        HistoryDisplay
            This Display, drawn.

        Raises
        ------
        KeyError
            If the user was neither in the rows of ``fit`` nor in `history`.

        ValueError
            If the model knows no order of the interactions, or the user has none.
        """
        recommender = fitted_recommender(estimator)
        fitted = recommender.interactions_
        n_items, n_history = check_count(n_items, "n_items"), check_count(n_history, "n_history")
        if history is None:
            fitted.users.lookup([user])
        found = recommender.recommend([user], n_items, history=history, now=now)
        with without_warnings():  # `recommend` has given the same ones
            rows = Audience.select(fitted, [user], history, fitted.items, now=now).rows
        items, times, weights = _newest(recommender, rows, user, n_history)
        display = cls(
            items=fitted.items.decode(items).to_list(),
            times=times,
            weights=weights,
            recommended=as_series(found[fitted.items.name or "item"]).to_list(),
            user=user,
            names=names_of(catalog, name, fitted.items),
            time_name=_time_name(fitted.layout, rows),
        )
        return display.plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the history and the recommendations.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``scatter`` for the markers of the history.

        Returns
        -------
        HistoryDisplay
            This Display.
        """
        ax = open_axes(self, ax)
        rows = np.arange(len(self.items))
        ahead = np.arange(len(self.recommended))[::-1] + len(rows) + 0.5
        self.scatter_ = ax.scatter(self.times, rows, **self._style(kwargs))
        moments = np.repeat(_after(np.asarray(self.times)), len(ahead))
        self.recommended_ = ax.scatter(moments, ahead, s=LARGEST / 2, marker="D", color=COLORS[1])
        ax.axhline(len(rows) - 0.25, color=LINE, linewidth=0.8)
        ids = [*self.recommended, *list(self.items)[::-1]]
        ax.set_yticks([*ahead, *rows[::-1]], [self._name(id_) for id_ in ids])
        ax.grid(axis="x", color=QUIET, alpha=0.3)
        ax.set_axisbelow(True)
        of_user = "" if self.user is None else f" of user {as_text(self.user)}"
        ax.set(title=f"History{of_user},\nand what comes next", xlabel=as_text(self.time_name))
        if np.asarray(self.times).dtype.kind == "M":
            _date_ticks(ax)
        return close_axes(self, ax)

    def _style(self, kwargs):
        """Return how to draw the history."""
        from matplotlib.colors import LinearSegmentedColormap

        shares = np.asarray(self.weights) / max(np.max(self.weights, initial=0.0), np.finfo(float).tiny)
        style = {
            "s": SMALLEST + (LARGEST - SMALLEST) * shares,
            "c": shares,
            "cmap": LinearSegmentedColormap.from_list("weight", [QUIET, COLORS[0]]),
            "vmin": 0.0,
            "vmax": 1.0,
        }
        if {"color", "c"} & set(kwargs):
            style = {"s": style["s"]}
        return validate_style_kwargs(style, kwargs)

    def _name(self, item):
        """Return the name of an item, short enough for a label."""
        return as_text(item if self.names is None else self.names.get(item, item), LONGEST_LABEL)


def _newest(recommender, rows, user, n):
    """Return codes, times and weights of the newest interactions of one user, by rising time."""
    if rows.order is None:
        raise ValueError(
            f"{type(recommender).__name__} knows no times of the interactions. Fit it with `time=`."
        )
    if not len(rows.item_codes):
        raise ValueError(f"User {user!r} has no history to draw. Give interactions in history=.")
    scored, weights = recommender._weighed_history(rows)
    of_item = dict(zip(scored.item_codes.tolist(), weights.tolist(), strict=True))
    newest = np.argsort(rows.order)[-n:]
    codes = rows.item_codes[newest]
    times = np.arange(1 - len(newest), 1) if rows.times is None else rows.times[newest]
    if rows.clock in MICROSECONDS:
        times = times.view(MICROSECONDS[rows.clock])
    if rows.clock == DURATIONS:
        times = times / np.timedelta64(1, "D")
    return codes, times, np.array([of_item.get(code, 0.0) for code in codes.tolist()])


def _time_name(layout, rows):
    """Return the label of the axis of time."""
    if rows.times is None:
        return "position"
    name = "time" if layout.names is None else layout.names[layout.time]
    return f"{name} (days)" if rows.clock == DURATIONS else name


def _date_ticks(ax):
    """Draw few ticks, with what their dates have in common at the end of the axis."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=6)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _after(times):
    """Return a moment a little after the last of some times."""
    span = times[-1] - times[0]
    if times.dtype.kind == "M":
        return times[-1] + max((span * AHEAD), np.timedelta64(1, "h"))
    return times[-1] + (span * AHEAD or 1.0)
