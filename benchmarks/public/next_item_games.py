"""The next item on the video games of Amazon as SASRec prepared them: hit rate and NDCG of ten.

Usage: python benchmarks/public/next_item_games.py [--path FOLDER] [--models WORD ...] [--again]

The folder has `interactions.csv.gz` with the columns user, item and position; without a path the one
beside the checkout is read.
"""

from _load import games_next, local
from _table import Table
from _tasks import NextItem

TABLE = Table(
    "next_item_games",
    "The next item on Amazon video games",
    "The last game of each user with five or more is the test. All games are ranked without those of "
    "training.",
    games_next,
    NextItem,
    ("ndcg@10", "hit@10"),
    path=local("games"),
)

if __name__ == "__main__":
    TABLE.main()
