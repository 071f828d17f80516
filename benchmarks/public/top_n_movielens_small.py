"""Top-N recommendations on MovieLens latest-small: recall@10 and NDCG@10.

Usage: python benchmarks/public/top_n_movielens_small.py [--path FOLDER] [--models WORD ...] [--again]

Without a path the folder beside the checkout is read, or else the archive is downloaded.
"""

from _load import local, movielens_left_out
from _table import Table
from _tasks import TopN

TABLE = Table(
    "top_n_movielens_small",
    "Top-N recommendations on MovieLens latest-small",
    "Five random movies of each user are the test (LeaveKOutPerUser(5, random_state=0)). All movies are "
    "ranked without those of training.",
    movielens_left_out,
    TopN,
    ("ndcg@10", "recall@10"),
    path=local("movielens-small"),
)

if __name__ == "__main__":
    TABLE.main()
