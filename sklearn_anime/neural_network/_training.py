"""The training of a network: all that touches scikeras, and the callbacks."""

import logging
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from math import ceil
from threading import RLock

import keras
import numpy as np
from scikeras.utils.random_state import tf_disable_op_determinism, tf_enable_op_determinism
from scikeras.wrappers import KerasRegressor
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_anime.neural_network._keras_model import build_network
from sklearn_anime.neural_network._sequence_model import build_sequence_network, own_loss

# TensorFlow asks the environment once whether operations must be deterministic. scikeras changes the
# environment before it asks, and would leave them so; so ask first.
if not tf_enable_op_determinism():
    tf_disable_op_determinism()

NETWORKS = {"ratings": build_network, "sequence": build_sequence_network}
LOSSES = {"own": own_loss}  # beside those that Keras knows by name
DIVERGED = 10.0  # loss, as a multiple of that of a constant prediction
N_CHECKED = 8192  # rows that a trained network is checked on
MIN_STEPS = 32  # of an epoch, where its batches would be large for the table
MAX_STEPS = 256  # of an epoch of automatic batches: each step passes over the vectors of all ids
AUTO_BATCH = 8192  # rows, where that makes no more steps
MIN_BATCH = 32  # rows
ONE_AT_A_TIME = RLock()  # seeds and the level of the log are those of the process


class RowsOfInputs(TransformerMixin, BaseEstimator):
    """From positions of rows to these rows of the named inputs of the network.

    scikeras asks for an array, in which codes would have to be floats beside the features.
    """

    def __init__(self, inputs):
        self.inputs = inputs

    def fit(self, X, y=None):
        """Return this transformer."""
        return self

    def transform(self, X):
        """Return the inputs."""
        return {name: values[X[:, 0]] for name, values in self.inputs.items()}


class NetworkRegressor(KerasRegressor):
    """A scikeras regressor over positions of rows of the inputs in its attribute `_inputs`."""

    @property
    def feature_encoder(self):
        """Transformer from positions to the named inputs of the network."""
        return RowsOfInputs(self._inputs)


def train_network(
    inputs,
    y,
    sample_weight,
    *,
    network,
    graph,
    optimizer,
    learning_rate,
    loss,
    epochs,
    batch_size,
    n_validation,
    patience,
    callbacks,
    verbose,
    seed,
    shares=None,
    constant_loss=None,
):
    """Train a network; the last `n_validation` rows are held out to stop it early.

    Parameters
    ----------
    inputs : dict of str to ndarray of n_rows rows
        What the network reads.

    y : ndarray of shape (n_rows,)
        Standardized ratings, or zeros for a network that is its own loss.

    sample_weight : ndarray of shape (n_rows,)
        Weights of the rows.

    network : {"ratings", "sequence"}
        Which network.

    graph : dict
        Arguments of its builder in `NETWORKS`.

    shares : dict of str to ndarray of shape (n_codes + 1, 1), or None
        How far the rows of ``"user"`` and ``"item"``, of which the last is that of the unknown and of
        all else, move from where they start; None for all the way.

    constant_loss : float, default=None
        Loss of a model that tells no rows apart; None is that of the mean rating.

    callbacks : list of keras.callbacks.Callback
        What else watches the training.

    Returns
    -------
    model : keras.Model
        The trained network.

    history : dict of str to list of float
        ``error`` and, where rows are held out, ``val_error`` of each epoch: the loss without the
        penalty.
    """
    n_rows = len(y) - n_validation
    batch_size, steps = even_batches(n_rows, batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps * epochs)
    error = keras.losses.get(LOSSES.get(loss, loss))
    worst = DIVERGED * max(1.0, constant_loss or float(error(y, np.zeros_like(y))))
    regressor = NetworkRegressor(
        partial(NETWORKS[network], batch_size=batch_size, seed=seed, **graph),
        optimizer=optimizer,
        optimizer__learning_rate=schedule,
        loss=error,
        compile__weighted_metrics=[keras.metrics.MeanMetricWrapper(error, name="error")],
        batch_size=batch_size,
        epochs=epochs,
        validation_split=max(n_validation - 0.5, 0) / len(y),  # Keras rounds up to n_validation
        callbacks=[
            BuildOptimizer(),
            *([] if shares is None else [MoveByShares(shares)]),
            StopDiverging(worst),
            *([_early_stopping(patience)] if n_validation else []),
            *callbacks,
        ],
        verbose=2 if verbose > 1 else 0,
        random_state=seed,
    )
    regressor._inputs = inputs
    even = (sample_weight == sample_weight[0]).all()
    with ONE_AT_A_TIME, quiet():
        positions = np.arange(len(y))[:, np.newaxis]
        regressor.fit(positions, y, None if even else sample_weight / sample_weight.mean())
    some = slice(min(N_CHECKED, batch_size))
    read = {name: values[some] for name, values in inputs.items()}
    predicted = np.ravel(regressor.model_(read, training=False))
    final = float(np.mean(error(y[some], predicted), dtype=np.float64))
    _check_converged(final, worst, learning_rate)
    return regressor.model_, regressor.history_


