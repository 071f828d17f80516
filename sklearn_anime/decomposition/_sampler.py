"""The Markov chain: what no sweep changes, where the chain is, and the sweep."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_anime.decomposition._gibbs import Side, interact
from sklearn_anime.decomposition._noise import draw_precisions, draw_prior
from sklearn_anime.decomposition._padded_rows import PaddedRows
from sklearn_anime.decomposition._posterior import Sample, SideSample
from sklearn_anime.decomposition._side_features import SideFeatures

START = 0.2  # spread of the first vectors
PROBES = 5  # pairs whose ratings are traced


@dataclass(frozen=True)
class State:
    """Where a chain is, in units of the standard deviation of the ratings.

    Attributes
    ----------
    users, items : ndarray of shape (n_users, n_dims) and (n_items, n_dims)
        Vectors of both sides: bias, then factors.

    user_precisions, item_precisions : ndarray of shape (n_groups,)
        Precisions of the groups of features of both sides.

    noise_precisions : ndarray of shape (n_users,)
        Precision of a rating of weight 1 of each user.

    Examples
    --------
    >>> groups = np.ones(2), np.ones(2)
    >>> state = State(np.array([[1.0], [3.0]]), np.array([[5.0]]), *groups, np.array([2.0, 4.0]))
    >>> state.moved((np.array([1, -1]), np.array([0]))).users.tolist()  # -1: a new user
    [[3.0], [2.0]]
    """

    users: np.ndarray
    items: np.ndarray
    user_precisions: np.ndarray
    item_precisions: np.ndarray
    noise_precisions: np.ndarray

    def moved(self, codes):
        """Return the state for other members, given the code of each before; -1 gets the mean."""
        users, items = codes
        return replace(
            self,
            users=_moved(self.users, users),
            items=_moved(self.items, items),
            noise_precisions=_moved(self.noise_precisions, users),
        )


@dataclass(frozen=True)
class Sampler:
    """All that no sweep changes: both sides and the rated pairs.

    Attributes
    ----------
    users, items : Side
        Both sides.

    counts : ndarray of shape (n_users,)
        Number of rated pairs of each user.

    total_weight : float
        Sum of the weights of the rated pairs.

    scale : float
        Standard deviation of the ratings, or 1 where they are all equal.

    probes : tuple of ndarray of shape (n_probes,)
        Codes of users and items of some rated pairs, whose ratings are traced.
    """

    users: Side
    items: Side
    counts: np.ndarray
    total_weight: float
    scale: float
    probes: tuple

    @classmethod
    def build(cls, interactions, features, dtype=np.float32):
        """Collect what is known of both sides, given the features of users and of items."""
        rated = interactions.rated
        weights = interactions.rated_matrix(interactions.weights)
        targets = interactions.ratings - interactions.mean_rating
        scale = np.sqrt(np.average(targets[rated] ** 2, weights=weights.data)) or 1.0
        by_user = interactions.rated_matrix(targets / scale)
        by_item, weights_by_item = by_user.T.tocsr(), weights.T.tocsr()
        some = np.unique(np.linspace(0, by_user.nnz - 1, PROBES).astype(int))
        return cls(
            users=_side(by_user, weights, features[0], dtype),
            items=_side(by_item, weights_by_item, features[1], dtype),
            counts=np.diff(by_user.indptr),
            total_weight=weights.data.sum(),
            scale=scale,
            probes=(interactions.row_codes[rated][some], by_user.indices[some]),
        )

    def start(self, n_components, rng):
        """Return the state before the first sweep."""
        users, items = (
            START * rng.standard_normal((len(side.features.matrix), n_components + 1))
            for side in (self.users, self.items)
        )
        dtype = self.users.features.matrix.dtype
        groups = [np.ones(len(side.features.groups)) for side in (self.users, self.items)]
        return State(users.astype(dtype), items.astype(dtype), *groups, np.ones(len(users)))

    def sweep(self, state, rng):
        """Draw every part of the model once: the new state, the priors and the training error."""
        roots = np.sqrt(state.noise_precisions).astype(state.users.dtype)
        item_prior = self.items.draw_prior(state.items, state.item_precisions, rng)
        items, _ = self.items.draw_vectors(item_prior, state.users, None, roots, rng)
        user_prior = self.users.draw_prior(state.users, state.user_precisions, rng)
        users, errors = self.users.draw_vectors(user_prior, items, state.noise_precisions, None, rng)
        noise = draw_precisions(draw_prior(state.noise_precisions, rng), self.counts, errors, rng)
        precisions = user_prior.feature_precisions, item_prior.feature_precisions
        error = self.scale * np.sqrt(errors.sum() / self.total_weight)
        return State(users, items, *precisions, noise), (user_prior, item_prior), error

    def trace(self, state):
        """Return the mean deviation of the noise, and the ratings of the probes without their mean."""
        users, items = (
            vectors[codes]
            for vectors, codes in zip((state.users, state.items), self.probes, strict=True)
        )
        ratings = interact(users, items, *[np.arange(len(users))] * 2)
        return self.scale * np.sqrt(self._mean_variance(state)), self.scale * ratings

    def sample(self, state, priors):
        """Return what is kept of a sweep, in units of the ratings."""
        units = np.full(state.users.shape[1], np.sqrt(self.scale))
        units[0] = self.scale
        return Sample(
            SideSample.keep(state.users, priors[0], self.users.features, units),
            SideSample.keep(state.items, priors[1], self.items.features, units),
            (self.scale**2 / state.noise_precisions).astype(np.float32),
            float(self.scale**2 * self._mean_variance(state)),
        )

    def _mean_variance(self, state):
        return np.average(1 / state.noise_precisions, weights=self.counts)


@dataclass(frozen=True)
class Run:
    """What is left of a chain.

    Attributes
    ----------
    state : State
        Where it is.

    rng : Generator
        The source of its random numbers.

    samples : list of Sample
        What was kept.

    traces : tuple of ndarray
        Error, noise and ratings of the probes after each sweep.
    """

    state: State
    rng: np.random.Generator
    samples: list
    traces: tuple


def run_chain(sampler, state, rng, sweeps, kept, report):
    """Sweep on from a state, keep some of the draws, and report error and noise of each."""
    samples, traces = [], []
    for sweep in sweeps:
        state, priors, error = sampler.sweep(state, rng)
        noise, ratings = sampler.trace(state)
        traces.append((error, noise, ratings))
        if sweep in kept:
            samples.append(sampler.sample(state, priors))
        report(sweep, error, noise)
    return Run(state, rng, samples, tuple(map(np.array, zip(*traces, strict=True))))


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


def _moved(values, codes):
    known = (codes >= 0).reshape(-1, *[1] * (values.ndim - 1))
    return np.where(known, values[codes], values.mean(axis=0)).astype(values.dtype)


def _side(targets, weights, features, dtype):
    rated = targets.indptr, targets.indices, targets.data, weights.data
    return Side(PaddedRows.from_csr(*rated, targets.shape[1], dtype), features)


def side_features(interactions, numbers, histories):
    """Return the features of users and of items from scaled numbers and, if any, histories."""
    seen = interactions.seen_matrix()
    return [
        SideFeatures.collect(side, None if history is None else history.transform(matrix))
        for side, history, matrix in zip(numbers, histories, (seen, seen.T.tocsr()), strict=True)
    ]
