"""Ratings on MovieLens 100K, folds u1 to u5: RMSE and MAE.

Usage: python benchmarks/public/ratings_movielens_100k.py [--path FOLDER] [--models WORD ...] [--again]

Without a path the archive is downloaded.
"""

from _load import movielens_ratings, official_folds
from _table import Table
from _tasks import Ratings

TABLE = Table(
    "ratings_movielens_100k",
    "Ratings on MovieLens 100K",
    "The official folds u1 to u5. Figures are means over the folds, times sums.",
    movielens_ratings("100k", official_folds),
    Ratings,
    Ratings.metrics,
)

if __name__ == "__main__":
    TABLE.main()
