"""The common checks of scikit-learn on every estimator of the package."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, StackedRatingRegressor, TopNRecommender
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.neighbors import FaissNeighbors, SVDNeighborsRecommender
from sklearn_anime.neural_network import EmbeddingRegressor, SequenceRecommender
from sklearn_anime.preprocessing import WeightedOneHotGenres
from sklearn_anime.utils.discovery import all_estimators

QUICK = {
    BayesianFactorizationRegressor: {"n_components": 2, "n_iter": 10, "burn_in": 2, "n_samples": 5},
    StackedRatingRegressor: {"estimators": [("biases", BiasRegressor())], "rankers": [], "cv": 2},
    DiverseRecommender: {"recommender": EASERecommender()},
    TopNRecommender: {"estimator": Ridge()},
}
# Every fit of a network takes seconds: the checks of scikit-learn on it are slow, but for these.
NETWORKS = [
    EmbeddingRegressor(n_components=2, hidden_units=(2,), epochs=2),
    SequenceRecommender(n_components=2, max_length=3, epochs=2),
]
NETWORK_CHECKS = [
    "check_dict_unchanged",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimators_unfitted",
    "check_fit1d",
    "check_get_params_invariance",
    "check_n_features_in",
    "check_no_attributes_set_in_init",
    "check_param_validation",
    "check_set_params",
]

ESTIMATORS = [
    estimator(**QUICK.get(estimator, {}))
    for _, estimator in all_estimators()
    if estimator not in map(type, NETWORKS)
]
ESTIMATORS += [
    DiverseRecommender(BiasRegressor(), method="popularity"),
    EASERecommender(n_components=2),
    NextItemRecommender(n_components=2),
    FaissNeighbors(index="flat"),
    FaissNeighbors(index="lsh", metric="euclidean"),
    SVDNeighborsRecommender(axis="item"),
    SVDNeighborsRecommender(baseline=None, neighbors=NearestNeighbors(metric="cosine")),
    TopNRecommender(Ridge(), candidates=PopularityRecommender()),
    WeightedOneHotGenres(sparse_output=True),
    WeightedOneHotGenres(weighting="uniform", dtype=np.float32),
    WeightedOneHotGenres(max_genres=3, handle_unknown="infrequent"),
]

WITH_NETWORKS = [pytest.param(estimator) for estimator in ESTIMATORS]
WITH_NETWORKS += [pytest.param(network, marks=pytest.mark.slow) for network in NETWORKS]

# parametrize_with_checks leaves these out; scikit-learn runs them on itself.
CHECKS = [
    "check_param_validation",
    "check_inplace_ensure_writeable",
    "check_dataframe_column_names_consistency",
]
TRANSFORMER_CHECKS = [
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_get_feature_names_out_error",
]

# The checks bring tables of random ids, smaller than the defaults of the models.
pytestmark = [
    pytest.mark.filterwarnings("ignore:A table of"),
    pytest.mark.filterwarnings("ignore:No two users"),
    pytest.mark.filterwarnings("ignore:.*users have no history"),
    # In their tables any column after the second is random too, which makes it context.
    pytest.mark.filterwarnings("ignore:Columns .* are constant neither"),
    # The set_output checks fit on frames and transform arrays.
    pytest.mark.filterwarnings("ignore:X .*feature names:UserWarning"),
]


@pytest.fixture(autouse=True)
def array_api(monkeypatch):
    """Let the checks of array API input run too, with NumPy."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")


def expected_failures(estimator):
    """Return the checks that an estimator fails by design, with the reason."""
    check = "check_sample_weight_equivalence_on_dense_data"
    if isinstance(estimator, (PopularityRecommender, SequenceRecommender)):
        return {check: "without sample weights a pair counts once, however often it stands there"}
    linear = EASERecommender, NextItemRecommender
    if isinstance(estimator, linear) and estimator.n_components:
        return {check: "all scores are 0, up to the rounding of single precision"}
    if isinstance(estimator, StackedRatingRegressor):
        return {check: "puts one pair into several splits, which the stack keeps in one part"}
    return {}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures, xfail_strict=True)
def test_estimator_passes_the_common_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(NETWORKS, expected_failed_checks=expected_failures, xfail_strict=True)
def test_network_passes_the_common_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: type(network).__name__)
@pytest.mark.parametrize("check", NETWORK_CHECKS)
def test_network_passes_some_common_checks(network, check):
    getattr(estimator_checks, check)(type(network).__name__, clone(network))


@pytest.mark.parametrize("estimator", WITH_NETWORKS, ids=lambda estimator: type(estimator).__name__)
@pytest.mark.parametrize("check", CHECKS)
def test_estimator_passes_the_checks_of_scikit_learn_itself(estimator, check):
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)


def transformer_cases():
    """Return transformers and checks; slow networks without those of the global setting."""
    return [
        pytest.param(estimator, check, marks=marks, id=f"{type(estimator).__name__}-{check}")
        for (estimator,), marks, _ in WITH_NETWORKS
        if hasattr(estimator, "transform")
        for check in TRANSFORMER_CHECKS
        if not (marks and "global" in check)
    ]


@pytest.mark.parametrize(("estimator", "check"), transformer_cases())
def test_transformer_passes_the_checks_of_scikit_learn_itself(estimator, check):
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)
