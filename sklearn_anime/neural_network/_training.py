"""The scikeras regressor that compiles, trains and seeds the network: all that touches scikeras."""

import logging
from contextlib import contextmanager
from functools import partial
from math import ceil
from threading import RLock

import keras
import numpy as np
from scikeras.utils.random_state import tf_disable_op_determinism, tf_enable_op_determinism
from scikeras.wrappers import KerasRegressor
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_anime.neural_network._callbacks import BuildOptimizer, MoveByShares, StopDiverging
from sklearn_anime.neural_network._model import build_network

# TensorFlow asks the environment once whether operations must be deterministic. scikeras changes the
# environment before it asks, and would leave them so; so ask first.
if not tf_enable_op_determinism():
    tf_disable_op_determinism()

DIVERGED = 10.0  # loss, as a multiple of that of the mean rating
N_CHECKED = 8192  # rows that a trained network is checked on
MIN_STEPS = 32  # of an epoch, where its batches would be large for the table
MAX_STEPS = 256  # of an epoch of automatic batches: each step passes over the vectors of all ids
AUTO_BATCH = 8192  # rows, where that makes no more steps
MIN_BATCH = 32  # rows
ONE_AT_A_TIME = RLock()  # seeds and the level of the log are those of the process


class InputSplitter(TransformerMixin, BaseEstimator):
    """Split the columns of an array into the named inputs of the network."""

    def fit(self, X, y=None):
        """Return this transformer."""
        return self

    def transform(self, X):
        """Return codes of users and items and, where there are any, features."""
        inputs = {"user": X[:, 0].astype(np.int32), "item": X[:, 1].astype(np.int32)}
        if X.shape[1] > 2:
            inputs["features"] = X[:, 2:].astype(np.float32)
        return inputs


class NetworkRegressor(KerasRegressor):
    """A scikeras regressor over columns of user code, item code and features."""

    @property
    def feature_encoder(self):
        """Transformer from an array to the named inputs of the network."""
        return InputSplitter()


def train_network(
    X,
    y,
    sample_weight,
    *,
    network,
    optimizer,
    learning_rate,
    loss,
    epochs,
    batch_size,
    n_validation,
    patience,
    shares,
    callbacks,
    verbose,
    seed,
):
    """Train a network; the last `n_validation` rows are held out to stop it early.

    Parameters
    ----------
    X : ndarray of shape (n_rows, 2 + n_features)
        Codes of user and item, and standardized features.

    y : ndarray of shape (n_rows,)
        Standardized ratings.

    sample_weight : ndarray of shape (n_rows,)
        Weights of the rows.

    network : dict
        Arguments of `build_network`.

    shares : dict of str to ndarray of shape (n_codes + 1, 1), or None
        How far the rows of ``"user"`` and ``"item"``, of which the last is that of the unknown and of
        all else, move from where they start; None for all the way.

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
    n_rows = len(X) - n_validation
    batch_size, steps = even_batches(n_rows, batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps * epochs)
    error = keras.losses.get(loss)
    regressor = NetworkRegressor(
        partial(build_network, batch_size=batch_size, seed=seed, **network),
        optimizer=optimizer,
        optimizer__learning_rate=schedule,
        loss=loss,
        compile__weighted_metrics=[keras.metrics.MeanMetricWrapper(error, name="error")],
        batch_size=batch_size,
        epochs=epochs,
        validation_split=max(n_validation - 0.5, 0) / len(X),  # Keras rounds up to n_validation
        callbacks=[
            BuildOptimizer(),
            *([] if shares is None else [MoveByShares(shares)]),
            StopDiverging(_worst_loss(y, error)),
            *([_early_stopping(patience)] if n_validation else []),
            *callbacks,
        ],
        verbose=2 if verbose > 1 else 0,
        random_state=seed,
    )
    even = (sample_weight == sample_weight[0]).all()
    with ONE_AT_A_TIME, quiet():
        regressor.fit(X, y, None if even else sample_weight / sample_weight.mean())
    _check_converged(regressor.model_, X[:N_CHECKED], y[:N_CHECKED], error, learning_rate)
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


def _worst_loss(y, error):
    return DIVERGED * max(1.0, float(error(y, np.zeros_like(y))))


def _check_converged(model, X, y, error, learning_rate):
    rated = model(InputSplitter().transform(X), training=False)
    loss = float(error(y, np.asarray(rated).ravel()))
    if not loss <= _worst_loss(y, error):  # NaN too
        raise ValueError(
            f"Training diverged: the loss of standardized ratings is {loss:.3g}, more than "
            f"{DIVERGED:g} times that of their mean. Lower learning_rate={learning_rate}."
        )


def _early_stopping(patience):
    return keras.callbacks.EarlyStopping(
        "val_error", mode="min", patience=patience, restore_best_weights=True
    )
