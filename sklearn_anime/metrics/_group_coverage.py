"""How many groups of items each user is shown."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_anime.metrics._coverage import catalog_codes, check_vectors, list_matrix
from sklearn_anime.metrics._relevance import Rankings, appearance, mean_over_users, validate_k
from sklearn_anime.utils._blocks import batches, block_length


@validate_k
def group_coverage(recommended: Any, items: ArrayLike, vectors: Any, k: int = 10) -> float:
    r"""Compute the share of the groups, such as genres, shown to a user.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    items : array-like of ids of shape (n_items,)
        The items whose groups are known.

    vectors : array-like or sparse matrix of shape (n_items, n_groups)
        For each of the `items`, a number other than 0 in the column of each group that it belongs to,
        such as the output of `WeightedOneHotGenres`. Columns of zeros do not count as groups.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Mean over the users, in [0, 1]: 1 where each user is shown an item of each group. NaN without
        recommendations.

    Raises
    ------
    ValueError
        If a recommended item is not in `items`, `items` and `vectors` differ in length, `items` holds
        an id twice, no item has a group, or `recommended` has neither ranks nor scores.

    Warns
    -----
    UserWarning
        If there is no recommendation.

    See Also
    --------
    catalog_coverage : Share of the items that are recommended to some user.
    calibration_error : Tells whether groups are shown as often as the user has chosen them.

    Notes
    -----
    With :math:`G` the groups and :math:`G(L_u)` those of the first :math:`k` items for user :math:`u`,
    the subtopic recall of [1]_:

    .. math:: \mathrm{coverage}_u = \frac{|G(L_u)|}{|G|}

    References
    ----------
    .. [1] Zhai, Cohen and Lafferty (2003). Beyond independent relevance: methods and evaluation metrics
       for subtopic retrieval. SIGIR, 10-17.

    Examples
    --------
    >>> import pandas as pd
    >>> recommended = pd.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "a"], "rank": [1, 2, 1]})
    >>> group_coverage(recommended, ["a", "b"], [[1, 0, 1, 0], [1, 1, 0, 0]])  # (3 / 3 + 2 / 3) / 2
    0.8333333333333333
    """
    catalog, vectors = check_vectors(items, vectors)
    members = (vectors != 0).astype(np.float64)
    n_groups = np.count_nonzero(np.asarray(members.sum(axis=0)))
    if n_groups == 0:
        raise ValueError("vectors holds zeros only: no item has a group. Give a column for each group.")
    lists = Rankings.from_frame(recommended).top(k)
    shown = list_matrix(appearance(lists.user), catalog_codes(catalog, lists.item), len(catalog))
    return mean_over_users(_groups_of_each(shown, members) / n_groups)


def _groups_of_each(shown, members):
    """Return the number of groups of each user, in blocks of users."""
    counts = np.zeros(shown.shape[0])
    for block in batches(shown.shape[0], block_length(members.shape[1])):
        counts[block] = np.asarray((shown[block] @ members > 0).sum(axis=1)).ravel()
    return counts
