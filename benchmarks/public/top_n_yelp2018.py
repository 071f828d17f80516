"""Top-N recommendations on Yelp2018 with the split of LightGCN: recall@20 and NDCG@20.

Usage: python benchmarks/public/top_n_yelp2018.py [--path FOLDER] [--models WORD ...] [--again]

Without a path the files are downloaded.
"""

from _load import lightgcn
from _table import Table
from _tasks import TopN

DENSE = "needs a dense array of items x items"
TABLE = Table(
    "top_n_yelp2018",
    "Top-N recommendations on Yelp2018",
    "The split of LightGCN. All items are ranked without those of training, for all users of the test.",
    lightgcn("yelp2018"),
    TopN,
    ("ndcg@20", "recall@20"),
    skip={"skrecsys EASE": DENSE},
)

if __name__ == "__main__":
    TABLE.main()
