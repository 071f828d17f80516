"""Numbers on a scale on which a penalty is the same for each of them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FeatureScaling:
    """The way from the numbers of users or items to columns whose rows have a mean square length of one.

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
