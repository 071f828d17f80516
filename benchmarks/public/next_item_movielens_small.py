"""The next item on MovieLens latest-small: hit rate and NDCG of ten recommendations.

Usage: python benchmarks/public/next_item_movielens_small.py [--path FOLDER] [--models WORD ...]

Without a path the folder beside the checkout is read, or else the archive is downloaded.
"""

from _load import local, movielens_next
from _table import Table
from _tasks import NextItem

TABLE = Table(
    "next_item_movielens_small",
    "The next item on MovieLens latest-small",
    "The last movie of each user with five or more is the test. All movies are ranked without those of "
    "training.",
    movielens_next("latest-small"),
    NextItem,
    ("ndcg@10", "hit@10"),
    path=local("movielens-small"),
)

if __name__ == "__main__":
    TABLE.main()
