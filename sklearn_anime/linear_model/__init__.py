"""Linear models from item to item."""

from sklearn_anime.linear_model._ease import EASERecommender

__all__ = ["EASERecommender"]
