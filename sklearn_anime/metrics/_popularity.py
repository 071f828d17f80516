"""How popular and how new recommended items are, given who has seen what."""

from typing import Any

import numpy as np

from sklearn_anime.interactions import Interactions
from sklearn_anime.metrics._relevance import (
    Rankings,
    appearance,
    check_roles,
    comparable_codes,
    mean_over_users,
    validate_k,
    warn_of_left_out,
)


@validate_k
def novelty(recommended: Any, interactions: Any, k: int = 10) -> float:
    r"""Compute the mean self-information of recommended items, in bits.

    An item that half of the users know says 1 bit, one that a quarter knows 2 bits, and so on.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    interactions : DataFrame or array-like of shape (n_rows, n_columns)
        Interactions: user and item in the first two columns, as in the rows ``X`` of
        ``fit``. Further columns are not used. Repeated pairs count once.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Mean over the users of the mean over their items, in [0, log2(n_users)] with `n_users` the
        number of users of `interactions`. NaN without recommendations.

    Raises
    ------
    ValueError
        If `recommended` has neither ranks nor scores, or `interactions` no rows.

    Warns
    -----
    UserWarning
        If there is no recommendation.

    See Also
    --------
    popularity_bias : Compares with how popular is what the same users have seen.

    Notes
    -----
    With :math:`n_i` of :math:`n` users of `interactions` who have seen item :math:`i`, a recommendation
    :math:`L` has [1]_, [2]_

    .. math:: \mathrm{novelty@}k = \frac{1}{|L|} \sum_{i \in L} -\log_2 \frac{n_i}{n}

    An item without interactions counts as if it had one.

    References
    ----------
    .. [1] Zhou, Kuscsik, Liu, Medo, Wakeling and Zhang (2010). Solving the apparent
       diversity-accuracy dilemma of recommender systems. PNAS 107(10), 4511-4515.

    .. [2] Castells, Vargas and Wang (2011). Novelty and diversity metrics for recommender systems:
       choice, discovery and relevance. Workshop on Diversity in Document Retrieval at ECIR, 29-37.

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"user": [1, 2, 3, 4, 4], "item": ["a", "a", "a", "a", "b"]})
    >>> recommended = pd.DataFrame({"user": [1, 1], "item": ["a", "b"], "rank": [1, 2]})
    >>> novelty(recommended, seen)  # (log2(4 / 4) + log2(4 / 1)) / 2
    1.0
    """
    seen, lists = _seen(recommended, interactions), Rankings.from_frame(recommended).top(k)
    n_users = np.append(np.maximum(seen.item_counts, 1), 1)  # at position -1: an unknown item
    bits = np.log2(len(seen.users) / n_users)
    bits_of_lists = _mean_of_each(appearance(lists.user), bits[_seen_codes(seen, lists)])
    return mean_over_users(bits_of_lists)


@validate_k
def popularity_bias(recommended: Any, interactions: Any, k: int = 10) -> float:
    r"""Compute how much more popular recommended items are than what users have seen.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    interactions : DataFrame or array-like of shape (n_rows, n_columns)
        Interactions: user and item in the first two columns, as in the rows ``X`` of
        ``fit``. Further columns are not used. Repeated pairs count once.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Popularity lift, -1 or more: 0 where recommendations are as popular as what the users have
        seen, 1 where they are twice as popular, -1 where no user has seen them. NaN where no user
        of `recommended` is in `interactions`.

    Raises
    ------
    ValueError
        If `recommended` has neither ranks nor scores, or `interactions` no rows.

    Warns
    -----
    UserWarning
        If users of `recommended` have no interactions; they are left out.

    See Also
    --------
    novelty : Self-information of what is recommended, compared with nothing.
    gini_index : Inequality of how often items are recommended.

    Notes
    -----
    The popularity of an item is the share of the users of `interactions` who have seen it. With
    :math:`p(L_u)` and :math:`p(S_u)` its means over what is recommended to user :math:`u` and over
    what `u` has seen, both averaged over the same users [1]_:

    .. math:: \mathrm{lift@}k = \frac{\sum_u p(L_u)}{\sum_u p(S_u)} - 1

    References
    ----------
    .. [1] Abdollahpouri, Mansoury, Burke and Mobasher (2020). The connection between popularity bias,
       calibration, and fairness in recommendation. RecSys, 726-731.

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"user": [1, 2, 3, 4, 4], "item": ["a", "a", "a", "a", "b"]})
    >>> recommended = pd.DataFrame({"user": [4], "item": ["a"], "rank": [1]})
    >>> round(popularity_bias(recommended, seen), 4)  # 1 / ((1 + 1 / 4) / 2) - 1
    0.6
    """
    seen, lists = _seen(recommended, interactions), Rankings.from_frame(recommended).top(k)
    popularity = np.append(seen.item_counts, 0) / len(seen.users)  # at position -1: an unknown item
    users = seen.users.encode(lists.user.unique(maintain_order=True))
    known = users >= 0
    warn_of_left_out(np.sum(~known), len(known), "no interactions")
    if not known.any():
        return float("nan")
    of_lists = _mean_of_each(appearance(lists.user), popularity[_seen_codes(seen, lists)])
    of_seen = _mean_of_each(seen.row_codes, popularity[seen.item_codes])
    return float(of_lists[known].sum() / of_seen[users[known]].sum() - 1)


def _seen(recommended, interactions):
    check_roles(recommended, interactions, "interactions")
    return Interactions.from_rows(interactions, None, needs_ratings=False)


def _seen_codes(seen, lists):
    """Return the code of each recommended item, -1 without an interaction."""
    return comparable_codes(seen.items, lists.item, "recommended")


def _mean_of_each(codes, values):
    """Return the mean of the values of each code."""
    return np.bincount(codes, values) / np.bincount(codes)
