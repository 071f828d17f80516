"""Splits of rows of users and items into a side to train on and a side to test on."""

from abc import abstractmethod
from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator, KFold
from sklearn.utils import check_random_state

from sklearn_anime.interactions import Vocabulary
from sklearn_anime.interactions._row_pairs import Pairs
from sklearn_anime.interactions._rows import ID_COLUMN, Rows
from sklearn_anime.utils._sklearn import Interval, RealNotInt, validate_parameter_constraints

ONE_OR_MORE = [Interval(Integral, 1, None, closed="left")]
TWO_OR_MORE = [Interval(Integral, 2, None, closed="left")]


class RowSplitter(BaseCrossValidator):
    """Base of all splitters: a subclass writes ``_iter_sides(rows)``.

    It yields a mask of the rows to train on and a mask of the rows to test on. A splitter that reads
    the time has the attribute ``time``.
    """

    _parameter_constraints = {
        "k": ONE_OR_MORE,
        "min_items": ONE_OR_MORE,
        "n_splits": ONE_OR_MORE,
        "test_size": [Interval(RealNotInt, 0, 1, closed="neither")],
        "time": ID_COLUMN,
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "random_state": ["random_state"],
    }
    n_splits = 1
    time = None

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Generate the rows to train on and the rows to test on.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user and item, in the form that the estimators take.

        y : array-like of shape (n_rows,), default=None
            Not used, and may hold NaN.

        groups : array-like of shape (n_rows,), default=None
            Not used: the groups are the users or the items of ``X``.

        Yields
        ------
        train, test : ndarray of shape (n_train_rows,) and (n_test_rows,)
            Positions of rows, ascending.

        Raises
        ------
        ValueError
            If a parameter is out of its range or at odds with another, a column is not there, an id
            or a time is missing or is none, or the rows are too few to leave something on both sides.
        """
        validate_parameter_constraints(self._parameter_constraints, vars(self), type(self).__name__)
        rows = Rows.parse(X, user=self.user, item=self.item, time=self.time)
        for train, test in self._iter_sides(rows):
            yield np.flatnonzero(train), np.flatnonzero(test)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object, default=None
            Not used.

        Returns
        -------
        int
            How many pairs of train and test ``split`` yields.
        """
        return self.n_splits

    @abstractmethod
    def _iter_sides(self, rows):
        """Yield masks of the rows to train on and to test on."""


