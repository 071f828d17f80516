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
    """

    users: np.ndarray
    items: np.ndarray
    noise_precision: float

    def moved(self, places):
        """Return the state for other members: from the place of each, or for -1 the mean vector."""
        users, items = (
            np.where((place >= 0)[:, None], vectors[place], vectors.mean(axis=0))
            for vectors, place in zip((self.users, self.items), places, strict=True)
        )
        return State(users, items, self.noise_precision)


@dataclass(frozen=True)
class Model:
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
