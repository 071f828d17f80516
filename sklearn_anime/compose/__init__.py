"""Recommenders made of other estimators."""

from sklearn_anime.compose._top_n import TopNRecommender

__all__ = ["TopNRecommender"]
