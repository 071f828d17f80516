"""Keras is imported where it is used first, and not with the package."""

import importlib
import os


def import_training():
    """Import the module that trains, and Keras and its backend with it.

    Raises
    ------
    ImportError
        If scikeras, Keras or its backend is not installed. The message names the remedy.
    """
    try:
        return importlib.import_module(f"{__package__}._training")
    except ImportError as error:
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        raise ImportError(
            f"The networks need keras, scikeras and the backend {backend!r} of keras "
            f"(KERAS_BACKEND), and one of them could not be imported ({error}). Install them with: "
            f"pip install keras scikeras {backend}"
        ) from error
