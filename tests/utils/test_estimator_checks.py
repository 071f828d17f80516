"""Claims about the checks of recommenders: all of ours pass them, and they find what is wrong."""

import functools
import types

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import StackingRegressor
from sklearn.neighbors import NearestNeighbors

from sklearn_anime.base import RecommenderMixin
from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, TopNRecommender
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.interactions import Interactions
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.neural_network import EmbeddingRegressor, SequenceRecommender
from sklearn_anime.utils.discovery import all_estimators
from sklearn_anime.utils.estimator_checks import (
    check_recommender,
    parametrize_with_recommender_checks,
)

SWEEPS = {"n_components": 2, "n_iter": 10, "burn_in": 2, "n_samples": 5}
STACK = StackingRegressor([("bias", BiasRegressor())], cv=2)
RECOMMENDERS = [
    BayesianFactorizationRegressor(**SWEEPS),
    BayesianFactorizationRegressor(**SWEEPS, use_history=False, clip=False),
    BiasRegressor(),
    BiasRegressor(shrinkage=0, max_iter=3),
    EASERecommender(),
    EASERecommender(n_components=2),
    NextItemRecommender(),
    NextItemRecommender(n_components=2),
    EASERecommender(min_rating=6, feature_weight=0.5),
    DiverseRecommender(EASERecommender()),
    DiverseRecommender(PopularityRecommender(), method="dpp", diversity=0.7),
    PopularityRecommender(),
    PopularityRecommender(n_jobs=2),
    SVDNeighborsRecommender(2, n_neighbors=3),
    SVDNeighborsRecommender(2, n_neighbors=3, axis="item", min_rating=6),
    SVDNeighborsRecommender(2, baseline=None, neighbors=NearestNeighbors(metric="cosine")),
    TopNRecommender(STACK),
    TopNRecommender(BiasRegressor(shrinkage=1), candidates=PopularityRecommender(), n_candidates=5),
]
SLOW = [
    EmbeddingRegressor(n_components=2, hidden_units=(2,), epochs=2),
    EmbeddingRegressor(2, (2,), epochs=2, interaction="dot", use_history=False, n_estimators=2),
    SequenceRecommender(n_components=2, max_length=5, epochs=2),
    SVDNeighborsRecommender(2, n_neighbors=3, baseline=STACK),
]


@parametrize_with_recommender_checks(RECOMMENDERS)
def test_recommender_keeps_the_contract(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_recommender_checks(SLOW)
def test_slow_recommender_keeps_the_contract(estimator, check):
    check(estimator)


def test_every_recommender_is_checked():
    ours = {estimator for _, estimator in all_estimators() if issubclass(estimator, RecommenderMixin)}
    assert ours == {type(estimator) for estimator in RECOMMENDERS + SLOW}


class Right(RecommenderMixin, BaseEstimator):
    """A recommender without a fault: the items that most users have seen."""

    def __init__(self, *, user=0, item=1):
        self.user = user
        self.item = item

    def fit(self, X, y=None):
        interactions = Interactions.from_rows(X, y, user=self.user, item=self.item, needs_ratings=False)
        return self._set_fitted(X, interactions_=interactions, **self.more())

    def more(self):
        return {}

    def _score_block(self, rows):
        return np.tile(self.interactions_.item_counts.astype(float), (len(rows.codes), 1))


class SetsStateFirst(Right):
    def fit(self, X, y=None):
        self.columns_ = list(X)
        return super().fit(X, y)


class DependsOnTheBlock(Right):
    def _score_block(self, rows):
        return super()._score_block(rows) * np.arange(1, len(rows.codes) + 1)[:, None]


class HoldsAFunction(Right):
    def more(self):
        return {"weigh_": functools.partial(np.power, 2)}


class HoldsAFrame(Right):
    def more(self):
        return {"holder_": types.SimpleNamespace(parts=[{"ids": self.frame()}])}

    def frame(self):
        import pandas as pd

        return pd.DataFrame({"user": [1]})


class ScoresNoNewUsers(Right):
    def _has_history(self, rows):
        return rows.codes >= 0


class ChangesAParameter(Right):
    def fit(self, X, y=None):
        super().fit(X, y)
        self.user = str(self.user)
        return self


class ReturnsNothing(Right):
    def fit(self, X, y=None):
        super().fit(X, y)


class ForgetsNothing(Right):
    def forget(self, users=None, items=None):
        return self


def test_a_right_recommender_passes_all_checks():
    results = check_recommender(Right(), on_skip=None)
    assert {result["status"] for result in results} <= {"passed", "skipped"}
    assert len(results) > 20


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        (SetsStateFirst, "check_failed_fit_changes_nothing"),
        (DependsOnTheBlock, "check_block_size"),
        (HoldsAFunction, "check_fitted_state_is_plain_data"),
        (HoldsAFrame, "check_fitted_state_is_plain_data"),
        (ScoresNoNewUsers, "check_new_users_by_history"),
        (ChangesAParameter, "check_fit_keeps_parameters"),
        (ForgetsNothing, "check_forget"),
        (ReturnsNothing, "check_fit_keeps_parameters"),
    ],
)
def test_a_fault_is_found_by_its_check(wrong, check):
    results = check_recommender(wrong(), on_skip=None, on_fail=None)
    failed = [result["check_name"] for result in results if result["status"] == "failed"]
    assert any(name.startswith(check) for name in failed), failed


def test_the_first_error_is_raised():
    with pytest.raises(AssertionError, match=r"\['holder_'\]\.parts\[0\]\['ids'\] holds a pandas\."):
        check_recommender(HoldsAFrame(), on_skip=None)


def test_a_failure_that_is_expected_is_not_raised():
    reasons = {"check_fitted_state_is_plain_data": "it keeps a frame"}
    results = check_recommender(HoldsAFrame(), expected_failed_checks=reasons, on_skip=None)
    (found,) = [result for result in results if result["status"] == "xfail"]
    assert found["expected_to_fail_reason"] == "it keeps a frame"


def test_a_class_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"Right is a class. Pass an instance of it: Right\(\)"):
        check_recommender(Right)
