"""Members of groups, given by the code of the group of each, and the best columns of rows."""

import numpy as np

GROUPS = 8  # of columns, for each score that is wanted
LEAST_GROUP = 8  # columns, below which groups do not pay
CROWDED = 8  # scores that reach the bound, for each that is wanted, from which on equal ones are counted


def first_rows(codes):
    """Return the first row of each code."""
    first = np.empty(codes.max(initial=-1) + 1, dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first


def positions_within(sizes):
    """Return 0, 1, 2, ... for the members of each of several groups, one after the other."""
    return np.arange(np.sum(sizes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def positions_in(order):
    """Return the position of each element in an order."""
    positions = np.empty_like(order)
    positions[order] = np.arange(len(order))
    return positions


def ranks_within(codes, values):
    """Rank the members of each group from 1: the largest value first, of equal ones the first row.

    Rows that are already in that order are not sorted.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
        Code of the group of each row.

    values : ndarray of shape (n_rows,)
        What to rank by.

    Returns
    -------
    ndarray of int of shape (n_rows,)
        The rank of each row.

    Examples
    --------
    >>> ranks_within(np.array([0, 0, 1, 0]), np.array([5.0, 7.0, 1.0, 5.0])).tolist()
    [2, 1, 1, 3]
    """
    order = best_first(codes, values)
    n_rows = np.bincount(codes)
    first = np.cumsum(n_rows) - n_rows
    ranks = np.empty(len(codes), dtype=np.intp)
    ranks[order] = np.arange(1, len(codes) + 1) - first[codes[order]]
    return ranks


def best_first(codes, values):
    """Return the order of the rows by group and then by falling value."""
    same_group = codes[1:] == codes[:-1]
    sorted_already = (codes[1:] > codes[:-1]) | (same_group & (values[1:] <= values[:-1]))
    return np.arange(len(codes)) if sorted_already.all() else np.lexsort([-values, codes])


def best_of(scores, n):
    """Rank the `n` best columns of each row.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_columns)
        Scores; -inf is never ranked. Of equal scores, the first column is better.

    n : int
        How many to rank at most.

    Returns
    -------
    rows, columns, values, ranks : ndarray of shape (n_ranked,)
        One entry for each ranked score, by row and then by rank from 1.

    Examples
    --------
    >>> rows, columns, values, ranks = best_of(np.array([[1.0, 3.0, 2.0], [5.0, -np.inf, 5.0]]), 2)
    >>> columns.tolist(), ranks.tolist()
    ([1, 2, 0, 2], [1, 2, 1, 2])
    """
    n = min(n, scores.shape[1])
    if n == 0:
        return joined([])
    rows, columns = _at_least(scores, _bound(scores, n), n)
    values = scores[rows, columns]
    order = np.lexsort([-values, rows])
    lengths = np.bincount(rows, minlength=len(scores))
    ranks = positions_within(lengths) + 1
    order, ranks = order[ranks <= n], ranks[ranks <= n]
    return rows[order], columns[order], values[order].astype(np.float64), ranks


def joined(blocks):
    """Return what `best_of` gave for several blocks, or for none, one after the other."""
    codes = np.empty(0, dtype=np.intp)
    nothing = (codes, codes, np.empty(0), codes)
    return [np.concatenate(parts) for parts in zip(nothing, *blocks, strict=True)]


def _bound(scores, n):
    """Return a lower bound of the n-th largest score of each row that not many more scores reach.

    It is the n-th largest of the maxima of groups of columns, several times as many groups as `n`.
    """
    n_rows, n_columns = scores.shape
    n_groups = GROUPS * n
    if n_columns >= LEAST_GROUP * n_groups:
        size = n_columns // n_groups
        scores = scores[:, : size * n_groups].reshape(n_rows, size, n_groups).max(axis=1)
    last = scores.shape[1] - n
    return np.partition(scores, last, axis=1)[:, last]


def _at_least(scores, bound, n):
    """Return rows and columns of the scores that reach a bound: larger ones, and enough of equal ones.

    Of scores that equal the bound, the first columns count; -inf never does.
    """
    bound = np.maximum(bound, np.finfo(scores.dtype).min)[:, None]
    reached = scores >= bound
    crowded = np.flatnonzero(np.count_nonzero(reached, axis=1) > CROWDED * n)
    for row in crowded:  # most of them equal the bound
        equal = np.flatnonzero(scores[row] == bound[row])
        reached[row, equal[n:]] = False
    return np.divmod(np.flatnonzero(reached), scores.shape[1])
