"""The times of posted histories, on the clock of the time column of ``fit``."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

import pandas as pd

from sklearn_anime.interactions._clock import DURATIONS, NUMBERS, ZONED

EXAMPLES = {
    NUMBERS: "a number such as 1700000000",
    DURATIONS: "text such as '3 days 04:00:00'",
    ZONED: "text with a time zone such as '2026-01-31T20:15:00Z'",
}
DATED = "text without a time zone such as '2026-01-31T20:15:00'"
LARGEST_NUMBER = 2**62


@dataclass(frozen=True)
class Clock:
    """Reads times as values of the time column of ``fit``.

    Attributes
    ----------
    kind : str
        What the column holds: numbers, datetimes with or without a zone, or durations.

    newest : number, Timestamp or Timedelta
        The newest time of ``fit``. Where a history has no times, all entries have this one, and their
        order stands for the time.

    Examples
    --------
    >>> Clock("datetimes", None).read("2026-01-31")
    Timestamp('2026-01-31 00:00:00')
    """

    kind: str
    newest: Any

    @classmethod
    def of(cls, interactions):
        """Return the clock of the table of ``fit``."""
        newest, kind = interactions.times.max().item(), interactions.clock
        if kind == DURATIONS:
            newest = pd.Timedelta(newest, "us")
        elif kind != NUMBERS:
            newest = pd.Timestamp(newest, unit="us", tz="UTC" if kind == ZONED else None)
        return cls(kind, newest)

    def read(self, value):
        """Return a posted time as a value of the column, or say what it should be."""
        try:
            return self._read(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"The time {str(value)[:50]!r} is none on the time column of fit, which held "
                f"{self.kind}. Give {EXAMPLES.get(self.kind, DATED)}."
            ) from error

    def _read(self, value):
        if isinstance(value, Real) != (self.kind == NUMBERS):
            raise TypeError("a number for a date, or a date for a number")
        if self.kind == NUMBERS:
            if not abs(value) < LARGEST_NUMBER:
                raise ValueError("too large, or no number")
            return value
        moment = (pd.Timedelta if self.kind == DURATIONS else pd.Timestamp)(value)
        if pd.isna(moment):
            raise ValueError("missing")
        if self.kind == DURATIONS:
            return moment
        if (moment.tzinfo is not None) != (self.kind == ZONED):
            raise ValueError("with a time zone on one side alone")
        return moment.tz_convert("UTC") if self.kind == ZONED else moment
