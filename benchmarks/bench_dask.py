"""Measure fits and recommendations on Dask: time, peak memory per worker, traffic and scaling.

Usage: python benchmarks/bench_dask.py [PART ...] [--rows N] [--workers N] [--memory SIZE] [--table DIR]

The parts are kaggle, equal, traffic, scaling and million. Without names all but the last run. Workers
are processes of a `LocalCluster` with one thread each. Tables are drawn with `make_ratings` and written
as parquet to a temporary folder, or to that of `--table`, where the next run finds them; `--rows` makes
a smaller one of as many interactions per user. The peak is the largest memory of the process that a
worker has reported to Dask. The traffic is what the loopback device has carried, on which nothing else
should be at work.

The part `million` is 1 million users x 100,000 items with 100 million rows: workers of 4 GiB, and a
quarter of an hour on two cores.
"""

import argparse
import logging
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers inherit it

import dask
import dask.dataframe as dd
import numpy as np
import psutil
from distributed import Client, LocalCluster
from scipy import sparse

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.dask import _partitions, fit, recommend
from sklearn_anime.datasets import make_ratings
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.linear_model._gram import gram_panel
from sklearn_anime.metrics import ndcg_at_k
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender

KAGGLE = 73_516, 11_200, 7_813_737
MILLION = 1_000_000, 100_000, 100_000_000
ROWS_OF_FILE = 500_000
LEAST_FILES = 4
COMPLETE = "_SUCCESS"  # the file that stands beside those of a whole table
MIB = 2**20
SETTINGS = {
    "distributed.admin.system-monitor.interval": "100ms",
    "distributed.admin.large-graph-warning-threshold": "1TiB",  # frames of rows in memory
}
RATING_MODELS = BiasRegressor, SVDNeighborsRecommender
COLUMNS = ["user_id", "item_id"]


def main():
    options = read_options()
    for name, part in PARTS.items():
        if name in (options.parts or list(PARTS)[:-1]):
            print(f"\n{name}: {part.__doc__}", flush=True)
            part(options)


def kaggle(options):
    """Fit and recommend to all users: seconds, and the peak memory of each worker."""
    models = {
        "popularity": PopularityRecommender(),
        "biases": BiasRegressor(),
        "EASE, exact": EASERecommender(),
        "EASE, 512 components": EASERecommender(n_components=512, random_state=0),
        "SVD neighbors": SVDNeighborsRecommender(axis="item", random_state=0),
    }
    with parquet(size(KAGGLE, options.rows), options.table) as (folder, found):
        for name, model in models.items():
            with cluster(options.workers, options.memory) as client:
                fitted = Cost.of(client, partial(fit_to, model, folder))
                print(f"{name:<22} fit {fitted}", flush=True)
                asked = Cost.of(client, partial(recommend_to, found, model))
                print(f"{'':<22} recommend to {len(model.users_):,} users {asked}", flush=True)


def equal(options):
    """Largest difference from the fit in one memory, as a share of the user's largest score; NDCG@10."""
    n_users, n_items, n_rows = size(KAGGLE, options.rows or 500_000)
    table = make_ratings(n_users, n_items, n_rows, random_state=0)
    X = table.data.assign(rating=table.target)
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(X[COLUMNS]))
    X, test = X.iloc[train].sample(frac=1, random_state=0, ignore_index=True), X.iloc[test][COLUMNS]
    models = {
        "biases": BiasRegressor(),
        "EASE, exact": EASERecommender(),
        "EASE, 128 components": EASERecommender(n_components=128, random_state=0),
        "SVD neighbors": SVDNeighborsRecommender(random_state=0),
        "next item": NextItemRecommender(),
    }
    with cluster(options.workers, "auto"):
        for name, model in models.items():
            local = copy_of(model).fit(X[COLUMNS], X.rating)
            fitted = [
                fit(copy_of(model), frame[COLUMNS], frame.rating)
                for frame in (dd.from_pandas(X, npartitions=n, sort=False) for n in (1, 3, 16))
            ]
            differences = [difference(local, other) for other in fitted]
            among = max(difference(fitted[0], other) for other in fitted[1:])
            users = test.user_id.unique()
            scores = [ndcg_at_k(each.recommend(users), test, k=10) for each in (local, fitted[-1])]
            print(
                f"{name:<22} 1, 3, 16 partitions: {', '.join(f'{each:.1e}' for each in differences)}; "
                f"among them {among:.1e}; NDCG@10 {scores[0]:.4f} in one memory, {scores[1]:.4f}",
                flush=True,
            )


