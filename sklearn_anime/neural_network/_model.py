"""The Keras graph: embeddings and histories of user and item, their interaction, and a rating."""

import keras
from keras import layers, ops

KERNEL_SHARE = 0.03  # of `l2`, on the kernels of the hidden layers
HISTORY_SHARE = 0.006  # of `l2`, on the maps from histories to vectors and biases

register = keras.saving.register_keras_serializable(package="sklearn_anime")


def build_network(
    n_users,
    n_items,
    *,
    n_features,
    histories,
    embedding_dim,
    hidden_units,
    interaction,
    l2,
    dropout,
    unknown_rate,
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

    embedding_dim : int
        Length of the embedding of a user and of an item.

    hidden_units : sequence of int
        Widths of the hidden layers.

    interaction : {"concat", "dot", "dot+mlp"}
        How the embeddings meet.

    l2, dropout, unknown_rate : float
        Penalty on the embeddings of each row, dropout of the hidden layers, and share of the
        ids hidden in training.

    start : dict of str to list of ndarray
        Weights of layers before training.

    Returns
    -------
    keras.Model
        From ``{"user": codes, "item": codes, "features": values}`` to ratings.
    """
    inputs = {name: keras.Input((), dtype="int32", name=name) for name in ("user", "item")}
    sides = {}
    for name, n_codes in (("user", n_users), ("item", n_items)):
        codes = HideIds(n_codes, unknown_rate, name=f"hide_{name}s")(inputs[name])
        sides |= _side(name, codes, n_codes, histories.get(name), embedding_dim, l2)
    if n_features:
        inputs["features"] = sides["features"] = _vector("features", n_features)
    rating = _rating(n_features, embedding_dim, hidden_units, interaction, l2, dropout)(sides)
    model = keras.Model(inputs, rating, name="embedding_regressor")
    for name, weights in (start | _frozen(histories)).items():
        model.get_layer(name).set_weights(weights)
    return model


def _frozen(histories):
    return {f"{name}_history": [table] for name, table in histories.items()}


def _vector(name, width):
    return keras.Input((width,), dtype="float32", name=name)


def _side(name, codes, n_codes, history, embedding_dim, l2):
    """Return the vector and the bias of users or of items."""
    vector = _embed(codes, n_codes, embedding_dim, l2, f"{name}_embedding")
    bias = _embed(codes, n_codes, 1, l2, f"{name}_bias", "zeros")
    if history is not None:
        frozen = {"embeddings_initializer": "zeros", "trainable": False, "name": f"{name}_history"}
        places = layers.Embedding(*history.shape, **frozen)(codes)
        vector = _plus_history(vector, places, embedding_dim, l2, f"{name}_vector")
        bias = _plus_history(bias, places, 1, l2, f"{name}_bias_sum")
    return {f"{name}_vector": vector, f"{name}_bias": bias}


def _embed(codes, n_codes, width, l2, name, initializer="embedding"):
    """Return a trainable row for each code, and one more for the unknown.

    The activity regulariser weighs the rows of a batch, divided by its size: an embedding is held
    back once for each rating that it appears in.
    """
    if initializer == "embedding":
        initializer = keras.initializers.RandomNormal(stddev=0.1 / width**0.5)
    table = layers.Embedding(
        n_codes + 1,
        width,
        embeddings_initializer=initializer,
        activity_regularizer=keras.regularizers.L2(l2),
        name=name,
    )
    return table(codes)


def _plus_history(term, places, width, l2, name):
    """Return a vector or a bias plus a linear map of the history."""
    mapped = _linear(width, HISTORY_SHARE * l2, f"history_to_{name}")(places)
    return layers.Add(name=name)([term, mapped])


def _linear(width, l2, name):
    """Return a layer without a bias that starts at zero."""
    return layers.Dense(
        width,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(l2),
        name=name,
    )


def _rating(n_features, embedding_dim, hidden_units, interaction, l2, dropout):
    """Return the model from the vectors and biases of both sides, and features, to a rating."""
    sides = {
        name: _vector(name, 1 if name.endswith("bias") else embedding_dim)
        for name in ("user_vector", "user_bias", "item_vector", "item_bias")
    }
    features = {"features": _vector("features", n_features)} if n_features else {}
    vectors = [sides["user_vector"], sides["item_vector"]]
    terms = [sides["user_bias"], sides["item_bias"]]
    if interaction != "concat":
        terms.append(DotProduct(name="dot")(vectors))
    if interaction != "dot":
        joined = layers.Concatenate(name="concat")([*vectors, *features.values()])
        terms.append(_hidden(joined, hidden_units, dropout, KERNEL_SHARE * l2))
    elif n_features:
        terms.append(_linear(1, KERNEL_SHARE * l2, "feature_weights")(features["features"]))
    return keras.Model(sides | features, layers.Add(name="sum")(terms), name="rating")


def _hidden(vector, hidden_units, dropout, l2):
    """Return the rating term of the hidden layers; it starts at zero."""
    penalty = keras.regularizers.L2(l2)
    for place, width in enumerate(hidden_units, 1):
        dense = layers.Dense(width, "relu", kernel_regularizer=penalty, name=f"hidden{place}")
        vector = dense(vector)
        if dropout:
            vector = layers.Dropout(dropout, name=f"dropout{place}")(vector)
    return layers.Dense(1, kernel_initializer="zeros", kernel_regularizer=penalty, name="hidden_rating")(
        vector
    )


@register
class DotProduct(layers.Layer):
    """Multiply and add up two vectors; `layers.Dot` multiplies matrices for each row, which is slow."""

    def call(self, vectors):
        """Return one number for each row."""
        return ops.sum(vectors[0] * vectors[1], axis=-1, keepdims=True)


@register
class HideIds(layers.Layer):
    """Replace a share of the codes by the unknown one in training, so that its row is trained."""

    def __init__(self, unknown, rate, **kwargs):
        super().__init__(**kwargs)
        self.unknown = unknown
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, codes, training=False):
        """Hide codes at random in training, none elsewhere."""
        if not training or self.rate == 0:
            return codes
        hidden = keras.random.uniform(ops.shape(codes), seed=self.seed_generator) < self.rate
        return ops.where(hidden, self.unknown, codes)

    def compute_output_shape(self, input_shape):
        """Return the shape of the codes."""
        return input_shape

    def get_config(self):
        """Return the arguments of the layer."""
        return {**super().get_config(), "unknown": self.unknown, "rate": self.rate}
