"""Cells of a table -> genres and their positions, in long form; each distinct cell is read once."""

from dataclasses import dataclass
from itertools import chain

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from sklearn.utils import check_array

from sklearn_anime.interactions._frames import BY_PARTITION, check_in_memory

NESTED_DTYPES = (nw.List, nw.Array, nw.Struct, nw.Object)


@dataclass(frozen=True, slots=True)
class GenreColumn:
    """The genres of one column: one entry per (distinct cell, genre), in the order of the cell.

    Parameters
    ----------
    label : str or int
        Name of the column, or its position where the table has no names.

    rows : ndarray of shape (n_rows,)
        For each row, which distinct cell it holds; -1 where it is missing.

    n_cells : int
        Number of distinct cells.

    cells : ndarray of shape (n_entries,)
        Distinct cell of each entry, ascending.

    genres : ndarray of shape (n_entries,)
        Genre of each entry, as an index into `names`.

    positions : ndarray of shape (n_entries,)
        Position of the genre in its cell, from 1, repeats and empty pieces not counted.

    names : ndarray of shape (n_genres,)
        Distinct genres, in order of appearance.
    """

    label: str | int
    rows: np.ndarray
    n_cells: int
    cells: np.ndarray
    genres: np.ndarray
    positions: np.ndarray
    names: np.ndarray

    @property
    def n_positions(self):
        """Largest number of distinct genres in a cell, 0 where every cell is empty."""
        return int(self.positions.max(initial=0))

    def count_rows(self):
        """Count the rows that hold each genre of `names`."""
        rows_per_cell = np.bincount(self.rows[self.rows >= 0], minlength=self.n_cells)
        counts = np.bincount(self.genres, weights=rows_per_cell[self.cells], minlength=len(self.names))
        return counts.astype(np.int64)

    def first_row(self, genre):
        """Return the first row that holds a genre, given as an index into `names`."""
        cells = self.cells[self.genres == genre]
        return int(np.flatnonzero(np.isin(self.rows, cells))[0])


def check_table(X, estimator):
    """Return a frame as it is and anything else as a 2-D array, or say why it is no table."""
    check_in_memory(X, remedy=BY_PARTITION)
    if not is_frame(X):
        # Lists become objects: numpy would turn the missing value of a list of text into "nan".
        dtype = None if hasattr(X, "dtype") else object
        return check_array(X, dtype=dtype, ensure_all_finite=False, estimator=estimator)
    if 0 in X.shape:
        what = "sample" if X.shape[0] == 0 else "feature"
        raise ValueError(
            f"Found a frame with 0 {what}(s) (shape={tuple(X.shape)}) while a minimum of 1 is "
            f"required by {type(estimator).__name__}: pass at least one row and one column."
        )
    return X


def is_frame(X):
    """Tell whether `X` is a data frame of pandas or of a library that narwhals reads."""
    return isinstance(X, pd.DataFrame) or isinstance(
        nw.from_native(X, eager_only=True, pass_through=True), nw.DataFrame
    )


def read_columns(X, separator):
    """Read every column of a checked table.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_rows, n_columns)
        What `check_table` returned.

    separator : str
        What stands between two genres of a text.

    Returns
    -------
    list of GenreColumn
        One per column.
    """
    if not separator:
        raise ValueError(
            "separator='' cannot divide a text: name what stands between two genres, or pass "
            "cells that are lists."
        )
    return [read_column(values, separator, label) for label, values in iterate_columns(X)]


def iterate_columns(X):
    """Yield label and one-dimensional values of each column."""
    if isinstance(X, pd.DataFrame):
        yield from ((label, unpack_arrow(X.iloc[:, i])) for i, label in enumerate(X.columns))
    elif isinstance(X, np.ndarray):
        yield from enumerate(X.T)
    else:
        frame = nw.from_native(X, eager_only=True)
        yield from ((name, unpack_series(frame.get_column(name))) for name in frame.columns)


def unpack_arrow(series):
    """Return a pandas series, as objects where it is Arrow's: pandas cannot factorize its lists."""
    return series.astype(object) if isinstance(series.dtype, pd.ArrowDtype) else series


def unpack_series(series):
    """Return the values of a narwhals series, as objects what numpy would turn into another type."""
    integers_with_gaps = series.dtype.is_integer() and series.null_count() > 0
    if integers_with_gaps or isinstance(series.dtype, NESTED_DTYPES):
        return object_array(series.to_list())
    return series.to_numpy()


