"""Data sets: anime, MovieLens, the tables of LightGCN, an embedded sample, and synthetic tables."""

from sklearn_anime.datasets._anime import load_anime
from sklearn_anime.datasets._fetch import fetch_anime
from sklearn_anime.datasets._lightgcn import fetch_lightgcn
from sklearn_anime.datasets._movielens import fetch_movielens
from sklearn_anime.datasets._sample import load_anime_sample
from sklearn_anime.datasets._synthetic import make_ratings

__all__ = [
    "fetch_anime",
    "fetch_lightgcn",
    "fetch_movielens",
    "load_anime",
    "load_anime_sample",
    "make_ratings",
]
