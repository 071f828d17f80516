"""Trained networks as arrays of users and items, and the models that rate pairs of their rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_anime.neural_network._archive import from_archive, to_archive
from sklearn_anime.neural_network._history import History
from sklearn_anime.neural_network._scaling import Scaling
from sklearn_anime.utils._blocks import batches

SIDES = ("user", "item")
RATED_AT_ONCE = 2**16  # pairs


@dataclass(frozen=True)
class Side:
    """Vectors and biases of users or of items.

    Attributes
    ----------
    learned : ndarray of shape (n_ids + 1, n_components + 1)
        What was learned of each id, its bias last; the last row is that of the unknown.

    history, kernel : History and ndarray of shape (n_components, n_components + 1), or None
        What is added for the history of each.

    rows : ndarray of shape (n_ids + 1, n_components + 1)
        The sums of both for the ids of ``fit`` and for the unknown.
    """

    learned: np.ndarray
    history: History | None
    kernel: np.ndarray | None
    rows: np.ndarray

    @classmethod
    def read(cls, model, name, history, seen):
        """Read one side of a trained Keras model, for the histories in the rows of `seen`."""
        vectors, biases, *maps = _trained(model.get_layer(f"{name}_embedding"))
        learned = np.hstack([vectors, biases])
        if history is None:
            return cls(learned, None, None, learned)
        kernel = np.hstack(maps)
        rows = learned.copy()
        rows[:-1] += history.places(seen) @ kernel
        return cls(learned, history, kernel, rows)

    def of(self, codes, seen):
        """Return the rows of some codes (-1: unknown) with the histories in the rows of `seen`."""
        if self.history is None:
            return self.learned[codes]
        return self.learned[codes] + self.history.places(seen) @ self.kernel


@dataclass(frozen=True)
class Network:
    """A trained network.

    Attributes
    ----------
    model : keras.Model
        The network as it was trained, from codes.

    user, item : Side
        Its vectors and biases.
    """

    model: Any
    user: Side
    item: Side

    @classmethod
    def read(cls, model, histories, interactions):
        """Read what was trained, for the histories in `interactions`."""
        seen = interactions.seen_matrix()
        matrices = {"user": seen, "item": seen.T.tocsr()}
        sides = {name: Side.read(model, name, histories.get(name), matrices[name]) for name in SIDES}
        return cls(model, **sides)

    def rate(self, user_rows, item_rows, features):
        """Return the standardized ratings of pairs of rows."""
        inputs = {
            "user_vector": user_rows[:, :-1],
            "user_bias": user_rows[:, -1:],
            "item_vector": item_rows[:, :-1],
            "item_bias": item_rows[:, -1:],
        }
        if features.shape[1]:
            inputs["features"] = features.astype(np.float32)
        ratings = self.model.get_layer("rating")(inputs, training=False)
        return np.asarray(ratings, dtype=np.float64).ravel()

    def __getstate__(self):
        return {**vars(self), "model": to_archive(self.model)}

    def __setstate__(self, state):
        self.__dict__.update(state, model=from_archive(state["model"]))

    def weights(self, places):
        """Return the weights to go on from with other ids.

        Parameters
        ----------
        places : dict of str to ndarray of shape (n_ids,)
            For ``"user"`` and ``"item"``, the code that each new code had before; -1 for a new id,
            which starts as the unknown.
        """
        found = {layer.name: _trained(layer) for layer in self.model.layers}
        for name in SIDES:
            rows = np.append(places[name], -1)
            vectors, biases, *maps = found[f"{name}_embedding"]
            found[f"{name}_embedding"] = [vectors[rows], biases[rows], *maps]
        return found


def _trained(layer):
    """Return the trained weights of a Keras layer as arrays."""
    return [variable.numpy() for variable in layer.trainable_variables]


@dataclass(frozen=True)
class Ensemble:
    """Trained networks that differ in their seed, and what they share.

    Attributes
    ----------
    networks : list of Network
        One or more.

    histories : dict of str to History
        Those of ``"user"`` and ``"item"``; empty where histories are not used.

    scaling : Scaling
        From features and ratings to the numbers of the networks.

    shape : dict of str to object
        The settings that say which weights there are.
    """

    networks: list
    histories: dict
    scaling: Scaling
    shape: dict

    def rate(self, sides, users, items, features):
        """Return ratings of pairs: ndarray of shape (n_networks, n_pairs).

        Parameters
        ----------
        sides : list of tuple of ndarray
            For each network, rows of users and of items.

        users, items : ndarray of shape (n_pairs,)
            Which of these rows are a pair.

        features : ndarray of shape (n_pairs, n_features)
            Features of the pairs.
        """
        features = self.scaling.standardise_features(features)
        ratings = np.empty((len(sides), len(users)))
        for batch in batches(len(users), RATED_AT_ONCE):
            for place, (user_rows, item_rows) in enumerate(sides):
                pairs = user_rows[users[batch]], item_rows[items[batch]]
                ratings[place, batch] = self.networks[place].rate(*pairs, features[batch])
        return self.scaling.restore(ratings)

    def vectors(self, name):
        """Return the vectors of a side, those of all networks side by side."""
        return np.hstack([getattr(network, name).rows[:-1, :-1] for network in self.networks])

    def moved(self, places):
        """Return histories, and weights of each network, for other ids: see `Network.weights`."""
        columns = {"user": places["item"], "item": places["user"]}
        histories = {name: each.moved(columns[name]) for name, each in self.histories.items()}
        return histories, [network.weights(places) for network in self.networks]

    def check_shape(self, shape):
        """Check that networks of another shape are not asked to go on from these weights."""
        for name, value in self.shape.items():
            if shape[name] != value:
                label = "the number of further columns of X" if name == "n_features" else name
                raise ValueError(
                    f"{label}={shape[name]!r} does not fit the trained network, which has {value!r}: "
                    f"leave it as it was, or call fit with warm_start=False."
                )
