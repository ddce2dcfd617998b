"""The description of the API, and a page to read and try it, served from our own files."""

from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from api.idempotency import SHOWN_ONCE
from api.platform.examples import add_examples

router = APIRouter(include_in_schema=False)

_PAGE: Final = Path(__file__).parent / "docs.html"


class ProblemBody(BaseModel):
    """RFC 9457. `code` is stable; `title` and `detail` are for people, in their language."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[dict[str, str]] = []


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    401: _problem("Not logged in, or the key is not known"),
    403: _problem("The role may not do this"),
    422: _problem("The request cannot be used as it is"),
    500: _problem("A failure on our side; `request_id` names it"),
    503: _problem("Come again after `Retry-After` seconds"),
}
_RATE: Final = {
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait"},
    "RateLimit": {"schema": {"type": "string"}, "description": "What is left: r, and t seconds"},
    "RateLimit-Policy": {"schema": {"type": "string"}, "description": "q requests in w seconds"},
}
TOO_MANY: Final = _problem("More requests than are answered in a minute") | {"headers": _RATE}
WAITS: Final[dict[int | str, dict[str, Any]]] = {
    202: _problem("Another person has to approve it: `detail` is the approval, `Location` too"),
}
_WITH_BODY: Final[dict[str, dict[str, Any]]] = {
    "400": _problem("The body cannot be read"),
    "409": _problem("Not possible now; `code` says why"),
    "413": _problem("More than 1 MB"),
    "415": _problem("Not JSON"),
}
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key again gets the first answer and does nothing",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[ -~]+$"},
}


def describe(app: FastAPI) -> None:
    """Make the description complete: errors of all routes, keys, and ways to log in."""
    app.state.openapi = None


@router.get("/api/v1/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    """The API as OpenAPI 3.1."""
    state = request.app.state
    if state.openapi is None:
        state.openapi = described(request.app)
    return JSONResponse(state.openapi)


@router.get("/api/docs")
async def docs() -> HTMLResponse:
    """The description, readable."""
    return HTMLResponse(_PAGE.read_text("utf-8"))


@router.get("/docs")
async def short_address() -> Response:
    """Where many look first."""
    return RedirectResponse("/api/docs", 307)


def described(app: FastAPI) -> dict[str, Any]:
    """The whole description: routes, errors, keys, ways to log in, an example of everything."""
    schema = get_openapi(title="Onhand", version="1", routes=app.routes)
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["ProblemBody"] = ProblemBody.model_json_schema()
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "onhand_session"},
    }
    for path, operations in schema["paths"].items():
        public = path.startswith(("/webhooks/", "/healthz", "/readyz"))
        for method, operation in operations.items():
            if not public:
                operation["security"] = [{"key": []}, {"session": []}]
            if public:
                continue
            operation["responses"].setdefault("429", TOO_MANY)
            operation["responses"].setdefault("404", _problem("There is no such thing"))
            if "{" in path:
                operation["responses"].setdefault("409", _WITH_BODY["409"])
            if method in ("post", "patch", "put", "delete"):
                for status, answer in _WITH_BODY.items():
                    operation["responses"].setdefault(status, answer)
            if path == "/metrics":
                operation["security"].append({})  # whoever asks from this machine
            if method == "post" and path not in SHOWN_ONCE:
                operation.setdefault("parameters", []).append(_KEY)
    add_examples(schema)
    return schema
