"""How much an interaction counts by its age: the only place that weighs by time."""

from dataclasses import dataclass, replace
from datetime import timedelta
from numbers import Real

import numpy as np

from sklearn_anime.interactions._clock import duration_on
from sklearn_anime.interactions._rows import ID_COLUMN
from sklearn_anime.utils._groups import positions_within
from sklearn_anime.utils._sklearn import Interval

# Constraints of the parameters of models that weigh by time.
TIME_COLUMN = [*ID_COLUMN, None]
# NumPy's durations are numbers to Python, but compare with none: they come first.
HALF_LIFE = [np.timedelta64, Interval(Real, 0, None, closed="neither"), str, timedelta, None]
DECAY = [Interval(Real, 0, 1, closed="both")]


@dataclass(frozen=True)
class Recency:
    """The weight of an interaction in the history that is scored: less, the older it is.

    It is ``0.5 ** (age / half_life) * decay ** position``. The age is the distance from the newest
    interaction of the user, or from ``rows.now`` where it is given. The position is 0 for the newest.

    Attributes
    ----------
    half_life : float or None
        Age at which an interaction counts half, in the units of the times; None: age does not count.

    decay : float
        Factor for each position.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> rows = Interactions.from_rows([["ann", 7, 0], ["ann", 3, 10], ["ann", 5, 20]], time=2,
    ...                               needs_ratings=False)
    >>> rows.item_codes.tolist(), Recency.choose(rows, half_life=10).weights(rows).tolist()
    ([0, 1, 2], [0.5, 1.0, 0.25])
    >>> Recency.choose(rows, decay=0.1).weights(rows).round(2).tolist()
    [0.1, 1.0, 0.01]
    """

    half_life: float | None = None
    decay: float = 1.0

    @classmethod
    def choose(cls, rows, half_life=None, decay=1.0, name="half_life"):
        """Return the weights that parameters of a model ask for, if `rows` have the times for them."""
        if rows.clock is None and (half_life is not None or decay != 1):
            given = f"{name}={half_life!r}" if half_life is not None else f"decay={decay!r}"
            raise ValueError(
                f"{given} needs the times of the interactions. Name their column with `time=`."
            )
        return cls(None if half_life is None else duration_on(rows.clock, half_life, name), float(decay))

    def weights(self, rows):
        """Return the weight of each pair of some rows: ndarray of shape (n_pairs,)."""
        weights = np.ones(len(rows.item_codes))
        if self.half_life is not None:
            weights *= np.exp2(-_ages(rows) / self.half_life)
        if self.decay != 1:
            weights *= self.decay ** _positions(rows)
        return weights


def training_weights(rows, half_life, newest):
    """Return the weight of each pair in training, where age is the distance from the newest of all."""
    recency = Recency.choose(rows, half_life, name="training_half_life")
    if half_life is None:
        return recency.weights(rows)
    return recency.weights(replace(rows, now=newest))


def _ages(rows):
    """Return the time from each pair to the newest of its user, or to now."""
    newest = rows.now
    if newest is None:
        lengths = rows.row_lengths[rows.row_lengths > 0]
        starts = rows.indptr[:-1][rows.row_lengths > 0]
        newest = np.repeat(np.maximum.reduceat(rows.times, starts), lengths) if len(starts) else 0
    with np.errstate(invalid="ignore"):  # infinity less infinity
        return np.where(rows.times == newest, 0.0, newest - rows.times)


def _positions(rows):
    """Return how many newer pairs the user of each pair has."""
    lengths = rows.row_lengths
    positions = np.empty(len(rows.order), dtype=np.intp)
    positions[np.lexsort([-rows.order, rows.row_codes])] = positions_within(lengths)
    return positions
