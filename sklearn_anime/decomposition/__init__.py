"""Matrix factorization: ratings with error bars."""

from sklearn_anime.decomposition._bayesian import BayesianFactorizationRegressor

__all__ = ["BayesianFactorizationRegressor"]
