"""Claims about MLflow: it stores models of this package without pickle, and reads them back."""

import os

import numpy as np
import pytest
from fitted_models import fit

from sklearn_anime.io import TRUSTED_TYPES

try:
    import mlflow.sklearn
except ImportError as error:
    if os.environ.get("SKLEARN_ANIME_MLFLOW") == "required":
        raise
    pytest.skip(
        f"MLflow is not installed ({error}): pip install -e '.[mlflow]'", allow_module_level=True
    )

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of MLflow and what it imports
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def tracking(tmp_path, monkeypatch):
    """A tracking server that is a database in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield tmp_path
    mlflow.set_tracking_uri(before)


@pytest.mark.parametrize("name", ["bias", "ease", "svd neighbors", "top-n", "embedding", "index"])
def test_logged_model_predicts_the_same(name, tracking):
    model, X, _ = fit(name)
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(model, name="model", skops_trusted_types=TRUSTED_TYPES)
    loaded = mlflow.sklearn.load_model(logged.model_uri)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert list(tracking.rglob("model.skops"))
    assert not list(tracking.rglob("*.pkl"))


def test_saved_model_is_read_from_a_folder(tmp_path):
    model, _, _ = fit("bias")
    mlflow.sklearn.save_model(model, tmp_path / "model", skops_trusted_types=TRUSTED_TYPES)
    loaded = mlflow.sklearn.load_model(str(tmp_path / "model"))
    assert loaded.recommend([1]).equals(model.recommend([1]))
