"""Greedy choice among candidates: one rank after the other, for many users at once.

All arrays have a row for each user and a column for each candidate, in the order of the recommender.
"""

from dataclasses import dataclass, field

import numpy as np

SMOOTHING = 0.01  # share of the history in the mix of a list, so that no genre has probability 0
LEAST_VOLUME = 1e-6  # squared distance to the chosen items, below which a candidate repeats them


class Relevance:
    """Gain of a candidate: its relevance, whatever else was chosen.

    Parameters
    ----------
    relevance : ndarray of shape (n_users, n_candidates)
        What candidates are worth alone.

    Examples
    --------
    >>> choose(Relevance(np.array([[0.2, 1.0]])), Rules(), np.array([[True, True]]), 2).tolist()
    [[1, 0]]
    """

    def __init__(self, relevance):
        self.relevance = relevance

    def gains(self):
        """Return what each candidate would add to what was chosen."""
        return self.relevance

    def add(self, chosen):
        """Take in the candidate that was chosen for each user."""


class MarginalRelevance:
    """Maximal marginal relevance: relevance minus the cosine to the most similar chosen item.

    Parameters
    ----------
    relevance : ndarray of shape (n_users, n_candidates)
        What candidates are worth alone.

    units : ndarray of shape (n_users, n_candidates, n_features)
        Unit vectors of the candidates, zeros where nothing is known.

    diversity : ndarray of shape (n_users, 1)
        Weight of the second term.

    Examples
    --------
    >>> units = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    >>> criterion = MarginalRelevance(np.array([[1.0, 0.9, 0.5]]), units, np.array([[0.5]]))
    >>> choose(criterion, Rules(), np.ones((1, 3), dtype=bool), 3).tolist()
    [[0, 2, 1]]
    """

    def __init__(self, relevance, units, diversity):
        self.relevance, self.units, self.diversity = (1 - diversity) * relevance, units, diversity
        self.nearest = None

    def gains(self):
        """Return what each candidate would add to what was chosen."""
        if self.nearest is None:
            return self.relevance
        return self.relevance - self.diversity * self.nearest

    def add(self, chosen):
        """Take in the candidate that was chosen for each user."""
        cosines = _products(self.units, chosen)
        self.nearest = cosines if self.nearest is None else np.maximum(self.nearest, cosines)


class MeanSimilarity(MarginalRelevance):
    """Max-sum diversification: relevance minus the mean cosine to the chosen items.

    Parameters
    ----------
    relevance, units, diversity : ndarray
        As in `MarginalRelevance`.

    Examples
    --------
    >>> units = np.array([[[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]])
    >>> criterion = MeanSimilarity(np.array([[1.0, 0.9, 0.5]]), units, np.array([[0.5]]))
    >>> criterion.add(np.array([0]))
    >>> criterion.add(np.array([1]))
    >>> criterion.gains()[0, 2].round(3)  # .5 * .5 - .5 * (.6 + .8) / 2
    np.float64(-0.1)
    """

    def __init__(self, relevance, units, diversity):
        super().__init__(relevance, units, diversity)
        self.sum, self.n_chosen = np.zeros(relevance.shape), 0

    def gains(self):
        """Return what each candidate would add to what was chosen."""
        return self.relevance - self.diversity * self.sum / max(1, self.n_chosen)

    def add(self, chosen):
        """Take in the candidate that was chosen for each user."""
        self.sum += _products(self.units, chosen)
        self.n_chosen += 1


class Volume:
    """Determinantal point process: relevance plus the logarithm of the volume that a candidate adds.

    The logarithm of the determinant of the cosines grows by that of the squared distance of the
    candidate to the span of the chosen items, which a Cholesky factor gives row by row.

    Parameters
    ----------
    relevance, units, diversity : ndarray
        As in `MarginalRelevance`.

    Examples
    --------
    >>> units = np.array([[[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]])
    >>> criterion = Volume(np.array([[1.0, 0.9, 0.5]]), units, np.array([[0.5]]))
    >>> criterion.add(np.array([0]))
    >>> np.exp(2 * criterion.gains() - np.array([[1.0, 0.9, 0.5]])).round(2).tolist()
    [[0.0, 0.64, 1.0]]
    """

    def __init__(self, relevance, units, diversity):
        self.relevance, self.units, self.diversity = (1 - diversity) * relevance, units, diversity
        self.squares = np.ones(relevance.shape)
        self.factor = []

    def gains(self):
        """Return what each candidate would add to what was chosen."""
        return self.relevance + self.diversity * np.log(np.maximum(self.squares, LEAST_VOLUME))

    def add(self, chosen):
        """Take in the candidate that was chosen for each user."""
        users = np.arange(len(chosen))
        row = _products(self.units, chosen)
        for earlier in self.factor:
            row -= earlier * earlier[users, chosen][:, None]
        square = self.squares[users, chosen]
        scale = np.where(square > LEAST_VOLUME, 1 / np.sqrt(np.maximum(square, LEAST_VOLUME)), 0.0)
        row *= scale[:, None]
        self.factor.append(row)
        self.squares -= row**2


