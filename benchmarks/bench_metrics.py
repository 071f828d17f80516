"""Time each metric on 100,000 lists of 100 items, beside one `np.argsort` of a float key of the rows.

Usage: python benchmarks/bench_metrics.py [--users N] [--repeats N]

Everything is drawn at random: a catalog of 7,001 items, five relevant items for each user, and
twenty items that each has seen. The lists come in the order in which `recommend` returns them, and
once more with scores in place of the ranks.
"""

import argparse
import statistics
from time import perf_counter

import numpy as np
import pandas as pd

from sklearn_anime import metrics

N_ITEMS = 7_001  # prime, so that every step through the catalog meets an item once at most
N_FACTORS = 32
LENGTH = 100

ACCURACY = [name for name in metrics.__all__ if name.endswith("_at_k")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=100_000, help="number of lists")
    parser.add_argument("--repeats", type=int, default=3, help="runs, of which the median counts")
    options = parser.parse_args()
    report(options.users, options.repeats)


def draw_pairs(rng, n_users, length):
    """Draw distinct items for each user: a first one, and equal steps from it."""
    first, step = rng.integers(N_ITEMS, size=n_users), rng.integers(1, N_ITEMS, size=n_users)
    items = (first[:, None] + step[:, None] * np.arange(length)) % N_ITEMS
    return pd.DataFrame({"user": np.repeat(np.arange(n_users), length), "item": items.ravel()})


def calls(rng, n_users):
    """Return the arguments that each metric takes beside the recommendations and k."""
    relevant, seen = draw_pairs(rng, n_users, 5), draw_pairs(rng, n_users, 20)
    items = np.arange(N_ITEMS)
    vectors = rng.standard_normal((N_ITEMS, N_FACTORS))
    return {
        **dict.fromkeys(ACCURACY, (relevant,)),
        "catalog_coverage": (items,),
        "gini_index": (items,),
        "intra_list_diversity": (items, vectors),
        "novelty": (seen,),
        "popularity_bias": (seen,),
    }


def median_seconds(n_repeats, function, *args, **options):
    seconds = []
    for _ in range(n_repeats):
        start = perf_counter()
        function(*args, **options)
        seconds.append(perf_counter() - start)
    return statistics.median(seconds)


def report(n_users, n_repeats):
    rng = np.random.default_rng(0)
    ranked = draw_pairs(rng, n_users, LENGTH)
    ranked["rank"] = np.tile(np.arange(1, LENGTH + 1), n_users)
    scored = ranked.drop(columns="rank").assign(score=-ranked["rank"].astype(float))
    yardstick = median_seconds(n_repeats, np.argsort, rng.random(len(ranked)))
    print(f"{n_users:,} lists of {LENGTH}: {len(ranked):,} rows, median of {n_repeats} runs")
    print(f"one np.argsort of a float key of these rows: {yardstick:.2f} s, the unit of the ratios\n")
    print(f"{'':24}{'k=10':>14}{f'k={LENGTH}':>14}{f'scores, k={LENGTH}':>18}")
    for name, args in calls(rng, n_users).items():
        cells = []
        for lists, k in ((ranked, 10), (ranked, LENGTH), (scored, LENGTH)):
            seconds = median_seconds(n_repeats, getattr(metrics, name), lists, *args, k=k)
            cells.append(f"{seconds:5.2f} s {seconds / yardstick:5.2f}")
        print(f"{name:24}{cells[0]:>14}{cells[1]:>14}{cells[2]:>18}")


if __name__ == "__main__":
    main()
