"""Where the benchmarks find the real ratings."""

import os
from pathlib import Path

BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data" / "anime-4000"
FOLDER = Path(os.environ.get("SKLEARN_ANIME_DATA", BESIDE_CHECKOUT))
