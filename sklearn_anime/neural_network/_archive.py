"""Keras models as bytes: the archive in which Keras saves a model, without code."""

import random
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from sklearn_anime.neural_network._import import import_training

ARCHIVE = "model.keras"


def to_archive(model):
    """Return a functional Keras model as the bytes of its ``.keras`` archive, without its optimizer.

    Fitted models hold Keras models in this form wherever they are stored: `from_archive` in
    ``__setstate__``, this in ``__getstate__``.
    """
    import keras

    bare = keras.Model(model.input, model.output, name=model.name)  # the same layers, not compiled
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        # TODO: drop once Keras's variables take the keyword `copy` of NumPy 2.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        path = Path(folder, ARCHIVE)
        bare.save(path)
        return path.read_bytes()


def from_archive(archive):
    """Return the model of an archive, not compiled. Keras refuses archives with code in them."""
    import_training()  # Keras knows our layers by their import
    import keras

    state = random.getstate()
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder, ARCHIVE)
            path.write_bytes(archive)
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    finally:
        random.setstate(state)  # Keras draws seeds for initial weights, which it then replaces
