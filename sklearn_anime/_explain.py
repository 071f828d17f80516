"""What a score is made of, as a tidy frame."""

from numbers import Integral

import narwhals as nw
import numpy as np
from sklearn.utils import check_scalar

from sklearn_anime.interactions._rows import tidy_frame


def explanation_frame(terms, n, like):
    """Return the `n` largest terms of a score, then the row ``rest``, in the library of `like`.

    Parameters
    ----------
    terms : dict of str to float
        Contribution of each term; together they are the score.

    n : int
        How many terms to name.

    like : Vocabulary
        Ids of ``fit``, whose frame library is that of the answer.
    """
    n = check_scalar(n, "n", Integral, min_val=1)
    names = sorted(terms, key=lambda name: -abs(terms[name]))
    rest = sum(terms[name] for name in names[n:])
    backend = like.ids.implementation
    term = nw.new_series("term", [*names[:n], "rest"], backend=backend)
    return tidy_frame(term, contribution=np.array([*(terms[name] for name in names[:n]), rest]))


def lending_frame(lenders, weights, ratings, shares, others, n):
    """Return the `n` largest shares of lenders beside other terms, then the row ``rest``.

    Parameters
    ----------
    lenders : narwhals Series of length n_lenders
        Ids of those who lend.

    weights, ratings, shares : ndarray of shape (n_lenders,)
        The weight of each, the rating that is lent, and what it adds.

    others : dict of str to float
        Further terms of the sum, which come first.

    n : int
        How many lenders to name.
    """
    n = check_scalar(n, "n", Integral, min_val=1)
    best = np.argsort(-np.abs(shares), kind="stable")[:n]
    best = best[shares[best] != 0]
    gap = np.full(len(others), np.nan)
    backend = lenders.implementation
    terms = [*others, *["neighbor"] * len(best), "rest"]
    named = [*[None] * len(others), *lenders[best].to_list(), None]
    dtype = {"dtype": nw.Object()} if lenders.implementation.is_pandas_like() else {}
    return tidy_frame(
        nw.new_series("term", terms, backend=backend),
        nw.new_series("neighbor", named, backend=backend, **dtype),
        weight=np.concatenate([gap, weights[best], [np.nan]]),
        rating=np.concatenate([gap, ratings[best], [np.nan]]),
        contribution=np.concatenate(
            [list(others.values()), shares[best], [shares.sum() - shares[best].sum()]]
        ),
    )
