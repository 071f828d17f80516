"""Files of fitted models without pickle, and model cards."""

from sklearn_anime.io._archive import ModelFileError
from sklearn_anime.io._card import model_card
from sklearn_anime.io._persistence import dump, load
from sklearn_anime.io._trusted import TRUSTED_TYPES

__all__ = ["ModelFileError", "TRUSTED_TYPES", "dump", "load", "model_card"]  # noqa: RUF022  plain order
