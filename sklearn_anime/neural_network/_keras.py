"""Keras, imported when it is first needed."""

import importlib
import os

PARTS = ("_callbacks", "_training")


def import_parts():
    """Import the modules of callbacks and of training, and Keras and its backend with them.

    Raises
    ------
    ImportError
        If scikeras, Keras or its backend is not installed. The message names the remedy.
    """
    try:
        return [importlib.import_module(f"{__package__}.{part}") for part in PARTS]
    except ImportError as error:
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        raise ImportError(
            f"EmbeddingRegressor needs keras, scikeras and the backend {backend!r} of keras "
            f"(KERAS_BACKEND), and one of them could not be imported ({error}). Install them with: "
            f"pip install keras scikeras {backend}"
        ) from error
