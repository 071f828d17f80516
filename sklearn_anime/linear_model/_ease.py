"""The linear item-item model in closed form."""

from datetime import timedelta
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
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
from sklearn_anime.linear_model._gram import gram_dtype
from sklearn_anime.linear_model._item_weights import ExactWeights, LowRankWeights
from sklearn_anime.linear_model._rows import (
    check_size,
    item_features,
    liked,
    n_users_of_items,
    warn_of_nothing_in_common,
)
from sklearn_anime.linear_model._settings import Lengths, Settings, auto_tail, usual_square
from sklearn_anime.linear_model._tail import squared_norms
from sklearn_anime.utils._memory import total_memory
from sklearn_anime.utils._sklearn import Interval, StrOptions, fit_context
from sklearn_anime.utils._validation import check_unchanged
from sklearn_anime.utils._warnings import warn

LARGEST_GRAM = 4 * 2**30  # bytes of the items x items array up to which "auto" takes the exact solver
READ_BY_FIT = ("user", "item", "time", "min_rating", "feature_weight")  # what partial_fit has to keep
N_COMPONENTS = 512  # of the low-rank solver, where none are given


class EASERecommender(RecommenderMixin, BaseEstimator):
    """Recommend by a linear model from each item to each other, in closed form.

    EASE: embarrassingly shallow autoencoders [1]_. A ridge regression predicts each column of the
    interaction matrix from all others. The solution is in closed form, new users need no refit, and the
    recommendations are among the most accurate of all models.

    Parameters
    ----------
    alpha : float or "auto", default="auto"
        Strength of the ridge, in units of users: larger values trust only what many users have in
        common. Search on a scale such as 10, 30, 100, 300. ``"auto"`` takes ``10 g^2`` with
        ``g = max(1, m / 40)`` and ``m`` the mean number of interactions of a user; with sample weights,
        times the mean square of the entries of the median user.

    dropout : float or "auto", default="auto"
        Share of each history that is treated as hidden in training [2]_, in [0, 1): adds
        ``dropout / (1 - dropout)`` times the sum of the squares of an item's column to its ridge.
        ``"auto"`` takes ``0.5 / g``.

    user_power : float or "auto", default="auto"
        How much less the rows of active users count: that of a user whose entries add up to ``n`` has
        the weight ``n ** -user_power``, relative to the geometric mean over all users. 0 lets all rows
        count alike. ``"auto"`` takes ``0.3 / g``.

    n_components : int, default=None
        Rank of the low-rank solver, which ``solver="auto"`` takes where it is given. None means 512
        where that solver is chosen otherwise, or less where the table allows no more.

    tail : float or "auto", default="auto"
        Share in [0, 1] to which the low-rank solver keeps what lies beyond its components, to first
        order. It costs about half of the speed of ``recommend``, and is what a catalog with few
        interactions per item needs. 0 drops it. ``"auto"`` takes 0.7 where the filter is still 0.3 or
        more at the last component, else 0. The exact solver has no tail.

    feature_weight : float, default=0.0
        Weight of the item features (the further columns of ``X``): each enters as a user who has
        interacted with the items in proportion to it. With it ``recommend(items=)`` takes new items. 0
        does not read them.

    min_rating : float, default=None
        Only ratings from this threshold on count. Other interactions are not recommended again and do
        not enter the model; users without such a rating count as users without a history. None counts
        all interactions.

    solver : {"auto", "cholesky", "svd"}, default="auto"
        ``"cholesky"`` is exact and needs one array of items x items; ``"svd"`` works in the space of
        `n_components` dimensions, for large catalogs. ``"auto"`` is exact where no
        `n_components` are given and the array takes 4 GiB at most.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    time : int or str, default=None
        Position or name of the time column of ``X``: numbers, dates or datetimes. It is no feature.
        None reads no times.

    half_life : float, str or timedelta, default=None
        Age at which an interaction counts half in the history that is scored: a number in the units of
        the time column or, for datetimes, a duration such as ``"30D"``. The age is measured from the
        newest interaction of the user. None: age does not count. Like `decay` it is read when scoring,
        so that another value needs no new ``fit``.

    decay : float, default=1.0
        Factor in [0, 1] of an interaction for each newer one in the history that is scored. It is
        multiplied with that of `half_life`.

    training_half_life : float, str or timedelta, default=None
        Age at which an interaction counts half in training, measured from the newest row of ``fit``.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    random_state : int, RandomState instance or None, default=None
        Seed of the SVD.

    Attributes
    ----------
    alpha_, dropout_, user_power_, tail_ : float
        The values that were used; `tail_` is 0 with the exact solver.

    solver_ : str
        The solver that was used.

    item_features_ : ndarray of shape (n_items, n_item_features) or None
        Features of the items; None without `feature_weight`.

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
    sklearn_anime.neighbors.SVDNeighborsRecommender : Similar users or items.
    sklearn_anime.baseline.PopularityRecommender : Baseline of recommendations.

    Notes
    -----
    With ``B`` the users x items matrix of interactions, each row times the weight of its user, the
    weights ``W`` minimize ``|B - B W|^2 + sum(d_i W_ij^2)`` under the constraint ``W_jj = 0``: no item
    predicts itself. The ridge is ``d_j = alpha + dropout / (1 - dropout) (B'B)_jj``, and the scores of
    a row ``x``, without a weight, are ``x W``. With ``P = (B'B + D)^-1`` and a Lagrange multiplier for
    each column, ``W = I - P diag(mu)``, and ``W_jj = 0`` gives ``mu_j = 1 / P_jj`` [1]_:

    ``W_ij = -P_ij / P_jj`` for ``i != j``.

    The low-rank solver takes the truncated SVD ``A = B D^-1/2 = U S V'``. As
    ``P = D^-1/2 (I - M) D^-1/2`` with ``M`` the filter ``f(s) = s^2 / (s^2 + 1)`` of the singular values
    of ``A``, and ``h`` the diagonal of ``M``,

    ``W_ij = d_i^-1/2 M_ij d_j^1/2 / (1 - h_j)`` for ``i != j``.

    ``M = V (f(S) - c S^2) V' + c A'A`` keeps the filter of the leading components, and the line
    ``c s^2`` in place of it for all others, where ``f`` is nearly a line. Its slope is
    ``c = tail / (1 + s_k^2)``: with ``tail=1`` that of the chord from 0 to the last component. At full
    rank this is the exact model whatever the tail. The sparse ``A'A`` is formed where it takes 2 GiB
    and a quarter of the memory at most, and is made dense where a tenth of it is not zero and that
    takes 512 MiB at most; without a tail no array of items x items is made.

    Features ``F`` (items x features) enter as further rows ``feature_weight F'`` of ``B``; neither the
    weights of users nor the dropout count them. The column of a new item with features ``f`` is 0 for
    all users, and the ridge regression of it on the other items has the weights
    ``feature_weight^2 P F f``.

    References
    ----------
    .. [1] Steck (2019). Embarrassingly shallow autoencoders for sparse data. WWW 2019, 3251-3257.
    .. [2] Steck (2020). Autoencoders that don't overfit towards the identity. NeurIPS 2020.

    Examples
    --------
    >>> from sklearn_anime.linear_model import EASERecommender
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["bob", "Bleach"],
    ...      ["bob", "Clannad"], ["cat", "Clannad"], ["cat", "Toradora"]]
    >>> model = EASERecommender(alpha=1.0).fit(X)
    >>> model.recommend("ann", n_items=1)["item"].tolist()
    ['Clannad']
    >>> model.recommend(history=[["me", "Toradora"]], n_items=1)["item"].tolist()
    ['Clannad']
    """

    _warns_of_context = False  # `fit` does

    _parameter_constraints = {
        "alpha": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "dropout": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "user_power": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "tail": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "feature_weight": [Interval(Real, 0, None, closed="left")],
        "min_rating": [Real, None],
        "solver": [StrOptions({"auto", "cholesky", "svd"})],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "time": TIME_COLUMN,
        "half_life": HALF_LIFE,
        "decay": DECAY,
        "training_half_life": HALF_LIFE,
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        alpha: float | str = "auto",
        *,
        dropout: float | str = "auto",
        user_power: float | str = "auto",
        n_components: int | None = None,
        tail: float | str = "auto",
        feature_weight: float = 0.0,
        min_rating: float | None = None,
        solver: str = "auto",
        user: int | str = 0,
        item: int | str = 1,
        time: int | str | None = None,
        half_life: float | str | timedelta | None = None,
        decay: float = 1.0,
        training_half_life: float | str | timedelta | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.alpha = alpha
        self.dropout = dropout
        self.user_power = user_power
        self.n_components = n_components
        self.tail = tail
        self.feature_weight = feature_weight
        self.min_rating = min_rating
        self.solver = solver
        self.user = user
        self.item = item
        self.time = time
        self.half_life = half_life
        self.decay = decay
        self.training_half_life = training_half_life
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Solve for the weights between items.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user and item and, with `feature_weight`, numeric features of the item.

        y : array-like of shape (n_rows,), default=None
            Ratings; only `min_rating` needs them. NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            What each row counts, such as a number of plays. None in every call: a pair counts 1, however
            often it stands there. As soon as one call has weights, a pair counts the sum of those of its
            rows, where a row without one has 1: a weight of 2 is the row twice. A row of weight 0 is
            absent.

        Returns
        -------
        EASERecommender
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
            Rows in the form of ``fit``. A pair that was there before counts once, with its mean rating.

        y : array-like of shape (n_rows,), default=None
            Ratings; only `min_rating` needs them.

        sample_weight : array-like of shape (n_rows,), default=None
            What each row counts, as in ``fit``.

        Returns
        -------
        EASERecommender
            This estimator.
        """
        if not hasattr(self, "interactions_"):
            return self.fit(X, y, sample_weight)
        check_unchanged(self, self._read_by_fit)
        validate_data(self, X, reset=False, skip_check_array=True)
        interactions = self.interactions_.extended(X, y, sample_weight, optional=self.min_rating is None)
        return self._set_fitted(**self._fitted(interactions))

    def similar_items(self, items: ArrayLike, n_items: int = 10) -> Any:
        """Find the items with the highest partial correlation to some items.

        Parameters
        ----------
        items : array-like of ids or a single id
            Items of ``fit``.

        n_items : int, default=10
            How many to find for each.

        Returns
        -------
        DataFrame
            The item column, ``neighbor``, ``similarity`` in [-1, 1] and ``rank`` (1 is nearest). The
            similarity is the geometric mean of the weights in both directions, with their sign: the
            partial correlation ``-P_ij / sqrt(P_ii P_jj)``, what two items have in common beyond all
            others.

        Raises
        ------
        KeyError
            If an item was not in the rows of ``fit``.
        """
        check_is_fitted(self)
        similarity = self._weights.partial_correlations
        return similar_frame(similarity, self.interactions_.items, items, n_items)

    def _reads(self):
        """Return what to read of ``X`` and ``y``."""
        return {
            "user": self.user,
            "item": self.item,
            "time": self.time,
            "needs_ratings": self.min_rating is not None,
            "features": "numbers" if self.feature_weight else None,
        }

    def _fitted(self, interactions):
        """Return the state of a fitted model."""
        Recency.choose(interactions, self.half_life, self.decay)  # raises where they do not fit
        features = None if interactions.features is None else item_features(interactions.features)
        settings, rows = self._weighed(interactions, features)
        ridge = settings.ridge(rows.sum(squared_norms))
        if features is not None:
            rows = rows.extended(sparse.csr_array(self.feature_weight * features.T))
        solver = self._choose_solver(rows, ridge)
        weights = self._solve(solver, rows, ridge, interactions.shape, features)
        return {
            "interactions_": interactions.gathered(),
            "item_features_": features,
            **{f"{name}_": value for name, value in vars(settings).items()},
            "tail_": getattr(weights, "share", 0.0),
            "solver_": solver,
            "_weights": weights,
            "_min_rating": self.min_rating,
            "_read_by_fit": {name: getattr(self, name) for name in READ_BY_FIT},
            "_of_features": _of_features(weights, features, self.feature_weight),
        }

    def _weighed(self, interactions, features):
        """Return the settings, and the blocks of rows of users times their weights."""
        blocks, newest = interactions.blocks, interactions.newest
        entries = blocks.map(_training_entries, self.min_rating, self.training_half_life, newest)
        n_of_items = entries.sum(n_users_of_items)
        if not n_of_items.any():
            raise ValueError(
                f"No rating in y reaches min_rating={self.min_rating}: the largest is "
                f"{interactions.rating_range[1]}. Lower min_rating."
            )
        lengths, unit = Lengths.of(entries), 1.0
        if interactions.weighted:
            unit = usual_square(blocks.map(liked, self.min_rating))
        settings = Settings.choose(lengths.mean, self.alpha, self.dropout, self.user_power, unit)
        warn_of_nothing_in_common(lengths.n_active, n_of_items, features)
        return settings, entries.map(settings.weighed, lengths.log_mean_sum)

    def _solve(self, solver, rows, ridge, table, features):
        """Return the weights between items."""
        if solver == "cholesky":
            return ExactWeights.fit(rows, ridge)
        tail = auto_tail if self.tail == "auto" else self.tail
        n_features = 0 if features is None else features.shape[1]
        n_components = self._rank((table[0] + n_features, table[1]), table)
        return LowRankWeights.fit(rows, ridge, n_components, tail=tail, random_state=self.random_state)

    def _choose_solver(self, rows, ridge):
        """Return which solver to use, if there is room for it."""
        n_bytes = gram_dtype(rows, ridge).itemsize * len(ridge) ** 2
        if self.solver == "auto":
            exact = self.n_components is None and n_bytes <= min(LARGEST_GRAM, total_memory() / 2)
            return "cholesky" if exact else "svd"
        if self.solver == "cholesky" and n_bytes > total_memory():
            raise ValueError(
                f"The exact solver needs {n_bytes / 2**30:,.1f} GiB for {len(ridge)} items. Give "
                f"n_components, such as {N_COMPONENTS}, and solver='svd'."
            )
        return self.solver

    def _rank(self, shape, table):
        """Return n_components as far as the matrix allows."""
        asked = N_COMPONENTS if self.n_components is None else self.n_components
        if self.n_components is not None and asked > min(shape):
            warn(
                f"A table of {table[0]} users and {table[1]} items does not allow n_components={asked} "
                f"(used: {min(shape)})."
            )
        return min(asked, *shape)

    def _has_history(self, rows):
        return rows.rated_from(self._min_rating).row_lengths > 0

    def _explain_score(self, rows, item_code):
        rows, by_age = self._weighed_history(rows)
        weights = self._weights.to_item(item_code)[rows.item_codes] * by_age
        return Terms({}, "item", rows.item_codes, weights, rows.ratings, weights * rows.entries)

    def _score_block(self, rows):
        return self._weights.scores(self._entries(rows))

    def _score_new_items(self, rows, features):
        if self._of_features is None:
            raise ValueError(
                "New items in items= are scored by their features, which fit did not use with "
                "feature_weight=0. Fit with a larger feature_weight, or leave items= out."
            )
        return self._entries(rows) @ (self._of_features @ features.T)

    def _entries(self, rows):
        """Return what is scored: the liked interactions of users, weighed by age."""
        rows, by_age = self._weighed_history(rows)
        return rows.seen_matrix((rows.entries * by_age).astype(np.float32))

    def _weighed_history(self, rows):
        history = rows.rated_from(self._min_rating)
        return history, history_weights(history, self.half_life, self.decay)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


def _training_entries(rows, min_rating, half_life, newest):
    """Return the CSR matrix of what users like, weighed by age in training."""
    entries = liked(rows, min_rating, training_weights(rows, half_life, newest))
    check_size(entries)
    return entries


def _of_features(weights, features, feature_weight):
    """Return what a feature of a new item adds to the weight of each item, if there are features."""
    return None if features is None else feature_weight**2 * weights.solve(features)
