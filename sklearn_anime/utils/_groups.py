"""Members of groups, given by the code of the group of each, and the best columns of rows."""

import numpy as np


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
    last = scores.shape[1] - n
    best = np.argpartition(scores, last, axis=1)[:, last:]
    _prefer_first(best, scores)
    best.sort(axis=1)
    values = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    best, values = (np.take_along_axis(found, order, axis=1) for found in (best, values))
    rows, positions = np.nonzero(values > -np.inf)
    return rows, best[rows, positions], values[rows, positions].astype(np.float64), positions + 1


def joined(blocks):
    """Return what `best_of` gave for several blocks, or for none, one after the other."""
    codes = np.empty(0, dtype=np.intp)
    nothing = (codes, codes, np.empty(0), codes)
    return [np.concatenate(parts) for parts in zip(nothing, *blocks, strict=True)]


def _prefer_first(best, scores):
    """Where equal scores compete for the last ranks, give these to the first columns, in place."""
    threshold = np.take_along_axis(scores, best, axis=1).min(axis=1, keepdims=True)
    tied = (scores >= threshold).sum(axis=1) > best.shape[1]
    for row in np.flatnonzero(tied & (threshold[:, 0] > -np.inf)):
        better = np.flatnonzero(scores[row] > threshold[row])
        equal = np.flatnonzero(scores[row] == threshold[row])
        best[row] = np.concatenate([better, equal[: best.shape[1] - len(better)]])
