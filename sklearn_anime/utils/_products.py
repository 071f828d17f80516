"""Products of sparse rows with a dense array."""

import numpy as np
from scipy import sparse

DENSE = 0.06  # share of the rows from which on a column is multiplied faster as a dense one
FEWEST_ROWS = 64  # below which taking columns apart does not pay


def times_dense(rows, array):
    """Return sparse rows times a dense array, columns that many rows have by BLAS.

    Parameters
    ----------
    rows : sparse.csr_array of shape (n_rows, n_columns)
        Of the dtype of `array`.

    array : ndarray of shape (n_columns, n)
        What they are multiplied by.

    Returns
    -------
    ndarray of shape (n_rows, n)
        The product.

    Examples
    --------
    >>> times_dense(sparse.csr_array([[0.0, 2.0]]), np.array([[1.0], [3.0]])).tolist()
    [[6.0]]
    """
    counts = np.bincount(rows.indices, minlength=rows.shape[1])
    usual = counts > DENSE * rows.shape[0]
    if rows.shape[0] < FEWEST_ROWS or not usual.any():
        return rows @ array
    kept = ~usual[rows.indices]
    indptr = np.concatenate([[0], np.cumsum(kept)])[rows.indptr]
    others = sparse.csr_array((rows.data[kept], rows.indices[kept], indptr), shape=rows.shape)
    product = rows[:, np.flatnonzero(usual)].toarray() @ array[usual]
    product += others @ array
    return product
