"""Claims about the names of the package: what is public, what is imported when, and from where."""

import ast
import importlib
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import sklearn_anime
from sklearn_anime.utils import _sklearn, all_estimators

FOLDER = Path(sklearn_anime.__file__).parent
SUBPACKAGES = [name for name in sklearn_anime.__all__ if name != "__version__"]
ESTIMATORS = {
    "BayesianFactorizationRegressor",
    "BiasRegressor",
    "DiverseRecommender",
    "EASERecommender",
    "EmbeddingRegressor",
    "FaissNeighbors",
    "NextItemRecommender",
    "PopularityRecommender",
    "SVDNeighborsRecommender",
    "SequenceRecommender",
    "StackedRatingRegressor",
    "TopNRecommender",
    "WeightedOneHotGenres",
}
WEB = {"fastapi", "pydantic", "starlette", "uvicorn", "prometheus_client"}
PLOTS_AND_FRAMES = {"matplotlib", "kagglehub", "polars", "dask"}
HEAVY = {"tensorflow", "keras", "scikeras", "faiss", *PLOTS_AND_FRAMES, *WEB}


def run_in_a_fresh_process(code):
    """Run code that prints JSON, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120
    )
    return json.loads(done.stdout)


def modules_after(code):
    """Return the names of all modules that a fresh process has imported after some code."""
    return set(run_in_a_fresh_process(f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"))


def private_scikit_learn_names(path):
    """Return what a source file imports of scikit-learn that starts with an underscore."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sklearn":
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.split(".")[0] == "sklearn"]
        else:
            continue
        yield from (name for name in names if any(part.startswith("_") for part in name.split(".")))


@pytest.mark.parametrize("subpackage", [*SUBPACKAGES, "utils.estimator_checks"])
def test_every_public_name_can_be_imported(subpackage):
    module = importlib.import_module(f"sklearn_anime.{subpackage}")
    assert module.__all__ == sorted(set(module.__all__))
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_every_folder_is_a_public_subpackage():
    folders = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    assert set(SUBPACKAGES) == folders | {"base"}


def test_import_brings_no_subpackage():
    modules = modules_after("import sklearn_anime")
    assert [name for name in modules if name.startswith("sklearn_anime.")] == []


def test_subpackages_are_imported_on_first_use():
    first_use = "; ".join(f"sklearn_anime.{name}" for name in SUBPACKAGES)
    assert {f"sklearn_anime.{name}" for name in SUBPACKAGES} <= modules_after(
        f"import sklearn_anime; {first_use}"
    )


def test_import_brings_no_heavy_package():
    assert not HEAVY & modules_after("import sklearn_anime")


def test_import_of_the_service_brings_no_web_framework():
    assert not HEAVY & modules_after("import sklearn_anime.serve")


def test_finding_the_estimators_brings_no_heavy_package():
    code = "from sklearn_anime.utils import all_estimators\nall_estimators()"
    assert not HEAVY & modules_after(code)


def test_all_estimators_finds_exactly_the_public_ones():
    assert {name for name, _ in all_estimators()} == ESTIMATORS


def test_all_estimators_are_sorted_by_name():
    names = [name for name, _ in all_estimators()]
    assert names == sorted(names)


def test_unknown_attribute_is_named():
    with pytest.raises(AttributeError, match="module 'sklearn_anime' has no attribute 'neighbor'"):
        sklearn_anime.neighbor  # noqa: B018


def test_dir_lists_the_subpackages():
    assert set(dir(sklearn_anime)) == {"__version__", *SUBPACKAGES}


def test_version_is_that_of_the_installed_package():
    assert sklearn_anime.__version__ == version("sklearn-anime")


def test_package_is_typed():
    assert (FOLDER / "py.typed").exists()


def test_private_names_of_scikit_learn_are_imported_in_one_place():
    found = {
        path.relative_to(FOLDER).as_posix(): names
        for path in FOLDER.rglob("*.py")
        if (names := list(private_scikit_learn_names(path)))
    }
    assert set(found) == {"utils/_sklearn.py"}, found


def test_every_private_name_that_is_collected_is_used():
    sources = [path for path in FOLDER.rglob("*.py") if path.name != "_sklearn.py"]
    words = set(re.findall(r"\w+", "".join(path.read_text(encoding="utf-8") for path in sources)))
    assert set(_sklearn.__all__) <= words
