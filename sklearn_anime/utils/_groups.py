"""Members of groups, given by the code of the group of each: first ones, positions and ranks."""

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
    """Rank the rows of each user from 1: the largest value first, of equal ones the first row.

    Rows that are already in that order are not sorted.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
        Code of the user of each row.

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
    """Return the order of the rows by user and then by falling value."""
    same_user = codes[1:] == codes[:-1]
    sorted_already = (codes[1:] > codes[:-1]) | (same_user & (values[1:] <= values[:-1]))
    return np.arange(len(codes)) if sorted_already.all() else np.lexsort([-values, codes])
