"""Small clusters for the tests of `sklearn_anime.dask`."""

import pytest
from distributed import Client, LocalCluster

QUIET = {"dashboard_address": ":0", "silence_logs": 50}


@pytest.fixture(scope="session")
def cluster():
    """Two workers of one thread in this process."""
    with LocalCluster(processes=False, n_workers=2, threads_per_worker=1, **QUIET) as found:
        yield found


@pytest.fixture
def client(cluster):
    """A client of the cluster of this process."""
    with Client(cluster) as found:
        yield found


@pytest.fixture
def processes():
    """A client of two workers that are processes."""
    with LocalCluster(n_workers=2, threads_per_worker=1, **QUIET) as cluster, Client(cluster) as found:
        yield found
