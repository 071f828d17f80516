"""Features by item, by user and by context, so that pairs without a row can be scored."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_anime.interactions._rows import numeric_columns
from sklearn_anime.utils._groups import first_rows


@dataclass(frozen=True)
class ColumnSides:
    """Which of the further columns of ``X`` say something of the item, of the user, or of neither.

    A column that is constant within each item is a feature of the item; one that is constant
    within each user is a feature of the user; any other is context, for which a stand-in per item
    is kept, so that new pairs can be scored.

    Attributes
    ----------
    names : list of str of length n_features
        Names of the columns.

    of_user, context : ndarray of bool of shape (n_features,)
        Which columns are features of the user, and which are context.
    """

    names: list
    of_user: np.ndarray
    context: np.ndarray

    def __len__(self):
        return len(self.names)

    @property
    def item_names(self):
        """Names of the features of items, context included."""
        return [name for name, of_user in zip(self.names, self.of_user, strict=True) if not of_user]

    @property
    def user_names(self):
        """Names of the features of users."""
        return [name for name, of_user in zip(self.names, self.of_user, strict=True) if of_user]

    @property
    def context_names(self):
        """Names of the columns of context."""
        return [name for name, context in zip(self.names, self.context, strict=True) if context]

    def check_items(self, columns):
        """Check that there is one column for each feature of items."""
        if len(columns) != len(self.item_names):
            raise ValueError(
                f"items= has {len(columns)} feature columns and fit saw {len(self.item_names)} features "
                f"of items: give the item id and then {self.item_names}."
            )


@dataclass(frozen=True)
class FeatureTable(ColumnSides):
    """The further columns of ``X`` as numbers, by item and by user.

    The stand-in for context is its mean per item.

    Attributes
    ----------
    names, of_user, context
        As in `ColumnSides`.

    items : ndarray of shape (n_items + 1, n_features)
        Features of each item; the last row is their mean, for items not in ``fit``.

    users : ndarray of shape (n_users + 1, n_features)
        Features of each user; the last row is their mean, for users not in ``fit``.

    contexts : ndarray of shape (n_pairs, n_context)
        Context of each pair that ``fit`` saw.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_anime.interactions._interactions import Interactions
    >>> X = [[1, 7, 24.0, 0], [1, 8, 12.0, 1], [2, 7, 24.0, 1]]
    >>> features = Interactions.from_rows(X, [5, 4, 3], features=FeatureTable).features
    >>> features.context.tolist()
    [False, True]
    >>> features.rows([1], [0]).tolist()
    [[24.0, 0.5]]
    """

    items: np.ndarray
    users: np.ndarray
    contexts: np.ndarray

    STAND_IN = "their mean per item"

    @classmethod
    def from_rows(cls, columns, user_codes, item_codes, merge, weights):
        """Sort the columns into features of items, of users and context."""
        names = [column.name for column in columns]
        values = numeric_columns(columns, len(user_codes))
        return cls.from_values(names, values, user_codes, item_codes, merge, weights)

    @classmethod
    def from_values(cls, names, values, user_codes, item_codes, merge, weights):
        """Sort the columns of an ndarray of shape (n_rows, n_features)."""
        items, of_item = _per_group(values, item_codes)
        users, of_user = _per_group(values, user_codes)
        context = ~(of_item | of_user)
        for column in np.flatnonzero(context):
            items[:, column] = _means(values[:, column], item_codes, weights)
        return cls(
            names=names,
            of_user=of_user & ~of_item,
            context=context,
            items=_with_mean(items),
            users=_with_mean(users),
            contexts=merge.mean(values[:, context], weights),
        )

    @property
    def item_features(self):
        """Features of the items of ``fit``: ndarray of shape (n_items, n_item_features)."""
        return self.items[:-1, ~self.of_user]

    @property
    def user_features(self):
        """Features of the users of ``fit``: ndarray of shape (n_users, n_user_features)."""
        return self.users[:-1, self.of_user]

    def rows(self, user_codes, item_codes):
        """Return the features of pairs, in the order of the columns of ``X``."""
        return np.where(self.of_user, self.users[user_codes], self.items[item_codes])

    def read_items(self, columns, n_items):
        """Return the feature columns of new items as an ndarray of shape (n_items, n_item_features)."""
        self.check_items(columns)
        return numeric_columns(columns, n_items)

    def with_items(self, item_features):
        """Return this table with other items, given by their features."""
        items = np.zeros((len(item_features), len(self)))
        items[:, ~self.of_user] = item_features
        return replace(self, items=_with_mean(items))

    def fitted_rows(self, user_codes, item_codes):
        """Return the features of the pairs that ``fit`` saw, each with its own context."""
        rows = self.rows(user_codes, item_codes)
        rows[:, self.context] = self.contexts
        return rows


def _per_group(values, codes):
    """Return the first value of each group, and which columns are constant within all groups."""
    groups = values[first_rows(codes)]
    constant = [  # up to rounding: a transformer can give the same title slightly different values
        np.allclose(column, group[codes], rtol=0, atol=1e-5 * np.ptp(column))
        for column, group in zip(values.T, groups.T, strict=True)
    ]
    return groups, np.array(constant, dtype=bool)


def _means(values, codes, weights):
    return np.bincount(codes, values * weights) / np.bincount(codes, weights)


def _with_mean(table):
    return np.vstack([table, table.mean(axis=0)])
