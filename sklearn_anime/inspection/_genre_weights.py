"""The weights that genres get, as a heat map."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.inspection._drawing import as_text, close_axes, open_axes
from sklearn_anime.preprocessing import WeightedOneHotGenres
from sklearn_anime.utils._sklearn import validate_style_kwargs

MOST_NUMBERS = 400  # cells that numbers are written into


class GenreWeightsDisplay:
    """Draw the weights of genres in some items as a heat map.

    Make it with `from_estimator`.

    Parameters
    ----------
    weights : ndarray of shape (n_titles, n_genres)
        The weight of each genre in each item.

    genres : sequence of str of length n_genres
        Names of the genres.

    names : sequence of str of length n_titles
        Names of the items.

    Attributes
    ----------
    im_ : matplotlib AxesImage
        The heat map.

    text_ : list of matplotlib Text
        The weights that are not 0; empty where there are too many cells to write into.

    colorbar_ : matplotlib Colorbar
        What the colors mean.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    sklearn_anime.preprocessing.WeightedOneHotGenres : Makes the weights.

    Examples
    --------
    >>> from sklearn_anime.inspection import GenreWeightsDisplay
    >>> from sklearn_anime.preprocessing import WeightedOneHotGenres
    >>> genres = [["Action, Drama"], ["Drama, Comedy"], ["Romance"]]
    >>> encoder = WeightedOneHotGenres().fit(genres)
    >>> display = GenreWeightsDisplay.from_estimator(encoder, genres[:2], names=["Akira", "Clannad"])
    >>> display.genres, display.weights.tolist()
    (['Action', 'Comedy', 'Drama'], [[2.0, 0.0, 1.0], [0.0, 1.0, 2.0]])
    """

    def __init__(self, *, weights: np.ndarray, genres: list[str], names: list[str]):
        self.weights = weights
        self.genres = genres
        self.names = names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        names: ArrayLike | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the genre weights that a fitted encoder gives some items.

        Genres that none of them has are left out.

        Parameters
        ----------
        estimator : WeightedOneHotGenres
            Fitted; the first one in a Pipeline, a ColumnTransformer or a FeatureUnion will do.

        X : array-like or DataFrame of shape (n_titles, n_columns)
            Cells with genres, an item in each row, in the form that the encoder was fitted to. Of a
            frame with more columns it takes its own.

        names : array-like of shape (n_titles,), default=None
            Names of the items. None numbers them from 0.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``imshow``.

        Returns
        -------
        GenreWeightsDisplay
            This Display, drawn.

        Raises
        ------
        TypeError
            If there is no `WeightedOneHotGenres` in the estimator.

        ValueError
            If no item has a genre, or there are not as many names as items.
        """
        encoder = _find_encoder(estimator)
        if encoder is None:
            raise TypeError(
                f"There is no WeightedOneHotGenres in {type(estimator).__name__}, neither bare nor as a "
                f"step. Pass one."
            )
        check_is_fitted(encoder)
        weights = _dense(encoder.transform(_own_columns(encoder, X)))
        shown = np.flatnonzero((weights != 0).any(axis=0))
        names = range(len(weights)) if names is None else list(names)
        if len(shown) == 0 or len(names) != len(weights):
            raise ValueError(
                f"X has {len(weights)} items with {len(shown)} different genres, and names={names!r}. "
                f"Pass items with a genre, and a name for each."
            )
        genres = [_short_names(encoder)[position] for position in shown]
        display = cls(weights=weights[:, shown], genres=genres, names=[str(name) for name in names])
        return display.plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``imshow``.

        Returns
        -------
        GenreWeightsDisplay
            This Display.
        """
        ax = open_axes(self, ax)
        style = {"cmap": "Blues", "aspect": "auto", "vmin": 0}
        self.im_ = ax.imshow(self.weights, **validate_style_kwargs(style, kwargs))
        self.text_ = self._write_weights(ax) if self.weights.size <= MOST_NUMBERS else []
        self.colorbar_ = ax.figure.colorbar(self.im_, ax=ax, label="Weight")
        ax.set_xticks(np.arange(len(self.genres)), [as_text(name) for name in self.genres], rotation=90)
        ax.set_yticks(np.arange(len(self.names)), [as_text(name, 32) for name in self.names])
        ax.set_title("Weights of genres")
        return close_axes(self, ax)

    def _write_weights(self, ax):
        middle = (self.im_.norm.vmin + self.im_.norm.vmax) / 2
        style = {"ha": "center", "va": "center", "fontsize": "small"}
        return [
            ax.text(
                column,
                row,
                f"{self.weights[row, column]:.2g}",
                color="white" if self.weights[row, column] > middle else "black",
                **style,
            )
            for row, column in zip(*np.nonzero(self.weights), strict=True)
        ]


def _find_encoder(estimator):
    """Return the first WeightedOneHotGenres among nested steps, or None."""
    if isinstance(estimator, WeightedOneHotGenres):
        return estimator
    found = (_find_encoder(step) for step in _steps(estimator))
    return next((encoder for encoder in found if encoder is not None), None)


def _steps(estimator):
    if isinstance(estimator, Pipeline):
        return [step for _, step in estimator.steps]
    if isinstance(estimator, ColumnTransformer):
        return [step[1] for step in getattr(estimator, "transformers_", estimator.transformers)]
    if isinstance(estimator, FeatureUnion):
        return [step for _, step in estimator.transformer_list]
    return []


def _own_columns(encoder, X):
    """Return the columns that an encoder was fitted to, where a frame has more of them."""
    names = getattr(encoder, "feature_names_in_", None)
    if names is None or not set(names) <= set(getattr(X, "columns", [])):
        return X
    return X[list(names)]


def _dense(weights):
    if sparse.issparse(weights):
        return weights.toarray()
    return weights.to_numpy() if hasattr(weights, "to_numpy") else weights


def _short_names(encoder):
    """Return the genre of each output column, without the name of an only input column."""
    names = encoder.get_feature_names_out()
    if encoder.n_features_in_ > 1:
        return names
    column = getattr(encoder, "feature_names_in_", ["x0"])[0]
    return [name.removeprefix(f"{column}_") for name in names]
