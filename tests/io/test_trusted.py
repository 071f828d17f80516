"""Claims about the allow-list: it holds what models of the package are made of, and nothing else."""

import importlib
import inspect

import pytest
import skops.io
from fitted_models import MODELS, NETWORKS, every_holder, fit

from sklearn_anime.io import TRUSTED_TYPES
from sklearn_anime.utils import all_estimators

OURS = {name for name in TRUSTED_TYPES if name.startswith("sklearn_anime.")}


def found(name):
    """Return what a full name stands for."""
    module, _, member = name.rpartition(".")
    return getattr(importlib.import_module(module), member)


@pytest.mark.slow
def test_types_of_the_package_are_those_that_its_models_hold():
    held = {
        name
        for model in every_holder()
        for name in skops.io.get_untrusted_types(data=skops.io.dumps(model))
    }
    assert sorted(OURS) == sorted(name for name in held if name.startswith("sklearn_anime."))
    assert held - set(TRUSTED_TYPES) == set()


def test_every_estimator_is_trusted():
    names = {f"{estimator.__module__}.{estimator.__qualname__}" for _, estimator in all_estimators()}
    assert names <= OURS


def test_list_is_sorted_without_repetition():
    assert sorted(set(TRUSTED_TYPES)) == TRUSTED_TYPES


@pytest.mark.parametrize("name", TRUSTED_TYPES)
def test_every_type_is_a_class_or_a_metric(name):
    member = found(name)
    metric = inspect.isfunction(member) and name.split(".")[1] in ("metrics", "feature_selection")
    assert inspect.isclass(member) or metric


@pytest.mark.parametrize("name", [name for name in MODELS if name not in NETWORKS])
def test_plain_skops_reads_what_plain_skops_wrote(name):
    model, X, _ = fit(name)
    loaded = skops.io.loads(skops.io.dumps(model), trusted=TRUSTED_TYPES)
    assert (loaded.predict(X) == model.predict(X)).all()
