"""The linear model from what a user has seen to what comes next, in closed form."""

from datetime import timedelta
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_anime._similar import similar_frame
from sklearn_anime.base import RecommenderMixin, Terms
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._recency import (
    DECAY,
    HALF_LIFE,
    TIME_COLUMN,
    Recency,
    history_weights,
    training_weights,
)
from sklearn_anime.interactions._rows import ID_COLUMN
from sklearn_anime.linear_model._rows import liked
from sklearn_anime.linear_model._tail import squared_norms
from sklearn_anime.linear_model._transition_weights import ExactTransitions, LowRankTransitions
from sklearn_anime.linear_model._transitions import Sequences
from sklearn_anime.utils._memory import total_memory
from sklearn_anime.utils._sklearn import Interval, StrOptions, fit_context
from sklearn_anime.utils._validation import check_unchanged
from sklearn_anime.utils._warnings import warn

MANY_STEPS = 50  # from one item of a user to the next, that are not in their order by chance
LARGEST_ARRAY = 4 * 2**30  # bytes of items x items up to which "auto" takes the exact solver
READ_BY_FIT = ("user", "item", "time")  # what partial_fit has to keep
N_COMPONENTS = 512  # of the low-rank solver, where none are given


class NextItemRecommender(RecommenderMixin, BaseEstimator):
    """Recommend what comes next, by a linear model in closed form.

    A ridge regression predicts, at each position of the sequence of a user, the next item from those
    before it, of which the latest count most. Use it where the order of the interactions tells more than
    their set: series, sessions, seasons. The solution is in closed form, and new users need no refit.

    Parameters
    ----------
    alpha : float, default=300.0
        Strength of the ridge. Larger values trust only transitions that many users have made. Search on
        a scale such as 30, 100, 300, 1000.

    decay : float, default=0.7
        Factor in [0, 1] of an interaction for each newer one in the history that is scored. It is
        multiplied with that of `half_life`.

    training_decay : float, default=0.8
        Factor in [0, 1] for each later interaction in the pasts of training.

    cooccurrence_weight : float, default=0.3
        What it counts that items have the same users, in whatever order: each item of a user is
        predicted from all the others too, as in `EASERecommender`. The fewer users there are, the more
        it helps. 0 leaves it out.

    max_length : int, default=50
        How many of the latest items of a user a past has, in training and in scoring.

    horizon : int, default=1
        How many items a past predicts in training; the h-th of them counts
        ``training_decay ** (h - 1)``.

    n_components : int, default=None
        Rank of the low-rank solver, which ``solver="auto"`` takes where it is given. None means 512
        where that solver is chosen otherwise, or less where the table allows no more.

    solver : {"auto", "cholesky", "svd"}, default="auto"
        ``"cholesky"`` is exact and needs one array of items x items; ``"svd"`` works in the space of
        `n_components` dimensions, for large catalogs. ``"auto"`` is exact where no `n_components` are
        given and the array takes 4 GiB at most.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    time : int or str, default=None
        Position or name of the time column of ``X``: numbers, dates or datetimes. Rows of equal time
        keep their order. None: the rows of each user are in the order of time, and so are those of a
        history.

    half_life : float, str or timedelta, default=None
        Age at which an interaction counts half in the history that is scored: a number in the units of
        the time column or, for datetimes, a duration such as ``"30D"``. The age is measured from the
        newest interaction of the user. None: age does not count. Like `decay` it is read when scoring,
        so that another value needs no new ``fit``.

    training_half_life : float, str or timedelta, default=None
        Age at which an interaction counts half in training, measured from the newest row of ``fit``.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    random_state : int, RandomState instance or None, default=None
        Seed of the SVD.

    Attributes
    ----------
    solver_ : str
        The solver that was used.

    users_, items_ : ndarray of shape (n_users,) and (n_items,)
        The ids of ``fit``, sorted; those that ``partial_fit`` brought come after them.

    interactions_ : Interactions
        The table of ``fit``, and of ``partial_fit``.

    n_features_in_ : int
        Number of columns of ``X``.

    feature_names_in_ : ndarray of str
        Names of the columns of ``X``, where they are all text.

    See Also
    --------
    EASERecommender : The linear model from each item to each other, whatever their order.
    sklearn_anime.baseline.PopularityRecommender : Baseline of recommendations.

    Notes
    -----
    Let ``i_1, i_2, ...`` be the items of a user in the order of time; an item counts once, at its latest
    time. The past at position ``p`` is ``s_p = sum_q d^(p-q) e_(i_q)`` over the last `max_length`
    positions ``q <= p``, with ``d`` the `training_decay`, and its target is ``z_p = e_(i_(p+1))``. With
    the rows ``s_p`` and ``z_p`` of all users in ``S`` and ``Z``, the weights ``W`` minimize
    ``|Z - S W|^2 + alpha |W|^2``:

    ``W = (S'S + alpha I)^-1 S'Z``.

    The scores of a user are ``s W`` with ``s`` the past of the last position, where `decay` stands in
    for ``d``. Sample weights, and the weights of `training_half_life`, are the entries of ``S`` and
    ``Z`` in place of 1.

    With a `cooccurrence_weight` ``c``, the rows ``X`` of all items of each user, times ``c^(1/2)``, are
    further rows of ``S`` and of ``Z``. They would be predicted best by themselves, so ``W_jj = 0``. With
    ``P = (S'S + X'X + alpha I)^-1`` and a Lagrange multiplier for each column,

    ``W = P (S'Z + X'X - diag(mu))``.

    ``S`` and ``Z`` are not made. Two items ``k`` positions apart, of which ``n`` more
    follow the later, add ``d^k (1 - d^(2 m)) / (1 - d^2)`` to ``S'S``, with
    ``m = min(n, max_length - k)``, and ``d^(k-1)`` to ``S'Z``. Both are sparse.

    The low-rank solver takes the leading eigenvectors ``V`` and eigenvalues ``s^2`` of
    ``(S'S + X'X) / alpha``. With the filter ``f(s) = s^2 / (s^2 + 1)``, ``P = (I - V f V') / alpha``,
    which is exact at full rank. It keeps ``V``, ``V'(S'Z + X'X)`` and the sparse ``S'Z + X'X``:
    ``8 n_items n_components`` bytes, and 8 for each pair of items that have a user in common (without
    `cooccurrence_weight`: that follow each other within `max_length`).

    Examples
    --------
    >>> from sklearn_anime.linear_model import NextItemRecommender
    >>> X = [["ann", "Naruto", 1], ["ann", "Naruto: Shippuuden", 2], ["ann", "Boruto", 3],
    ...      ["bob", "Akira", 1], ["bob", "Naruto", 2], ["bob", "Naruto: Shippuuden", 3],
    ...      ["cat", "Boruto", 1], ["cat", "Akira", 2], ["cat", "Naruto", 3]]
    >>> model = NextItemRecommender(alpha=1.0, time=2).fit(X)
    >>> model.recommend("cat", n_items=1)["item"].tolist()
    ['Naruto: Shippuuden']
    >>> model.recommend(history=[["me", "Naruto: Shippuuden", 5]], n_items=1)["item"].tolist()
    ['Boruto']
    """

    _parameter_constraints = {
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "decay": DECAY,
        "training_decay": DECAY,
        "cooccurrence_weight": [Interval(Real, 0, None, closed="left")],
        "max_length": [Interval(Integral, 1, None, closed="left")],
        "horizon": [Interval(Integral, 1, None, closed="left")],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "solver": [StrOptions({"auto", "cholesky", "svd"})],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "time": TIME_COLUMN,
        "half_life": HALF_LIFE,
        "training_half_life": HALF_LIFE,
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        alpha: float = 300.0,
        *,
        decay: float = 0.7,
        training_decay: float = 0.8,
        cooccurrence_weight: float = 0.3,
        max_length: int = 50,
        horizon: int = 1,
        n_components: int | None = None,
        solver: str = "auto",
        user: int | str = 0,
        item: int | str = 1,
        time: int | str | None = None,
        half_life: float | str | timedelta | None = None,
        training_half_life: float | str | timedelta | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.alpha = alpha
        self.decay = decay
        self.training_decay = training_decay
        self.cooccurrence_weight = cooccurrence_weight
        self.max_length = max_length
        self.horizon = horizon
        self.n_components = n_components
        self.solver = solver
        self.user = user
        self.item = item
        self.time = time
        self.half_life = half_life
        self.training_half_life = training_half_life
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Solve for the weights from past to next items.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user, item and, with `time`, when it was.

        y : array-like of shape (n_rows,), default=None
            Ratings, which do not enter the model.

        sample_weight : array-like of shape (n_rows,), default=None
            What each row counts, such as a number of plays. None in every call: a pair counts 1, however
            often it stands there. As soon as one call has weights, a pair counts the sum of those of its
            rows, where a row without one has 1: a weight of 2 is the row twice.

        Returns
        -------
        NextItemRecommender
            This estimator.
        """
        interactions = Interactions.from_rows(X, y, sample_weight, **self._reads())
        return self._set_fitted(X, **self._fitted(interactions))

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Add rows to those of ``fit``, and solve again.

        The first call is a ``fit``. The result is that of a ``fit`` on all rows, for known and for new
        users and items, and takes as long but for the reading. New users alone need no new solution:
        give their rows to ``recommend(history=)``.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``. Without `time`, and where times are equal, they come after those
            that were there before.

        y : array-like of shape (n_rows,), default=None
            Ratings, which do not enter the model.

        sample_weight : array-like of shape (n_rows,), default=None
            What each row counts, as in ``fit``.

        Returns
        -------
        NextItemRecommender
            This estimator.
        """
        if not hasattr(self, "interactions_"):
            return self.fit(X, y, sample_weight)
        check_unchanged(self, self._read_by_fit)
        validate_data(self, X, reset=False, skip_check_array=True)
        interactions = self.interactions_.extended(X, y, sample_weight, optional=True)
        return self._set_fitted(**self._fitted(interactions))

    def similar_items(self, items: ArrayLike, n_items: int = 10) -> Any:
        """Find the items that are seen next after some items.

        Parameters
        ----------
        items : array-like of ids or a single id
            Items of ``fit``.

        n_items : int, default=10
            How many to find for each.

        Returns
        -------
        DataFrame
            The item column, ``neighbor``, ``similarity`` in [-1, 1] and ``rank`` (1 comes next). The
            similarity is not symmetric. It is ``W_ij / sqrt(P_ii |z_j|^2)`` with ``P`` as in the Notes
            and ``z_j`` the column of ``Z``: what of the moves to an item its predecessor tells, beyond
            all other items of the past.

        Raises
        ------
        KeyError
            If an item was not in the rows of ``fit``.
        """
        check_is_fitted(self)
        return similar_frame(self._similarity, self.interactions_.items, items, n_items)

    def _reads(self):
        """Return what to read of ``X``."""
        columns = {"user": self.user, "item": self.item, "time": self.time}
        return {**columns, "ordered": True, "needs_ratings": False}

    def _fitted(self, interactions):
        """Return the state of a fitted model."""
        Recency.choose(interactions, self.half_life, self.decay)  # raises where they do not fit
        decay = self.training_decay, self.horizon, self.max_length
        times = self.training_half_life, interactions.newest
        blocks, users = interactions.blocks, None
        past, following, target_norms = blocks.sum(_transition_sums, *decay, *times)
        is_read = past.diagonal() > 0
        if self.cooccurrence_weight:
            users = blocks.map(_entries_of_users, self.cooccurrence_weight, *times)
            target_norms = target_norms + users.sum(squared_norms)
            is_read = users.sum(_n_in_common) > 0
        solver = self._choose_solver(interactions.n_items)
        table = interactions.gathered()
        if self.time is None:
            _warn_of_sorted_items(table)
        return {
            "interactions_": table,
            "solver_": solver,
            "_weights": self._solve(solver, past, following, users),
            "_is_read": is_read,
            "_target_norms": target_norms,
            "_max_length": self.max_length,
            "_read_by_fit": {name: getattr(self, name) for name in READ_BY_FIT},
        }

    def _solve(self, solver, past, following, users):
        """Return the weights from past to next items."""
        if solver == "cholesky":
            return ExactTransitions.fit(past, following, self.alpha, users)
        rank, seed = self._rank(past.shape[0]), self.random_state
        return LowRankTransitions.fit(past, following, self.alpha, rank, seed, users)

    def _choose_solver(self, n_items):
        """Return which solver to use, if there is room for it."""
        n_bytes = 4 * n_items**2
        if self.solver == "auto":
            return "cholesky" if self.n_components is None and n_bytes <= LARGEST_ARRAY else "svd"
        if self.solver == "cholesky" and n_bytes > total_memory():
            raise ValueError(
                f"The exact solver needs {n_bytes / 2**30:,.1f} GiB for {n_items} items. Give "
                f"n_components, such as {N_COMPONENTS}, and solver='svd'."
            )
        return self.solver

    def _rank(self, n_items):
        """Return n_components as far as the catalog allows."""
        asked = N_COMPONENTS if self.n_components is None else self.n_components
        if self.n_components is not None and asked > n_items:
            warn(f"A table of {n_items} items does not allow n_components={asked} (used: {n_items}).")
        return min(asked, n_items)

    def _similarity(self, items):
        """Return how much some items tell that each other one comes next, themselves -inf."""
        found = self._weights.from_items(items)
        scale = np.sqrt(self._weights.precision[items][:, None] * self._target_norms)
        found = np.divide(found, scale, out=np.zeros(found.shape), where=scale > 0)
        np.clip(found, -1.0, 1.0, out=found)  # exact weights are within; a low rank leaves something out
        found[np.arange(len(items)), items] = -np.inf
        return found

    def _has_history(self, rows):
        read = self._is_read[rows.item_codes] & (self._weighed_history(rows)[1] > 0)
        return np.bincount(rows.row_codes[read], minlength=len(rows.codes)) > 0

    def _explain_score(self, rows, item_code):
        rows, by_age = self._weighed_history(rows)
        weights = self._weights.to_item(item_code)[rows.item_codes] * by_age
        return Terms({}, "item", rows.item_codes, weights, rows.ratings, weights * rows.entries)

    def _score_block(self, rows):
        rows, by_age = self._weighed_history(rows)
        return self._weights.scores(rows.seen_matrix((rows.entries * by_age).astype(np.float32)))

    def _weighed_history(self, rows):
        return rows, history_weights(rows, self.half_life, self.decay, self._max_length)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def _transition_sums(rows, decay, horizon, max_length, half_life, newest):
    """Return ``S'S``, ``S'Z`` and the squared norms of the columns of ``Z`` for rows of users."""
    sequences = Sequences.of(rows, training_weights(rows, half_life, newest))
    past, following = sequences.transitions(decay=decay, max_length=max_length, horizon=horizon)
    return past, following, sequences.target_norms(decay=decay, horizon=horizon)


def _entries_of_users(rows, weight, half_life, newest):
    """Return the CSR matrix ``X`` of the items of each user, times the root of a weight."""
    return liked(rows, None, weight**0.5 * training_weights(rows, half_life, newest))


def _n_in_common(entries):
    """Return for each item the number of its users who have another item too."""
    lengths = np.diff(entries.indptr)
    return np.bincount(entries.indices[np.repeat(lengths > 1, lengths)], minlength=entries.shape[1])


def _warn_of_sorted_items(interactions):
    """Warn where the order of the rows is that of the items, which tells nothing of time."""
    same_user = np.diff(interactions.row_codes) == 0  # the pairs of a user are sorted by item
    steps = np.diff(interactions.order)[same_user]
    if len(steps) >= MANY_STEPS and (steps > 0).all():
        warn(
            "The rows of each user are sorted by item, and without time= their order is read as that of "
            "time. Name the time column, or put the rows in the order of time."
        )
