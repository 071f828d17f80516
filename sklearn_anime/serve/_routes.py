"""The addresses of the service."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from sklearn_anime.serve import _schemas as schemas
from sklearn_anime.serve._pages import page
from sklearn_anime.serve._problems import Problem
from sklearn_anime.serve._service import Service

PROBLEM = {"content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}
PROBLEMS = {"4XX": {"description": "What is wrong with the request.", **PROBLEM}}
NO_EXPLANATIONS = {501: {"description": "The model does not explain its scores.", **PROBLEM}}


async def service_of(request: Request) -> Service:
    """Return the service of the application."""
    return request.app.state.service


TheService = Annotated[Service, Depends(service_of)]
HowMany = Annotated[int, Query(ge=1, le=schemas.MOST_ITEMS, description="How many items.")]

pages = APIRouter(include_in_schema=False)
router = APIRouter(responses=PROBLEMS)


@pages.get("/")
async def index() -> Response:
    """Return the page for users."""
    return page("index.html")


@pages.get("/docs")
async def docs() -> Response:
    """Return the page for programmers."""
    return page("docs.html")


@pages.get("/metrics")
async def metrics(service: TheService) -> Response:
    """Return what Prometheus collects."""
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/health")
async def health(service: TheService) -> schemas.Health:
    """Say what is served, and what is wrong with a newer file."""
    return service.health()


@router.get("/recommendations/{user:path}")
async def recommend_to_user(
    user: str, service: TheService, n_items: HowMany = 10
) -> schemas.Recommendations:
    """Recommend items to a user whom the model knows; popular ones to anybody else."""
    return await service.recommend_to(user, n_items)


@router.post("/recommendations")
async def recommend(
    request: schemas.RecommendationRequest, service: TheService
) -> schemas.Recommendations:
    """Recommend items to a user with a history."""
    return await service.recommend(request)


@router.post("/explanations", responses=NO_EXPLANATIONS)
async def explain(request: schemas.ExplanationRequest, service: TheService) -> schemas.Explanations:
    """Say what the scores of some items are made of, for a user with a history."""
    return await service.explain(request)


@router.get("/items")
async def search(
    service: TheService,
    search: Annotated[str, Query(max_length=200, description="Part of the name.")] = "",
    n_items: HowMany = 20,
) -> schemas.Items:
    """Search items by name; without a text, list popular ones."""
    return await service.search(search, n_items)


@router.get("/items/{item:path}/similar")
async def similar(item: str, service: TheService, n_items: HowMany = 10) -> schemas.SimilarItems:
    """Find the items most similar to one."""
    return await service.similar(item, n_items)
