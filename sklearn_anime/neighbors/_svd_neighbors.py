"""Ratings and lists from near users, or from near items, in SVD space."""

from functools import partial
from numbers import Integral, Real
from typing import Any, Self

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_anime.base import FactorsMixin, RatingRegressorMixin, RecommenderMixin, Terms
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.interactions._rows import ID_COLUMN
from sklearn_anime.neighbors._baseline import fit_baseline
from sklearn_anime.neighbors._faiss import FaissNeighbors
from sklearn_anime.neighbors._lending import Lenders
from sklearn_anime.neighbors._lists import LISTS
from sklearn_anime.neighbors._near import Neighborhood
from sklearn_anime.neighbors._space import Space
from sklearn_anime.utils._sklearn import HasMethods, Interval, StrOptions, fit_context
from sklearn_anime.utils._warnings import warn

# What "auto" stands for, for ratings and for lists; None lets all neighbors lend.
AUTO = {
    "user": {"n_neighbors": (80, 80), "similarity_power": (1.0, 3.0), "shrinkage": (2.0, None)},
    "item": {"n_neighbors": (None, 50), "similarity_power": (2.5, 3.0), "shrinkage": (0.03, None)},
}
# Of the nearest that an index finds, those alone lend for a prediction who have the rating.
AUTO_WITH_INDEX = {"user": {"n_neighbors": (400, 80)}, "item": {}}
FACTORizED = ("n_components", "baseline", "user", "item")  # parameters that partial_fit has to keep
SEEN_BALANCE = 0.5  # power of the singular values in the space of what was seen


def _has_factors(model):
    """Return whether there are factors, or will be; raw vectors are none.

    They would make one feature of every item and of every user.
    """
    space = getattr(model, "_taste", None)
    return model.n_components is not None if space is None else space.components is not None


