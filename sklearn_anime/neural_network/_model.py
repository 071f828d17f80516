"""The Keras graph: embeddings and histories of user and item, their interaction, and a rating."""

import keras
from keras import layers

from sklearn_anime.neural_network._layers import DotProduct, EmbeddingWithHistory, HideIds

KERNEL_SHARE = 0.03  # of `l2`, on the kernels of the hidden layers
HISTORY_SHARE = 0.006  # of `l2`, on the maps from histories to vectors and biases


def build_network(
    n_users,
    n_items,
    *,
    n_features,
    histories,
    n_components,
    hidden_units,
    interaction,
    l2,
    dropout,
    unknown_rate,
    batch_size,
    seed,
    start,
):
    """Build the network that rates a pair of codes and its features.

    Code `n_users` (`n_items`) is the row that all unknown users (items) share. Each side becomes a
    vector and a bias; the model within, ``rating``, makes a rating of them.

    Parameters
    ----------
    n_users, n_items, n_features : int
        Sizes of the table.

    histories : dict of str to ndarray of shape (n_codes + 1, n_components)
        History of each code of ``"user"`` and of ``"item"``; empty where it is not used.

    n_components : int
        Length of the embedding of a user and of an item.

    hidden_units : sequence of int
        Widths of the hidden layers.

    interaction : {"concat", "dot", "dot+mlp"}
        How the embeddings meet.

    l2, dropout, unknown_rate : float
        Penalty on the embeddings of each row, dropout of the hidden layers, and share of the
        ids hidden in training.

    batch_size : int
        Rows in each step.

    seed : int
        Seed of the ids that are hidden and of the units that are dropped.

    start : dict of str to list of ndarray
        Trainable weights of layers before training.

    Returns
    -------
    keras.Model
        From ``{"user": codes, "item": codes, "features": values}`` to ratings.
    """
    inputs = {name: keras.Input((), dtype="int32", name=name) for name in ("user", "item")}
    sides = {}
    for place, (name, n_ids) in enumerate((("user", n_users), ("item", n_items))):
        codes = HideIds(n_ids, unknown_rate, seed + place, name=f"hide_{name}s")(inputs[name])
        history = histories.get(name)
        embedding = EmbeddingWithHistory(
            n_ids + 1,
            n_components,
            n_components=0 if history is None else history.shape[1],
            l2=l2,
            map_l2=HISTORY_SHARE * l2,
            whole=n_ids < batch_size,
            name=f"{name}_embedding",
        )
        sides[f"{name}_vector"], sides[f"{name}_bias"] = embedding(codes)
    if n_features:
        inputs["features"] = sides["features"] = _vector("features", n_features)
    rating = _rating(n_features, n_components, hidden_units, interaction, l2, dropout, seed)(sides)
    model = keras.Model(inputs, rating, name="embedding_regressor")
    for name, history in histories.items():
        model.get_layer(f"{name}_embedding").history.assign(history)
    for name, values in start.items():
        for variable, value in zip(model.get_layer(name).trainable_variables, values, strict=True):
            variable.assign(value)
    return model


def _vector(name, width):
    return keras.Input((width,), dtype="float32", name=name)


def _rating(n_features, n_components, hidden_units, interaction, l2, dropout, seed):
    """Return the model from the vectors and biases of both sides, and features, to a rating."""
    sides = {
        name: _vector(name, 1 if name.endswith("bias") else n_components)
        for name in ("user_vector", "user_bias", "item_vector", "item_bias")
    }
    features = {"features": _vector("features", n_features)} if n_features else {}
    vectors = [sides["user_vector"], sides["item_vector"]]
    terms = [sides["user_bias"], sides["item_bias"]]
    if interaction != "concat":
        terms.append(DotProduct(name="dot")(vectors))
    if interaction != "dot":
        joined = layers.Concatenate(name="concat")([*vectors, *features.values()])
        terms.append(_hidden(joined, hidden_units, dropout, seed, KERNEL_SHARE * l2))
    elif n_features:
        terms.append(_feature_weights(KERNEL_SHARE * l2)(features["features"]))
    return keras.Model(sides | features, layers.Add(name="sum")(terms), name="rating")


def _feature_weights(l2):
    return layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(l2),
        name="feature_weights",
    )


def _hidden(vector, hidden_units, dropout, seed, l2):
    """Return the rating term of the hidden layers; it starts at zero."""
    penalty = keras.regularizers.L2(l2)
    for place, width in enumerate(hidden_units, 1):
        dense = layers.Dense(width, "relu", kernel_regularizer=penalty, name=f"hidden{place}")
        vector = dense(vector)
        if dropout:
            vector = layers.Dropout(dropout, seed=seed + place, name=f"dropout{place}")(vector)
    return layers.Dense(1, kernel_initializer="zeros", kernel_regularizer=penalty, name="hidden_rating")(
        vector
    )
