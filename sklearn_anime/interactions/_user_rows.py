"""The interactions of some users as rows of a sparse matrix."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from sklearn_anime.interactions._column import Column
from sklearn_anime.interactions._features import as_numbers, extended, of_codes, with_mean


@dataclass(frozen=True, eq=False)
class UserRows:
    """The interactions of some users: a CSR matrix with a row per user and a column per item.

    This is what ``_score_block`` of a recommender receives.

    Attributes
    ----------
    indptr, item_codes : ndarray of shape (n_users + 1,) and (n_pairs,)
        The structure of the matrix: one entry per distinct pair of user and item.

    ratings : ndarray of shape (n_pairs,)
        Ratings; NaN where there is an interaction without one.

    weights : ndarray of shape (n_pairs,)
        Weight of each rating: the sum of the sample weights of the rated rows of the pair, or of all its
        rows where none is rated.

    n_items : int
        Number of columns.

    codes : ndarray of shape (n_users,)
        Code that ``fit`` gave to the user of each row, -1 for users who were not there.

    totals : ndarray of shape (n_pairs,) or None
        Sum of the sample weights of all rows of each pair, of which a row without one has 1.

    weighted : bool
        Whether any row of ``fit`` had a sample weight, so that `totals` are the entries.

    times : ndarray of shape (n_pairs,) or None
        Latest time of each pair, dates in microseconds since 1970; None without ``time=``.

    order : ndarray of int of shape (n_pairs,) or None
        Larger for the later of two pairs of a user: by their times, and of equal ones by their rows.
        None where neither times nor rows are in order.

    clock : str or None
        What the times are: ``"numbers"``, ``"datetimes"``, ``"datetimes of a time zone"`` or
        ``"durations"``.

    now : int or float or None
        The moment as of which users are scored, on the scale of `times`; there are no later pairs.

    user_columns : list of Column
        Features of users, for models that use them.

    user_rows : ndarray of shape (n_users,)
        Row of `user_columns` that holds the features of each user; -1 where nothing is known of one.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> rows = Interactions.from_rows([["ann", 7], ["ann", 3], ["bob", 7]], [5, 2, 4]).take([1, -1])
    >>> rows.shape, rows.codes.tolist(), rows.rated_matrix().toarray().tolist()
    ((2, 2), [1, -1], [[0.0, 4.0], [0.0, 0.0]])
    """

    indptr: np.ndarray
    item_codes: np.ndarray
    ratings: np.ndarray
    weights: np.ndarray
    n_items: int
    codes: np.ndarray
    totals: np.ndarray | None = field(default=None, kw_only=True)
    weighted: bool = field(default=False, kw_only=True)
    times: np.ndarray | None = field(default=None, kw_only=True)
    order: np.ndarray | None = field(default=None, kw_only=True)
    clock: str | None = field(default=None, kw_only=True)
    now: float | None = field(default=None, kw_only=True)
    user_columns: list = field(default_factory=list, kw_only=True)
    user_rows: np.ndarray | None = field(default=None, kw_only=True)

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.seen_matrix().check_format(full_check=True)  # scipy reads memory by them without a check

    @property
    def shape(self) -> tuple:
        """Number of users and of items."""
        return len(self.codes), self.n_items

    @property
    def has_order(self) -> bool:
        """Whether the pairs of each user are in an order."""
        return self.order is not None

    @property
    def rated(self) -> np.ndarray:
        """Mask of the pairs that carry a rating."""
        return ~np.isnan(self.ratings)

    @property
    def entries(self) -> np.ndarray:
        """What each pair counts in models of interactions: its `totals`, or 1 without weights."""
        return self.totals if self.weighted else np.ones(len(self.item_codes))

    @property
    def row_lengths(self) -> np.ndarray:
        """Number of items that each user has interacted with."""
        return np.diff(self.indptr)

    @property
    def row_codes(self) -> np.ndarray:
        """Row of each pair."""
        return np.repeat(np.arange(len(self.codes)), self.row_lengths)

    @property
    def item_counts(self) -> np.ndarray:
        """Number of users who have interacted with each item."""
        return np.bincount(self.item_codes, minlength=self.n_items)

    @property
    def popularity(self) -> np.ndarray:
        """Sum of the entries of each item: its number of users where nothing is weighted."""
        if not self.weighted:
            return self.item_counts
        return np.bincount(self.item_codes, self.totals, minlength=self.n_items)

    @property
    def user_features(self) -> np.ndarray:
        """Features of the users as numbers: ndarray of shape (n_users, n_user_features)."""
        if not self.user_columns:
            return np.empty((len(self.codes), 0))
        return with_mean(as_numbers(self.user_columns, 0))[self.user_rows]

    def user_series(self) -> list:
        """Return the features of the users as columns, as they were in ``X``.

        Returns
        -------
        list of narwhals Series of length n_users
            One for each feature of users.
        """
        return [of_codes(column, self.user_rows) for column in self.user_columns]

    def seen_matrix(self, values=None):
        """Return the CSR array of all pairs, rated or not.

        Parameters
        ----------
        values : ndarray of shape (n_pairs,), default=None
            Entry of each pair; None is 1.

        Returns
        -------
        scipy.sparse.csr_array of shape (n_users, n_items)
            Zeros among `values` are stored.
        """
        return self._csr(np.ones(len(self.item_codes)) if values is None else values)

    def rated_matrix(self, values=None):
        """Return the CSR array of the rated pairs.

        Parameters
        ----------
        values : ndarray of shape (n_pairs,), default=None
            Entry of each pair, in the order of all pairs; None is its rating.

        Returns
        -------
        scipy.sparse.csr_array of shape (n_users, n_items)
            Zeros are stored.
        """
        return self.matrix_where(self.rated, values)

    def matrix_where(self, kept, values=None):
        """Return the CSR array of some pairs.

        Parameters
        ----------
        kept : ndarray of bool of shape (n_pairs,)
            Which pairs to keep.

        values : ndarray of shape (n_pairs,), default=None
            Entry of each pair, in the order of all pairs; None is its rating.

        Returns
        -------
        scipy.sparse.csr_array of shape (n_users, n_items)
            Zeros are stored.
        """
        values = self.ratings if values is None else values
        if kept.all():
            return self._csr(values)
        indptr = np.concatenate([[0], np.cumsum(kept)])[self.indptr]
        return sparse.csr_array((values[kept], self.item_codes[kept], indptr), shape=self.shape)

    def take(self, rows):
        """Return the rows of some users.

        Parameters
        ----------
        rows : array-like of int of shape (n,)
            Positions of rows; -1 stands for an empty row of a user who was not in ``fit``.

        Returns
        -------
        UserRows
            Their rows, in the order given.
        """
        rows = np.asarray(rows, dtype=np.intp)
        known = rows >= 0
        lengths = np.where(known, self.row_lengths[rows], 0)
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        pairs = np.arange(indptr[-1]) + np.repeat(self.indptr[rows] - indptr[:-1], lengths)
        codes = np.where(known, self.codes[rows], -1)
        user_rows = None if self.user_rows is None else np.where(known, self.user_rows[rows], -1)
        return self._of_pairs(pairs, indptr, codes, user_rows)

    def until(self, now):
        """Return the rows of the same users without interactions after a moment.

        Parameters
        ----------
        now : int or float
            The moment, on the scale of `times`.

        Returns
        -------
        UserRows
            Rows as of `now`.
        """
        return replace(self._where(self.times <= now), now=now)

    def rated_from(self, min_rating):
        """Return the rows of the same users with the ratings from a threshold on.

        Parameters
        ----------
        min_rating : float or None
            The threshold; None keeps all interactions, rated or not.

        Returns
        -------
        UserRows
            As many rows as these.
        """
        return self if min_rating is None else self._where(self.ratings >= min_rating)

    def _where(self, kept):
        """Return the rows of the same users with some of the pairs."""
        indptr = np.concatenate([[0], np.cumsum(kept)])[self.indptr]
        return self._of_pairs(kept, indptr, self.codes, self.user_rows)

    def _of_pairs(self, pairs, indptr, codes, user_rows):
        """Return rows of some of the pairs."""
        return UserRows(
            indptr=indptr,
            item_codes=self.item_codes[pairs],
            ratings=self.ratings[pairs],
            weights=self.weights[pairs],
            n_items=self.n_items,
            codes=codes,
            totals=_taken(self.totals, pairs),
            weighted=self.weighted,
            times=_taken(self.times, pairs),
            order=_taken(self.order, pairs),
            clock=self.clock,
            now=self.now,
            user_columns=self.user_columns,
            user_rows=user_rows,
        )

    def replace(self, others, positions):
        """Return these rows, some of them replaced by rows of `others`.

        Parameters
        ----------
        others : UserRows
            Rows over the same items, with features of the same columns.

        positions : ndarray of int of shape (n_users,)
            Which row of `others` stands in for each row; -1 keeps it.

        Returns
        -------
        UserRows
            As many rows as these.
        """
        n = len(self.codes)
        pairs = zip(self.user_series(), others.user_series(), strict=True)
        both = {
            name: np.concatenate([getattr(self, name), getattr(others, name)])
            for name in ("item_codes", "ratings", "weights", "codes")
        }
        stacked = UserRows(
            indptr=np.concatenate([self.indptr, self.indptr[-1] + others.indptr[1:]]),
            n_items=self.n_items,
            totals=_joined(self.totals, others.totals),
            weighted=self.weighted,
            times=_joined(self.times, others.times),
            order=_joined(self.order, others.order),
            clock=self.clock,
            now=self.now,
            user_columns=[Column.from_series(extended(*pair)) for pair in pairs],
            user_rows=np.arange(n + len(others.codes)),
            **both,
        )
        return stacked.take(np.where(positions >= 0, n + positions, np.arange(n)))

    def _sorted(self):
        """Return these rows with the items of each in the order of their codes."""
        order = np.lexsort([self.item_codes, self.row_codes])
        pairs = ("item_codes", "ratings", "weights", "totals", "times", "order")
        return replace(self, **{name: _taken(getattr(self, name), order) for name in pairs})

    def _csr(self, values):
        return sparse.csr_array((values, self.item_codes, self.indptr), shape=self.shape)


def _taken(values, positions):
    return None if values is None else values[positions]


def _joined(values, others):
    return None if values is None else np.concatenate([values, others])


def same_rows(rows, others):
    """Return for each of some users whether others, in the same order, have the same pairs."""
    same = rows.row_lengths == others.row_lengths
    ours, theirs = (each.take(np.flatnonzero(same)) for each in (rows, others))
    equal = (ours.item_codes == theirs.item_codes) & (ours.weights == theirs.weights)
    equal &= (ours.ratings == theirs.ratings) | ~(ours.rated | theirs.rated)
    same[np.flatnonzero(same)[ours.row_codes[~equal]]] = False
    return same
