"""Neural networks: embeddings of users and items, trained with Keras."""

import os

from sklearn_anime.neural_network._embedding import EmbeddingRegressor

# TensorFlow's C++ side reports its fallbacks as errors; what does fail raises in Python.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__all__ = ["EmbeddingRegressor"]
