"""Displays: plots of users, items, ratings, rankings and models, as in scikit-learn."""

from sklearn_anime.inspection._diversity_curve import DiversityCurveDisplay
from sklearn_anime.inspection._explanation import ExplanationDisplay
from sklearn_anime.inspection._genre_weights import GenreWeightsDisplay
from sklearn_anime.inspection._history import HistoryDisplay
from sklearn_anime.inspection._interval_calibration import IntervalCalibrationDisplay
from sklearn_anime.inspection._item_map import ItemMapDisplay
from sklearn_anime.inspection._loss_curve import LossCurveDisplay
from sklearn_anime.inspection._ranking_curve import RankingCurveDisplay
from sklearn_anime.inspection._rating_distribution import RatingDistributionDisplay
from sklearn_anime.inspection._trace import TraceDisplay
from sklearn_anime.inspection._user_comparison import UserComparisonDisplay
from sklearn_anime.inspection._user_map import UserMapDisplay

__all__ = [
    "DiversityCurveDisplay",
    "ExplanationDisplay",
    "GenreWeightsDisplay",
    "HistoryDisplay",
    "IntervalCalibrationDisplay",
    "ItemMapDisplay",
    "LossCurveDisplay",
    "RankingCurveDisplay",
    "RatingDistributionDisplay",
    "TraceDisplay",
    "UserComparisonDisplay",
    "UserMapDisplay",
]
