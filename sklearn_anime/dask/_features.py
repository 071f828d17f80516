"""The features of a table on a cluster: which column is of items, of users or context, by sums."""

import numpy as np

from sklearn_anime.interactions._column import Column
from sklearn_anime.interactions._features import TOLERANCE, FeatureTable
from sklearn_anime.interactions._pairs import PairMerge
from sklearn_anime.utils._groups import first_rows


def feature_table(frames, names, shape):
    """Return the features of blocks of rows, as `Interactions` has them.

    Where a column is constant within an item, its value is the mean, which is the same up to rounding.

    Parameters
    ----------
    frames : Partitions
        Frames with a column for each feature, as `encode` makes them, each with all rows of its users.

    names : list of str
        Names of the features.

    shape : tuple of int
        Number of users and of items.
    """
    sums, weights = frames.sum(_item_sums, shape[1])
    means = sums / weights[:, None]
    found = frames.concatenate(_deviations, means)
    of_items, of_users, lowest, highest = (found[kind::4] for kind in range(4))
    tolerance = TOLERANCE * (highest.max(axis=0) - lowest.min(axis=0))
    of_item = of_items.max(axis=0) <= tolerance
    of_user = ~of_item & (of_users.max(axis=0) <= tolerance)
    context = ~of_item & ~of_user
    users = frames.concatenate(_user_values)
    return FeatureTable(
        names=list(names),
        of_user=of_user,
        context=context,
        item_columns=_columns(names, means, ~of_user),
        user_columns=_columns(names, users, of_user),
        n_items=shape[1],
        n_users=shape[0],
        contexts=frames.concatenate(_pair_means, context, shape[1]),
    )


def _columns(names, values, kept):
    """Return some columns of an array under their names."""
    return [Column.of_floats(names[i], np.ascontiguousarray(values[:, i])) for i in np.flatnonzero(kept)]


def _parts(frame):
    """Return codes of users within the block and of items, features and weights of rows."""
    users = frame.index.to_numpy().astype(np.int64)
    features = frame.filter(regex=r"^feature\d+$").to_numpy()
    weights = frame["weight"].to_numpy() if "weight" in frame else np.ones(len(frame))
    return users - users.min(), frame["item"].to_numpy(), features, weights


def _item_sums(frame, n_items):
    """Return the weighted sums of the features of each item, and the sum of the weights."""
    _, items, features, weights = _parts(frame)
    sums = [np.bincount(items, weights * column, minlength=n_items) for column in features.T]
    total = np.bincount(items, weights, minlength=n_items)
    return np.array(sums).reshape(-1, n_items).T, total


def _deviations(frame, means):
    """Return for each feature its largest distance from its item and its user, and its range."""
    users, items, features, _ = _parts(frame)
    of_item = np.abs(features - means[items]).max(axis=0)
    of_user = np.abs(features - features[first_rows(users)][users]).max(axis=0)
    return np.array([of_item, of_user, features.min(axis=0), features.max(axis=0)])


def _user_values(frame):
    users, _, features, _ = _parts(frame)
    return features[first_rows(users)]


def _pair_means(frame, context, n_items):
    """Return the weighted mean of context columns over the rows of each pair."""
    users, items, features, weights = _parts(frame)
    return PairMerge(users, items, n_items).mean(features[:, context], weights)
