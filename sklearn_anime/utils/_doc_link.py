"""The way from an estimator in a notebook to its page in the documentation."""


class DocLinkMixin:
    """Mixin of all estimators: in a notebook, the "?" and the parameters link to the API page.

    It stands left of ``BaseEstimator``, which would link to scikit-learn's site.

    Examples
    --------
    >>> from sklearn_anime.baseline import BiasRegressor
    >>> BiasRegressor()._get_doc_link().rpartition("/")[2]
    'sklearn_anime.baseline.BiasRegressor.html'
    """

    _doc_link_module = "sklearn_anime"
    _doc_link_template = "https://sklearn-anime.readthedocs.io/en/stable/api/generated/{estimator_module}.{estimator_name}.html"
