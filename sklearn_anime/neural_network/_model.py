"""The Keras graph: embeddings of user and item, their interaction, and a rating."""

import keras
from keras import layers, ops

KERNEL_SHARE = 0.125  # of `l2`, on the kernels of the hidden layers

register = keras.saving.register_keras_serializable(package="sklearn_anime")


def build_network(
    n_users,
    n_items,
    n_features,
    *,
    embedding_dim,
    hidden_units,
    interaction,
    l2,
    dropout,
    unknown_rate,
):
    """Build the network that rates a pair of codes and its features.

    Code `n_users` (`n_items`) is the row that all unknown users (items) share.

    Parameters
    ----------
    n_users, n_items, n_features : int
        Sizes of the table.

    embedding_dim : int
        Length of the embedding of a user and of an item.

    hidden_units : sequence of int
        Widths of the hidden layers.

    interaction : {"concat", "dot", "dot+mlp"}
        How the embeddings meet.

    l2, dropout, unknown_rate : float
        Penalty on the embeddings of each row, dropout of the hidden layers, and share of the
        ids hidden in training.

    Returns
    -------
    keras.Model
        From ``{"user": codes, "item": codes, "features": values}`` to ratings.
    """
    inputs = _inputs(n_features)
    user = HideIds(n_users, unknown_rate, name="hide_users")(inputs["user"])
    item = HideIds(n_items, unknown_rate, name="hide_items")(inputs["item"])
    user_vector = _embed(user, n_users, embedding_dim, l2, "user_embedding")
    item_vector = _embed(item, n_items, embedding_dim, l2, "item_embedding")
    terms = [
        _embed(user, n_users, 1, l2, "user_bias", "zeros"),
        _embed(item, n_items, 1, l2, "item_bias", "zeros"),
    ]
    if interaction != "concat":
        terms.append(layers.Dot(axes=-1, name="dot")([user_vector, item_vector]))
    if interaction != "dot":
        parts = [user_vector, item_vector, *([inputs["features"]] if n_features else [])]
        vector = layers.Concatenate(name="concat")(parts)
        terms.append(_hidden(vector, hidden_units, dropout, KERNEL_SHARE * l2))
    elif n_features:
        terms.append(layers.Dense(1, use_bias=False, name="feature_weights")(inputs["features"]))
    return keras.Model(inputs, layers.Add(name="rating")(terms), name="embedding_regressor")


def _inputs(n_features):
    inputs = {
        "user": keras.Input((), dtype="int32", name="user"),
        "item": keras.Input((), dtype="int32", name="item"),
    }
    if n_features:
        inputs["features"] = keras.Input((n_features,), dtype="float32", name="features")
    return inputs


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
