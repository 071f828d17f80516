"""What the linear item-item models derive from the data: weights of users, and settings not given."""

import numpy as np
from scipy import sparse

LEAST_ALPHA, LARGEST_ALPHA = 10.0, 300.0
USUAL_HISTORY = 32  # mean interactions per user from which on alpha grows, with their square
TAIL = 0.6
FLAT = 1 / 3  # of the filter at the last component, below which there is nothing left for a tail


def weighed(matrix, power):
    """Return rows of users, each times its weight: those of active users count less.

    The weight is ``(n / g) ** -power``, with ``n`` the sum of the entries of a user and ``g`` the
    geometric mean of these sums over all users who have any.

    Parameters
    ----------
    matrix : sparse.csr_array of shape (n_users, n_items)
        What users have interacted with.

    power : float
        0 leaves all as they are.

    Examples
    --------
    >>> matrix = sparse.csr_array([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
    >>> weighed(matrix, 0.5).toarray().round(2).tolist()
    [[0.71, 0.71, 0.71, 0.71], [1.41, 0.0, 0.0, 0.0]]
    """
    sums = np.asarray(matrix.sum(axis=1), dtype=np.float64)
    weights, active = np.ones_like(sums), sums > 0
    weights[active] = np.exp(-power * (np.log(sums[active]) - np.log(sums[active]).mean()))
    values = matrix.data * np.repeat(weights, np.diff(matrix.indptr)).astype(matrix.dtype)
    return sparse.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)


def auto_alpha(matrix):
    """Return a strength of the ridge for a matrix of interactions.

    What is best grows with the number of interactions of a user, and with the square of the entries.

    Examples
    --------
    >>> auto_alpha(sparse.csr_array(np.ones((50, 20)))), auto_alpha(sparse.csr_array(np.ones((5, 64))))
    (10.0, 40.0)
    """
    n_active = np.count_nonzero(np.diff(matrix.indptr))
    growth = (matrix.nnz / n_active / USUAL_HISTORY) ** 2
    scale = np.mean(np.square(matrix.data, dtype=np.float64))
    return float(scale * np.clip(LEAST_ALPHA * growth, LEAST_ALPHA, LARGEST_ALPHA))


def auto_tail(filtered):
    """Return the tail for a filter that has come down to a value at the last component."""
    return TAIL if filtered >= FLAT else 0.0
