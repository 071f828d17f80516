"""What is known of items: vectors of features, and the groups that they belong to."""

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import normalize

from sklearn_anime.interactions import Interactions, Vocabulary
from sklearn_anime.interactions._column import TEXT
from sklearn_anime.interactions._ids import as_series, plain_values
from sklearn_anime.interactions._numbers import numeric_columns
from sklearn_anime.preprocessing import WeightedOneHotGenres
from sklearn_anime.utils._svd import truncated_svd

N_FACTORS = 64  # components of the interaction matrix, for recommenders without factors
LARGEST_DENSE = 2**24  # numbers


@dataclass(frozen=True, eq=False)
class ItemTraits:
    """Values of items, those that ``fit`` has not seen among them.

    Attributes
    ----------
    items : Vocabulary
        The items of ``fit``, then others of which something is known.

    values : ndarray or sparse array with a row for each item
        The values; the last row, for unknown items, says that nothing is known.

    n_fitted : int
        Number of items of ``fit``.

    Examples
    --------
    >>> items, _ = Vocabulary.from_series(["a", "b"], "item")
    >>> traits = ItemTraits.align(items, as_series(["b", "c"]), np.array([[5.0], [6.0]]), 0.0)
    >>> traits.values.tolist(), traits.positions(items).tolist()
    ([[0.0], [5.0], [6.0], [0.0]], [0, 1])
    """

    items: Vocabulary
    values: np.ndarray
    n_fitted: int

    @classmethod
    def align(cls, items, ids, values, missing):
        """Put the values of some ids in the order of the items of ``fit``, others after them."""
        everything = items.extend(ids)
        codes = everything.encode(ids)
        if sparse.issparse(values):
            order = np.full(len(everything) + 1, values.shape[0])
            order[codes] = np.arange(values.shape[0])
            return cls(everything, sparse.vstack([values, _no_row(values)], "csr")[order], len(items))
        aligned = np.full((len(everything) + 1, values.shape[1]), missing, dtype=values.dtype)
        aligned[codes] = values
        return cls(everything, aligned, len(items))

    def positions(self, items):
        """Return the row of each item: those of ``fit``, then new ones; -1 where nothing is known."""
        fitted = np.arange(self.n_fitted)
        if len(items) == self.n_fitted:
            return fitted
        new = items.decode(np.arange(self.n_fitted, len(items)))
        return np.append(fitted, self.items.encode(new))

    def without(self, items, forgotten, missing):
        """Return the values of the items of another ``fit``, and of others that are not forgotten."""
        kept = np.setdiff1d(np.arange(len(self.items)), self.items.encode(forgotten))
        return self.align(items, self.items.decode(kept), self.values[kept], missing)

    def normalized(self, norm):
        """Return the values with rows of length 1, or whose entries add up to 1."""
        return ItemTraits(self.items, normalize(self.values, norm=norm), self.n_fitted)

    def rows(self, positions):
        """Return the values at some positions, as a dense array."""
        if not sparse.issparse(self.values):
            return self.values[positions]
        dense = self.values[positions.ravel()].toarray()
        return dense.reshape(*positions.shape, -1)


def read_features(features, X, recommender):
    """Return the vectors of the items: of columns of ``X``, of a frame, or those of the recommender."""
    items = recommender.interactions_.items
    if features is None:
        return ItemTraits.align(items, items.ids, _factors(recommender), 0.0)
    if _are_names(features):
        ids, columns = items.ids, item_columns(features, X, recommender, "features")
    else:
        ids, columns = _frame_columns(features, recommender.interactions_)
    return ItemTraits.align(items, ids, _encoded(columns), 0.0)


def read_groups(groups, X, recommender):
    """Return the groups of the items as codes, -1 where there are fewer, of a column or a mapping."""
    items = recommender.interactions_.items
    if isinstance(groups, str):
        (column,) = item_columns(groups, X, recommender, "groups")
        ids, names = items.ids, list(plain_values(column))
    else:
        given = dict(groups.items())
        ids, names = as_series(list(given)), list(given.values())
        _check_known(ids, items, "groups")
    several = [_as_list(each) for each in names]
    codes = np.full((len(several), max(1, *map(len, several))), -1)
    coded, _ = pd.factorize(pd.Series([group for each in several for group in each], dtype=object))
    of_item = np.repeat(np.arange(len(several)), list(map(len, several)))
    place = [position for each in several for position in range(len(each))]
    codes[of_item, place] = coded
    return ItemTraits.align(items, ids, codes, -1)


