"""What is known of users or of items besides ratings: numbers, and who has seen what."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._svd import leading_singular_vectors

HISTORY_COMPONENTS = 256  # of the matrix of who has seen what
HISTORY_POWER = -0.3  # of the number of interactions: the weight of each of them


@dataclass(frozen=True)
class History:
    """The way from what a member was seen with to a few columns.

    An interaction of a member who has n of them weighs ``n ** -0.3``, and the columns are the first
    principal directions of the matrix of these weights. Their rows have a mean square length of one
    or, where directions are left out, less.

    Attributes
    ----------
    components : ndarray of shape (n_others, n_components)
        The directions, scaled.
    """

    components: np.ndarray

    @classmethod
    def fit(cls, seen, random_state):
        """Find the directions of a CSR interaction matrix."""
        matrix = _weighted(seen)
        _, vectors = leading_singular_vectors(matrix, HISTORY_COMPONENTS, random_state)
        return cls(vectors / np.sqrt(matrix.power(2).sum() / matrix.shape[0]))

    def transform(self, seen):
        """Return the columns of members."""
        return _weighted(seen) @ self.components


def _weighted(seen):
    counts = np.maximum(np.diff(seen.indptr), 1)
    return sparse.diags_array(counts**HISTORY_POWER).tocsr() @ seen


@dataclass(frozen=True)
class SideFeatures:
    """The features of the members of a side: a matrix F whose columns are in groups.

    Attributes
    ----------
    matrix : ndarray of shape (n_members, n_features)
        The intercept, the scaled numbers, the history.

    groups : list of slice
        The columns of the numbers and those of the history; groups have a precision of their own.

    gram : ndarray of shape (n_features, n_features)
        ``F'F`` in double precision.
    """

    matrix: np.ndarray
    groups: list
    gram: np.ndarray

    @classmethod
    def collect(cls, numbers, history=None, dtype=np.float32):
        """Put the scaled numbers and, if given, the columns of the history beside an intercept."""
        columns = [np.ones((len(numbers), 1)), numbers]
        columns += [] if history is None else [history]
        ends = np.cumsum([part.shape[1] for part in columns])
        groups = [slice(*ends[i : i + 2]) for i in range(len(ends) - 1)]
        matrix = np.hstack(columns).astype(dtype)
        return cls(matrix, groups, _gram(matrix))

    @property
    def parts(self):
        """The columns of the numbers, and those of the history, of which there may be none."""
        numbers = self.groups[0]
        return numbers, slice(numbers.stop, None)

    @property
    def means(self):
        """Mean of each column."""
        return self.gram[0] / len(self.matrix)

    def covariance(self, columns):
        """Return the covariance of some columns."""
        means = self.means[columns]
        return self.gram[columns, columns] / len(self.matrix) - np.outer(means, means)

    def precisions(self, of_groups):
        """Return the precision of each coefficient: that of its group, and 1 for the intercept."""
        precisions = np.ones(self.matrix.shape[1])
        for group, precision in zip(self.groups, of_groups, strict=True):
            precisions[group] = precision
        return precisions


def _gram(matrix):
    gram = np.zeros((matrix.shape[1],) * 2)
    for block in batches(len(matrix), block_length(matrix.shape[1])):
        rows = matrix[block].astype(np.float64)
        gram += rows.T @ rows
    return gram
