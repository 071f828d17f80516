"""What every recommender answers: the mixins that the estimators are built from."""

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, TransformerMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_scalar
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from sklearn_anime._recommend import Audience, Candidates, best_of, joined
from sklearn_anime._similar import cosine_similarity_of, similar_frame
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.interactions._rows import Rows, check_ratings, check_weights, tidy_frame
from sklearn_anime.metrics import ndcg_at_k
from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._doc_link import DocLinkMixin
from sklearn_anime.utils._sklearn import check_feature_names_in
from sklearn_anime.utils._warnings import warn

__all__ = ["FactorsMixin", "RatingRegressorMixin", "RecommenderMixin"]


class RecommenderMixin(DocLinkMixin):
    """Mixin of all recommenders: lists for people, and similar items and users.

    An estimator that inherits from it keeps the table of ``fit`` as ``interactions_`` and writes
    one method, ``_score_block(rows)``: a new float array of shape (n_users, n_items) with the
    score of every item of ``fit`` for the users of some rows (a `UserRows`).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from sklearn_anime.interactions._interactions import Interactions
    >>> from sklearn_anime.base import RecommenderMixin
    >>> class Alphabetical(RecommenderMixin, BaseEstimator):
    ...     user, item = 0, 1
    ...     def fit(self, X, y=None):
    ...         self.interactions_ = Interactions.from_rows(X, y, needs_ratings=False)
    ...         return self
    ...     def _score_block(self, rows):
    ...         return np.tile(-np.arange(rows.n_items, dtype=float), (len(rows.codes), 1))
    >>> Alphabetical().fit([["ann", "Bleach"], ["bob", "Akira"]]).recommend(["ann"])
      user   item  score  rank
    0  ann  Akira   -0.0     1
    """

    def recommend(
        self,
        users: ArrayLike | None = None,
        n_items: int = 10,
        *,
        history: Any = None,
        items: ArrayLike | None = None,
        exclude_seen: bool = True,
        include: ArrayLike | None = None,
        exclude: ArrayLike | None = None,
    ) -> Any:
        """Recommend items to users, best first.

        Parameters
        ----------
        users : array-like of ids or a single id, default=None
            Whom to recommend to. None means every user of ``fit`` or, with `history`, every
            user in it. People without any history get the most popular items that they have
            not seen, and one warning counts them.

        n_items : int, default=10
            Length of each list. It is shorter where there are fewer candidates.

        history : array-like or DataFrame of shape (n_rows, n_columns), or (X, y), default=None
            What people have seen, and `y` how they rated it: rows in the form of ``fit``. It
            recommends to people who were not in ``fit``, or stands in for what ``fit`` saw of
            those who were; the model is not fitted again.

        items : array-like or DataFrame of shape (n_new_items, n_columns), default=None
            New titles, as rows of item id and item features: columns of the names of ``fit``, or
            else in its order. They join the candidates; those that ``fit`` knows are left as they
            are. Only models that use features can score them.

        exclude_seen : bool, default=True
            Whether to leave out what a user has seen, rated or not.

        include : array-like of ids, default=None
            The only items to recommend from.

        exclude : array-like of ids, default=None
            Items to leave out.

        Returns
        -------
        DataFrame
            One row per recommendation, sorted by the order of the users and then `rank`: the user
            and item columns under the names that ``fit`` saw (``user`` and ``item`` for arrays),
            ``score``, and ``rank`` (1 is best). For people without a history the score is the number
            of users who have seen the item. In the frame library of ``X``; pandas for arrays.
        """
        return self._recommend(
            self._score_block,
            users,
            n_items,
            history=history,
            items=items,
            exclude_seen=exclude_seen,
            include=include,
            exclude=exclude,
        )

    def similar_items(self, items: ArrayLike, n_items: int = 10) -> Any:
        """Find the items most like some items.

        Similarity is the cosine of the items' factors where the model has them, else of the
        items' columns in the matrix of what was seen.

        Parameters
        ----------
        items : array-like of ids or a single id
            Items of ``fit``.

        n_items : int, default=10
            How many to find for each.

        Returns
        -------
        DataFrame
            The item column, ``neighbor``, ``similarity`` in [-1, 1] and ``rank`` (1 is nearest).

        Raises
        ------
        KeyError
            If an item was not in the rows of ``fit``.
        """
        check_is_fitted(self)
        similarity = cosine_similarity_of(self._item_vectors())
        return similar_frame(similarity, self.interactions_.items, items, "item", n_items)

    def similar_users(self, users: ArrayLike, n_users: int = 10) -> Any:
        """Find the users most like some users.

        Similarity is the cosine of the users' factors where the model has them, else of the
        users' rows in the matrix of what was seen.

        Parameters
        ----------
        users : array-like of ids or a single id
            Users of ``fit``.

        n_users : int, default=10
            How many to find for each.

        Returns
        -------
        DataFrame
            The user column, ``neighbor``, ``similarity`` in [-1, 1] and ``rank`` (1 is nearest).

        Raises
        ------
        KeyError
            If a user was not in the rows of ``fit``.
        """
        check_is_fitted(self)
        similarity = cosine_similarity_of(self._user_vectors())
        return similar_frame(similarity, self.interactions_.users, users, "user", n_users)

    def score(self, X: ArrayLike, y: ArrayLike | None = None) -> float:
        """Return the ``NDCG@10`` of the recommendations to the users of ``X``.

        Every row of ``X`` is a relevant item of its user. What was in ``fit`` is not recommended
        again, so that the score of the training rows is 0.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows that ``fit`` has not seen.

        y : array-like of shape (n_rows,), default=None
            Not used.

        Returns
        -------
        float
            Mean over the users, in [0, 1].
        """
        _, _, rows = self._encode(X)
        relevant = tidy_frame(rows.user, rows.item)
        return ndcg_at_k(self.recommend(rows.user.unique(maintain_order=True)), relevant, k=10)

    @property
    def users_(self):
        """Ids of the users of ``fit``, in the order of the rows of ``user_factors_`` and the like."""
        return self.interactions_.users.values

    @property
    def items_(self):
        """Ids of the items of ``fit``, in the order of the rows of ``item_factors_`` and the like."""
        return self.interactions_.items.values

    _block_width = 1  # arrays of scores that a block takes at once, where its memory is reckoned

    @property
    def _n_jobs(self):
        return getattr(self, "n_jobs", None)

    def _encode(self, X):
        """Return the codes of users and items of rows (-1: unknown), and the rows."""
        check_is_fitted(self)
        rows = Rows.parse(X, user=self.user, item=self.item, estimator=self)
        users, items = self.interactions_.users, self.interactions_.items
        return users.encode(rows.user, "user"), items.encode(rows.item, "item"), rows

    def _recommend(self, score_block, users, n_items, *, history, items, exclude_seen, include, exclude):
        check_is_fitted(self)
        n_items = check_scalar(n_items, "n_items", Integral, min_val=1)
        audience = self._describe(self._audience(users, history), history)
        candidates = Candidates.select(self.interactions_, items, include, exclude)
        self._warn_of_context()
        self._warn_of_strangers(audience.rows)
        length = block_length(self._block_width * len(candidates), self._n_jobs)
        blocks = list(batches(len(audience), length))
        ranked = Parallel(n_jobs=self._n_jobs, prefer="threads")(
            delayed(self._rank_block)(
                audience.take(block), score_block, candidates, n_items, exclude_seen
            )
            for block in blocks
        )
        places, found, scores, ranks = joined(
            (places + block.start, *rest) for block, (places, *rest) in zip(blocks, ranked, strict=True)
        )
        return tidy_frame(audience.ids[places], candidates.items.decode(found), score=scores, rank=ranks)

    def _audience(self, users, history):
        """Return the people asked for and what they have seen."""
        fitted = self.interactions_
        if users is None and history is None:
            return Audience(fitted.users.ids, fitted)
        if history is not None:
            folded, newcomers = fitted.fold_in(history, user=self.user, item=self.item)
            users = newcomers.ids if users is None else users
        users = as_series(users)
        people = fitted.users.extend(users, "user")
        codes = pd.unique(people.encode(users, "user"))
        rows = fitted.take(np.where(codes < len(fitted.users), codes, -1))
        if history is not None:
            rows = rows.replace(folded, newcomers.encode(people.decode(codes), "user"))
        return Audience(people.decode(codes), rows)

    def _describe(self, audience, history):
        """Return the people with their columns of ``X``, in models that write rows of them."""
        return audience

    def _are_strangers(self, rows):
        """Return which users have no history to score from."""
        return rows.row_lengths == 0

    def _warn_of_strangers(self, rows):
        n_strangers = int(self._are_strangers(rows).sum())
        if n_strangers:
            warn(
                f"{n_strangers} of {len(rows.codes)} users have no history that fit or history= "
                f"knows: they get the most popular items."
            )

    def _warn_of_context(self):
        table = self.interactions_.features
        if table is not None and table.context.any():
            warn(
                f"Columns {table.context_names} of X are constant neither within each item nor within "
                f"each user: {table.STAND_IN} stands in for the pairs to score."
            )

    def _rank_block(self, audience, score_block, candidates, n_items, exclude_seen):
        """Return place of the user, code of the item, score and rank of the best of a block."""
        rows = audience.rows
        scores = self._score_candidates(rows, score_block, candidates)
        if exclude_seen:
            scores[rows.row_codes, rows.item_codes] = -np.inf
        places, found, values, ranks = best_of(candidates.restrict(scores), n_items)
        return places, candidates.codes[found], values, ranks

    def _score_candidates(self, rows, score_block, candidates):
        scores = score_block(rows)
        strangers = self._are_strangers(rows)
        scores[strangers] = self.interactions_.item_counts
        if candidates.new_features is None:
            return scores
        new = self._score_new_items(rows, candidates.new_features)
        return np.hstack([scores, np.where(strangers[:, None], 0.0, new)])

    def _score_new_items(self, rows, features):
        """Return the scores of titles that ``fit`` has not seen, given their features."""
        raise ValueError(
            f"{type(self).__name__} does not use item features, so it can say nothing of the new "
            f"titles in items=. Leave items= out, or use a model with features."
        )

    def _item_vectors(self):
        return self.interactions_.seen_matrix().T.tocsr()

    def _user_vectors(self):
        return self.interactions_.seen_matrix()


