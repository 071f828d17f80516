"""Draw the picture of the guide page of EASE: the filter of the low-rank solver, and its tail."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

LAST = 3.0  # square of the last singular value that is kept


def main():
    """Write docs/images/ease_filter.svg."""
    squares = np.linspace(0, 12, 400)
    exact = squares / (squares + 1)
    kept = np.where(squares >= LAST, exact, np.nan)
    figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    ax.plot(squares, exact, color="0.6", linewidth=5, alpha=0.5, label="exact: $s^2 / (s^2 + 1)$")
    ax.plot(squares, kept, color="C0", label="kept components")
    beyond = squares[squares < LAST]
    for tail, style in ((0.0, ":"), (0.7, "-"), (1.0, "--")):
        ax.plot(
            beyond, tail / (1 + LAST) * beyond, style, color="C1", label=f"the others, tail={tail:g}"
        )
    ax.axvline(LAST, color="0.5", linewidth=0.8)
    ax.text(LAST + 0.1, 0.03, "last component $s_k^2$", color="0.4")
    ax.set(xlabel="squared singular value $s^2$", ylabel="filter", ylim=(-0.03, 1))
    ax.legend(loc="lower right")
    figure.savefig(
        Path(__file__).parents[1] / "docs" / "images" / "ease_filter.svg", metadata={"Date": None}
    )


if __name__ == "__main__":
    main()
