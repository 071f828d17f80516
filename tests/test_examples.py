"""What the examples of the gallery claim is true of what they compute."""

import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"


def run(name):
    """Return the variables of an example after it has run, without a window."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    try:
        return runpy.run_path(str(FOLDER / f"{name}.py"))
    finally:
        plt.close("all")


@pytest.mark.slow
def test_order_by_relevance_costs_less():
    curves = run("plot_diversity")["display"].curves
    choice, relevance = curves["by choice"], curves["by relevance"]
    assert relevance[:, 0] == pytest.approx(choice[:, 0])
    assert (relevance[:, 1] >= choice[:, 1] - 1e-12).all()
    assert relevance[-1, 1] > choice[-1, 1]
    assert (relevance[1:, 0] > relevance[0, 0]).all()
