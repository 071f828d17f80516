"""Set-up of all tests and examples."""

import os
import sys

import pytest

# Written by a build of the site, out of docstrings and examples; and its configuration.
collect_ignore = [
    "docs/_build",
    "docs/api/backreferences",
    "docs/api/generated",
    "docs/auto_examples",
    "docs/conf.py",
    "docs/leaderboard_files",
]

os.environ.setdefault("MPLBACKEND", "agg")  # no windows
if "PYTEST_XDIST_WORKER" in os.environ:  # one thread for each of the processes that share the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def no_figures_left_open():
    """Close what a test or an example has drawn: matplotlib warns of many open figures."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
