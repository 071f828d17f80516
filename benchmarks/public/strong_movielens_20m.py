"""Strong generalization on MovieLens 20M: NDCG@100, recall@20 and recall@50 for users not in training.

Usage: python benchmarks/public/strong_movielens_20m.py [--path FOLDER] [--models WORD ...] [--again]

Without a path the archive is downloaded. Papers draw other users than this script, 10,000 as well.
"""

from _load import movielens_strong
from _table import Table
from _tasks import Strong

TABLE = Table(
    "strong_movielens_20m",
    "Strong generalization on MovieLens 20M",
    "Ratings of 4 and more, users with five or more of them. 10,000 users are the test and 10,000 are "
    "left for validation; 80 % of the items of a user are shown to the model. Recall divides by k where "
    "more items are to be found.",
    movielens_strong("20m", 10_000),
    Strong,
    Strong.metrics,
)

if __name__ == "__main__":
    TABLE.main()
