"""The Keras graph: from the items that a user has seen, in order, to the one that comes next."""

import keras
from keras import layers, ops

from sklearn_anime.neural_network._keras_model import EmbeddingWithHistory, register

FEATURE_SHARE = 0.006  # of `l2`, on the maps from features to vectors and biases
N_HEADS = 2
IMPOSSIBLE = -1e9  # logit of an item that cannot come next


def build_sequence_network(
    n_items,
    *,
    features,
    cell,
    n_components,
    max_length,
    l2,
    dropout,
    n_negatives,
    batch_size,
    seed,
    start,
):
    """Build the network that is trained: from sequences to the loss of each.

    Code `n_items` is the start of every sequence, and what fills the rows of short ones. The model
    within, ``states``, makes of the vectors of a sequence one for the next item of each position.
    """
    dtypes = {"items": "int32", "targets": "int32", "weights": "float32"}
    inputs = {name: keras.Input((max_length,), dtype=dtype, name=name) for name, dtype in dtypes.items()}
    embedding = TiedEmbedding(
        n_items + 1,
        n_components,
        n_components=0 if features is None else features.shape[1],
        l2=l2,
        map_l2=FEATURE_SHARE * l2,
        whole=True,
        name="item_embedding",
    )
    vectors, table, biases = embedding(inputs["items"])
    states = build_states(cell, n_components, max_length, dropout, seed)(vectors)
    loss = NextItemLoss(n_negatives, seed, name="loss")(
        [states, inputs["targets"], inputs["weights"], table, biases]
    )
    model = keras.Model(inputs, loss, name="sequence_recommender")
    if features is not None:
        embedding.history.assign(features)
    for name, values in start.items():
        for variable, value in zip(model.get_layer(name).trainable_variables, values, strict=True):
            variable.assign(value)
    return model


def own_loss(y, losses):
    """Return the output of a network whose output is its loss."""
    return losses


def build_states(cell, n_components, max_length, dropout, seed):
    """Return the model from the vectors of items to one for the next item of each position."""
    vectors = keras.Input((max_length, n_components), name="vectors")
    states = layers.Dropout(dropout, seed=seed, name="item_dropout")(vectors)
    states = CELLS[cell](states, n_components, dropout, seed + 1)
    states = layers.Dropout(dropout, seed=seed + 2, name="state_dropout")(states)
    return keras.Model(vectors, layers.Dense(n_components, name="next")(states), name="states")


def _recurrent(layer):
    def build(vectors, width, dropout, seed):
        return layer(width, return_sequences=True, name="cell")(vectors)

    return build


def _attention(vectors, width, dropout, seed):
    """Return what attention to the positions so far and a hidden layer make of vectors."""
    states = layers.Add(name="attended")([vectors, RecentAttention(N_HEADS, name="cell")(vectors)])
    hidden = layers.Dense(width, "relu", name="hidden")(states)
    hidden = layers.Dropout(dropout, seed=seed, name="hidden_dropout")(hidden)
    hidden = layers.Dense(width, kernel_initializer="zeros", name="hidden_state")(hidden)
    return layers.Add(name="combined")([states, hidden])


CELLS = {
    "gru": _recurrent(layers.GRU),
    "lstm": _recurrent(layers.LSTM),
    "attention": _attention,
}


@register
class TiedEmbedding(EmbeddingWithHistory):
    """Look up the vectors of items, and hand on those of all of them for the output.

    The last code stands for no item: it has a vector, but cannot come next.
    """

    def call(self, codes):
        """Return the vectors of some codes, and the vectors and the biases of all items."""
        codes = ops.cast(codes, "int32")
        self.add_loss(self.l2 * self.penalty(ops.reshape(codes, (-1,))))
        vectors, biases = self.vectors, self.biases
        if self.n_components:
            vectors, biases = self.table(vectors, self.vector_map), self.table(biases, self.bias_map)
        return ops.take(vectors, codes, axis=0), vectors[:-1], biases[:-1, 0]

    def compute_output_spec(self, codes):
        """Return the form of vectors and biases."""
        n_items = self.n_codes - 1
        shapes = (*codes.shape, self.width), (n_items, self.width), (n_items,)
        return tuple(keras.KerasTensor(shape) for shape in shapes)