class SVDNeighborsRecommender(FactorsMixin, RatingRegressorMixin, RecommenderMixin, BaseEstimator):
    """Predict and recommend from near users, or from near items, in SVD space.

    What the baseline leaves over of the ratings is a sparse matrix of users x items. Its truncated
    SVD gives each user and each item a place. Near users lend their ratings to each other; or, on the
    item axis, the near ones among the items that a user has rated lend theirs to the others. Lists use
    a second SVD, that of the matrix of what was seen.

    Parameters
    ----------
    n_components : int or None, default=64
        Dimensions of the SVD. None skips it and compares the raw vectors by cosine. The item axis
        gains from more of them, such as 512.

    n_neighbors : int or "auto", default="auto"
        How many near ones lend: for a prediction, the nearest of those who have the rating; for a
        list, the nearest of all. Where several are equally near at the edge, all of them lend.
        ``"auto"`` is 80 on the user axis, but 400 for a prediction with an index in `neighbors`; on
        the item axis it is all rated items for a prediction, and 50 for a list.

    axis : {"user", "item"}, default="user"
        Whether near users or near items lend their ratings.

    baseline : "bias", None or regressor, default="bias"
        What is predicted before neighbors are asked, and taken off the ratings first: user and item
        biases, as `BiasRegressor` fits them; None, where the ratings are factorized as they are, and
        neighbors move a prediction away from the mean rating; or any regressor on rows of user
        and item, which is cloned.

    similarity_power : float or "auto", default="auto"
        Power of the cosine in the weight of a neighbor; large ones listen to the nearest alone.
        ``"auto"`` is 3 for a list; for a prediction it is 1 on the user axis and 2.5 on the item
        axis.

    shrinkage : float or "auto", default="auto"
        Pull of predictions towards the baseline, in units of full similarity: neighbors whose
        weights add up to `shrinkage` move the prediction half way. ``"auto"`` is 2 on the user axis
        and 0.03 on the item axis, where few components gain from more, such as 0.1 for 64.

    neighbors : object with ``fit`` and ``kneighbors``, default=None
        Index of near ones, such as `FaissNeighbors`; it is cloned. None searches all of them, in
        blocks. For a prediction, its nearest of all are asked as far as they have the rating, which
        are fewer and farther than the nearest of those who have it: even with an exact index, the
        error is larger (see the notes), and the recall of the index does not show it. Where all
        others lend, and in ``kneighbors``, ``similar_users`` and ``similar_items``, it is not asked.
        With ``n_components=None`` it has to take sparse vectors, as
        :class:`sklearn.neighbors.NearestNeighbors` does and `FaissNeighbors` does not.

    clip : bool, default=True
        Whether to clip predictions to the range of the ratings seen.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    random_state : int, RandomState instance or None, default=None
        Seed of the randomized SVD of large tables. There single predictions and lists depend on it;
        their quality over the whole table hardly does. Tables of up to 1000 users and 10,000 items,
        or the other way round, get an exact SVD, without a seed.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, n_components) and \
            (n_items, n_components)
        Places of users (their residuals projected on the right singular vectors) and of items
        (these vectors times the singular values), in the order of ``users_`` and ``items_``.
        With ``n_components=None``, the sparse residual matrix and its transpose.

    components_ : ndarray of shape (n_components, n_items)
        Right singular vectors. None with ``n_components=None``, as the two that follow.

    singular_values_ : ndarray of shape (n_components,)
        Singular values, falling.

    explained_variance_ratio_ : ndarray of shape (n_components,)
        Share that each component holds of the squared residuals; of the squared ratings with
        ``baseline=None``.

    mean_rating_ : float
        Weighted mean of the ratings.

    user_bias_, item_bias_ : ndarray of shape (n_users,) and (n_items,)
        Biases, as `BiasRegressor` fits them; None with another baseline.

    users_, items_ : ndarray of shape (n_users,) and (n_items,)
        The ids of ``fit``, sorted; those that ``partial_fit`` brought come after them.

    interactions_ : Interactions
        What was seen.

    n_features_in_ : int
        Number of columns of ``X``.

    feature_names_in_ : ndarray of str
        Names of the columns of ``X``, where they are all text.

    See Also
    --------
    FaissNeighbors : Approximate search for very many users.
    sklearn_anime.baseline.BiasRegressor : The baseline below.
    sklearn_anime.neural_network.EmbeddingRegressor : Learns the places by gradient descent.

    Notes
    -----
    With ``r`` the residuals of the baseline ``b``, the prediction on the user axis is

    ``b(u, i) + sum(w(u, v) * r(v, i)) / (sum(w(u, v)) + shrinkage)``

    over the nearest users ``v != u`` who have rated ``i`` [1]_, with
    ``w = max(cosine, 0)**similarity_power`` times the sample weight of the rating that is lent. On
    the item axis it is

    ``b(u, i) + sum(w(i, j) * r(u, j)) / (sum(w(i, j)) + shrinkage)``

    over the items ``j != i`` that ``u`` has rated [2]_. The cosine is that of the places in the SVD of
    the residuals, which ``user_factors_``, ``item_factors_`` and ``transform`` give.

    Lists of the user axis rank by ``sum(w(u, v) * y(v, i))`` over the nearest users, so that what many
    near ones have seen and liked comes first. Those of the item axis let each seen item ``j`` share
    out ``y(u, j)`` among the items nearest to it, in proportion to ``w(i, j)``. What was seen and not
    rated counts as predicted by the baseline; for people who were not in ``fit``, biases follow from
    their history, and in place of another baseline stands the mean rating. Here the cosine is that of
    the places in the SVD of the matrix which is 1 where a user has seen an item, its components weighed
    by the square roots of their singular values: on real ratings it ranks far better than the SVD of
    the residuals, and better than that of the ratings or full weights. Sample weights do not enter it.
    Items that no neighbor reaches come last, the most popular first, with scores below all others,
    and below 0; with `min_rating` they are left out. Whoever has seen only what lies outside the
    components gets these alone.

    With an index, the nearest of all stand in for the nearest raters, of whom there may be none among
    them. On real ratings by 3,747 users, exact search over 80 raters predicts with an RMSE of 1.177; the
    80, 400 and 800 nearest of all with 1.192, 1.181 and 1.178, whether the index is exact or not.

    ``partial_fit`` keeps both SVDs and projects what is new on them. Fit again when the table has
    grown by a third or so, or when tastes have moved: the components know what ``fit`` saw.

    References
    ----------
    .. [1] Sarwar, Karypis, Konstan and Riedl (2000). Application of dimensionality reduction in
       recommender system: a case study. WebKDD 2000.
    .. [2] Sarwar, Karypis, Konstan and Riedl (2001). Item-based collaborative filtering recommendation
       algorithms. WWW 2001, 285-295.

    Examples
    --------
    >>> from sklearn_anime.neighbors import SVDNeighborsRecommender
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["bob", "Bleach"],
    ...      ["bob", "Clannad"], ["cat", "Akira"], ["cat", "Bleach"], ["cat", "Durarara"]]
    >>> model = SVDNeighborsRecommender(n_components=2, n_neighbors=2, random_state=0)
    >>> model = model.fit(X, [9, 2, 10, 1, 8, 2, 9, 7])
    >>> model.similar_users("ann", n_users=1)["neighbor"].tolist()
    ['bob']
    >>> model.recommend("ann", n_items=1)["item"].tolist()
    ['Clannad']
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "axis": [StrOptions(set(AUTO))],
        "baseline": [StrOptions({"bias"}), HasMethods(["fit", "predict"]), None],
        "similarity_power": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "shrinkage": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "neighbors": [HasMethods(["fit", "kneighbors"]), None],
        "clip": ["boolean"],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int | None = 64,
        n_neighbors: int | str = "auto",
        *,
        axis: str = "user",
        baseline: Any = "bias",
        similarity_power: float | str = "auto",
        shrinkage: float | str = "auto",
        neighbors: Any = None,
        clip: bool = True,
        user: int | str = 0,
        item: int | str = 1,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.axis = axis
        self.baseline = baseline
        self.similarity_power = similarity_power
        self.shrinkage = shrinkage
        self.neighbors = neighbors
        self.clip = clip
        self.user = user
        self.item = item
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the baseline, and factorize what it leaves over and what was seen.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user and item; further columns are not used.

        y : array-like of shape (n_rows,)
            Ratings; NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows: in the baseline, and of a rating that is lent for a prediction.

        Returns
        -------
        SVDNeighborsRecommender
            This estimator.
        """
        self._check_index()
        interactions = Interactions.from_rows(X, y, sample_weight, user=self.user, item=self.item)
        self._warn_of_sizes(interactions.shape)
        n_components = self.n_components and min(self.n_components, *interactions.shape)
        space = partial(
            Space.fit, n_components=n_components, random_state=check_random_state(self.random_state)
        )
        fitted = self._fitted(interactions, space, partial(space, balance=SEEN_BALANCE))
        validate_data(self, X, skip_check_array=True)
        return self._store(fitted)

    @fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Let new ratings, users and items join, without a new SVD.

        The first call is a ``fit``. Later ones fit the baseline anew to all that was seen, and project
        users and items on the components of the first. A first table too small for `n_components`
        fixes a smaller number of them for good, so begin with a large one; `n_components`, `user`,
        `item`, and whether `baseline` is None cannot change before the next ``fit``.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``. A pair that was seen before counts as repeated.

        y : array-like of shape (n_rows,)
            Ratings; NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        Returns
        -------
        SVDNeighborsRecommender
            This estimator.
        """
        if not hasattr(self, "interactions_"):
            return self.fit(X, y, sample_weight)
        self._check_index()
        self._check_unchanged()
        validate_data(self, X, reset=False, skip_check_array=True)
        interactions = self.interactions_.extended(X, y, sample_weight)
        return self._store(self._fitted(interactions, self._taste.extended, self._seen.extended))

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the rating of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        Returns
        -------
        ndarray of shape (n_rows,)
            Ratings; those of the baseline for unknown users and items.
        """
        return self._rate(*self._encode(X))

    def recommend(
        self,
        users: ArrayLike | None = None,
        n_items: int = 10,
        *,
        min_rating: float | None = None,
        history: Any = None,
        items: ArrayLike | None = None,
        exclude_seen: bool = True,
        include: ArrayLike | None = None,
        exclude: ArrayLike | None = None,
    ) -> Any:
        """Recommend what near users liked, or what lies near the items seen.

        Parameters
        ----------
        users, n_items, history, items, exclude_seen, include, exclude
            As for every recommender: see
            :meth:`sklearn_anime.base.RecommenderMixin.recommend`.

        min_rating : float, default=None
            Sum only ratings at or above it, and leave out items that get none. None sums all of
            them, and what was seen without a rating.

        Returns
        -------
        DataFrame
            User, item, ``score`` (sum of ratings, each times the weight of the neighbor) and
            ``rank``.
        """
        check_is_fitted(self)
        lists = self._lists
        if min_rating is not None:
            check_scalar(min_rating, "min_rating", Real)
            if np.isnan(min_rating):
                raise ValueError(
                    "min_rating=nan is no rating. Give a number, or None to sum all ratings."
                )
            lists = lists.at_least(min_rating, self.interactions_)
        scoring = object.__new__(type(self))
        vars(scoring).update(vars(self), _lists=lists, _fill=min_rating is None)
        return RecommenderMixin.recommend(
            scoring,
            users,
            n_items,
            history=history,
            items=items,
            exclude_seen=exclude_seen,
            include=include,
            exclude=exclude,
        )

    def kneighbors(
        self, ids: ArrayLike | None = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """Find the nearest users, or on the item axis items, by their residuals.

        Parameters
        ----------
        ids : array-like of ids or a single id, default=None
            Users (items) of ``fit``; None means all of them.

        n_neighbors : int, default=None
            How many to find, and all others where there are fewer; None means `n_neighbors`, and
            where that is ``"auto"`` as many as lend for a list.

        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_ids, n_neighbors)
            One minus the cosine, rising; only with `return_distance`.

        neighbors : ndarray of shape (n_ids, n_neighbors)
            Ids of the nearest.

        Raises
        ------
        KeyError
            If an id was not in the rows of ``fit``.
        """
        check_is_fitted(self)
        vocabulary = getattr(self.interactions_, f"{self._axis}s")
        ids = vocabulary.ids if ids is None else as_series(ids)
        n = self._n_neighbors[1] if n_neighbors is None else n_neighbors
        n = check_scalar(n, "n_neighbors", Integral, min_val=1)
        frame = nw.from_native(getattr(self, f"similar_{self._axis}s")(ids, n))
        # An id that is asked for twice is found once.
        rows, _ = pd.factorize(vocabulary.encode(ids, self._axis))
        shape = (rows.max(initial=-1) + 1, min(n, len(vocabulary) - 1))
        neighbors = frame["neighbor"].to_numpy().reshape(shape)[rows]
        if not return_distance:
            return neighbors
        return 1 - frame["similarity"].to_numpy().reshape(shape)[rows], neighbors

    def _rate(self, user_codes, item_codes, rows=None):
        """Return the rating of each pair, given as codes, and as rows where some codes are -1."""
        ratings = self._baseline.predict(user_codes, item_codes, rows)
        known = np.flatnonzero((user_codes >= 0) & (item_codes >= 0))
        ratings[known] += self._lenders.terms(*self._sides(user_codes[known], item_codes[known]))
        return np.clip(ratings, *self._rating_range(), out=ratings) if self.clip else ratings

    def _rate_block(self, rows):
        n_items = len(self.interactions_.items)
        users = np.repeat(rows.codes, n_items)
        return self._rate(users, np.tile(np.arange(n_items), len(rows.codes))).reshape(rows.shape)

    def _explain_rating(self, rows, item_code):
        codes = rows.codes[:1], np.array([item_code])
        baseline = self._baseline.predict(*codes)[0]
        one, other = (side[0] for side in self._sides(*codes))
        lenders, weights, shares = self._lenders.shares(one, other)
        predicted = baseline + shares.sum()
        clip = np.clip(predicted, *self._rating_range()) - predicted if self.clip else 0.0
        named = {"baseline": baseline} | ({"clip": clip} if clip else {})
        ratings = self._lent_ratings(lenders, other)
        return Terms(named, self._axis, lenders, weights, ratings, shares)

    _explain_score = _explain_rating

    def _warn_of_sizes(self, shape):
        """Warn of what is larger than the table of ``fit`` allows."""
        allowed = {"n_components": min(shape), "n_neighbors": _n_lenders(shape, self.axis)}
        asked = {name: getattr(self, name) for name in allowed}
        cuts = {n: asked[n] for n in asked if isinstance(asked[n], Integral) and asked[n] > allowed[n]}
        if not cuts:
            return
        names = " and ".join(f"{name}={n} (used: {allowed[name]})" for name, n in cuts.items())
        message = f"A table of {shape[0]} users and {shape[1]} items does not allow {names}."
        if "n_components" in cuts:
            message += " Calls of partial_fit keep that number of components: begin with a larger table."
        warn(message)

    def _check_index(self):
        if self.n_components is None and isinstance(self.neighbors, FaissNeighbors):
            raise ValueError(
                "n_components=None compares raw vectors, which are sparse, but FaissNeighbors needs "
                "dense ones. Set n_components, or use sklearn.neighbors.NearestNeighbors for neighbors."
            )

    def _check_unchanged(self):
        """Raise where a parameter that says what was factorized differs from that of ``fit``."""
        for name, before in self._factorised.items():
            now = getattr(self, name)
            changed = (before is None) != (now is None) if name == "baseline" else before != now
            if changed:
                raise ValueError(
                    f"{name} was {before!r} in fit and is {now!r} now, but partial_fit keeps the SVD of "
                    f"fit. Call fit with all rows, or set {name} back."
                )

    def _setting(self, name):
        """Return a setting for ratings and for lists, with what "auto" stands for."""
        value = getattr(self, name)
        auto = AUTO[self.axis] | (AUTO_WITH_INDEX[self.axis] if self.neighbors is not None else {})
        return auto[name] if value == "auto" else (value, value)

    def _fitted(self, interactions, taste_of, seen_of):
        """Return the state of a fitted model, given how a matrix becomes a space."""
        n_lenders = _n_lenders(interactions.shape, self.axis)
        n_neighbors = [n and min(n, n_lenders) for n in self._setting("n_neighbors")]
        baseline = fit_baseline(self.baseline, interactions)
        predicted = baseline.predict(interactions.row_codes, interactions.item_codes)
        residuals = interactions.rated_matrix(interactions.ratings - predicted)
        taste = taste_of(interactions.rated_matrix() if self.baseline is None else residuals)
        power = self._setting("similarity_power")
        lenders = Lenders(
            residuals=self._by_occasion(residuals),
            weights=self._by_occasion(interactions.rated_matrix(interactions.weights)),
            near=Neighborhood.fit(getattr(taste, f"{self.axis}s"), self.neighbors),
            n_neighbors=n_neighbors[0],
            power=power[0],
            shrinkage=self._setting("shrinkage")[0],
        )
        seen = seen_of(interactions.seen_matrix())
        lists = LISTS[self.axis]
        lists = lists.fit(interactions, seen, baseline, self.neighbors, n_neighbors[1], power[1])
        return {
            "interactions_": interactions,
            "_axis": self.axis,
            "_n_neighbors": n_neighbors,
            "_factorised": {name: getattr(self, name) for name in FACTORizED},
            "_baseline": baseline,
            "_taste": taste,
            "_seen": seen,
            "_lenders": lenders,
            "_lists": lists,
        }

    def _store(self, fitted):
        vars(self).update(fitted)
        taste, biases = self._taste, self._baseline
        self.user_factors_, self.item_factors_ = taste.users, taste.items
        self.components_, self.singular_values_ = taste.components, taste.singular_values
        self.explained_variance_ratio_ = taste.explained_variance_ratio
        self.mean_rating_ = biases.mean
        self.user_bias_, self.item_bias_ = getattr(biases, "user", None), getattr(biases, "item", None)
        return self

    def _sides(self, user_codes, item_codes):
        """Return who borrows and on what occasion: user and item, or the other way round."""
        return (user_codes, item_codes) if self._axis == "user" else (item_codes, user_codes)

    def _by_occasion(self, matrix):
        """Return a matrix of users x items with the occasions of lending as its rows."""
        return matrix.T.tocsr() if self.axis == "user" else matrix

    def _lent_ratings(self, lenders, occasion):
        occasions = np.full(len(lenders), occasion)
        users, items = self._sides(lenders, occasions)
        return self.interactions_.ratings_of(users, items)

    def _rating_range(self):
        ratings = self.interactions_.ratings
        return np.nanmin(ratings), np.nanmax(ratings)

    # Sums, where anything is reached and what stands in elsewhere, and the order of all.
    _block_width = 3

    _fill = True

    def _score_block(self, rows):
        sums, reached = self._lists.scores(rows, self.n_jobs)
        if not self._fill:
            return np.where(reached, sums, -np.inf)
        lowest = np.minimum(sums.min(axis=1, keepdims=True), 0.0)
        return np.where(reached, sums, lowest - 1 / (1 + self.interactions_.item_counts))


# Not in the class: what its body defines, scikit-learn wraps for `set_output`, and loses the condition.
for _name in ("transform", "fit_transform", "get_feature_names_out"):
    _method = available_if(_has_factors)(getattr(FactorsMixin, _name))
    setattr(SVDNeighborsRecommender, _name, _method)


def _n_lenders(shape, axis):
    """Return how many can lend at most in a table of so many users and items."""
    return max(shape[axis == "item"] - 1, 1)
