"""Warnings that point at the line of whoever called the package."""

import sys
import warnings
from contextlib import contextmanager
from contextvars import ContextVar

INSIDE = {"sklearn_anime", "sklearn", "joblib"}
_SILENT = ContextVar("silent", default=False)


@contextmanager
def without_warnings():
    """Let `warn` say nothing within the block, in this thread alone.

    For callers that say the same in another way. ``warnings.catch_warnings`` is for one thread only.
    """
    token = _SILENT.set(True)
    try:
        yield
    finally:
        _SILENT.reset(token)


def warn(message):
    """Issue a `UserWarning` as if from the nearest line outside this package and those that call it.

    However deep the call, through validation, searches and pipelines too: the first frame whose module
    is not of a package in `INSIDE` is the one to blame.
    """
    if _SILENT.get():
        return
    level, frame = 1, sys._getframe()
    while _package(frame) in INSIDE and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


def _package(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
