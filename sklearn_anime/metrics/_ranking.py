"""Metrics of ranked lists, over tidy frames of users and items."""

import warnings
from numbers import Integral
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sklearn_anime._ids import Vocabulary
from sklearn_anime._interactions import PairMerge
from sklearn_anime._rows import Rows, numeric_columns


def ndcg_at_k(recommended: Any, relevant: Any, k: int = 10) -> float:
    """Compute the normalised discounted cumulative gain of recommendations.

    For each user, ``DCG@k = sum(gain / log2(rank + 1))`` over the relevant items among the first
    `k` recommended, divided by the DCG of the best list there could be [1]_.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best)
        as ``recommend`` returns it.

    relevant : DataFrame
        What the users did choose: user and item in the first two columns, and in a third one, where
        there is one, the gain (>= 0). Without it every gain is 1. Repeated pairs count once, with
        their mean gain.

    k : int, default=10
        Length of the lists that counts.

    Returns
    -------
    float
        Mean over the users of `relevant`, in [0, 1]. Users without recommendations count as 0.

    References
    ----------
    .. [1] Jarvelin and Kekalainen (2002). Cumulated gain-based evaluation of IR techniques. ACM
       Transactions on Information Systems 20(4), 422-446.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1, 1], "item": ["a", "b"], "rank": [1, 2]})
    >>> relevant = pd.DataFrame({"user": [1], "item": ["b"]})
    >>> round(ndcg_at_k(recommended, relevant), 4)
    0.6309
    """
    k = check_scalar(k, "k", Integral, min_val=1)
    rows = Rows.parse(relevant)
    users, user_codes = Vocabulary.from_series(rows.user, "user")
    items, item_codes = Vocabulary.from_series(rows.item, "item")
    merge = PairMerge(user_codes, item_codes, len(items))
    gains = merge.mean(_gains(rows), np.ones(len(rows)))
    user_codes, item_codes = merge.user_codes, merge.item_codes
    order = np.lexsort([-gains, user_codes])
    place = np.arange(len(order)) - np.searchsorted(user_codes[order], user_codes[order])
    ideal = _dcg(user_codes[order], gains[order], place + 1, k, len(users))

    frame = nw.from_native(recommended, eager_only=True)
    found = users.encode(frame[:, 0], "user"), items.encode(frame[:, 1], "item")
    gain = _look_up(user_codes * len(items) + item_codes, gains, *found, len(items))
    dcg = _dcg(found[0], gain, _ranks(frame), k, len(users))
    return _mean_over_users(dcg, ideal)


def _gains(rows):
    if not rows.others:
        return np.ones(len(rows))
    gains = numeric_columns(rows.others[:1], len(rows))[:, 0]
    if (gains < 0).any():
        raise ValueError(
            f"A gain is 0 or more, got {gains.min()} in column {rows.others[0].name!r} of relevant."
        )
    return gains


def _ranks(recommended):
    if "rank" not in recommended.columns:
        raise ValueError(
            f"recommended has no column 'rank' (columns: {recommended.columns}). Number the items of "
            f"each user from 1, the best."
        )
    ranks = recommended["rank"].to_numpy()
    if (ranks < 1).any():
        raise ValueError(f"The ranks of recommended start at 1, got {ranks.min()}.")
    return ranks


def _look_up(keys, gains, users, items, n_items):
    """Return the gain of each recommended pair, 0 where it is not relevant."""
    place = pd.Index(keys).get_indexer(np.where((users < 0) | (items < 0), -1, users * n_items + items))
    if pd.Index(place[place >= 0]).has_duplicates:
        raise ValueError("recommended lists an item twice for the same user. Drop the duplicates.")
    return np.where(place < 0, 0.0, gains[place])


def _dcg(users, gains, ranks, k, n_users):
    counted = (users >= 0) & (ranks <= k)
    return np.bincount(users[counted], gains[counted] / np.log2(ranks[counted] + 1), minlength=n_users)


def _mean_over_users(dcg, ideal):
    defined = ideal > 0
    if not defined.all():
        warnings.warn(
            f"{(~defined).sum()} of {len(ideal)} users have no relevant item (all gains are 0) and "
            f"are left out.",
            stacklevel=3,
        )
    return float(np.mean(dcg[defined] / ideal[defined])) if defined.any() else float("nan")
