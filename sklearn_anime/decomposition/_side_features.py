"""What is known of users or of items besides ratings: an intercept, numbers, and who has seen what."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils import gen_batches

GRAM_BLOCK = 1024  # rows


@dataclass(frozen=True)
class FeatureScaling:
    """The way from the numbers of members to columns whose rows have a mean square length of one.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_numbers,)
        What is taken off each number, and what it is divided by.

    Examples
    --------
    >>> import numpy as np
    >>> numbers = np.array([[1.0, 7.0], [3.0, 7.0]])
    >>> FeatureScaling.fit(numbers).transform(numbers).round(2).tolist()
    [[-0.71, 0.0], [0.71, 0.0]]
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, numbers):
        """Find mean and spread; a constant column becomes zeros."""
        spread = np.where(np.ptp(numbers, axis=0) > 0, numbers.std(axis=0), 1.0)
        return cls(numbers.mean(axis=0), spread * np.sqrt(numbers.shape[1]))

    def transform(self, numbers):
        """Return the numbers on the scale of the columns."""
        return (numbers - self.mean) / self.scale


@dataclass(frozen=True)
class SideFeatures:
    """The features of the members of a side: a matrix F of a few dense and many sparse columns.

    Attributes
    ----------
    dense : ndarray of shape (n_members, 1 + n_numbers)
        The intercept and the scaled numbers.

    history : csr matrix of shape (n_members, n_others) or None
        Rows of length one: which of the other side each member was seen with.
    """

    dense: np.ndarray
    history: sparse.csr_array | None

    @classmethod
    def collect(cls, numbers, seen=None, intercept=1.0):
        """Put the scaled numbers beside an intercept and, if given, the matrix of what was seen."""
        dense = np.column_stack([np.full(len(numbers), intercept), numbers])
        return cls(dense, None if seen is None else normalize(seen))

    @property
    def shape(self):
        """Number of members and of features."""
        n_members, n_dense = self.dense.shape
        return n_members, n_dense + (0 if self.history is None else self.history.shape[1])

    def split(self, coefficients):
        """Return the coefficients of the dense and of the history columns."""
        n_dense = self.dense.shape[1]
        return coefficients[:n_dense], coefficients[n_dense:]

    def times(self, coefficients):
        """Return F C."""
        dense, history = self.split(coefficients)
        product = self.dense @ dense
        return product if self.history is None else product + self.history @ history

    def transposed_times(self, values):
        """Return F' V."""
        product = self.dense.T @ values
        return product if self.history is None else np.vstack([product, self.history.T @ values])

    def column_squares(self):
        """Return the sum of squares of each column."""
        squares = (self.dense**2).sum(axis=0)
        if self.history is None:
            return squares
        return np.concatenate([squares, np.asarray(self.history.power(2).sum(axis=0)).ravel()])

    def gram(self):
        """Return the smaller of F F' and F'F in single precision."""
        n_members, n_features = self.shape
        return self._of_members() if n_members < n_features else self._of_features()

    def _of_members(self):
        dense = self.dense.astype(np.float32)
        gram = dense @ dense.T
        if self.history is not None:
            _add_gram(gram, self.history)
        return gram

    def _of_features(self):
        n_dense, n_features = self.dense.shape[1], self.shape[1]
        gram = np.zeros((n_features, n_features), dtype=np.float32)
        gram[:n_dense, :n_dense] = self.dense.T @ self.dense
        if self.history is not None:
            cross = self.history.T @ self.dense
            gram[n_dense:, :n_dense], gram[:n_dense, n_dense:] = cross, cross.T
            _add_gram(gram[n_dense:, n_dense:], self.history.T.tocsr())
        return gram


def _add_gram(gram, matrix):
    """Add M M' of a sparse matrix to an array, in blocks of rows."""
    transposed = matrix.T.tocsr()
    for block in gen_batches(len(gram), GRAM_BLOCK):
        gram[block] += (matrix[block] @ transposed).toarray()
