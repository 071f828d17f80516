"""What of the interactions and their features enters the linear item-item models."""

import numpy as np

from sklearn_anime.utils._warnings import warn

LARGEST_ENTRY = 1e9  # sums of squares stay in the range of single precision


def liked(rows, min_rating, factors=1.0):
    """Return the CSR matrix of what users like: ones, or the weights of the rows, times factors."""
    values = (rows.entries * factors).astype(np.float32)
    if min_rating is None:
        return rows.seen_matrix(values)
    return rows.matrix_where(rows.ratings >= min_rating, values)


def item_features(table):
    """Return the features of the items, and warn of columns that are none."""
    if table.context.any():
        warn(
            f"Columns {table.context_names} of X differ between rows of the same item: their mean is "
            f"taken."
        )
    if table.of_user.any():
        warn(
            f"Columns {table.user_names} of X are constant within each user, not within each item: "
            f"they are not used."
        )
    if table.item_features.shape[1] == 0:
        raise ValueError(
            "feature_weight needs features of items, and X has no column that is constant within "
            "each item. Add such columns, for instance with WeightedOneHotGenres, or set "
            "feature_weight=0."
        )
    return table.item_features


def n_users_of_items(entries):
    """Return how many users have an entry of each item."""
    return np.bincount(entries.indices, minlength=entries.shape[1])


def warn_of_nothing_in_common(n_users, n_of_items, features):
    """Warn where no item has two users, so that no item that a user has not seen gets a score."""
    if features is None and n_users > 1 and n_of_items.max() < 2:
        warn(
            f"No two users of the {n_users} in X share an item: there is nothing to learn from, "
            f"and all scores of items that a user has not seen are 0. Check the id columns."
        )


def check_size(entries):
    """Raise where entries are so large that sums of their squares would overflow."""
    if entries.data.max(initial=0.0) > LARGEST_ENTRY:
        raise ValueError(
            f"sample_weight adds up to {entries.data.max():g} for a pair of user and item, and weights "
            f"beyond {LARGEST_ENTRY:g} overflow in single precision. Divide the weights by a number."
        )
