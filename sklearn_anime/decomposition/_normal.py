"""Many small normal distributions at once: each member of a side has its own precision matrix."""

import numpy as np


def solve_normal(system, noise):
    """Return ``P^-1 r + L'^-1 z`` for many precisions ``P = L L'`` at once.

    With standard normal noise z it is a draw from the normal distribution of precision P and mean
    ``P^-1 r``; with z = 0 it is the mean. The members are along the last axis, so that each step of the
    Cholesky factorization is one operation on whole rows of numbers, which small matrices in a loop
    are not.

    Parameters
    ----------
    system : ndarray of shape (n_dims + 1, n_dims, n_members)
        Precisions, and below them r. Only the lower triangles are read; overwritten.

    noise : ndarray of shape (n_dims, n_members)
        The noise z.

    Returns
    -------
    ndarray of shape (n_dims, n_members)
        The vectors.

    Examples
    --------
    >>> import numpy as np
    >>> system = np.array([[4.0, 0.0], [2.0, 5.0], [8.0, 8.0]])[:, :, np.newaxis]
    >>> solve_normal(system, np.zeros((2, 1))).ravel().tolist()
    [1.5, 1.0]
    """
    n_dims = system.shape[1]
    for step in range(n_dims):  # r is one more row of the factor: it becomes L^-1 r
        left = np.einsum("ikm,km->im", system[step:, :step], system[step, :step])
        system[step:, step] -= left
        system[step, step] = 1 / np.sqrt(system[step, step])
        system[step + 1 :, step] *= system[step, step]
    vectors = system[n_dims] + noise
    for step in reversed(range(n_dims)):
        below = slice(step + 1, n_dims)
        vectors[step] -= np.einsum("im,im->m", system[below, step], vectors[below])
        vectors[step] *= system[step, step]
    return vectors


def draw_wishart_root(dof, scatter, rng):
    """Return R with ``R R'`` drawn from the Wishart of some degrees of freedom and inverse scale."""
    n_dims = len(scatter)
    bartlett = np.tril(rng.standard_normal((n_dims, n_dims)), -1)
    bartlett[np.diag_indices(n_dims)] = np.sqrt(rng.chisquare(dof - np.arange(n_dims)))
    lower = np.linalg.cholesky(scatter)  # scatter^-1 = lower^-T lower^-1
    return np.linalg.solve(lower.T, bartlett)
