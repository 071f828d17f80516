"""Claims about files of models: what comes back is the model, in any process."""

import io
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from copy import deepcopy
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from fitted_models import MODELS, embedding, fit, from_columns, table
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sklearn_anime
from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.datasets import make_ratings
from sklearn_anime.io import TRUSTED_TYPES, ModelFileError, dump, load
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.neighbors import FaissNeighbors
from sklearn_anime.utils._pipelines import find_last

CHECKOUT = Path(sklearn_anime.__file__).parents[1]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHER_PYTHONS = sorted({"3.11", "3.12", "3.13"} - {PYTHON})
NEEDED = "sklearn, numpy, scipy, pandas, narwhals, skops"
PLAIN = ["bias", "popularity", "ease", "low-rank ease", "svd neighbors", "bayesian", "rating search"]
READS = """
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_anime.io import load

folder = Path(sys.argv[1])
rows = pd.DataFrame(load(folder / "rows.skops"))
for path in folder.glob("model *.skops"):
    model = load(path)
    np.save(path.with_suffix(".npy"), model.predict(rows[list(model.feature_names_in_)]))
print("read")
"""


class Halved(TransformerMixin, BaseEstimator):
    """A transformer of a user."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.asarray(X, dtype=float) / 2


def copied(model, **options):
    """Return a model by way of a file in memory."""
    file = io.BytesIO()
    dump(model, file)
    file.seek(0)
    return load(file, **options)


def assert_same_answers(one, other, X):
    """Check that two models predict and recommend the same, bit by bit."""
    assert_array_equal(one.predict(X), other.predict(X))
    if not hasattr(find_last(one), "recommend"):  # a stack of ratings
        return
    one, other = find_last(one), find_last(other)
    frames = [model.recommend(n_items=3) for model in (one, other)]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


@pytest.mark.filterwarnings("ignore:Column")  # of context, for which the mean of the item stands in
@pytest.mark.parametrize("ids", ["integers", pytest.param("text", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name == "sequences" else []) for name in MODELS],
)
def test_loaded_model_answers_the_same(name, ids):
    model, X, _ = fit(name, ids)
    assert_same_answers(model, copied(model), X)


@pytest.mark.parametrize("name", ["ease", "svd neighbors", "embedding", "index"])
def test_loaded_model_goes_on_with_partial_fit(name):
    model, X, y = fit(name)
    more, ratings = X[:40].assign(user_id=X["user_id"][:40] + 5), y[:40]
    one, other = (each.partial_fit(more, ratings) for each in (deepcopy(model), copied(model)))
    assert_array_equal(one.predict(X), other.predict(X))


@pytest.mark.slow
def test_loaded_network_goes_on_with_warm_start():
    _, X, y = fit("embedding")
    model = embedding(warm_start=True).fit(X, y)
    loaded = copied(model)
    before = loaded.predict(X)
    one, other = model.fit(X, y).predict(X), loaded.fit(X, y).predict(X)
    assert_array_equal(one, other)
    assert np.abs(before - other).max() > 0


def test_loaded_search_has_its_results():
    model, _, _ = fit("ranking search")
    loaded = copied(model)
    assert loaded.best_params_ == model.best_params_
    names = [name for name in model.cv_results_ if "time" not in name and name != "params"]
    for name in names:
        assert_array_equal(np.asarray(loaded.cv_results_[name]), np.asarray(model.cv_results_[name]))
    assert repr(loaded.scorer_) == repr(model.scorer_)


def test_pipeline_of_columns_is_read():
    X, y = table()
    model = from_columns(BiasRegressor()).fit(X, y)
    assert_array_equal(copied(model).predict(X), model.predict(X))


@pytest.mark.parametrize("index", ["flat", "hnsw", "lsh"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_loaded_index_finds_the_same(index, metric):
    vectors = np.random.RandomState(0).normal(size=(200, 5))
    neighbors = FaissNeighbors(4, index=index, metric=metric, n_bits=16).fit(vectors)
    for one, other in zip(neighbors.kneighbors(), copied(neighbors).kneighbors(), strict=True):
        assert_array_equal(one, other)


def test_unfitted_estimators_are_read():
    assert copied(BiasRegressor(shrinkage=3.0)).get_params() == BiasRegressor(shrinkage=3.0).get_params()


def test_clone_of_a_loaded_model_is_unfitted():
    model, X, y = fit("svd neighbors")
    assert_array_equal(clone(copied(model)).fit(X, y).predict(X), model.predict(X))


# Files


def test_path_may_be_text_or_a_path(tmp_path):
    model, X, _ = fit("bias", "text")
    for path in (tmp_path / "one.skops", str(tmp_path / "two.skops")):
        dump(model, path)
        assert_array_equal(load(path).predict(X), model.predict(X))


def test_open_file_may_hold_something_before_the_model(tmp_path):
    model, X, _ = fit("bias")
    with open(tmp_path / "model", "w+b") as file:
        file.write(b"before")
        dump(model, file)
        file.seek(len(b"before"))
        assert_array_equal(load(file).predict(X), model.predict(X))


def test_plain_skops_reads_the_file(tmp_path):
    model, X, _ = fit("bias")
    dump(model, tmp_path / "model.skops")
    loaded = skops.io.load(tmp_path / "model.skops", trusted=TRUSTED_TYPES)
    assert_array_equal(loaded.predict(X), model.predict(X))


def test_file_of_plain_skops_is_refused_with_the_way_to_read_it(tmp_path):
    skops.io.dump(fit("bias")[0], tmp_path / "model.skops")
    with pytest.raises(ModelFileError, match=r"no member 'sklearn_anime.json'.*skops.io.load\(trusted="):
        load(tmp_path / "model.skops")


def test_missing_file_is_no_bad_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "model.skops")


def test_dump_replaces_a_file_only_when_it_is_complete(tmp_path, monkeypatch):
    path = tmp_path / "model.skops"
    dump(fit("bias")[0], path)
    before = path.read_bytes()

    def crash(descriptor):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="the disk is full"):
        dump(fit("popularity")[0], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_dump_names_a_lambda_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(b"old")
    model = make_pipeline(FunctionTransformer(lambda X: X), Ridge())
    with pytest.raises(TypeError, match="<lambda>, which no other process can import"):
        dump(model, path)
    assert path.read_bytes() == b"old"


def test_file_has_no_pickle_and_no_compression(tmp_path):
    dump(fit("embedding")[0], tmp_path / "model.skops")
    with zipfile.ZipFile(tmp_path / "model.skops") as archive:
        suffixes = {Path(name).suffix for name in archive.namelist()}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    assert suffixes <= {".json", ".npy", ".npz", ".bin"}


def test_large_file_is_hardly_larger_than_the_arrays_inside(tmp_path):
    ratings = make_ratings(600, 1600, 60_000, random_state=0)
    model = EASERecommender().fit(ratings.data)
    dump(model, tmp_path / "model.skops")
    joblib.dump(model, tmp_path / "model.joblib")
    size, of_pickle = (os.path.getsize(tmp_path / f"model.{end}") for end in ("skops", "joblib"))
    assert size > 10e6
    assert size < 1.01 * of_pickle


# Types


def test_type_of_a_user_is_refused_by_name_and_read_when_it_is_trusted():
    X, y = table()
    model = make_pipeline(Halved(), Ridge()).fit(X[["episodes"]], np.nan_to_num(y))
    with pytest.raises(ModelFileError, match=r"not trusted.*pass trusted=\['test_persistence.Halved'\]"):
        copied(model)
    for trusted in (["test_persistence.Halved"], [Halved], Halved):
        loaded = copied(model, trusted=trusted)
        assert_array_equal(loaded.predict(X[["episodes"]]), model.predict(X[["episodes"]]))


def test_trees_are_read_when_they_are_trusted():
    ensemble = pytest.importorskip("sklearn.ensemble")
    X, y = table()
    model = ensemble.RandomForestRegressor(3, random_state=0).fit(X[["episodes"]], np.nan_to_num(y))
    with pytest.raises(ModelFileError, match=r"trusted=\['sklearn.tree._tree.Tree'\]"):
        copied(model)
    loaded = copied(model, trusted=["sklearn.tree._tree.Tree"])
    assert_array_equal(loaded.predict(X[["episodes"]]), model.predict(X[["episodes"]]))


def test_missing_skops_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    monkeypatch.setitem(sys.modules, "skops.io.exceptions", None)
    with pytest.raises(ImportError, match=r'pip install "sklearn-anime\[io\]"'):
        dump(PopularityRecommender(), io.BytesIO())
    with pytest.raises(ImportError, match=r'pip install "sklearn-anime\[io\]"'):
        load(io.BytesIO())


class Recorder(pickle.Unpickler):
    """Notes the packages of what it reads."""

    packages = frozenset()

    def find_class(self, module, name):
        self.packages |= {module.partition(".")[0]}
        return super().find_class(module, name)


def test_pickle_of_a_network_and_of_an_index_holds_data_of_others_only():
    recorder = Recorder(io.BytesIO(pickle.dumps((fit("embedding")[0], fit("index")[0]))))
    recorder.load()
    assert recorder.packages <= {"sklearn_anime", "sklearn", "numpy", "scipy", "builtins", "_codecs"}


# Other processes


def predictions_elsewhere(python, names, folder):
    """Return the predictions of models, read by another process, and here."""
    models = {name: fit(name) for name in names}
    X, _ = table()
    dump({name: X[name].tolist() for name in X}, folder / "rows.skops")
    for name, (model, _, _) in models.items():
        dump(model, folder / f"model {name}.skops")
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        [python, "-W", "ignore", "-c", READS, folder],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.strip().endswith("read"), done.stderr
    return [
        (np.load(folder / f"model {name}.npy"), model.predict(X))
        for name, (model, X, _) in models.items()
    ]


@pytest.mark.parametrize(
    "names",
    [PLAIN, pytest.param(["embedding", "index"], marks=pytest.mark.slow)],
    ids=["plain", "keras and faiss"],
)
def test_another_process_predicts_the_same_bits(names, tmp_path):
    for there, here in predictions_elsewhere(sys.executable, names, tmp_path):
        assert_array_equal(there, here)


def other_python(version):
    """Return an interpreter of a version that has what the package needs, or skip."""
    given = os.environ.get("SKLEARN_ANIME_PYTHONS", "").split(os.pathsep)
    candidates = [*filter(None, given), shutil.which(f"python{version}")]
    for python in filter(None, candidates):
        code = f"import sys, {NEEDED}; print('%d.%d' % sys.version_info[:2], sklearn.__version__)"
        done = subprocess.run([python, "-c", code], capture_output=True, text=True)
        if done.stdout.split()[:1] == [version] and done.stdout.split()[1] >= "1.9":
            return python
    return pytest.skip(
        f"no Python {version} with {NEEDED}; name one in SKLEARN_ANIME_PYTHONS (tried {candidates})"
    )


@pytest.mark.parametrize("version", OTHER_PYTHONS)
def test_another_python_predicts_the_same(version, tmp_path):
    for there, here in predictions_elsewhere(other_python(version), PLAIN, tmp_path):
        np.testing.assert_allclose(there, here, rtol=1e-12)
