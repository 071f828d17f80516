"""Users who lie near each other in the SVD of the ratings lend each other their opinions."""

import warnings
from functools import partial
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, check_scalar, gen_batches
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_anime._interactions import Interactions
from sklearn_anime._ranking import block_length
from sklearn_anime._rows import ID_COLUMN
from sklearn_anime.base import FactorsMixin, RatingRegressorMixin, RecommenderMixin
from sklearn_anime.baseline._bias import Biases
from sklearn_anime.neighbors._space import UserSpace, keep_largest
from sklearn_anime.utils._sklearn import Interval, fit_context

NO_WEIGHT = 1e-9  # a sum of similarities that are 0 up to rounding


def _has_factors(model):
    return model.n_components is not None


class SVDNeighborsRecommender(FactorsMixin, RatingRegressorMixin, RecommenderMixin, BaseEstimator):
    """Predict and recommend from the ratings of near users in SVD space.

    What the biases leave over of the ratings is a sparse matrix of users x items. Its truncated
    SVD gives each user a place; near users lend their ratings to each other. For lists, users are
    near who have seen the same: their places are those in the SVD of the matrix of what was seen.

    Parameters
    ----------
    n_components : int or None, default=64
        Dimensions of the SVD. None skips it and compares the raw vectors by cosine.

    n_neighbors : int, default=50
        How many near users lend their ratings: for a prediction, the nearest of those who have
        rated the item; for a list, the nearest of all.

    shrinkage : float, default=3.0
        Pull of predictions towards the baseline, in units of full similarity: neighbours whose
        weights add up to `shrinkage` move the prediction half way.

    clip : bool, default=True
        Whether to clip predictions to the range of the ratings seen.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    random_state : int, RandomState instance or None, default=None
        Seed of the randomized SVD.

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
        Share of the squared residuals that each component holds.

    mean_rating_ : float
        Weighted mean of the ratings.

    user_bias_, item_bias_ : ndarray of shape (n_users,) and (n_items,)
        Biases, as `BiasRegressor` fits them.

    users_, items_ : ndarray of shape (n_users,) and (n_items,)
        The ids of ``fit``, sorted.

    interactions_ : Interactions
        What ``fit`` saw.

    n_features_in_ : int
        Number of columns of ``X``.

    feature_names_in_ : ndarray of str
        Names of the columns of ``X``, where they are all text.

    See Also
    --------
    sklearn_anime.baseline.BiasRegressor : The baseline below.
    sklearn_anime.neural_network.EmbeddingRegressor : Learns the places by gradient descent.

    Notes
    -----
    With ``r`` the residuals of the baseline ``b`` and ``w = max(cosine(u, v), 0)`` times the sample
    weight of the neighbour's rating, the prediction is

    ``b(u, i) + sum(w(u, v) * r(v, i)) / (sum(w(u, v)) + shrinkage)``

    over the nearest users ``v != u`` who have rated ``i`` [1]_. The cosine is that of the places in
    the SVD of the residuals, which ``user_factors_``, ``transform`` and ``similar_users`` give.

    Lists rank by ``sum(max(cosine(u, v), 0) * y(v, i))`` over the nearest users, so that what many
    near ones have seen and liked comes first; what ``v`` has seen and not rated counts as predicted
    by the baseline. Here the cosine is that of the places in the SVD of the matrix which is 1 where
    a user has seen an item: it ranks far better than that of the residuals. Sample weights do not
    enter it. Titles that no near user has seen come last, the most popular first, with a score
    from -1 to 0; with `min_rating` they are left out.

    References
    ----------
    .. [1] Sarwar, Karypis, Konstan and Riedl (2000). Application of dimensionality reduction in
       recommender system: a case study. WebKDD 2000.

    Examples
    --------
    >>> from sklearn_anime.neighbors import SVDNeighborsRecommender
    >>> X = [["ann", "Akira"], ["ann", "Bleach"], ["bob", "Akira"], ["bob", "Bleach"],
    ...      ["bob", "Clannad"], ["cat", "Akira"], ["cat", "Bleach"], ["cat", "Durarara"]]
    >>> model = SVDNeighborsRecommender(n_components=2, n_neighbors=2, random_state=0)
    >>> model = model.fit(X, [9, 2, 10, 1, 8, 2, 9, 7])
    >>> model.similar_users("ann", n_users=1)["neighbour"].tolist()
    ['bob']
    >>> model.recommend("ann", n_items=1)["item"].tolist()
    ['Clannad']
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "shrinkage": [Interval(Real, 0, None, closed="left")],
        "clip": ["boolean"],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int | None = 64,
        n_neighbors: int = 50,
        *,
        shrinkage: float = 3.0,
        clip: bool = True,
        user: int | str = 0,
        item: int | str = 1,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.shrinkage = shrinkage
        self.clip = clip
        self.user = user
        self.item = item
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the baseline, and factorise what it leaves over.

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
        interactions = Interactions.from_rows(X, y, sample_weight, user=self.user, item=self.item)
        biases = Biases.fit(interactions)
        residuals = _residuals(interactions, biases)
        n_components, n_neighbors = self._sizes(interactions.shape)
        random_state = check_random_state(self.random_state)
        taste = UserSpace.fit(residuals, n_components, random_state)
        seen = UserSpace.fit(interactions.seen_matrix(), n_components, random_state)
        validate_data(self, X, skip_check_array=True)
        self.interactions_, self._biases, self._n_neighbors = interactions, biases, n_neighbors
        self._taste, self._seen = taste, seen
        self._residuals = residuals.tocsc()
        self._weights = interactions.rated_matrix(interactions.weights).tocsc()
        self.mean_rating_, self.user_bias_, self.item_bias_ = biases.mean, biases.user, biases.item
        self.user_factors_, self.item_factors_ = taste.users, taste.items
        self.components_, self.singular_values_ = taste.components, taste.singular_values
        self.explained_variance_ratio_ = taste.explained_variance_ratio
        return self

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
        user_codes, item_codes, _ = self._encode(X)
        ratings = self._biases.predict(user_codes, item_codes)
        known = np.flatnonzero((user_codes >= 0) & (item_codes >= 0))
        ratings[known] += self._neighbour_terms(user_codes[known], item_codes[known])
        if self.clip:
            np.clip(ratings, *self._rating_range(), out=ratings)
        return ratings

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
        """Recommend what near users have seen and liked, best first.

        Parameters
        ----------
        users, n_items, history, items, exclude_seen, include, exclude
            As for every recommender: see
            :meth:`sklearn_anime.base.RecommenderMixin.recommend`.

        min_rating : float, default=None
            Sum only the neighbours' ratings at or above it, and leave out titles that have none.
            None sums all of them, and what was seen without a rating.

        Returns
        -------
        DataFrame
            User, item, ``score`` (sum of the near users' ratings, each times their similarity) and
            ``rank``.
        """
        check_is_fitted(self)
        if min_rating is not None:
            check_scalar(min_rating, "min_rating", Real)
        return self._recommend(
            partial(self._score_block, lent=self._lent_ratings(min_rating), fill=min_rating is None),
            users,
            n_items,
            history=history,
            items=items,
            exclude_seen=exclude_seen,
            include=include,
            exclude=exclude,
        )

    # Raw vectors are no factors: they would make one feature of every item and of every user.
    transform = available_if(_has_factors)(FactorsMixin.transform)
    get_feature_names_out = available_if(_has_factors)(FactorsMixin.get_feature_names_out)

    def _sizes(self, shape):
        """Return n_components and n_neighbors as far as the matrix allows them."""
        allowed = {"n_components": min(shape), "n_neighbors": max(shape[0] - 1, 1)}
        asked = {name: getattr(self, name) for name in allowed}
        too_large = {name: n for name, n in asked.items() if n is not None and n > allowed[name]}
        if too_large:
            cuts = " and ".join(f"{name}={n} (used: {allowed[name]})" for name, n in too_large.items())
            warnings.warn(
                f"A table of {shape[0]} users and {shape[1]} items does not allow {cuts}.", stacklevel=4
            )
        return [n if n is None else min(n, allowed[name]) for name, n in asked.items()]

    def _rating_range(self):
        ratings = self.interactions_.ratings
        return np.nanmin(ratings), np.nanmax(ratings)

    def _neighbour_terms(self, user_codes, item_codes):
        """Return what the near raters add to the baseline of known pairs, item by item."""
        terms = np.zeros(len(user_codes))
        order = np.argsort(item_codes, kind="stable")
        bounds = np.flatnonzero(np.diff(item_codes[order])) + 1
        for pairs in np.split(order, bounds) if len(order) else ():
            raters, residuals, weights = self._raters_of(item_codes[pairs[0]])
            if len(raters) == 0:
                continue
            for block in gen_batches(len(pairs), block_length(len(raters))):
                users = user_codes[pairs[block]]
                near = self._taste.similarity(self._taste.directions[users], raters) * weights
                near[users[:, None] == raters] = 0.0
                keep_largest(near, self._n_neighbors)
                total = near.sum(axis=1) + self.shrinkage
                terms[pairs[block]] = near @ residuals / np.where(total > 0, total, 1.0)
        return terms

    def _raters_of(self, item):
        """Return the users who rated an item, their residuals and their weights."""
        span = slice(*self._residuals.indptr[item : item + 2])
        return self._residuals.indices[span], self._residuals.data[span], self._weights.data[span]

    def _lent_ratings(self, min_rating=None):
        """Return the ratings that users lend each other for lists, as a CSR matrix."""
        seen = self.interactions_
        if min_rating is not None:
            return seen.matrix_where(seen.ratings >= min_rating)
        predicted = self._biases.predict(seen.row_codes, seen.item_codes)
        return seen.seen_matrix(np.where(seen.rated, seen.ratings, predicted))

    def _score_block(self, rows, lent=None, fill=True):
        lent = self._lent_ratings() if lent is None else lent
        directions = self._seen.direct(rows.seen_matrix())
        last = -1 / (1 + self.interactions_.item_counts) if fill else -np.inf
        scores = np.empty(rows.shape)
        for block in gen_batches(len(rows.codes), block_length(len(self.users_))):
            near = self._seen.similarity(directions[block])
            known = np.flatnonzero(rows.codes[block] >= 0)
            near[known, rows.codes[block][known]] = 0.0
            keep_largest(near, self._n_neighbors)
            sums, lend = _weighted_sums(sparse.csr_matrix(near), lent)
            scores[block] = np.where(lend, sums, last)
        return scores


def _residuals(interactions, biases):
    """Return what the biases leave over of the ratings, as a CSR matrix."""
    baseline = biases.predict(interactions.row_codes, interactions.item_codes)
    return interactions.rated_matrix(interactions.ratings - baseline)


def _weighted_sums(weights, lent):
    """Return the weighted sums of what is lent, and where anything is lent at all."""
    sums = (weights @ lent).toarray()
    if lent.data.min(initial=1.0) > 0:
        return sums, sums > NO_WEIGHT
    ones = sparse.csr_matrix((np.ones_like(lent.data), lent.indices, lent.indptr), shape=lent.shape)
    return sums, (weights @ ones).toarray() > NO_WEIGHT
