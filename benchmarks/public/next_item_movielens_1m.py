"""The next item on MovieLens 1M: hit rate and NDCG of ten recommendations.

Usage: python benchmarks/public/next_item_movielens_1m.py [--path FOLDER] [--models WORD ...] [--again]

Without a path the archive is downloaded.
"""

from _load import movielens_next
from _table import Table
from _tasks import NextItem

TABLE = Table(
    "next_item_movielens_1m",
    "The next item on MovieLens 1M",
    "The last movie of each user is the test; rows of equal time are in the order of the file. All "
    "movies are ranked without those of training.",
    movielens_next("1m"),
    NextItem,
    ("ndcg@10", "hit@10"),
)

if __name__ == "__main__":
    TABLE.main()