def read_column(values, separator, label):
    """Split the distinct cells of a column and number the genres in each (see `GenreColumn`)."""
    rows, distinct = factorize_cells(values, label)
    lists = split_cells(distinct, separator)
    cells = np.repeat(np.arange(len(lists)), [len(pieces) for pieces in lists])
    genres, names = factorize_pieces(lists, distinct)
    kept = (genres >= 0) & ~pd.Series(cells * (len(names) + 1) + genres).duplicated().to_numpy()
    cells, genres = cells[kept], genres[kept]
    return GenreColumn(label, rows, len(lists), cells, genres, number_within(cells), names)


def factorize_cells(values, label):
    """Return for each row its distinct cell (-1: missing), and the distinct cells, checked."""
    try:
        rows, distinct = pd.factorize(values)
    except TypeError:  # cells that cannot be hashed: lists, or worse
        values = freeze_lists(np.asarray(values, dtype=object))
        check_cells(values, np.arange(len(values)), label)
        rows, distinct = pd.factorize(values)
    distinct = as_plain_array(distinct)
    if not holds_text_only(distinct):
        check_cells(distinct, rows, label)
    return rows, distinct


def freeze_lists(values):
    """Turn the lists and arrays among cells into tuples, which can be hashed."""
    lists = list | np.ndarray | pd.Series
    return object_array([tuple(cell) if isinstance(cell, lists) else cell for cell in values])


def as_plain_array(distinct):
    """Return distinct cells as an array: numbers and dates keep their dtype, others are objects."""
    distinct = np.asarray(distinct)
    return distinct if distinct.dtype.kind in "biufcmM" else distinct.astype(object)


def holds_text_only(cells):
    """Tell whether every cell of an array is a text."""
    return pd.api.types.infer_dtype(cells, skipna=False) == "string"


def check_cells(cells, rows, label):
    """Raise on the first cell that cannot be read; `rows` says in which row it stands."""
    if cells.dtype.kind in "biumM" or (cells.dtype.kind == "f" and np.isfinite(cells).all()):
        return
    for code, cell in enumerate(cells):
        fault = find_fault(cell)
        if fault is not None:
            raise fault(cell, f"row {int(np.argmax(rows == code))} of column {label!r}")


def find_fault(cell):
    """Return what makes the error for a cell that cannot be read, None for the others."""
    for piece in cell if isinstance(cell, tuple) else (cell,):
        if isinstance(piece, str):
            continue
        if not pd.api.types.is_scalar(piece) or isinstance(piece, complex | np.complexfloating):
            return no_genre_error
        if isinstance(piece, float | np.floating) and np.isinf(piece):
            return infinity_error
    return None


def no_genre_error(cell, where):
    """Make the error for a cell that holds neither a scalar nor a list of scalars."""
    return TypeError(
        f"X holds {cell!r:.60} of type {type(cell).__name__} in {where}, and each cell of the "
        "argument must be a string or a number, a list of them, or missing: convert it, for "
        "example to text with the genres joined by the separator."
    )


def infinity_error(cell, where):
    """Make the error for a cell that holds an infinite number."""
    return ValueError(
        f"X contains infinity ({cell!s:.60}) in {where}: replace it by a missing value, which is "
        "encoded as zeros."
    )


def split_cells(distinct, separator):
    """Return the list of pieces of each distinct cell."""
    if distinct.dtype != object:
        return [(number,) for number in distinct]
    if holds_text_only(distinct):
        return [text.split(separator) for text in distinct]
    return [split_cell(cell, separator) for cell in distinct]


def split_cell(cell, separator):
    """Return the pieces of a cell that may be a text, a tuple or any other scalar."""
    if isinstance(cell, str):
        return cell.split(separator)
    return cell if isinstance(cell, tuple) else (cell,)


def factorize_pieces(lists, distinct):
    """Code the pieces of all cells: stripped text, -1 for the empty and the missing."""
    if distinct.dtype != object:
        return np.arange(len(distinct)), distinct
    codes, raw = pd.factorize(object_array(list(chain.from_iterable(lists))))
    stripped = [piece.strip() or None if isinstance(piece, str) else piece for piece in raw]
    merged, names = pd.factorize(object_array(stripped))
    return np.append(merged, -1)[codes], names


def number_within(groups):
    """Count off the members of each group of a sorted array from 1."""
    counts = np.bincount(groups)
    starts = np.cumsum(counts) - counts
    return np.arange(len(groups)) - starts[groups] + 1


def object_array(items):
    """Return a one-dimensional array of objects, tuples kept whole."""
    return np.fromiter(items, dtype=object, count=len(items))
