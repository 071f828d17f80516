"""Neural networks: embeddings of users and items, trained with Keras."""

from sklearn_anime.neural_network._embedding import EmbeddingRegressor

__all__ = ["EmbeddingRegressor"]
