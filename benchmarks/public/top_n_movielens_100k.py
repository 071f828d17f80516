"""Top-N recommendations on MovieLens 100K, split ua: recall@10 and NDCG@10.

Usage: python benchmarks/public/top_n_movielens_100k.py [--path FOLDER] [--models WORD ...] [--again]

Without a path the archive is downloaded.
"""

from _load import movielens_ua
from _table import Table
from _tasks import TopN

TABLE = Table(
    "top_n_movielens_100k",
    "Top-N recommendations on MovieLens 100K",
    "The official split ua: ten ratings of each user are the test, whatever their stars. All movies are "
    "ranked without those of training.",
    movielens_ua,
    TopN,
    ("ndcg@10", "recall@10"),
)

if __name__ == "__main__":
    TABLE.main()
