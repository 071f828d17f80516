"""How well recommendations find what is relevant: the mean over the users."""

from typing import Any

from sklearn_anime.metrics._per_user import PER_USER
from sklearn_anime.metrics._relevance import Evaluation, mean_over_users, validate_k


@validate_k
def ndcg_at_k(recommended: Any, relevant: Any, k: int = 10) -> float:
    r"""Compute the normalized discounted cumulative gain of recommendations.

    Hits count more near the top of a ranking, and those with a large gain count more.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    relevant : DataFrame or array-like of shape (n_rows, n_columns)
        What the users did choose: user and item in the first two columns, and a column ``gain``
        (the third of an array), where there is one, with numbers of 0 and more. Without it every
        gain is 1. Repeated pairs count once, with their mean gain.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Mean over the users with a relevant item, in [0, 1]; those without recommendations count as
        0. NaN where no user has a relevant item.

    Raises
    ------
    ValueError
        If `recommended` has neither ranks nor scores, or a rank below 1, if a user is shown a relevant
        item twice or two of them at the same rank, or if a gain is negative or missing.

    Warns
    -----
    UserWarning
        If users have no relevant item; they are left out.

    See Also
    --------
    average_precision_at_k : Weighs hits by their rank too, and needs no gains.

    Notes
    -----
    With gain :math:`g_r` at rank :math:`r`, 0 where the item is not relevant, and :math:`g^*_r` the
    gains of the relevant items, largest first (after [1]_, with the discount that is usual now and with
    gains as they are):

    .. math:: \mathrm{NDCG@}k = \sum_{r=1}^k \frac{g_r}{\log_2(r + 1)} \Big/
        \sum_{r=1}^k \frac{g^*_r}{\log_2(r + 1)}

    References
    ----------
    .. [1] Jarvelin and Kekalainen (2002). Cumulated gain-based evaluation of IR techniques. ACM
       Transactions on Information Systems 20(4), 422-446.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1, 1], "item": ["a", "b"], "rank": [1, 2]})
    >>> relevant = pd.DataFrame({"user": [1], "item": ["b"]})
    >>> round(ndcg_at_k(recommended, relevant), 4)  # 1 / log2(3)
    0.6309
    """
    return _mean("ndcg", recommended, relevant, k)


@validate_k
def recall_at_k(recommended: Any, relevant: Any, k: int = 10) -> float:
    r"""Compute the share of the relevant items that are recommended.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    relevant : DataFrame or array-like of shape (n_rows, n_columns)
        What the users did choose: user and item in the first two columns, and a column ``gain``
        (the third of an array), where there is one, with numbers of 0 and more. Items with a gain
        above 0 are relevant; without the column, all are.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Mean over the users with a relevant item, in [0, 1]; those without recommendations count as
        0. NaN where no user has a relevant item. A user with more than `k` relevant items cannot
        reach 1.

    Raises
    ------
    ValueError
        If `recommended` has neither ranks nor scores, or a rank below 1, if a user is shown a relevant
        item twice or two of them at the same rank, or if a gain is negative or missing.

    Warns
    -----
    UserWarning
        If users have no relevant item; they are left out.

    See Also
    --------
    precision_at_k : Divides the hits by `k`.
    hit_rate_at_k : Asks only whether there is a hit.

    Notes
    -----
    For one user [1]_:

    .. math:: \mathrm{recall@}k = \frac{\text{relevant items among the first } k}
        {\text{relevant items}}

    References
    ----------
    .. [1] Herlocker, Konstan, Terveen and Riedl (2004). Evaluating collaborative filtering
       recommender systems. ACM Transactions on Information Systems 22(1), 5-53.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1, 1], "item": ["a", "b"], "rank": [1, 2]})
    >>> relevant = pd.DataFrame({"user": [1, 1, 1], "item": ["b", "c", "d"]})
    >>> round(recall_at_k(recommended, relevant), 4)  # 1 of 3
    0.3333
    """
    return _mean("recall", recommended, relevant, k)


@validate_k
def precision_at_k(recommended: Any, relevant: Any, k: int = 10) -> float:
    r"""Compute which share of the first `k` recommendations is relevant.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    relevant : DataFrame or array-like of shape (n_rows, n_columns)
        What the users did choose: user and item in the first two columns, and a column ``gain``
        (the third of an array), where there is one, with numbers of 0 and more. Items with a gain
        above 0 are relevant; without the column, all are.

    k : int, default=10
        Number of recommendations per user that count, at least 1. It divides the hits of users with
        fewer too.

    Returns
    -------
    float
        Mean over the users with a relevant item, in [0, 1]; those without recommendations count as
        0. NaN where no user has a relevant item. A user with fewer than `k` relevant items cannot
        reach 1.

    Raises
    ------
    ValueError
        If `recommended` has neither ranks nor scores, or a rank below 1, if a user is shown a relevant
        item twice or two of them at the same rank, or if a gain is negative or missing.

    Warns
    -----
    UserWarning
        If users have no relevant item; they are left out.

    See Also
    --------
    recall_at_k : Divides the hits by the number of relevant items.
    average_precision_at_k : Takes the precision at the rank of each hit.

    Notes
    -----
    For one user [1]_:

    .. math:: \mathrm{precision@}k = \frac{\text{relevant items among the first } k}{k}

    References
    ----------
    .. [1] Herlocker, Konstan, Terveen and Riedl (2004). Evaluating collaborative filtering
       recommender systems. ACM Transactions on Information Systems 22(1), 5-53.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1, 1], "item": ["a", "b"], "rank": [1, 2]})
    >>> relevant = pd.DataFrame({"user": [1], "item": ["b"]})
    >>> precision_at_k(recommended, relevant, k=2)  # 1 of 2
    0.5
    """
    return _mean("precision", recommended, relevant, k)


