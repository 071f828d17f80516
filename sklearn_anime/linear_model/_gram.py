"""The inverse of a regularized Gram matrix: one array of items x items, filled and inverted in place."""

import numpy as np
from scipy.linalg import blas, lapack

from sklearn_anime.utils._blocks import batches, block_length

LARGEST_CONDITION = 1e5  # above it, single precision does not hold the accuracy
DENSE = 0.05  # share of the items from which on a row is multiplied faster as a dense one


def inverse_gram(blocks, ridge):
    """Return the inverse of ``rows' rows + diag(ridge)``, a symmetric array.

    Parameters
    ----------
    blocks : blocks of CSR matrices of shape (n_rows, n_items)
        What was seen, and any further rows.

    ridge : ndarray of shape (n_items,)
        What is added to the diagonal; positive.

    Examples
    --------
    >>> from scipy import sparse
    >>> from sklearn_anime.utils._parts import OneBlock
    >>> rows = OneBlock(sparse.csr_array([[1.0, 1.0], [0.0, 1.0]]))
    >>> inverse_gram(rows, np.ones(2)).astype(float).round(2).tolist()
    [[0.6, -0.2], [-0.2, 0.4]]
    """
    return inverse_of(gram_of(blocks, len(ridge), gram_dtype(blocks, ridge)), ridge)


def gram_of(blocks, n_items, dtype):
    """Return the Gram matrix of blocks of rows, of which the lower triangle at least is filled."""
    panels = blocks.panels(n_items, 8 * n_items**2)
    if len(panels) == 1:
        return np.require(blocks.sum(gram_matrix, dtype), dtype, ["C", "W"])
    gram = np.empty((n_items, n_items), dtype)
    for panel in panels:
        gram[panel, : panel.stop] = blocks.sum(gram_panel, panel, dtype)
    return gram


def symmetric_gram(blocks, n_items, dtype):
    """Return the Gram matrix of blocks of rows, both triangles of it."""
    gram = gram_of(blocks, n_items, dtype)
    _mirror(gram.T)
    return gram


def inverse_of(gram, ridge):
    """Return the inverse of a Gram matrix plus ``diag(ridge)``, in the array of the matrix.

    Parameters
    ----------
    gram : ndarray of shape (n_items, n_items)
        The matrix, of which the lower triangle is read.

    ridge : float or ndarray of shape (n_items,)
        What is added to the diagonal; positive.
    """
    gram[np.diag_indices_from(gram)] += ridge
    potrf, potri = lapack.get_lapack_funcs(("potrf", "potri"), (gram,))
    # Transposed, the array is in the order of Fortran, and LAPACK works on its upper triangle in place.
    upper, failed = potrf(gram.T, lower=0, overwrite_a=1, clean=0)
    if failed:
        raise ValueError(
            f"What was seen is too alike between items to tell them apart with alpha={np.min(ridge):g}: "
            f"the Gram matrix is singular up to rounding. Raise alpha."
        )
    upper, _ = potri(upper, lower=0, overwrite_c=1)
    _mirror(upper)
    return upper.T


def gram_matrix(rows, dtype):
    """Return ``rows' rows`` as a dense array, of which the lower triangle at least is filled.

    Rows of few items are multiplied as sparse ones, which costs the square of their length alone; long
    rows as dense ones.
    """
    n_items = rows.shape[1]
    short, long = _short_and_long(rows.astype(dtype, copy=False))
    columns = short.T.tocsr()
    gram = np.empty((n_items, n_items), dtype)
    for block in batches(n_items, block_length(n_items)):
        (columns[block] @ short).toarray(out=gram[block])
    return _add_dense_rows(gram, long)


def gram_panel(rows, panel, dtype):
    """Return some rows of the Gram matrix, a slice of them, up to the diagonal.

    Examples
    --------
    >>> from scipy import sparse
    >>> rows = sparse.csr_array([[1.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    >>> gram_panel(rows, slice(1, 2), np.float64).tolist()
    [[1.0, 2.0]]
    """
    short, long = _short_and_long(rows.astype(dtype, copy=False))
    gram = (short[:, panel].T.tocsr() @ short[:, : panel.stop]).toarray()
    for block in batches(long.shape[0], block_length(panel.stop)):
        dense = long[block, : panel.stop].toarray()
        gram += dense[:, panel].T @ dense
    return gram


def gram_dtype(blocks, ridge):
    """Return the precision that the solution needs, by a bound of the condition number.

    The bound is the largest sum of a row of the matrix, of absolute values, over the least ridge.
    """
    return dtype_for(blocks.sum(gram_sums), ridge)


def dtype_for(sums, ridge):
    """Return the precision for a Gram matrix whose rows have some sums of absolute values."""
    enough = np.max(sums + ridge) < LARGEST_CONDITION * np.min(ridge)
    return np.dtype(np.float32 if enough else np.float64)


def gram_sums(rows):
    """Return the sums of the rows of the Gram matrix of absolute values."""
    sizes = abs(rows)
    return sizes.T @ (sizes @ np.ones(rows.shape[1]))


def _short_and_long(rows):
    """Return rows of few items, and those of many."""
    long = np.diff(rows.indptr) > DENSE * rows.shape[1]
    return rows[~long], rows[long]


def _add_dense_rows(gram, rows):
    """Add ``rows' rows`` to the lower triangle of an array, in place."""
    (syrk,) = blas.get_blas_funcs(("syrk",), (gram,))
    for block in batches(rows.shape[0], block_length(rows.shape[1])):
        syrk(1.0, rows[block].toarray(), beta=1.0, c=gram.T, trans=1, overwrite_c=1)
    return gram


def _mirror(upper):
    """Copy the upper triangle of a square array to its lower one, in place."""
    for block in batches(len(upper), 512):
        upper[block, : block.start] = upper[: block.start, block].T
        square = np.triu(upper[block, block])
        upper[block, block] = square + np.triu(square, 1).T
