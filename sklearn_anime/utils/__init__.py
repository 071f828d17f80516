"""Utilities: discovery of the estimators, optional imports, scikit-learn's private names."""

from sklearn_anime.utils.discovery import all_estimators

__all__ = ["all_estimators"]