class Calibration:
    """Relevance minus the Kullback-Leibler divergence of the mix of the list from that of the history.

    Parameters
    ----------
    relevance : ndarray of shape (n_users, n_candidates)
        What candidates are worth alone.

    mixes : ndarray of shape (n_users, n_candidates, n_features)
        The mix of each candidate: shares that add up to 1, or zeros.

    target : ndarray of shape (n_users, n_features)
        The mix of the history of each user.

    diversity : ndarray of shape (n_users, 1)
        Weight of the second term.

    n_items : int or None, default=None
        Length of the whole list, whose divergence counts: what is not chosen yet is taken to have the
        mix of the history. Each item moves that list by ``1 / n_items`` only, so the divergence counts
        `n_items` times. None counts the divergence of the list so far, so that each beginning of it is
        calibrated.

    Examples
    --------
    >>> mixes = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    >>> criterion = Calibration(
    ...     np.array([[1.0, 0.9, 0.5]]), mixes, np.array([[0.5, 0.5]]), np.array([[0.5]])
    ... )
    >>> choose(criterion, Rules(), np.ones((1, 3), dtype=bool), 2).tolist()
    [[0, 2]]
    """

    def __init__(self, relevance, mixes, target, diversity, n_items=None):
        self.relevance, self.n_items = (1 - diversity) * relevance, n_items
        self.diversity = diversity * (n_items or 1)
        used = np.flatnonzero(target.any(axis=0))  # what no history has does not count
        self.mixes = mixes[:, :, used].astype(np.float32)  # doubles take several times as long
        self.target = target[:, used].astype(np.float32)
        self.sum, self.n_chosen = np.zeros_like(self.target), 0

    def gains(self):
        """Return what each candidate would add to what was chosen."""
        n_filled = self.n_chosen + 1
        n_items = max(self.n_items or 0, n_filled)
        share = np.float32((1 - SMOOTHING) / n_items)
        rest = np.float32(SMOOTHING) + share * (n_items - n_filled)
        mixed = self.mixes * share
        mixed += (share * self.sum + rest * self.target)[:, None, :]
        np.maximum(mixed, np.finfo(np.float32).tiny, out=mixed)
        cross_entropy = np.matmul(np.log(mixed, out=mixed), self.target[:, :, None])[:, :, 0]
        return self.relevance + self.diversity * cross_entropy

    def add(self, chosen):
        """Take in the candidate that was chosen for each user."""
        self.sum += self.mixes[np.arange(len(chosen)), chosen]
        self.n_chosen += 1


@dataclass
class Rules:
    """What may be chosen at which rank.

    Attributes
    ----------
    reserved : dict of int to ndarray of bool of shape (n_users, n_candidates)
        For some ranks, the candidates that go there first. They are not chosen before that rank while
        there are others.

    groups : ndarray of int of shape (n_users, n_candidates, n_groups) or None
        The groups of each candidate; -1 is none.

    max_per_group : int or None
        How many members of a group a user gets at most.

    Examples
    --------
    >>> rules = Rules(groups=np.array([[[7], [7], [8]]]), max_per_group=1)
    >>> rules.add(np.array([0]))
    >>> rules.allowed(np.array([[False, True, True]]), rank=2).tolist()
    [[False, False, True]]
    """

    reserved: dict = field(default_factory=dict)
    groups: np.ndarray | None = None
    max_per_group: int | None = None

    def __post_init__(self):
        self._n_chosen = None if self.groups is None else np.zeros(self.groups.shape, dtype=np.intp)
        self._first_rank = 0
        for rank in sorted(self.reserved, reverse=True):
            self._first_rank = np.where(self.reserved[rank], rank, self._first_rank)

    def allowed(self, free, rank):
        """Return which candidates may be chosen at a rank, given those that were not chosen yet."""
        if self.groups is not None:
            free = free & (self._n_chosen < self.max_per_group).all(axis=2)
        others = _preferred(free, self._first_rank <= rank)
        if rank not in self.reserved:
            return others
        reserved = free & self.reserved[rank]
        return np.where(reserved.any(axis=1, keepdims=True), reserved, others)

    def add(self, chosen):
        """Count the candidate that was chosen for each user."""
        if self.groups is None:
            return
        of_chosen = self.groups[np.arange(len(chosen)), chosen]
        for position in range(of_chosen.shape[1]):
            group = of_chosen[:, position, None, None]
            self._n_chosen += (self.groups == group) & (group >= 0)


