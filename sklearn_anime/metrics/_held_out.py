"""From held-out rows to recommendations and what is relevant: what all ranking scores start from."""

from dataclasses import dataclass
from itertools import chain
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklearn_anime.interactions import Vocabulary
from sklearn_anime.interactions._frames import tidy_frame
from sklearn_anime.interactions._row_pairs import Pairs
from sklearn_anime.interactions._rows import Rows
from sklearn_anime.interactions._targets import check_ratings
from sklearn_anime.utils._groups import ranks_within
from sklearn_anime.utils._pipelines import find_recommender, id_columns, rows_of_recommender
from sklearn_anime.utils._sklearn import Interval, safe_indexing
from sklearn_anime.utils._warnings import warn


@dataclass(frozen=True)
class HeldOut:
    """How rows that ``fit`` has not seen evaluate a recommender.

    Attributes
    ----------
    relevant : float or None
        Rating from which on a row counts as relevant; None counts every row.

    history : float or None
        Share of the rows of each user that is folded in before the others are looked for.

    sample_users : int or None
        How many users to draw; None takes all.

    random_state : int, RandomState instance or None
        Seed of the draws.
    """

    relevant: Any
    history: Any
    sample_users: Any
    random_state: Any

    CONSTRAINTS = {
        "k": [Interval(Integral, 1, None, closed="left")],
        "relevant": [Real, None],
        "history": [Interval(Real, 0, 1, closed="neither"), None],
        "sample_users": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    }

    def lists(self, estimator, X, y, k):
        """Return the recommender, its recommendations for the users of the rows, and the relevant rows.

        Parameters
        ----------
        estimator : estimator
            A fitted recommender, or a pipeline or search that ends in one.

        X, y : array-like
            Rows that it has not seen, in the form of its ``fit``.

        k : int
            Number of recommendations per user.

        Returns
        -------
        recommender : estimator
            The recommender.

        recommended, relevant : DataFrame
            Tidy frames, as the metrics take them.
        """
        recommender, X = find_recommender(estimator), rows_of_recommender(estimator, X)
        rows = Rows.parse(X, **id_columns(recommender))
        users, codes = Vocabulary.from_series(rows.user, "user")
        random_state = check_random_state(self.random_state)
        past = self._past(codes, random_state)
        to_find = self._to_find(y, rows, past)
        evaluation = self._of_drawn_users(to_find, codes, random_state)
        pairs = rows.user[evaluation], rows.item[evaluation]
        misses = _misses(recommender, *pairs) if self.history is None else ()  # it stands in for fit
        for message in chain(_left_out(codes, to_find), misses, _short_lists(recommender, k)):
            warn(message)
        history = {} if self.history is None else {"history": _history(X, y, np.flatnonzero(past))}
        asked = users.decode(np.unique(codes[evaluation])).to_native()
        return recommender, recommender.recommend(asked, n_items=k, **history), tidy_frame(*pairs)

    def _past(self, codes, random_state):
        """Return which rows are folded in: a share of those of each user, rounded down."""
        if self.history is None:
            return np.zeros(len(codes), dtype=bool)
        keys, sizes = random_state.random_sample(len(codes)), np.bincount(codes)
        past = ranks_within(codes, -keys) <= np.floor(self.history * sizes)[codes]
        if not past.any():
            raise ValueError(
                f"history={self.history} of the rows of a user is less than one row: no user of X has "
                f"more than {sizes.max()}. Raise it, or score users with more rows."
            )
        return past

    def _to_find(self, y, rows, past):
        """Return the relevant rows that the past does not give away."""
        pairs = Pairs.from_rows(rows)
        to_find = np.flatnonzero(self._is_relevant(y, len(rows)) & ~pairs.have(past)[pairs.of_row])
        if len(to_find) == 0:
            raise ValueError(
                f"No relevant row of X is left to find: all of them are in the history or repeat pairs "
                f"of it (history={self.history}). Lower it."
            )
        return to_find

    def _is_relevant(self, y, n_rows):
        if self.relevant is None:
            return np.ones(n_rows, dtype=bool)
        if y is None:
            raise ValueError(
                f"relevant={self.relevant} compares ratings, but y is None. Pass y, or relevant=None to "
                f"count every row."
            )
        ratings = check_ratings(y, n_rows)
        if not (ratings >= self.relevant).any():
            raise ValueError(
                f"No row of X is relevant: the largest rating is {np.fmax.reduce(ratings)} and "
                f"relevant={self.relevant}. Lower it, or pass relevant=None to count every row."
            )
        return ratings >= self.relevant

    def _of_drawn_users(self, to_find, codes, random_state):
        """Return the rows to find of the users who are drawn."""
        users = np.unique(codes[to_find])
        if self.sample_users is None or self.sample_users >= len(users):
            return to_find
        drawn = random_state.choice(users, self.sample_users, replace=False)
        return to_find[np.isin(codes[to_find], drawn)]


def _history(X, y, past):
    rows = safe_indexing(X, past)
    return rows if y is None else (rows, safe_indexing(y, past))


def _left_out(codes, to_find):
    n_users = codes.max() + 1
    n_left_out = n_users - len(np.unique(codes[to_find]))
    if n_left_out:
        yield f"{n_left_out} of {n_users} users of X have no relevant row and are left out."


def _misses(recommender, users, items):
    """Yield warnings about relevant pairs that cannot be recommended."""
    seen = getattr(recommender, "interactions_", None)
    if seen is None:
        return
    if (seen.items.encode(items) < 0).all():
        yield (
            "No relevant item was in the rows of fit, so none can be recommended. Score what is "
            "predicted for new items with make_rating_scorer."
        )
    n_seen = int(seen.holds(users, items).sum())
    if n_seen:
        yield (
            f"{n_seen} of {len(users)} relevant rows are pairs that fit has seen. What was seen is not "
            f"recommended again, so they count as misses: score rows that are not in training, and keep "
            f"repeated pairs on one side, as the splitters of sklearn_anime.model_selection do."
        )


def _short_lists(recommender, k):
    n_items = len(getattr(recommender, "items_", range(k)))
    if k > n_items:
        yield f"k={k} is more than the {n_items} items of fit: users get fewer recommendations."
