"""Ridge regression on the features of a side, with many targets, again and again."""

from functools import partial

import numpy as np
from scipy.linalg import cho_factor, cho_solve

LARGEST_FACTOR = 20_000  # rows of a matrix that is still factored, in single precision
TOLERANCE = 1e-5  # of conjugate gradients; the draws themselves differ by far more
MAX_ITER = 1000


def make_ridge(features, precision):
    """Return the function from targets V to the coefficients of their ridge regression.

    They are ``(F'F + precision I)^-1 F'V``, and equally ``F'(F F' + precision I)^-1 V``: the smaller of
    both matrices is factored, once. Where it is too large for that, each call solves by conjugate
    gradients.

    Parameters
    ----------
    features : SideFeatures
        The features F.

    precision : float
        Precision of the prior of the coefficients, in units of the noise.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_anime.decomposition._side_features import SideFeatures
    >>> ridge = make_ridge(SideFeatures.collect(np.empty((3, 0))), 1.0)  # the intercept alone
    >>> ridge(np.array([[1.0], [2.0], [9.0]])).round(4).tolist()
    [[3.0]]
    """
    n_members, n_features = features.shape
    if min(n_members, n_features) > LARGEST_FACTOR:
        return partial(_iterate, features, precision)
    gram = features.gram()
    gram[np.diag_indices_from(gram)] += precision
    factor = cho_factor(gram.T, lower=True, overwrite_a=True, check_finite=False)
    return partial(_solve_members if n_members < n_features else _solve_features, features, factor)


def _solve_members(features, factor, values):
    return features.transposed_times(_solve(factor, values))


def _solve_features(features, factor, values):
    return _solve(factor, features.transposed_times(values))


def _solve(factor, values):
    return cho_solve(factor, values.astype(np.float32), check_finite=False).astype(np.float64)


def _iterate(features, precision, values):
    """Return the coefficients by conjugate gradients, all targets at once, the columns of F scaled."""
    target = features.transposed_times(values)
    scale = 1 / (features.column_squares() + precision)[:, None]
    solution, residual, direction = np.zeros_like(target), target, scale * target
    slope = (residual * direction).sum(axis=0)
    goal = TOLERANCE**2 * slope
    for _ in range(MAX_ITER):
        if (slope <= goal).all():
            break
        image = features.transposed_times(features.times(direction)) + precision * direction
        step = _ratio(slope, (direction * image).sum(axis=0))
        solution = solution + step * direction
        residual = residual - step * image
        new_slope = (scale * residual**2).sum(axis=0)
        direction = scale * residual + _ratio(new_slope, slope) * direction
        slope = new_slope
    return solution


def _ratio(numerator, denominator):
    """Return 0 where a target is solved to the last digit."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
