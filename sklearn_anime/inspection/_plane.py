"""Maps: factors in two dimensions, and names beside points that do not overlap."""

import numpy as np
from scipy import sparse
from sklearn.decomposition import PCA

from sklearn_anime.base import FactorsMixin
from sklearn_anime.inspection._drawing import LINE, as_text

DISTANCES = (4, 9, 15, 22, 30, 40, 52, 66, 82, 100, 120)  # of names from their points, in points
# Those that leave a name beside its point come first.
DIRECTIONS = np.deg2rad([0, 90, 180, 270, 45, 135, 225, 315, 22.5, 157.5, 202.5, 337.5])
OUTERMOST = 0.001  # share of the points on each side that may stay outside
NAME_STYLE = {
    "xytext": (0, 0),
    "textcoords": "offset points",
    "ha": "center",
    "va": "center",
    "fontsize": "small",
    "zorder": 5,
    "bbox": {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
    "arrowprops": {"arrowstyle": "-", "color": LINE, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 3},
}


def plane(recommender, side, components):
    """Return two dimensions of the factors of a side, and the names of the axes.

    The components of an SVD are taken as they are. The factors of other models have no order, so that
    their principal components stand in for them.
    """
    factors = _factors(recommender, side)
    positions = _check_components(components, factors.shape[1])
    if hasattr(recommender, "singular_values_"):
        kind, shares = "SVD component", recommender.explained_variance_ratio_
    else:
        kind, pca = "Principal component", PCA(max(positions) + 1, svd_solver="covariance_eigh")
        factors = pca.fit_transform(factors)
        shares = pca.explained_variance_ratio_
    names = [f"{kind} {position + 1} ({100 * shares[position]:.1f} %)" for position in positions]
    return factors[:, positions], names


def _factors(recommender, side):
    factors = getattr(recommender, f"_{side}_vectors")()
    if isinstance(recommender, FactorsMixin) and not sparse.issparse(factors):
        return factors
    raise TypeError(
        f"{recommender} has no factors of {side}s to draw. Take a model that learns them, such as "
        f"SVDNeighborsRecommender with n_components=64."
    )


def _check_components(components, n_components):
    positions = list(components)
    if len(set(positions)) != 2 or not all(0 <= position < n_components for position in positions):
        raise ValueError(
            f"components={components!r} must be two different positions among the {n_components} "
            f"components of the model, counted from 0, such as (0, 1)."
        )
    return positions


def draw_map(ax, coordinates, axis_names, shown):
    """Draw the lines through the origin, from where directions are seen, and set up the axes.

    Of more than a thousand points, the few that lie farthest out would leave the others no room: they
    may stay outside, unless their rows are among those `shown`.

    Returns
    -------
    str
        What to say of the points outside.
    """
    low = np.quantile(coordinates, OUTERMOST, axis=0, method="lower")
    high = np.quantile(coordinates, 1 - OUTERMOST, axis=0, method="higher")
    low, high = np.min([low, *coordinates[shown]], axis=0), np.max([high, *coordinates[shown]], axis=0)
    n_outside = ((coordinates < low) | (coordinates > high)).any(axis=1).sum()
    if n_outside:
        ax.dataLim.update_from_data_xy([low, high], ignore=True)
        ax.autoscale_view()
    for line in (ax.axhline, ax.axvline):
        line(0, color=LINE, linewidth=0.6, zorder=0)
    ax.set(xlabel=axis_names[0], ylabel=axis_names[1])
    ax.set_aspect("equal", adjustable="datalim")
    return f", {n_outside} of them farther out" if n_outside else ""


def place_names(ax, points, names, legend=None):
    """Write names beside points, as near as they can be without overlapping each other.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes with everything else drawn, whose limits stay.

    points : ndarray of shape (n_names, 2)
        Where each name belongs.

    names : list of str
        What to write.

    legend : matplotlib Legend, default=None
        What the names keep clear of, too.

    Returns
    -------
    list of Annotation
        One for each name.
    """
    ax.figure.canvas.figure.draw_without_rendering()  # so that the layout is settled
    pixels = ax.transData.transform(np.asarray(points).reshape(-1, 2))
    taken = [_box(pixel, 4, 4) for pixel in pixels]
    taken += [] if legend is None else [legend.get_window_extent()]
    labels = []
    for name, point, pixel in zip(names, points, pixels, strict=True):
        label = ax.annotate(as_text(name, 32), point, **NAME_STYLE)
        label.set_in_layout(False)  # the layout stays as it is
        box = _free_box(label.get_window_extent().padded(2), pixel, ax, taken)
        label.set_position((np.mean(box.get_points(), axis=0) - pixel) * 72 / ax.figure.dpi)
        labels.append(label)
        taken.append(box)
    return labels


def _free_box(box, pixel, ax, taken):
    """Return the point nearest to a pixel, within the axes, at which a box meets the fewest others."""
    inside, size = ax.get_window_extent(), np.array([box.width, box.height])
    fewest, best = np.inf, None
    for distance in DISTANCES:
        for angle in DIRECTIONS:
            away = distance * ax.figure.dpi / 72 + size / 2
            center = pixel + away * [np.cos(angle), np.sin(angle)]
            candidate = _box(np.clip(center, inside.min + size / 2, inside.max - size / 2), *size)
            n_met = candidate.count_overlaps(taken)
            if n_met == 0:
                return candidate
            if n_met < fewest:
                fewest, best = n_met, candidate
    return best


def _box(center, width, height):
    from matplotlib.transforms import Bbox

    return Bbox.from_bounds(*(center - np.array([width, height]) / 2), width, height)
