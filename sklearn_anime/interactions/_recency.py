"""How much an interaction counts by its age: the only place that weighs by time."""

from dataclasses import dataclass
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
    """The weight of an interaction by its age: less, the older it is.

    It is ``0.5 ** (age / half_life) * decay ** position``. In the history that is scored, the age is the
    distance from the newest interaction of the user. Any later moment would give the same weights times
    a number, and so the same ranking. The position is 0 for the newest.

    Attributes
    ----------
    half_life : float or None
        Age at which an interaction counts half, in the units of the times; None: age does not count.

    decay : float
        Factor for each position.

    max_length : int or None
        How many of the newest interactions of a user count; None is all.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> rows = Interactions.from_rows([["ann", 7, 0], ["ann", 3, 10], ["ann", 5, 20]], time=2,
    ...                               needs_ratings=False)
    >>> rows.item_codes.tolist(), Recency.choose(rows, half_life=10).weights(rows).tolist()
    ([0, 1, 2], [0.5, 1.0, 0.25])
    >>> Recency.choose(rows, decay=0.1).weights(rows).round(2).tolist()
    [0.1, 1.0, 0.01]
    >>> Recency.choose(rows, decay=0.1, max_length=2).weights(rows).round(2).tolist()
    [0.1, 1.0, 0.0]
    """

    half_life: float | None = None
    decay: float = 1.0
    max_length: int | None = None

    @classmethod
    def choose(cls, rows, half_life=None, decay=1.0, max_length=None, name="half_life"):
        """Return the weights that parameters of a model ask for, if `rows` have what they need."""
        if half_life is not None and rows.clock is None:
            raise _needs_times(f"{name}={half_life!r}")
        if not 0 <= decay <= 1:
            raise ValueError(f"decay={decay!r} is not between 0 and 1. Give a factor such as 0.9.")
        if decay != 1 and not rows.has_order:
            raise _needs_times(f"decay={decay!r}")
        duration = None if half_life is None else duration_on(rows.clock, half_life, name)
        return cls(duration, float(decay), max_length)

    def weights(self, rows):
        """Return the weight of each pair in the history of its user: ndarray of shape (n_pairs,)."""
        weights = np.ones(len(rows.item_codes))
        if self.half_life is not None:
            weights *= np.exp2(-_ages(rows.times, _newest_of_each(rows)) / self.half_life)
        if self.decay != 1 or self.max_length is not None:
            positions = _positions(rows)
            weights *= self.decay**positions
            if self.max_length is not None:
                weights[positions >= self.max_length] = 0.0
        return weights

    def table_weights(self, rows, newest):
        """Return the weight of each pair by its distance from the newest of all users."""
        if self.half_life is None:
            return np.ones(len(rows.item_codes))
        return np.exp2(-_ages(rows.times, newest) / self.half_life)


def history_weights(rows, half_life, decay, max_length=None):
    """Return the weight of each pair of the histories that are scored."""
    return Recency.choose(rows, half_life, decay, max_length).weights(rows)


def training_weights(rows, half_life, newest):
    """Return the weight of each pair in training, where age is the distance from the newest of all."""
    recency = Recency.choose(rows, half_life, name="training_half_life")
    return recency.table_weights(rows, newest)


def _needs_times(given):
    return ValueError(f"{given} needs the times of the interactions. Name their column with `time=`.")


def _newest_of_each(rows):
    """Return for each pair the newest time of its user."""
    lengths = rows.row_lengths[rows.row_lengths > 0]
    starts = rows.indptr[:-1][rows.row_lengths > 0]
    return np.repeat(np.maximum.reduceat(rows.times, starts), lengths) if len(starts) else rows.times


def _ages(times, newest):
    """Return the time from each to the newest."""
    with np.errstate(invalid="ignore"):  # infinity less infinity
        return np.where(times == newest, 0.0, newest - times)


def _positions(rows):
    """Return how many newer pairs the user of each pair has."""
    lengths = rows.row_lengths
    positions = np.empty(len(rows.order), dtype=np.intp)
    positions[np.lexsort([-rows.order, rows.row_codes])] = positions_within(lengths)
    return positions
