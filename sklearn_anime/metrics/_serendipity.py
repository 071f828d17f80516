"""Relevant items that an obvious recommender would not have shown."""

from typing import Any

import numpy as np

from sklearn_anime.interactions import Vocabulary
from sklearn_anime.interactions._frames import tidy_frame
from sklearn_anime.interactions._pairs import PairIndex, pair_keys
from sklearn_anime.metrics._relevance import (
    Evaluation,
    Rankings,
    check_roles,
    comparable_codes,
    mean_over_users,
    validate_k,
)


@validate_k
def serendipity(recommended: Any, relevant: Any, expected: Any, k: int = 10) -> float:
    r"""Compute the share of the recommendations that is relevant and unexpected.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    relevant : DataFrame or array-like of shape (n_rows, n_columns)
        What is relevant: user and item in the first two columns. Rows whose ``gain`` is 0 do not count.

    expected : DataFrame
        What an obvious recommender shows the same users, such as the recommendations of
        `PopularityRecommender`, in the form of `recommended`; its first `k` items count.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Mean over the users with a relevant item, in [0, 1]: 0 where all hits were to be expected, the
        precision where none was. NaN without such users.

    Raises
    ------
    ValueError
        If `recommended` or `expected` has neither ranks nor scores, or lists an item twice for a user.

    Warns
    -----
    UserWarning
        If users have no relevant item; they are left out.

    See Also
    --------
    precision_at_k : Counts all hits.
    novelty : Tells how little known recommended items are, relevant or not.

    Notes
    -----
    With :math:`L_u` the first :math:`k` items for user :math:`u`, :math:`E_u` those to be expected and
    :math:`R_u` the relevant ones [1]_:

    .. math:: \mathrm{serendipity@}k = \frac{|(L_u \setminus E_u) \cap R_u|}{k}

    References
    ----------
    .. [1] Ge, Delgado-Battenfeld and Jannach (2010). Beyond accuracy: evaluating recommender systems
       by coverage and serendipity. RecSys, 257-260.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1, 1], "item": ["a", "b"], "rank": [1, 2]})
    >>> expected = pd.DataFrame({"user": [1, 1], "item": ["b", "c"], "rank": [1, 2]})
    >>> relevant = pd.DataFrame({"user": [1, 1], "item": ["a", "b"]})
    >>> serendipity(recommended, relevant, expected, k=2)  # "b" is relevant too, but expected
    0.5
    """
    check_roles(recommended, expected, "expected")
    evaluation = Evaluation.from_frames(_unexpected(recommended, expected, k), relevant)
    hits = evaluation.hits.top(k).sum()
    return mean_over_users(hits / k, evaluation.n_left_out, "no relevant item")


def _unexpected(recommended, expected, k):
    """Return the rows of recommendations that are not among the expected ones, with their ranks."""
    lists, obvious = (Rankings.from_frame(frame) for frame in (recommended, expected))
    obvious = obvious.top(k)
    users, user_codes = Vocabulary.from_series(obvious.user, "user")
    items, item_codes = Vocabulary.from_series(obvious.item, "item")
    order = np.argsort(pair_keys(user_codes, item_codes, len(items)))
    index = PairIndex(user_codes[order], item_codes[order], len(items))
    positions = index.positions(
        comparable_codes(users, lists.user, "recommended"),
        comparable_codes(items, lists.item, "recommended"),
    )
    kept = np.flatnonzero(positions < 0)
    return tidy_frame(lists.user[kept], lists.item[kept], rank=lists.ranks[kept])
