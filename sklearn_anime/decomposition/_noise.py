"""The noise of ratings: each user has a precision, and all have a common prior."""

import numpy as np
from scipy.special import gammaln

SHAPES = np.geomspace(1.0, 100.0, 80)  # of the prior, equally likely


def draw_prior(precisions, rng):
    """Draw shape and rate of the Gamma distribution that precisions come from.

    The rate has an exponential prior of mean 1, as precisions are in units of the variance of all
    ratings; it is integrated out of the distribution of the shape.
    """
    n, total = len(precisions), 1 + precisions.sum()
    likelihood = gammaln(1 + n * SHAPES) - (1 + n * SHAPES) * np.log(total)
    likelihood += SHAPES * np.log(precisions).sum() - n * gammaln(SHAPES)
    probabilities = np.exp(likelihood - likelihood.max())
    shape = rng.choice(SHAPES, p=probabilities / probabilities.sum())
    return shape, rng.gamma(1 + n * shape) / total


def draw_precisions(prior, counts, errors, rng):
    """Draw the precision of each user given the number of ratings and their weighted squared errors."""
    shape, rate = prior
    return rng.gamma(shape + counts / 2) / (rate + errors / 2)
