"""Columns of a catalog, in the order of the items of ``fit``."""

import narwhals as nw
import pandas as pd

from sklearn_anime.interactions._ids import as_series, id_index
from sklearn_anime.preprocessing._cells import object_array, read_column


def read_column_of(catalog, name, items):
    """Return a column of a catalog in the order of items; None for those that it lacks.

    Parameters
    ----------
    catalog : DataFrame
        One row for each item. The ids are in the column with the name of the item column of ``fit``,
        or else in the index.

    name : str
        The column to read.

    items : Vocabulary
        The items of ``fit``.
    """
    frame = nw.from_native(catalog, eager_only=True)
    if name not in frame.columns:
        raise ValueError(
            f"The catalog has no column {name!r} (columns: {frame.columns}). Name one of them, or "
            f"None for no genres."
        )
    values = frame[name].to_list()
    rows = id_index(_ids_of(frame, items.name), "item").get_indexer(items.index)
    if (rows < 0).all():
        raise ValueError(
            f"The catalog knows none of the {len(items)} items of fit, such as {items.example!r}. "
            f"Give it a column {items.name!r}, or an index, with their ids."
        )
    return [values[row] if row >= 0 else None for row in rows]


def names_of(catalog, name, items):
    """Return the name of each item as a dict: that of the catalog, else the id."""
    ids = items.ids.to_list()
    if catalog is None:
        return dict(zip(ids, ids, strict=True))
    known = read_column_of(catalog, name, items)
    return {id_: id_ if is_missing(text) else text for id_, text in zip(ids, known, strict=True)}


def first_genres(cells):
    """Return the first genre of each cell, a text with ", " between genres or a list of them."""
    column = read_column(object_array(cells), ", ", "genre")
    first = column.positions == 1
    genre_of = dict(zip(column.cells[first], column.names[column.genres[first]], strict=True))
    return [genre_of.get(cell) for cell in column.rows]


def is_missing(value):
    """Return whether a cell is None, NaN or NA."""
    return value is None or value is pd.NA or value != value


def _ids_of(frame, name):
    if name in frame.columns:
        return frame[name]
    index = nw.maybe_get_index(frame)
    if index is None:
        raise ValueError(
            f"The catalog has no column {name!r} with the ids of its items (columns: "
            f"{frame.columns}). Rename the one that holds them."
        )
    return as_series(index)