def choose(criterion, rules, present, n_items):
    """Choose for each rank the allowed candidate with the largest gain, of equal ones the first.

    Parameters
    ----------
    criterion : Relevance, MarginalRelevance, MeanSimilarity, Volume or Calibration
        What a candidate adds.

    rules : Rules
        What may be chosen.

    present : ndarray of bool of shape (n_users, n_candidates)
        Which candidates there are.

    n_items : int
        How many to choose.

    Returns
    -------
    ndarray of int of shape (n_users, n_ranks)
        Positions of candidates; -1 where none was left.

    Examples
    --------
    >>> relevance = Relevance(np.array([[0.2, 1.0], [0.3, 0.0]]))
    >>> choose(relevance, Rules(), np.array([[True, True], [True, False]]), 2).tolist()
    [[1, 0], [0, -1]]
    """
    free, users = present.copy(), np.arange(len(present))
    chosen = np.full((len(present), min(n_items, present.shape[1])), -1)
    for step in range(chosen.shape[1]):
        allowed = rules.allowed(free, step + 1)
        best = np.where(allowed, criterion.gains(), -np.inf).argmax(axis=1)
        found = allowed[users, best]
        chosen[found, step] = best[found]
        free[users[found], best[found]] = False
        criterion.add(best)
        rules.add(best)
    return chosen


def by_relevance(chosen, relevance, reserved):
    """Return the chosen candidates with the most relevant first; those of a reserved rank keep it.

    Parameters
    ----------
    chosen : ndarray of int of shape (n_users, n_ranks)
        Positions of candidates, as `choose` returns them.

    relevance : ndarray of shape (n_users, n_candidates)
        What candidates are worth alone; of equal ones the first is better.

    reserved : dict of int to ndarray of bool of shape (n_users, n_candidates)
        For some ranks, the candidates that go there.

    Returns
    -------
    ndarray of int of shape (n_users, n_ranks)
        The same positions in another order.

    Examples
    --------
    >>> relevance = np.array([[1.0, 0.9, 0.5, 0.2]])
    >>> by_relevance(np.array([[0, 3, 2, 1]]), relevance, {}).tolist()
    [[0, 1, 2, 3]]
    >>> by_relevance(np.array([[0, 3, 2, 1]]), relevance, {2: np.array([[False] * 3 + [True]])}).tolist()
    [[0, 3, 1, 2]]
    """
    kept = chosen < 0
    for rank, candidates in reserved.items():
        column = chosen[:, rank - 1 : rank]  # empty where there are fewer ranks
        kept[:, rank - 1 : rank] |= np.take_along_axis(candidates, column, axis=1)
    ranks = np.broadcast_to(np.arange(chosen.shape[1]), chosen.shape)
    order = np.where(kept, ranks, -np.take_along_axis(relevance, chosen, axis=1))
    best = np.lexsort((chosen, order, kept))
    places = np.argsort(kept, axis=1, kind="stable")  # the free ranks, then those that are kept
    found = np.empty_like(chosen)
    np.put_along_axis(found, places, np.take_along_axis(chosen, best, axis=1), axis=1)
    return found


def scaled(scores, low, high):
    """Return scores as a share of the way from `low` to `high` of each row; 1 where these are equal.

    Examples
    --------
    >>> scaled(np.array([[4.0, 3.0, 2.0], [5.0, 5.0, 5.0]]), np.array([2.0, 5]), np.array([4.0, 5]))
    array([[1. , 0.5, 0. ],
           [1. , 1. , 1. ]])
    """
    span = (high - low)[:, None]
    shares = (scores - low[:, None]) / np.where(span > 0, span, 1.0)
    return np.where(span > 0, np.clip(shares, 0.0, 1.0), 1.0)


def _products(units, chosen):
    """Return the product of the vector of each candidate with that of the chosen one."""
    return np.matmul(units, units[np.arange(len(chosen)), chosen][:, :, None])[:, :, 0]


def _preferred(allowed, wanted):
    """Return the allowed ones that are wanted, or all of a row where none of them is."""
    some = allowed & wanted
    return np.where(some.any(axis=1, keepdims=True), some, allowed)