class LeaveKOutPerUser(RowSplitter):
    """Test on k random items of each user, train on the rest.

    It evaluates whether the held-out items of known users are recommended, which is the usual
    evaluation of rankings [1]_. It ignores time, so training rows may be newer than test rows:
    `LastKPerUser` and `TimeSplit` hold out the latest rows.

    Parameters
    ----------
    k : int, default=5
        Number of items to test on, of each user with at least `min_items`; 1 or more, and less than
        `min_items`.

    min_items : int, default=20
        Users with fewer different items are not tested: all their rows stay in training.

    n_splits : int, default=1
        Number of splits, 1 or more, drawn independently: the same row may be tested in several.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same splits in every call.

    See Also
    --------
    PerUserKFold : Tests every row once.
    LastKPerUser : Tests the last items of each user.
    NewUserSplit : Tests users without a row in training.

    Notes
    -----
    A pair of user and item that is repeated counts as one: all its rows are on the same side.

    References
    ----------
    .. [1] Cremonesi, Koren and Turrin (2010). Performance of recommender algorithms on top-N
       recommendation tasks. RecSys, 39-46.

    Examples
    --------
    >>> from sklearn_anime.model_selection import LeaveKOutPerUser
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["ann", "Monster"], ["bob", "Akira"]]
    >>> splitter = LeaveKOutPerUser(k=1, min_items=3, random_state=0)
    >>> [(train.tolist(), test.tolist()) for train, test in splitter.split(X)]
    [([1, 2, 3], [0])]
    """

    def __init__(
        self,
        k: int = 5,
        *,
        min_items: int = 20,
        n_splits: int = 1,
        user: int | str = 0,
        item: int | str = 1,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.k = k
        self.min_items = min_items
        self.n_splits = n_splits
        self.user = user
        self.item = item
        self.random_state = random_state

    def _iter_sides(self, rows):
        check_k(self.k, self.min_items)
        pairs = Pairs.from_rows(rows)
        random_state = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            key = random_state.random_sample(len(pairs.users))
            test = pairs.first(self.k, key, self.min_items)[pairs.of_row]
            yield ~test, test


class PerUserKFold(RowSplitter):
    """Split the items of each user into k folds, and test on each fold in turn.

    Every row is tested once, on a model that was fitted on the other folds of its user. Use it for
    rankings and for the error of predicted ratings. In the terms of scikit-learn, the folds are
    stratified by user. How much results depend on the split is shown in [1]_.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, 2 or more, and at most `min_items`.

    min_items : int, default=20
        Users with fewer different items are not tested: all their rows stay in training.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same folds in every call.

    See Also
    --------
    LeaveKOutPerUser : Tests as many items of each user.
    NewUserSplit : Deals the users to the folds.
    NewItemSplit : Deals the items to the folds.

    Notes
    -----
    The sizes of the folds differ by at most one item, those within a user as well. A pair of user and
    item that is repeated counts as one: all its rows are in the same fold.

    References
    ----------
    .. [1] Said and Bellogin (2014). Comparative recommender system evaluation: benchmarking
       recommendation frameworks. RecSys, 129-136.

    Examples
    --------
    >>> from sklearn_anime.model_selection import PerUserKFold
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["bob", "Bleach"]]
    >>> splitter = PerUserKFold(n_splits=2, min_items=2, random_state=0)
    >>> [test.tolist() for train, test in splitter.split(X)]
    [[0, 3], [1, 2]]
    """

    _parameter_constraints = {**RowSplitter._parameter_constraints, "n_splits": TWO_OR_MORE}

    def __init__(
        self,
        n_splits: int = 5,
        *,
        min_items: int = 20,
        user: int | str = 0,
        item: int | str = 1,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_splits = n_splits
        self.min_items = min_items
        self.user = user
        self.item = item
        self.random_state = random_state

    def _iter_sides(self, rows):
        if self.min_items < self.n_splits:
            raise ValueError(
                f"min_items={self.min_items} items of a user do not reach n_splits={self.n_splits} "
                f"folds. Raise min_items or lower n_splits."
            )
        pairs = Pairs.from_rows(rows)
        key = check_random_state(self.random_state).random_sample(len(pairs.users))
        order, _ = pairs.by_user(key, self.min_items)
        folds = np.full(len(pairs.users), -1)
        folds[order] = np.arange(len(order)) % self.n_splits
        for fold in range(self.n_splits):
            test = folds[pairs.of_row] == fold
            yield ~test, test


class IdSplitter(RowSplitter):
    """Base of the splitters that deal the ids of one side, users or items, to folds."""

    _parameter_constraints = {**RowSplitter._parameter_constraints, "n_splits": TWO_OR_MORE}

    def __init__(
        self,
        n_splits: int = 5,
        *,
        user: int | str = 0,
        item: int | str = 1,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_splits = n_splits
        self.user = user
        self.item = item
        self.random_state = random_state

    def _iter_sides(self, rows):
        ids, codes = Vocabulary.from_series(getattr(rows, self._role), self._role)
        if len(ids) < self.n_splits:
            raise ValueError(
                f"X has {len(ids)} {self._role}(s), fewer than n_splits={self.n_splits} folds. Lower "
                f"n_splits."
            )
        folds = KFold(self.n_splits, shuffle=True, random_state=self.random_state)
        for _, held_out in folds.split(np.arange(len(ids))):
            test = np.isin(codes, held_out)
            yield ~test, test


class NewUserSplit(IdSplitter):
    """Split the users into k folds, and test on users who have no row in training.

    It evaluates recommendations for cold-start users [1]_. Without a history, a model can only
    recommend popular items; pass a history as ``recommend(history=...)``.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, 2 or more, and at most the number of users.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same folds in every call.

    See Also
    --------
    NewItemSplit : The same for items.
    PerUserKFold : Tests users who are known.
    sklearn.model_selection.GroupKFold : Folds of groups, of about equal numbers of rows.

    Notes
    -----
    The folds hold equal numbers of users, give or take one.

    References
    ----------
    .. [1] Schein, Popescul, Ungar and Pennock (2002). Methods and metrics for cold-start
       recommendations. SIGIR, 253-260.

    Examples
    --------
    >>> from sklearn_anime.model_selection import NewUserSplit
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["cat", "Monster"]]
    >>> splitter = NewUserSplit(n_splits=3, random_state=0)
    >>> [test.tolist() for train, test in splitter.split(X)]
    [[3], [2], [0, 1]]
    """

    _role = "user"


class NewItemSplit(IdSplitter):
    """Split the items into k folds, and test on items that have no row in training.

    It evaluates predictions for new items [1]_. Only a model that uses item features can tell
    them apart.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, 2 or more, and at most the number of items.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same folds in every call.

    See Also
    --------
    NewUserSplit : The same for users.
    PerUserKFold : Tests items that are known.

    Notes
    -----
    The folds hold equal numbers of items, give or take one.

    References
    ----------
    .. [1] Schein, Popescul, Ungar and Pennock (2002). Methods and metrics for cold-start
       recommendations. SIGIR, 253-260.

    Examples
    --------
    >>> from sklearn_anime.model_selection import NewItemSplit
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["cat", "Monster"]]
    >>> splitter = NewItemSplit(n_splits=3, random_state=0)
    >>> [test.tolist() for train, test in splitter.split(X)]
    [[3], [1], [0, 2]]
    """

    _role = "item"


def check_k(k, min_items):
    """Raise where the items to test on leave a user nothing to train on."""
    if k >= min_items:
        raise ValueError(
            f"k={k} items to test on leave nothing to train on of a user with min_items={min_items}. "
            f"Lower k or raise min_items."
        )
