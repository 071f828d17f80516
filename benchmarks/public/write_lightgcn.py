"""Write tables of pairs in the format of LightGCN: a user and its items in each line.

Usage: python benchmarks/public/write_lightgcn.py SOURCE TARGET

SOURCE is a folder with `train.csv.gz` and `test.csv.gz`, each with the columns user and item, numbers
from 0. TARGET is a folder for `train.txt` and `test.txt`, for `fetch_lightgcn(path=TARGET)`.
"""

import sys
from pathlib import Path

import pandas as pd


def main(source, target):
    target = Path(target)
    target.mkdir(parents=True, exist_ok=True)
    for side in ("train", "test"):
        pairs = pd.read_csv(Path(source) / f"{side}.csv.gz")
        lines = pairs.groupby("user", sort=True)["item"].agg(lambda items: " ".join(map(str, items)))
        text = "".join(f"{user} {items}\n" for user, items in lines.items())
        (target / f"{side}.txt").write_text(text, encoding="ascii")
        print(f"{target / side}.txt: {len(pairs):,} pairs of {len(lines):,} users")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
