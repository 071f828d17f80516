"""The types that a file may hold: those that fitted models are made of, and no others."""

import inspect

from scipy import sparse
from sklearn import metrics, model_selection
from sklearn.gaussian_process import kernels

# What fitted models of this package hold beside plain data. A test derives the list from the models.
OURS = {
    "sklearn_anime.baseline._bias": ["BiasRegressor"],
    "sklearn_anime.baseline._popularity": ["PopularityRecommender"],
    "sklearn_anime.baseline._shrunk_biases": ["Biases"],
    "sklearn_anime.compose._stack_members": ["Member"],
    "sklearn_anime.compose._stacked": ["StackedRatingRegressor"],
    "sklearn_anime.compose._diverse": ["DiverseRecommender"],
    "sklearn_anime.compose._item_traits": ["ItemTraits"],
    "sklearn_anime.compose._top_n": ["TopNRecommender"],
    "sklearn_anime.decomposition._bayesian": ["BayesianFactorizationRegressor"],
    "sklearn_anime.decomposition._posterior": ["Posterior", "Sample", "SideSample"],
    "sklearn_anime.decomposition._sampler": ["State"],
    "sklearn_anime.decomposition._side_features": ["History"],
    "sklearn_anime.decomposition._traces": ["Traces"],
    "sklearn_anime.interactions._column": ["Column", "Text"],
    "sklearn_anime.interactions._features": ["FeatureTable"],
    "sklearn_anime.interactions._frames": ["TableForm"],
    "sklearn_anime.interactions._interactions": ["Interactions"],
    "sklearn_anime.interactions._recency": ["Recency"],
    "sklearn_anime.interactions._rows": ["Layout"],
    "sklearn_anime.interactions._vocabulary": ["Vocabulary"],
    "sklearn_anime.linear_model._ease": ["EASERecommender"],
    "sklearn_anime.linear_model._item_weights": ["ExactWeights", "LowRankWeights"],
    "sklearn_anime.linear_model._next_item": ["NextItemRecommender"],
    "sklearn_anime.linear_model._tail": ["FormedTail", "ImplicitTail"],
    "sklearn_anime.linear_model._transition_weights": ["ExactTransitions", "LowRankTransitions"],
    "sklearn_anime.metrics._calibration": ["calibration_error"],
    "sklearn_anime.metrics._coverage": ["catalog_coverage", "gini_index", "intra_list_diversity"],
    "sklearn_anime.metrics._group_coverage": ["group_coverage"],
    "sklearn_anime.metrics._held_out": ["HeldOut"],
    "sklearn_anime.metrics._popularity": ["novelty", "popularity_bias"],
    "sklearn_anime.metrics._ranking": [
        "average_precision_at_k",
        "hit_rate_at_k",
        "ndcg_at_k",
        "precision_at_k",
        "recall_at_k",
        "reciprocal_rank_at_k",
    ],
    "sklearn_anime.metrics._scorer": ["RankingScorer", "RatingScorer"],
    "sklearn_anime.metrics._serendipity": ["serendipity"],
    "sklearn_anime.model_selection._split": [
        "LeaveKOutPerUser",
        "NewItemSplit",
        "NewUserSplit",
        "PerUserKFold",
    ],
    "sklearn_anime.model_selection._split_by_time": ["LastKPerUser", "TimeSplit"],
    "sklearn_anime.model_selection._strong_generalization": ["StrongGeneralization"],
    "sklearn_anime.neighbors._baseline": ["FittedBaseline", "MeanBaseline"],
    "sklearn_anime.neighbors._faiss": ["FaissNeighbors"],
    "sklearn_anime.neighbors._faiss_index": ["Cosine", "Euclidean", "FaissIndex"],
    "sklearn_anime.neighbors._neighbor_average": ["NeighborAverage"],
    "sklearn_anime.neighbors._neighbor_ratings": ["NeighborRatings"],
    "sklearn_anime.neighbors._neighbor_scores": ["ItemScores", "UserScores"],
    "sklearn_anime.neighbors._neighborhood": ["Neighborhood"],
    "sklearn_anime.neighbors._space": ["Space"],
    "sklearn_anime.neighbors._svd_neighbors": ["SVDNeighborsRecommender"],
    "sklearn_anime.neural_network._embedding": ["EmbeddingRegressor"],
    "sklearn_anime.neural_network._ensemble": ["Ensemble", "Network"],
    "sklearn_anime.neural_network._inputs": ["History", "Standardization"],
    "sklearn_anime.neural_network._networks": ["Embeddings"],
    "sklearn_anime.neural_network._sequence": ["SequenceRecommender"],
    "sklearn_anime.neural_network._sequence_ensemble": ["SequenceEnsemble", "SequenceNetwork"],
    "sklearn_anime.neural_network._sequences": ["ItemFeatures"],
    "sklearn_anime.preprocessing._genres": ["WeightedOneHotGenres"],
    "sklearn_anime.utils._scaling": ["FeatureScaling"],
}

# What scikit-learn's models hold beside its estimators, which skops trusts. Its trees are left out, as
# they are in skops: compiled code follows the positions in them without a check.
SKLEARN = {
    "sklearn._loss.loss": ["HalfTweedieLossIdentity"],
    "sklearn.feature_selection._univariate_selection": ["f_classif", "f_regression"],
    "sklearn.metrics._scorer": ["_MultimetricScorer", "_PassthroughScorer", "_Scorer"],
    "sklearn.neural_network._stochastic_optimizers": ["AdamOptimizer", "SGDOptimizer"],
    "sklearn.utils._bunch": ["Bunch"],
    "sklearn.utils._metadata_requests": ["MetadataRequest", "MethodMetadataRequest"],
}
SPLITTERS = (
    model_selection.BaseCrossValidator,
    model_selection.BaseShuffleSplit,
    model_selection.RepeatedKFold,
    model_selection.RepeatedStratifiedKFold,
)


def _classes(module, *bases):
    """Return the names of the public classes of a module that have one of some bases."""
    members = [each for name, each in vars(module).items() if not name.startswith("_")]
    return {_name(each) for each in members if inspect.isclass(each) and issubclass(each, bases)}


def _score_functions():
    """Return the names of the metrics behind the scorers that scikit-learn knows by name."""
    scorers = map(metrics.get_scorer, metrics.get_scorer_names())
    return {_name(scorer._score_func) for scorer in scorers}


def _name(each):
    return f"{each.__module__}.{each.__qualname__}"


TRUSTED_TYPES = sorted(
    {
        "numpy.dtype",
        *(f"{module}.{name}" for types in (OURS, SKLEARN) for module in types for name in types[module]),
        *_classes(sparse, sparse.sparray, sparse.spmatrix),
        *_classes(model_selection, *SPLITTERS),
        *_classes(kernels, kernels.Kernel),
        *_score_functions(),
    }
)
