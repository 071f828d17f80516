"""Top-N recommendations on Amazon-Book with the split of LightGCN: recall@20 and NDCG@20.

Usage: python benchmarks/public/top_n_amazon_book.py [--path FOLDER] [--models WORD ...] [--again]

Without a path the files are downloaded.
"""

from _load import lightgcn
from _table import Table
from _tasks import TopN

DENSE = "needs a dense array of items x items"
TABLE = Table(
    "top_n_amazon_book",
    "Top-N recommendations on Amazon-Book",
    "The split of LightGCN. All items are ranked without those of training, for all users of the test.",
    lightgcn("amazon-book"),
    TopN,
    ("ndcg@20", "recall@20"),
    skip={"skrecsys EASE": DENSE},
)

if __name__ == "__main__":
    TABLE.main()
