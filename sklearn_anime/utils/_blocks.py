"""Blocks of rows that fit in the memory that one worker may use."""

import numpy as np
from joblib import effective_n_jobs
from sklearn import get_config
from sklearn.utils import gen_batches

LARGEST_BLOCK = 64 * 2**20  # bytes


def block_length(n_columns, n_jobs=None):
    """Return how many rows of scores fit in the memory that one worker may use."""
    budget = get_config()["working_memory"] * 2**20 / effective_n_jobs(n_jobs)
    return max(1, int(min(budget, LARGEST_BLOCK) // (8 * max(n_columns, 1))))


def batches(n_rows, length):
    """Return slices of at most `length` rows; none where there are no rows."""
    return gen_batches(n_rows, length) if n_rows else []


def split_by_size(sizes, limit):
    """Return slices of rows whose sizes add up to `limit` at most, or of one row.

    Examples
    --------
    >>> split_by_size([3, 1, 5, 2, 2], 4)
    [slice(0, 2, None), slice(2, 3, None), slice(3, 5, None)]
    """
    ends, stop = np.cumsum(sizes), 0
    slices = []
    while stop < len(ends):
        start, before = stop, ends[stop - 1] if stop else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + limit, side="right")))
        slices.append(slice(start, stop))
    return slices
