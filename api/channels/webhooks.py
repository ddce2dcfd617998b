"""Messages that shops push: proven genuine, kept, and only then acknowledged."""

import json
from typing import Final

import structlog
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.channels.ports import Outside, OutsideOf
from db.shared.intake import Accepted, accept
from domain.shared.errors import IdempotencyMismatch, Rejected
from integrations.marketplaces.own_order import UnreadableOrder
from integrations.marketplaces.port import Push

log = structlog.get_logger()

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_UNREADABLE: Final = "unreadable"
_UNKNOWN_SHOP: Final = "unknown_shop"
_LONGEST_LOGGED: Final = 200


@router.post(
    "/own/{shop_id}",
    status_code=202,
    responses={
        401: {"description": "Signature wrong, missing or too old"},
        404: {"description": "No such shop"},
        409: {"description": "This message id came before with another body"},
        413: {"description": "Larger than 1 MB"},
        415: {"description": "Not JSON"},
        422: {"description": "Genuine, but not an order; `problems` lists field and problem"},
    },
)
async def own(shop_id: str, request: Request, outside: OutsideOf) -> Response:
    """An order of our own channel, as a Standard Webhook; 202 when it is kept for good."""
    body = await read(request, f"own/{shop_id}")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        return _problem(415, "unsupported_media_type", "The body must be application/json.")
    try:
        marketplace = await outside.adapters.pushing(shop_id, "own")
        push = marketplace.read_push(request.headers, body)
        kept = await _keep(outside, "own", shop_id, push, body)
    except UnreadableOrder as error:
        refused(request, f"own/{shop_id}", error.code, str(error))
        problems = [{"field": one.field, "problem": one.problem} for one in error.problems]
        return _problem(422, error.code, str(error), problems=problems)
    except Rejected as error:
        refused(request, f"own/{shop_id}", error.code, str(error))
        return _problem(404 if error.code == _UNKNOWN_SHOP else 401, error.code, str(error))
    except IdempotencyMismatch as error:
        refused(request, f"own/{shop_id}", "IdempotencyMismatch", str(error))
        return _problem(409, "IdempotencyMismatch", str(error))
    return JSONResponse({"id": push.message_id, "duplicate": kept.duplicate}, 202)


@router.post(
    "/shopify/{shop_id}",
    responses={
        400: {"description": "Not JSON, or without the headers Shopify sends"},
        401: {"description": "Signature wrong or missing"},
        404: {"description": "No such shop"},
        409: {"description": "This webhook id came before with another body"},
        413: {"description": "Larger than 1 MB"},
    },
)
async def shopify(shop_id: str, request: Request, outside: OutsideOf) -> Response:
    """An order of a Shopify shop; a genuine one that cannot be read is kept for a person."""
    source = f"shopify/{shop_id}"
    body = await read(request, source)
    try:
        marketplace = await outside.adapters.pushing(shop_id, "shopify")
        push = marketplace.read_push(request.headers, body)
    except Rejected as error:
        if error.code == "unknown_topic":
            log.info("webhook.ignored", source=source, reason=str(error))
            return Response(status_code=200)
        message_id = request.headers.get("x-shopify-webhook-id", "")
        if error.code != _UNREADABLE or not message_id or not _is_json(body):
            refused(request, source, error.code, str(error))
            return _errors(_SHOPIFY_STATUS.get(error.code, 401), str(error))
        push = Push(message_id, request.headers.get("x-shopify-topic", ""), "")
        log.warning("webhook.parked", source=source, message_id=message_id[:_LONGEST_LOGGED])
    try:
        await _keep(outside, "shopify", shop_id, push, body)
    except IdempotencyMismatch as error:
        refused(request, source, "IdempotencyMismatch", str(error))
        return _errors(409, str(error))
    return Response(status_code=200)


_SHOPIFY_STATUS: Final = {_UNKNOWN_SHOP: 404, _UNREADABLE: 400}


async def read(request: Request, source: str) -> bytes:
    """The raw body. Raises HTTPException 413, after saying so, when it is too large."""
    try:
        return await request.body()
    except HTTPException as error:
        refused(request, source, str(error.status_code), "the body is too large")
        raise


def refused(request: Request, source: str, code: str, reason: str) -> None:
    """One security log line; what was refused is not kept."""
    log.warning(
        "security.webhook_refused",
        source=source[:_LONGEST_LOGGED],
        code=code[:_LONGEST_LOGGED],
        reason=reason[:_LONGEST_LOGGED],
        client=request.client.host if request.client else "",
    )


async def _keep(outside: Outside, channel: str, shop_id: str, push: Push, body: bytes) -> Accepted:
    async with outside.sessions.begin() as session:
        return await accept(
            session,
            outside.vault,
            source=channel,
            shop_id=shop_id,
            channel=channel,
            message_id=push.message_id,
            topic=push.topic,
            external_no=push.external_no,
            raw=body,
        )


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _problem(status: int, code: str, detail: str, **more: object) -> Response:
    """RFC 9457."""
    problem = {"type": "about:blank", "status": status, "code": code, "detail": detail, **more}
    return JSONResponse(problem, status, media_type="application/problem+json")


def _errors(status: int, text: str) -> Response:
    """Shopify's own form of an error."""
    return JSONResponse({"errors": text}, status)
