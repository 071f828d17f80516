import os
from pathlib import Path

import pytest

BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "data" / "anime-4000"


@pytest.fixture(scope="session")
def real_folder():
    folder = Path(os.environ.get("SKLEARN_ANIME_DATA", BESIDE_THE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SKLEARN_ANIME_DATA to a folder that has it")
    return folder
