"""Find the estimators of the package, as ``sklearn.utils.discovery`` does for scikit-learn."""

import importlib
import inspect
import pkgutil

from sklearn.base import BaseEstimator


def all_estimators():
    """List every public estimator of the package.

    Returns
    -------
    list of (str, type)
        Name and class, sorted by name.

    Examples
    --------
    >>> from sklearn_anime.utils.discovery import all_estimators
    >>> "BiasRegressor" in dict(all_estimators())
    True
    """
    import sklearn_anime

    found = {}
    for package in pkgutil.iter_modules(sklearn_anime.__path__, "sklearn_anime."):
        if not package.ispkg:
            continue
        module = importlib.import_module(package.name)
        for name in module.__all__:
            member = getattr(module, name)
            if inspect.isclass(member) and issubclass(member, BaseEstimator):
                found[name] = member
    return sorted(found.items())
