"""The Keras callbacks that steer a training, or tell of it."""

from copy import deepcopy

import keras


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
