"""Where the benchmarks find real interactions: folders of the environment, else beside the checkout."""

import os
from pathlib import Path

BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDER = Path(os.environ.get("SKLEARN_ANIME_DATA", BESIDE_CHECKOUT / "anime-4000"))
GOWALLA = Path(os.environ.get("SKLEARN_ANIME_GOWALLA", BESIDE_CHECKOUT / "gowalla"))
MOVIELENS = Path(os.environ.get("SKLEARN_ANIME_MOVIELENS", BESIDE_CHECKOUT / "movielens-small"))
GAMES = Path(os.environ.get("SKLEARN_ANIME_GAMES", BESIDE_CHECKOUT / "games"))
