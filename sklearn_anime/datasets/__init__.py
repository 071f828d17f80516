"""Rating data sets: the Kaggle anime ratings, an embedded sample, and synthetic tables."""

from sklearn_anime.datasets._anime import load_anime
from sklearn_anime.datasets._fetch import fetch_anime
from sklearn_anime.datasets._sample import load_anime_sample
from sklearn_anime.datasets._synthetic import make_ratings

__all__ = ["fetch_anime", "load_anime", "load_anime_sample", "make_ratings"]
