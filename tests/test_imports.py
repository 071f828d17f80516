"""Claims about which module imports which: no circle, nothing upward, no long chains."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sklearn_anime

FOLDER = Path(sklearn_anime.__file__).parent
MODELS = {"baseline", "decomposition", "linear_model", "neighbors", "neural_network"}

# Lowest first. A name stands for a module, or for a package and all modules in it; the longest that
# fits a module counts.
LEVELS = [
    [
        "utils",
        "decomposition._gibbs",
        "decomposition._noise",
        "decomposition._normal",
        "decomposition._padded_rows",
        "decomposition._posterior",
        "decomposition._sampler",
        "decomposition._side_features",
        "decomposition._traces",
        "baseline._shrunk_biases",
        "linear_model._gram",
        "linear_model._item_weights",
        "linear_model._rows",
        "linear_model._settings",
        "linear_model._tail",
        "neighbors._auto_settings",
        "neighbors._faiss_index",
        "neighbors._neighbor_average",
        "neighbors._neighbor_ratings",
        "neighbors._neighbor_scores",
        "neighbors._neighborhood",
        "neighbors._space",
        "neural_network._archive",
        "neural_network._ensemble",
        "neural_network._import",
        "neural_network._inputs",
        "neural_network._keras_model",
        "neural_network._networks",
        "neural_network._sequence_model",
        "neural_network._sequences",
        "neural_network._training",
    ],
    ["interactions"],
    ["metrics"],
    ["_explain", "_forget", "_recommend", "_similar"],
    ["_mixins", "base"],
    [*sorted(MODELS), "datasets", "preprocessing"],
    ["compose", "inspection", "model_selection"],
    ["dask", "io"],
    ["serve"],
    ["utils._check_tools", "utils._model_checks", "utils._ranking_checks", "utils.estimator_checks"],
]
LONGEST_CHAIN = 11
FRAMES = {"narwhals", "pandas", "polars"}


def name_of(path):
    """Return the name of a module below `sklearn_anime`; that of a package is of its `__init__`."""
    parts = path.relative_to(FOLDER).with_suffix("").parts
    return ".".join(parts)


SOURCES = {name_of(path): ast.parse(path.read_text("utf-8")) for path in FOLDER.rglob("*.py")}
MODULES = [name for name in SOURCES if not name.endswith("__init__")]


def imports(tree, *, deferred=True):
    """Yield module and name of each import of a source; `deferred` ones stand in functions."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if not deferred and isinstance(node, (ast.FunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module, alias.name) for alias in node.names)
        nodes.extend(ast.iter_child_nodes(node))


def source_of(module, name):
    """Return the module of this package that an import is from, through packages; None for others."""
    module = module.removeprefix("sklearn_anime").removeprefix(".")
    joined = ".".join(part for part in (module, name) if part)
    if joined in MODULES:
        return joined
    package = f"{module}.__init__" if module else "__init__"
    if package in SOURCES:
        found = [imported for imported in imports(SOURCES[package]) if name and imported[1] == name]
        return source_of(*found[0]) if found else None
    return module or None


def imported_by(name, *, deferred=True):
    """Return the modules of this package that a module imports, packages replaced by what is in them."""
    found = imports(SOURCES[name], deferred=deferred)
    ours = [(module, of) for module, of in found if module.partition(".")[0] == "sklearn_anime"]
    return sorted({source for pair in ours if (source := source_of(*pair)) is not None})


def level(name):
    """Return the level of a module."""
    fits = {
        prefix: height
        for height, prefixes in enumerate(LEVELS)
        for prefix in prefixes
        if name == prefix or name.startswith(f"{prefix}.")
    }
    return fits[max(fits, key=len)]


@cache
def chain(name, deferred=True):
    """Return the longest chain of imports that begins at a module."""
    below = [chain(other, deferred) for other in imported_by(name, deferred=deferred)]
    return (name, *max(below, key=len, default=()))


def test_a_module_behind_a_package_is_found():
    assert "interactions._interactions" in imported_by("baseline._bias")
    assert "interactions.__init__" not in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_imported_upward(name):
    above = [other for other in imported_by(name) if level(other) > level(name)]
    assert above == []


def test_there_is_no_circle():
    TopologicalSorter({name: imported_by(name) for name in MODULES}).prepare()  # raises CycleError


def test_chains_of_modules_are_short():
    longest = max((chain(name) for name in MODULES), key=len)
    assert len(longest) <= LONGEST_CHAIN, " -> ".join(longest)


@pytest.mark.parametrize("name", [name for name in MODULES if level(name) == 0])
def test_numerics_know_no_frames(name):
    assert not FRAMES & {module.partition(".")[0] for module, _ in imports(SOURCES[name])}


def test_base_imports_no_metrics_at_import():
    assert [name for name in imported_by("base", deferred=False) if name.startswith("metrics")] == []


def test_nothing_imports_the_checks_of_recommenders():
    top = len(LEVELS) - 1
    users = {name for name in MODULES for other in imported_by(name) if level(other) == top}
    assert {level(name) for name in users} == {top}
    assert not any("utils.estimator_checks" in imported_by(name) for name in MODULES)


def test_packages_import_their_own_modules_only():
    for name, tree in SOURCES.items():
        package = name.removesuffix("__init__").rstrip(".")
        if name.endswith(".__init__"):
            ours = [module for module, _ in imports(tree) if module.startswith("sklearn_anime")]
            assert all(module.startswith(f"sklearn_anime.{package}.") for module in ours), name
