"""Whether the process lives, whether it can work, and what it counted."""

import ipaddress
from typing import Literal

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from api.deps import NotConnected, SessionsOf, Who
from api.errors import RETRY_AFTER_S, Problem
from api.metrics import REGISTRY
from domain.platform.permissions import Permission

router = APIRouter(tags=["process"])


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """`temporal` is told, not required: messages are taken in without it."""

    status: Literal["ok", "unavailable"]
    database: bool
    temporal: bool


@router.get("/healthz")
async def healthz() -> Alive:
    """The process answers."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Ready, "description": "No database"}})
async def readyz(request: Request, sessions: SessionsOf) -> Response:
    """The process can take orders in: its database answers."""
    temporal = not isinstance(request.app.state.temporal, NotConnected)
    try:
        async with sessions.begin() as session:
            await (await session.connection()).execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        told = Ready(status="unavailable", database=False, temporal=temporal)
        return JSONResponse(told.model_dump(), 503, {"Retry-After": str(RETRY_AFTER_S)})
    return JSONResponse(Ready(status="ok", database=True, temporal=temporal).model_dump())


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, who: Who) -> Response:
    """Prometheus' text form; for this machine, or with a role that may read it."""
    if not (_is_local(request) or who.may(Permission.READ_METRICS)):
        raise Problem("NotAllowed", 403)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request) -> bool:
    if "x-forwarded-for" in request.headers or request.client is None:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
