"""Neighborhood models: near users lend their ratings."""

from sklearn_anime.neighbors._faiss import FaissNeighbors
from sklearn_anime.neighbors._svd_neighbors import SVDNeighborsRecommender

__all__ = ["FaissNeighbors", "SVDNeighborsRecommender"]
