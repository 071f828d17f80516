"""What the estimators of networks share: callbacks, the trained models and the curves of training."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_anime.utils._sklearn import CallbackSupportMixin


class NetworkMixin(CallbackSupportMixin):
    """Mixin of estimators with the networks of ``_ensemble`` and the curves of their training."""

    @property
    def models_(self):
        """The trained Keras models."""
        check_is_fitted(self)
        return [network.model for network in self._ensemble.networks]

    @property
    def model_(self):
        """The first of them."""
        return self.models_[0]

    @property
    def n_iter_(self):
        """Number of epochs, over all fits that continued the training."""
        return len(self.loss_curve_)

    def _start_callbacks(self, X, y):
        """Return the context of scikit-learn's callbacks, which are told of each epoch."""
        context = self._init_callback_context(max_subtasks=self.n_estimators * self.epochs)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        return context

    def _watch(self, training, context):
        """Return what makes the callbacks of each network."""
        shown = training.progress(self.verbose, self.n_estimators, self.epochs)
        return lambda: [*shown, *training.copies(self.callbacks), training.Epochs(self, context)]

    def _curves(self, curves, goes_on, unit=1.0):
        """Return the attributes of the training errors, in a unit, after those of earlier fits."""
        losses = [unit * error for error in curves["error"]]
        gaps = [np.nan] * len(losses)
        held_out = [unit * error for error in curves.get("val_error", gaps)]
        best = int(np.argmin(held_out)) + 1 if "val_error" in curves else len(losses)
        if goes_on:
            best += self.n_iter_
            held_out = (self.validation_curve_ or [np.nan] * self.n_iter_) + held_out
            losses = self.loss_curve_ + losses
        return {
            "loss_curve_": losses,
            "validation_curve_": None if np.isnan(held_out).all() else held_out,
            "best_epoch_": best,
        }
