"""Weights of the positions in a cell, and their way into the columns of the output."""

from numbers import Real

import numpy as np
from scipy import sparse
from sklearn import get_config

WEIGHTINGS = {
    "linear": lambda positions, n_positions: np.maximum(n_positions - positions + 1.0, 0.0),
    "reciprocal": lambda positions, n_positions: 1.0 / positions,
    "exponential": lambda positions, n_positions: 2.0 ** (1.0 - positions),
    "uniform": lambda positions, n_positions: np.ones(len(positions)),
}


def position_weights(weighting, n_needed, n_positions):
    """Compute the weights of the positions 1, 2, ..., `n_needed`.

    Parameters
    ----------
    weighting : str or callable
        A key of `WEIGHTINGS`, or a function from position to weight.

    n_needed : int
        How many positions to weigh.

    n_positions : int
        Largest number of genres in a fitted cell.

    Returns
    -------
    ndarray of shape (n_needed,)
        Weights, as floats.
    """
    positions = np.arange(1, n_needed + 1)
    if callable(weighting):
        return np.array([call_weighting(weighting, int(p)) for p in positions], dtype=np.float64)
    return WEIGHTINGS[weighting](positions, n_positions)


def call_weighting(weighting, position):
    """Return what a user's weighting function gives for a position, a finite number."""
    weight = weighting(position)
    if not isinstance(weight, Real):
        raise TypeError(
            f"weighting({position}) returned {weight!r} of type {type(weight).__name__}: "
            "a weighting function must return one finite number for each position."
        )
    if not np.isfinite(weight):
        raise ValueError(
            f"weighting({position}) returned {weight!r}: "
            "a weighting function must return one finite number for each position."
        )
    return weight


def check_dtype_holds(weights, dtype, weighting):
    """Raise where an integer dtype would round the weights."""
    cast = weights.astype(dtype)
    if np.dtype(dtype).kind in "biu" and not np.array_equal(cast, weights):
        lost = weights[cast != weights][0]
        raise ValueError(
            f"dtype={np.dtype(dtype).name} cannot hold the weight {lost:g} of "
            f"weighting={weighting!r}: use a floating dtype."
        )


def keep_largest(cells, columns, weights):
    """Keep, of the entries that fall in the same cell and column, the one of largest weight."""
    order = np.lexsort((-weights, columns, cells))
    cells, columns, weights = cells[order], columns[order], weights[order]
    repeated = (np.diff(cells, prepend=-1) == 0) & (np.diff(columns, prepend=-1) == 0)
    return cells[~repeated], columns[~repeated], weights[~repeated]


def spread_dense(entries, shape, rows, dtype):
    """Write entries into a table of distinct cells, and repeat its lines as the rows say."""
    cells, columns, weights = entries
    table = np.zeros((shape[0] + 1, shape[1]), dtype=dtype)  # the last line is for missing cells
    table[cells, columns] = weights
    return table[rows]


def spread_sparse(entries, shape, rows, dtype):
    """Do as `spread_dense`, with a CSR matrix."""
    cells, columns, weights = entries
    stored = weights != 0
    coords = cells[stored].astype(np.int32), columns[stored].astype(np.int32)
    triplets = (weights[stored].astype(dtype), coords)
    table = sparse.csr_array(triplets, shape=(shape[0] + 1, shape[1]))
    return table[np.where(rows < 0, shape[0], rows)]


def stack_dense(blocks):
    """Put blocks side by side; a single one is not copied."""
    return blocks[0] if len(blocks) == 1 else np.hstack(blocks)


def stack_sparse(blocks):
    """Put blocks side by side, in the sparse interface that scikit-learn is configured for."""
    stacked = sparse.hstack(blocks, format="csr")
    return sparse.csr_matrix(stacked) if get_config()["sparse_interface"] == "spmatrix" else stacked
