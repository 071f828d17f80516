"""How far the mix of what is recommended is from the mix of what users have seen."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.special import rel_entr
from sklearn.preprocessing import normalize

from sklearn_anime.interactions import Interactions
from sklearn_anime.metrics._coverage import catalog_codes, check_vectors, list_matrix
from sklearn_anime.metrics._relevance import (
    Rankings,
    appearance,
    check_roles,
    mean_over_users,
    validate_k,
)
from sklearn_anime.utils._blocks import batches, block_length

SMOOTHING = 0.01  # share of the history in the mix of a recommendation, so that the divergence is finite


@validate_k
def calibration_error(
    recommended: Any, interactions: Any, items: ArrayLike, vectors: Any, k: int = 10
) -> float:
    r"""Compute how far recommended genres are from those of the histories.

    Parameters
    ----------
    recommended : DataFrame
        Recommendations: user and item in the first two columns, and a column ``rank`` (1 is best) as
        ``recommend`` returns it, or else ``score``, whose largest values rank first for
        each user; of equal scores the first row is better.

    interactions : DataFrame or array-like of shape (n_rows, n_columns)
        Interactions: user and item in the first two columns, as in the rows ``X`` of
        ``fit``. Further columns are not used. Repeated pairs count once, items without a vector not at
        all.

    items : array-like of ids of shape (n_items,)
        The items that have a vector.

    vectors : array-like or sparse matrix of shape (n_items, n_features)
        For each of the `items`, numbers of 0 or more, such as one column for each genre. Their sum is
        scaled to 1.

    k : int, default=10
        Number of recommendations per user that count, at least 1.

    Returns
    -------
    float
        Mean over the users of the Kullback-Leibler divergence in nats: 0 where the mixes are the same.
        NaN where no user has both.

    Raises
    ------
    ValueError
        If a recommended item has no vector, a vector has a negative number, `items` and `vectors` differ
        in length, `items` holds an id twice, or `recommended` has neither ranks nor scores.

    Warns
    -----
    UserWarning
        If users have no interaction with an item that has a vector; they are left out.

    See Also
    --------
    intra_list_diversity : How different the recommended items are.
    sklearn_anime.compose.DiverseRecommender : Makes calibrated recommendations.

    Notes
    -----
    With :math:`p_u` the mean mix of the items that user :math:`u` has seen and :math:`q_u` that of the
    recommended items [1]_:

    .. math:: \mathrm{KL}(p_u \,\|\, \tilde q_u) = \sum_g p_{ug} \log \frac{p_{ug}}{\tilde q_{ug}},
        \quad \tilde q_u = 0.99 \, q_u + 0.01 \, p_u

    References
    ----------
    .. [1] Steck (2018). Calibrated recommendations. RecSys, 154-162.

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"user": [1, 1], "item": ["a", "b"]})
    >>> recommended = pd.DataFrame({"user": [1], "item": ["c"], "rank": [1]})
    >>> vectors = [[1, 0], [0, 1], [1, 1]]
    >>> calibration_error(recommended, seen, ["a", "b", "c"], vectors)
    0.0
    >>> recommended["item"] = "a"
    >>> round(calibration_error(recommended, seen, ["a", "b", "c"], vectors), 4)
    1.9585
    """
    check_roles(recommended, interactions, "interactions")
    catalog, vectors = check_vectors(items, vectors)
    if vectors.min() < 0:
        raise ValueError(
            f"vectors holds the number {vectors.min():g}. A mix has numbers of 0 or more, such as a "
            f"column for each genre."
        )
    mixes, lists = normalize(vectors, norm="l1"), Rankings.from_frame(recommended).top(k)
    shown = list_matrix(appearance(lists.user), catalog_codes(catalog, lists.item), len(catalog))
    seen = Interactions.from_rows(interactions, needs_ratings=False)
    history = _histories(seen, seen.users.encode(lists.user.unique(maintain_order=True)), catalog)
    divergences = _divergences(history, shown, mixes)
    known = ~np.isnan(divergences)
    return mean_over_users(
        divergences[known], np.sum(~known), "no history or recommendation with a vector"
    )


def _histories(seen, users, catalog):
    """Return the CSR array of what some users have seen, over the items of a catalog."""
    rows, codes = seen.take(users), catalog.encode(seen.items.ids)
    kept = codes[rows.item_codes] >= 0
    pairs = rows.row_codes[kept], codes[rows.item_codes[kept]]
    return sparse.csr_array((np.ones(kept.sum()), pairs), (len(users), len(catalog)))


def _divergences(history, shown, mixes):
    """Return the divergence of each user, NaN where one of the two mixes is empty."""
    values = np.empty(shown.shape[0])
    for block in batches(shown.shape[0], block_length(3 * mixes.shape[1])):
        target, mix = (_shares(matrix[block] @ mixes) for matrix in (history, shown))
        values[block] = rel_entr(target, (1 - SMOOTHING) * mix + SMOOTHING * target).sum(axis=1)
    return values


def _shares(sums):
    """Return rows whose entries add up to 1, NaN where there is none."""
    sums = sums.toarray() if hasattr(sums, "toarray") else sums
    totals = sums.sum(axis=1, keepdims=True)
    return sums / np.where(totals > 0, totals, np.nan)
