"""From rows of ``X`` and ``y`` to the interaction matrix: the only place that builds it."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_anime.interactions._clock import check_clock, warn_of_times
from sklearn_anime.interactions._column import Column
from sklearn_anime.interactions._features import FeatureTable, extended, of_codes
from sklearn_anime.interactions._numbers import numeric_columns
from sklearn_anime.interactions._pairs import LATEST, PairIndex, PairMerge, order_of
from sklearn_anime.interactions._rows import Layout, Rows, split_history
from sklearn_anime.interactions._table import TableMixin
from sklearn_anime.interactions._targets import check_any_rating, check_ratings, check_weights
from sklearn_anime.interactions._user_rows import UserRows
from sklearn_anime.interactions._vocabulary import Vocabulary, warn_of_kinds
from sklearn_anime.utils._groups import first_rows
from sklearn_anime.utils._parts import OneBlock
from sklearn_anime.utils._warnings import warn

CERTAIN = 10  # rated rows from which on a correlation with the ratings can be trusted
SUMMED = ("ratings", "weights", "totals")  # what the rows of a pair add up to, or their mean
LEAKAGE = 0.9999  # correlation of a column with the ratings, from which on it holds them


@dataclass(frozen=True, eq=False, kw_only=True)
class Interactions(TableMixin, UserRows):
    """The table that ``fit`` saw: rows of all its users, with the ids and features behind the codes.

    Repeated pairs count as the weighted mean of their ratings, their weights add up, and their time is
    the latest. Rows of weight 0 are absent. A fitted recommender keeps it as ``interactions_``.

    Attributes
    ----------
    users, items : Vocabulary
        The ids of both sides.

    layout : Layout
        Which columns of ``X`` are the ids, the time and the features.

    features : FeatureTable or None
        The further columns of ``X``, for models that use them.

    See Also
    --------
    UserRows : The rows of some users, and the attributes that both share.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> X = [["ann", 7], ["bob", 7], ["ann", 3], ["ann", 3]]
    >>> interactions = Interactions.from_rows(X, [5, 4, 1, 3])
    >>> interactions.users.values.tolist(), interactions.items.values.tolist()
    (['ann', 'bob'], [3, 7])
    >>> interactions.rated_matrix().toarray().tolist()
    [[2.0, 5.0], [0.0, 4.0]]
    """

    users: Vocabulary
    items: Vocabulary
    layout: Layout
    features: FeatureTable | None = None

    @classmethod
    def from_rows(
        cls,
        X,
        y=None,
        sample_weight=None,
        *,
        user: int | str = 0,
        item: int | str = 1,
        time: int | str | None = None,
        ordered: bool = False,
        needs_ratings: bool = True,
        features: str | None = None,
    ):
        """Build the interactions of a table.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user, item and further columns.

        y : array-like of shape (n_rows,), default=None
            Ratings; NaN is an interaction without a rating, and None means that of every row.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        user : int or str, default=0
            Position or name of the user column.

        item : int or str, default=1
            Position or name of the item column.

        time : int or str, default=None
            Position or name of the time column: numbers, dates or datetimes. It is no feature.

        ordered : bool, default=False
            Whether the order of the rows stands for the time where there is no time column.

        needs_ratings : bool, default=True
            Whether to raise where there is no rating.

        features : {"numbers", "columns"}, default=None
            What to keep of the further columns: numbers, the columns as they are, or nothing.

        Returns
        -------
        Interactions
            The table.
        """
        if features not in (None, "numbers", "columns"):
            raise ValueError(f"features={features!r} is none of None, 'numbers' and 'columns'.")
        rows = Rows.parse(X, user=user, item=item, time=time)
        warn_of_times(rows, ordered, user=user, item=item)
        return cls._from_parsed(rows, y, sample_weight, needs_ratings, features, ordered)

    @classmethod
    def _from_parsed(cls, rows, y, sample_weight, needs_ratings, features, ordered):
        ratings, weights, kept = _check_target(y, sample_weight, len(rows), needs_ratings)
        times = None if rows.time is None else rows.times()[kept]
        rows = rows.take(kept)
        users, user_codes = Vocabulary.from_series(rows.user, "user")
        items, item_codes = Vocabulary.from_series(rows.item, "item")
        codes = user_codes, item_codes
        merge, table = PairMerge(*codes, len(items)), None
        if features is not None:
            numeric = features == "numbers"
            table = FeatureTable.from_columns(rows.others, codes, merge, weights, numeric)
            _warn_of_leakage(rows.others, table, ratings)
        order = order_of(times, kept) if ordered or times is not None else None
        values = {"ratings": ratings, "weights": weights, "totals": weights}
        values |= {"times": times, "order": order}
        ids = {"users": users, "items": items, "layout": rows.layout, "clock": rows.clock}
        return cls._merged(merge, values, table, weighted=sample_weight is not None, **ids)

    @classmethod
    def _merged(cls, merge, values, table, *, users, items, **others):
        """Merge the rows of each pair."""
        return cls(
            n_items=len(items),
            codes=np.arange(len(users)),
            **merge.fields(values, len(users)),
            user_columns=[] if table is None else table.user_columns,
            user_rows=np.arange(len(users)),
            users=users,
            items=items,
            features=table,
            **others,
        )

    @property
    def blocks(self) -> OneBlock:
        """The rows as blocks of users, over which models are sums: one block."""
        return OneBlock(self)

    def gathered(self):
        """Return the table in one memory, as it is here.

        Returns
        -------
        Interactions
            This table.
        """
        return self

    def extended(self, X, y=None, sample_weight=None, *, optional: bool = False):
        """Return these interactions with more rows; new ids come after the known ones.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        y : array-like of shape (n_rows,), default=None
            Ratings.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        optional : bool, default=False
            Whether `y` may be left out.

        Returns
        -------
        Interactions
            The rows of both; a pair that was known before counts as repeated.
        """
        if y is None and not optional:
            check_ratings(y, n_rows=0)
        layout = self.layout
        new = Interactions.from_rows(
            X,
            y,
            sample_weight,
            user=layout.user,
            item=layout.item,
            time=layout.time,
            ordered=self.order is not None,
            needs_ratings=False,
            features=None if self.features is None else "numbers",
        )
        check_clock(new.clock, self.clock, "X")
        users, items = self.users.extend(new.users.ids), self.items.extend(new.items.ids)
        user_codes = np.append(self.row_codes, users.encode(new.users.ids)[new.row_codes])
        item_codes = np.append(self.item_codes, items.encode(new.items.ids)[new.item_codes])
        values = {name: np.append(getattr(self, name), getattr(new, name)) for name in SUMMED}
        values |= dict.fromkeys(LATEST)
        if self.times is not None:
            values["times"] = np.append(self.times, new.times)
        if self.order is not None:
            rows = np.append(self.order, self.order.max() + 1 + new.order)
            values["order"] = order_of(values["times"], rows)
        merge, table = PairMerge(user_codes, item_codes, len(items)), None
        if self.features is not None:
            features, codes = (
                np.vstack([each._feature_rows() for each in (self, new)]),
                (user_codes, item_codes),
            )
            names = self.features.names
            table = FeatureTable.from_values(names, features, codes, merge, values["weights"])
        ids = {"users": users, "items": items, "layout": layout, "clock": self.clock}
        weighted = self.weighted or new.weighted
        return self._merged(merge, values, table, weighted=weighted, **ids)

    def codes_in(self, others) -> tuple:
        """Return the codes that users and items have in other interactions.

        Parameters
        ----------
        others : Interactions
            Other interactions.

        Returns
        -------
        user_codes, item_codes : ndarray of int of shape (n_users,) and (n_items,)
            Codes there, -1 for ids that are not there.
        """
        return others.users.codes_of(self.users), others.items.codes_of(self.items)

    def positions_of(self, user_codes, item_codes) -> np.ndarray:
        """Return the position of pairs among the pairs of ``fit``.

        Parameters
        ----------
        user_codes, item_codes : ndarray of int of shape (n,)
            Codes of the pairs.

        Returns
        -------
        ndarray of int of shape (n,)
            Positions, -1 for pairs that ``fit`` has not seen.
        """
        return PairIndex(self.row_codes, self.item_codes, self.n_items).positions(user_codes, item_codes)

    def ratings_of(self, user_codes, item_codes) -> np.ndarray:
        """Return the ratings of pairs that ``fit`` has seen.

        Parameters
        ----------
        user_codes, item_codes : ndarray of int of shape (n,)
            Codes of the pairs.

        Returns
        -------
        ndarray of shape (n,)
            Ratings, NaN for interactions without one.
        """
        return self.ratings[self.positions_of(user_codes, item_codes)]

    def holds(self, users, items) -> np.ndarray:
        """Return whether ``fit`` has seen pairs of ids.

        Parameters
        ----------
        users, items : Series or array-like of ids of shape (n,)
            The pairs.

        Returns
        -------
        ndarray of bool of shape (n,)
            True for pairs of ``fit``.
        """
        return self.positions_of(self.users.encode(users), self.items.encode(items)) >= 0

    def fold_in(self, history, items=None, now=None):
        """Return the users of a history as rows over the items of ``fit``.

        Parameters
        ----------
        history : array-like or DataFrame of shape (n_rows, n_columns), or (X, y)
            Interactions, and how they were rated. Frames are read by name where ``fit`` had names.
            Without the time column of ``fit`` the order of the rows is the time, oldest first, and all
            are as new as the newest interaction of ``fit`` by `now`.

        items : Vocabulary, default=None
            The items of ``fit`` and new ones after them; None are those of ``fit`` alone. Others are
            left out, with one warning that counts them.

        now : int or float, default=None
            The moment of the recommendations, on the scale of `times`; None is after all rows.

        Returns
        -------
        users : Vocabulary
            The users of the history.

        rows : UserRows
            What they have interacted with, over the items of ``fit``.

        new_pairs : tuple of ndarray
            Row, code and, where there is one, time of the interactions with new items.
        """
        X, y = split_history(history)
        rows, present = Rows.read_history(X, self.layout)
        new = Interactions._from_parsed(rows, y, None, False, None, self.order is not None)
        if self.times is not None and new.times is None:
            newest = self.newest if now is None else min(self.newest, now)
            new = replace(new, times=np.full(len(new.item_codes), newest))
        else:
            check_clock(new.clock, self.clock, "history=")
        codes = (self.items if items is None else items).codes_of(new.items)
        if (codes < 0).any() and not warn_of_kinds(self.items, new.items.ids, codes, "history="):
            warn(f"{(codes < 0).sum()} item(s) of history= were not in the rows of fit and are ignored.")
        of_pair, fitted = codes[new.item_codes], self.users.codes_of(new.users)
        kept, others = (of_pair >= 0) & (of_pair < self.n_items), of_pair >= self.n_items
        folded = UserRows(
            indptr=np.concatenate([[0], np.cumsum(kept)])[new.indptr],
            item_codes=of_pair[kept],
            ratings=new.ratings[kept],
            weights=new.weights[kept],
            n_items=self.n_items,
            codes=fitted,
            totals=new.totals[kept],
            weighted=self.weighted,
            times=None if new.times is None else new.times[kept],
            order=None if new.order is None else new.order[kept],
            clock=self.clock,
            user_columns=self._folded_columns(rows, present, new.users, fitted),
            user_rows=np.arange(len(fitted)),
        )
        times = () if new.times is None else (new.times[others],)
        return new.users, folded._sorted(), (new.row_codes[others], of_pair[others], *times)

    def _folded_columns(self, rows, present, users, codes):
        """Return the features of the users of a history: its own, else those of ``fit``."""
        table = self.features
        if table is None or not table.user_columns:
            return []
        first = first_rows(users.encode(rows.user))
        given = dict(zip(present, rows.others, strict=True))
        positions = np.array(self.layout.others)[table.of_user]
        if table.contexts is not None:
            for position in set(given) & set(positions.tolist()):
                numeric_columns([given[position]], len(rows))
        return [
            Column.from_series(extended(column.to_series()[:0], given[position][first]))
            if position in given
            else Column.from_series(of_codes(column, codes))
            for position, column in zip(positions.tolist(), table.user_columns, strict=True)
        ]

    def _feature_rows(self):
        """Return the features of each pair: ndarray of shape (n_pairs, n_features)."""
        return self.features.fitted_rows(self.row_codes, self.item_codes)


def _check_target(y, sample_weight, n_rows, needs_ratings):
    """Return ratings and weights of the rows, and the positions of those with a weight."""
    weights = check_weights(sample_weight, n_rows)
    kept = np.flatnonzero(weights)
    if y is None and not needs_ratings:
        return np.full(len(kept), np.nan), weights[kept], kept
    ratings = check_ratings(y, n_rows)[kept]
    if needs_ratings:
        check_any_rating(np.count_nonzero(~np.isnan(ratings)), len(ratings))
    return ratings, weights[kept], kept


def _warn_of_leakage(columns, table, ratings):
    """Warn where a context column holds the ratings, from which a model would then predict them."""
    rated = ~np.isnan(ratings)
    if rated.sum() < CERTAIN or np.ptp(ratings[rated]) == 0:
        return
    for column, context in zip(columns, table.context, strict=True):
        if not (context and column.dtype.is_numeric()):
            continue
        values = numeric_columns([column], len(column), needed=False)[rated, 0]
        if np.isfinite(values).all() and np.ptp(values) > 0:
            correlation = np.corrcoef(values, ratings[rated])[0, 1]
            if abs(correlation) > LEAKAGE:
                warn(
                    f"Column {column.name!r} of X holds the ratings (correlation with y: "
                    f"{correlation:.4f}): a model that has it predicts y from y. Leave it out of X."
                )
