"""The leading singular vectors of a large sparse matrix, many of them."""

import numpy as np
from scipy import linalg
from sklearn.utils import check_random_state

from sklearn_anime._ranking import batches, block_length
from sklearn_anime._svd import ROUNDING

N_BLOCKS = 4  # of vectors in the Krylov space
ROOM = 2  # dimensions of the Krylov space for each vector that is asked for
N_OVERSAMPLES = 64  # further dimensions, so that a few vectors are found as well as many


def leading_singular_vectors(matrix, n_components, random_state=None):
    """Return the largest singular values and their right singular vectors, as columns.

    A block Krylov method [1]_: random vectors are multiplied by ``A'A`` again and again, and the best
    vectors are taken from the space of all products, not of the last alone. For hundreds of vectors it
    needs fewer products than subspace iteration, and most of them with a part of the vectors.

    Parameters
    ----------
    matrix : CSR matrix of shape (n_rows, n_columns)
        In single precision.

    n_components : int
        How many to find, at most ``min(n_rows, n_columns)``.

    random_state : int, RandomState instance or None, default=None
        Seed of the first vectors.

    References
    ----------
    .. [1] Musco and Musco (2015). Randomized block Krylov methods for stronger and faster approximate
       singular value decomposition. NeurIPS 2015.

    Examples
    --------
    >>> from scipy import sparse
    >>> matrix = sparse.csr_matrix(np.diag([1.0, 3.0, 2.0]).astype(np.float32))
    >>> values, vectors = leading_singular_vectors(matrix, 2, random_state=0)
    >>> values.round(3).tolist(), np.abs(vectors).round(3).T.tolist()
    ([3.0, 2.0], [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """
    random_state = check_random_state(random_state)
    if matrix.shape[0] >= matrix.shape[1]:
        return _right_vectors(matrix, n_components, random_state)
    values, left = _right_vectors(matrix.T.tocsr(), n_components, random_state)
    inverse = np.divide(1.0, values, out=np.zeros_like(values), where=values > ROUNDING * values[0])
    return values, matrix.T @ (left * inverse.astype(np.float32))


def _right_vectors(matrix, n_components, random_state):
    """Return the values and vectors of a matrix that has no more columns than rows."""
    basis = _krylov_basis(matrix, n_components, random_state)
    squares, rotation = linalg.eigh(_projected_gram(matrix, basis), overwrite_a=True, check_finite=False)
    values = np.sqrt(np.maximum(squares[::-1][:n_components], 0.0))
    return values, basis @ rotation[:, ::-1][:, :n_components].astype(np.float32)


def _krylov_basis(matrix, n_components, random_state):
    """Return orthonormal columns that hold nearly all of the leading singular vectors."""
    size = ROOM * n_components + N_OVERSAMPLES
    if size >= matrix.shape[1]:
        return np.eye(matrix.shape[1], dtype=np.float32)
    width = -(-size // N_BLOCKS)
    basis = np.empty((matrix.shape[1], size), np.float32, order="F")
    block = random_state.standard_normal((matrix.shape[1], width)).astype(np.float32)
    for start in range(0, size, width):
        new, known = basis[:, start : start + width], basis[:, :start]
        block = matrix.T @ (matrix @ block)
        block = _orthonormal(block - known @ (known.T @ block))
        new[:] = block[:, : new.shape[1]]
    return _orthonormal(basis)  # rounding, and blocks that bring nothing new, would show


def _orthonormal(columns):
    return linalg.qr(columns, mode="economic", overwrite_a=True, check_finite=False)[0]


def _projected_gram(matrix, basis):
    """Return ``(A Q)' (A Q)`` in double precision."""
    gram = np.zeros((basis.shape[1],) * 2)
    for block in batches(matrix.shape[0], block_length(basis.shape[1])):
        projected = (matrix[block] @ basis).astype(np.float64)
        gram += projected.T @ projected
    return gram
