"""What the linear item-item models derive from the data: weights of users, and settings not given."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

SPARSE = {"alpha": 10.0, "dropout": 0.5, "user_power": 0.3}  # best for histories of up to FEW items
FEW = 40  # mean interactions of a user, beyond which alpha grows with their square, and the others fall
TAIL = 0.7  # best, or nearly so, from 7 to 160 interactions of a user
FLAT = 0.3  # of the filter at the last component, below which next to nothing is left for a tail


def usual_square(matrix):
    """Return the median over users of the mean square of their entries: one large entry changes little.

    Examples
    --------
    >>> usual_square(sparse.csr_array([[2.0, 2.0], [2.0, 0.0], [0.0, 1e6]]))
    4.0
    """
    counts = np.diff(matrix.indptr)
    squares = np.asarray((matrix * matrix).sum(axis=1), dtype=np.float64)
    return float(np.median(squares[counts > 0] / counts[counts > 0]))


@dataclass(frozen=True)
class Settings:
    """Strength of the ridge, dropout and weights of users.

    Attributes
    ----------
    alpha, dropout, user_power : float
        As in `EASERecommender`.

    Examples
    --------
    >>> matrix = sparse.csr_array(np.ones((5, 80)))
    >>> Settings.choose(matrix, "auto", "auto", "auto")
    Settings(alpha=40.0, dropout=0.25, user_power=0.15)
    """

    alpha: float
    dropout: float
    user_power: float

    @classmethod
    def choose(cls, matrix, alpha, dropout, user_power, unit=1.0):
        """Return settings for a matrix of interactions; ``"auto"`` depends on its mean row.

        `unit` is that of alpha: the usual square of an entry.

        The longer the histories, the more of what items have in common is noise of active users, which
        the ridge holds back, and the less users need to be told apart.
        """
        n_active = np.count_nonzero(np.diff(matrix.indptr))
        length = max(1.0, matrix.nnz / n_active / FEW)
        return cls(
            float(SPARSE["alpha"] * length**2 * unit if alpha == "auto" else alpha),
            float(SPARSE["dropout"] / length if dropout == "auto" else dropout),
            float(SPARSE["user_power"] / length if user_power == "auto" else user_power),
        )

    def weighed(self, matrix):
        """Return rows of users, each times its weight ``(n / g) ** -user_power``.

        ``n`` is the sum of the entries of the user, and ``g`` the geometric mean of these sums over all
        users who have any.
        """
        sums = np.asarray(matrix.sum(axis=1), dtype=np.float64)
        weights, active = np.ones_like(sums), sums > 0
        logarithms = np.log(sums[active])
        weights[active] = np.exp(-self.user_power * (logarithms - logarithms.mean()))
        values = matrix.data * np.repeat(weights, np.diff(matrix.indptr)).astype(matrix.dtype)
        return sparse.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)

    def ridge(self, norms):
        """Return the ridge of items whose columns have some squared norms."""
        return self.alpha + self.dropout / (1 - self.dropout) * norms


def auto_tail(filtered):
    """Return the tail for a filter that has come down to a value at the last component."""
    return TAIL if filtered >= FLAT else 0.0
