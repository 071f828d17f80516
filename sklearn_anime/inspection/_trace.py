"""What a Markov chain visits, sweep by sweep."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.inspection._drawing import COLORS, LINE, as_text, close_axes, open_axes
from sklearn_anime.utils._pipelines import find_last
from sklearn_anime.utils._sklearn import validate_style_kwargs


class TraceDisplay:
    """Draw a quantity after each sweep of each chain of a sampler.

    Chains that have converged are similar: they fluctuate around one level, and so do their first and
    second half. Make it with `from_estimator`.

    Parameters
    ----------
    trace : array-like of shape (n_chains, n_sweeps)
        The quantity.

    burn_in : int, default=0
        Sweeps at the beginning that no sample is from.

    name : str, default="Quantity"
        Name of the quantity.

    r_hat : float, default=None
        Spread of all chains together relative to that of one, for the title.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The chains.

    burn_in_ : matplotlib Line2D or None
        The end of the burn-in, dotted.

    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    LossCurveDisplay : The error alone, of any model that is trained in epochs.

    Examples
    --------
    >>> from sklearn_anime.inspection import TraceDisplay
    >>> display = TraceDisplay(trace=[[3.0, 1.2, 1.0], [2.0, 1.1, 1.1]], burn_in=1).plot()
    >>> len(display.lines_), display.ax_.get_title()
    (2, 'Quantity after each sweep')
    """

    def __init__(
        self,
        *,
        trace: ArrayLike,
        burn_in: int = 0,
        name: str = "Quantity",
        r_hat: float | None = None,
    ):
        self.trace = trace
        self.burn_in = burn_in
        self.name = name
        self.r_hat = r_hat

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, quantity: str = "noise", ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw what a fitted sampler has traced.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``traces_`` and ``diagnostics``, such as `BayesianFactorizationRegressor`; a
            Pipeline or a search that ends in one will do.

        quantity : str, default="noise"
            Which quantity to draw, by its name in ``diagnostics``.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        TraceDisplay
            This Display, drawn.

        Raises
        ------
        TypeError
            If the model has no ``traces_``.

        ValueError
            If it has not traced the quantity.
        """
        model = find_last(estimator)
        check_is_fitted(model)
        if not hasattr(model, "traces_"):
            raise TypeError(
                f"{type(model).__name__} has no traces_: it does not sample. Take a model that does, "
                f"such as BayesianFactorizationRegressor."
            )
        frame = model.diagnostics().set_index("quantity")
        if quantity not in frame.index:
            names = frame.index.tolist()
            raise ValueError(f"quantity={quantity!r} was not traced. Choose from {names}.")
        display = cls(
            trace=model.traces_.columns[:, :, frame.index.get_loc(quantity)],
            burn_in=model.traces_.burn_in,
            name=quantity,
            r_hat=frame.at[quantity, "r_hat"],
        )
        return display.plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the chains.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        **kwargs : dict
            Keywords of matplotlib's ``plot``.

        Returns
        -------
        TraceDisplay
            This Display.
        """
        traces = check_array(self.trace, dtype=np.float64, input_name="trace")
        ax = open_axes(self, ax)
        self.lines_ = []
        for chain, trace in enumerate(traces):
            style = {"color": COLORS[chain % len(COLORS)], "label": f"chain {chain + 1}", "linewidth": 1}
            style = validate_style_kwargs(style, kwargs)
            self.lines_ += ax.plot(np.arange(1, len(trace) + 1), trace, **style)
        self.burn_in_ = ax.axvline(self.burn_in + 0.5, color=LINE, ls=":") if self.burn_in else None
        name = as_text(self.name)
        measure = "" if self.r_hat is None or np.isnan(self.r_hat) else f" (R-hat {self.r_hat:.2f})"
        title = f"{name[:1].upper()}{name[1:]} after each sweep{measure}"
        ax.set(title=title, xlabel="Sweep", ylabel=f"{name[:1].upper()}{name[1:]} (rating)")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend()
        return close_axes(self, ax)
