"""What recommendations show of the catalog: how much of it, how evenly, and how mixed."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils import check_array
from sklearn.utils.extmath import row_norms

from sklearn_anime.interactions import Vocabulary
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.metrics._relevance import (
    K,
    Rankings,
    appearance,
    comparable_codes,
    mean_over_users,
    validate_k,
)
from sklearn_anime.utils._blocks import batches, block_length
from sklearn_anime.utils._sklearn import Interval, validate_params
from sklearn_anime.utils._warnings import warn

validate_k_and_items = validate_params(
    {**K, "items": ["array-like", Interval(Integral, 1, None, closed="left")]},
    prefer_skip_nested_validation=True,
)


@validate_k_and_items
def catalog_coverage(recommended: Any, items: ArrayLike | int, k: int = 10) -> float:
    r"""Compute the share of the catalog that is recommended.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    items : array-like of ids, or int
        The catalog, or the number of items in it.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        In [0, 1]: 1 where each item of the catalog is recommended to some user.

    Raises
    ------
    ValueError
        If a recommended item is not in the catalog, or if `recommended` has neither ranks nor
        scores.

    See Also
    --------
    gini_index : Also tells whether items are shown equally often.

    Notes
    -----
    With :math:`L_u` the first :math:`k` items for user :math:`u` and :math:`I` the catalog [1]_:

    .. math:: \mathrm{coverage@}k = \frac{\left| \bigcup_u L_u \right|}{|I|}

    References
    ----------
    .. [1] Ge, Delgado-Battenfeld and Jannach (2010). Beyond accuracy: evaluating recommender systems
       by coverage and serendipity. RecSys, 257-260.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "a"], "rank": [1, 2, 1]})
    >>> catalog_coverage(recommended, items=["a", "b", "c", "d"])
    0.5
    >>> catalog_coverage(recommended, items=4, k=1)
    0.25
    """
    return float(np.mean(_exposure(recommended, items, k) > 0))


@validate_k_and_items
def gini_index(recommended: Any, items: ArrayLike | int, k: int = 10) -> float:
    r"""Compute how unequally often the items of the catalog are shown.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    items : array-like of ids, or int
        The catalog, or the number of items in it. Items that are never recommended count as 0 times.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        In [0, 1]: 0 where all items are shown equally often, 1 where all users are shown the same item.
        NaN for a catalog of one item, or without recommendations.

    Raises
    ------
    ValueError
        If a recommended item is not in the catalog, or if `recommended` has neither ranks nor
        scores.

    Warns
    -----
    UserWarning
        If the index is undefined.

    See Also
    --------
    catalog_coverage : Counts the items that are shown at all.
    popularity_bias : Tells whether those shown often are the popular ones.

    Notes
    -----
    With :math:`x_1 \le \dots \le x_n`, how often each of the :math:`n` items is shown [1]_:

    .. math:: G = \frac{\sum_{j=1}^n (2j - n - 1) \, x_j}{(n - 1) \sum_{j=1}^n x_j}

    References
    ----------
    .. [1] Shani and Gunawardana (2011). Evaluating recommendation systems. Recommender Systems
       Handbook, 257-297.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "a"], "rank": [1, 2, 1]})
    >>> round(gini_index(recommended, items=["a", "b"]), 4)  # (2 - 1) / (2 + 1)
    0.3333
    >>> gini_index(recommended, items=["a", "b"], k=1)
    1.0
    """
    shown = np.sort(_exposure(recommended, items, k))
    n_items, total = len(shown), shown.sum()
    if n_items == 1 or total == 0:
        warn(
            f"The Gini index of {n_items} item(s) shown {total} times is undefined: NaN stands in for "
            f"it. It takes two items and one recommendation."
        )
        return float("nan")
    weights = 2 * np.arange(1, n_items + 1) - n_items - 1
    return float(weights @ shown / ((n_items - 1) * total))


@validate_k
def intra_list_diversity(recommended: Any, items: ArrayLike, vectors: Any, k: int = 10) -> float:
    r"""Compute how different the items recommended to a user are.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    items : array-like of ids of shape (n_items,)
        The items that have a vector, such as ``model.items_``.

    vectors : array-like or sparse matrix of shape (n_items, n_features)
        A vector for each of the `items`, such as ``model.item_factors_`` or the output of
        `WeightedOneHotGenres`. A vector of zeros is at distance 1 from all others.

    k : int, default=10
        Number of recommendations per user that count; 2 or more to have pairs.

    Returns
    -------
    float
        Mean over the users of the mean cosine distance over pairs of their items: 0 where all
        vectors point the same way, 1 where they have nothing in common, up to 2 where they are
        opposed. NaN where no user has two items.

    Raises
    ------
    ValueError
        If a recommended item has no vector, `items` and `vectors` differ in length, `items` holds
        an id twice, or `recommended` has neither ranks nor scores.

    Warns
    -----
    UserWarning
        If users have fewer than two items; they are left out.

    See Also
    --------
    catalog_coverage : Differences between the recommendations of users.
    sklearn_anime.preprocessing.WeightedOneHotGenres : Vectors of items from their genres.

    Notes
    -----
    For a recommendation of :math:`n` items [1]_, [2]_:

    .. math:: \mathrm{ILD@}k = \frac{2}{n (n - 1)} \sum_{i < j} (1 - \cos(v_i, v_j))

    With unit vectors :math:`u_i`, the cosines of all pairs add up to
    :math:`(\|\sum_i u_i\|^2 - \sum_i \|u_i\|^2) / 2`, so that no pair is ever formed.

    References
    ----------
    .. [1] Smyth and McClave (2001). Similarity vs. diversity. ICCBR, 347-361.

    .. [2] Ziegler, McNee, Konstan and Lausen (2005). Improving recommendation lists through topic
       diversification. WWW, 22-32.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1] * 3, "item": ["a", "b", "c"], "rank": [1, 2, 3]})
    >>> vectors = [[1, 0], [2, 0], [0, 1]]
    >>> round(intra_list_diversity(recommended, ["a", "b", "c"], vectors), 4)  # (0 + 1 + 1) / 3
    0.6667
    """
    catalog, vectors = check_vectors(items, vectors)
    lists = Rankings.from_frame(recommended).top(k)
    shown = list_matrix(appearance(lists.user), catalog_codes(catalog, lists.item), len(catalog))
    paired = np.diff(shown.indptr) > 1
    diversity = _diversity(shown[paired], normalize(vectors))
    return mean_over_users(diversity, np.sum(~paired), "fewer than two items")


def _exposure(recommended, items, k):
    """Return how often each item of the catalog is recommended, in any order of the items."""
    shown = Rankings.from_frame(recommended).top(k).item
    if not isinstance(items, Integral):
        catalog = Vocabulary.from_series(as_series(items), "item")[0]
        if len(catalog) == 0:
            raise ValueError("items= holds no id. Give the ids of the whole catalog.")
        return np.bincount(catalog_codes(catalog, shown), minlength=len(catalog))
    counts = np.bincount(appearance(shown))
    if len(counts) > items:
        raise ValueError(
            f"recommended shows {len(counts)} different items, more than the catalog of items={items} "
            f"has. Give the number of all items, or their ids."
        )
    return np.pad(counts, (0, items - len(counts)))


def catalog_codes(catalog, shown):
    """Return the code of each recommended item."""
    codes = comparable_codes(catalog, shown, "recommended")
    if (codes < 0).any():
        unknown = shown[[int(np.argmax(codes < 0))]].to_list()[0]
        raise ValueError(
            f"recommended lists item {unknown!r}, which is not in items=. Give all items that can be "
            f"recommended."
        )
    return codes


def check_vectors(items, vectors):
    """Return the vocabulary of the items, and their vectors in the order of its codes."""
    vectors = check_array(vectors, accept_sparse="csr", dtype=np.float64, input_name="vectors")
    catalog, codes = Vocabulary.from_series(as_series(items), "item")
    if len(codes) != vectors.shape[0]:
        raise ValueError(
            f"items has {len(codes)} ids and vectors {vectors.shape[0]} rows. Give one row for each id."
        )
    if len(catalog) != len(codes):
        raise ValueError("items holds an id twice. Give one id and one vector for each item.")
    return catalog, vectors[np.argsort(codes)]


def list_matrix(user_codes, item_codes, n_items):
    """Return the CSR array with a row for each user: a one for each recommended item."""
    if (user_codes[1:] < user_codes[:-1]).any():
        order = np.argsort(user_codes, kind="stable")
        user_codes, item_codes = user_codes[order], item_codes[order]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(user_codes))])
    return sparse.csr_array((np.ones(len(item_codes)), item_codes, indptr), (len(indptr) - 1, n_items))


def _diversity(shown, units):
    """Return the mean cosine distance over the pairs of items of each user."""
    n = np.diff(shown.indptr).astype(np.float64)
    cosines = _squared_norms(shown, units) - shown @ row_norms(units, squared=True)
    return 1 - cosines / (n * (n - 1))


def _squared_norms(shown, units):
    """Return the squared length of the sum of the vectors of each user, in blocks of users."""
    blocks = batches(shown.shape[0], block_length(units.shape[1]))
    norms = [row_norms(shown[block] @ units, squared=True) for block in blocks]
    return np.concatenate([np.empty(0), *norms])