class FactorsMixin(TransformerMixin):
    """Mixin of models with ``user_factors_`` and ``item_factors_``: features and neighbors."""

    def transform(self, X: ArrayLike) -> Any:
        """Return the factors of the user and of the item of each row.

        They are features for any other estimator.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows of user and item, in the form of ``fit``.

        Returns
        -------
        ndarray of shape (n_rows, n_user_factors + n_item_factors)
            The factors of the user, then those of the item; zeros for unknown ids.
        """
        user_codes, item_codes, _ = self._encode(X)
        return np.hstack(
            [
                _rows_or_zeros(self._user_vectors(), user_codes),
                _rows_or_zeros(self._item_vectors(), item_codes),
            ]
        )

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the columns of ``transform``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of ``X``; checked, not used.

        Returns
        -------
        ndarray of str
            ``user_factor0``, ``user_factor1``, ..., ``item_factor0``, ...
        """
        check_is_fitted(self)
        check_feature_names_in(self, input_features)
        sides = (("user", self._user_vectors()), ("item", self._item_vectors()))
        return np.array(
            [f"{side}_factor{i}" for side, factors in sides for i in range(factors.shape[1])],
            dtype=object,
        )

    def _item_vectors(self):
        return self.item_factors_

    def _user_vectors(self):
        return self.user_factors_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


class RatingRegressorMixin(RegressorMixin):
    """Mixin of models that predict a rating for each row: regressors that bear NaN in ``y``."""

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the coefficient of determination R2 over the rated rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        y : array-like of shape (n_rows,)
            Ratings; rows where it is NaN are left out.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        Returns
        -------
        float
            1 is perfect, 0 as good as the mean of ``y``; it can be negative.
        """
        predicted = self.predict(X)
        ratings = check_ratings(y, len(predicted))
        weights = check_weights(sample_weight, len(predicted))
        rated = ~np.isnan(ratings)
        if not rated.any():
            raise ValueError(
                "Input y contains NaN only: there is no rating to compare predictions with."
            )
        return float(r2_score(ratings[rated], predicted[rated], sample_weight=weights[rated]))

    def _rate_items(self, user):
        """Return the predicted rating of every item of ``fit`` for one of its users.

        Models whose ``_score_block`` gives something other than ratings write their own.
        """
        users = self.interactions_.users
        return self._score_block(self.interactions_.take(users.lookup([user], "user")))[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # The common checks rate random ids, from which nothing can be learned.
        tags.regressor_tags.poor_score = True
        return tags


def _rows_or_zeros(factors, codes):
    return np.where((codes >= 0)[:, None], factors[codes], 0.0)
