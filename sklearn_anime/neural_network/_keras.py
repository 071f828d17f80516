"""Keras, imported when it is first needed, and quietly."""

import importlib
import os
import sys
from contextlib import contextmanager

PARTS = ("_callbacks", "_training")


def import_parts():
    """Import the modules of callbacks and of training, and Keras and its backend with them.

    Raises
    ------
    ImportError
        If scikeras, Keras or its backend is not installed. The message names the remedy.
    """
    try:
        with _muted():
            return [importlib.import_module(f"{__package__}.{part}") for part in PARTS]
    except ImportError as error:
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        raise ImportError(
            f"EmbeddingRegressor needs keras, scikeras and the backend {backend!r} of keras "
            f"(KERAS_BACKEND), and one of them could not be imported ({error}). Install them with: "
            f"pip install keras scikeras {backend}"
        ) from error


@contextmanager
def _muted():
    """Drop what is written to standard error, where nobody has asked for logs of TensorFlow.

    Whatever its log level, TensorFlow reports in C++ that there is no GPU when it is imported.
    """
    asked = os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "3"
    if asked or "tensorflow" in sys.modules or sys.__stderr__ is None:
        yield
        return
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
