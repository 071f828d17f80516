"""Recommenders made of other estimators."""

from sklearn_anime.compose._diverse import DiverseRecommender
from sklearn_anime.compose._top_n import TopNRecommender

__all__ = ["DiverseRecommender", "TopNRecommender"]
