"""Time `LeaveKOutPerUser` against one `np.lexsort` of its rows, and the other splitters beside it.

Usage: python benchmarks/bench_splits.py [--size N_USERS N_ITEMS N_ROWS] [--repeats N]

The rows are drawn with `make_ratings` at the full Kaggle size and shuffled. All take turns in each
round, so that a slow moment of the machine meets all of them. The ratio is that of the medians.
"""

import argparse
from time import perf_counter

import numpy as np

from sklearn_anime.datasets import make_ratings
from sklearn_anime.model_selection import (
    LastKPerUser,
    LeaveKOutPerUser,
    NewItemSplit,
    NewUserSplit,
    PerUserKFold,
    TimeSplit,
)

FULL_SIZE = (73_516, 11_200, 7_813_737)
REFERENCE = "np.lexsort([random key, user ids])"
SPLITTERS = (
    LeaveKOutPerUser(random_state=0),
    PerUserKFold(random_state=0),
    LastKPerUser(time="when"),
    TimeSplit(time="when"),
    NewUserSplit(random_state=0),
    NewItemSplit(random_state=0),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", nargs=3, type=int, default=FULL_SIZE, metavar="N")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    rows = draw_rows(*options.size)
    repeated = rows.sample(frac=1.0, replace=True, random_state=1)
    print(f"{len(rows):,} rows of different pairs, {rows.user_id.nunique():,} users")
    report(rows, options.repeats)
    print("as many rows, drawn from these with replacement")
    report(repeated, options.repeats)


def draw_rows(n_users, n_items, n_rows):
    """Draw rows in random order, each with a time."""
    rows = make_ratings(n_users, n_items, n_rows, random_state=0).data
    rows = rows.assign(when=np.random.RandomState(0).permutation(n_rows))
    return rows.sample(frac=1.0, random_state=0, ignore_index=True)


def report(rows, repeats):
    """Print the median seconds of each splitter, for all its splits, and the ratio."""
    users, key = rows.user_id.to_numpy(), np.random.RandomState(0).random_sample(len(rows))
    calls = {REFERENCE: lambda: np.lexsort([key, users])}
    for splitter in SPLITTERS:
        calls[repr(splitter)] = lambda splitter=splitter: sum(1 for _ in splitter.split(rows))
    rounds = [[time_call(call) for call in calls.values()] for _ in range(repeats)]
    seconds = np.median(rounds, axis=0)
    for name, median in zip(calls, seconds, strict=True):
        print(f"{median:7.2f} s {median / seconds[0]:6.2f} x   {' '.join(name.split())}")


def time_call(call):
    """Return the seconds that a call took."""
    start = perf_counter()
    call()
    return perf_counter() - start


if __name__ == "__main__":
    main()