def item_columns(names, X, recommender, parameter):
    """Return columns of ``X`` that say something of items, a value for each item of ``fit``."""
    layout = recommender.interactions_.layout
    table = Interactions.from_rows(
        X,
        user=layout.user,
        item=layout.item,
        time=layout.time,
        needs_ratings=False,
        features="columns",
    )
    found = dict(zip(table.features.item_names, table.features.item_columns, strict=True))
    names = [names] if isinstance(names, str) else names
    if not len(names):
        raise ValueError(f"{parameter}=[] names no column of X. Name one or more, or give None.")
    for name in names:
        if name not in found:
            raise ValueError(
                f"{parameter}={name!r} is no column of X that says something of items (those are "
                f"{list(found)}). Name one of them, or give the values by item."
            )
    codes = table.items.encode(recommender.interactions_.items.ids)  # rows of weight 0 are not in fit
    return [found[name].to_series()[codes] for name in names]


def _are_names(features):
    return isinstance(features, str) or (
        isinstance(features, (list, tuple)) and all(isinstance(name, str) for name in features)
    )


def _frame_columns(features, interactions):
    """Return the ids of a frame, from the item column, the index or the first column, and the others."""
    if isinstance(features, pd.Series):
        features = features.to_frame()
    if not nw.dependencies.is_into_dataframe(features):
        raise TypeError(
            f"features= is a {type(features).__name__}. Give names of columns of X, or a frame that is "
            f"indexed by item."
        )
    frame, items = nw.from_native(features, eager_only=True), interactions.items
    names, layout = list(frame.columns), interactions.layout
    item = None if layout.names is None else layout.names[layout.item]
    if item not in names and nw.dependencies.is_pandas_dataframe(features):
        ids = as_series(features.index)
    else:
        ids = frame[names.pop(names.index(item) if item in names else 0)]
    columns = [frame[name] for name in names]
    _check_known(ids, items, "features")
    if len(Vocabulary.from_series(ids, "item")[0]) < len(ids):
        raise ValueError("features= holds an item id twice. Give one row for each item.")
    if not columns:
        raise ValueError("features= has no column. Give one or more beside the item ids.")
    return ids, columns


def _check_known(ids, items, parameter):
    """Raise where none of some ids is an item of ``fit``."""
    if (items.encode(ids) < 0).all():
        example = f" (such as {ids.to_list()[0]!r})" if len(ids) else ""
        raise ValueError(
            f"None of the ids in {parameter}={example} is an item of fit. Give item ids such as "
            f"{items.example!r}."
        )


def _encoded(columns):
    """Return columns as vectors: numbers as they are, text such as "Action, Drama" as a one for each."""
    text = [column for column in columns if column.dtype in TEXT or column.dtype == nw.Object]
    numbers = [column for column in columns if not any(column is each for each in text)]
    parts = [sparse.csr_array(numeric_columns(numbers, len(columns[0])))]
    for column in text:
        cells = pd.DataFrame({column.name: pd.Series(column.to_list(), dtype=object)})
        genres = WeightedOneHotGenres(weighting="uniform", sparse_output=True).set_output(
            transform="default"
        )
        parts.append(sparse.csr_array(genres.fit_transform(cells)))
    vectors = sparse.hstack(parts, "csr")
    return vectors.toarray() if vectors.shape[0] * vectors.shape[1] <= LARGEST_DENSE else vectors


def _factors(recommender):
    """Return the factors of the items, or else the leading components of the interactions."""
    vectors = recommender._item_vectors()
    if not sparse.issparse(vectors):
        return np.asarray(vectors, dtype=np.float64)
    n_components = min(N_FACTORS, *vectors.shape)
    return truncated_svd(vectors.tocsr(), n_components, random_state=0)[2]


def _as_list(groups):
    """Return the groups of an item as a list, without missing ones."""
    if isinstance(groups, (list, tuple, set, frozenset, np.ndarray)):
        return list(groups)
    return [] if pd.isna(groups) else [groups]


def _no_row(values):
    return sparse.csr_array((1, values.shape[1]), dtype=values.dtype)
