"""The real interactions of the benchmarks, in folders of the environment or else beside the checkout."""

import os
from pathlib import Path

BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDER = Path(os.environ.get("SKLEARN_ANIME_DATA", BESIDE_CHECKOUT / "anime-4000"))
GOWALLA = Path(os.environ.get("SKLEARN_ANIME_GOWALLA", BESIDE_CHECKOUT / "gowalla"))
MOVIELENS = Path(os.environ.get("SKLEARN_ANIME_MOVIELENS", BESIDE_CHECKOUT / "movielens-small"))
GAMES = Path(os.environ.get("SKLEARN_ANIME_GAMES", BESIDE_CHECKOUT / "games"))

AT_LEAST = 5  # items of a user of the test of the next item


def last_out(rows, at_least=AT_LEAST):
    """Return training rows and the last row of every user with enough items.

    The columns are user, item and time. Rows of equal time keep their order.
    """
    user, item, time = rows.columns
    rows = rows.sort_values([user, time], kind="stable").drop_duplicates([user, item], keep="last")
    rows = rows[rows.groupby(user)[user].transform("size") >= at_least]
    last = ~rows.duplicated(user, keep="last")
    return rows[~last], rows[last]
