import os
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

# Of several conftest.py, the search for doctests could import only one; there are none in them.
collect_ignore_glob = ["*conftest.py"]

BESIDE_THE_CHECKOUT = Path(__file__).parents[2] / "shared" / "data" / "anime-4000"

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


@pytest.fixture(scope="session")
def real_folder():
    folder = Path(os.environ.get("SKLEARN_ANIME_DATA", BESIDE_THE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SKLEARN_ANIME_DATA to a folder that has it")
    return folder


@pytest.fixture
def krylov(monkeypatch):
    """The SVD of large matrices, for small ones too."""
    monkeypatch.setattr("sklearn_anime.utils._svd.LARGEST_EXACT", (0, 0))
