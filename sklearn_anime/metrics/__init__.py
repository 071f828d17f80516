"""Metrics of recommendations, over tidy frames."""

from sklearn_anime.metrics._ranking import ndcg_at_k

__all__ = ["ndcg_at_k"]
