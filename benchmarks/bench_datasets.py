"""Time and peak memory of the data sets at the full Kaggle size: 7.8 million rows.

Run `python benchmarks/bench_datasets.py`. A stand-in for the Kaggle files is drawn with
`make_ratings` and written to temporary space. Each line is a process of its own; the reference is
`pandas.read_csv` alone on the same file, and the ratio is the median over the rounds.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FULL_SIZE = (73_516, 11_200, 7_813_737)
PRELUDE = """
import resource, sys, time
import pandas as pd
from sklearn_anime.datasets import load_anime, make_ratings
start = time.perf_counter()
"""
POSTLUDE = """
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
WRITE = """
table = make_ratings(*map(int, sys.argv[2:]), unrated=0.19, random_state=0)
folder = sys.argv[1]
rows = table.data.set_axis(["user_id", "anime_id"], axis=1)
rows = rows.assign(rating=table.target.fillna(-1).astype("int64"))
rows.to_csv(f"{folder}/rating.csv", index=False)
titles = table.catalog.rename_axis("anime_id").assign(
    name="A title", type="TV", episodes="12", rating=7.5, members=1000
)
titles.to_csv(f"{folder}/anime.csv")
"""
REFERENCE = "pandas.read_csv alone"
CASES = {
    REFERENCE: "pd.read_csv(f'{sys.argv[1]}/rating.csv')",
    "load_anime": "load_anime(sys.argv[1])",
    "load_anime, 'nan'": "load_anime(sys.argv[1], unrated='nan')",
    "load_anime, 10000 x 3000": "load_anime(sys.argv[1], n_users=10_000, n_anime=3000)",
    "load_anime, and frame": "load_anime(sys.argv[1]).frame",
}
DRAW = "make_ratings(*map(int, sys.argv[2:]), random_state=0)"


def run(code, *arguments):
    """Run code in a process of its own; return its seconds and its peak memory in MB."""
    command = [sys.executable, "-c", PRELUDE + code + POSTLUDE, *map(str, arguments)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, megabytes = map(float, output.split()[-2:])
    return seconds, megabytes


def run_rounds(folder, repeats):
    """Run every case in each round, so that a slow moment of the machine meets all of them."""
    rounds = [{name: run(code, folder) for name, code in CASES.items()} for _ in range(repeats)]
    return {name: np.array([results[name] for results in rounds]) for name in CASES}


def print_results(results):
    reference = results[REFERENCE][:, 0]
    for name, measured in results.items():
        seconds, megabytes = np.median(measured[:, 0]), measured[:, 1].max()
        ratio = np.median(measured[:, 0] / reference)
        print(f"{name:28} {seconds:7.2f} s {megabytes:8.0f} MB peak {ratio:7.2f} x")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", nargs=3, type=int, default=FULL_SIZE, metavar="N")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    seconds, megabytes = run(DRAW, "-", *options.size)
    print(f"{'make_ratings':28} {seconds:7.2f} s {megabytes:8.0f} MB peak")
    with tempfile.TemporaryDirectory() as folder:
        run(WRITE, folder, *options.size)
        size = (Path(folder) / "rating.csv").stat().st_size / 1e6
        print(f"rating.csv: {options.size[2]} rows, {size:.0f} MB")
        print_results(run_rounds(folder, options.repeats))


if __name__ == "__main__":
    main()
