"""The way from features and ratings to the numbers of the network, and back."""

from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class Scaling:
    """Mean and spread of ratings and features.

    Attributes
    ----------
    features : StandardScaler or None
        That of the features; None where there are none.

    mean_rating, rating_scale : float
        Weighted mean and standard deviation of the ratings (1 where they are all equal).

    Examples
    --------
    >>> scaling = Scaling.fit(np.array([6.0, 8.0]), np.empty((2, 0)), np.ones(2))
    >>> scaling.standardize(np.array([6.0, 7.0])).tolist(), scaling.restore(np.array([2.0])).tolist()
    ([-1.0, 0.0], [9.0])
    """

    features: StandardScaler | None
    mean_rating: float
    rating_scale: float

    @classmethod
    def fit(cls, ratings, features, weights):
        """Find mean and spread of the rows to train on."""
        mean = np.average(ratings, weights=weights)
        spread = np.sqrt(np.average((ratings - mean) ** 2, weights=weights))
        scaler = StandardScaler().fit(features, sample_weight=weights) if features.shape[1] else None
        return cls(scaler, mean, spread if spread > 0 else 1.0)

    def standardise_features(self, features):
        """Return features with mean 0 and standard deviation 1."""
        return features if self.features is None else self.features.transform(features)

    def standardize(self, ratings):
        """Return ratings with mean 0 and standard deviation 1."""
        return (ratings - self.mean_rating) / self.rating_scale

    def restore(self, ratings):
        """Return standardized ratings on their own scale."""
        return ratings * self.rating_scale + self.mean_rating
