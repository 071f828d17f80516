"""Neighborhood models: ratings and recommendations from similar users or similar items."""

from sklearn_anime.neighbors._faiss import FaissNeighbors
from sklearn_anime.neighbors._svd_neighbors import SVDNeighborsRecommender

__all__ = ["FaissNeighbors", "SVDNeighborsRecommender"]