def even_batches(n_rows, most):
    """Return the size and the number of the batches of an epoch.

    They are about equal: the few rows of a last, small one would weigh as much as all of another.
    """
    if most == "auto":
        most = max(AUTO_BATCH, ceil(n_rows / MAX_STEPS))
    steps = max(ceil(n_rows / most), min(MIN_STEPS, n_rows // MIN_BATCH), 1)
    size = ceil(n_rows / steps)
    return size, ceil(n_rows / size)


@contextmanager
def quiet():
    """Silence TensorFlow's advice on retracing: every fit makes a new network, and so new traces."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _check_converged(loss, worst, learning_rate):
    if not loss <= worst:  # NaN too
        raise ValueError(
            f"Training diverged: the loss is {loss:.3g}, more than {DIVERGED:g} times that of a "
            f"constant prediction. Lower learning_rate={learning_rate}."
        )


def _early_stopping(patience):
    return keras.callbacks.EarlyStopping(
        "val_error", mode="min", patience=patience, restore_best_weights=True
    )


class BuildOptimizer(keras.callbacks.Callback):
    """Make the variables of the optimizer before the first step, which is else traced twice."""

    def on_train_begin(self, logs=None):
        """Make them."""
        self.model.optimizer.build(self.model.trainable_variables)


class Epochs(keras.callbacks.Callback):
    """Tell the callbacks of a scikit-learn estimator of each epoch."""

    def __init__(self, estimator, context):
        super().__init__()
        self.estimator = estimator
        self.context = context

    def on_epoch_begin(self, epoch, logs=None):
        """Open the task of an epoch."""
        self.task = self.context.subcontext(task_name="epoch")
        self.task.call_on_fit_task_begin(estimator=self.estimator)

    def on_epoch_end(self, epoch, logs=None):
        """Close it."""
        self.task.call_on_fit_task_end(estimator=self.estimator)


class MoveByShares(keras.callbacks.Callback):
    """Let what was learned before move in each epoch by a share of what it would."""

    def __init__(self, shares):
        super().__init__()
        self.shares = shares

    def on_train_begin(self, logs=None):
        """Find the share of each variable."""
        of_all = next(iter(self.shares.values()))[-1]
        tables = {}
        for name, shares in self.shares.items():
            layer = self.model.get_layer(f"{name}_embedding")
            tables |= {id(layer.vectors): shares, id(layer.biases): shares}
        self.moves = [
            (variable, tables.get(id(variable), of_all)) for variable in self.model.trainable_variables
        ]

    def on_epoch_begin(self, epoch, logs=None):
        """Note where the variables are."""
        self.before = [variable.numpy() for variable, _ in self.moves]

    def on_epoch_end(self, epoch, logs=None):
        """Take them back by what is left."""
        for before, (variable, share) in zip(self.before, self.moves, strict=True):
            variable.assign(before + share * (variable.numpy() - before))


class StopDiverging(keras.callbacks.Callback):
    """Stop where the loss is beyond all bounds."""

    def __init__(self, worst):
        super().__init__()
        self.worst = worst

    def on_epoch_end(self, epoch, logs=None):
        """Look at the loss."""
        if not logs["error"] <= self.worst:  # NaN too
            self.model.stop_training = True


class OneBar(keras.callbacks.Callback):
    """One progress bar for all epochs of all networks."""

    def __init__(self, n_networks, epochs):
        super().__init__()
        self.epochs = epochs
        self.before = 0
        self.bar = keras.utils.Progbar(n_networks * epochs, unit_name="epoch")

    def on_epoch_end(self, epoch, logs=None):
        """Move the bar by an epoch."""
        self.last, self.logs = epoch + 1, list(logs.items())
        self.bar.update(self.before + self.last, self.logs)

    def on_train_end(self, logs=None):
        """Move it past the epochs that early stopping has spared."""
        self.before += self.epochs
        if self.last < self.epochs:
            self.bar.update(self.before, self.logs)


def copies(callbacks):
    """Return copies of callbacks: training leaves its model in them, which a parameter must not hold."""
    callbacks = [] if callbacks is None else list(callbacks)
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                f"callbacks={callbacks!r} holds a {type(callback).__name__}, which is no "
                f"keras.callbacks.Callback. Hand callbacks of scikit-learn to set_callbacks."
            )
    return deepcopy(callbacks)


def progress(verbose, n_networks, epochs):
    """Return the callbacks that show how far the training of all networks is."""
    return [OneBar(n_networks, epochs)] if verbose == 1 else []
