"""Checks that tell whether a class is a recommender, in the manner of scikit-learn's common checks.

They fit the recommender to a small table and compare what it answers with the contract of
:class:`~sklearn_anime.base.RecommenderMixin`. scikit-learn's own
:func:`~sklearn.utils.estimator_checks.check_estimator` tells whether it is an estimator.
"""

import re
import warnings
from collections.abc import Callable
from functools import partial
from unittest import SkipTest

from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.exceptions import EstimatorCheckFailedWarning, SkipTestWarning

import sklearn_anime.utils._model_checks
import sklearn_anime.utils._ranking_checks  # noqa: F401  both register checks
from sklearn_anime.utils._check_tools import CHECKS
from sklearn_anime.utils._sklearn import StrOptions, validate_params

__all__ = ["check_recommender", "parametrize_with_recommender_checks"]


@validate_params(
    {
        "expected_failed_checks": [dict, None],
        "on_skip": [StrOptions({"warn"}), None],
        "on_fail": [StrOptions({"raise", "warn"}), None],
    },
    prefer_skip_nested_validation=False,
)
def check_recommender(
    estimator: BaseEstimator,
    *,
    expected_failed_checks: dict[str, str] | None = None,
    on_skip: str | None = "warn",
    on_fail: str | None = "raise",
) -> list:
    """Check whether an estimator keeps the contract of recommenders.

    Parameters
    ----------
    estimator : recommender
        The instance to check; it is cloned. Its parameters `user` and `item`, if it has any, are set to
        the columns of the tables of the checks, and every `random_state` to 0.

    expected_failed_checks : dict of str to str, default=None
        Names of checks that may fail, and why.

    on_skip : {"warn"} or None, default="warn"
        Whether to warn of a check that cannot run, since a library is not installed.

    on_fail : {"raise", "warn"} or None, default="raise"
        Whether to raise the error of the first check that fails, or to warn of each, or neither.

    Returns
    -------
    list of dict
        For each check ``estimator``, ``check_name``, ``exception``, ``status`` (``"passed"``,
        ``"failed"``, ``"xfail"`` or ``"skipped"``), ``expected_to_fail`` and
        ``expected_to_fail_reason``, as :func:`sklearn.utils.estimator_checks.check_estimator` returns
        them.

    See Also
    --------
    parametrize_with_recommender_checks : The same as a parametrized test of pytest.

    Examples
    --------
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> from sklearn_anime.utils.estimator_checks import check_recommender
    >>> results = check_recommender(PopularityRecommender(), on_skip=None)
    >>> {result["status"] for result in results} <= {"passed", "skipped"}
    True
    """
    _check_is_instance(estimator)
    expected, results = expected_failed_checks or {}, []
    for check in _checks_of(estimator):
        result = _run(estimator, check, expected)
        results.append(result)
        if result["status"] == "failed" and on_fail == "raise":
            raise result["exception"]
        if result["status"] in ("failed", "xfail") and on_fail == "warn":
            warnings.warn(EstimatorCheckFailedWarning(**result), stacklevel=2)
        if result["status"] == "skipped" and on_skip == "warn":
            message = f"Skipping check {result['check_name']}: {result['exception']}"
            warnings.warn(message, SkipTestWarning, stacklevel=2)
    return results


def parametrize_with_recommender_checks(
    estimators: list,
    *,
    expected_failed_checks: Callable | None = None,
    xfail_strict: bool | None = None,
) -> Callable:
    """Run a test of pytest with each recommender and each of its checks.

    Parameters
    ----------
    estimators : list of recommenders
        The instances to check.

    expected_failed_checks : callable, default=None
        From an estimator to a dict of the names of checks that may fail, and why. They are marked as
        expected failures.

    xfail_strict : bool, default=None
        Whether an expected failure that passes is an error; None leaves it to pytest's configuration.

    Returns
    -------
    decorator
        A ``pytest.mark.parametrize`` of the arguments ``estimator`` and ``check``.

    See Also
    --------
    check_recommender : Run all checks of one recommender.

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
    >>> from sklearn_anime.utils.estimator_checks import parametrize_with_recommender_checks
    >>> @parametrize_with_recommender_checks([PopularityRecommender(), BiasRegressor(shrinkage=1.0)])
    ... def test_recommender_keeps_the_contract(estimator, check):
    ...     check(estimator)
    """
    import pytest

    strict = {} if xfail_strict is None else {"strict": xfail_strict}
    parameters = []
    for estimator in estimators:
        _check_is_instance(estimator)
        expected = {} if expected_failed_checks is None else expected_failed_checks(estimator)
        for check in _checks_of(estimator):
            reason = expected.get(check.func.__name__)
            marks = [] if reason is None else [pytest.mark.xfail(reason=reason, **strict)]
            name = f"{_short(estimator)}-{check.func.__name__}"
            parameters.append(pytest.param(estimator, check, marks=marks, id=name))
    return pytest.mark.parametrize(("estimator", "check"), parameters)


def _checks_of(estimator):
    """Return the checks of an estimator, as functions of it alone."""
    name = type(estimator).__name__
    return [partial(check, name) for check in CHECKS if check.applies(estimator)]


def _run(estimator, check, expected):
    """Return the result of a check."""
    name, error, status = check.func.__name__, None, "passed"
    try:
        check(estimator)
    except SkipTest as skipped:
        error, status = skipped, "skipped"
    except Exception as failed:
        error, status = failed, "xfail" if name in expected else "failed"
    return {
        "estimator": estimator,
        "check_name": name,
        "exception": error,
        "status": status,
        "expected_to_fail": name in expected,
        "expected_to_fail_reason": expected.get(name, "Check is not expected to fail"),
    }


def _check_is_instance(estimator):
    if isinstance(estimator, type):
        raise TypeError(
            f"{estimator.__name__} is a class. Pass an instance of it: {estimator.__name__}()."
        )


def _short(estimator):
    """Return an estimator in one line."""
    with config_context(print_changed_only=True):
        return re.sub(r"\s", "", str(estimator))
