"""What happens to every request before and after its route: limits, the token, the log."""

import hmac
import logging
from time import perf_counter

from starlette.exceptions import HTTPException

from sklearn_anime.serve._problems import problem

LARGEST_BODY = 2**20  # bytes
OPEN = {"/", "/docs", "/health", "/openapi.json"}  # need no token, and tell nothing of users
logger = logging.getLogger("sklearn_anime.serve")


class BodyLimit:
    """Refuses bodies that are too large, by what they announce and by what arrives."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > LARGEST_BODY:
            await _too_large()(scope, receive, send)
            return
        arrived = 0

        async def counted():
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > LARGEST_BODY:
                raise HTTPException(413, _too_large_sentence())
            return message

        await self.app(scope, counted, send)


class BearerToken:
    """Lets nobody pass without the token, but to the pages and to the health."""

    def __init__(self, app, token):
        self.app = app
        self._expected = b"Bearer " + token.encode()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] in OPEN or self._is_valid(scope):
            await self.app(scope, receive, send)
            return
        refused = problem(
            401, "Send the token: Authorization: Bearer <token>.", {"WWW-Authenticate": "Bearer"}
        )
        await refused(scope, receive, send)

    def _is_valid(self, scope):
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._expected)


class Observed:
    """Counts and logs requests, by their route: who asked for what is in no log."""

    def __init__(self, app, metrics, log_history):
        self.app = app
        self._metrics = metrics
        self._log_history = log_history

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status, body = perf_counter(), 500, bytearray()

        async def watched_receive():
            message = await receive()
            if self._log_history:
                body.extend(message.get("body", b""))
            return message

        async def watched_send(message):
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, watched_receive, watched_send)
        finally:
            self._observe(scope, status, perf_counter() - start, bytes(body))

    def _observe(self, scope, status, seconds, body):
        method, route = scope["method"], getattr(scope.get("route"), "path", "none")
        method = method if route != "none" else "any"
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        logger.info("%s %s %d %.1f ms", method, route, status, 1e3 * seconds)
        if self._log_history:
            logger.info("%s %s", scope["path"], body.decode(errors="replace"))


class SafeHeaders:
    """Tells browsers to take each response for what it says it is, and to keep none."""

    HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def guarded_send(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.HEADERS]
            await send(message)

        await self.app(scope, receive, guarded_send if scope["type"] == "http" else send)


def _too_large():
    return problem(413, _too_large_sentence())


def _too_large_sentence():
    return f"The body is larger than {LARGEST_BODY:,} bytes. Send less of the history."
