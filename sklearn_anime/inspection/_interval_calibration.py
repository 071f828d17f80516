"""Whether predictive intervals hold as many ratings as they say."""

import inspect
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.inspection._drawing import LINE, as_floats, as_text, close_axes, next_color, open_axes
from sklearn_anime.interactions._targets import check_ratings
from sklearn_anime.utils._pipelines import find_last, rows_of_recommender
from sklearn_anime.utils._sklearn import validate_style_kwargs

LEVELS = np.arange(1, 20) / 20


class IntervalCalibrationDisplay:
    """Draw how many ratings lie in predictive intervals against how many should.

    Below the diagonal intervals are too narrow, above it too wide. To compare models, draw the others
    on the axes of the first. Make it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    nominal : ndarray of shape (n_levels,)
        Share of the ratings that each interval should hold, in (0, 1).

    empirical : ndarray of shape (n_levels,)
        Share that it holds, in [0, 1].

    name : str, default=None
        Name of the model, for the legend.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The curve.

    diagonal_ : matplotlib Line2D
        Where intervals hold what they should.

    mean_gap_ : float
        Mean distance of the curve from the diagonal, over the levels.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The same of probabilities of classes.

    Notes
    -----
    The interval of level ``p`` is the central one of a normal distribution,
    ``y_pred +- z * y_std`` with ``z`` its quantile at ``(1 + p) / 2`` [1]_.

    References
    ----------
    .. [1] Kuleshov, Fenner and Ermon (2018). Accurate uncertainties for deep learning using calibrated
       regression. ICML 2018.

    Examples
    --------
    >>> from sklearn_anime.inspection import IntervalCalibrationDisplay
    >>> display = IntervalCalibrationDisplay.from_predictions(
    ...     [7, 8, 6, 9], [7.5, 7.9, 7.1, 4.0], [1, 1, 1, 1], levels=[0.5, 0.9]
    ... )
    >>> display.empirical.tolist()  # of errors 0.5, 0.1, 1.1 and 5, within 0.67 and 1.64
    [0.5, 0.75]
    """

    def __init__(self, *, nominal: np.ndarray, empirical: np.ndarray, name: str | None = None):
        self.nominal = nominal
        self.empirical = empirical
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        levels: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the calibration of a fitted model.

        Parameters
        ----------
        estimator : regressor
            Fitted, with ``predict(X, return_std=True)``; a Pipeline or a search that ends in one will
            do.

        X : array-like or DataFrame of shape (n_rows, n_columns)
            Rows that ``fit`` has not seen.

        y : array-like of shape (n_rows,)
            Ratings; rows where it is NaN are left out.

        levels : array-like of float, default=None
            Shares of the ratings that the intervals should hold, between 0 and 1. None takes 0.05, 0.1,
            ..., 0.95.

        name : str, default=None
            Name of the model, for the legend. None takes that of its class.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        IntervalCalibrationDisplay
            This Display, drawn.

        Raises
        ------
        TypeError
            If ``predict`` has no `return_std`.

        ValueError
            If no row is rated, or a prediction, a standard deviation or a level is out of its range.
        """
        model = find_last(estimator)
        check_is_fitted(model)
        predict = getattr(model, "predict", None)
        if predict is None or "return_std" not in inspect.signature(predict).parameters:
            raise TypeError(
                f"{type(model).__name__} gives no standard deviation: its predict has no return_std. "
                f"Take a model that has, such as BayesianFactorizationRegressor."
            )
        y_pred, y_std = predict(rows_of_recommender(estimator, X), return_std=True)
        name = type(model).__name__ if name is None else name
        return cls.from_predictions(y, y_pred, y_std, levels=levels, name=name, ax=ax, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        y_std: ArrayLike,
        *,
        levels: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the calibration of predicted ratings with standard deviations.

        Parameters
        ----------
        y_true : array-like of shape (n_rows,)
            Ratings; rows where it is NaN are left out.

        y_pred : array-like of shape (n_rows,)
            Predicted ratings.

        y_std : array-like of shape (n_rows,)
            Their standard deviations, 0 or more, in the unit of the ratings.

        levels : array-like of float, default=None
            Shares of the ratings that the intervals should hold, between 0 and 1. None takes 0.05, 0.1,
            ..., 0.95.

        name : str, default=None
            Name of the model, for the legend.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        IntervalCalibrationDisplay
            This Display, drawn.

        Raises
        ------
        ValueError
            If no row is rated, or a prediction, a standard deviation or a level is out of its range.

        Examples
        --------
        >>> from sklearn_anime.inspection import IntervalCalibrationDisplay
        >>> display = IntervalCalibrationDisplay.from_predictions([7, 8], [7, 6], [1, 1], levels=[0.5])
        >>> display.empirical.tolist(), display.mean_gap_
        ([0.5], 0.0)
        """
        nominal = as_floats(LEVELS if levels is None else levels, "levels")
        y_pred, y_std = as_floats(y_pred, "y_pred"), as_floats(y_std, "y_std")
        _check_range(nominal, (nominal > 0) & (nominal < 1), "levels", "between 0 and 1")
        _check_range(y_std, y_std >= 0, "y_std", "0 or more")
        ratings = check_ratings(y_true, len(y_pred))
        rated = ~np.isnan(ratings)
        if not rated.any() or len(y_std) != len(y_pred):
            raise ValueError(
                f"There are {rated.sum()} ratings, {len(y_pred)} predictions and {len(y_std)} standard "
                f"deviations. Give a prediction and its standard deviation for each row, and one "
                f"rating or more."
            )
        widths = norm.ppf((1 + nominal) / 2)[:, None] * y_std[rated]
        empirical = (np.abs(ratings - y_pred)[rated] <= widths).mean(axis=1)
        return cls(nominal=nominal, empirical=empirical, name=name).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        IntervalCalibrationDisplay
            This Display.
        """
        ax = open_axes(self, ax)
        self.mean_gap_ = float(np.mean(np.abs(self.empirical - self.nominal)))
        prefix = "" if self.name is None else f"{as_text(self.name)}, "
        style = {
            "color": next_color(ax),
            "label": f"{prefix}mean gap {self.mean_gap_:.3f}",
            "marker": "o",
            "markersize": 4,
        }
        (self.line_,) = ax.plot(self.nominal, self.empirical, **validate_style_kwargs(style, kwargs))
        self.diagonal_ = ax.axline((0, 0), slope=1, color=LINE, linestyle="--", linewidth=1, zorder=0)
        ax.set(
            xlim=(0, 1),
            ylim=(0, 1),
            aspect="equal",
            title="Calibration of predictive intervals",
            xlabel="Nominal coverage (share of the ratings)",
            ylabel="Empirical coverage (share of the ratings)",
        )
        ax.legend(loc="upper left")
        return close_axes(self, ax)


def _check_range(values, within, name, what):
    if not within.all():
        raise ValueError(f"{name} holds {values[np.argmin(within)]:g}, but each must be {what}.")
