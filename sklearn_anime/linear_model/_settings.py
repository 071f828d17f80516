"""What the linear item-item models derive from the data: weights of users, and settings not given."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

SPARSE = {"alpha": 10.0, "dropout": 0.5, "user_power": 0.3}  # best for histories of up to FEW items
FEW = 40  # mean interactions of a user, beyond which alpha grows with their square, and the others fall
TAIL = 0.7  # best, or nearly so, from 7 to 160 interactions of a user
FLAT = 0.3  # of the filter at the last component, below which next to nothing is left for a tail


def usual_square(blocks):
    """Return the median over users of the mean square of their entries: one large entry changes little.

    Examples
    --------
    >>> from sklearn_anime.utils._parts import OneBlock
    >>> usual_square(OneBlock(sparse.csr_array([[2.0, 2.0], [2.0, 0.0], [0.0, 1e6]])))
    4.0
    """
    return float(np.median(blocks.concatenate(_mean_squares)))


def _mean_squares(matrix):
    """Return the mean square of the entries of each user who has any."""
    counts = np.diff(matrix.indptr)
    squares = np.asarray((matrix * matrix).sum(axis=1), dtype=np.float64)
    return squares[counts > 0] / counts[counts > 0]


@dataclass(frozen=True)
class Lengths:
    """How long the histories of users are.

    Attributes
    ----------
    n_active : int
        Number of users with an interaction.

    mean : float
        Mean number of their interactions.

    log_mean_sum : float
        Mean logarithm of the sums of the entries of users who have any.

    Examples
    --------
    >>> from sklearn_anime.utils._parts import OneBlock
    >>> Lengths.of(OneBlock(sparse.csr_array([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])))
    Lengths(n_active=2, mean=1.5, log_mean_sum=0.34657359027997264)
    """

    n_active: int
    mean: float
    log_mean_sum: float

    @classmethod
    def of(cls, blocks):
        """Add up what blocks of users say."""
        n_active, n_entries, n_positive, logarithms = blocks.sum(_length_sums)
        return cls(int(n_active), float(n_entries / n_active), float(logarithms / n_positive))


def _length_sums(matrix):
    """Return the number of active users, of entries, of users with a positive sum, and its logarithm."""
    sums = _row_sums(matrix)
    logarithms = np.log(sums[sums > 0])
    n_active = np.count_nonzero(np.diff(matrix.indptr))
    return np.array([n_active, matrix.nnz, len(logarithms), logarithms.sum()], dtype=np.float64)


def _row_sums(matrix):
    return np.asarray(matrix.sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class Settings:
    """Strength of the ridge, dropout and weights of users.

    Attributes
    ----------
    alpha, dropout, user_power : float
        As in `EASERecommender`.

    Examples
    --------
    >>> Settings.choose(80.0, "auto", "auto", "auto")
    Settings(alpha=40.0, dropout=0.25, user_power=0.15)
    """

    alpha: float
    dropout: float
    user_power: float

    @classmethod
    def choose(cls, mean_length, alpha, dropout, user_power, unit=1.0):
        """Return settings; ``"auto"`` depends on the mean number of interactions of a user.

        `unit` is that of alpha: the usual square of an entry.

        The longer the histories, the more of what items have in common is noise of active users, which
        the ridge holds back, and the less users need to be told apart.
        """
        length = max(1.0, mean_length / FEW)
        return cls(
            float(SPARSE["alpha"] * length**2 * unit if alpha == "auto" else alpha),
            float(SPARSE["dropout"] / length if dropout == "auto" else dropout),
            float(SPARSE["user_power"] / length if user_power == "auto" else user_power),
        )

    def weighed(self, matrix, log_mean_sum):
        """Return rows of users, each times its weight ``(n / g) ** -user_power``.

        ``n`` is the sum of the entries of the user, and ``log(g)`` the mean logarithm of these sums over
        all users who have any.
        """
        sums = _row_sums(matrix)
        weights, active = np.ones_like(sums), sums > 0
        weights[active] = np.exp(-self.user_power * (np.log(sums[active]) - log_mean_sum))
        values = matrix.data * np.repeat(weights, np.diff(matrix.indptr)).astype(matrix.dtype)
        return sparse.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)

    def ridge(self, norms):
        """Return the ridge of items whose columns have some squared norms."""
        return self.alpha + self.dropout / (1 - self.dropout) * norms


def auto_tail(filtered):
    """Return the tail for a filter that has come down to a value at the last component."""
    return TAIL if filtered >= FLAT else 0.0
