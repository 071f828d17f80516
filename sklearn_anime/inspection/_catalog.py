"""What a catalog says of the items of ``fit``."""

import narwhals as nw

from sklearn_anime.interactions._ids import as_series, id_index
from sklearn_anime.preprocessing._cells import object_array, read_column


def read_column_of(catalog, name, items):
    """Return a column of a catalog in the order of items; None for those that it lacks.

    Parameters
    ----------
    catalog : DataFrame
        One row for each item, whose id is in the column that is called as `items` are, or else in the
        index.

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
    places = id_index(_ids_of(frame, items.name), "item").get_indexer(items.index)
    if (places < 0).all():
        raise ValueError(
            f"The catalog knows none of the {len(items)} items of fit, such as {items.example!r}. "
            f"Give it a column {items.name!r}, or an index, with their ids."
        )
    return [values[place] if place >= 0 else None for place in places]


def first_genres(cells):
    """Return the first genre of each cell, a text with ", " between genres or a list of them."""
    column = read_column(object_array(cells), ", ", "genre")
    first = column.positions == 1
    genre_of = dict(zip(column.cells[first], column.names[column.genres[first]], strict=True))
    return [genre_of.get(cell) for cell in column.rows]


def _ids_of(frame, name):
    if name in frame.columns:
        return frame[name]
    index = nw.maybe_get_index(frame)
    if index is None:
        raise ValueError(
            f"The catalog has no column {name!r} with the ids of its titles (columns: "
            f"{frame.columns}). Rename the one that holds them."
        )
    return as_series(index)
