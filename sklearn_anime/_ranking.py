"""Who is recommended to, which items may be, which of them score best, and the frames that say so."""

from dataclasses import dataclass, replace
from numbers import Integral

import narwhals as nw
import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from scipy import sparse
from sklearn import get_config
from sklearn.preprocessing import normalize
from sklearn.utils import check_scalar, gen_batches

from sklearn_anime._ids import Vocabulary, as_series, places_within
from sklearn_anime._interactions import UserRows
from sklearn_anime._rows import table_columns, tidy_frame

LARGEST_BLOCK = 64 * 2**20  # bytes


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
    new_features: np.ndarray | list | None

    @classmethod
    def select(cls, interactions, new=None, include=None, exclude=None):
        """Collect known and new items, and restrict them to `include` without `exclude`."""
        items, features = interactions.items, None
        if new is not None:
            items, features = _with_new_items(interactions, new)
        allowed = np.full(len(items), include is None)
        if include is not None:
            include = as_series(include)
            allowed[_known(items, include)] = True
            if not allowed.any() and len(include):
                raise ValueError(
                    f"None of the ids in include= (such as {include.to_list()[0]!r}) is an "
                    f"item of fit or of items=. Give item ids such as {items.example!r}."
                )
        if exclude is not None:
            allowed[_known(items, exclude)] = False
        return cls(items, np.flatnonzero(allowed), features)

    def __len__(self):
        return len(self.items)

    def split(self, n_known):
        """Return the candidates among the first `n_known` items, and the codes of the others."""
        new = self.codes >= n_known
        return replace(self, codes=self.codes[~new], new_features=None), self.codes[new]

    def restrict(self, scores):
        """Return the columns of the candidates out of scores of all items."""
        return scores if len(self.codes) == len(self) else scores[:, self.codes]


@dataclass(frozen=True)
class Audience:
    """The people to recommend to.

    Attributes
    ----------
    ids : narwhals Series of length n_users
        Their ids, in the order of the lists.

    rows : UserRows
        What they have seen.

    features : tuple of narwhals Series of length n_users
        Columns of ``X`` that say something of the user, for models that write rows of them.
    """

    ids: nw.Series
    rows: UserRows
    features: tuple = ()

    def __len__(self):
        return len(self.ids)

    def take(self, block):
        """Return the people of a slice."""
        rows = self.rows.take(np.arange(block.start, block.stop))
        return Audience(self.ids[block], rows, tuple(column[block] for column in self.features))


def best_of(scores, n):
    """Rank the `n` best columns of each row.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_columns)
        Scores; -inf is never ranked. Of equal scores, the first column is better.

    n : int
        How many to rank at most.

    Returns
    -------
    rows, columns, values, ranks : ndarray of shape (n_ranked,)
        One entry for each ranked score, by row and then by rank from 1.

    Examples
    --------
    >>> import numpy as np
    >>> rows, columns, values, ranks = best_of(np.array([[1.0, 3.0, 2.0], [5.0, -np.inf, 5.0]]), 2)
    >>> columns.tolist(), ranks.tolist()
    ([1, 2, 0, 2], [1, 2, 1, 2])
    """
    n = min(n, scores.shape[1])
    if n == 0:
        return joined([])
    last = scores.shape[1] - n
    best = np.argpartition(scores, last, axis=1)[:, last:]
    _prefer_first(best, scores)
    best.sort(axis=1)
    values = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    best, values = (
        np.take_along_axis(best, order, axis=1),
        np.take_along_axis(values, order, axis=1),
    )
    rows, places = np.nonzero(values > -np.inf)
    return rows, best[rows, places], values[rows, places].astype(np.float64), places + 1


def _prefer_first(best, scores):
    """Where equal scores compete for the last places, give these to the first columns, in place."""
    threshold = np.take_along_axis(scores, best, axis=1).min(axis=1, keepdims=True)
    tied = (scores >= threshold).sum(axis=1) > best.shape[1]
    for row in np.flatnonzero(tied & (threshold[:, 0] > -np.inf)):
        better = np.flatnonzero(scores[row] > threshold[row])
        equal = np.flatnonzero(scores[row] == threshold[row])
        best[row] = np.concatenate([better, equal[: best.shape[1] - len(better)]])


def joined(blocks):
    """Return what `best_of` gave for several blocks, or for none, one after the other."""
    codes = np.empty(0, dtype=np.intp)
    nothing = (codes, codes, np.empty(0), codes)
    return [np.concatenate(parts) for parts in zip(nothing, *blocks, strict=True)]


def rank_pairs(places, codes, scores, n):
    """Rank the pairs of each place by score, of equal ones the first pair first, and keep `n`."""
    order = np.lexsort([-scores, places])
    ranks = places_within(np.bincount(places)) + 1
    kept = order[ranks <= n]
    return places[kept], codes[kept], scores[kept], ranks[ranks <= n]