def traffic(options):
    """Megabytes that each sum of a fit moves, beside the formula."""
    n_users, n_items, n_rows = size(KAGGLE, options.rows)
    models = {"exact": EASERecommender(), "512": EASERecommender(n_components=512, random_state=0)}
    with parquet((n_users, n_items, n_rows), options.table) as (folder, _):
        for name, model in models.items():
            with cluster(options.workers, options.memory), counted_sums() as counts:
                before = loopback()
                fit_to(model, folder)
                total = loopback() - before
            print(f"{name}: {total / MIB:,.0f} MiB in all")
            n_items = len(model.items_)
            for function, moved in counts.items():
                expected = formula(function, n_items, options.workers, len(moved))
                print(
                    f"  {function:<18} {len(moved):3d} sums, {sum(moved) / MIB:8,.0f} MiB"
                    + (f", formula {expected / MIB:8,.0f}" if expected else ""),
                    flush=True,
                )


def formula(function, n_items, n_workers, n_sums):
    """Return the bytes that all sums of a function move: arrays down to workers, and sums up.

    Both also go from the client to the scheduler, or back.
    """
    width = -(-(2 * 512 + 10) // 4)
    sizes = {
        "gram-matrix": 8 * n_items**2,
        "gram-panel": 8 * n_items * (n_items + n_items / n_sums) / 2,
        "gram-times": n_sums * n_items * width * (4 + 8),
        "projected-gram": n_items * 4 * (2 * 512 + 10) + 8 * (2 * 512 + 10) ** 2,
    }
    return (n_workers + 1) * sizes[function] if function in sizes else None


def scaling(options):
    """Seconds of a fit with 1 and with 2 workers, of its sums alone, and what the machine allows."""
    models = {
        "EASE, 256 components": (EASERecommender(n_components=256, tail=0.0, random_state=0), products),
        "EASE, exact": (EASERecommender(), gram),
    }
    with parquet(size(KAGGLE, options.rows), options.table) as (folder, _):
        for name, (model, alike) in models.items():
            found = {}
            for n_workers in (1, 2):
                with cluster(n_workers, "auto") as client, timed_sums() as seconds:
                    cost = Cost.of(client, partial(fit_to, model, folder))
                    print(f"{name:<22} {n_workers} workers: fit {cost}", flush=True)
                    found[n_workers] = cost.seconds, sum(seconds), cost.seconds - cost.here
                    bound = speedup(client, alike)
            fit, sums, rest = (found[1][part] / found[2][part] for part in range(3))
            print(
                f"{name:<22} 2 workers are {fit:.2f} times as fast, in the sums {sums:.2f} times, "
                f"without the CPU seconds of the client {rest:.2f} times; where they share nothing, and "
                f"nothing is sent, they do {bound:.2f} times the work of one in such products",
                flush=True,
            )


def speedup(client, function):
    """Return the work of all workers at once over that of one alone, where they share nothing."""
    workers = list(client.scheduler_info()["workers"])
    alone = client.submit(function, 0, workers=workers[:1], pure=False).result()
    at_once = [client.submit(function, 0, workers=[each], pure=False) for each in workers]
    return len(workers) * alone / max(client.gather(at_once))


def products(seed):
    """Return the seconds of products of a sparse table with vectors, as in the low-rank fit."""
    rows, rng = sparse_table(seed), np.random.default_rng(seed)
    vectors = rng.standard_normal((rows.shape[1], 128), dtype=np.float32)
    return seconds_of(lambda: rows.T @ (rows @ vectors))


def gram(seed):
    """Return the seconds of the Gram matrix of a sparse table, as in the exact fit."""
    rows = sparse_table(seed)
    return seconds_of(lambda: gram_panel(rows, slice(8_000, 9_000), np.float32))


def sparse_table(seed):
    return sparse.random_array(
        (30_000, 11_200), density=0.01, format="csr", dtype=np.float32, rng=np.random.default_rng(seed)
    )


def seconds_of(run, n_runs=5):
    """Return the seconds of some runs after a first one."""
    run()
    start = perf_counter()
    for _ in range(n_runs):
        run()
    return perf_counter() - start


def million(options):
    """1 million users x 100,000 items, 128 components, from parquet: seconds and peaks."""
    n_users, n_items, n_rows = size(MILLION, options.rows)
    with (
        parquet((n_users, n_items, n_rows), options.table) as (folder, found),
        cluster(options.workers, "4GiB") as client,
        timed_sums() as seconds,
    ):
        model = EASERecommender(n_components=128, tail=0.0, random_state=0)
        print(
            f"fit {Cost.of(client, partial(fit_to, model, folder))}; sums {sum(seconds):,.0f} s",
            flush=True,
        )
        asked = Cost.of(client, partial(recommend_to, found, model))
        print(f"recommend to {len(model.users_):,} users {asked}")


PARTS = {
    "kaggle": kaggle,
    "equal": equal,
    "traffic": traffic,
    "scaling": scaling,
    "million": million,
}


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    parser.add_argument("--rows", type=int, help="number of rows; the table shrinks with it")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", default="2GiB", help="limit of each worker")
    parser.add_argument("--table", type=Path, help="folder to keep the table in, one for each size")
    return parser.parse_args()


def size(shape, n_rows):
    """Return users, items and rows of a table of a shape with fewer rows: fewer users, then items."""
    n_users, n_items, n_all = shape
    if n_rows is None:
        return shape
    share = n_rows / n_all
    return int(n_users * share), int(n_items * min(1, share**0.5)), n_rows


@contextmanager
def cluster(n_workers, memory):
    """Start workers that are processes of one thread, and a client."""
    with (
        dask.config.set(SETTINGS),
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            memory_limit=memory,
            dashboard_address=":0",
            silence_logs=logging.ERROR,
        ) as found,
        Client(found) as client,
    ):
        yield client


