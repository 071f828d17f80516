"""What a score is made of: its terms, and the one form in which they are shown."""

from dataclasses import dataclass, field

import narwhals as nw
import numpy as np

from sklearn_anime.interactions._frames import tidy_frame

NEIGHBOR, REST = "neighbor", "rest"


@dataclass(frozen=True)
class Terms:
    """The terms of a score, which add up to it.

    Attributes
    ----------
    named : dict of str to float
        Contributions of terms that belong to no item or user, such as ``"mean rating"``.

    side : {"item", "user"}, default="item"
        Whether the neighbors are items or users.

    codes : ndarray of int of shape (n_neighbors,)
        Codes of the neighbors.

    weights, ratings, contributions : ndarray of shape (n_neighbors,)
        Weight of each neighbor, the rating that it brings in (NaN: none), and what it adds.

    Examples
    --------
    >>> Terms({"mean rating": 7.0, "user bias": 0.5}).total
    7.5
    """

    named: dict
    side: str = "item"
    codes: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    weights: np.ndarray = field(default_factory=lambda: np.empty(0))
    ratings: np.ndarray = field(default_factory=lambda: np.empty(0))
    contributions: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def total(self):
        """The sum of all terms."""
        return float(sum(self.named.values()) + np.sum(self.contributions))


def explanation_frame(terms, n, interactions):
    """Return named terms, the `n` neighbors that contribute most, and the row ``rest``.

    Parameters
    ----------
    terms : Terms
        What adds up to a score.

    n : int
        How many neighbors to show.

    interactions : Interactions
        Those of ``fit``, which know the ids of the codes.

    Returns
    -------
    DataFrame
        Columns ``term``, the item or user column of ``fit``, ``weight``, ``rating`` and
        ``contribution``.
    """
    contributions = np.asarray(terms.contributions, dtype=np.float64)
    best = np.argsort(-np.abs(contributions), kind="stable")[:n]
    best = best[contributions[best] != 0]
    vocabulary = interactions.items if terms.side == "item" else interactions.users
    ids = vocabulary.decode(np.asarray(terms.codes, dtype=np.intp)[best])
    gap = np.full(len(terms.named), np.nan)
    library = ids.implementation
    dtype = {"dtype": nw.Object()} if library.is_pandas_like() else {"dtype": ids.dtype}
    named = [*[None] * len(terms.named), *ids.to_list(), None]
    rest = contributions.sum() - contributions[best].sum()
    return tidy_frame(
        nw.new_series("term", [*terms.named, *[NEIGHBOR] * len(best), REST], backend=library),
        nw.new_series(vocabulary.name, named, backend=library, **dtype),
        weight=np.concatenate([gap, np.asarray(terms.weights)[best], [np.nan]]),
        rating=np.concatenate([gap, np.asarray(terms.ratings)[best], [np.nan]]),
        contribution=np.concatenate([list(terms.named.values()), contributions[best], [rest]]),
    )
