"""Which genres get a column, and the way back from columns to cells."""

from numbers import Integral

import numpy as np
from scipy import sparse

from sklearn_anime.preprocessing._cells import object_array
from sklearn_anime.utils._warnings import warn

SEPARATORS = (", ", "|", ";", ",", " / ")


def choose_genres(column, max_genres, min_frequency, pooled):
    """Divide the genres of a column into those with an output column and the others.

    Parameters
    ----------
    column : GenreColumn
        What `fit` read.

    max_genres : int or None
        Largest number of output columns.

    min_frequency : int, float or None
        Smallest number, or fraction, of rows that hold a genre.

    pooled : bool
        Whether the others share an output column, which then counts in `max_genres`.

    Returns
    -------
    genres : ndarray
        Genres with a column of their own, sorted.

    infrequent : ndarray or None
        The others, sorted; None where there are none.
    """
    order = sort_names(column.names, column.label)
    names, counts = column.names[order], column.count_rows()[order]
    frequent = is_frequent(counts, min_frequency, len(column.rows))
    frequent &= most_frequent(np.where(frequent, counts, 0), max_genres, pooled)
    return names[frequent], None if frequent.all() else names[~frequent]


def warn_of_separator(column, separator):
    """Warn that no text of a column was divided, though another separator stands in one."""
    if column.n_positions > 1:
        return
    for name in column.names.tolist():
        found = [mark for mark in SEPARATORS if isinstance(name, str) and mark in name]
        if found and found[0] != separator:
            warn(
                f"separator={separator!r} occurs in no cell of column {column.label!r}, but "
                f"{found[0]!r} does, as in {name!r:.60}. Set separator={found[0]!r} if it divides them."
            )
            return


def check_output_names(columns):
    """Raise where two output columns, given as pairs of a label and genres, have the same name."""
    owners = {}
    for label, genres in columns:
        for genre in genres:
            name = f"{label if isinstance(label, str) else f'x{label}'}_{genre}"
            owner = f"{genre!r} of column {label!r}"
            if name in owners:
                raise ValueError(
                    f"Two output columns are called {name!r}: {owners[name]} and {owner}. Rename a "
                    f"column of X, or a genre."
                )
            owners[name] = owner


def sort_names(names, label):
    """Return the order of the genres, or say that they cannot be compared."""
    try:
        return np.argsort(names, kind="stable")
    except TypeError as error:
        types = ", ".join(sorted({type(name).__name__ for name in names}))
        raise TypeError(
            f"Column {label!r} mixes genres of types {types}, and the argument must be a string "
            "or a number in every cell: convert the column to text, with `astype(str)`."
        ) from error


def is_frequent(counts, min_frequency, n_rows):
    """Mark the genres in at least `min_frequency` rows, a number or a fraction of them."""
    if min_frequency is None:
        return np.ones(len(counts), dtype=bool)
    shares = counts if isinstance(min_frequency, Integral) else counts / n_rows
    return shares >= min_frequency


def most_frequent(counts, max_genres, pooled):
    """Mark the genres that `max_genres` leaves, counts being 0 where already left out."""
    n_candidates = np.count_nonzero(counts)
    n_columns = n_candidates + (pooled and n_candidates < len(counts))
    if max_genres is None or n_columns <= max_genres:
        return np.ones(len(counts), dtype=bool)
    marked = np.zeros(len(counts), dtype=bool)
    marked[np.argsort(-counts, kind="stable")[: max_genres - pooled]] = True
    return marked


def decode_cells(block, genres, weights, separator):
    """Turn the output columns of one input column back into cells.

    Parameters
    ----------
    block : {ndarray, sparse matrix} of shape (n_rows, n_genres)
        Weights.

    genres : list
        What each column of `block` stands for.

    weights : ndarray of shape (n_positions,)
        Weight of each position.

    separator : str
        What stands between two genres of a text.

    Returns
    -------
    ndarray of shape (n_rows,)
        Cells, None where the row is zero.
    """
    table = sparse.coo_array(block)
    table.eliminate_zeros()
    rows, columns = table.coords
    values = table.data.astype(np.float64)
    order = np.lexsort((columns, -values, nearest_position(values, weights), rows))
    names = object_array(genres)[columns[order]]
    ends = np.cumsum(np.bincount(rows, minlength=table.shape[0]))
    cells = np.split(names, ends[:-1])
    return object_array([join_genres(cell.tolist(), separator) for cell in cells])


def nearest_position(values, weights):
    """Return the first position whose weight is nearest to each value."""
    if not len(values):
        return np.zeros(0, dtype=np.intp)
    return np.abs(values[:, np.newaxis] - weights).argmin(axis=1)


def join_genres(genres, separator):
    """Make one cell of its genres, in order."""
    if len(genres) < 2:
        return genres[0] if genres else None
    return separator.join(genres) if all(isinstance(g, str) for g in genres) else genres
