"""The truncated SVD of a large sparse matrix."""

import numpy as np
from scipy import linalg
from sklearn.utils import check_random_state

N_OVERSAMPLES = 10


def truncated_svd(matrix, n_components, random_state=None, n_iter=3):
    """Return singular values, right singular vectors and the rows projected on these.

    Subspace iteration on the item side in single precision [1]_; the Rayleigh-Ritz step at its end gives
    the projection too. It takes half the passes over the matrix that scikit-learn's randomized SVD and
    a projection take, and predicts as well. Beyond three iterations neither the error of ratings nor
    lists of neighbours change.

    References
    ----------
    .. [1] Halko, Martinsson and Tropp (2011). Finding structure with randomness. SIAM Review 53(2).
    """
    matrix = matrix.astype(np.float32)
    size = min(n_components + N_OVERSAMPLES, *matrix.shape)
    random_state = check_random_state(random_state)
    basis = random_state.standard_normal((matrix.shape[1], size)).astype(np.float32)
    for _ in range(n_iter):
        basis = _stable(matrix.T @ _stable(matrix @ basis))
    basis = linalg.qr(basis, mode="economic", check_finite=False)[0]
    projected = (matrix @ basis).astype(np.float64)
    squares, rotation = linalg.eigh(projected.T @ projected)
    rotation = rotation[:, ::-1][:, :n_components]
    values = np.sqrt(np.maximum(squares[::-1][:n_components], 0.0))
    components = (basis @ rotation).T
    sign = np.sign(components[np.arange(len(components)), np.abs(components).argmax(axis=1)])
    return values, components * sign[:, None], (projected @ rotation) * sign


def _stable(basis):
    """Return a basis of the same space that does not lose digits when it is multiplied on."""
    return linalg.lu(basis, permute_l=True, check_finite=False)[0]
