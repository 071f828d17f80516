"""Recommenders and rating models made of other estimators."""

from sklearn_anime.compose._diverse import DiverseRecommender
from sklearn_anime.compose._stacked import StackedRatingRegressor
from sklearn_anime.compose._top_n import TopNRecommender

__all__ = ["DiverseRecommender", "StackedRatingRegressor", "TopNRecommender"]
