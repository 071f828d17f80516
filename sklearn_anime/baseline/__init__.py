"""Baselines: what every recommender has to beat, and falls back to."""

from sklearn_anime.baseline._bias import BiasRegressor
from sklearn_anime.baseline._popularity import PopularityRecommender

__all__ = ["BiasRegressor", "PopularityRecommender"]
