"""The public way to make a service; the web framework is imported when it is called."""

import os
from collections.abc import Sequence
from typing import Any

from sklearn_anime.utils._optional import import_optional


def make_app(
    model: Any,
    catalog: Any = None,
    *,
    names: str | None = None,
    genres: str | None = None,
    token: str | None = None,
    allow_origins: Sequence[str] = (),
    log_history: bool = False,
) -> Any:
    """Make a web application of a fitted recommender.

    It answers recommendations, similar items, explanations and a search over HTTP, and has a page for
    users at ``/`` and one for programmers at ``/docs``. ``python -m sklearn_anime.serve`` runs it.

    Parameters
    ----------
    model : estimator, str or path
        A fitted recommender (or a Pipeline or search that ends in one), or a file that
        :func:`sklearn_anime.io.dump` has written. A file is watched: a new one is served as soon as it
        is there, and one that cannot be read leaves the old model in place.

    catalog : DataFrame, str or path, default=None
        Names and genres of the items: a CSV file whose first column has the ids, or a DataFrame that
        has them in a column with the name of the item column of ``fit``, else in its index.

    names : str, default=None
        Column of the catalog with the names of items. None finds it.

    genres : str, default=None
        Column of the catalog with the genres of items, separated by commas or bars. None finds it.

    token : str, default=None
        What clients must send as a bearer token. None asks for none.

    allow_origins : sequence of str, default=()
        Origins of other web pages that may call the service (CORS).

    log_history : bool, default=False
        Whether logs have the ids of users and the histories that they send.

    Returns
    -------
    fastapi.FastAPI
        An ASGI application, for uvicorn or another server.

    Raises
    ------
    ImportError
        If the extra ``serve`` is not installed.

    sklearn_anime.io.ModelFileError
        If the file is not the file of a model.

    See Also
    --------
    sklearn_anime.io.dump : Writes the file of a model.

    Examples
    --------
    >>> from fastapi.testclient import TestClient
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> from sklearn_anime.serve import make_app
    >>> model = PopularityRecommender().fit([["ann", "Akira"], ["bob", "Akira"], ["bob", "Bleach"]])
    >>> with TestClient(make_app(model)) as client:
    ...     answer = client.post("/recommendations", json={"history": [{"item": "Akira"}]}).json()
    >>> [each["item"] for each in answer["recommendations"]]
    ['Bleach']
    """
    for module in ("fastapi", "prometheus_client"):
        import_optional(module, extra="serve", purpose="sklearn_anime.serve")
    from sklearn_anime.serve._app import build_app
    from sklearn_anime.serve._models import ModelSlot

    slot = ModelSlot(_path_or_object(model), _path_or_object(catalog), names=names, genres=genres)
    return build_app(slot, token=token, allow_origins=allow_origins, log_history=log_history)


def _path_or_object(value):
    return os.fspath(value) if isinstance(value, (str, os.PathLike)) else value
