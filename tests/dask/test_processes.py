"""Claims about workers that are processes: a fit survives the loss of one."""

import os
import signal
import threading
import time

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklearn_anime.dask import fit, predict, recommend
from sklearn_anime.dask._partitions import Partitions
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender

pytestmark = pytest.mark.slow


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"user": rng.integers(80, size=2000), "item": rng.integers(40, size=2000)})
    table["rating"] = rng.integers(1, 11, size=2000).astype(float)
    return table


def scores_of(model):
    return model._score_block(model.interactions_.take(np.arange(len(model.users_))))


@pytest.mark.parametrize(
    "model",
    [EASERecommender(), SVDNeighborsRecommender(8, random_state=0)],
    ids=["EASE", "SVD neighbors"],
)
def test_processes_fit_and_answer_as_one_memory(processes, table, model):
    local = type(model)(**model.get_params(deep=False)).fit(table[["user", "item"]], table.rating)
    frame = dd.from_pandas(table, npartitions=4)
    fit(model, frame[["user", "item"]], frame.rating)
    assert_allclose(scores_of(model), scores_of(local), rtol=1e-4, atol=1e-5)
    assert_allclose(
        predict(model, frame[["user", "item"]]).compute(),
        local.predict(table[["user", "item"]]),
        rtol=1e-4,
        atol=1e-5,
    )
    found = recommend(model, n_items=3, npartitions=3).compute(ignore_index=True)
    assert found.item.tolist() == local.recommend(n_items=3).item.tolist()


def kill_a_worker(client):
    """End the process of one worker as the kernel would."""
    worker = next(iter(client.scheduler_info()["workers"]))
    pid = client.run(os.getpid, workers=[worker])[worker]
    os.kill(pid, signal.SIGKILL)


def test_a_worker_killed_between_two_sums_is_made_up_for(processes, table, monkeypatch):
    """Its blocks are gone, and made again from the partitions of X."""
    local = EASERecommender().fit(table[["user", "item"]])
    plain, killed = Partitions.sum, []

    def sum_after_a_loss(self, function, *arguments):
        if function.__name__ == "gram_matrix" and not killed:
            killed.append(kill_a_worker(processes))
        return plain(self, function, *arguments)

    monkeypatch.setattr(Partitions, "sum", sum_after_a_loss)
    frame = dd.from_pandas(table, npartitions=4)
    model = fit(EASERecommender(), frame[["user", "item"]])
    assert len(killed) == 1
    assert_allclose(scores_of(model), scores_of(local), rtol=1e-4, atol=1e-5)


def test_a_worker_killed_within_a_sum_is_made_up_for(processes, table, monkeypatch):
    local = EASERecommender().fit(table[["user", "item"]])
    plain, killers = Partitions.sum, []

    def slow_sum(self, function, *arguments):
        if function.__name__ == "squared_norms" and not killers:
            killers.append(threading.Timer(1.0, kill_a_worker, [processes]))
            killers[0].start()
            return plain(self, slowly, function)
        return plain(self, function, *arguments)

    monkeypatch.setattr(Partitions, "sum", slow_sum)
    frame = dd.from_pandas(table, npartitions=4)
    model = fit(EASERecommender(), frame[["user", "item"]])
    assert len(killers) == 1
    assert not killers[0].is_alive()
    assert_allclose(scores_of(model), scores_of(local), rtol=1e-4, atol=1e-5)


def slowly(block, function):
    time.sleep(1.5)
    return function(block)
