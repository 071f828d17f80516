"""The loss of a model after each epoch of its training."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.inspection._drawing import as_text, close_axes, next_color, open_axes
from sklearn_anime.utils._pipelines import find_last
from sklearn_anime.utils._sklearn import validate_style_kwargs


class LossCurveDisplay:
    """Draw the loss after each epoch of training, and that on held-out rows.

    To compare models, draw the others on the axes of the first. Make it with `from_estimator`.

    Parameters
    ----------
    loss_curve : array-like of shape (n_epochs,)
        Loss on the training rows after each epoch.

    validation_curve : array-like of shape (n_epochs,), default=None
        Loss on held-out rows after each epoch.

    name : str, default=None
        Name of the model, for the legend.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The loss in training.

    validation_line_ : matplotlib Line2D or None
        The loss on held-out rows, dashed.

    best_ : matplotlib Line2D or None
        The epoch of the smallest loss on held-out rows, a dot.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : The score against the number of training rows.

    Examples
    --------
    >>> from sklearn_anime.inspection import LossCurveDisplay
    >>> display = LossCurveDisplay(loss_curve=[3.0, 2.0, 1.5], validation_curve=[2.5, 2.2, 2.4])
    >>> display.plot().best_.get_xdata().tolist()
    [2]
    """

    def __init__(
        self,
        *,
        loss_curve: ArrayLike,
        validation_curve: ArrayLike | None = None,
        name: str | None = None,
    ):
        self.loss_curve = loss_curve
        self.validation_curve = validation_curve
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        loss_name: str = "Loss",
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the loss of a model that was trained in epochs.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``loss_curve_`` and perhaps ``validation_curve_``, such as `EmbeddingRegressor`
            with `patience`; a Pipeline or a search that ends in one will do.

        name : str, default=None
            Name of the model, for the legend.

        loss_name : str, default="Loss"
            Label of the axis of the loss, such as "Mean squared error (squared rating)".

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        LossCurveDisplay
            This Display, drawn.

        Raises
        ------
        TypeError
            If the model has no ``loss_curve_``.
        """
        model = find_last(estimator)
        check_is_fitted(model)
        if not hasattr(model, "loss_curve_"):
            raise TypeError(
                f"{type(model).__name__} has no loss_curve_: it was not trained in epochs. Take a model "
                f"that is, such as EmbeddingRegressor."
            )
        validation_curve = getattr(model, "validation_curve_", None)
        display = cls(loss_curve=model.loss_curve_, validation_curve=validation_curve, name=name)
        return display.plot(ax, loss_name=loss_name, **kwargs)

    def plot(self, ax: Any = None, *, loss_name: str = "Loss", **kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        loss_name : str, default="Loss"
            Label of the axis of the loss, such as "Mean squared error (squared rating)".

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        LossCurveDisplay
            This Display.
        """
        ax = open_axes(self, ax)
        prefix = "" if self.name is None else f"{as_text(self.name)}: "
        style = {"color": next_color(ax), "label": f"{prefix}training"}
        self.line_ = _draw_curve(ax, self.loss_curve, validate_style_kwargs(style, kwargs))
        self.validation_line_ = self.best_ = None
        if self.validation_curve is not None:
            self._draw_validation(ax, f"{prefix}validation", self.line_.get_color())
        ax.set(title="Loss after each epoch", xlabel="Epoch", ylabel=loss_name)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend()
        return close_axes(self, ax)

    def _draw_validation(self, ax, label, color):
        best = int(np.nanargmin(self.validation_curve))
        style = {"color": color, "label": f"{label} (best: {best + 1})", "linestyle": "--"}
        self.validation_line_ = _draw_curve(ax, self.validation_curve, style)
        (self.best_,) = ax.plot([best + 1], [self.validation_curve[best]], "o", color=color)


def _draw_curve(ax, losses, style):
    (line,) = ax.plot(np.arange(1, len(losses) + 1), losses, **style)
    return line
