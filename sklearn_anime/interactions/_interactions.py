"""From rows of ``X`` and ``y`` to the interaction matrix: the only place that builds it."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import sparse

from sklearn_anime.interactions._columns import ColumnTable
from sklearn_anime.interactions._features import FeatureTable
from sklearn_anime.interactions._ids import Vocabulary
from sklearn_anime.interactions._rows import Rows, check_ratings, check_weights
from sklearn_anime.utils._warnings import warn


@dataclass(frozen=True)
class UserRows:
    """What users have seen and rated: a CSR matrix with a row per user and a column per item.

    Attributes
    ----------
    indptr, item_codes : ndarray of shape (n_users + 1,) and (n_pairs,)
        The structure of the matrix: one entry per distinct (user, item) pair.

    ratings : ndarray of shape (n_pairs,)
        Ratings; NaN where the item was seen and not rated.

    weights : ndarray of shape (n_pairs,)
        Sum of the sample weights of each pair.

    n_items : int
        Number of columns.

    codes : ndarray of shape (n_users,)
        Code that ``fit`` gave to the user of each row, -1 for people who were not there.
    """

    indptr: np.ndarray
    item_codes: np.ndarray
    ratings: np.ndarray
    weights: np.ndarray
    n_items: int
    codes: np.ndarray

    @property
    def shape(self):
        """Number of users and of items."""
        return len(self.codes), self.n_items

    @property
    def rated(self):
        """Mask of the pairs that carry a rating."""
        return ~np.isnan(self.ratings)

    @property
    def row_lengths(self):
        """Number of items that each user has seen."""
        return np.diff(self.indptr)

    @property
    def row_codes(self):
        """Row of each pair."""
        return np.repeat(np.arange(len(self.codes)), self.row_lengths)

    def seen_matrix(self, values=None):
        """Return the CSR matrix of the pairs seen, rated or not: of ones, or of other `values`."""
        return self._csr(np.ones(len(self.item_codes)) if values is None else values)

    def rated_matrix(self, values=None):
        """Return the CSR matrix of the rated pairs, of their ratings or of other `values`.

        `values` has one entry per pair, in the order of the pairs. Zeros are stored.
        """
        return self.matrix_where(self.rated, values)

    def matrix_where(self, kept, values=None):
        """Return the CSR matrix of some pairs, of their ratings or of other `values`."""
        values = self.ratings if values is None else values
        if kept.all():
            return self._csr(values)
        indptr = np.concatenate([[0], np.cumsum(kept)])[self.indptr]
        return sparse.csr_matrix((values[kept], self.item_codes[kept], indptr), shape=self.shape)

    def take(self, rows):
        """Return the rows of some users; -1 stands for an empty row of a person not in ``fit``."""
        rows = np.asarray(rows, dtype=np.intp)
        known = rows >= 0
        lengths = np.where(known, self.row_lengths[rows], 0)
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(indptr[-1]) + np.repeat(self.indptr[rows] - indptr[:-1], lengths)
        return UserRows(
            indptr=indptr,
            item_codes=self.item_codes[places],
            ratings=self.ratings[places],
            weights=self.weights[places],
            n_items=self.n_items,
            codes=np.where(known, self.codes[rows], -1),
        )

    def replace(self, others, places):
        """Return these rows with those of `others` at some `places` in their stead; -1 keeps a row."""
        n = len(self.codes)
        stacked = UserRows(
            indptr=np.concatenate([self.indptr, self.indptr[-1] + others.indptr[1:]]),
            item_codes=np.concatenate([self.item_codes, others.item_codes]),
            ratings=np.concatenate([self.ratings, others.ratings]),
            weights=np.concatenate([self.weights, others.weights]),
            n_items=self.n_items,
            codes=np.concatenate([self.codes, others.codes]),
        )
        return stacked.take(np.where(places >= 0, n + places, np.arange(n)))

    def _csr(self, values):
        return sparse.csr_matrix((values, self.item_codes, self.indptr), shape=self.shape)


@dataclass(frozen=True)
class Interactions(UserRows):
    """The table that ``fit`` saw: rows of all its users, with the ids and features behind the codes.

    Repeated pairs count as their weighted mean and their weights add up; rows of weight 0 are
    absent.

    Attributes
    ----------
    users, items : Vocabulary
        The ids of both sides.

    features : FeatureTable, ColumnTable or None
        The further columns of ``X``, for models that use them.

    Examples
    --------
    >>> X = [["ann", 7], ["bob", 7], ["ann", 3], ["ann", 3]]
    >>> interactions = Interactions.from_rows(X, [5, 4, 1, 3])
    >>> interactions.users.values.tolist(), interactions.items.values.tolist()
    (['ann', 'bob'], [3, 7])
    >>> interactions.rated_matrix().toarray().tolist()
    [[2.0, 5.0], [0.0, 4.0]]
    """

    users: Vocabulary
    items: Vocabulary
    features: FeatureTable | ColumnTable | None = None

    @classmethod
    def from_rows(
        cls,
        X,
        y,
        sample_weight=None,
        *,
        user=0,
        item=1,
        needs_ratings=True,
        features=None,
    ):
        """Build the interactions of a table; without ratings, every row is "seen, not rated".

        `features` is the class of the table that keeps the further columns, if any.
        """
        rows = Rows.parse(X, user=user, item=item)
        ratings, weights, kept = _check_target(y, sample_weight, len(rows), needs_ratings)
        users, user_codes = Vocabulary.from_series(rows.user[kept], "user")
        items, item_codes = Vocabulary.from_series(rows.item[kept], "item")
        if features is not None:
            features = partial(features.from_rows, [column[kept] for column in rows.others])
        return cls._merged(users, items, (user_codes, item_codes), ratings, weights, features)

    @classmethod
    def _merged(cls, users, items, codes, ratings, weights, features):
        """Merge the rows of each pair; `features` makes the table of the further columns, if any."""
        merge = PairMerge(*codes, len(items))
        table = None if features is None else features(*codes, merge, weights)
        ratings, weights = merge.ratings(ratings, weights)
        return cls(
            indptr=merge.indptr(len(users)),
            item_codes=merge.item_codes,
            ratings=ratings,
            weights=weights,
            n_items=len(items),
            codes=np.arange(len(users)),
            users=users,
            items=items,
            features=table,
        )

    @property
    def mean_rating(self):
        """Weighted mean of the ratings."""
        rated = self.rated
        return float(np.average(self.ratings[rated], weights=self.weights[rated]))

    @property
    def item_counts(self):
        """Number of users who have seen each item."""
        return np.bincount(self.item_codes, minlength=self.n_items)

    def extended(self, X, y, sample_weight=None, *, user=0, item=1, optional=False):
        """Return these interactions with more rows; new ids come after those that were known.

        `optional` says that there may be no `y`, as in a history.
        """
        if y is None and not optional:
            check_ratings(y, n_rows=0)
        features = None if self.features is None else FeatureTable
        new = Interactions.from_rows(
            X, y, sample_weight, user=user, item=item, needs_ratings=False, features=features
        )
        self._check_roles(new, "X")
        users = self.users.extend(new.users.ids, "user")
        items = self.items.extend(new.items.ids, "item")
        user_codes = users.encode(new.users.ids, "user")[new.row_codes]
        item_codes = items.encode(new.items.ids, "item")[new.item_codes]
        codes = (
            np.concatenate([self.row_codes, user_codes]),
            np.concatenate([self.item_codes, item_codes]),
        )
        ratings = np.concatenate([self.ratings, new.ratings])
        weights = np.concatenate([self.weights, new.weights])
        if features is not None:
            values = np.vstack([self._feature_rows(), new._feature_rows()])
            features = partial(FeatureTable.from_values, self.features.names, values)
        return self._merged(users, items, codes, ratings, weights, features)

    def codes_in(self, others):
        """Return the codes that users and items have in other interactions, -1 for those not there."""
        users = others.users.encode(self.users.ids, "user")
        return users, others.items.encode(self.items.ids, "item")

    def places_of(self, user_codes, item_codes):
        """Return the place of each pair, all of which ``fit`` has seen, among its pairs."""
        return np.searchsorted(self._keys(), user_codes * self.n_items + item_codes)

    def ratings_of(self, user_codes, item_codes):
        """Return the rating of each pair that ``fit`` has seen."""
        return self.ratings[self.places_of(user_codes, item_codes)]

    def holds(self, users, items):
        """Return for each pair of ids whether ``fit`` has seen it."""
        pairs = self.users.encode(users, "user"), self.items.encode(items, "item")
        known = (pairs[0] >= 0) & (pairs[1] >= 0)
        seen = self._keys()
        keys = np.where(known, pairs[0] * self.n_items + pairs[1], -1)
        places = np.minimum(np.searchsorted(seen, keys), len(seen) - 1)
        return seen[places] == keys

    def _feature_rows(self):
        """Return the features of each pair: ndarray of shape (n_pairs, n_features)."""
        return self.features.fitted_rows(self.row_codes, self.item_codes)

    def _keys(self):
        """Return a number for each pair, in rising order."""
        return self.row_codes * self.n_items + self.item_codes

    def _check_roles(self, new, name):
        """Raise where users and items have changed columns since ``fit``."""
        if (new.users.name, new.items.name) == (self.items.name, self.users.name):
            raise ValueError(
                f"{name} has the users in column {new.users.name!r}, where fit saw the items. Give "
                f"the columns in the order of fit, or name them with `user=` and `item=`."
            )

    def fold_in(self, history, *, user=0, item=1):
        """Return users of a history as rows over the items of ``fit``, and their vocabulary.

        `history` is rows ``X`` or a pair ``(X, y)``. Items that ``fit`` did not see are left
        out, with one warning that counts them.
        """
        X, y = history if isinstance(history, tuple) and len(history) == 2 else (history, None)
        new = Interactions.from_rows(X, y, user=user, item=item, needs_ratings=False)
        self._check_roles(new, "history=")
        known = self.items.encode(new.items.ids, "item")
        codes = known[new.item_codes]
        kept = codes >= 0
        if not kept.all():
            warn(f"{(known < 0).sum()} item(s) of history= were not in the rows of fit and are ignored.")
        rows = UserRows(
            indptr=np.concatenate([[0], np.cumsum(kept)])[new.indptr],
            item_codes=codes[kept],
            ratings=new.ratings[kept],
            weights=new.weights[kept],
            n_items=self.n_items,
            codes=self.users.encode(new.users.ids, "user"),
        )
        return rows, new.users


class PairMerge:
    """How rows become distinct pairs, sorted by user and item.

    Attributes
    ----------
    user_codes, item_codes : ndarray of shape (n_pairs,)
        Codes of the distinct pairs.
    """

    def __init__(self, user_codes, item_codes, n_items):
        key = user_codes.astype(np.int64) * n_items + item_codes
        self._order = None if (key[1:] > key[:-1]).all() else np.argsort(key, kind="stable")
        key = self._sort(key)
        starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        self._starts = None if len(starts) == len(key) else starts
        self.user_codes, self.item_codes = np.divmod(self._first(key), n_items)

    def indptr(self, n_users):
        """Return where the pairs of each user begin, and the number of all."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.user_codes, minlength=n_users))])

    def sum(self, values):
        """Return the sum of a value over the rows of each pair."""
        values = self._sort(values)
        return values if self._starts is None else np.add.reduceat(values, self._starts, axis=0)

    def mean(self, values, weights):
        """Return the weighted mean of a value, or of several columns, over the rows of each pair."""
        weights = weights.reshape(-1, *[1] * (values.ndim - 1))
        return self.sum(values * weights) / self.sum(weights)

    def ratings(self, ratings, weights):
        """Return the weighted mean rating and the summed weight of each pair."""
        if self._starts is None:
            return self._sort(ratings), self._sort(weights)
        rated = ~np.isnan(ratings)
        rated_weights = self.sum(weights * rated)
        total = self.sum(np.where(rated, ratings, 0.0) * weights)
        with np.errstate(invalid="ignore"):  # 0 / 0: the pairs without a rating
            means = total / rated_weights
        return means, np.where(rated_weights > 0, rated_weights, self.sum(weights))

    def _sort(self, values):
        return values if self._order is None else values[self._order]

    def _first(self, values):
        return values if self._starts is None else values[self._starts]


def same_rows(rows, others):
    """Return for each of some users whether others, in the same order, have the same pairs."""
    same = rows.row_lengths == others.row_lengths
    ours, theirs = (each.take(np.flatnonzero(same)) for each in (rows, others))
    equal = (ours.item_codes == theirs.item_codes) & (ours.weights == theirs.weights)
    equal &= (ours.ratings == theirs.ratings) | ~(ours.rated | theirs.rated)
    same[np.flatnonzero(same)[ours.row_codes[~equal]]] = False
    return same


def _check_target(y, sample_weight, n_rows, needs_ratings):
    """Return ratings and weights of the rows, and the places of those with a weight."""
    weights = check_weights(sample_weight, n_rows)
    kept = np.flatnonzero(weights)
    if y is None and not needs_ratings:
        return np.full(len(kept), np.nan), weights[kept], kept
    ratings = check_ratings(y, n_rows)[kept]
    if needs_ratings and np.isnan(ratings).all():
        raise ValueError(
            f"Input y contains NaN only ({len(ratings)} rows with a weight), so there is no rating to "
            f"learn from. PopularityRecommender learns from what was seen alone."
        )
    return ratings, weights[kept], kept
