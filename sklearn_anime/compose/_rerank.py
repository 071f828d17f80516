"""Candidates of a recommender, ranked again for diversity and by rules."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_anime._recommend import Candidates
from sklearn_anime.compose._greedy import (
    Calibration,
    MarginalRelevance,
    MeanSimilarity,
    Relevance,
    Rules,
    Volume,
    by_relevance,
    choose,
    scaled,
)
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.metrics._relevance import comparable_codes
from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._groups import positions_within

CRITERIA = {"mmr": MarginalRelevance, "maxsum": MeanSimilarity, "dpp": Volume}
NORMS = {"mmr": "l2", "maxsum": "l2", "dpp": "l2", "calibrated": "l1"}  # of the vectors of items


@dataclass(frozen=True)
class Settings:
    """How candidates are ranked again: the parameters of `DiverseRecommender`."""

    method: str
    order: str
    diversity: float
    n_candidates: int
    max_per_group: int | None
    reserved: dict
    boosts: dict
    ranks_by_score: bool

    def named(self, items):
        """Return the codes of the items that rules name, -1 for those that are not known."""
        ids = [*self.boosts, *(id for some in self.reserved.values() for id in some)]
        return comparable_codes(items, as_series(ids), "boosts= and reserved=") if ids else []


@dataclass(frozen=True)
class Pool:
    """The candidates of some users: arrays with a row for each user, best candidate first.

    Attributes
    ----------
    codes : ndarray of int of shape (n_users, n_candidates)
        Codes of the items; -1 where there is no candidate.

    scores : ndarray of shape (n_users, n_candidates)
        Scores of the recommender; NaN where popularity ranks.

    relevance : ndarray of shape (n_users, n_candidates)
        In [0, 1] before boosts: the scaled score, or the scaled rank where that is the order.
    """

    codes: np.ndarray
    scores: np.ndarray
    relevance: np.ndarray

    @classmethod
    def of_ranked(cls, n_users, ranked, n_first, ranks_by_score):
        """Arrange ranked pairs; those after rank `n_first` were added by rules and set no scale."""
        users, codes, scores, ranks = ranked
        lengths = np.bincount(users, minlength=n_users)
        shape, cells = (n_users, lengths.max(initial=0)), (users, positions_within(lengths))

        def arranged(values, missing):
            cells_of = np.full(shape, missing)
            cells_of[cells] = values
            return cells_of

        ranks = arranged(ranks.astype(np.float64), np.inf)
        by_rank = -ranks
        scores = arranged(scores, np.nan)
        unscored = np.isnan(scores) | (not ranks_by_score)
        values = np.where(unscored, by_rank, scores)
        first = ranks <= n_first
        low = np.where(first, values, np.inf).min(axis=1, initial=np.inf)
        high = np.where(first, values, -np.inf).max(axis=1, initial=-np.inf)
        known = first.any(axis=1)
        relevance = scaled(
            np.where(np.isfinite(ranks), values, 0.0), np.where(known, low, 0), np.where(known, high, 0)
        )
        return cls(arranged(codes, -1), scores, relevance)

    def take(self, users):
        """Return the candidates of some users."""
        return Pool(self.codes[users], self.scores[users], self.relevance[users])


@dataclass(frozen=True)
class DiverseRanker:
    """What ranks candidates of a first scorer again.

    Attributes
    ----------
    first : Scorer or Reranker
        Selects the candidates.

    settings : Settings
        How they are ranked.

    popularity : ndarray of shape (n_items,)
        Share of the largest popularity, on a logarithmic scale.

    features, groups : ItemTraits or None
        Normalized vectors and groups of the items, for methods and rules that need them.
    """

    first: Any
    settings: Settings
    popularity: np.ndarray
    features: Any
    groups: Any

    def rank(self, audience, candidates, n_items):
        """Return position of the user, code of the item, score and rank of the best `n_items` of each.

        The score is that of the first scorer, NaN where popularity ranks.
        """
        pool = self._pool(audience, candidates, n_items)
        width = pool.codes.shape[1] * (1 if self.features is None else self.features.values.shape[1])
        blocks = batches(len(audience), block_length(3 * width))
        chosen = [self._choose(audience, candidates, pool, block, n_items) for block in blocks]
        chosen = np.concatenate([np.empty((0, min(n_items, pool.codes.shape[1])), np.intp), *chosen])
        users, steps = np.nonzero(chosen >= 0)
        columns = chosen[users, steps]
        return users, pool.codes[users, columns], pool.scores[users, columns], steps + 1

    def _pool(self, audience, candidates, n_items):
        """Return the candidates of the first scorer, and after them those that rules name."""
        n_first = max(self.settings.n_candidates, n_items)
        ranked = self.first.rank(audience, candidates, n_first)
        named = np.intersect1d(candidates.codes, self.settings.named(candidates.items))
        if len(named):
            some = Candidates(candidates.items, named, candidates.new_features)
            ranked = _with_more(ranked, self.first.rank(audience, some, len(named)), n_first)
        return Pool.of_ranked(len(audience), ranked, n_first, self.settings.ranks_by_score)

    def _choose(self, audience, candidates, pool, block, n_items):
        """Return the columns of the pool that some users get, in their order."""
        users = np.arange(block.start, block.stop)
        pool, rows = pool.take(users), audience.rows.take(users)
        relevance = pool.relevance * self._factors(pool, candidates.items)
        criterion = self._criterion(pool, rows, candidates.items, relevance, n_items)
        rules = self._rules(pool, candidates.items, n_items)
        chosen = choose(criterion, rules, pool.codes >= 0, n_items)
        if self.settings.order == "choice":
            return chosen
        return by_relevance(chosen, relevance, rules.reserved)

    def _criterion(self, pool, rows, items, relevance, n_items):
        """Return what a candidate adds; users without a score keep the order of the recommender."""
        unscored = np.isnan(pool.scores).all(axis=1)
        diversity = np.where(unscored, 0.0, self.settings.diversity)[:, None]
        if self.settings.method == "popularity":
            popularity = np.append(self.popularity, np.zeros(len(items) + 1 - len(self.popularity)))
            return Relevance((1 - diversity) * relevance - diversity * popularity[pool.codes])
        positions = np.append(self.features.positions(items), -1)
        vectors = self.features.rows(positions[pool.codes])
        if self.settings.method in CRITERIA:
            return CRITERIA[self.settings.method](relevance, vectors, diversity)
        whole = n_items if self.settings.order == "relevance" else None
        return Calibration(relevance, vectors, self._mix_of_history(rows), diversity, whole)

    def _mix_of_history(self, rows):
        """Return the mean mix of the items that each user has interacted with."""
        sums = rows.seen_matrix() @ self.features.values[: rows.n_items]
        sums = sums.toarray() if hasattr(sums, "toarray") else sums
        totals = sums.sum(axis=1, keepdims=True)
        return sums / np.where(totals > 0, totals, 1.0)

    def _factors(self, pool, items):
        """Return the boost of each candidate."""
        factors = np.ones(len(items) + 1)
        if self.settings.boosts:
            codes = items.encode(as_series(list(self.settings.boosts)))
            given = np.array(list(self.settings.boosts.values()), dtype=np.float64)
            factors[codes[codes >= 0]] = given[codes >= 0]
        return factors[pool.codes]

    def _rules(self, pool, items, n_items):
        """Return the rules for ranks that there are."""
        reserved = {
            rank: np.isin(pool.codes, np.setdiff1d(items.encode(as_series(ids)), [-1]))
            for rank, ids in self.settings.reserved.items()
            if rank <= n_items
        }
        if self.groups is None:
            return Rules(reserved)
        positions = np.append(self.groups.positions(items), -1)
        return Rules(reserved, self.groups.rows(positions[pool.codes]), self.settings.max_per_group)


def log_share(popularity):
    """Return popularity as a share of the largest, on a logarithmic scale from 0 to 1.

    Examples
    --------
    >>> log_share(np.array([0, 1, 3])).tolist()
    [0.0, 0.5, 1.0]
    """
    logarithms = np.log1p(popularity)
    return logarithms / logarithms.max()


def _with_more(ranked, more, n_first):
    """Return ranked pairs of users and items with further ones after them, by user."""
    users, codes = (np.concatenate(pair) for pair in zip(ranked[:2], more[:2], strict=True))
    is_more = np.repeat([False, True], [len(ranked[0]), len(more[0])])
    ranks = np.concatenate([ranked[3], n_first + more[3]])
    order = np.lexsort([is_more, codes, users])
    repeated = np.zeros(len(order), dtype=bool)
    repeated[1:] = (np.diff(users[order]) == 0) & (np.diff(codes[order]) == 0)
    kept = order[~repeated]
    kept = kept[np.lexsort([ranks[kept], users[kept]])]
    scores = np.concatenate([ranked[2], more[2]])
    return users[kept], codes[kept], scores[kept], ranks[kept]
