"""Any regressor as a recommender: predict a rating for every candidate, and rank them."""

from numbers import Integral
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted, column_or_1d

from sklearn_anime._recommend import Audience, Candidates, Reranker, Scorer, WithFeaturesOf
from sklearn_anime.base import RatingRegressorMixin, RecommenderMixin
from sklearn_anime.interactions import Interactions
from sklearn_anime.interactions._column import Column
from sklearn_anime.interactions._features import extended
from sklearn_anime.interactions._frames import TableForm, as_table, table_columns
from sklearn_anime.interactions._recency import TIME_COLUMN
from sklearn_anime.interactions._rows import ID_COLUMN, Rows
from sklearn_anime.interactions._targets import check_ratings, check_weights, times
from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._pipelines import find_recommender
from sklearn_anime.utils._sklearn import HasMethods, Interval, fit_context, safe_indexing
from sklearn_anime.utils._validation import check_predicts, check_takes_weights

WIDENING = 16  # columns that a pipeline may make of one, where the memory of a block is reckoned


class TopNRecommender(MetaEstimatorMixin, RatingRegressorMixin, RecommenderMixin, BaseEstimator):
    """Make a recommender of any regressor or pipeline: rank by predicted rating.

    ``fit`` trains the regressor on the rated rows and keeps the features and the interactions.
    ``recommend`` predicts the rating of every candidate and ranks by it. With another recommender as
    `candidates`, only the items that it ranks best are predicted and ranked again: two stages, a cheap
    one over the whole catalog and an accurate one over its result.

    Parameters
    ----------
    estimator : regressor
        Predicts the rating of a row of ``X``; any estimator with ``fit`` and ``predict``, such as a
        Pipeline that begins with a ColumnTransformer. It is cloned.

    candidates : recommender, default=None
        First stage, which selects the items to predict, such as `EASERecommender`; a Pipeline that ends
        in a recommender will do. It is cloned. None predicts every item that may be recommended.

    n_candidates : int, default=200
        How many items `candidates` selects for each user, and so the largest number of
        recommendations, new items apart. Not used without `candidates`.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

    time : int or str, default=None
        Position or name of the time column of ``X``, for `candidates`, which has to name the same one.
        The regressor gets it too; in the pairs that ``recommend`` predicts it is the newest time of
        ``fit``. It is neither feature nor context. None if there is none.

    n_jobs : int, default=None
        Number of threads that score blocks of users in ``recommend``.

    Attributes
    ----------
    estimator_ : regressor
        The fitted regressor.

    candidates_ : recommender or None
        The fitted first stage.

    item_features_, user_features_ : DataFrame of n_items and of n_users rows
        The ids and the columns of ``X`` that say something of the item (the form of `items`
        in ``recommend``), or of the user.

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
    sklearn_anime.baseline.PopularityRecommender : A quick first stage.
    sklearn_anime.neighbors.SVDNeighborsRecommender : A personal first stage, and factors as features.

    Notes
    -----
    A column that is constant within each item is a feature of the item, one that is constant within
    each user a feature of the user. Any other is context: for the pairs to predict, the mean of numbers
    and the most frequent value of others, over the rows of the item, stand in, and one warning says so.

    Rankings by predicted rating alone are often poor: the items with the best predictions are those
    that few users have chosen and rated highly [1]_. A first stage that ranks by interactions avoids
    most of that.

    Features of users in ``history=`` are read from its rows; where it has none, new users get those of a
    typical user. The regressor sees their id, which it does not know.

    References
    ----------
    .. [1] Cremonesi, Koren and Turrin (2010). Performance of recommender algorithms on top-n
       recommendation tasks. RecSys 2010.
    .. [2] Covington, Adams and Sargin (2016). Deep neural networks for YouTube recommendations. RecSys
       2016.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import OneHotEncoder
    >>> from sklearn_anime.compose import TopNRecommender
    >>> X = pd.DataFrame({
    ...     "user": ["ann", "ann", "bob", "bob"],
    ...     "item": ["Akira", "Bleach", "Bleach", "Clannad"],
    ...     "genre": ["Action", "Action", "Action", "Drama"],
    ... })
    >>> by_genre = make_pipeline(make_column_transformer((OneHotEncoder(), ["genre"])), Ridge())
    >>> model = TopNRecommender(by_genre).fit(X, [8, 7, 6, 10])
    >>> model.recommend("ann").round(2)
      user     item  score  rank
    0  ann  Clannad    9.1     1
    >>> model.recommend("ann", items=[["Durarara", "Action"]], include=["Durarara"]).round(2)
      user      item  score  rank
    0  ann  Durarara    7.3     1
    """

    _block_width = 6  # the pairs of a block, their ratings and their order are arrays of its size

    _parameter_constraints = {
        "estimator": [HasMethods(["fit"])],
        "candidates": [HasMethods(["fit"]), None],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
        "time": TIME_COLUMN,
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        candidates: BaseEstimator | None = None,
        n_candidates: int = 200,
        user: int | str = 0,
        item: int | str = 1,
        time: int | str | None = None,
        n_jobs: int | None = None,
    ):
        self.estimator = estimator
        self.candidates = candidates
        self.n_candidates = n_candidates
        self.user = user
        self.item = item
        self.time = time
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the regressor on the rated rows, and the first stage on all of them.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user, item and whatever the regressor takes.

        y : array-like of shape (n_rows,)
            Ratings; NaN is "seen, not rated".

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, for the regressor and for `candidates`, which have to take them; by
            their requests where scikit-learn's metadata routing is enabled.

        Returns
        -------
        TopNRecommender
            This estimator.
        """
        self._check_stages()
        interactions = Interactions.from_rows(
            X, y, sample_weight, user=self.user, item=self.item, time=self.time, features="columns"
        )
        weights = self._weights(X, sample_weight)
        estimator, candidates = _fit_on_rated_rows(self.estimator, X, y, weights["estimator"]), None
        if self.candidates is not None:
            candidates = clone(self.candidates).fit(as_table(X), y, **weights["candidates"])
            self._first_stage(candidates, interactions)
        return self._set_fitted(
            X,
            estimator_=estimator,
            candidates_=candidates,
            interactions_=interactions,
            _form=TableForm.of(X),
            _newest=_newest(X, interactions.layout),
        )

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the rating of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        Returns
        -------
        ndarray of shape (n_rows,)
            What the regressor predicts.
        """
        check_is_fitted(self)
        Rows.read(X, self.interactions_.layout, self)
        return self.estimator_.predict(as_table(X))

    @property
    def item_features_(self):
        """Items and the columns of ``X`` that say something of them."""
        return self.interactions_.features.item_frame(self.interactions_.items.ids)

    @property
    def user_features_(self):
        """Users and the columns of ``X`` that say something of them."""
        return self.interactions_.features.user_frame(self.interactions_.users.ids)

    def get_metadata_routing(self):
        """Return which weights both stages get, for metadata routing.

        Returns
        -------
        MetadataRouter
            The requests of ``fit``.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        fits = MethodMapping().add(caller="fit", callee="fit")
        router.add(estimator=self.estimator, method_mapping=fits)
        if self.candidates is not None:
            router.add(candidates=self.candidates, method_mapping=fits)
        return router

    def _weights(self, X, sample_weight):
        """Return what each stage gets beside rows and ratings."""
        stages = {"estimator": self.estimator, "candidates": self.candidates}
        if sample_weight is None:
            return {name: {} for name in stages}
        given = {"sample_weight": check_weights(sample_weight, len(as_table(X)))}
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **given)
            return {name: routed.get(name, Bunch(fit={})).fit for name in stages}
        for stage in stages.values():
            check_takes_weights(stage)
        return dict.fromkeys(stages, given)

    def _check_stages(self):
        check_predicts(self.estimator, "estimator")
        if self.candidates is not None:
            find_recommender(self.candidates)

    def _first_stage(self, fitted, interactions):
        """Return the recommender in a fitted first stage, once it is known to share users and items."""
        recommender = find_recommender(fitted)
        if not isinstance(recommender, RecommenderMixin):
            raise TypeError(
                f"candidates={fitted!r} is no recommender of this package. Let "
                f"{type(recommender).__name__} inherit from sklearn_anime.base.RecommenderMixin."
            )
        ours, theirs = interactions, recommender.interactions_
        same_ids = all(
            getattr(ours, side).index.equals(getattr(theirs, side).index) for side in ("users", "items")
        )
        bare = recommender is fitted  # a pipeline may give its columns other names and positions
        if not same_ids or (bare and ours.layout != theirs.layout):
            raise ValueError(
                f"candidates={fitted!r} has other users and items after fit than {type(self).__name__}. "
                f"Give both the same `user=`, `item=` and `time=`, and let the steps of a pipeline keep "
                f"the ids and the rows as they are."
            )
        if theirs.clock not in (None, ours.clock):
            raise ValueError(
                f"candidates={fitted!r} reads times, and time={self.time!r} of {type(self).__name__} "
                f"names other ones. Give both the same `time=`."
            )
        return recommender

    def _scorer(self):
        fitted = self.interactions_
        if self.candidates_ is None:
            first = Scorer(_all_alike, self._has_history, self._popularity)
            n_candidates = fitted.n_items
        else:
            first, n_candidates = self._first_scorer(), self.n_candidates
        return Reranker(first, n_candidates, fitted.items, self._predict_pairs, self._has_history)

    def _first_scorer(self):
        """Return what selects the pairs to predict."""
        recommender = find_recommender(self.candidates_)
        scorer = recommender._scorer()
        if recommender is self.candidates_:
            return scorer
        return WithFeaturesOf(scorer, recommender.interactions_)  # a pipeline has other columns than X

    def _score_block(self, rows):
        """Return the predicted rating of every item for users of ``fit``."""
        fitted = self.interactions_
        audience = Audience(fitted.users.decode(rows.codes), rows, ())
        pairs = np.nonzero(np.ones(rows.shape, dtype=bool))
        return self._predict_pairs(audience, Candidates.select(fitted), *pairs).reshape(rows.shape)

    def _predict_pairs(self, audience, candidates, users, codes):
        """Return the predicted rating of pairs of a user and an item."""
        table, of_user = self.interactions_.features, audience.rows.user_series()
        of_item = [column.to_series() for column in table.item_columns]
        if candidates.new_features is not None:
            of_item = [extended(*pair) for pair in zip(of_item, candidates.new_features, strict=True)]
        ratings = np.empty(len(users))
        for block in batches(len(users), block_length(WIDENING * self.n_features_in_)):
            some, items = users[block], codes[block]
            ids = audience.ids[some], candidates.items.decode(items)
            others = table.combined([c[some] for c in of_user], [c[items] for c in of_item])
            ratings[block] = column_or_1d(self.estimator_.predict(self._write(ids, others)))
        if np.isnan(ratings).any():
            raise ValueError(
                f"{self.estimator_!r} predicts NaN for {np.isnan(ratings).sum()} of {len(ratings)} "
                f"pairs, which cannot be ranked. Let it predict a number for every row."
            )
        return ratings

    def _write(self, ids, others):
        """Return rows of ids and further columns in the form of ``X``."""
        layout, columns = self.interactions_.layout, list(others)
        placed = dict(zip((layout.user, layout.item), ids, strict=True))
        if layout.time is not None:
            placed[layout.time] = self._newest.to_series()[np.zeros(len(ids[0]), dtype=np.intp)]
        for position in sorted(placed):
            columns.insert(position, placed[position])
        return self._form.write(columns)


def _newest(X, layout):
    """Return the newest time of ``X`` as a column of one row; None without a time column."""
    if layout.time is None:
        return None
    columns, _ = table_columns(X)
    column = columns[layout.time]
    return Column.from_series(column[[int(np.argmax(times(column)))]])


def _all_alike(audience, candidates):
    return np.zeros((len(audience), len(candidates)))


def _fit_on_rated_rows(estimator, X, y, params):
    ratings = check_ratings(y, len(as_table(X)))
    rated = np.flatnonzero(~np.isnan(ratings))
    params = {name: safe_indexing(values, rated) for name, values in params.items()}
    return clone(estimator).fit(safe_indexing(as_table(X), rated), ratings[rated], **params)
