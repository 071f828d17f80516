"""What trained networks of every kind share: their weights, their files, and how they are trained."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_anime.neural_network._archive import from_archive, to_archive
from sklearn_anime.neural_network._import import import_training

SETTINGS = ("optimizer", "learning_rate", "epochs", "batch_size", "patience", "verbose")


@dataclass(frozen=True)
class Embeddings:
    """Vectors and biases of users or of items.

    Attributes
    ----------
    learned : ndarray of shape (n_ids + 1, n_components + 1)
        What was learned of each id, its bias last; the last row is that of the unknown.

    history : History, ItemFeatures or None
        What else is known of each.

    kernel : ndarray of shape (n_components, n_components + 1) or None
        The map from that to what it adds.

    rows : ndarray of shape (n_ids + 1, n_components + 1)
        The sums of both for the ids of ``fit`` and for the unknown.
    """

    learned: np.ndarray
    history: Any
    kernel: np.ndarray | None
    rows: np.ndarray

    @classmethod
    def read(cls, model, name, history, seen):
        """Read one side of a trained Keras model, for the histories in the rows of `seen`."""
        vectors, biases, *maps = trained_weights(model.get_layer(f"{name}_embedding"))
        learned = np.hstack([vectors, biases])
        if history is None:
            return cls(learned, None, None, learned)
        kernel = np.hstack(maps)
        rows = learned.copy()
        rows[:-1] += history.coordinates(seen) @ kernel
        return cls(learned, history, kernel, rows)

    def of(self, codes, seen):
        """Return the rows of some codes (-1: unknown) with the histories in the rows of `seen`."""
        if self.history is None:
            return self.learned[codes]
        return self.learned[codes] + self.history.coordinates(seen) @ self.kernel


@dataclass(frozen=True)
class TrainedModel:
    """A trained Keras model, which is stored as its archive.

    Attributes
    ----------
    model : keras.Model
        The network as it was trained, from codes.
    """

    model: Any

    def __getstate__(self):
        return {**vars(self), "model": to_archive(self.model)}

    def __setstate__(self, state):
        self.__dict__.update(state, model=from_archive(state["model"]))

    def weights(self, codes):
        """Return the weights to go on from with other ids.

        Parameters
        ----------
        codes : dict of str to ndarray of shape (n_ids,)
            For each side that has embeddings, the code that each new code had before; -1 for a new id,
            which starts as the unknown.
        """
        found = {layer.name: trained_weights(layer) for layer in self.model.layers}
        for name, before in codes.items():
            rows = np.append(before, -1)
            vectors, biases, *maps = found[f"{name}_embedding"]
            found[f"{name}_embedding"] = [vectors[rows], biases[rows], *maps]
        return found


def trained_weights(layer):
    """Return the trained weights of a Keras layer as arrays."""
    return [variable.numpy() for variable in layer.trainable_variables]


def train_networks(model, network, graph, starts, data, random_state, watch, **how):
    """Return the Keras model and the training errors of a network trained from each start.

    Parameters
    ----------
    model : estimator
        Its parameters are the settings.

    network : {"ratings", "sequence"}
        Which network.

    graph : dict
        What its builder takes.

    starts : list of dict of str to list of ndarray
        Trainable weights of layers before training, for each network.

    data : tuple
        Inputs, targets and weights of the rows, as in ``train_network``.

    random_state : RandomState
        Draws a seed for each network.

    watch : callable
        Returns the callbacks of a network.

    **how
        Further arguments of ``train_network``.
    """
    train_network = import_training().train_network
    settings = {name: getattr(model, name) for name in SETTINGS}
    return [
        train_network(
            *data,
            network=network,
            graph=graph | {"start": start},
            callbacks=watch(),
            seed=random_state.randint(2**31 - 1),
            **settings | how,
        )
        for start in starts
    ]


def n_held_out(model, n, what):
    """Return how many of `n` rated pairs or users, named by `what`, are held out to stop early."""
    if model.patience is None:
        return 0
    n_validation = round(model.validation_fraction * n)
    if not 0 < n_validation < n:
        raise ValueError(
            f"validation_fraction={model.validation_fraction} of {n} {what} leaves {n_validation} to "
            f"validate and {n - n_validation} to train. Change it, or set patience=None to train on all "
            f"{what.rpartition(' ')[2]}."
        )
    return n_validation


def check_shape(trained, asked):
    """Check that networks of another shape are not asked to go on from trained weights."""
    for name, value in trained.items():
        if asked[name] != value:
            label = "the number of further columns of X" if name == "n_features" else name
            raise ValueError(
                f"{label}={asked[name]!r} does not fit the trained network, which has {value!r}: "
                f"leave it as it was, or fit from the start."
            )