@register
class RecentAttention(layers.Layer):
    """Let each position attend to those so far, at first more to the latest.

    The logit of a position is the scaled dot product of query and key, plus a bias that is learned for
    each head and distance. It starts as a decay: that of the first head is the fastest.

    Parameters
    ----------
    n_heads : int
        Number of heads, each of which has a query, a key and a value of the width of the input.
    """

    def __init__(self, n_heads, **kwargs):
        super().__init__(**kwargs)
        self.n_heads = n_heads

    def build(self, input_shape):
        """Make the maps of the heads, and a bias for each distance."""
        _, length, width = input_shape
        normal = keras.initializers.RandomNormal(stddev=0.5 / width**0.5)
        names = ("queries", "keys", "values")
        self.maps = [self.add_weight((width, self.n_heads * width), normal, name=name) for name in names]
        distances = ops.arange(length, dtype="float32")
        slopes = 2.0 ** -ops.arange(1, self.n_heads + 1, dtype="float32")
        decays = -slopes[:, None] * distances
        self.biases = self.add_weight(decays.shape, lambda *args, **kwargs: decays, name="biases")

    def call(self, vectors):
        """Return the sum over the heads of the values that were attended to."""
        length, width = vectors.shape[1:]
        split = (-1, length, self.n_heads, width)
        queries, keys, values = (ops.reshape(ops.matmul(vectors, each), split) for each in self.maps)
        distances = ops.arange(length)[:, None] - ops.arange(length)
        biases = ops.take(self.biases, ops.maximum(distances, 0), axis=1)
        logits = ops.einsum("bqhd,bkhd->bhqk", queries, keys) / width**0.5 + biases
        shares = ops.softmax(ops.where(distances >= 0, logits, IMPOSSIBLE))
        return ops.einsum("bhqk,bkhd->bqd", shares, values)

    def get_config(self):
        """Return the arguments of the layer."""
        return {**super().get_config(), "n_heads": self.n_heads}


@register
class NextItemLoss(layers.Layer):
    """Return the cross-entropy of the next items of sequences, summed over their positions.

    Parameters
    ----------
    n_negatives : int
        How many items are drawn in each step to stand for all others; 0 takes all of them.

    seed : int
        Seed of the items that are drawn.
    """

    def __init__(self, n_negatives=0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.n_negatives = n_negatives
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        """Return a loss for each sequence."""
        states, targets, weights, table, biases = inputs
        states = ops.reshape(states, (-1, states.shape[-1]))
        targets, flat = ops.reshape(targets, (-1,)), ops.reshape(weights, (-1,))
        kept = None
        if keras.backend.backend() == "tensorflow":  # the others take no array of unknown size
            (kept,) = ops.nonzero(flat > 0)
            states, targets = (ops.take(values, kept, axis=0) for values in (states, targets))
        entropies = self._entropies(states, targets, table, biases)
        if kept is not None:
            entropies = ops.scatter(kept[:, None], entropies, ops.shape(flat))
        return ops.sum(weights * ops.reshape(entropies, ops.shape(weights)), axis=1)

    def _entropies(self, states, targets, table, biases):
        """Return the cross-entropy of the next item of each position."""
        own = ops.sum(states * ops.take(table, targets, axis=0), axis=1) + ops.take(biases, targets)
        if not self.n_negatives:
            return ops.logsumexp(ops.matmul(states, ops.transpose(table)) + biases, axis=1) - own
        n_items = table.shape[0]
        drawn = keras.random.randint((self.n_negatives,), 0, n_items, seed=self.seed_generator)
        others = ops.matmul(states, ops.transpose(ops.take(table, drawn, axis=0)))
        others = others + ops.take(biases, drawn) + ops.log((n_items - 1) / self.n_negatives)
        others = ops.where(drawn == targets[:, None], IMPOSSIBLE, others)
        logits = ops.concatenate([own[:, None], others], axis=1)
        return ops.logsumexp(logits, axis=1) - own

    def compute_output_spec(self, inputs):
        """Return the form of the losses."""
        return keras.KerasTensor((inputs[0].shape[0],))

    def get_config(self):
        """Return the arguments of the layer."""
        return {**super().get_config(), "n_negatives": self.n_negatives, "seed": self.seed}
