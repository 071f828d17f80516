"""A fit that is interrupted at any line leaves the old model or the new one, never parts of both."""

import sys

import pytest

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, StackedRatingRegressor, TopNRecommender
from sklearn_anime.datasets import make_ratings
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.neighbors import FaissNeighbors, SVDNeighborsRecommender
from sklearn_anime.preprocessing import WeightedOneHotGenres

MODELS = [
    PopularityRecommender(),
    BiasRegressor(),
    EASERecommender(),
    NextItemRecommender(),
    SVDNeighborsRecommender(2, n_neighbors=2),
    BayesianFactorizationRegressor(2, n_iter=3, burn_in=1, n_samples=2),
    pytest.param(
        StackedRatingRegressor([("biases", BiasRegressor())], rankers=[], cv=2, random_state=0),
        marks=pytest.mark.slow,
    ),
    TopNRecommender(BiasRegressor()),
    DiverseRecommender(PopularityRecommender(), method="popularity"),
]
TRANSFORMERS = {
    WeightedOneHotGenres(): [["Action, Drama"], ["Comedy"]],
    FaissNeighbors(1): [[0.0, 1.0], [1.0, 0.0]],
}
WHERE_STATE_IS_SET = {"fit", "_fit", "partial_fit", "_set_fitted", "_store"}


class InterruptError(BaseException):
    """Stands for KeyboardInterrupt, which pytest would take for its own."""


def run_until(line, call):
    """Run a call and interrupt it at the n-th line of fit and what stores; return whether it was."""
    left = line

    def trace(frame, event, argument):
        nonlocal left
        if "sklearn_anime" not in frame.f_code.co_filename:
            return None
        if event == "line" and frame.f_code.co_name in WHERE_STATE_IS_SET:
            left -= 1
            if left == 0:
                raise InterruptError
        return trace

    sys.settrace(trace)
    try:
        call()
    except InterruptError:
        return True
    finally:
        sys.settrace(None)
    return False


def changes(before, after):
    return {name for name in {*before, *after} if before.get(name) is not after.get(name)}


@pytest.mark.filterwarnings("ignore:The rows of each user are sorted by item")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_an_interrupted_fit_leaves_the_old_model_or_the_new_one(model):
    tables = [make_ratings(20 + 5 * seed, 10, 80, random_state=seed) for seed in (0, 1)]
    check_interrupted(model, [lambda made=made: model.fit(made.data, made.target) for made in tables])


@pytest.mark.parametrize("model", TRANSFORMERS, ids=lambda model: type(model).__name__)
def test_an_interrupted_fit_leaves_the_old_transformer_or_the_new_one(model):
    rows = TRANSFORMERS[model]
    check_interrupted(model, [lambda: model.fit(rows), lambda: model.fit(rows * 2)])


def check_interrupted(model, fits):
    """Fit, and interrupt another fit at each line in turn."""
    fits[0]()
    before = dict(vars(model))
    fits[1]()
    all_changes = changes(before, vars(model))
    line = 0
    interrupted = True
    while interrupted:
        line += 1
        fits[0]()
        before = dict(vars(model))
        interrupted = run_until(line, fits[1])
        assert changes(before, vars(model)) in (set(), all_changes), f"line {line}"
    assert line > 3
