"""The clock of a time column: what a duration and a moment are in the units of its times."""

import re
from numbers import Integral, Real

import narwhals as nw
import numpy as np
import pandas as pd

from sklearn_anime.utils._warnings import warn

NUMBERS, DATES, ZONED, DURATIONS = "numbers", "datetimes", "datetimes of a time zone", "durations"
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}|$)")
TYPED = {"date": pd.to_datetime, "datetime": pd.to_datetime, "timedelta": pd.to_timedelta}


def typed(column):
    """Return a column of Python's dates, datetimes or durations as one of their dtype, others as it is.

    Examples
    --------
    >>> from datetime import datetime
    >>> objects = pd.Series([datetime(2024, 1, 1)], dtype=object, name="day")
    >>> typed(nw.from_native(objects, series_only=True)).dtype
    Datetime(time_unit='us', time_zone=None)
    """
    kind = pd.api.types.infer_dtype(column.to_list()) if column.dtype == nw.Object else None
    convert = TYPED.get(kind)
    if convert is None:
        return column
    try:
        values = pd.Series(convert(column.to_list()), name=column.name)
    except (TypeError, ValueError):  # with and without a time zone, or of several
        return column
    return nw.from_native(values, series_only=True)


def clock_of(column):
    """Return what the times of a column are: numbers, datetimes with or without a zone, or durations."""
    dtype = typed(column).dtype
    if isinstance(dtype, nw.Datetime):
        return DATES if dtype.time_zone is None else ZONED
    if dtype == nw.Date:
        return DATES
    return DURATIONS if isinstance(dtype, nw.Duration) else NUMBERS


def warn_of_times(rows, ordered, **columns):
    """Warn where datetimes are read as ids, or not at all and the order of rows is that of time.

    `columns` are the parameters `user` and `item`: ids may be datetimes where they are named.
    """
    for role, key in columns.items():
        column = getattr(rows, role)
        if not isinstance(key, str) and _is_datetimes(column):
            warn(
                f"Column {column.name!r} of X is read as the {role} ids, and holds datetimes. Name the "
                f"id columns with user= and item=."
            )
    aside = [column for column in rows.others if _is_datetimes(column)]
    if ordered and rows.time is None and aside:
        name, is_text = aside[0].name, aside[0].dtype == nw.String
        warn(
            f"Column {name!r} of X holds datetimes, but without time= the order of the rows is read as "
            f"that of time. Name the column: time={name!r}."
            f"{' Convert its text before, for instance with pandas.to_datetime.' * is_text}"
        )


def _is_datetimes(column):
    """Return whether a column has dates or datetimes, or begins with one as ISO text."""
    if column.dtype == nw.String and len(column):
        return isinstance(column[0], str) and ISO_DATE.match(column[0]) is not None
    return isinstance(column.dtype, (nw.Datetime, nw.Date))


def check_clock(clock, fitted, where):
    """Raise where the times of more rows are on another clock than those of ``fit``."""
    if clock != fitted:
        raise ValueError(
            f"The time column of {where} holds {clock}, but that of fit held {fitted}. Convert it, for "
            f"instance with pandas.to_datetime."
        )


def duration_on(clock, half_life, name="half_life"):
    """Return a half-life in the units of times: those of the column, or microseconds.

    Examples
    --------
    >>> duration_on("numbers", 30), duration_on("datetimes", "1min")
    (30.0, 60000000.0)
    """
    if isinstance(half_life, (bool, np.bool_)):
        raise ValueError(
            f"{name}={half_life!r} is no duration. Give the age at which an interaction counts half."
        )
    bare = isinstance(half_life, Real) and not isinstance(half_life, np.timedelta64)
    if clock == NUMBERS:
        if not bare:
            raise ValueError(
                f"{name}={half_life!r} is a duration, but the time column holds numbers. Give a number, "
                f"in the units of the column."
            )
        if not half_life > 0:
            raise ValueError(f"{name}={half_life!r} is not positive. Give a number above 0.")
        return float(half_life)
    if bare or _is_number(half_life):
        raise ValueError(
            f"{name}={half_life!r} has no unit, and the time column holds {clock}. Give a duration, "
            f"such as '30D' or datetime.timedelta(days=30)."
        )
    return _microseconds(half_life, name)


def moment_on(clock, now):
    """Return ``now=`` in the units of times.

    Examples
    --------
    >>> moment_on("numbers", 30), moment_on("datetimes", "1970-01-01 00:01")
    (30, 60000000)
    """
    if clock is None:
        raise ValueError(
            f"now={now!r} needs the times of the interactions, which fit did not read. Fit with `time=`."
        )
    try:
        moment = _moment(clock, now)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"now={now!r} is no moment on the time column of fit, which held {clock}. Give a value such "
            f"as those of the column."
        ) from error
    return moment


def _moment(clock, now):
    dated = isinstance(now, (np.datetime64, np.timedelta64))
    bare = isinstance(now, Real) and not dated
    if isinstance(now, (bool, np.bool_)) or bare != (clock == NUMBERS):
        raise TypeError(f"{type(now).__name__} is not of the type of the times")
    if clock == NUMBERS:
        if not np.isfinite(now):
            raise ValueError("not finite")
        return int(now) if isinstance(now, Integral) else float(now)
    if clock == DURATIONS:
        return int(pd.Timedelta(now) / pd.Timedelta(1, "us"))
    moment = pd.Timestamp(now)
    if pd.isna(moment) or (moment.tzinfo is None) != (clock == DATES):
        raise ValueError("missing, or with a time zone on one side alone")
    moment = moment if moment.tzinfo is None else moment.tz_convert("UTC").tz_localize(None)
    return int(moment.to_datetime64().astype("datetime64[us]").astype(np.int64))


def _microseconds(half_life, name):
    try:
        duration = pd.Timedelta(half_life)
    except ValueError as error:
        raise ValueError(
            f"{name}={half_life!r} is no duration. Give one such as '30D', '12h' or "
            f"datetime.timedelta(days=30)."
        ) from error
    if not duration > pd.Timedelta(0):
        raise ValueError(
            f"{name}={half_life!r} is not positive. Give a duration above 0, such as '30D'."
        )
    return duration / pd.Timedelta(1, "us")


def _is_number(text):
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return isinstance(text, str)
