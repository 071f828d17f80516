"""Who is asked for, which items may be recommended, and one way to rank them into a tidy frame."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from sklearn_anime.interactions import UserRows, Vocabulary
from sklearn_anime.interactions._clock import moment_on
from sklearn_anime.interactions._frames import table_columns, tidy_frame
from sklearn_anime.interactions._ids import as_series, id_index, series_like
from sklearn_anime.interactions._pairs import PairIndex
from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._groups import best_of, first_rows, joined, positions_within, ranks_within
from sklearn_anime.utils._warnings import warn


@dataclass(frozen=True)
class Candidates:
    """The items that a recommendation chooses from.

    Attributes
    ----------
    items : Vocabulary
        The items of ``fit``, then the new ones.

    codes : ndarray of shape (n_candidates,)
        Codes of those that may be recommended.

    new_features : ndarray of shape (n_new_items, n_item_features), list of columns, or None
        Features of the new ones, in the form of the features of ``fit``; None where there are none.
    """

    items: Vocabulary
    codes: np.ndarray
    new_features: np.ndarray | list | None = None

    @classmethod
    def select(cls, interactions, new=None, include=None, exclude=None):
        """Collect known and new items, and restrict them to `include` without `exclude`.

        A frame of pairs in `exclude` is for the `Audience`.
        """
        items, features = interactions.items, None
        if new is not None:
            items, features = _with_new_items(interactions, new)
        allowed = np.full(len(items), include is None)
        if include is not None:
            allowed[_known(items, include, "include")] = True
        if exclude is not None and not nw.dependencies.is_into_dataframe(exclude):
            allowed[_known(items, exclude, "exclude")] = False
        return cls(items, np.flatnonzero(allowed), features)

    def __len__(self):
        return len(self.items)

    def split(self, fitted):
        """Return the candidates among the items of ``fit``, and the codes of the new ones."""
        new = self.codes >= len(fitted)
        return Candidates(fitted, self.codes[~new]), self.codes[new]

    def restrict(self, scores):
        """Return the columns of the candidates out of scores of all items."""
        return scores if len(self.codes) == scores.shape[1] else scores[:, self.codes]


@dataclass(frozen=True)
class Audience:
    """The users to recommend to.

    Attributes
    ----------
    ids : narwhals Series of length n_users
        Their ids, in the order of the recommendations.

    rows : UserRows
        Their interactions.

    excluded : tuple of two ndarray
        Row and item code of the pairs that are not recommended, by rising row.
    """

    ids: nw.Series
    rows: UserRows
    excluded: tuple

    @classmethod
    def select(cls, interactions, users=None, history=None, items=None, exclude_seen=True, now=None):
        """Return the users asked for, with their interactions in ``fit`` or in a history.

        `items` is the vocabulary of the candidates, whose new items a history may hold.
        """
        moment = None if now is None else moment_on(interactions.clock, now)
        if users is None and history is None:
            ids, rows, new_pairs = interactions.users.ids, interactions, None
        else:
            ids, rows, new_pairs = _asked(interactions, users, history, items, moment)
        if moment is not None:
            rows, new_pairs = _until(rows, new_pairs, moment, now)
        if not exclude_seen:
            return cls(ids, rows, (np.empty(0, np.intp),) * 2)
        seen = rows.row_codes, rows.item_codes
        if new_pairs is not None and len(new_pairs[0]):
            users, codes = (np.concatenate(pair) for pair in zip(seen, new_pairs[:2], strict=True))
            order = np.lexsort([codes, users])
            seen = users[order], codes[order]
        return cls(ids, rows, seen)

    def __len__(self):
        return len(self.ids)

    def without(self, pairs, interactions, items):
        """Return the same users, to whom some pairs are not recommended either.

        `pairs` is a frame of users and items, or anything else to leave them as they are; `items` is the
        vocabulary of the candidates.
        """
        if not nw.dependencies.is_into_dataframe(pairs):
            return self
        users, ids = _pair_columns(pairs, interactions)
        rows = id_index(self.ids, "user").get_indexer(id_index(users, "user"))
        codes = items.encode(ids)
        known = (rows >= 0) & (codes >= 0)
        rows, codes = (
            np.concatenate(each) for each in zip(self.excluded, (rows[known], codes[known]), strict=True)
        )
        order = np.lexsort([codes, rows])
        return replace(self, excluded=(rows[order], codes[order]))

    def take(self, positions):
        """Return some of the users."""
        rows, codes = self.excluded
        starts, ends = (np.searchsorted(rows, positions, side) for side in ("left", "right"))
        lengths = ends - starts
        pairs = np.repeat(starts, lengths) + positions_within(lengths)
        excluded = np.repeat(np.arange(len(positions)), lengths), codes[pairs]
        return Audience(self.ids[positions], self.rows.take(positions), excluded)


@dataclass(frozen=True)
class Scorer:
    """What ranks candidates: scores for users with a history, popularity for the others.

    Attributes
    ----------
    score : callable
        From an `Audience` and `Candidates` to an ndarray of shape (n_users, n_items), with a column for
        each item of the candidates' vocabulary; -inf is not recommended.

    has_history : callable
        From `UserRows` to the mask of the users whom `score` can score.

    popularity : callable
        From a moment, or None, to the popularity of each item of ``fit`` by then.
    """

    score: Any
    has_history: Any
    popularity: Any

    def rank(self, audience, candidates, n_items):
        """Return position of the user, code of the item, score and rank of the best `n_items` of each.

        The score is NaN where popularity ranks.
        """
        known = self.has_history(audience.rows)
        scores = self._scores(audience, candidates, known)
        users, codes = audience.excluded
        inside = codes < scores.shape[1]  # a first stage has no new items
        scores[users[inside], codes[inside]] = -np.inf
        users, columns, values, ranks = best_of(candidates.restrict(scores), n_items)
        values[~known[users]] = np.nan
        return users, candidates.codes[columns], values, ranks

    def _scores(self, audience, candidates, known):
        if known.all() and len(known):
            return _checked(self.score(audience, candidates), (len(audience), len(candidates)))
        scores = np.zeros((len(audience), len(candidates)))
        popularity = self.popularity(audience.rows.now)
        scores[:, : len(popularity)] = popularity
        if known.any():
            some = audience.take(np.flatnonzero(known))
            scores[known] = _checked(self.score(some, candidates), (len(some), len(candidates)))
        return scores


@dataclass(frozen=True)
class Reranker:
    """What ranks candidates in two stages: the best of a first scorer, ranked again pair by pair.

    Attributes
    ----------
    first : Scorer or Reranker
        Selects the pairs. Of equal scores, the one that it ranks higher is better.

    n_candidates : int
        How many items it selects for each user, new items apart.

    items : Vocabulary
        The items that it knows.

    score_pairs : callable
        From an `Audience`, `Candidates`, positions of users and codes of items to the scores of pairs.

    has_history : callable
        As in `Scorer`.
    """

    first: Any
    n_candidates: int
    items: Vocabulary
    score_pairs: Any
    has_history: Any

    def rank(self, audience, candidates, n_items):
        """Return position of the user, code of the item, score and rank of the best `n_items` of each.

        The score is NaN where popularity ranks.
        """
        users, codes, first_ranks = self._select(audience, candidates)
        known = self.has_history(audience.rows)[users]
        scores = np.full(len(users), np.nan)
        pairs = users[known], codes[known]
        scores[known] = self.score_pairs(audience, candidates, *pairs)
        ranks = ranks_within(users, np.where(known, scores, -first_ranks))
        best = np.flatnonzero(ranks <= n_items)
        best = best[np.lexsort([ranks[best], users[best]])]
        return users[best], codes[best], scores[best], ranks[best]

    def _select(self, audience, candidates):
        """Return the pairs of the first stage and those of new items, by user and first rank."""
        known, new = candidates.split(self.items)
        users, codes, _, ranks = self.first.rank(audience, known, self.n_candidates)
        everyone = np.arange(len(audience))
        new_users, new_codes = np.repeat(everyone, len(new)), np.tile(new, len(everyone))
        excluded = PairIndex(*audience.excluded, len(candidates)).positions(new_users, new_codes) >= 0
        users = np.concatenate([users, new_users[~excluded]])
        ranks = np.concatenate([ranks, self.n_candidates + 1 + new_codes[~excluded]])
        order = np.lexsort([ranks, users])
        return users[order], np.concatenate([codes, new_codes[~excluded]])[order], ranks[order]


@dataclass(frozen=True)
class WithFeaturesOf:
    """A scorer that is shown the features of users that its own model knows.

    Attributes
    ----------
    scorer : Scorer or Reranker
        Ranks the candidates.

    interactions : Interactions
        The table of its model, of the same users.
    """

    scorer: Any
    interactions: Any

    def rank(self, audience, candidates, n_items):
        """Return what the scorer ranks."""
        rows = replace(
            audience.rows,
            user_columns=self.interactions.user_columns,
            user_rows=audience.rows.codes,
        )
        return self.scorer.rank(replace(audience, rows=rows), candidates, n_items)


def recommendations(scorer, audience, candidates, n_items, n_jobs=None, width=1):
    """Rank the candidates for all users, in blocks, and return them as a tidy frame.

    `width` is how many arrays of scores a block takes at once, for the reckoning of its memory.
    """
    length = block_length(width * len(candidates), n_jobs)
    blocks = list(batches(len(audience), length))
    # Each of several workers has one thread: those of BLAS would compete with the other workers.
    if len(blocks) == 1:  # no workers to start, and no rows to take
        return _frame(audience, candidates, *scorer.rank(audience, candidates, n_items))
    several = effective_n_jobs(n_jobs) > 1
    with threadpool_limits(1, user_api="blas") if several else nullcontext():
        ranked = Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(scorer.rank)(audience.take(np.arange(block.start, block.stop)), candidates, n_items)
            for block in blocks
        )
    positions, codes, scores, ranks = joined(
        (positions + block.start, *rest)
        for block, (positions, *rest) in zip(blocks, ranked, strict=True)
    )
    return _frame(audience, candidates, positions, codes, scores, ranks)


def _frame(audience, candidates, positions, codes, scores, ranks):
    """Return what a scorer has ranked as a tidy frame of ids."""
    return tidy_frame(audience.ids[positions], candidates.items.decode(codes), score=scores, rank=ranks)


def warn_of_unknown(audience, known, users, now=None, given=False):
    """Warn that some of the users asked for have no history, and show what ids look like.

    `given` is whether there is a history: its users may have ids of any kind.
    """
    unknown = np.flatnonzero(~known)
    if len(unknown):
        example = audience.ids[[int(unknown[0])]].to_list()[0]
        until = "" if now is None else f" until now={now!r}"
        kinds = "" if given else _other_kind(audience.ids, users)
        warn(
            f"{len(unknown)} of {len(audience)} users have no history{until} that fit or history= "
            f"knows, such as {example!r} (user ids of fit look like {users.example!r}): they get the "
            f"most popular items{until and ' by then'}.{kinds}"
        )


def _other_kind(users, vocabulary):
    """Return a sentence where ids are text and those of fit numbers, or the other way round."""
    kinds = vocabulary.kinds(users)
    if kinds is None:
        return ""
    return f" They are {kinds[1]}, and those of fit {kinds[0]}: convert them, for instance with astype."


def warn_of_context(table):
    """Warn that columns of context have no value for pairs without a row, if there are any."""
    if table is not None and table.context.any():
        warn(
            f"Columns {table.context_names} of X are constant neither within each item nor within "
            f"each user: the mean of numbers and the most frequent value of others, per item, stand "
            f"in for the pairs to score."
        )


def _asked(interactions, users, history, items, moment):
    """Return ids, rows, and pairs with new items, of the users asked for."""
    folded = None if history is None else interactions.fold_in(history, items, moment)
    users = folded[0].ids if users is None else _check_ids(as_series(users), interactions.users)
    distinct, _ = pd.factorize(id_index(users, "user"))
    users = users[first_rows(distinct)]
    codes = interactions.users.encode(users)
    if (codes >= 0).all():
        ids = interactions.users.decode(codes)
    else:
        ids = series_like(interactions.users.ids, users.to_list())
    rows = interactions.take(codes)
    if folded is None:
        return ids, rows, None
    folded_users, folded_rows, (new_rows, *others) = folded
    positions = folded_users.encode(users)
    row_of = np.full(len(folded_users), -1)
    row_of[positions[positions >= 0]] = np.flatnonzero(positions >= 0)
    asked = row_of[new_rows] >= 0
    new_pairs = row_of[new_rows[asked]], *(values[asked] for values in others)
    return ids, rows.replace(folded_rows, positions), new_pairs


def _until(rows, new_pairs, moment, now):
    """Leave out interactions after a moment, with one warning that counts them."""
    earlier = rows.until(moment)
    n_later = len(rows.item_codes) - len(earlier.item_codes)
    if new_pairs is not None:
        kept = new_pairs[2] <= moment
        n_later += np.count_nonzero(~kept)
        new_pairs = tuple(values[kept] for values in new_pairs)
    if n_later:
        warn(f"{n_later} interaction(s) after now={now!r} are ignored.")
    return earlier, new_pairs


def _check_ids(ids, vocabulary):
    """Raise for a mask instead of ids."""
    if ids.dtype == nw.Boolean and vocabulary.ids.dtype != nw.Boolean:
        raise ValueError(
            f"{vocabulary.role}s are asked for by a mask of booleans. Give their ids, such as "
            f"{vocabulary.example!r}: model.{vocabulary.role}s_[mask]."
        )
    return ids


def _pair_columns(pairs, interactions):
    """Return the user and the item column of a frame: those named as in ``fit``, else the first two."""
    frame = nw.from_native(pairs, eager_only=True)
    names = [interactions.users.name, interactions.items.name]
    if not set(names) <= set(frame.columns):
        names = frame.columns[:2]
    if len(names) < 2:
        raise ValueError(
            f"exclude= is a frame with the columns {frame.columns}. Give a user and an item column, or "
            f"the ids of items."
        )
    return [frame[name] for name in names]


def _checked(scores, shape):
    """Return scores that can be written to, or say what is wrong with them."""
    scores = np.asarray(scores)
    if scores.shape != shape:
        raise ValueError(f"_score_block returned scores of shape {scores.shape}, not {shape}.")
    if scores.dtype.kind != "f" or not scores.flags.writeable:
        scores = scores.astype(np.float64)
    if scores.size and np.isnan(scores.min()):
        raise ValueError(
            f"{np.isnan(scores).sum()} of {scores.size} scores are NaN, which cannot be ranked. Score "
            f"what cannot be recommended with -inf."
        )
    return scores


def _known(items, ids, parameter):
    """Return the codes of the known ones among some ids, at least one of them."""
    ids = _check_ids(as_series(ids), items)
    codes = items.encode(ids)
    if len(codes) and (codes < 0).all():
        raise ValueError(
            f"None of the ids in {parameter}= (such as {ids.to_list()[0]!r}) is an item of fit or of "
            f"items=. Give item ids such as {items.example!r}."
        )
    return codes[codes >= 0]


def _with_new_items(interactions, new):
    """Return the vocabulary with the new items at its end, and their features if there are any."""
    ids, *columns = _in_order_of_fit(interactions, *table_columns(new))
    items = interactions.items.extend(ids)
    codes = items.encode(ids)
    if len(np.unique(codes)) < len(codes):
        raise ValueError("items= holds an item id twice. Give one row for each new item.")
    added, table = codes >= len(interactions.items), interactions.features
    if table is not None:
        columns = table.read_items(columns, added)
    return items, columns if added.any() else None


def _in_order_of_fit(interactions, columns, named):
    """Return the columns of new items in the order of ``fit``: by name wherever ``fit`` had names."""
    if not named or interactions.layout.names is None:
        return columns
    table, found = interactions.features, {column.name: column for column in columns}
    names = [interactions.items.name, *([] if table is None else table.item_names)]
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(
            f"items= has no column {missing[0]!r} (columns: {list(found)}). Name the columns as in fit: "
            f"{names}."
        )
    return [found[name] for name in names]
