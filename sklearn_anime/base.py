"""What every recommender answers: the mixins that the estimators are built from."""

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_anime._explain import Terms, explanation_frame
from sklearn_anime._forget import ForgetMixin
from sklearn_anime._mixins import FactorsMixin, RatingRegressorMixin
from sklearn_anime._recommend import (
    Audience,
    Candidates,
    Scorer,
    recommendations,
    warn_of_context,
    warn_of_unknown,
)
from sklearn_anime._similar import cosine_similarity_of, similar_frame
from sklearn_anime.interactions._frames import tidy_frame
from sklearn_anime.interactions._rows import Rows
from sklearn_anime.interactions._vocabulary import warn_of_kinds
from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._estimator import EstimatorMixin
from sklearn_anime.utils._validation import check_count, check_flag

__all__ = ["FactorsMixin", "RatingRegressorMixin", "RecommenderMixin", "Terms"]


def _has_terms(model):
    """Return whether the scores of a model are sums that it can take apart."""
    return type(model)._explain_score is not RecommenderMixin._explain_score


class RecommenderMixin(ForgetMixin, EstimatorMixin):
    """Mixin of all recommenders.

    A recommender writes ``fit``, which sets ``interactions_`` (an
    :class:`~sklearn_anime.interactions.Interactions`), and ``_score_block``. Everything else follows.
    :func:`~sklearn_anime.utils.estimator_checks.check_recommender` tells whether it is right.

    Notes
    -----
    The hooks, of which only the first has to be written:

    ``_score_block(rows)``
        The score of every item of ``fit`` for some users, given as
        :class:`~sklearn_anime.interactions.UserRows`: a new float array of shape (n_users, n_items).
        -inf is not recommended.

    ``_has_history(rows)``
        Mask of the users who can be scored; the others get popular items. By default those with an
        interaction.

    ``_score_new_items(rows, features)``
        The score of items that ``fit`` has not seen, given their features: a float array of shape
        (n_users, n_new_items). By default an error, which asks for a model with features.

    ``_item_vectors()``, ``_user_vectors()``
        What ``similar_items`` and ``similar_users`` compare by cosine: arrays of shape (n_items, n) and
        (n_users, n), dense or sparse. By default the interaction matrix.

    ``_explain_score(rows, item_code)``
        The `Terms` of the score of one item for one user. Without it there is no ``explain``.

    ``_weighed_history(rows)``
        The interactions that are scored, as `UserRows`, and the weight of each by its age. By default
        all of them alike.

    ``_block_width``
        How many arrays of scores ``_score_block`` holds at once, for the size of the blocks.

    ``_warns_of_context``
        Whether ``recommend`` warns that columns of context are replaced by their mean per item.

    ``_score_falls_with_rank``
        Whether the score of a user's recommendations never rises with the rank. A recommender that
        ranks by more than the score sets it to False.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from sklearn_anime.base import RecommenderMixin
    >>> from sklearn_anime.interactions import Interactions
    >>> class Alphabetical(RecommenderMixin, BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         self.interactions_ = Interactions.from_rows(X, y, needs_ratings=False)
    ...         return self
    ...     def _score_block(self, rows):
    ...         return np.tile(-np.arange(rows.n_items, dtype=float), (len(rows.codes), 1))
    >>> Alphabetical().fit([["ann", "Bleach"], ["bob", "Akira"]]).recommend(["ann"])
      user   item  score  rank
    0  ann  Akira   -0.0     1
    """

    _block_width = 1
    _warns_of_context = True
    _score_falls_with_rank = True

    def recommend(
        self,
        users: ArrayLike | None = None,
        n_items: int = 10,
        *,
        history: Any = None,
        items: ArrayLike | None = None,
        exclude_seen: bool = True,
        include: ArrayLike | None = None,
        exclude: Any = None,
        now: Any = None,
    ) -> Any:
        """Recommend items to users, best first.

        Parameters
        ----------
        users : array-like of ids or a single id, default=None
            Whom to recommend to. None means every user of ``fit`` or, with `history`, every user in
            it. Users without a history get the most popular items that they have not seen, and one
            warning counts them.

        n_items : int, default=10
            Number of items for each user. There are fewer where there are fewer candidates.

        history : array-like or DataFrame of shape (n_rows, n_columns), or (X, y), default=None
            Interactions `X` and their ratings `y`, for users who were not in ``fit``, or instead
            of what ``fit`` saw of those who were; the model is not fitted again. A DataFrame is read by
            name where ``fit`` had names: it has the user and the item column, and may leave out the
            time and features. An array has the user, the item and maybe the time alone, or all columns
            of ``fit``. Without times, the order of the rows is the time, oldest first.

        items : array-like or DataFrame of shape (n_new_items, n_columns), default=None
            New items: their ids and their features, under the names of ``fit`` or, in an array, in the
            order of ``fit``. They join the candidates; items of ``fit`` among them stay as they are.
            Only models that use features can score them.

        exclude_seen : bool, default=True
            Whether to leave out the items that a user has interacted with, rated or not.

        include : array-like of ids, default=None
            The only items to recommend from.

        exclude : array-like of ids or DataFrame of shape (n_pairs, 2), default=None
            Items to leave out; or a frame of users and items, to leave these items out for these users.
            Its columns have the names of ``fit``, or the user is in the first.

        now : number, str or datetime, default=None
            Recommend as of this moment, on the time column of ``fit``: later interactions are ignored,
            as if they had not happened yet, and one warning counts them. What ``fit`` has learned
            stays.

        Returns
        -------
        DataFrame
            One row per recommendation, sorted by the order of the users and then `rank`: the user
            and item columns under the names that ``fit`` saw (``user`` and ``item`` for arrays),
            ``score``, which never rises with the rank, and ``rank`` (1 is best). The score is NaN for
            users without a history, whose items are ranked by popularity. In the frame library of
            ``X``; pandas for arrays.
        """
        check_is_fitted(self)
        n_items = check_count(n_items, "n_items")
        exclude_seen = check_flag(exclude_seen, "exclude_seen")
        fitted = self.interactions_
        candidates = Candidates.select(fitted, items, include, exclude)
        audience = Audience.select(fitted, users, history, candidates.items, exclude_seen, now)
        audience = audience.without(exclude, fitted, candidates.items)
        if self._warns_of_context:
            warn_of_context(fitted.features)
        known = self._has_history(audience.rows)
        warn_of_unknown(audience, known, fitted.users, now, history is not None)
        n_jobs = getattr(self, "n_jobs", None)
        return recommendations(self._scorer(), audience, candidates, n_items, n_jobs, self._block_width)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the score of each row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows in the form of ``fit``.

        Returns
        -------
        ndarray of shape (n_rows,)
            Scores, by which ``recommend`` ranks; 0 for unknown users and items.
        """
        user_codes, item_codes, _ = self._encode(X)
        scores = np.zeros(len(user_codes))
        known = np.flatnonzero((user_codes >= 0) & (item_codes >= 0))
        users, positions = np.unique(user_codes[known], return_inverse=True)
        width = self._block_width * self.interactions_.n_items
        for block in batches(len(users), block_length(width)):
            in_block = np.flatnonzero((positions >= block.start) & (positions < block.stop))
            dense = self._score_block(self.interactions_.take(users[block]))
            pairs = known[in_block]
            scores[pairs] = dense[positions[in_block] - block.start, item_codes[pairs]]
        return scores

    def similar_items(self, items: ArrayLike, n_items: int = 10) -> Any:
        """Find the items most similar to some items.

        Similarity is the cosine of the items' factors where the model has them, else of their columns
        in the interaction matrix.

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
        return similar_frame(similarity, self.interactions_.items, items, n_items)

    def similar_users(self, users: ArrayLike, n_users: int = 10) -> Any:
        """Find the users most similar to some users.

        Similarity is the cosine of the users' factors where the model has them, else of their rows in
        the interaction matrix.

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
        return similar_frame(similarity, self.interactions_.users, users, n_users)

    @available_if(_has_terms)
    def explain(
        self,
        user: Hashable,
        item: Hashable,
        *,
        history: Any = None,
        of: str = "score",
        n: int = 5,
        now: Any = None,
    ) -> Any:
        """Return the terms that add up to a score or to a predicted rating.

        Parameters
        ----------
        user, item : id
            The pair to explain.

        history : array-like or DataFrame of shape (n_rows, n_columns), or (X, y), default=None
            Interactions of the user, as in ``recommend``.

        of : {"score", "rating"}, default="score"
            What to explain: the score by which ``recommend`` ranks, or the predicted rating, which
            only models of ratings have.

        n : int, default=5
            How many neighbors to show before the row ``rest``.

        now : number, str or datetime, default=None
            The moment to explain, as in ``recommend``.

        Returns
        -------
        DataFrame
            Columns ``term``, the item or the user column of ``fit`` (the neighbor that a term is
            about), ``weight``, ``rating`` and ``contribution``. The contributions add up to the score
            or the rating.

        Raises
        ------
        KeyError
            If the item was not in the rows of ``fit``, or the user neither there nor in `history`.

        ValueError
            If the user has no history to score from.
        """
        check_is_fitted(self)
        n = check_count(n, "n")
        fitted = self.interactions_
        (code,) = fitted.items.lookup([item])
        if history is None:
            fitted.users.lookup([user], "Give interactions of new users in history=.")
        rows = Audience.select(fitted, [user], history, fitted.items, now=now).rows
        explained = self._explainer(of)
        if not self._has_history(rows).all():
            raise ValueError(
                f"User {user!r} has no history that the model can score from: popular items are "
                f"recommended, without a score to explain. Give interactions in history=."
            )
        return explanation_frame(explained(rows, code), n, fitted)

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
        from sklearn_anime.metrics import ndcg_at_k

        _, _, rows = self._encode(X)
        relevant = tidy_frame(rows.user, rows.item)
        return ndcg_at_k(self.recommend(rows.user.unique(maintain_order=True)), relevant, k=10)

    @property
    def users_(self) -> np.ndarray:
        """Ids of the users of ``fit``, in the order of the rows of ``user_factors_`` and the like."""
        return self.interactions_.users.values

    @property
    def items_(self) -> np.ndarray:
        """Ids of the items of ``fit``, in the order of the rows of ``item_factors_`` and the like."""
        return self.interactions_.items.values

    def _encode(self, X):
        """Return the codes of users and items of rows (-1: unknown), and the rows."""
        check_is_fitted(self)
        fitted = self.interactions_
        rows = Rows.read(X, fitted.layout, self)
        codes = fitted.users.encode(rows.user), fitted.items.encode(rows.item)
        warn_of_kinds(fitted.users, rows.user, codes[0], "X")
        warn_of_kinds(fitted.items, rows.item, codes[1], "X")
        return *codes, rows

    def _scorer(self):
        """Return what ranks candidates."""
        return Scorer(self._score_candidates, self._has_history, self._popularity)

    def _as_of(self, now):
        """Return the table of ``fit`` up to a moment, or all of it."""
        table = self.interactions_
        return table if now is None or table.times is None else table.until(now)

    def _popularity(self, now):
        """Return by what items rank for users without a history."""
        return self._as_of(now).popularity

    def _score_candidates(self, audience, candidates):
        """Return the scores of the items of ``fit`` and of new ones."""
        scores = self._score_block(audience.rows)
        if candidates.new_features is None:
            return scores
        return np.hstack([scores, self._score_new_items(audience.rows, candidates.new_features)])

    def _explainer(self, of):
        """Return the hook that explains a score or a rating."""
        explainers = {"score": self._explain_score}
        if hasattr(self, "_explain_rating"):
            explainers["rating"] = self._explain_rating
        if of not in explainers:
            raise ValueError(
                f"of={of!r} is nothing that {type(self).__name__} can explain. Choose among "
                f"{list(explainers)}."
            )
        return explainers[of]

    # Hooks

    def _score_block(self, rows):
        raise NotImplementedError(f"{type(self).__name__} has to write _score_block(rows).")

    def _has_history(self, rows):
        return rows.row_lengths > 0

    def _weighed_history(self, rows):
        return rows, np.ones(len(rows.item_codes))

    def _score_new_items(self, rows, features):
        raise ValueError(
            f"{type(self).__name__} does not use item features, so it cannot score the new items in "
            f"items=. Leave items= out, or use a model with features."
        )

    def _item_vectors(self):
        return self.interactions_.seen_matrix().T.tocsr()

    def _user_vectors(self):
        return self.interactions_.seen_matrix()

    def _explain_score(self, rows, item_code):
        raise NotImplementedError(f"{type(self).__name__} has scores that are no sums.")
