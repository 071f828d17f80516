"""From rows of ``X`` and ``y`` to ids, codes, pairs, features and the interaction matrix.

`Interactions` is what a fitted recommender keeps as ``interactions_``, and `UserRows` what its
``_score_block`` receives. A `Vocabulary` stands between ids and the codes in both.
"""

from sklearn_anime.interactions._interactions import Interactions
from sklearn_anime.interactions._user_rows import UserRows
from sklearn_anime.interactions._vocabulary import Vocabulary

__all__ = ["Interactions", "UserRows", "Vocabulary"]
