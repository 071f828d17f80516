"""The Markov chain: what no sweep changes, where the chain is, and the sweep."""

from dataclasses import dataclass

import numpy as np

from sklearn_anime.decomposition._gibbs import Side, interact
from sklearn_anime.decomposition._posterior import Sample, SideSample
from sklearn_anime.decomposition._ridge import make_ridge
from sklearn_anime.decomposition._side_features import SideFeatures


@dataclass(frozen=True)
class State:
    """Where a chain is.

    Attributes
    ----------
    users, items : ndarray of shape (n_users, n_dims) and (n_items, n_dims)
        Vectors of both sides: bias, then factors.

    noise_precision : float
        Precision of a rating of weight 1.

    Examples
    --------
    >>> state = State(np.array([[1.0], [3.0]]), np.array([[5.0]]), 1.0)
    >>> state.moved((np.array([1, -1]), np.array([0]))).users.tolist()  # -1: a new user
    [[3.0], [2.0]]
    """

    users: np.ndarray
    items: np.ndarray
    noise_precision: float

    def moved(self, codes):
        """Return the state for other members, given the code of each before; -1 gets the mean vector."""
        users, items = (
            np.where((before >= 0)[:, None], vectors[before], vectors.mean(axis=0))
            for vectors, before in zip((self.users, self.items), codes, strict=True)
        )
        return State(users, items, self.noise_precision)


@dataclass(frozen=True)
class Sampler:
    """All that no sweep changes: both sides and the rated pairs.

    Attributes
    ----------
    users, items : Side
        Both sides.

    user_codes, item_codes, targets, weights : ndarray of shape (n_rated,)
        The rated pairs; targets are ratings without their mean.

    scale : float
        Standard deviation of the ratings, or 1 where they are all equal.
    """

    users: Side
    items: Side
    user_codes: np.ndarray
    item_codes: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    scale: float

    @classmethod
    def build(cls, interactions, numbers, n_components, use_history, feature_precision):
        """Collect what is known of both sides, given the scaled numbers of users and of items."""
        rated, weights = interactions.rated, interactions.weights
        targets = interactions.ratings - interactions.mean_rating
        scale = np.sqrt(np.average(targets[rated] ** 2, weights=weights[rated])) or 1.0
        units = np.concatenate([[scale], np.full(n_components, np.sqrt(scale))])
        matrices = [
            interactions.rated_matrix(weights),
            interactions.rated_matrix(weights * targets),
            interactions.seen_matrix() if use_history else None,
        ]

        def side(numbers, weights, ratings, seen):
            # The intercept has precision 1, whatever that of the features is.
            features = SideFeatures.collect(numbers, seen, intercept=np.sqrt(feature_precision))
            ridge = make_ridge(features, feature_precision)
            return Side(weights, ratings, features, ridge, feature_precision, units)

        turned = [None if matrix is None else matrix.T.tocsr() for matrix in matrices]
        return cls(
            users=side(numbers[0], *matrices),
            items=side(numbers[1], *turned),
            user_codes=interactions.row_codes[rated],
            item_codes=interactions.item_codes[rated],
            targets=targets[rated],
            weights=weights[rated],
            scale=scale,
        )

    def start(self, rng):
        """Return the state before the first sweep."""
        return State(self.users.start(rng), self.items.start(rng), 1 / self.scale**2)

    def sweep(self, state, rng):
        """Draw every part of the model once: the new state, the priors and the training error."""
        user_prior = self.users.draw_prior(state.users, rng)
        users = self.users.draw_vectors(user_prior, state.items, state.noise_precision, rng)
        item_prior = self.items.draw_prior(state.items, rng)
        items = self.items.draw_vectors(item_prior, users, state.noise_precision, rng)
        residuals = self.targets - interact(users, items, self.user_codes, self.item_codes)
        error = self.weights @ residuals**2
        # Gamma prior of shape 1 and mean 1 / variance of the ratings.
        noise_precision = rng.gamma(1 + len(self.targets) / 2) / (self.scale**2 + error / 2)
        rmse = float(np.sqrt(error / self.weights.sum()))
        return State(users, items, noise_precision), (user_prior, item_prior), rmse

    def sample(self, state, priors):
        """Return what is kept of a sweep."""
        return Sample(
            SideSample.keep(state.users, priors[0], self.users, with_history=True),
            SideSample.keep(state.items, priors[1], self.items, with_history=False),
            state.noise_precision,
        )


def kept_sweeps(n_iter, burn_in, n_samples):
    """Return the sweeps whose draws are kept, evenly spaced, the last one included.

    Examples
    --------
    >>> sorted(int(sweep) for sweep in kept_sweeps(n_iter=10, burn_in=4, n_samples=3))
    [5, 7, 9]
    """
    n_left = n_iter - burn_in
    if n_left <= 0:
        raise ValueError(
            f"burn_in={burn_in} leaves none of the n_iter={n_iter} sweeps to sample from. "
            f"Lower burn_in, or raise n_iter."
        )
    if n_samples > n_left:
        raise ValueError(
            f"n_samples={n_samples} is more than the {n_left} sweeps that n_iter={n_iter} "
            f"and burn_in={burn_in} leave. Lower n_samples, or raise n_iter."
        )
    return set(burn_in + np.arange(1, n_samples + 1) * n_left // n_samples - 1)
