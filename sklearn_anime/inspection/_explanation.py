"""The terms of a score or of a predicted rating."""

from collections.abc import Hashable, Mapping
from typing import Any, Self

import narwhals as nw
import numpy as np

from sklearn_anime.inspection._catalog import is_missing, names_of
from sklearn_anime.inspection._drawing import (
    COLORS,
    LINE,
    as_text,
    close_axes,
    fitted_recommender,
    open_axes,
)
from sklearn_anime.utils._sklearn import validate_style_kwargs

STARTS = {"baseline", "mean rating"}  # terms that the others are added to
LONGEST_LABEL = 24  # characters
TINY = 1e-9  # what is left of a sum by rounding alone
NUMBERS = {"weight", "rating", "contribution"}  # columns of an explanation without ids
TARGETS = {"score": "score", "rating": "predicted rating"}


class ExplanationDisplay:
    """Draw the terms of a score or of a predicted rating as bars.

    Bars to the right raise it, bars to the left lower it. Where it starts from a baseline or a mean,
    the bars are what is added to that. Make it with `from_estimator`.

    Parameters
    ----------
    explanation : DataFrame
        What ``explain`` returns: columns ``term`` and ``contribution``, and perhaps the item or user
        column with the neighbors, and ``rating``.

    target : str, default="score"
        What is explained.

    pair : tuple of two ids, default=None
        The user and the item, for the title of the plot.

    names : mapping of id to str, default=None
        Names of items. Items without a name are labeled by their ids.

    side : {"item", "user"}, default="item"
        Whether the neighbors are items or users.

    Attributes
    ----------
    bars_ : matplotlib BarContainer
        One bar for each term, from top to bottom.

    start_ : float
        What the bars are added to.

    total_ : float
        What is explained: the sum of `start_` and all bars.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    RatingDistributionDisplay : The predicted ratings of all items.

    Examples
    --------
    >>> from sklearn_anime.datasets import load_anime_sample
    >>> from sklearn_anime.inspection import ExplanationDisplay
    >>> from sklearn_anime.linear_model import EASERecommender
    >>> anime = load_anime_sample()
    >>> model = EASERecommender().fit(anime.data)
    >>> item = model.recommend([4], n_items=1).anime_id[0]
    >>> display = ExplanationDisplay.from_estimator(model, 4, item, n=3, catalog=anime.catalog)
    >>> print(display.ax_.get_title())
    Score of Clannad: After Story
    for user 4: 0.51
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['Air', 'Kanon (2006)', 'Shaman King', 'rest']
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
        history: Any = None,
        of: str = "score",
        n: int = 5,
        catalog: Any = None,
        name: str = "name",
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw what a score or a rating of a fitted recommender is made of.

        Parameters
        ----------
        estimator : recommender
            Fitted, with a method ``explain``, such as `EASERecommender` or `BiasRegressor`; a Pipeline
            or a search that ends in one will do.

        user, item : id
            The pair to explain. The item is one of ``fit``, the user one of ``fit`` or of `history`.

        history : array-like or DataFrame of shape (n_rows, n_columns), or (X, y), default=None
            Interactions of the user, as in ``explain``.

        of : {"score", "rating"}, default="score"
            What to explain: the score by which ``recommend`` ranks, or the predicted rating, which
            only models of ratings have.

        n : int, default=5
            How many of the largest terms to draw, before the bar ``rest``.

        catalog : DataFrame, default=None
            One row for each item. The ids are in the column with the name of the item column of
            ``fit``, or else in the index. None labels items by their ids.

        name : str, default="name"
            Column of the catalog with the names of the items.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``barh``.

        Returns
        -------
        ExplanationDisplay
            This Display, drawn.

        Raises
        ------
        KeyError
            If the item was not in the rows of ``fit``, or the user neither there nor in `history`.

        TypeError
            If the model has no ``explain``.

        ValueError
            If the model does not explain what `of` says, or the catalog lacks a column.
        """
        recommender = fitted_recommender(estimator)
        if not hasattr(recommender, "explain"):
            raise TypeError(
                f"{type(recommender).__name__} has no method `explain`. Take a model whose scores are "
                f"sums, such as EASERecommender or BiasRegressor."
            )
        explanation = recommender.explain(user, item, history=history, of=of, n=n)
        interactions = recommender.interactions_
        columns = nw.from_native(explanation, eager_only=True).columns
        display = cls(
            explanation=explanation,
            target=TARGETS[of],
            pair=(user, item),
            names=names_of(catalog, name, interactions.items),
            side="user" if interactions.users.name in columns else "item",
        )
        return display.plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

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
        terms, labels, contributions = self._read()
        starts = terms[0] in STARTS and len(terms) > 1
        bars = contributions[starts:]
        ax = open_axes(self, ax)
        style = {"color": [COLORS[0] if bar >= 0 else COLORS[1] for bar in bars], "height": 0.7}
        rows = np.arange(len(bars))
        self.bars_ = ax.barh(rows, bars, **validate_style_kwargs(style, kwargs))
        ax.bar_label(self.bars_, fmt="{:+.2f}", padding=3)
        ax.set_yticks(rows, labels[starts:])
        ax.invert_yaxis()
        ax.axvline(0, color=LINE, linewidth=0.8)
        ax.margins(x=0.2)
        self.start_ = float(contributions[0]) if starts else 0.0
        self.total_ = float(contributions.sum())
        ax.set(
            title=f"{as_text(self.target).capitalize()}{self._pair_text()}: {self.total_:.2f}",
            xlabel=f"Added to the {terms[0]} of {self.start_:.2f}" if starts else "Contribution",
        )
        return close_axes(self, ax)

    def _pair_text(self):
        """Return the item and the user for the title of the plot."""
        if self.pair is None:
            return ""
        return f" of {self._name(self.pair[1])}\nfor user {as_text(self.pair[0])}"

    def _read(self):
        """Return the term, the label and the contribution of each row, without a rest of 0."""
        frame = nw.from_native(self.explanation, eager_only=True)
        missing = {"term", "contribution"} - set(frame.columns)
        if missing or len(frame) == 0:
            raise ValueError(
                f"explanation has {len(frame)} rows and columns {frame.columns}, but needs a row and "
                f"the columns 'term' and 'contribution'. Pass what `explain` returns."
            )
        if len(frame) > 1:
            frame = frame.filter((nw.col("term") != "rest") | (nw.col("contribution").abs() > TINY))
        columns = [name for name in frame.columns if name not in {"term"} | NUMBERS]
        terms = frame["term"].to_list()
        ids = frame[columns[0]].to_list() if columns else [None] * len(frame)
        ratings = frame["rating"].to_list() if "rating" in frame.columns else [None] * len(frame)
        labels = [self._label(*row) for row in zip(terms, ids, ratings, strict=True)]
        return terms, labels, frame["contribution"].to_numpy().astype(float)

    def _label(self, term, id_, rating):
        if is_missing(id_):
            return as_text(term)
        rated = "" if is_missing(rating) else f", rated {rating:g}"
        return f"user {as_text(id_)}{rated}" if self.side == "user" else f"{self._name(id_)}{rated}"

    def _name(self, item):
        """Return the name of an item, short enough for the label of a bar."""
        return as_text(item if self.names is None else self.names.get(item, item), LONGEST_LABEL)
