"""What all Displays share: axes, colors, text, and the model behind pipelines and searches."""

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.base import RecommenderMixin
from sklearn_anime.interactions._ids import as_series, id_index
from sklearn_anime.utils._optional import import_optional
from sklearn_anime.utils._pipelines import find_recommender

# The palette of Okabe and Ito, which is distinguishable with any color vision.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
QUIET = "#B0B0B0"  # points in the background
LINE = "#606060"  # diagonals, axes through the origin and the like


def open_axes(display, ax):
    """Return the axes to draw on: those given, or those of a new figure."""
    plt = import_optional("matplotlib.pyplot", extra="plot", purpose=f"{type(display).__name__}.plot")
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def close_axes(display, ax):
    """Store the axes and the figure in a Display, and return it."""
    display.ax_, display.figure_ = ax, ax.figure
    return display


def next_color(ax):
    """Return the first color that no line of the axes has."""
    from matplotlib.colors import to_hex

    used = {to_hex(line.get_color()).upper() for line in ax.lines}
    return next((color for color in COLORS if color not in used), COLORS[0])


def as_text(value, n_characters=None):
    """Return the text of a value as matplotlib draws it unchanged, cut to a number of characters.

    Without the escape, text between two dollar signs is parsed as a formula.
    """
    text = str(value)
    if n_characters is not None and len(text) > n_characters:
        text = f"{text[: n_characters - 1].rstrip()}…"
    return text.replace("$", r"\$")


def fitted_recommender(estimator):
    """Return the fitted recommender of this package at the end of an estimator, or raise."""
    recommender = find_recommender(estimator)
    if not isinstance(recommender, RecommenderMixin):
        name = type(recommender).__name__
        raise TypeError(
            f"{name} is no recommender of this package. Let it inherit from "
            f"sklearn_anime.base.RecommenderMixin."
        )
    check_is_fitted(recommender)
    return recommender


def positions(ids, wanted, role):
    """Return the positions of some ids among others; raise ``KeyError`` where one is unknown."""
    wanted = as_series(wanted)
    found = id_index(as_series(ids), role).get_indexer(id_index(wanted, role))
    if (found < 0).any():
        unknown = wanted.to_list()[int(np.argmax(found < 0))]
        raise KeyError(f"{role} {unknown!r} is not among the {len(ids)} {role}s of the plot.")
    return found


def as_floats(values, name):
    """Return finite numbers as a float ndarray of one dimension, or raise ``ValueError``."""
    return check_array(values, ensure_2d=False, dtype=np.float64, input_name=name).ravel()


def rating_range(interactions):
    """Return the smallest and the largest rating of ``fit``, or None where there is none."""
    if not interactions.rated.any():
        return None
    return tuple(map(float, interactions.rating_range))


def scale_text(rating_range):
    """Return the unit of a rating for the label of an axis."""
    return "" if rating_range is None else " (scale {:g} to {:g})".format(*rating_range)
