"""Measure fits and recommendations on Dask: time, peak memory per worker, traffic and scaling.

Usage: python benchmarks/bench_dask.py [PART ...] [--rows N] [--workers N] [--memory SIZE]

The parts are kaggle, equal, traffic, scaling and million. Without names all but the last run. Workers
are processes of a `LocalCluster` with one thread each. Tables are drawn with `make_ratings` and written
as parquet to a temporary folder; `--rows` makes a smaller one of as many interactions per user. The
peak is the largest memory of the process that a worker has reported to Dask. The traffic is what the
loopback device has carried, on which nothing else should be at work.

The part `million` is 1 million users x 100,000 items with 100 million rows: 4 GiB per worker, and hours
on two cores.
"""

import argparse
import logging
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers inherit it

import dask
import dask.dataframe as dd
import numpy as np
import psutil
from distributed import Client, LocalCluster

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.dask import _partitions, fit, recommend
from sklearn_anime.datasets import make_ratings
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.metrics import ndcg_at_k
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender

KAGGLE = 73_516, 11_200, 7_813_737
MILLION = 1_000_000, 100_000, 100_000_000
ROWS_OF_FILE = 500_000
MIB = 2**20
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
    with parquet(size(KAGGLE, options.rows), options.folder) as folder:
        for name, model in models.items():
            with cluster(options.workers, options.memory) as client:
                frame = dd.read_parquet(folder)
                seconds = clock(
                    lambda model=model, frame=frame: fit(model, frame[COLUMNS], frame.rating)
                )
                of_fit = peaks(client)
                out = Path(folder).parent / "recommendations"
                lazy = recommend(model, n_items=10)
                asked = clock(lambda lazy=lazy, out=out: lazy.to_parquet(out, overwrite=True))
                print(
                    f"{name:<22} fit {seconds:6.1f} s, peaks {of_fit}; recommend {asked:6.1f} s, "
                    f"{len(model.users_) / asked:,.0f} users/s, peaks {peaks(client)} MiB",
                    flush=True,
                )


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
    with parquet((n_users, n_items, n_rows), options.folder) as folder:
        for name, model in models.items():
            with cluster(options.workers, options.memory), counted_sums() as counts:
                frame = dd.read_parquet(folder)
                before = loopback()
                fit(model, frame[COLUMNS])
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
    """Return the bytes that all sums of a function move: arrays down to workers, and sums up."""
    width = -(-(2 * 512 + 10) // 4)
    sizes = {
        "gram-panel": 8 * n_items * (n_items + n_items / n_sums) / 2,
        "gram-times": n_sums * n_items * width * (4 + 8),
        "projected-gram": n_items * 4 * (2 * 512 + 10) + 8 * (2 * 512 + 10) ** 2,
    }
    return n_workers * sizes[function] if function in sizes else None


def scaling(options):
    """Seconds of a fit with 1 and with 2 workers, and of its sums alone."""
    models = {
        "EASE, 256 components": EASERecommender(n_components=256, tail=0.0, random_state=0),
        "EASE, exact": EASERecommender(),
    }
    with parquet(size(KAGGLE, options.rows), options.folder) as folder:
        for name, model in models.items():
            found = {}
            for n_workers in (1, 2):
                with cluster(n_workers, "auto"), timed_sums() as seconds:
                    frame = dd.read_parquet(folder)
                    found[n_workers] = clock(lambda f=frame, m=model: fit(m, f[COLUMNS])), sum(seconds)
            (all_1, sums_1), (all_2, sums_2) = found[1], found[2]
            print(
                f"{name:<22} fit {all_1:6.1f} and {all_2:6.1f} s: {all_1 / all_2:.2f} times; its sums "
                f"{sums_1:6.1f} and {sums_2:6.1f} s: {sums_1 / sums_2:.2f} times",
                flush=True,
            )


def million(options):
    """1 million users x 100,000 items, 128 components, from parquet: seconds and peaks."""
    n_users, n_items, n_rows = size(MILLION, options.rows)
    with parquet((n_users, n_items, n_rows), options.folder) as folder:
        with cluster(options.workers, "4GiB") as client, timed_sums() as seconds:
            frame = dd.read_parquet(folder)
            model = EASERecommender(n_components=128, tail=0.0, random_state=0)
            total = clock(lambda: fit(model, frame[COLUMNS]))
            print(
                f"{n_users:,} x {n_items:,}, {n_rows:,} rows: fit {total:,.0f} s, of which sums "
                f"{sum(seconds):,.0f}; peaks {peaks(client)} MiB",
                flush=True,
            )
            users = model.users_[:20_000]
            out = Path(folder).parent / "recommendations"
            asked = clock(lambda: recommend(model, users).to_parquet(out, overwrite=True))
            print(f"recommend: {len(users) / asked:,.0f} users/s; peaks {peaks(client)} MiB")


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
    parser.add_argument("--folder", help="where temporary files go")
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
    """A client of workers that are processes of one thread."""
    with (
        dask.config.set({"distributed.admin.system-monitor.interval": "100ms"}),
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            memory_limit=memory,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        ) as found,
        Client(found) as client,
    ):
        yield client


@contextmanager
def parquet(shape, folder=None):
    """A folder of parquet files of a synthetic table, drawn by so many users at a time that it fits."""
    n_users, n_items, n_rows = shape
    with tempfile.TemporaryDirectory(dir=folder) as found:
        rows, n_draws = Path(found) / "rows", -(-n_rows // 10_000_000)
        rows.mkdir()
        start = perf_counter()
        for draw in range(n_draws):
            write(rows, draw, n_users // n_draws, n_items, n_rows // n_draws)
        n_bytes = sum(path.stat().st_size for path in rows.iterdir())
        print(
            f"{n_users:,} users x {n_items:,} items, {n_rows:,} rows: {len(list(rows.iterdir()))} files, "
            f"{n_bytes / MIB:,.0f} MiB, drawn in {perf_counter() - start:.0f} s",
            flush=True,
        )
        yield str(rows)


def write(folder, draw, n_users, n_items, n_rows):
    """Draw a part of a table, shuffle it, and write it to files."""
    table = make_ratings(n_users, n_items, n_rows, random_state=draw)
    frame = table.data.assign(rating=table.target)
    frame["user_id"] += draw * n_users
    frame = frame.sample(frac=1, random_state=0, ignore_index=True)
    for position, start in enumerate(range(0, len(frame), ROWS_OF_FILE)):
        name = folder / f"part.{draw:03d}.{position:04d}.parquet"
        frame.iloc[start : start + ROWS_OF_FILE].to_parquet(name, index=False)


def clock(run):
    start = perf_counter()
    run()
    return perf_counter() - start


def peaks(client):
    """Return the largest memory, in MiB, that each worker has reported to Dask."""
    found = client.run(lambda dask_worker: max(dask_worker.monitor.quantities["memory"]))
    return [round(value / MIB) for value in found.values()]


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
