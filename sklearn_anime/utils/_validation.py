"""Checks of arguments of methods, which scikit-learn's parameter constraints do not reach."""

from inspect import signature
from numbers import Integral

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import check_scalar


def check_count(value, name):
    """Return a number of items, users or terms as an int, 1 or more."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be an instance of int, not bool: {name}={value!r}.")
    return int(check_scalar(value, name, Integral, min_val=1))


def check_flag(value, name):
    """Return a switch as a bool."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r} of type {type(value).__name__}.")
    return bool(value)


def check_predicts(estimator, name):
    """Raise where an estimator that is to be fitted cannot predict numbers afterwards.

    Some regressors, such as a stack with the default final estimator, have ``predict`` once fitted.
    """
    if is_classifier(estimator):
        raise TypeError(
            f"{name}={estimator} predicts classes, which have no order to rank by. Give a regressor."
        )
    if not (hasattr(estimator, "predict") or is_regressor(estimator)):
        raise TypeError(f"{name}={estimator} has no method `predict`. Give a regressor.")


def check_unchanged(estimator, fitted):
    """Raise where parameters that a continued fit has to keep differ from those of ``fit``.

    `fitted` maps the names of the parameters to their values in ``fit``.
    """
    for name, before in fitted.items():
        now = getattr(estimator, name)
        if before is not now and before != now:
            raise ValueError(
                f"{name} was {before!r} in fit and is {now!r} now, but partial_fit goes on from that "
                f"fit. Call fit with all rows, or set {name} back."
            )


def check_takes_weights(estimator):
    """Raise where the ``fit`` of an estimator does not take sample weights, by name or among others."""
    if estimator is None:
        return
    parameters = signature(estimator.fit).parameters.values()
    if not any(each.name == "sample_weight" or each.kind is each.VAR_KEYWORD for each in parameters):
        raise ValueError(
            f"sample_weight was given, but the fit of {type(estimator).__name__} takes none. Leave it "
            f"out, or choose an estimator that takes it."
        )
