"""Linear models from item to item."""

from sklearn_anime.linear_model._ease import EASERecommender
from sklearn_anime.linear_model._next_item import NextItemRecommender

__all__ = ["EASERecommender", "NextItemRecommender"]
