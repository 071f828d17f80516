"""Splits that test on what came last, for each user or for all."""

import numpy as np

from sklearn_anime.interactions._row_pairs import Pairs
from sklearn_anime.model_selection._split import RowSplitter, check_k
from sklearn_anime.utils._groups import positions_in


class LastKPerUser(RowSplitter):
    """Test on the last k items of each user, train on the earlier ones.

    It evaluates the prediction of the next items of known users, also called leave-last-out. Of a
    tested user, no training row is later than a test row. Rows of other users may be later: a model
    can learn from them what became popular afterwards [1]_. `TimeSplit` prevents this.

    Parameters
    ----------
    k : int, default=5
        Number of items to test on, of each user with at least `min_items`; 1 or more, and less than
        `min_items`.

    time : int or str
        Position or name of the time column of ``X``: numbers, dates or datetimes.

    min_items : int, default=20
        Users with fewer different items are not tested: all their rows stay in training.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    See Also
    --------
    LeaveKOutPerUser : Tests random items of each user.
    TimeSplit : One point in time for all users.

    Notes
    -----
    Of rows with equal times, the one further down in ``X`` is the later. The time of a repeated pair
    of user and item is that of its last row. Where that row is tested, the earlier ones are on neither
    side: to train on them would give the answer away.

    References
    ----------
    .. [1] Meng, McCreadie, Macdonald and Ounis (2020). Exploring data splitting strategies for the
       evaluation of recommendation models. RecSys, 681-686.

    Examples
    --------
    >>> from sklearn_anime.model_selection import LastKPerUser
    >>> X = [["ann", "Akira", 2021], ["ann", "Bleach", 2019], ["ann", "Monster", 2020]]
    >>> splitter = LastKPerUser(k=1, time=2, min_items=3)
    >>> [(train.tolist(), test.tolist()) for train, test in splitter.split(X)]
    [([1, 2], [0])]
    """

    def __init__(
        self,
        k: int = 5,
        *,
        time: int | str,
        min_items: int = 20,
        user: int | str = 0,
        item: int | str = 1,
    ):
        self.k = k
        self.time = time
        self.min_items = min_items
        self.user = user
        self.item = item

    def _iter_sides(self, rows):
        check_k(self.k, self.min_items)
        pairs = Pairs.from_rows(rows)
        order = np.argsort(rows.times(), kind="stable")
        last_rows = np.empty(len(pairs.users), dtype=np.intp)
        last_rows[pairs.of_row[order]] = order  # of a repeated pair, the last one stays
        tested = pairs.first(self.k, -positions_in(order)[last_rows], self.min_items)
        test = np.zeros(len(rows), dtype=bool)
        test[last_rows[tested]] = True
        yield ~tested[pairs.of_row], test


class TimeSplit(RowSplitter):
    """Test on the rows after a point in time, train on all rows before it.

    It evaluates the recommendations that a model would have made on that day. One cut applies to all
    users, so that nothing is learned from the future [1]_. Users and items that are new after the
    cut are tested too.

    Parameters
    ----------
    n_splits : int, default=1
        Number of windows to test on, 1 or more, one after the other. All rows before a window, those of
        earlier windows too, are there to train on.

    time : int or str
        Position or name of the time column of ``X``: numbers, dates or datetimes.

    test_size : float, default=0.2
        Share of the rows in each window, between 0 and 1. ``n_splits * test_size`` is less than 1.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    See Also
    --------
    LastKPerUser : A point in time for each user.
    sklearn.model_selection.TimeSeriesSplit : The same for rows that are sorted by time.

    Notes
    -----
    Rows of equal time are in the same window: training ends strictly before the first row to test on,
    and a window may be larger or smaller than `test_size`. Rows of a window whose pair of user and item
    is in training are on neither side of that split; pairs repeated within the window stay in the test.

    References
    ----------
    .. [1] Ji, Sun, Zhang and Li (2023). A critical study on data leakage in recommender system offline
       evaluation. ACM Transactions on Information Systems 41(3).

    Examples
    --------
    >>> from sklearn_anime.model_selection import TimeSplit
    >>> X = [["ann", 1, 2021], ["ann", 2, 2019], ["bob", 1, 2020], ["bob", 2, 2022]]
    >>> splitter = TimeSplit(n_splits=2, time=2, test_size=0.25)
    >>> [(train.tolist(), test.tolist()) for train, test in splitter.split(X)]
    [([1, 2], [0]), ([0, 1, 2], [3])]
    """

    def __init__(
        self,
        n_splits: int = 1,
        *,
        time: int | str,
        test_size: float = 0.2,
        user: int | str = 0,
        item: int | str = 1,
    ):
        self.n_splits = n_splits
        self.time = time
        self.test_size = test_size
        self.user = user
        self.item = item

    def _iter_sides(self, rows):
        shares = self.test_size * np.arange(self.n_splits, 0, -1)
        if shares[0] >= 1:
            raise ValueError(
                f"n_splits={self.n_splits} windows of test_size={self.test_size} leave no row to train "
                f"on. Lower one of them until their product is less than 1."
            )
        times, pairs = rows.times(), Pairs.from_rows(rows)
        starts = np.quantile(times, 1 - shares, method="higher")
        windows = np.searchsorted(starts, times, side="right")  # 0 is before the first one
        for window in range(1, self.n_splits + 1):
            train = windows < window
            test = (windows == window) & ~pairs.have(train)[pairs.of_row]
            self._check_sides(train, test, window)
            yield train, test

    def _check_sides(self, train, test, window):
        if not (train.any() and test.any()):
            raise ValueError(
                f"Window {window} of {self.n_splits} has {train.sum()} rows to train on and "
                f"{test.sum()} to test on: too many rows share a time (time={self.time!r}), or repeat "
                f"earlier pairs. Change test_size or n_splits, or use a finer clock."
            )
