"""The truncated SVD of a sparse matrix, exact where it is small."""

import numpy as np
from scipy import linalg
from sklearn.utils import check_random_state

N_ITER = 3
N_OVERSAMPLES = 10
ROUNDING = 1e-6  # that of single precision, with room
LARGEST_EXACT = (1000, 10_000)  # smaller and larger side of a matrix, whose SVD takes a second or so


def truncated_svd(matrix, n_components, random_state=None):
    """Return singular values, right singular vectors and the rows projected on these.

    Where neither side of the matrix is larger than `LARGEST_EXACT` allows, the eigenvectors of its
    smaller Gram matrix give the exact SVD. Otherwise it is found by subspace iteration on the item
    side, in single precision [1]_, in half the passes over the matrix that scikit-learn's randomized
    SVD and a projection take. After three iterations the error of ratings and the quality of lists,
    over a whole table, change no more; but singular vectors whose values are close, and with them
    single predictions and lists, vary with the seed.

    References
    ----------
    .. [1] Halko, Martinsson and Tropp (2011). Finding structure with randomness. SIAM Review 53(2).
    """
    scale = np.abs(matrix.data).max(initial=0.0) or 1.0  # squares stay in the range of single precision
    matrix = matrix / scale
    if all(side <= limit for side, limit in zip(sorted(matrix.shape), LARGEST_EXACT, strict=True)):
        basis = _exact_basis(matrix.toarray(), n_components)
    else:
        matrix = matrix.astype(np.float32)
        basis = _random_basis(matrix, n_components + N_OVERSAMPLES, random_state)
    basis = linalg.qr(basis, mode="economic", check_finite=False)[0]
    projected = (matrix @ basis).astype(np.float64)
    squares, rotation = linalg.eigh(projected.T @ projected)
    rotation = rotation[:, ::-1][:, :n_components]
    values = np.sqrt(np.maximum(squares[::-1][:n_components], 0.0))
    components = (basis @ rotation).T
    sign = np.sign(components[np.arange(len(components)), np.abs(components).argmax(axis=1)])
    return scale * values, components * sign[:, None], scale * (projected @ rotation) * sign


def _exact_basis(matrix, n_components):
    """Return vectors that span the first right singular vectors of a dense matrix."""
    if matrix.shape[0] < matrix.shape[1]:
        return matrix.T @ _leading_vectors(matrix @ matrix.T, n_components)
    return _leading_vectors(matrix.T @ matrix, n_components)


def _leading_vectors(gram, n):
    size = len(gram)
    return linalg.eigh(gram, subset_by_index=(max(size - n, 0), size - 1), check_finite=False)[1]


def _random_basis(matrix, size, random_state):
    """Return vectors that nearly span them, by subspace iteration from random ones."""
    size = min(size, *matrix.shape)
    random_state = check_random_state(random_state)
    basis = random_state.standard_normal((matrix.shape[1], size)).astype(np.float32)
    for _ in range(N_ITER):
        basis = _stable(matrix.T @ _stable(matrix @ basis))
    return basis


def _stable(basis):
    """Return a basis of the same space that does not lose digits when it is multiplied on."""
    return linalg.lu(basis, permute_l=True, check_finite=False)[0]
