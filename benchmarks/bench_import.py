"""Time the imports of this package against `import sklearn, pandas`, each in fresh processes.

Usage: python benchmarks/bench_import.py [--repeats N]

The runs of all statements take turns, so that a change in the load of the machine meets all
of them; the start of the interpreter, timed as `pass`, is taken off.
"""

import argparse
import statistics
import subprocess
import sys
from time import perf_counter

START, REFERENCE = "pass", "import sklearn, pandas"
OURS = ("import sklearn_anime", "from sklearn_anime import *")  # the second imports all subpackages
TARGET = 1.3


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=15, help="fresh processes for each statement")
    report(time_in_turns((START, REFERENCE, *OURS), parser.parse_args().repeats))


def time_in_turns(statements, n_repeats):
    """Return the median seconds of each statement, after one run that fills the caches."""
    seconds = {statement: [] for statement in statements}
    for repeat in range(n_repeats + 1):
        for statement in statements:
            elapsed = time_process(statement)
            if repeat > 0:
                seconds[statement].append(elapsed)
    return {statement: statistics.median(runs) for statement, runs in seconds.items()}


def time_process(statement):
    """Return the seconds that a fresh interpreter takes to run a statement."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return perf_counter() - start


def report(medians):
    """Print the times of the imports and their ratios."""
    reference = medians[REFERENCE] - medians[START]
    print(f"{REFERENCE:28} {reference:6.3f} s")
    for statement in OURS:
        ours = max(medians[statement] - medians[START], 0.0)
        print(f"{statement:28} {ours:6.3f} s   ratio {ours / reference:.2f} (target: at most {TARGET})")


if __name__ == "__main__":
    main()
