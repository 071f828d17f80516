"""Users apart in training, validation and test, with a history of each held-out user."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import Bunch, check_random_state

from sklearn_anime.interactions._row_pairs import Pairs
from sklearn_anime.interactions._rows import Rows
from sklearn_anime.model_selection._split import ONE_OR_MORE, RowSplitter
from sklearn_anime.utils._sklearn import (
    Interval,
    RealNotInt,
    StrOptions,
    validate_parameter_constraints,
)

SIZE = [Interval(RealNotInt, 0, 1, closed="neither"), Interval(Integral, 1, None, closed="left")]


class StrongGeneralization(RowSplitter):
    """Hold out users for validation and for test, each with a history that is shown to the model.

    It evaluates recommendations for users who were not in training, from a part of their interactions.
    This is the protocol of many papers on autoencoders [1]_ [2]_. It needs models with
    ``recommend(history=...)``.

    Parameters
    ----------
    test_size : float or int, default=0.1
        Users to test on: a share of those with `min_items`, or their number.

    validation_size : float or int, default=0.1
        Users to choose hyperparameters on, likewise. They are neither in training nor in the test.

    history : float, default=0.8
        Share of the items of each held-out user that `parts` gives as history, rounded up to whole
        items; the others are to be found.

    min_items : int, default=5
        Users with fewer different items are not held out: all their rows stay in training.

    part : {"test", "validation"}, default="test"
        Which of the held-out users ``split`` yields. Tune with ``"validation"`` and report on
        ``"test"``, with the same `random_state`.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same users in every call.

    See Also
    --------
    NewUserSplit : Tests each user once, in folds.
    LeaveKOutPerUser : Tests users who are known.

    Notes
    -----
    ``split`` yields all rows of the held-out users on the side to test on, as scorers draw the history
    themselves: ``make_ranking_scorer(history=0.8)``. `parts` tells history and items to find apart,
    once and for all, for an evaluation by hand. A pair of user and item that is repeated counts as one.

    References
    ----------
    .. [1] Marlin (2004). Collaborative filtering: a machine learning perspective. University of
       Toronto.
    .. [2] Liang, Krishnan, Hoffman and Jebara (2018). Variational autoencoders for collaborative
       filtering. WWW, 689-698.

    Examples
    --------
    >>> from sklearn_anime.model_selection import StrongGeneralization
    >>> X = [[user, item] for user in ("ann", "bob", "cat", "dan") for item in range(5)]
    >>> splitter = StrongGeneralization(1, validation_size=1, random_state=0)
    >>> train, test = next(splitter.split(X))
    >>> sorted({X[row][0] for row in train}), {X[row][0] for row in test}  # dan is for validation
    (['ann', 'bob'], {'cat'})
    >>> parts = splitter.parts(X)
    >>> [X[row][1] for row in parts.test_history], [X[row][1] for row in parts.test]
    ([0, 1, 2, 3], [4])
    """

    _parameter_constraints = {
        **RowSplitter._parameter_constraints,
        "test_size": SIZE,
        "validation_size": SIZE,
        "history": [Interval(Real, 0, 1, closed="neither")],
        "min_items": ONE_OR_MORE,
        "part": [StrOptions({"test", "validation"})],
    }

    def __init__(
        self,
        test_size: float | int = 0.1,
        *,
        validation_size: float | int = 0.1,
        history: float = 0.8,
        min_items: int = 5,
        part: str = "test",
        user: int | str = 0,
        item: int | str = 1,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.test_size = test_size
        self.validation_size = validation_size
        self.history = history
        self.min_items = min_items
        self.part = part
        self.user = user
        self.item = item
        self.random_state = random_state

    def parts(self, X: Any) -> Bunch:
        """Return the positions of the rows of each part.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user and item.

        Returns
        -------
        Bunch
            Ascending positions of rows: `train`; `validation_history` and `validation`, the rows of the
            users to choose hyperparameters on that are shown to the model and those to be found;
            `test_history` and `test` likewise.

        Raises
        ------
        ValueError
            As ``split``.
        """
        validate_parameter_constraints(self._parameter_constraints, vars(self), type(self).__name__)
        pairs = Pairs.from_rows(Rows.parse(X, user=self.user, item=self.item))
        random_state = check_random_state(self.random_state)
        masks = {"train": np.ones(len(pairs.of_row), dtype=bool)}
        held_out = self._draw_users(pairs, random_state)
        to_find = self._draw_items(pairs, random_state)[pairs.of_row]
        for name, users in held_out.items():
            of_users = users[pairs.users][pairs.of_row]
            masks["train"] &= ~of_users
            masks[f"{name}_history"], masks[name] = of_users & ~to_find, of_users & to_find
        return Bunch(**{name: np.flatnonzero(mask) for name, mask in masks.items()})

    def _iter_sides(self, rows):
        pairs = Pairs.from_rows(rows)
        held_out = self._draw_users(pairs, check_random_state(self.random_state))
        train = ~(held_out["validation"] | held_out["test"])
        yield train[pairs.users][pairs.of_row], held_out[self.part][pairs.users][pairs.of_row]

    def _draw_users(self, pairs, random_state):
        """Return masks of the users of both parts."""
        n_items = np.bincount(pairs.users)
        eligible = random_state.permutation(np.flatnonzero(n_items >= self.min_items))
        numbers = self._numbers_of_users(len(eligible), len(n_items))
        drawn = np.split(eligible, np.cumsum(list(numbers.values())))
        users = np.arange(len(n_items))
        return {name: np.isin(users, part) for name, part in zip(numbers, drawn, strict=False)}

    def _numbers_of_users(self, n_eligible, n_users):
        """Return how many users each part holds out."""
        sizes = {"test": self.test_size, "validation": self.validation_size}
        numbers = {
            name: size if isinstance(size, Integral) else int(size * n_eligible)
            for name, size in sizes.items()
        }
        total = sum(numbers.values())
        if min(numbers.values()) < 1 or total > n_eligible or total >= n_users:
            raise ValueError(
                f"test_size={self.test_size} and validation_size={self.validation_size} are "
                f"{numbers['test']} and {numbers['validation']} of the {n_eligible} users with "
                f"min_items={self.min_items} or more items (of {n_users} in all). Each part, and "
                f"training, needs a user: change the sizes or lower min_items."
            )
        return numbers

    def _draw_items(self, pairs, random_state):
        """Return the mask of the pairs that are to be found, of all users."""
        if self._n_to_find(self.min_items) == 0:
            raise ValueError(
                f"history={self.history} of min_items={self.min_items} items leaves nothing to find. "
                f"Lower history or raise min_items."
            )
        order, counts = pairs.by_user(random_state.random_sample(len(pairs.users)), 1)
        rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        to_find = np.zeros(len(order), dtype=bool)
        to_find[order] = rank < np.repeat(self._n_to_find(counts), counts)
        return to_find

    def _n_to_find(self, n_items):
        return n_items - np.ceil(np.round(self.history * n_items, 9)).astype(int)
