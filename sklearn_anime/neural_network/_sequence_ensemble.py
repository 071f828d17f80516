"""Trained networks of sequences: their training, and the probabilities of the next item."""

from dataclasses import dataclass

import numpy as np

from sklearn_anime.neural_network._first_vectors import random_vectors, transition_vectors
from sklearn_anime.neural_network._networks import (
    Embeddings,
    TrainedModel,
    check_shape,
    n_held_out,
    train_networks,
)
from sklearn_anime.neural_network._sequences import ItemFeatures, TrainingSequences, latest
from sklearn_anime.utils._blocks import batches

GRAPH = ("cell", "n_components", "max_length", "l2", "dropout")  # parameters of its builder
READ_AT_ONCE = 1024  # sequences
AUTO_BATCH = 1400  # items to predict
LARGEST_FULL = 5000  # items up to which the softmax of training is over all of them
N_NEGATIVES = 1000  # items that stand for all others beyond that
MOST = 80.0  # logarithm of a number that single precision holds


@dataclass(frozen=True)
class SequenceNetwork(TrainedModel):
    """A trained network of sequences.

    Attributes
    ----------
    item : Embeddings
        Vectors and biases of the items; the last row is that of the start of a sequence.
    """

    item: Embeddings

    @classmethod
    def read(cls, model, item_features, features):
        """Read what was trained, for items with some features."""
        return cls(model, Embeddings.read(model, "item", item_features, features))

    def states(self, rows, max_length):
        """Return the vector of the next item of each user."""
        items, last = latest(rows, max_length)
        vectors, states = self.item.rows[:, :-1], self.model.get_layer("states")
        found = np.empty((len(items), vectors.shape[1]), dtype=np.float32)
        for batch in batches(len(items), READ_AT_ONCE):
            some = np.asarray(states(vectors[items[batch]], training=False))
            found[batch] = some[np.arange(len(some)), last[batch]]
        return found

    def new_items(self, features):
        """Return vectors and biases of items that were not in training.

        They are the mean of what was learned of the items, plus what their features tell.
        """
        learned = self.item.learned[:-1].mean(axis=0)
        return learned + self.item.history.coordinates(features) @ self.item.kernel

    def probabilities(self, rows, max_length, new_features=None):
        """Return the probability that each item comes next, for each user.

        Those of new items, which come after the others, are relative to these.
        """
        states, items = self.states(rows, max_length), self.item.rows[:-1]
        logits = _logits(states, items)
        largest = logits.max(axis=1, keepdims=True)
        np.exp(logits - largest, out=logits)
        total = logits.sum(axis=1, keepdims=True)
        if new_features is not None:
            new = _logits(states, self.new_items(new_features).astype(np.float32))
            logits = np.exp(np.minimum(new - largest, MOST))
        return logits / total


def _logits(states, items):
    return states @ items[:, :-1].T + items[:, -1]


@dataclass(frozen=True)
class SequenceEnsemble:
    """Trained networks of sequences that differ in their seed, and what they share.

    Attributes
    ----------
    networks : list of SequenceNetwork
        One or more.

    features : ItemFeatures or None
        From features to the numbers of the networks; None where there are none.

    shape : dict of str to object
        The settings that say which weights there are.
    """

    networks: list
    features: ItemFeatures | None
    shape: dict

    def probabilities(self, rows, new_features=None):
        """Return the mean over the networks of the probability that each item comes next."""
        max_length = self.shape["max_length"]
        return np.mean(
            [each.probabilities(rows, max_length, new_features) for each in self.networks], axis=0
        )

    def item_vectors(self):
        """Return the vectors of the items, those of all networks side by side."""
        return np.hstack([network.item.rows[:-1, :-1] for network in self.networks])

    def user_vectors(self, rows):
        """Return the vectors of the next items of users, those of all networks side by side."""
        return np.hstack([network.states(rows, self.shape["max_length"]) for network in self.networks])


