"""Errors as problem details (RFC 9457), in the sentences of the package."""

from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from sklearn_anime.serve._errors import RequestError

SHOWN = 3  # errors of a body that are named
NO_OBJECT = {"json_invalid", "model_attributes_type", "model_type", "dict_type"}


class Problem(BaseModel):
    """What went wrong with a request (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(description="The name of the status.")
    status: int = Field(description="The status code.")
    detail: str = Field(description="What is wrong with this request, and what to do about it.")


class ProblemResponse(JSONResponse):
    """A response with problem details."""

    media_type = "application/problem+json"


def problem(status, detail, headers=None):
    """Return the response for a status and a sentence."""
    content = Problem(title=HTTPStatus(status).phrase, status=int(status), detail=detail)
    return ProblemResponse(content.model_dump(), status, headers)


def add_problem_handlers(app):
    """Let an application answer all errors with problem details."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(Exception, _failed)


async def _http_error(request, error):
    return problem(error.status_code, _sentence(error.detail), error.headers)


async def _invalid(request, error):
    errors = error.errors()
    said = [_said(each) for each in errors[:SHOWN]]
    if len(errors) > SHOWN:
        said.append(f"and {len(errors) - SHOWN} more")
    return problem(422, _sentence("; ".join(said)))


async def _refused(request, error):
    return problem(error.status, error.detail, {"Retry-After": "1"} if error.status == 503 else None)


async def _failed(request, error):
    return problem(500, "The service failed. Its log says why.")


def _said(error):
    """Return where in a request an error is, and what is wrong there."""
    if error["type"] in NO_OBJECT:
        return "The body is no JSON object. Send one, with Content-Type: application/json"
    kind, *parts = error["loc"]
    return f"{'.'.join(map(str, parts)) or kind}: {error['msg'].removeprefix('Value error, ')}"


def _sentence(text):
    text = str(text)
    return text if text.endswith((".", "?", "!")) else f"{text}."
