"""An HTTP service for a fitted recommender, with a page on which users get recommendations."""

from sklearn_anime.serve._make_app import make_app

__all__ = ["make_app"]
