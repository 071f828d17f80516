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
    for position, (name, n_ids) in enumerate((("user", n_users), ("item", n_items))):
        codes = HideIds(n_ids, unknown_rate, seed + position, name=f"hide_{name}s")(inputs[name])
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
    for position, width in enumerate(hidden_units, 1):
        dense = layers.Dense(width, "relu", kernel_regularizer=penalty, name=f"hidden{position}")
        vector = dense(vector)
        if dropout:
            vector = layers.Dropout(dropout, seed=seed + position, name=f"dropout{position}")(vector)
    return layers.Dense(1, kernel_initializer="zeros", kernel_regularizer=penalty, name="hidden_rating")(
        vector
    )


@register
class HideIds(layers.Layer):
    """Replace a share of the codes by the unknown one in training, so that its row is trained."""

    def __init__(self, unknown, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.unknown = unknown
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, codes, training=False):
        """Hide codes at random in training, none elsewhere."""
        if not training or self.rate == 0:
            return codes
        hidden = keras.random.uniform(ops.shape(codes), seed=self.seed_generator) < self.rate
        return ops.where(hidden, self.unknown, codes)

    def compute_output_spec(self, codes, training=False):
        """Return the form of the codes."""
        return keras.KerasTensor(codes.shape, codes.dtype)

    def get_config(self):
        """Return the arguments of the layer."""
        return {**super().get_config(), "unknown": self.unknown, "rate": self.rate, "seed": self.seed}


@register
class EmbeddingWithHistory(layers.Layer):
    """Look up the vector and the bias of each code: what was learned of it, plus maps of its history.

    Parameters
    ----------
    n_codes, width : int
        Number of codes and length of their vectors.

    n_components : int
        Length of a history; 0 where there are none.

    l2 : float
        Penalty on what was learned of the codes of a batch, divided by its size: each code is held
        back once for every row that it appears in.

    map_l2 : float
        Penalty on the maps of histories.

    whole : bool
        Whether histories of all codes are mapped in each step, not those of the rows of a batch. The
        result is the same; it is quicker where a batch has more rows than there are codes.
    """

    def __init__(self, n_codes, width, n_components=0, l2=0.0, map_l2=0.0, whole=False, **kwargs):
        super().__init__(**kwargs)
        self.n_codes = n_codes
        self.width = width
        self.n_components = n_components
        self.l2 = l2
        self.map_l2 = map_l2
        self.whole = whole

    def build(self, input_shape):
        """Make a row for each code and, with histories, a map of them that starts at zero."""
        normal = keras.initializers.RandomNormal(stddev=0.1 / self.width**0.5)
        self.vectors = self.add_weight((self.n_codes, self.width), normal, name="vectors")
        self.biases = self.add_weight((self.n_codes, 1), "zeros", name="biases")
        if self.n_components:
            held_back = {"initializer": "zeros", "regularizer": keras.regularizers.L2(self.map_l2)}
            self.vector_map = self.add_weight(
                (self.n_components, self.width), **held_back, name="vector_map"
            )
            self.bias_map = self.add_weight((self.n_components, 1), **held_back, name="bias_map")
            shape = self.n_codes, self.n_components
            self.history = self.add_weight(shape, "zeros", trainable=False, name="history")

    def call(self, codes):
        """Return vectors and biases."""
        codes = ops.cast(codes, "int32")
        self.add_loss(self.l2 * self.penalty(codes))
        if not self.n_components:
            return ops.take(self.vectors, codes, axis=0), ops.take(self.biases, codes, axis=0)
        return (
            self._rows(self.vectors, self.vector_map, codes),
            self._rows(self.biases, self.bias_map, codes),
        )

    def penalty(self, codes):
        """Return the mean square of what was learned over the rows of a batch."""
        shares = ops.segment_sum(ops.ones_like(codes, dtype="float32"), codes, self.n_codes)
        shares = shares / ops.cast(ops.shape(codes)[0], "float32")
        return sum(
            ops.sum(shares * ops.sum(ops.square(table), axis=1)) for table in (self.vectors, self.biases)
        )

    def table(self, learned, kernel):
        """Return what was learned of all codes, plus the map of their histories."""
        return learned + ops.matmul(self.history, kernel)

    def _rows(self, learned, kernel, codes):
        if self.whole:
            return ops.take(self.table(learned, kernel), codes, axis=0)
        histories = ops.take(self.history, codes, axis=0)
        return ops.take(learned, codes, axis=0) + ops.matmul(histories, kernel)

    def compute_output_spec(self, codes):
        """Return the form of vectors and biases."""
        return tuple(keras.KerasTensor((*codes.shape, width)) for width in (self.width, 1))

    def get_config(self):
        """Return the arguments of the layer."""
        names = ("n_codes", "width", "n_components", "l2", "map_l2", "whole")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@register
class DotProduct(layers.Layer):
    """Multiply and add up two vectors; `layers.Dot` multiplies matrices for each row, which is slow."""

    def call(self, vectors):
        """Return one number for each row."""
        return ops.sum(vectors[0] * vectors[1], axis=-1, keepdims=True)
