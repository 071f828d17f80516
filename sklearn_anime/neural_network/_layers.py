"""The Keras layers that the network has beside those of Keras."""

import keras
from keras import layers, ops

register = keras.saving.register_keras_serializable(package="sklearn_anime")


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
        self.add_loss(self.l2 * self._penalty(codes))
        if not self.n_components:
            return ops.take(self.vectors, codes, axis=0), ops.take(self.biases, codes, axis=0)
        return (
            self._rows(self.vectors, self.vector_map, codes),
            self._rows(self.biases, self.bias_map, codes),
        )

    def _penalty(self, codes):
        """Return the mean square of what was learned over the rows of a batch."""
        shares = ops.segment_sum(ops.ones_like(codes, dtype="float32"), codes, self.n_codes)
        shares = shares / ops.cast(ops.shape(codes)[0], "float32")
        return sum(
            ops.sum(shares * ops.sum(ops.square(table), axis=1)) for table in (self.vectors, self.biases)
        )

    def _rows(self, learned, kernel, codes):
        if self.whole:
            return ops.take(learned + ops.matmul(self.history, kernel), codes, axis=0)
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
