"""The application: the service behind its routes, with what guards them."""

from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

import sklearn_anime
from sklearn_anime.serve._metrics import Metrics
from sklearn_anime.serve._middleware import BearerToken, BodyLimit, Observed, SafeHeaders
from sklearn_anime.serve._problems import add_problem_handlers
from sklearn_anime.serve._routes import pages, router
from sklearn_anime.serve._service import Service

DESCRIPTION = "Recommendations of a model of sklearn-anime. Ids are numbers or text."


def build_app(slot, *, token=None, allow_origins=(), log_history=False):
    """Return the application that serves the model of a slot.

    Parameters
    ----------
    slot : ModelSlot
        The model.

    token, allow_origins, log_history
        As in `make_app`.
    """
    metrics = Metrics()
    service = Service(slot, metrics)

    @asynccontextmanager
    async def lifespan(app):
        async with service:
            yield

    app = FastAPI(
        title="sklearn-anime",
        version=sklearn_anime.__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    app.include_router(pages)
    app.include_router(router)
    add_problem_handlers(app)
    # The last one that is added sees a request first.
    app.add_middleware(BodyLimit)
    app.add_middleware(SafeHeaders)
    if token is not None:
        app.add_middleware(BearerToken, token=token)
    if allow_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(allow_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )
    app.add_middleware(Observed, metrics=metrics, log_history=log_history)
    return app
