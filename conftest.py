"""Set-up of all tests and examples."""

import os
import sys

import pytest

os.environ.setdefault("MPLBACKEND", "agg")  # no windows


@pytest.fixture(autouse=True)
def no_figures_left_open():
    """Close what a test or an example has drawn: matplotlib warns of many open figures."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
