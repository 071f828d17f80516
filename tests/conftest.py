import importlib.util
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

# Of several conftest.py, the search for doctests could import only one; there are none in them.
collect_ignore_glob = ["*conftest.py"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BESIDE_THE_CHECKOUT = Path(__file__).parents[2] / "shared"

LIBRARIES = {
    "pandas": pd.DataFrame,
    "nullable pandas": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "polars": lambda columns: pl.DataFrame(columns, strict=False),
}
CONTAINERS = {
    "ndarray": lambda columns: np.array(list(zip(*columns.values(), strict=True)), dtype=object),
    "list": lambda columns: [list(row) for row in zip(*columns.values(), strict=True)],
    **LIBRARIES,
}


@pytest.fixture(params=LIBRARIES)
def frame_library(request):
    """Make a frame from a dict of columns, once with each frame library."""
    return LIBRARIES[request.param]


@pytest.fixture(params=CONTAINERS)
def container(request):
    """Make rows from a dict of columns, once as each container that ``X`` may be."""
    return CONTAINERS[request.param]


def find_data_set(path, remedy=""):
    """Return the path, or skip: CI accepts no other skip than that of a missing data set."""
    if not path.exists():
        pytest.skip(f"no data set at {path}{remedy}")
    return path


@pytest.fixture(scope="session")
def real_folder():
    """The folder of the real ratings."""
    folder = os.environ.get("SKLEARN_ANIME_DATA", BESIDE_THE_CHECKOUT / "data" / "anime-4000")
    return find_data_set(Path(folder), "; set SKLEARN_ANIME_DATA to a folder that has it")


@pytest.fixture(scope="session")
def weighted_genres():
    """The table of weighted genres by another implementation."""
    path = find_data_set(BESIDE_THE_CHECKOUT / "reference" / "weighted_one_hot_500.csv")
    return pd.read_csv(path, index_col="anime_id")


@pytest.fixture(scope="session")
def independent():
    """The splits and metrics of another implementation, which comes with the real ratings."""
    script = find_data_set(BESIDE_THE_CHECKOUT / "tools" / "splits.py")
    spec = importlib.util.spec_from_file_location("splits", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unavailable(reason):
    """Skip, or fail where a browser is required."""
    required = os.environ.get("SKLEARN_ANIME_BROWSER") == "required"
    (pytest.fail if required else pytest.skip)(reason)


@pytest.fixture(scope="module")
def browser():
    """A browser without a window; its tests are skipped, or fail, where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable('playwright is missing: pip install "sklearn-anime[browser]"')
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        unavailable(f"no browser on the path, looked for {', '.join(BROWSERS)}")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=sandbox)
        yield launched
        launched.close()


@pytest.fixture
def axe():
    """The rules of axe-core."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        unavailable('axe-core is missing: pip install "sklearn-anime[browser]"')
    return Axe()


@pytest.fixture
def krylov(monkeypatch):
    """The SVD of large matrices, for small ones too."""
    monkeypatch.setattr("sklearn_anime.utils._svd.LARGEST_EXACT", (0, 0))
