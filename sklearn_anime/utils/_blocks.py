"""Blocks of rows that fit in the memory that one worker may use."""

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
