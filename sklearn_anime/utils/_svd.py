"""The leading singular vectors of a sparse matrix, exact where it is small."""

import numpy as np
from scipy import linalg
from sklearn.utils import check_random_state

from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._parts import OneBlock, as_blocks, itself

N_BLOCKS = 4  # of vectors in the Krylov space
ROOM = 2  # dimensions of the Krylov space for each vector that is asked for
N_OVERSAMPLES = 10  # further dimensions
ROUNDING = 1e-6  # that of single precision, with room
LARGEST_EXACT = (1000, 10_000)  # smaller and larger side of a matrix, whose SVD takes a second or so


def truncated_svd(matrix, n_components, random_state=None):
    """Return singular values, right singular vectors as rows, and the rows projected on these.

    `matrix` is a CSR matrix, or blocks of its rows. The largest entry of each vector is positive. Where
    the matrix is not small, vectors with close singular values depend on the seed, and so do single
    predictions; the accuracy over a whole table does not.

    Examples
    --------
    >>> from scipy import sparse
    >>> values, components, projected = truncated_svd(sparse.csr_array([[0.0, 3.0], [2.0, 0.0]]), 1)
    >>> values.round(6).tolist(), components.round(6).tolist(), projected.round(6).tolist()
    ([3.0], [[0.0, 1.0]], [[3.0], [0.0]])
    """
    blocks = as_blocks(matrix)
    # Squares stay in the range of single precision.
    scale = blocks.concatenate(_largest).max(initial=0.0) or 1.0
    blocks = blocks.map(_divided, scale)
    values, vectors = leading_singular_vectors(blocks, n_components, random_state)
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    projected = blocks.concatenate(_projected, vectors)
    return scale * values, vectors.T.astype(np.float64), scale * projected.astype(np.float64)


def leading_singular_vectors(matrix, n_components, random_state=None):
    """Return the largest singular values and their right singular vectors, as orthonormal columns.

    Where neither side of the matrix is larger than `LARGEST_EXACT` allows, the eigenvectors of its
    smaller Gram matrix give the exact SVD. Otherwise it is found by a block Krylov method, in single
    precision [1]_: random vectors are multiplied by ``A'A`` again and again, and the best vectors are
    taken from the space of all products, not of the last alone. For hundreds of vectors it needs fewer
    products than subspace iteration, and most of them with a part of the vectors.

    Parameters
    ----------
    matrix : CSR matrix of shape (n_rows, n_columns), or blocks of its rows
        Its squares are within the range of single precision. Products with blocks in several memories
        are sums over them, and the space is always that of the columns.

    n_components : int
        How many to find; no more than ``min(n_rows, n_columns)`` are.

    random_state : int, RandomState instance or None, default=None
        Seed of the first vectors.

    References
    ----------
    .. [1] Musco and Musco (2015). Randomized block Krylov methods for stronger and faster approximate
       singular value decomposition. NeurIPS 2015.

    Examples
    --------
    >>> from scipy import sparse
    >>> values, vectors = leading_singular_vectors(sparse.csr_array(np.diag([1.0, 3.0, 2.0])), 2)
    >>> values.round(3).tolist(), np.abs(vectors).round(3).T.tolist()
    ([3.0, 2.0], [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """
    blocks = as_blocks(matrix)
    shape = _shape_of(blocks)
    n_components = min(n_components, *shape)
    if all(side <= limit for side, limit in zip(sorted(shape), LARGEST_EXACT, strict=True)):
        matrix = blocks.concatenate(itself).toarray().astype(np.float64)
        return _best_in(_exact_basis(matrix, n_components), OneBlock(matrix), n_components)
    blocks = blocks.map(_in_single_precision)
    random_state = check_random_state(random_state)
    if shape[0] >= shape[1] or not blocks.in_memory:
        basis = _krylov_basis(blocks, shape[1], n_components, random_state)
        return _best_in(basis, blocks, n_components)
    transposed = blocks.map(_transposed)  # the space is that of the shorter vectors
    basis = _krylov_basis(transposed, shape[0], n_components, random_state)
    _, left = _best_in(basis, transposed, n_components)
    return _best_in(_orthonormal(transposed.concatenate(_times, left)), blocks, n_components)


def _exact_basis(matrix, n_components):
    """Return orthonormal columns that span the first right singular vectors of a dense matrix."""
    if matrix.shape[0] >= matrix.shape[1]:
        return _leading_eigenvectors(matrix.T @ matrix, n_components)
    return _orthonormal(matrix.T @ _leading_eigenvectors(matrix @ matrix.T, n_components))


def _leading_eigenvectors(gram, n):
    size = len(gram)
    return linalg.eigh(gram, subset_by_index=(size - n, size - 1), check_finite=False)[1]


def _krylov_basis(blocks, n_columns, n_components, random_state):
    """Return orthonormal columns that hold nearly all of the leading right singular vectors."""
    size = ROOM * n_components + N_OVERSAMPLES
    if size >= n_columns:
        return np.eye(n_columns, dtype=np.float32)
    width = -(-size // N_BLOCKS)
    # Sums over rows in several memories are the same in whatever parts they are made.
    precision = np.float32 if blocks.in_memory else np.float64
    basis = np.empty((n_columns, size), np.float32, order="F")
    block = random_state.standard_normal((n_columns, width)).astype(np.float32)
    for start in range(0, size, width):
        new, known = basis[:, start : start + width], basis[:, :start]
        block = blocks.sum(_gram_times, block, precision).astype(np.float32, copy=False)
        block = _orthonormal(block - known @ (known.T @ block))
        new[:] = block[:, : new.shape[1]]
    return _orthonormal(basis)  # rounding, and blocks that bring nothing new, would show


def _orthonormal(columns):
    return linalg.qr(columns, mode="economic", overwrite_a=True, check_finite=False)[0]


def _best_in(basis, blocks, n_components):
    """Return the largest singular values and vectors of a matrix within the span of a basis."""
    gram = blocks.sum(_projected_gram, basis)
    squares, rotation = linalg.eigh(gram, overwrite_a=True, check_finite=False)
    values = np.sqrt(np.maximum(squares[::-1][:n_components], 0.0))
    return values, basis @ rotation[:, ::-1][:, :n_components].astype(basis.dtype)


def _gram_times(matrix, right, precision):
    """Return ``A'A`` times an array, with sums over the rows in some precision."""
    return matrix.T @ (matrix @ right).astype(precision, copy=False)


def _projected_gram(matrix, basis):
    """Return ``(A Q)' (A Q)`` in double precision."""
    gram = np.zeros((basis.shape[1],) * 2)
    for block in batches(matrix.shape[0], block_length(basis.shape[1])):
        projected = (matrix[block] @ basis).astype(np.float64)
        gram += projected.T @ projected
    return gram


def _shape_of(blocks):
    """Return the shape of the matrix of all blocks."""
    n_rows, n_columns = blocks.concatenate(_shapes).T
    return int(n_rows.sum()), int(n_columns.max())


def _shapes(matrix):
    return np.array([matrix.shape])


def _largest(matrix):
    """Return the largest absolute value in an array of one number."""
    return np.abs(matrix.data).max(initial=0.0, keepdims=True)


def _divided(matrix, scale):
    return matrix / scale


def _times(matrix, right):
    return matrix @ right


def _projected(matrix, vectors):
    return matrix.astype(vectors.dtype, copy=False) @ vectors


def _in_single_precision(matrix):
    return matrix.astype(np.float32, copy=False)


def _transposed(matrix):
    return matrix.T.tocsr()
