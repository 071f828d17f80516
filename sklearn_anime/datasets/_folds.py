"""The splits that come with a data set."""

from collections.abc import Iterator, Mapping

import numpy as np


class Folds(Mapping):
    """The official splits of a table, by name: positions of rows to train on and to test on.

    A split is made when it is asked for, as the rows to train on are nearly all rows.

    Parameters
    ----------
    n_rows : int
        Number of rows of the table.

    tests : dict of str to ndarray
        Name -> positions of the rows to test on, ascending.

    Examples
    --------
    >>> folds = Folds(4, {"u1": np.array([0, 3])})
    >>> list(folds)
    ['u1']
    >>> train, test = folds["u1"]
    >>> train, test
    (array([1, 2]), array([0, 3]))
    """

    def __init__(self, n_rows: int, tests: dict):
        self.n_rows = n_rows
        self.tests = tests

    def __getitem__(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        if name not in self.tests:
            raise KeyError(f"There is no fold {name!r} (folds: {', '.join(self.tests) or 'none'}).")
        test = np.zeros(self.n_rows, dtype=bool)
        test[self.tests[name]] = True
        return np.flatnonzero(~test), np.flatnonzero(test)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tests)

    def __len__(self) -> int:
        return len(self.tests)

    def __repr__(self):
        return f"Folds({', '.join(self.tests)})"
