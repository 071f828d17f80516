"""What is traced of the chains, and what tells whether they have converged."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Traces:
    """A few quantities after each sweep of each chain.

    Attributes
    ----------
    errors : ndarray of shape (n_chains, n_sweeps)
        Root mean squared error on the ratings of ``fit``.

    noise : ndarray of shape (n_chains, n_sweeps)
        Standard deviation of the noise of a rating.

    ratings : ndarray of shape (n_chains, n_sweeps, n_pairs)
        Expected ratings of some pairs of ``fit``.

    user_codes, item_codes : ndarray of shape (n_pairs,)
        These pairs.

    burn_in : int
        Sweeps at the beginning that no sample is from.
    """

    errors: np.ndarray
    noise: np.ndarray
    ratings: np.ndarray
    user_codes: np.ndarray
    item_codes: np.ndarray
    burn_in: int

    @property
    def columns(self):
        """The traces beside each other: ndarray of shape (n_chains, n_sweeps, 2 + n_pairs)."""
        return np.dstack([self.errors, self.noise, self.ratings])

    def summary(self):
        """Return mean, standard deviation, effective samples and R-hat of each after the burn-in."""
        traces = np.moveaxis(self.columns[:, self.burn_in :], 2, 0)
        return {
            "mean": traces.mean(axis=(1, 2)),
            "std": traces.std(axis=(1, 2)),
            "effective_samples": np.array([effective_samples(trace) for trace in traces]),
            "r_hat": np.array([r_hat(trace) for trace in traces]),
        }


def r_hat(trace):
    """Return how much wider the chains are together than each half of one, 1 where they agree.

    This is the split potential scale reduction factor.

    Parameters
    ----------
    trace : ndarray of shape (n_chains, n_sweeps)
        A quantity after each sweep.

    Returns
    -------
    float
        NaN where there are less than four sweeps, or nothing moves.

    References
    ----------
    .. [1] Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013). Bayesian Data Analysis, third
       edition, section 11.4.

    Examples
    --------
    >>> import numpy as np
    >>> round(r_hat(np.array([[1.0, 2.0, 1.0, 2.0], [5.0, 6.0, 5.0, 6.0]])), 2)
    3.34
    """
    within, total, _ = _variances(trace)
    return float(np.sqrt(total / within)) if within > 0 else np.nan


def effective_samples(trace):
    """Return how many independent draws tell as much of a mean as all sweeps do.

    Sums of autocorrelations at two neighboring lags are added up to the first that is negative.

    Parameters
    ----------
    trace : ndarray of shape (n_chains, n_sweeps)
        A quantity after each sweep.

    Returns
    -------
    float
        At most the number of sweeps; NaN where there are less than four sweeps, or nothing moves.

    References
    ----------
    .. [1] Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013). Bayesian Data Analysis, third
       edition, section 11.5.

    Examples
    --------
    >>> import numpy as np
    >>> effective_samples(np.array([[1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]]))
    8.0
    """
    within, total, halves = _variances(trace)
    if not within > 0:
        return np.nan
    length = halves.shape[1]
    variogram = [((halves[:, lag:] - halves[:, :-lag]) ** 2).mean() for lag in range(1, length)]
    correlations = 1 - np.array(variogram) / (2 * total)
    pairs = correlations[: len(correlations) // 2 * 2].reshape(-1, 2).sum(axis=1)
    first_negative = np.argmax(np.append(pairs, -1) < 0)
    return float(halves.size / max(1 + 2 * pairs[:first_negative].sum(), 1))


def _variances(trace):
    """Return variance within the halves of chains, that of all, and the halves."""
    length = trace.shape[1] // 2
    if length < 2:
        return np.nan, np.nan, trace
    halves = np.vstack([trace[:, :length], trace[:, -length:]])
    within = halves.var(axis=1, ddof=1).mean()
    between = halves.mean(axis=1).var(ddof=1)
    return within, (length - 1) / length * within + between, halves