@contextmanager
def parquet(shape, table=None):
    """Return the folder of a table in parquet, drawn unless it is there, and one for what is found."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = table or Path(scratch, "rows")
        if not (rows / COMPLETE).exists():
            draw(rows, *shape)
        yield str(rows), Path(scratch, "found")


def draw(rows, n_users, n_items, n_rows):
    """Write a synthetic table to parquet, drawn by so many users at a time that it fits."""
    rows.mkdir(parents=True, exist_ok=True)
    n_draws, start = -(-n_rows // 10_000_000), perf_counter()
    for part in range(n_draws):
        write(rows, part, n_users // n_draws, n_items, n_rows // n_draws)
    files = [path.stat().st_size for path in rows.iterdir()]
    print(
        f"{n_users:,} users x {n_items:,} items, {n_rows:,} rows: {len(files)} files, "
        f"{sum(files) / MIB:,.0f} MiB, drawn in {perf_counter() - start:.0f} s",
        flush=True,
    )
    (rows / COMPLETE).touch()


def write(folder, part, n_users, n_items, n_rows):
    """Draw a part of a table, shuffle it, and write it to files."""
    table = make_ratings(n_users, n_items, n_rows, random_state=part)
    frame = table.data.assign(rating=table.target)
    frame["user_id"] += part * n_users
    frame = frame.sample(frac=1, random_state=0, ignore_index=True)
    length = min(ROWS_OF_FILE, -(-n_rows // LEAST_FILES))
    for position, start in enumerate(range(0, len(frame), length)):
        name = folder / f"part.{part:03d}.{position:04d}.parquet"
        frame.iloc[start : start + length].to_parquet(name, index=False)


def fit_to(model, folder):
    frame = dd.read_parquet(folder)
    return fit(model, frame[COLUMNS], frame.rating if isinstance(model, RATING_MODELS) else None)


def recommend_to(folder, model):
    recommend(model, n_items=10).to_parquet(folder, overwrite=True)


@dataclass
class Cost:
    """What a call takes: seconds, CPU seconds here and of each worker, and peaks of workers in MiB."""

    seconds: float
    here: float
    workers: list
    peaks: list

    @classmethod
    def of(cls, client, run):
        """Run a function, and measure."""
        before, start, here = client.run(process_time), perf_counter(), process_time()
        run()
        seconds, here, after = perf_counter() - start, process_time() - here, client.run(process_time)
        peaks = client.run(lambda dask_worker: max(dask_worker.monitor.quantities["memory"]))
        workers = [round(after[each] - before.get(each, 0)) for each in after]
        return cls(seconds, here, workers, [round(peak / MIB) for peak in peaks.values()])

    def __str__(self):
        return (
            f"{self.seconds:6.1f} s; CPU s: {self.here:.0f} here, {self.workers} on workers; "
            f"peaks {self.peaks} MiB"
        )


def loopback():
    return psutil.net_io_counters(pernic=True)["lo"].bytes_sent


@contextmanager
def counted_sums():
    """Count the bytes that each sum moves, by the name of what is summed."""
    counts, plain = {}, _partitions.Partitions.sum

    def counted(self, function, *arguments):
        before = loopback()
        found = plain(self, function, *arguments)
        counts.setdefault(_partitions.name_of(function), []).append(loopback() - before)
        return found

    _partitions.Partitions.sum = counted
    try:
        yield counts
    finally:
        _partitions.Partitions.sum = plain


@contextmanager
def timed_sums():
    """Collect the seconds of each sum."""
    seconds, plain = [], _partitions.Partitions.sum

    def timed(self, function, *arguments):
        start = perf_counter()
        found = plain(self, function, *arguments)
        seconds.append(perf_counter() - start)
        return found

    _partitions.Partitions.sum = timed
    try:
        yield seconds
    finally:
        _partitions.Partitions.sum = plain


def copy_of(model):
    return type(model)(**model.get_params(deep=False))


def difference(one, other):
    """Return the largest difference of scores, each user's as a share of the largest."""
    users = np.arange(min(500, len(one.users_)))
    scores = [model._score_block(model.interactions_.take(users)) for model in (one, other)]
    largest = np.abs(scores[0]).max(axis=1, keepdims=True)
    return float((np.abs(scores[0] - scores[1]) / np.where(largest > 0, largest, 1)).max())


if __name__ == "__main__":
    main()
