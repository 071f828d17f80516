"""Transformers that turn the text of a catalog into numbers."""

from sklearn_anime.preprocessing._genres import WeightedOneHotGenres

__all__ = ["WeightedOneHotGenres"]
