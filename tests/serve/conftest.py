from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient

from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.serve import make_app


@pytest.fixture(scope="session")
def anime():
    return load_anime_sample(unrated="nan")


@pytest.fixture(scope="session")
def model(anime):
    return EASERecommender().fit(anime.data)


def client_of(model, catalog=None, **options):
    return TestClient(make_app(model, catalog, **options), raise_server_exceptions=False)


@pytest.fixture
def serve():
    """Serve models to clients, until the test ends."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(client_of(*args, **options))


@pytest.fixture(scope="session")
def client(model, anime):
    """A client of the model of the sample, for tests that do not look at what is counted."""
    with client_of(model, anime.catalog) as client:
        yield client
