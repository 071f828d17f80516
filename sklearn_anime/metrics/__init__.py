"""Metrics of recommendations over tidy frames, and scorers for searches and cross-validation."""

from sklearn_anime.metrics._calibration import calibration_error
from sklearn_anime.metrics._coverage import catalog_coverage, gini_index, intra_list_diversity
from sklearn_anime.metrics._group_coverage import group_coverage
from sklearn_anime.metrics._popularity import novelty, popularity_bias
from sklearn_anime.metrics._ranking import (
    average_precision_at_k,
    hit_rate_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    reciprocal_rank_at_k,
)
from sklearn_anime.metrics._report import ranking_report
from sklearn_anime.metrics._scorer import make_ranking_scorer, make_rating_scorer
from sklearn_anime.metrics._serendipity import serendipity

__all__ = [
    "average_precision_at_k",
    "calibration_error",
    "catalog_coverage",
    "gini_index",
    "group_coverage",
    "hit_rate_at_k",
    "intra_list_diversity",
    "make_ranking_scorer",
    "make_rating_scorer",
    "ndcg_at_k",
    "novelty",
    "popularity_bias",
    "precision_at_k",
    "ranking_report",
    "recall_at_k",
    "reciprocal_rank_at_k",
    "serendipity",
]
