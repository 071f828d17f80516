"""What a predicted rating or a score is made of."""

from collections.abc import Hashable, Mapping
from typing import Any, Self

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn.base import is_regressor

from sklearn_anime.inspection._drawing import (
    COLORS,
    LINE,
    close_axes,
    fitted_recommender,
    open_axes,
    shorten,
)
from sklearn_anime.utils._sklearn import validate_style_kwargs

STARTS = {"baseline", "mean rating"}  # terms that the others are measured from
LONGEST_LABEL = 24  # characters
NUMBERS = {"weight", "rating", "contribution"}  # columns of explanations that are no ids


class ExplanationDisplay:
    """Draw the terms of a predicted rating or of a score as bars.

    Bars to the right raise it, bars to the left lower it. Where it starts from a baseline or a mean,
    the bars are what comes on top of that.

    Parameters
    ----------
    explanation : DataFrame
        What ``explain`` returns: columns ``term`` and ``contribution``, and perhaps another one with the
        id that a term is about, and its ``rating``.

    target : str, default="score"
        What is explained.

    pair : tuple of two ids, default=None
        The user and the title, for the title of the picture.

    names : mapping of id to str, default=None
        Names of titles, such as the column of names of a catalog that its ids index.

    side : {"item", "user"}, default="item"
        Whether terms are about titles or about users.

    Attributes
    ----------
    bars_ : matplotlib BarContainer
        One bar for each term, from top to bottom.

    start_ : float
        What the bars come on top of.

    total_ : float
        What is explained: `start_` and all bars.

    ax_ : matplotlib Axes
        Axes of the picture.

    figure_ : matplotlib Figure
        Figure of the picture.

    See Also
    --------
    RatingDistributionDisplay : The predicted ratings of all titles.

    Examples
    --------
    >>> from sklearn_anime.inspection import ExplanationDisplay
    >>> from sklearn_anime.neighbors import SVDNeighborsRecommender
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["bob", "Bleach"],
    ...      ["bob", "Clannad"], ["cat", "Akira"], ["cat", "Bleach"], ["cat", "Durarara"]]
    >>> model = SVDNeighborsRecommender(n_components=2, n_neighbors=2, random_state=0)
    >>> model = model.fit(X, [9, 2, 10, 1, 8, 2, 9, 7])
    >>> display = ExplanationDisplay.from_estimator(model, "ann", "Clannad")
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['user bob, rated 8', 'rest']
    >>> round(display.start_, 2), round(display.total_, 2)
    (6.36, 6.81)
    """

    def __init__(
        self,
        *,
        explanation: Any,
        target: str = "score",
        pair: tuple[Hashable, Hashable] | None = None,
        names: Mapping | None = None,
        side: str = "item",
    ):
        self.explanation = explanation
        self.target = target
        self.pair = pair
        self.names = names
        self.side = side

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        user: Hashable,
        item: Hashable,
        *,
        n: int = 5,
        names: Mapping | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw why a fitted recommender gives a rating or a score.

        Parameters
        ----------
        estimator : recommender
            Fitted, with a method ``explain``, such as `SVDNeighborsRecommender` or `BiasRegressor`; a
            Pipeline or a search that ends in one will do.

        user, item : id
            The pair to explain, both of ``fit``.

        n : int, default=5
            How many of the largest terms to draw, before the row ``rest``.

        names : mapping of id to str, default=None
            Names of titles, such as the column of names of a catalog that its ids index.

        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``barh``.

        Returns
        -------
        ExplanationDisplay
            What was drawn.

        Raises
        ------
        KeyError
            If the user or the item was not in the rows of ``fit``.

        TypeError
            If the model has no ``explain``.
        """
        recommender = fitted_recommender(estimator)
        if not hasattr(recommender, "explain"):
            raise TypeError(
                f"{type(recommender).__name__} has no method `explain`. Take a model whose scores are "
                f"sums, such as SVDNeighborsRecommender or BiasRegressor."
            )
        interactions = recommender.interactions_
        interactions.users.lookup([user], "user")
        interactions.items.lookup([item], "item")
        display = cls(
            explanation=recommender.explain(user, item, n=n),
            target="predicted rating" if is_regressor(recommender) else "score",
            pair=(user, item),
            names=names,
            side=getattr(recommender, "_axis", "item"),
        )
        return display.plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``barh``.

        Returns
        -------
        ExplanationDisplay
            This Display.

        Raises
        ------
        ValueError
            If the explanation has no rows, or lacks a column.
        """
        labels, contributions = self._read()
        starts = labels[0] in STARTS and len(labels) > 1
        bars = contributions[starts:]
        ax = open_axes(self, ax)
        style = {"color": [COLORS[0] if bar >= 0 else COLORS[1] for bar in bars], "height": 0.7}
        places = np.arange(len(bars))
        self.bars_ = ax.barh(places, bars, **validate_style_kwargs(style, kwargs))
        ax.bar_label(self.bars_, fmt="{:+.2f}", padding=3)
        ax.set_yticks(places, labels[starts:])
        ax.invert_yaxis()
        ax.axvline(0, color=LINE, linewidth=0.8)
        ax.margins(x=0.2)
        self.start_ = float(contributions[0]) if starts else 0.0
        self.total_ = float(contributions.sum())
        whom = f" of {self._name(self.pair[1])}\nfor user {self.pair[0]}" if self.pair else ""
        ax.set(
            title=f"{self.target.capitalize()}{whom}: {self.total_:.2f}",
            xlabel=f"Added to the {labels[0]} of {self.start_:.2f}" if starts else "Contribution",
        )
        return close_axes(self, ax)

    def _read(self):
        """Return the label and the contribution of each term."""
        frame = nw.from_native(self.explanation, eager_only=True)
        missing = {"term", "contribution"} - set(frame.columns)
        if missing or len(frame) == 0:
            raise ValueError(
                f"explanation has {len(frame)} rows and columns {frame.columns}, but needs a row and "
                f"the columns 'term' and 'contribution'. Pass what `explain` returns."
            )
        columns = [name for name in frame.columns if name not in {"term"} | NUMBERS]
        ids = frame[columns[0]].to_list() if columns else [None] * len(frame)
        ratings = frame["rating"].to_list() if "rating" in frame.columns else [None] * len(frame)
        rows = zip(frame["term"].to_list(), ids, ratings, strict=True)
        labels = [self._label(*row) for row in rows]
        return labels, frame["contribution"].to_numpy().astype(float)

    def _label(self, term, id_, rating):
        if _is_missing(id_):
            return term
        rated = "" if _is_missing(rating) else f", rated {rating:g}"
        return f"user {id_}{rated}" if self.side == "user" else f"{self._name(id_)}{rated}"

    def _name(self, item):
        """Return the name of a title, short enough for the label of a bar."""
        return shorten(item if self.names is None else self.names.get(item, item), LONGEST_LABEL)


def _is_missing(value):
    return value is None or value is pd.NA or value != value
