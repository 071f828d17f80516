"""Trained networks as arrays of users and items, and the models that rate pairs of their rows."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from sklearn_anime.neural_network._inputs import SIDES, History, Standardization, seen_by_side
from sklearn_anime.neural_network._networks import (
    Embeddings,
    TrainedModel,
    check_shape,
    n_held_out,
    train_networks,
)
from sklearn_anime.utils._blocks import batches

RATED_AT_ONCE = 2**16  # pairs
HISTORY_COMPONENTS = 128  # 256 are a little better and take longer


@dataclass(frozen=True)
class Network(TrainedModel):
    """A trained network of ratings.

    Attributes
    ----------
    model : keras.Model
        The network as it was trained, from codes.

    user, item : Embeddings
        Its vectors and biases.
    """

    user: Embeddings
    item: Embeddings

    @classmethod
    def read(cls, model, histories, seen):
        """Read what was trained, for the histories in the matrices `seen` of both sides."""
        sides = [Embeddings.read(model, side, histories.get(side), seen[side]) for side in SIDES]
        return cls(model, *sides)

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


@dataclass(frozen=True)
class Ensemble:
    """Trained networks that differ in their seed, and what they share.

    Attributes
    ----------
    networks : list of Network
        One or more.

    histories : dict of str to History
        Those of ``"user"`` and ``"item"``; empty where histories are not used.

    standardization : Standardization
        From features and ratings to the numbers of the networks.

    shape : dict of str to object
        The settings that say which weights there are.

    noise : float
        Root mean squared error on rows held out of training, in units of the rating; NaN where it
        was not measured.
    """

    networks: list
    histories: dict
    standardization: Standardization
    shape: dict
    noise: float = np.nan

    def predict(self, user_codes, item_codes, features):
        """Return mean and standard deviation of the ratings of pairs of codes, the noise included."""
        sides = [(network.user.rows, network.item.rows) for network in self.networks]
        ratings = self.rate(sides, user_codes, item_codes, features)
        return ratings.mean(axis=0), np.hypot(ratings.std(axis=0), self.noise)

    def error(self, rows):
        """Return the root mean squared error on some training rows, in units of the rating."""
        ratings, _ = self.predict(rows.users, rows.items, rows.features)
        return float(np.sqrt(np.average((rows.ratings - ratings) ** 2, weights=rows.weights)))

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
        features = self.standardization.standardize_features(features)
        ratings = np.empty((len(sides), len(users)))
        for batch in batches(len(users), RATED_AT_ONCE):
            for position, (user_rows, item_rows) in enumerate(sides):
                pairs = user_rows[users[batch]], item_rows[items[batch]]
                ratings[position, batch] = self.networks[position].rate(*pairs, features[batch])
        return self.standardization.restore(ratings)

    def vectors(self, name):
        """Return the vectors of a side, those of all networks side by side."""
        return np.hstack([getattr(network, name).rows[:-1, :-1] for network in self.networks])

    def moved(self, codes):
        """Return histories, and weights of each network, for other ids: see `TrainedModel.weights`."""
        columns = {"user": codes["item"], "item": codes["user"]}
        histories = {name: each.moved(columns[name]) for name, each in self.histories.items()}
        return histories, [network.weights(codes) for network in self.networks]


def train_ensemble(model, interactions, rows, random_state, watch, *, old=None, codes=None, shares=None):
    """Train the networks of an `EmbeddingRegressor`, from the start or on from old ones.

    Parameters
    ----------
    model : EmbeddingRegressor
        Its parameters are the settings.

    interactions : Interactions
        The whole table.

    rows : TrainingRows
        What to train on.

    random_state : RandomState
        Draws the order of the rows, the held-out ones, and a seed for each network.

    watch : callable
        Returns the callbacks of a network.

    old : Ensemble, default=None
        Networks to go on from.

    codes : dict of str to ndarray, default=None
        Where `old` had the users and the items, as in `TrainedModel.weights`.

    shares : dict of str to ndarray, default=None
        How far what was learned before moves, as in ``train_network``; no rows are then held out.

    Returns
    -------
    ensemble : Ensemble
        The networks.

    curves : dict of str to list of float
        The training errors of the first.
    """
    rows = rows.take(random_state.permutation(len(rows)))
    n_validation = n_held_out(model, len(rows), "rated pairs") if shares is None else 0
    seen, shape = rows.seen(interactions, n_validation), _shape(model, rows)
    if old is None:
        scaling = Standardization.fit(rows.ratings, rows.features, rows.weights)
        histories = _histories(seen, random_state) if model.use_history else {}
        starts = [{}] * model.n_estimators
    else:
        check_shape(old.shape, shape)
        scaling, (histories, starts) = old.standardization, old.moved(codes)
    graph = _graph(model, interactions.shape, shape, histories, seen)
    trained = _train(model, rows, scaling, graph, starts, random_state, watch, n_validation, shares)
    models, curves = zip(*trained, strict=True)
    networks = [Network.read(each, histories, seen_by_side(interactions)) for each in models]
    if old is not None:
        noise = old.noise
    elif n_validation:
        noise = _held_out_error(models, histories, seen, scaling, rows, n_validation)
    else:
        noise = _noise(model, interactions, rows, scaling, random_state)
    return Ensemble(networks, histories, scaling, shape, noise), curves[0]


def _train(model, rows, scaling, graph, starts, random_state, watch, n_validation=0, shares=None):
    """Return the Keras model and the training errors of a network trained from each start."""
    return train_networks(
        model,
        "ratings",
        graph,
        starts,
        (rows.inputs(scaling), scaling.standardize(rows.ratings), rows.weights),
        random_state,
        watch,
        loss=model.loss,
        n_validation=n_validation,
        shares=shares,
    )


def _noise(model, interactions, rows, scaling, random_state):
    """Return the error of one more network on a share of the rows that it is not trained on.

    The share is `validation_fraction`. The error on the rows of training would be too small.
    """
    n_held_out = min(max(round(model.validation_fraction * len(rows)), 1), len(rows) - 1)
    if model.n_estimators == 1 or n_held_out == 0:
        return np.nan
    seen = rows.seen(interactions, n_held_out)
    histories = _histories(seen, random_state) if model.use_history else {}
    graph = _graph(model, interactions.shape, _shape(model, rows), histories, seen)
    trained_on = rows.take(slice(-n_held_out))
    trained = _train(model, trained_on, scaling, graph, [{}], random_state, watch=list)
    return _held_out_error([trained[0][0]], histories, seen, scaling, rows, n_held_out)


def _held_out_error(models, histories, seen, scaling, rows, n_held_out):
    """Return the error of Keras models on the last of the rows, which are not in `seen`."""
    networks = [Network.read(model, histories, seen) for model in models]
    ensemble = Ensemble(networks, histories, scaling, {})
    return ensemble.error(rows.take(slice(-n_held_out, None)))


def _shape(model, rows):
    """Return the settings that say which weights the networks have."""
    units = list(model.hidden_units)
    if not all(isinstance(width, Integral) and width > 0 for width in units):
        raise ValueError(
            f"hidden_units={model.hidden_units!r} must hold a positive width for each hidden layer, "
            f"such as (32, 16)."
        )
    return {
        "n_features": rows.features.shape[1],
        "n_components": model.n_components,
        "hidden_units": tuple(int(width) for width in units),
        "interaction": model.interaction,
        "use_history": model.use_history,
        "n_estimators": model.n_estimators,
    }


def _histories(seen, random_state):
    return {side: History.fit(seen[side], HISTORY_COMPONENTS, random_state) for side in SIDES}


def _graph(model, n_ids, shape, histories, seen):
    """Return the arguments of `build_network`."""
    built = ("n_features", "n_components", "hidden_units", "interaction")
    return {
        "n_users": n_ids[0],
        "n_items": n_ids[1],
        "histories": {side: history.table(seen[side]) for side, history in histories.items()},
        **{name: shape[name] for name in built},
        **{name: getattr(model, name) for name in ("l2", "dropout", "unknown_rate")},
    }
