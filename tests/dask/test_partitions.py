"""Claims about where blocks are: each worker has its share of them."""

from collections import Counter

import dask
import numpy as np

from sklearn_anime.dask._partitions import Partitions, holders_of, persisted, task


def test_blocks_that_one_worker_holds_are_shared_with_the_other(client):
    worker = next(iter(client.nthreads()))
    tasks = [dask.delayed(np.full)(3, position) for position in range(6)]
    blocks = Partitions(client.persist(tasks, workers=[worker]))
    assert Counter(holders_of(blocks.blocks)) == {worker: 6}
    spread = blocks.map(np.negative)
    assert Counter(Counter(holders_of(spread.blocks)).values()) == {3: 2}
    assert spread.concatenate(np.asarray).tolist() == [-p for p in range(6) for _ in range(3)]


def test_blocks_that_are_even_stay_where_they_are(client):
    workers = list(client.nthreads())
    ones = [client.persist(dask.delayed(np.ones)(2), workers=[workers[p % 2]]) for p in range(6)]
    places = holders_of(ones)
    assert holders_of(Partitions(ones).map(np.negative).blocks) == places
    moved = persisted([task(np.negative)(block) for block in ones], sources=ones)
    assert holders_of(moved.blocks) == places