def train_sequences(model, interactions, random_state, watch, old=None, new=None):
    """Train the networks of a `SequenceRecommender`, from the start or on from old ones.

    Parameters
    ----------
    model : SequenceRecommender
        Its parameters are the settings.

    interactions : Interactions
        The whole table.

    random_state : RandomState
        Draws the held-out users, first embeddings and a seed for each network.

    watch : callable
        Returns the callbacks of a network.

    old : SequenceEnsemble, default=None
        Networks to go on from; no users are then held out.

    new : NewRows, default=None
        What `old` was not trained on.

    Returns
    -------
    ensemble : SequenceEnsemble
        The networks.

    curves : dict of str to list of float
        The training errors of the first.
    """
    table = interactions.features.item_features
    shape = _shape(model, table)
    pieces, n_validation, shares = _pieces(model, interactions, random_state, new)
    if old is None:
        features = ItemFeatures.fit(table) if table.shape[1] else None
        starts = [_start(model, interactions, features, random_state) for _ in range(model.n_estimators)]
    else:
        check_shape(old.shape, shape)
        features = old.features
        starts = [network.weights({"item": new.item_codes}) for network in old.networks]
    trained = train_networks(
        model,
        "sequence",
        _graph(model, interactions.n_items, features, table),
        starts,
        (pieces.scaled(n_validation).inputs(), np.zeros(len(pieces)), np.ones(len(pieces))),
        random_state,
        watch,
        loss="own",
        constant_loss=np.log(max(interactions.n_items, 3)),
        batch_size=_batch_size(model, pieces),
        n_validation=n_validation,
        shares=shares,
    )
    models, curves = zip(*trained, strict=True)
    networks = [SequenceNetwork.read(each, features, table) for each in models]
    return SequenceEnsemble(networks, features, shape), curves[0]


@dataclass(frozen=True)
class NewRows:
    """What is new in a table since the networks were trained.

    Attributes
    ----------
    item_codes : ndarray of shape (n_items,)
        Code that each item had before; -1 for new ones.

    weights : ndarray of shape (n_pairs,)
        Weight of each pair as a target; 0 for those that are not new.

    shares : dict of str to ndarray of shape (n_items + 1, 1)
        The share of the interactions of each item, under ``"item"``, that is new; last that of all.
    """

    item_codes: np.ndarray
    weights: np.ndarray
    shares: dict

    @classmethod
    def between(cls, before, added, both):
        """Compare `Interactions` before with those that are added, and with both together."""
        user_codes, item_codes = added.codes_in(both)
        weights = np.zeros(len(both.item_codes))
        positions = both.positions_of(user_codes[added.row_codes], item_codes[added.item_codes])
        weights[positions] = added.entries
        counts = np.bincount(both.item_codes[positions], minlength=both.n_items)
        of_before = before.items.encode(both.items.ids)
        known = np.where(of_before >= 0, before.item_counts[of_before], 0)
        counts, known = (np.append(each, each.sum()) for each in (counts, known))
        return cls(of_before, weights, {"item": (counts / (counts + known))[:, np.newaxis]})


def _pieces(model, interactions, random_state, new):
    """Return the sequences to train on, how many of them are held out, and shares to move by."""
    if new is not None:
        pieces = TrainingSequences.read(interactions, model.max_length, new.weights)
        return pieces.take(pieces.weights.any(axis=1)), 0, new.shares
    pieces = TrainingSequences.read(interactions, model.max_length)
    n_users = len(interactions.codes)
    n_validation = n_held_out(model, n_users, "users")
    held_out = np.zeros(n_users, dtype=bool)
    held_out[random_state.permutation(n_users)[:n_validation]] = True
    last = held_out[pieces.users]
    return pieces.take(np.argsort(last, kind="stable")), np.count_nonzero(last), None


def _batch_size(model, pieces):
    """Return how many pieces to train on in each step."""
    if model.batch_size != "auto":
        return model.batch_size
    return max(1, round(AUTO_BATCH * len(pieces) / np.count_nonzero(pieces.weights)))


def _shape(model, table):
    """Return the settings that say which weights the networks have."""
    names = ("cell", "n_components", "max_length", "n_estimators")
    return {"n_features": table.shape[1], **{name: getattr(model, name) for name in names}}


def _start(model, interactions, features, random_state):
    """Return the first embeddings: vectors by `init`, and biases by popularity."""
    n_items, width = interactions.n_items, model.n_components
    if model.init == "transitions":
        vectors = transition_vectors(interactions, width, model.max_length, random_state)
    else:
        vectors = random_vectors(n_items, width, random_state)
    vectors = np.vstack([vectors, np.zeros(width)])
    shares = interactions.popularity / interactions.popularity.sum()
    biases = np.append(np.log(shares), 0.0)[:, np.newaxis]
    maps = []
    if features is not None:
        maps = [np.zeros((len(features.mean), columns)) for columns in (width, 1)]
    return {"item_embedding": [vectors, biases, *maps]}


def _graph(model, n_items, features, table):
    """Return the arguments of `build_sequence_network`."""
    full = model.n_negatives is None or (model.n_negatives == "auto" and n_items <= LARGEST_FULL)
    n_negatives = N_NEGATIVES if model.n_negatives == "auto" else model.n_negatives
    return {
        "n_items": n_items,
        "features": None if features is None else features.table(table),
        "n_negatives": 0 if full else n_negatives,
        **{name: getattr(model, name) for name in GRAPH},
    }
