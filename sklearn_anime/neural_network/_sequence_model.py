"""The Keras graph: from the items that a user has seen, in order, to the one that comes next."""

import keras
from keras import layers, ops

from sklearn_anime.neural_network._keras_model import EmbeddingWithHistory, register

FEATURE_SHARE = 0.006  # of `l2`, on the maps from features to vectors and biases
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
    """Return what attention to the earlier positions and a hidden layer make of vectors."""
    states = AddPositions(name="positions")(vectors)
    normal = layers.LayerNormalization(name="normal1")(states)
    attended = layers.MultiHeadAttention(2, width // 2 or 1, name="cell")(
        normal, states, use_causal_mask=True
    )
    states = layers.Add(name="attended")([states, attended])
    normal = layers.LayerNormalization(name="normal2")(states)
    hidden = layers.Dense(width, "relu", name="hidden")(normal)
    hidden = layers.Dropout(dropout, seed=seed, name="hidden_dropout")(hidden)
    states = layers.Add(name="combined")([states, layers.Dense(width, name="hidden_state")(hidden)])
    return layers.LayerNormalization(name="normal3")(states)


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
class AddPositions(layers.Layer):
    """Add a vector of its position to each vector of a sequence."""

    def build(self, input_shape):
        """Make a vector for each position."""
        normal = keras.initializers.RandomNormal(stddev=0.02)
        self.positions = self.add_weight(input_shape[1:], normal, name="positions")

    def call(self, vectors):
        """Return the sums."""
        return vectors + self.positions


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
