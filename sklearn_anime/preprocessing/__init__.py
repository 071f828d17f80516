"""Transformers that turn the text of a catalogue into numbers."""

from sklearn_anime.preprocessing._genres import WeightedOneHotGenres

__all__ = ["WeightedOneHotGenres"]
