"""Claims about the docstrings, which users read: they are complete and agree with the code."""

import importlib
import inspect
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

import sklearn_anime
from sklearn_anime import base, inspection, interactions
from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.compose import DiverseRecommender, StackedRatingRegressor, TopNRecommender
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.neural_network import EmbeddingRegressor, SequenceRecommender
from sklearn_anime.preprocessing import WeightedOneHotGenres
from sklearn_anime.utils import all_estimators

ESTIMATORS = dict(all_estimators())
SUBPACKAGES = [name for name in sklearn_anime.__all__ if name != "__version__"]
MODULES = [*SUBPACKAGES, "utils.estimator_checks"]
QUICK = {
    BayesianFactorizationRegressor: {"n_components": 2, "n_iter": 10, "burn_in": 2, "n_samples": 5},
    EmbeddingRegressor: {"n_components": 2, "hidden_units": (2,), "epochs": 1},
    SequenceRecommender: {"n_components": 2, "max_length": 3, "epochs": 1},
    DiverseRecommender: {"recommender": EASERecommender()},
    StackedRatingRegressor: {"estimators": [("biases", BiasRegressor())], "rankers": [], "cv": 2},
    TopNRecommender: {"estimator": Ridge()},
}


def public_functions():
    for path in MODULES:
        module = importlib.import_module(f"sklearn_anime.{path}")
        for name in module.__all__:
            if inspect.isfunction(member := getattr(module, name)):
                yield f"{path}.{name}", member


def public_methods():
    """Yield the methods that this package writes, inherited ones once for each estimator."""
    for name, estimator in ESTIMATORS.items():
        for method, function in inspect.getmembers(estimator, inspect.isfunction):
            ours = function.__module__.startswith("sklearn_anime")
            if ours and not method.startswith("_"):
                yield f"{name}.{method}", function


def methods_of(classes):
    """Yield all methods of some classes."""
    for name, documented in classes.items():
        for method, function in inspect.getmembers(documented, inspect.isroutine):
            if not method.startswith("_"):
                yield f"{name}.{method}", function


DISPLAYS = {name: getattr(inspection, name) for name in inspection.__all__}
# What authors of recommenders use. Their constructors are not called by users.
BASES = {name: getattr(module, name) for module in (base, interactions) for name in module.__all__}
FUNCTIONS = dict(public_functions())
METHODS = {**dict(public_methods()), **dict(methods_of(DISPLAYS)), **dict(methods_of(BASES))}
OBJECTS = {**ESTIMATORS, **DISPLAYS, **FUNCTIONS}

every_object = pytest.mark.parametrize("public", OBJECTS.values(), ids=OBJECTS)
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
every_callable = pytest.mark.parametrize(
    "called", [*OBJECTS.values(), *METHODS.values()], ids=[*OBJECTS, *METHODS]
)
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)


def section(documented, title):
    """Return the lines of a section of a numpydoc docstring."""
    text = inspect.getdoc(documented) or ""
    text = text.replace("\\\n", " ")  # a line that goes on
    parts = re.split(r"^(\w[\w ]*)\n-+\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(title, "").splitlines()


def entries(documented, title):
    """Return name -> type of each entry of a section; names of one line share its type."""
    found = {}
    for line in section(documented, title):
        if line and not line.startswith(" "):
            names, _, kind = line.partition(" : ")
            found.update({name.strip(): kind.strip() for name in names.split(",")})
    return found


def signature(called):
    """Return the parameters of a signature without self; those that it collects begin with stars."""
    parameters = inspect.signature(called).parameters
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    named = {stars.get(parameter.kind, "") + name: parameter for name, parameter in parameters.items()}
    named.pop("self", None)
    return named


def documented_defaults(called):
    """Return name -> text of the default, of the parameters that document one."""
    kinds = entries(called, "Parameters")
    return {name: kind.split("default=")[1] for name, kind in kinds.items() if "default=" in kind}


def fit_on_a_little(estimator):
    """Return a fitted estimator; the columns have names."""
    model = estimator(**QUICK.get(estimator, {}))
    if estimator is WeightedOneHotGenres:
        return model.fit(pd.DataFrame({"genre": ["Action, Drama", "Drama"]}))
    rows = pd.DataFrame({"user_id": [1, 1, 2, 3], "anime_id": [7, 8, 7, 8]})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A table of")  # is smaller than the defaults of some
        return model.fit(rows, [8.0, 6.0, 7.0, 5.0])


def fitted_attributes(model):
    """Return the public names that fit has set, and the properties that read them."""
    properties = {
        name
        for cls in type(model).__mro__
        if cls.__module__.startswith("sklearn_anime")
        for name, member in vars(cls).items()
        if isinstance(member, property)
    }
    names = {name for name in {*vars(model), *properties} if not name.startswith("_")}
    return {name for name in names if name.endswith("_")}


# The parser of this file


def a_function(a, *, b=2, c=0.5, d=None):
    """Add.

    Parameters
    ----------
    a, b : int, default=3
        Two numbers.

    c : {"x", "y"} or \
            float
        Another: colons : in the text do not count.

    Returns
    -------
    int
        The sum.
    """


def test_parser_reads_names_types_and_defaults():
    kinds = {"a": "int, default=3", "b": "int, default=3", "c": '{"x", "y"} or float'}
    assert {
        name: " ".join(kind.split()) for name, kind in entries(a_function, "Parameters").items()
    } == kinds
    assert documented_defaults(a_function) == {"a": "3", "b": "3"}


def test_parser_finds_no_section_that_is_not_there():
    assert entries(a_function, "Attributes") == {}


# Claims


@every_callable
def test_documented_defaults_are_those_of_the_signature(called):
    defaults = {name: parameter.default for name, parameter in signature(called).items()}
    documented = documented_defaults(called)
    values = {name: eval(text, {"np": np}) for name, text in documented.items()}
    assert values == {name: defaults[name] for name in documented}


@every_object
def test_every_default_is_documented(public):
    defaults = {
        name
        for name, parameter in signature(public).items()
        if parameter.default is not inspect.Parameter.empty
    }
    assert defaults == set(documented_defaults(public))


@every_object
def test_parameters_are_documented_in_the_order_of_the_signature(public):
    assert list(entries(public, "Parameters")) == list(signature(public))


@every_method
def test_parameters_of_methods_are_documented(method):
    assert set(entries(method, "Parameters")) == set(signature(method))


@every_object
def test_every_parameter_has_a_type(public):
    assert [name for name, kind in entries(public, "Parameters").items() if not kind] == []


@every_estimator
def test_attributes_are_those_that_fit_sets(estimator):
    model = fit_on_a_little(estimator)
    assert set(entries(estimator, "Attributes")) == fitted_attributes(model)


@pytest.mark.parametrize("public", [*OBJECTS.values(), *BASES.values()], ids=[*OBJECTS, *BASES])
def test_every_public_object_has_an_example(public):
    assert any(line.startswith(">>>") for line in section(public, "Examples"))


@every_estimator
def test_every_estimator_points_to_others(estimator):
    assert section(estimator, "See Also")


@every_callable
def test_summary_is_one_short_sentence(called):
    summary, *rest = inspect.getdoc(called).splitlines()
    assert len(summary) < 80
    assert summary.endswith(".")
    assert rest[:1] in ([], [""])


@every_method
def test_every_method_says_what_it_returns(method):
    assert section(method, "Returns")


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_holds(module):
    assert importlib.import_module(f"sklearn_anime.{module}").__doc__
