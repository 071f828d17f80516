"""Ratings on MovieLens 1M, five random splits of 90 to 10: RMSE and MAE.

Usage: python benchmarks/public/ratings_movielens_1m.py [--path FOLDER] [--models WORD ...] [--again]

Without a path the archive is downloaded.
"""

from _load import movielens_ratings, random_folds
from _table import Table
from _tasks import Ratings

TABLE = Table(
    "ratings_movielens_1m",
    "Ratings on MovieLens 1M",
    "The first five of KFold(10, shuffle=True, random_state=0). Figures are means over the folds, times "
    "sums.",
    movielens_ratings("1m", random_folds),
    Ratings,
    Ratings.metrics,
)

if __name__ == "__main__":
    TABLE.main()
