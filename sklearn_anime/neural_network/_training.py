"""The scikeras regressor that compiles, trains and seeds the network: all that touches scikeras."""

import logging
import os
from contextlib import contextmanager
from copy import deepcopy
from functools import partial

# TensorFlow's C++ side reports its fallbacks as errors; what does fail raises in Python.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from scikeras.utils.random_state import tf_disable_op_determinism, tf_enable_op_determinism
from scikeras.wrappers import KerasRegressor
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_anime.neural_network._model import build_network

# TensorFlow asks the environment once whether operations must be deterministic. scikeras changes the
# environment before it asks, and would leave them so; so ask first.
if not tf_enable_op_determinism():
    tf_disable_op_determinism()

DIVERGED = 100.0  # loss of standardised ratings; that of their mean is 1, or less
MIN_STEPS = 64  # of an epoch, where its batches would be large for the table
MIN_BATCH = 32  # rows


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
    callbacks,
    verbose,
    seed,
):
    """Train a network; the last `n_validation` rows are held out to stop it early.

    Parameters
    ----------
    X : ndarray of shape (n_rows, 2 + n_features)
        Codes of user and item, and standardised features.

    y : ndarray of shape (n_rows,)
        Standardised ratings.

    sample_weight : ndarray of shape (n_rows,)
        Weights of the rows.

    network : dict
        Arguments of `build_network`.

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
    batch_size = min(batch_size, max(n_rows // MIN_STEPS, MIN_BATCH))
    steps = -(-n_rows // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps * epochs)
    regressor = NetworkRegressor(
        partial(build_network, batch_size=batch_size, **network),
        optimizer=optimizer,
        optimizer__learning_rate=schedule,
        loss=loss,
        compile__weighted_metrics=[
            keras.metrics.MeanMetricWrapper(keras.losses.get(loss), name="error")
        ],
        batch_size=batch_size,
        epochs=epochs,
        validation_split=max(n_validation - 0.5, 0) / len(X),  # Keras rounds up to n_validation
        callbacks=[
            BuildOptimizer(),
            *_early_stopping(patience),
            *_progress(verbose, epochs),
            *callbacks,
        ],
        verbose=2 if verbose > 1 else 0,
        random_state=seed,
    )
    even = (sample_weight == sample_weight[0]).all()
    with quiet():
        regressor.fit(X, y, None if even else sample_weight / sample_weight.mean())
    _check_converged(regressor.history_["error"][-1], learning_rate)
    return regressor.model_, regressor.history_


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


class OneBar(keras.callbacks.Callback):
    """One progress bar for all epochs."""

    def __init__(self, epochs):
        super().__init__()
        self.bar = keras.utils.Progbar(epochs, unit_name="epoch")

    def on_epoch_end(self, epoch, logs=None):
        """Move the bar by an epoch."""
        self.bar.update(epoch + 1, list(logs.items()))


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


def _check_converged(loss, learning_rate):
    if not loss < DIVERGED:  # NaN too
        raise ValueError(
            f"Training diverged: the loss of the last epoch is {loss:.3g} where that "
            f"of the mean rating is at most 1. Lower learning_rate={learning_rate}."
        )


def _early_stopping(patience):
    if patience is None:
        return []
    return [
        keras.callbacks.EarlyStopping(
            "val_error", mode="min", patience=patience, restore_best_weights=True
        )
    ]


def _progress(verbose, epochs):
    return [OneBar(epochs)] if verbose == 1 else []