def block_length(n_columns, n_jobs=None):
    """Return how many rows of scores fit in the memory that one worker may use."""
    budget = get_config()["working_memory"] * 2**20 / effective_n_jobs(n_jobs)
    return max(1, int(min(budget, LARGEST_BLOCK) // (8 * max(n_columns, 1))))


def batches(n_rows, length):
    """Return slices of at most `length` rows; none where there are no rows."""
    return gen_batches(n_rows, length) if n_rows else []


def similar_frame(similarity, vocabulary, ids, role, n):
    """Return the nearest ids of some ids as a tidy frame.

    `similarity` gives, for some codes, a row for each with the similarity of all ids; -inf for its own.
    """
    n = check_scalar(n, f"n_{role}s", Integral, min_val=1)
    codes = pd.unique(vocabulary.lookup(ids, role))
    blocks = batches(len(codes), block_length(len(vocabulary)))
    ranked = ((block.start, *best_of(similarity(codes[block]), n)) for block in blocks)
    places, found, values, ranks = joined((start + places, *rest) for start, places, *rest in ranked)
    return tidy_frame(
        vocabulary.decode(codes[places]),
        vocabulary.decode(found).alias("neighbour"),
        similarity=values,
        rank=ranks,
    )


def cosine_similarity_of(vectors):
    """Return how alike vectors are, in the form that `similar_frame` takes."""
    vectors = normalize(vectors)

    def similarity(codes):
        cosine = vectors[codes] @ vectors.T
        cosine = cosine.toarray() if sparse.issparse(cosine) else cosine
        cosine[np.arange(len(codes)), codes] = -np.inf
        return cosine

    return similarity


def explanation_frame(terms, n, like):
    """Return the `n` largest terms of a score, then the row ``rest``, in the library of `like`.

    Parameters
    ----------
    terms : dict of str to float
        Contribution of each term; together they are the score.

    n : int
        How many terms to name.

    like : Vocabulary
        Ids of ``fit``, whose frame library is that of the answer.
    """
    n = check_scalar(n, "n", Integral, min_val=1)
    names = sorted(terms, key=lambda name: -abs(terms[name]))
    rest = sum(terms[name] for name in names[n:])
    backend = like.ids.implementation
    term = nw.new_series("term", [*names[:n], "rest"], backend=backend)
    return tidy_frame(term, contribution=np.array([*(terms[name] for name in names[:n]), rest]))


def lending_frame(lenders, weights, ratings, shares, others, n):
    """Return the `n` largest shares of lenders beside other terms, then the row ``rest``.

    Parameters
    ----------
    lenders : narwhals Series of length n_lenders
        Ids of those who lend.

    weights, ratings, shares : ndarray of shape (n_lenders,)
        The weight of each, the rating that is lent, and what it adds.

    others : dict of str to float
        Further terms of the sum, which come first.

    n : int
        How many lenders to name.
    """
    n = check_scalar(n, "n", Integral, min_val=1)
    best = np.argsort(-np.abs(shares), kind="stable")[:n]
    best = best[shares[best] != 0]
    gap = np.full(len(others), np.nan)
    backend = lenders.implementation
    terms = [*others, *["neighbour"] * len(best), "rest"]
    named = [*[None] * len(others), *lenders[best].to_list(), None]
    dtype = {"dtype": nw.Object()} if lenders.implementation.is_pandas_like() else {}
    return tidy_frame(
        nw.new_series("term", terms, backend=backend),
        nw.new_series("neighbour", named, backend=backend, **dtype),
        weight=np.concatenate([gap, weights[best], [np.nan]]),
        rating=np.concatenate([gap, ratings[best], [np.nan]]),
        contribution=np.concatenate(
            [list(others.values()), shares[best], [shares.sum() - shares[best].sum()]]
        ),
    )


def _known(items, ids):
    codes = items.encode(ids, "item")
    return codes[codes >= 0]


def _in_order_of_fit(interactions, columns):
    """Return the columns of new items by the names that ``fit`` saw, where all of these are there."""
    table, named = interactions.features, {column.name: column for column in columns}
    names = [interactions.items.name, *([] if table is None else table.item_names)]
    return [named[name] for name in names] if set(names) <= set(named) else columns


def _with_new_items(interactions, new):
    """Return the vocabulary with the new items at its end, and their features."""
    ids, *columns = _in_order_of_fit(interactions, table_columns(new)[0])
    items = interactions.items.extend(ids, "item")
    codes = items.encode(ids, "item")
    if len(np.unique(codes)) < len(codes):
        raise ValueError("items= holds an item id twice. Give one row for each new title.")
    added = np.flatnonzero(codes >= len(interactions.items))
    columns = [column[added] for column in columns]
    table = interactions.features
    return items, columns if table is None else table.read_items(columns, len(added))
