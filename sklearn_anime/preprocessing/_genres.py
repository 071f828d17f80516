"""Genres in order of relevance -> one weighted column per genre."""

from collections.abc import Callable
from itertools import pairwise
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_anime.preprocessing._cells import check_table, read_columns
from sklearn_anime.preprocessing._genre_choice import (
    check_output_names,
    choose_genres,
    decode_cells,
    warn_of_separator,
)
from sklearn_anime.preprocessing._position_weights import (
    WEIGHTINGS,
    check_dtype_holds,
    keep_largest,
    position_weights,
    spread_dense,
    spread_sparse,
    stack_dense,
    stack_sparse,
)
from sklearn_anime.utils._estimator import EstimatorMixin
from sklearn_anime.utils._sklearn import (
    Interval,
    RealNotInt,
    StrOptions,
    check_feature_names_in,
    fit_context,
)

INFREQUENT = "infrequent"


class WeightedOneHotGenres(EstimatorMixin, TransformerMixin, BaseEstimator):
    r"""Encode genres as one column each, earlier genres weighing more.

    A catalog has the genres of an item in order of relevance: "Action, Drama" is first of
    all action. Each genre becomes one column, and each item has there the weight of the position
    at which it names the genre, or 0. Several input columns are encoded separately.

    Parameters
    ----------
    separator : str, default=", "
        What stands between two genres of a text. Blanks around a genre are removed, and empty
        pieces are dropped. Cells that are lists are not split.

    weighting : {"linear", "reciprocal", "exponential", "uniform"} or callable, default="linear"
        Weight of the genre at position 1, 2, ... of its cell (the formulas are in the Notes). A
        callable takes a position, an int from 1, and returns its weight.

    max_genres : int, default=None
        Largest number of output columns of each input column, the `infrequent` one included: the
        most frequent genres stay, of equally frequent ones the first by name. None is no limit.

    min_frequency : int or float, default=None
        Genres in fewer rows get no column of their own: a number of rows where it is an int, a
        fraction of the rows where it is a float. None is no limit.

    handle_unknown : {"ignore", "error", "infrequent"}, default="ignore"
        What becomes of genres that `fit` did not see, and of those that `max_genres` or
        `min_frequency` leave without a column.

        - "ignore": they are dropped.
        - "error": unknown genres raise in `transform`, those without a column are dropped.
        - "infrequent": if `fit` leaves genres without a column, they and all unknown genres
          share one column, `<column>_infrequent`, the last of its input column. Of several such
          genres in a cell the largest weight counts. Where every genre of `fit` has a column
          there is none to share, and unknown genres are dropped.

    sparse_output : bool, default=False
        Whether `transform` returns a sparse matrix in CSR format.

    dtype : dtype, default=np.float64
        Type of the output.

    Attributes
    ----------
    genres_ : list of ndarray of shape (n_genres,)
        For each input column, the genres that have an output column, sorted.

    infrequent_genres_ : list of (ndarray of shape (n_infrequent_genres,) or None)
        For each input column, the genres that `fit` saw and left without a column, sorted; None
        where there are none.

    n_positions_ : ndarray of shape (n_columns,)
        For each input column, the largest number of genres in one cell of `fit`.

    n_features_in_ : int
        Number of input columns.

    feature_names_in_ : ndarray of shape (n_columns,)
        Names of the input columns, where `X` has names that are all text.

    See Also
    --------
    sklearn.preprocessing.OneHotEncoder : One category per cell.
    sklearn.preprocessing.MultiLabelBinarizer : Several labels per cell, for targets.

    Notes
    -----
    Let :math:`p` be the position of a genre in its cell, counted from 1 after repeats (the first
    position stays), empty and missing pieces are removed, and before unknown genres and those
    without a column are dropped. Let :math:`M` be `n_positions_` of the column. The weights are

    - linear: :math:`\max(M - p + 1, 0)`, so that :math:`M` is the largest;
    - reciprocal: :math:`1 / p`;
    - exponential: :math:`2^{-(p - 1)}`;
    - uniform: 1, a plain multi-hot encoding.

    A cell is a text, a list, tuple or array of genres, missing (None, NaN, `pd.NA`) or any other
    scalar, which is one genre. Missing and empty cells become zeros. Each distinct cell is read
    once, however many rows hold it.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_anime.preprocessing import WeightedOneHotGenres
    >>> catalog = pd.DataFrame(
    ...     {"genre": ["Action, Drama, Space", "Drama, Romance", None]},
    ...     index=["Cowboy Bebop", "Clannad", "(unknown)"],
    ... )
    >>> encoder = WeightedOneHotGenres(dtype=int).set_output(transform="pandas")
    >>> encoder.fit_transform(catalog).rename(columns=lambda name: name.removeprefix("genre_"))
                  Action  Drama  Romance  Space
    Cowboy Bebop       3      2        0      1
    Clannad            0      3        2      0
    (unknown)          0      0        0      0
    >>> encoder.inverse_transform([[0, 2, 3, 0]])
    array([['Romance, Drama']], dtype=object)
    """

    _parameter_constraints: dict = {
        "separator": [str],
        "weighting": [StrOptions(set(WEIGHTINGS)), callable],
        "max_genres": [Interval(Integral, 1, None, closed="left"), None],
        "min_frequency": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
            None,
        ],
        "handle_unknown": [StrOptions({"ignore", "error", "infrequent"})],
        "sparse_output": ["boolean"],
        "dtype": "no_validation",  # numpy says what it cannot take
    }

    def __init__(
        self,
        *,
        separator: str = ", ",
        weighting: Literal["linear", "reciprocal", "exponential", "uniform"]
        | Callable[[int], float] = "linear",
        max_genres: int | None = None,
        min_frequency: int | float | None = None,
        handle_unknown: Literal["ignore", "error", "infrequent"] = "ignore",
        sparse_output: bool = False,
        dtype: DTypeLike = np.float64,
    ):
        self.separator = separator
        self.weighting = weighting
        self.max_genres = max_genres
        self.min_frequency = min_frequency
        self.handle_unknown = handle_unknown
        self.sparse_output = sparse_output
        self.dtype = dtype

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the genres of each column.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            Cells with genres.

        y : array-like, default=None
            Ignored.

        Returns
        -------
        self : WeightedOneHotGenres
            The fitted transformer.
        """
        self._fit(X)
        return self

    def fit_transform(self, X: ArrayLike, y: ArrayLike | None = None) -> Any:
        """Learn the genres of each column and encode them, reading the cells once.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            Cells with genres.

        y : array-like, default=None
            Ignored.

        Returns
        -------
        X_out : {ndarray, sparse matrix, DataFrame} of shape (n_samples, n_features_out)
            Weights; a frame where `set_output` asks for one.
        """
        return self._encode(self._fit(X))

    def transform(self, X: ArrayLike) -> Any:
        """Encode the genres of each column.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            Cells with genres.

        Returns
        -------
        X_out : {ndarray, sparse matrix, DataFrame} of shape (n_samples, n_features_out)
            Weights; a frame where `set_output` asks for one.
        """
        check_is_fitted(self)
        X = check_table(X, self)
        validate_data(self, X, reset=False, skip_check_array=True)
        return self._encode(read_columns(X, self.separator))

    def inverse_transform(self, X: ArrayLike) -> np.ndarray:
        """Give the genres back, in the order of their positions.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features_out)
            Weights as `transform` returns them.

        Returns
        -------
        X_in : ndarray of shape (n_samples, n_columns)
            Genres joined by `separator`; a genre that is no text as it is, several of them in a
            list; None where every weight is 0.

        Notes
        -----
        A weight stands for the position of nearest weight among the first `n_positions_`; genres
        of the same position come by falling weight, then as in `genres_`, which is the only
        order under "uniform". What was dropped is not restored: missing cells and cells of
        unknown genres only, genres that weigh 0, repeats. Whatever shares the column of
        infrequent genres comes back as "infrequent". A genre of a list that holds the separator
        cannot be told from two genres.
        """
        check_is_fitted(self)
        X = check_array(X, accept_sparse="csr", ensure_min_features=0)
        bounds = np.cumsum([0, *map(len, self._output_genres())])
        if X.shape[1] != bounds[-1]:
            raise ValueError(
                f"X has {X.shape[1]} columns, but {type(self).__name__} gives {bounds[-1]}: "
                "pass what `transform` returned."
            )
        blocks = [X[:, start:stop] for start, stop in pairwise(bounds)]
        return np.column_stack([self._decode_column(i, block) for i, block in enumerate(blocks)])

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Name the output columns, `<column>_<genre>`.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input columns: by default those that `fit` saw, or `x0`, `x1`, ...

        Returns
        -------
        feature_names_out : ndarray of str objects
            Names, in the order of the output.
        """
        check_is_fitted(self)
        names_in = check_feature_names_in(self, input_features)
        genres = zip(names_in, self._output_genres(), strict=True)
        names = [f"{name}_{genre}" for name, column in genres for genre in column]
        return np.array(names, dtype=object)

    @fit_context(prefer_skip_nested_validation=True)
    def _fit(self, X):
        """Learn the genres of each column; return the columns read."""
        X = check_table(X, self)
        columns = read_columns(X, self.separator)
        limits = (self.max_genres, self.min_frequency, self.handle_unknown == "infrequent")
        chosen = [choose_genres(column, *limits) for column in columns]
        pooled = limits[-1]
        for column in columns:
            self._weigh(column.n_positions, column.n_positions)
            warn_of_separator(column, self.separator)
        check_output_names(
            (column.label, [*genres, INFREQUENT] if pooled and others is not None else genres)
            for column, (genres, others) in zip(columns, chosen, strict=True)
        )
        self._set_fitted(
            X,
            genres_=[genres for genres, _ in chosen],
            infrequent_genres_=[infrequent for _, infrequent in chosen],
            n_positions_=np.array([column.n_positions for column in columns]),
        )
        return columns

    def _weigh(self, n_needed, n_positions):
        """Compute the weights of the first positions; raise where `dtype` would round them."""
        weights = position_weights(self.weighting, n_needed, n_positions)
        check_dtype_holds(weights, self.dtype, self.weighting)
        return weights

    def _encode(self, columns):
        """Encode columns that were read."""
        blocks = [self._encode_column(i, column) for i, column in enumerate(columns)]
        return stack_sparse(blocks) if self.sparse_output else stack_dense(blocks)

    def _encode_column(self, i, column):
        """Weigh the genres of one column and write them into its output columns."""
        targets = self._targets(i, column)[column.genres]
        weights = self._weigh(column.n_positions, self.n_positions_[i])[column.positions - 1]
        kept = targets >= 0
        entries = column.cells[kept], targets[kept], weights[kept]
        if self._pools(i):
            entries = keep_largest(*entries)
        shape = (column.n_cells, len(self.genres_[i]) + self._pools(i))
        spread = spread_sparse if self.sparse_output else spread_dense
        return spread(entries, shape, column.rows, self.dtype)

    def _targets(self, i, column):
        """Return the output column of each genre that a column names, -1 for none."""
        genres, infrequent = self.genres_[i], self.infrequent_genres_[i]
        pool = len(genres) if self._pools(i) else -1
        known = dict.fromkeys([] if infrequent is None else infrequent.tolist(), pool)
        known.update(zip(genres.tolist(), range(len(genres)), strict=True))
        if self.handle_unknown == "error":
            self._check_known(column, known)
        return np.array([known.get(name, pool) for name in column.names.tolist()], dtype=np.intp)

    def _check_known(self, column, known):
        """Raise on the first genre that `fit` did not see."""
        unknown = [code for code, name in enumerate(column.names.tolist()) if name not in known]
        if unknown:
            raise ValueError(
                f"Found unknown genre {column.names[unknown[0]]!r} in row "
                f"{column.first_row(unknown[0])} of column {column.label!r} "
                f"({len(unknown)} unknown in all, {len(known)} seen in fit): correct it, or set "
                "handle_unknown='ignore' or 'infrequent'."
            )

    def _pools(self, i):
        """Tell whether the infrequent genres of a column share an output column."""
        return self.handle_unknown == "infrequent" and self.infrequent_genres_[i] is not None

    def _output_genres(self):
        """List what the output columns of each input column stand for."""
        return [genres.tolist() + [INFREQUENT] * self._pools(i) for i, genres in enumerate(self.genres_)]

    def _decode_column(self, i, block):
        """Give the cells of one input column back."""
        weights = self._weigh(self.n_positions_[i], self.n_positions_[i])
        return decode_cells(block, self._output_genres()[i], weights, self.separator)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags
