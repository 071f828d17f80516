"""Files of fitted models without pickle, and model cards."""

from sklearn_anime.io._archive import ModelFileError
from sklearn_anime.io._card import model_card
from sklearn_anime.io._persistence import dump, load
from sklearn_anime.io._trusted import TRUSTED_TYPES as _TRUSTED_TYPES

#: Full names of the types that `load` trusts beside those that skops trusts by itself: the types of this
#: package that fitted models hold, scipy's sparse matrices, and what scikit-learn's models hold beside
#: its estimators (splitters, scorers, kernels). For ``skops.io.load(trusted=...)`` and for
#: ``mlflow.sklearn.log_model(skops_trusted_types=...)``.
#:
#: :meta hide-value:
TRUSTED_TYPES: list[str] = _TRUSTED_TYPES

__all__ = ["ModelFileError", "TRUSTED_TYPES", "dump", "load", "model_card"]  # noqa: RUF022
