"""What all estimators share: links to their pages, and fitted state that is stored in one step."""

from sklearn.utils.validation import validate_data


class EstimatorMixin:
    """Mixin of all estimators.

    In a notebook, the "?" and the parameters link to the API page.

    It stands left of ``BaseEstimator``, which would link to scikit-learn's site.

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> BiasRegressor()._get_doc_link().rpartition("/")[2]
    'sklearn_anime.baseline.BiasRegressor.html'
    """

    _doc_link_module = "sklearn_anime"
    _doc_link_template = "https://sklearn-anime.readthedocs.io/en/stable/api/generated/{estimator_module}.{estimator_name}.html"

    def _set_fitted(self, X=None, **fitted):
        """Set the fitted state, with the names and the number of the columns of ``X``, in one step.

        An interrupt finds the old state or the new one. Without ``X`` the columns stay.
        """
        new = object.__new__(type(self))
        new.__dict__.update(vars(self))
        if X is not None:
            validate_data(new, X, skip_check_array=True)
        new.__dict__.update(fitted)
        self.__dict__ = new.__dict__
        return self