@validate_k
def average_precision_at_k(recommended: Any, relevant: Any, k: int = 10) -> float:
    r"""Compute the mean average precision (MAP) of the recommendations.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    relevant : DataFrame or array-like of shape (n_rows, n_columns)
        What the users did choose: user and item in the first two columns, and a column ``gain``
        (the third of an array), where there is one, with numbers of 0 and more. Items with a gain
        above 0 are relevant; without the column, all are.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Mean over the users with a relevant item, in [0, 1]; those without recommendations count as
        0. NaN where no user has a relevant item.

    Raises
    ------
    ValueError
        If `recommended` has neither ranks nor scores, or a rank below 1, if a user is shown a relevant
        item twice or two of them at the same rank, or if a gain is negative or missing.

    Warns
    -----
    UserWarning
        If users have no relevant item; they are left out.

    See Also
    --------
    ndcg_at_k : Weighs hits by the logarithm of their rank, and by their gain.

    Notes
    -----
    For one user with :math:`n` relevant items, the sum runs over the ranks :math:`r \le k` of the
    hits [1]_. Dividing by at most :math:`k` lets a user with hits only reach 1 [2]_.

    .. math:: \mathrm{AP@}k = \frac{1}{\min(n, k)} \sum_{r} \mathrm{precision@}r

    References
    ----------
    .. [1] Buckley and Voorhees (2000). Evaluating evaluation measure stability. SIGIR, 33-40.

    .. [2] McFee, Bertin-Mahieux, Ellis and Lanckriet (2012). The million song dataset challenge.
       WWW Companion, 909-916.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1] * 3, "item": ["a", "b", "c"], "rank": [1, 2, 3]})
    >>> relevant = pd.DataFrame({"user": [1, 1], "item": ["a", "c"]})
    >>> round(average_precision_at_k(recommended, relevant), 4)  # (1 / 1 + 2 / 3) / 2
    0.8333
    """
    return _mean("map", recommended, relevant, k)


@validate_k
def reciprocal_rank_at_k(recommended: Any, relevant: Any, k: int = 10) -> float:
    r"""Compute the mean reciprocal rank (MRR) of the first hit.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    relevant : DataFrame or array-like of shape (n_rows, n_columns)
        What the users did choose: user and item in the first two columns, and a column ``gain``
        (the third of an array), where there is one, with numbers of 0 and more. Items with a gain
        above 0 are relevant; without the column, all are.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Mean over the users with a relevant item, in [0, 1]; those without recommendations count as
        0. NaN where no user has a relevant item.

    Raises
    ------
    ValueError
        If `recommended` has neither ranks nor scores, or a rank below 1, if a user is shown a relevant
        item twice or two of them at the same rank, or if a gain is negative or missing.

    Warns
    -----
    UserWarning
        If users have no relevant item; they are left out.

    See Also
    --------
    hit_rate_at_k : Asks whether there is a hit, at any rank.
    average_precision_at_k : Looks at all hits.

    Notes
    -----
    For one user [1]_:

    .. math:: \mathrm{RR@}k = \frac{1}{\text{rank of the first hit}}

    and 0 where none of the first :math:`k` items is relevant.

    References
    ----------
    .. [1] Voorhees (1999). The TREC-8 question answering track report. TREC-8, 77-82.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1] * 3, "item": ["a", "b", "c"], "rank": [1, 2, 3]})
    >>> relevant = pd.DataFrame({"user": [1, 1], "item": ["b", "c"]})
    >>> reciprocal_rank_at_k(recommended, relevant)
    0.5
    """
    return _mean("mrr", recommended, relevant, k)


@validate_k
def hit_rate_at_k(recommended: Any, relevant: Any, k: int = 10) -> float:
    r"""Compute the share of users with a relevant recommendation.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    relevant : DataFrame or array-like of shape (n_rows, n_columns)
        What the users did choose: user and item in the first two columns, and a column ``gain``
        (the third of an array), where there is one, with numbers of 0 and more. Items with a gain
        above 0 are relevant; without the column, all are.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Share of the users with a relevant item, in [0, 1]; those without recommendations have no
        hit. NaN where no user has a relevant item.

    Raises
    ------
    ValueError
        If `recommended` has neither ranks nor scores, or a rank below 1, if a user is shown a relevant
        item twice or two of them at the same rank, or if a gain is negative or missing.

    Warns
    -----
    UserWarning
        If users have no relevant item; they are left out.

    See Also
    --------
    reciprocal_rank_at_k : Asks at which rank the first hit is.

    Notes
    -----
    With one relevant item for each user, it equals recall [1]_:

    .. math:: \mathrm{HR@}k = \frac{\text{users with a relevant item among their first } k}
        {\text{users with a relevant item}}

    References
    ----------
    .. [1] Deshpande and Karypis (2004). Item-based top-N recommendation algorithms. ACM Transactions
       on Information Systems 22(1), 143-177.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1, 2], "item": ["a", "b"], "rank": [1, 1]})
    >>> relevant = pd.DataFrame({"user": [1, 2], "item": ["a", "c"]})
    >>> hit_rate_at_k(recommended, relevant)
    0.5
    """
    return _mean("hit_rate", recommended, relevant, k)


def _mean(metric, recommended, relevant, k):
    """Return the mean of a metric over users, and warn the caller of the public function."""
    evaluation = Evaluation.from_frames(recommended, relevant)
    return mean_over_users(PER_USER[metric](evaluation, k), evaluation.n_left_out, "no relevant item")
