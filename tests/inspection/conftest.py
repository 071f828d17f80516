import pytest

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.neighbors import SVDNeighborsRecommender


@pytest.fixture(scope="session")
def sample():
    return load_anime_sample()


@pytest.fixture(scope="session")
def svd(sample):
    model = SVDNeighborsRecommender(n_components=8, random_state=0)
    return model.fit(sample.data, sample.target)


@pytest.fixture(scope="session")
def bias(sample):
    return BiasRegressor().fit(sample.data, sample.target)


@pytest.fixture(scope="session")
def popular(sample):
    return PopularityRecommender().fit(sample.data)
