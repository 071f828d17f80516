"""Models without some users or items: a fit on the rows that are kept."""

from typing import Self

import narwhals as nw
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.interactions._clock import DATES, DURATIONS, NUMBERS, ZONED
from sklearn_anime.interactions._frames import TableForm


class ForgetMixin:
    """Mixin of models with ``interactions_``, which can be fitted again to a part of them."""

    def forget(self, users: ArrayLike | None = None, items: ArrayLike | None = None) -> Self:
        """Forget users or items, as if they had never been in the rows of ``fit``.

        The model is fitted again to the rows that it keeps, which takes as long as ``fit``. Files that
        were written before still hold the ids.

        Parameters
        ----------
        users, items : array-like of ids or a single id, default=None
            What to forget. Others without another row are gone too.

        Returns
        -------
        estimator
            This estimator, with the result of a ``fit`` on the rows without them: the same numbers up
            to rounding, or for models that draw at random with `random_state`, by the same method.

        Raises
        ------
        KeyError
            If an id was not in the rows of ``fit``.

        ValueError
            If nothing is named or no row is left, or if the model does not keep its rows: with columns
            of text that are constant neither within each item nor within each user.
        """
        check_is_fitted(self)
        X, y, weights = rows_of(self.interactions_, kept_pairs(self.interactions_, users, items))
        parameters = {} if weights is None else {"sample_weight": weights}
        fitted = clone(self).fit(X, y, **parameters)
        self.__dict__ = vars(fitted) | self.get_params(deep=False)
        return self


def kept_pairs(interactions, users=None, items=None):
    """Return which pairs of interactions are kept without some users and items.

    Examples
    --------
    >>> from sklearn_anime.interactions import Interactions
    >>> interactions = Interactions.from_rows([["ann", 1], ["ann", 2], ["bob", 2]], [5, 4, 3])
    >>> kept_pairs(interactions, "bob", 1).tolist()
    [False, True, False]
    """
    if users is None and items is None:
        raise ValueError("There is nothing to forget. Give ids in users= or items=.")
    kept = np.ones(len(interactions.item_codes), dtype=bool)
    if users is not None:
        kept &= ~np.isin(interactions.row_codes, interactions.users.lookup(users))
    if items is not None:
        kept &= ~np.isin(interactions.item_codes, interactions.items.lookup(items))
    if not kept.any():
        raise ValueError(
            f"None of the {len(kept)} interactions of fit would be left. Delete the model instead, or "
            f"forget fewer users or items."
        )
    return kept


def rows_of(interactions, kept):
    """Return some pairs as rows ``X``, ratings ``y`` and weights (or None) that have the same fit.

    A pair that was repeated is repeated with its mean rating, or has the sum of its weights.
    """
    pairs, ratings, weights = _rated_and_others(interactions, np.flatnonzero(kept))
    if not interactions.weighted:
        counts = weights.astype(np.intp)
        pairs, ratings, weights = np.repeat(pairs, counts), np.repeat(ratings, counts), None
    if interactions.order is not None:
        later = np.argsort(interactions.order[pairs], kind="stable")
        pairs, ratings = pairs[later], ratings[later]
        weights = None if weights is None else weights[later]
    columns = _columns(interactions, pairs)
    return TableForm(interactions.layout.names).write(columns), ratings, weights


def _rated_and_others(interactions, pairs):
    """Return pairs, ratings and weights: for each pair its rated rows, and then those without one."""
    others = interactions.totals[pairs] - interactions.weights[pairs]
    more = pairs[others > 1e-9 * interactions.totals[pairs]]
    weights = np.append(interactions.weights[pairs], (interactions.totals - interactions.weights)[more])
    return np.append(pairs, more), np.append(interactions.ratings[pairs], np.nan * more), weights


def _columns(interactions, pairs):
    """Return the columns of the rows of pairs, in the order of ``X``; zeros where a model reads none."""
    layout, users, items = interactions.layout, interactions.row_codes[pairs], interactions.item_codes
    ids = interactions.users.decode(users)
    found = {layout.user: ids, layout.item: interactions.items.decode(items[pairs])}
    if layout.time is not None:
        found[layout.time] = _on_clock(_series(ids, interactions.times[pairs]), interactions.clock)
    others = _features(interactions, users, items[pairs], pairs)
    for place, position in enumerate(layout.others):
        values = np.zeros(len(pairs)) if others is None else others[place]
        found[position] = _series(ids, values) if isinstance(values, np.ndarray) else values
    return [found[position] for position in range(layout.n_columns)]


def _features(interactions, users, items, pairs):
    """Return the further columns of pairs, or None where the model does not use them."""
    table = interactions.features
    if table is None:
        return None
    if table.contexts is not None:
        rows = table.combined(table.user_features[users], table.item_features[items])
        rows[:, table.context] = table.contexts[pairs]
        return list(rows.T)
    if table.context.any():
        raise ValueError(
            f"The columns {table.context_names} of X were not kept row by row, so that nothing can be "
            f"forgotten. Call fit with the rows that are left."
        )
    sides = [column.to_series()[users] for column in table.user_columns]
    return table.combined(sides, [column.to_series()[items] for column in table.item_columns])


def _on_clock(times, clock):
    """Return times, which are microseconds where they are no numbers, in the type of a clock."""
    if clock == NUMBERS:
        return times
    types = {
        DATES: nw.Datetime("us"),
        ZONED: nw.Datetime("us", "UTC"),
        DURATIONS: nw.Duration("us"),
    }
    return times.cast(types[clock])


def _series(like, values):
    """Return numbers as a series of the frame library of another."""
    return nw.new_series("", values, backend=like.implementation)
