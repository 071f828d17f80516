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


@pytest.fixture
def serve():
    """Serve a model to a client, until the test ends."""
    clients = []

    def served(model, catalog=None, **options):
        client = TestClient(make_app(model, catalog, **options), raise_server_exceptions=False)
        clients.append(client.__enter__())
        return client

    yield served
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(serve, model, anime):
    return serve(model, anime.catalog)
