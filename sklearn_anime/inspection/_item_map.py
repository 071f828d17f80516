"""Items in two dimensions, colored by genre, some of them named."""

from collections import Counter
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_anime.inspection._catalog import first_genres, read_column_of
from sklearn_anime.inspection._drawing import (
    COLORS,
    QUIET,
    as_text,
    close_axes,
    fitted_recommender,
    open_axes,
    positions,
)
from sklearn_anime.inspection._plane import draw_map, place_names, plane
from sklearn_anime.utils._sklearn import validate_style_kwargs

OTHERS = "other"


class ItemMapDisplay:
    """Draw items in two components of their factors, colored by their first genre.

    Items that the same users like are in the same direction from the origin. Of more than a thousand
    titles, those farthest out (0.1 % on each side) may lie outside the picture, whose title counts
    them, unless they are named. Make it with `from_estimator`.

    Parameters
    ----------
    coordinates : ndarray of shape (n_items, 2)
        Coordinates of each item.

    items : array-like of shape (n_items,)
        Their ids.

    axis_names : sequence of two str
        Names of the two axes.

    genres : sequence of str or None, of length n_items, default=None
        The first genre of each item, None where it has none. The six most frequent ones get a color,
        the others share a gray. None draws all items in one color.

    names : dict of id to str, default=None
        Items to name in the picture.

    Attributes
    ----------
    scatters_ : list of matplotlib PathCollection
        The items of each genre: the gray ones, then from the most frequent genre to the rarest.

    labels_ : list of Annotation
        The names.

    legend_ : matplotlib Legend or None
        What the colors mean.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    UserMapDisplay : The same of users.
    GenreWeightsDisplay : The genres of items as numbers.

    Examples
    --------
    >>> from sklearn_anime.datasets import load_anime_sample
    >>> from sklearn_anime.inspection import ItemMapDisplay
    >>> from sklearn_anime.neighbors import SVDNeighborsRecommender
    >>> anime = load_anime_sample()
    >>> model = SVDNeighborsRecommender(random_state=0).fit(anime.data, anime.target)
    >>> display = ItemMapDisplay.from_estimator(model, catalog=anime.catalog, named=[1, 2])
    >>> [label.get_text() for label in display.labels_]
    ['Dragon Ball', 'Dragon Ball Z']
    """

    def __init__(
        self,
        *,
        coordinates: np.ndarray,
        items: ArrayLike,
        axis_names: tuple[str, str],
        genres: Any = None,
        names: dict | None = None,
    ):
        self.coordinates = coordinates
        self.items = items
        self.axis_names = axis_names
        self.genres = genres
        self.names = names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        catalog: Any = None,
        genre: str | None = "genre",
        name: str = "name",
        named: Any = 12,
        components: tuple[int, int] = (0, 1),
        ax: Any = None,
        scatter_kwargs: dict | None = None,
    ) -> Self:
        """Draw the items of a fitted recommender.

        Parameters
        ----------
        estimator : recommender
            Fitted, with factors of items, such as `SVDNeighborsRecommender` or `EmbeddingRegressor`; a
            Pipeline or a search that ends in one is accepted.

        catalog : DataFrame, default=None
            What is known of the items, one in each row: its ids are the column that is called as the
            items of ``fit`` are, or else the index. None names items by their ids and leaves out
            the colors.

        genre : str or None, default="genre"
            Column of the catalog with the genres of an item, of which the first one counts: a text
            with ", " between them, or a list. None leaves out the colors.

        name : str, default="name"
            Column of the catalog with the name of an item.

        named : int or array-like of ids, default=12
            Items to name: so many of those that most users have seen, or those of some ids.

        components : tuple of two int, default=(0, 1)
            Which components to draw, from 0: those of the SVD, or in models whose factors have no order
            the principal components of these. The percentage on an axis is its share: of the
            squared residuals in an SVD, else of the variance of the factors.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        scatter_kwargs : dict, default=None
            Keywords of matplotlib's ``scatter``.

        Returns
        -------
        ItemMapDisplay
            This Display, drawn.

        Raises
        ------
        KeyError
            If an item to name was not in the rows of ``fit``.

        TypeError
            If the model has no factors of items.

        ValueError
            If the catalog lacks a column.
        """
        recommender = fitted_recommender(estimator)
        coordinates, axis_names = plane(recommender, "item", components)
        items = recommender.items_
        if isinstance(named, Integral):
            named = items[np.argsort(-recommender.interactions_.item_counts, kind="stable")[:named]]
        rows = positions(items, named, "item")
        names, genres = items.tolist(), None
        if catalog is not None:
            known = read_column_of(catalog, name, recommender.interactions_.items)
            names = [item if text is None else text for item, text in zip(names, known, strict=True)]
            if genre is not None:
                genres = first_genres(read_column_of(catalog, genre, recommender.interactions_.items))
        display = cls(
            coordinates=coordinates,
            items=items,
            axis_names=axis_names,
            genres=genres,
            names={items[row]: names[row] for row in rows},
        )
        return display.plot(ax, scatter_kwargs=scatter_kwargs)

    def plot(self, ax: Any = None, *, scatter_kwargs: dict | None = None) -> Self:
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        scatter_kwargs : dict, default=None
            Keywords of matplotlib's ``scatter``.

        Returns
        -------
        ItemMapDisplay
            This Display.
        """
        names = self.names or {}
        rows = positions(self.items, list(names), "item")
        ax = open_axes(self, ax)
        self.scatters_ = [self._draw_group(ax, *group, scatter_kwargs or {}) for group in self._groups()]
        outside = draw_map(ax, self.coordinates, self.axis_names, rows)
        ax.set_title(f"{len(self.coordinates):,} titles by who likes them{outside}")
        self.legend_ = None if self.genres is None else self._explain_colors(ax)
        self.labels_ = place_names(ax, self.coordinates[rows], list(names.values()), self.legend_)
        return close_axes(self, ax)

    def _groups(self):
        """Return genre, mask of its items and color; the last, which lies on top, is the rarest."""
        if self.genres is None:
            return [(None, np.ones(len(self.coordinates), dtype=bool), COLORS[0])]
        frequent = [genre for genre, _ in Counter(filter(None, self.genres)).most_common(len(COLORS))]
        colors = dict(zip(frequent, COLORS, strict=False))
        shown = np.array([genre if genre in colors else OTHERS for genre in self.genres])
        present = [genre for genre in [OTHERS, *frequent] if (shown == genre).any()]
        return [(genre, shown == genre, colors.get(genre, QUIET)) for genre in present]

    def _draw_group(self, ax, genre, mask, color, style):
        defaults = {
            "s": 16,
            "color": color,
            "linewidths": 0,
            "alpha": 0.85,
            "label": None if genre is None else as_text(genre),
        }
        return ax.scatter(*self.coordinates[mask].T, **validate_style_kwargs(defaults, style))

    def _explain_colors(self, ax):
        handles = sorted(self.scatters_, key=lambda handle: handle.get_label() == OTHERS)
        return ax.legend(handles=handles, title="First genre", fontsize="small")
