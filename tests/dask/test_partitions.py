"""Claims about where blocks are, and where they are added up: each worker has its share of them."""

from collections import Counter

import dask
import numpy as np
import pytest
from distributed import get_worker, wait

from sklearn_anime.dask._partitions import Partitions, groups_of, holders_of, persisted, task


@pytest.fixture
def ones(client):
    """Six blocks, every other one in the memory of the same of two workers."""
    workers = list(client.nthreads())
    return [client.persist(dask.delayed(np.ones)(2), workers=[workers[p % 2]]) for p in range(6)]


def test_blocks_that_one_worker_holds_are_shared_with_the_other(client):
    worker = next(iter(client.nthreads()))
    tasks = [dask.delayed(np.full)(3, position) for position in range(6)]
    blocks = Partitions(client.persist(tasks, workers=[worker]))
    assert holders_of(blocks.blocks) == [[worker]] * 6
    spread = blocks.map(np.negative)
    assert Counter(Counter(holder for [holder] in holders_of(spread.blocks)).values()) == {3: 2}
    assert spread.concatenate(np.asarray).tolist() == [-p for p in range(6) for _ in range(3)]


def test_blocks_that_are_even_stay_where_they_are(ones):
    places = holders_of(ones)
    assert holders_of(Partitions(ones).map(np.negative).blocks) == places
    moved = persisted([task(np.negative)(block) for block in ones], sources=ones)
    assert holders_of(moved.blocks) == places


def test_blocks_that_both_workers_hold_are_added_up_by_both(client, ones):
    wait(ones)
    client.replicate(ones)
    assert {len(holders) for holders in holders_of(ones)} == {2}
    workers, groups = groups_of(ones)
    assert set(workers) == set(client.nthreads())
    assert [len(group) for group in groups] == [3, 3]


def test_sums_are_made_where_the_blocks_are(client, ones):
    addresses = np.array(list(client.nthreads()))

    def share(block):
        return (addresses == get_worker().address).astype(int)

    for _ in range(5):  # Dask may move a task to a worker that waits, and its blocks with it
        assert Partitions(ones).sum(share).tolist() == [3, 3]
    assert {len(holders) for holders in holders_of(ones)} == {1}
