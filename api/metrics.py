"""What happened to requests: a number, a line in the log, and counters."""

import re
import time
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import path_of
from api.deps import new_request_id
from api.errors import unexpected
from api.headers import headers_of, new_nonce

log = structlog.get_logger()

REGISTRY: Final = CollectorRegistry()
REQUESTS: Final = Counter(
    "onhand_http_requests", "Answered requests", ["method", "route", "status"], registry=REGISTRY
)
SECONDS: Final = Histogram(
    "onhand_http_request_seconds", "Time to the first byte", ["route"], registry=REGISTRY
)
STREAMS: Final = Gauge("onhand_live_streams", "Open live pages", registry=REGISTRY)
UNKNOWN_SCANS: Final = Counter(
    "onhand_unknown_scans", "Pushed scans whose code nobody knows", ["carrier"], registry=REGISTRY
)
_GIVEN_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET: Final = ("/static/", "/healthz", "/readyz", "/metrics")


class Requests:
    """Names every request, counts and logs its answer, and adds the headers of a careful site."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else new_request_id()
        scope.setdefault("state", {}).update(request_id=request_id, nonce=new_nonce())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()

        begun = False

        async def answered(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in headers_of(HTTPConnection(scope)).items():
                    headers.setdefault(name, value)
                _count(scope, message["status"], time.perf_counter() - started)
            await send(message)

        try:
            await self._app(scope, receive, answered)
        except ClientDisconnect:
            log.info("request.hung_up", path=scope["path"][:200])  # nobody is there to be answered
        except Exception as error:
            if begun:
                raise  # too late for an answer: the server closes the connection
            failed = await unexpected(Request(scope), error)
            await failed(scope, receive, answered)


def _count(scope: Scope, status: int, seconds: float) -> None:
    path = path_of(HTTPConnection(scope)) or "other"
    REQUESTS.labels(scope["method"][:10], path, str(status)).inc()
    SECONDS.labels(path).observe(seconds)
    if not scope["path"].startswith(_QUIET):
        looked = scope["method"] in ("GET", "HEAD") and status < 400
        tell = log.debug if looked else log.info  # a log of what changed or went wrong
        tell(
            "request.answered", method=scope["method"][:10], path=scope["path"][:200],
            status=status, ms=round(seconds * 1000, 1),
        )  # fmt: skip
