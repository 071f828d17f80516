"""Neural networks, trained with Keras: ratings from embeddings, the next item from sequences."""

import os

from sklearn_anime.neural_network._embedding import EmbeddingRegressor
from sklearn_anime.neural_network._sequence import SequenceRecommender

# TensorFlow's C++ side reports its fallbacks as errors; what does fail raises in Python.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__all__ = ["EmbeddingRegressor", "SequenceRecommender"]
