"""From rows of ``X`` and ``y`` to ids, codes, pairs, features and the interaction matrix."""

from sklearn_anime.interactions._ids import Vocabulary
from sklearn_anime.interactions._interactions import Interactions, UserRows

__all__ = ["Interactions", "UserRows", "Vocabulary"]
