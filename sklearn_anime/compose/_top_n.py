"""Any regressor as a recommender: predict a rating for every candidate, and rank them."""

from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from sklearn_anime._recommend import Candidates, rank_pairs
from sklearn_anime.base import RatingRegressorMixin, RecommenderMixin
from sklearn_anime.interactions._columns import ColumnTable, extended
from sklearn_anime.interactions._ids import Vocabulary
from sklearn_anime.interactions._interactions import Interactions
from sklearn_anime.interactions._rows import (
    ID_COLUMN,
    Rows,
    as_table,
    check_ratings,
    id_places,
    table_columns,
    table_like,
)
from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._groups import first_rows
from sklearn_anime.utils._pipelines import find_recommender, has_columns
from sklearn_anime.utils._sklearn import HasMethods, Interval, fit_context, safe_indexing

WIDENING = 16  # columns that a pipeline may make of one, where the memory of a block is reckoned


class TopNRecommender(MetaEstimatorMixin, RatingRegressorMixin, RecommenderMixin, BaseEstimator):
    """Make a recommender of any regressor or pipeline: rank what it predicts.

    ``fit`` trains the regressor on the rated rows and remembers the feature columns of each item,
    as they are, and what each user has seen. ``recommend`` writes a row for every candidate, lets the
    regressor predict its rating and ranks the candidates by it. With another recommender as
    `candidates`, only the best of its list are predicted and ranked anew: two stages, as large sites
    do.

    Parameters
    ----------
    estimator : regressor
        Predicts the rating of a row of ``X``; any estimator with ``fit`` and ``predict``, such as a
        Pipeline that begins with a ColumnTransformer. It is cloned.

    candidates : recommender, default=None
        Proposes the items to predict, such as `PopularityRecommender`; a Pipeline that ends in one will
        do. It is cloned. None predicts every item that may be recommended.

    n_candidates : int, default=200
        How many items `candidates` proposes to each user, and so the length of the longest list there
        can be, new titles apart. Not used without `candidates`.

    user : int or str, default=0
        Position or name of the user column of ``X``.

    item : int or str, default=1
        Position or name of the item column of ``X``.

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
    A column that is constant within each item belongs to the item, one that is constant within each
    user to the user. Any other is context: for the pairs to predict, the median value of the item
    stands in (the most frequent one, where values have no order), and one warning says so.

    Lists made of predicted ratings alone are often poor: the best predicted titles are those that few
    have chosen and rated highly [1]_. A first stage that ranks by what people choose mends most of it.

    People who come with ``history=`` have their features from its rows; where it has none, they get
    those of a typical user. The regressor sees their id, which it does not know.

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
        "estimator": [HasMethods(["fit", "predict"])],
        "candidates": [HasMethods(["fit"]), None],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "user": ID_COLUMN,
        "item": ID_COLUMN,
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        candidates: BaseEstimator | None = None,
        n_candidates: int = 200,
        user: int | str = 0,
        item: int | str = 1,
    ):
        self.estimator = estimator
        self.candidates = candidates
        self.n_candidates = n_candidates
        self.user = user
        self.item = item

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the regressor on the rated rows, and the first stage on all of them.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user, item and whatever the regressor takes.

        y : array-like of shape (n_rows,)
            Ratings; NaN is "seen, not rated".

        Returns
        -------
        TopNRecommender
            This estimator.
        """
        self._check_stages()
        interactions = Interactions.from_rows(X, y, user=self.user, item=self.item, features=ColumnTable)
        template = RowTemplate.of(X, self.user, self.item)
        estimator = _fit_on_rated_rows(self.estimator, X, y)
        candidates = None if self.candidates is None else clone(self.candidates).fit(as_table(X), y)
        proposer = None if candidates is None else self._proposer_of(candidates, interactions)
        validate_data(self, X, skip_check_array=True)
        self.estimator_, self.candidates_ = estimator, candidates
        self.interactions_, self._template, self._proposer = interactions, template, proposer
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
            What the regressor predicts.
        """
        check_is_fitted(self)
        Rows.parse(X, user=self.user, item=self.item, estimator=self)
        return self.estimator_.predict(as_table(X))

    @property
    def item_features_(self):
        """Items and the columns of ``X`` that say something of them."""
        return self.interactions_.features.item_frame(self.interactions_.items.ids)

    @property
    def user_features_(self):
        """Users and the columns of ``X`` that say something of them."""
        return self.interactions_.features.user_frame(self.interactions_.users.ids)

    def _check_stages(self):
        if is_classifier(self.estimator):
            raise TypeError(
                f"estimator={self.estimator} predicts classes, which have no order to rank by. Give a "
                f"regressor."
            )
        if self.candidates is not None:
            find_recommender(self.candidates)

    def _proposer_of(self, fitted, interactions):
        """Return the recommender in a fitted first stage, once it is known to share users and items."""
        proposer = find_recommender(fitted)
        if not isinstance(proposer, RecommenderMixin):
            raise TypeError(
                f"candidates={fitted!r} is no recommender of this package. Let "
                f"{type(proposer).__name__} inherit from sklearn_anime.base.RecommenderMixin."
            )
        ours, theirs = interactions, proposer.interactions_
        sides = ("users", "items")
        same_ids = all(getattr(ours, s).index.equals(getattr(theirs, s).index) for s in sides)
        bare = proposer is fitted  # a pipeline may give its columns other names and places
        names = ours.users.name, ours.items.name
        if not same_ids or (bare and not has_columns(proposer, names, (self.user, self.item))):
            raise ValueError(
                f"candidates={fitted!r} has other users and items after fit than {type(self).__name__}. "
                f"Give both the same `user=` and `item=`, and let the steps of a pipeline keep the ids "
                f"and the rows as they are."
            )
        return proposer

    def _describe(self, audience, history):
        features = self.interactions_.features.of_users(audience.rows.codes)
        if history is not None:
            X = history[0] if isinstance(history, tuple) and len(history) == 2 else history
            features = self._features_from_history(features, audience.ids, X)
        return replace(audience, features=tuple(features))

    def _features_from_history(self, features, ids, X):
        """Return columns of users, with the values of those who are in a history taken from it."""
        rows, table = Rows.parse(X, user=self.user, item=self.item), self.interactions_.features
        if not (rows.others and features):
            return features
        validate_data(self, X, reset=False, skip_check_array=True)
        people, codes = Vocabulary.from_series(rows.user, "user")
        places = people.encode(ids, "user")
        kept_or_new = np.where(places < 0, np.arange(len(ids)), len(ids) + places)
        first = first_rows(codes)
        new = [
            column[first] for column, of_user in zip(rows.others, table.of_user, strict=True) if of_user
        ]
        return [extended(*pair)[kept_or_new] for pair in zip(features, new, strict=True)]

    def _rank_block(self, audience, score_block, candidates, n_items, exclude_seen):
        places, codes, counts = self._propose(audience, score_block, candidates, exclude_seen)
        known = (audience.rows.row_lengths > 0)[places]
        scores = np.where(known, 0.0, counts)  # strangers get what is popular
        scores[known] = self._predict_pairs(audience, candidates, places[known], codes[known])
        return rank_pairs(places, codes, scores, n_items)

    def _propose(self, audience, score_block, candidates, exclude_seen):
        """Return place of the user, code of the item and first score of the pairs, best first."""
        if self._proposer is None:
            everything = (score_block, candidates, len(candidates), exclude_seen)
            return super()._rank_block(audience, *everything)[:3]
        known, new = candidates.split(self.interactions_.n_items)
        # A first stage in a pipeline knows other columns than those of X.
        bare = self._proposer is self.candidates_
        people = audience if bare else self._proposer._describe(audience, None)
        places, codes, counts, _ = self._proposer._rank_block(
            people, self._proposer._score_block, known, self.n_candidates, exclude_seen
        )
        everyone = np.arange(len(audience))
        return (
            np.concatenate([places, np.repeat(everyone, len(new))]),
            np.concatenate([codes, np.tile(new, len(audience))]),
            np.concatenate([counts, np.zeros(len(new) * len(audience))]),
        )

    def _score_block(self, rows):
        return np.zeros(rows.shape)  # before the regressor speaks, all titles are alike

    def _score_candidates(self, rows, score_block, candidates):
        known = super()._score_candidates(rows, score_block, replace(candidates, new_features=None))
        return np.pad(known, [(0, 0), (0, len(candidates) - rows.n_items)])

    def _rate_items(self, user):
        self.interactions_.users.lookup([user], "user")
        audience = self._describe(self._audience([user], None), None)
        candidates = Candidates.select(self.interactions_)
        return self._predict_pairs(
            audience, candidates, np.zeros(len(candidates), int), candidates.codes
        )

    def _predict_pairs(self, audience, candidates, places, codes):
        """Return the predicted rating of pairs of a user and an item."""
        table = self.interactions_.features
        if candidates.new_features is not None:
            table = table.with_items(candidates.new_features)
        ratings = np.empty(len(places))
        for block in batches(len(places), block_length(WIDENING * self.n_features_in_)):
            users, items = places[block], codes[block]
            columns = table.rows([column[users] for column in audience.features], items)
            rows = self._template.write(audience.ids[users], candidates.items.decode(items), columns)
            ratings[block] = column_or_1d(self.estimator_.predict(rows))
        if np.isnan(ratings).any():
            raise ValueError(
                f"{self.estimator_!r} predicts NaN for {np.isnan(ratings).sum()} of {len(ratings)} "
                f"pairs, which cannot be ranked. Let it predict a number for every row."
            )
        return ratings


def _fit_on_rated_rows(estimator, X, y):
    ratings = check_ratings(y, len(as_table(X)))
    rated = np.flatnonzero(~np.isnan(ratings))
    return clone(estimator).fit(safe_indexing(as_table(X), rated), ratings[rated])


@dataclass(frozen=True)
class RowTemplate:
    """The form of ``X``: how columns become rows that the regressor can take.

    Attributes
    ----------
    empty : DataFrame or ndarray
        ``X`` without its rows.

    user, item : int
        Positions of the id columns.
    """

    empty: Any
    user: int
    item: int

    @classmethod
    def of(cls, X, user, item):
        """Remember the form of ``X``."""
        return cls(as_table(X)[:0], *id_places(*table_columns(X), user, item))

    def write(self, users, items, others):
        """Return rows of ids and further columns in the form of ``X``."""
        columns = list(others)
        for place, ids in sorted([(self.user, users), (self.item, items)], key=lambda pair: pair[0]):
            columns.insert(place, ids)
        return table_like(self.empty, columns)
