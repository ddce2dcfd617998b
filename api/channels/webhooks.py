"""Messages that shops push: proven genuine, kept, and only then acknowledged."""

from typing import Final

import structlog
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.channels.ports import Outside, OutsideOf
from db.shared.after_sales import take_after_sale
from db.shared.intake import Accepted, accept, accept_at_once
from domain.shared.errors import IdempotencyMismatch, Rejected
from integrations.marketplaces.port import MISMATCH, DoorAnswer, Push, Pushed

log = structlog.get_logger()

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

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
        503: {"description": "The shop's credentials are missing here; send again later"},
    },
)
async def own(shop_id: str, request: Request, outside: OutsideOf) -> Response:
    """An order of our own channel, as a Standard Webhook; 202 when it is kept for good."""
    return await _enter("own", shop_id, request, outside)


@router.post(
    "/{channel}/{shop_id}",
    responses={
        400: {"description": "Not in the vendor's form"},
        401: {"description": "Signature wrong or missing"},
        404: {"description": "No such shop"},
        409: {"description": "This message id came before with another body"},
        413: {"description": "Larger than 1 MB"},
        503: {"description": "The shop's credentials are missing here; send again later"},
    },
)
async def vendor(channel: str, shop_id: str, request: Request, outside: OutsideOf) -> Response:
    """What a marketplace tells about one of our shops; answers are in the marketplace's form."""
    return await _enter(channel, shop_id, request, outside)


@router.get(
    "/{channel}/{shop_id}",
    responses={401: {"description": "Signature wrong"}, 404: {"description": "No such shop"}},
)
async def check(channel: str, shop_id: str, request: Request, outside: OutsideOf) -> Response:
    """A marketplace's look whether this address is ours."""
    return await _enter(channel, shop_id, request, outside)


async def _enter(channel: str, shop_id: str, request: Request, outside: Outside) -> Response:
    source = f"{channel}/{shop_id}"
    body = await read(request, source)
    headers = {name.lower(): value for name, value in request.headers.items()}
    pushed = Pushed(headers, body, dict(request.query_params), request.method)
    try:
        marketplace = await outside.adapters.pushing(shop_id, channel)
    except Rejected as error:
        refused(request, source, error.code, str(error))
        status = 404 if error.code == _UNKNOWN_SHOP else 503
        return problem(status, error.code, str(error))
    try:
        duplicate = await _keep(outside, channel, shop_id, marketplace.read_pushes(pushed), body)
    except Rejected as error:
        refused(request, source, error.code, str(error))
        return response(marketplace.refuse(error))
    except IdempotencyMismatch as error:
        refused(request, source, MISMATCH, str(error))
        return response(marketplace.refuse(Rejected(str(error), code=MISMATCH, system=channel)))
    return response(marketplace.acknowledge(pushed, duplicate=duplicate))


async def _keep(
    outside: Outside, channel: str, shop_id: str, pushes: tuple[Push, ...], body: bytes
) -> bool:
    """Keep all in one transaction; whether each was kept before."""
    if len(pushes) == 1 and await _keep_at_once(outside, channel, shop_id, pushes[0], body):
        return False
    kept: list[Accepted] = []
    async with outside.sessions.begin() as session:
        for push in pushes:
            kept.append(
                await accept(
                    session,
                    outside.vault,
                    source=channel,
                    shop_id=shop_id,
                    channel=channel,
                    message_id=push.message_id,
                    topic=push.topic,
                    external_no=push.external_no,
                    raw=push.raw or body,
                    parked_reason=push.parked_reason,
                )
            )
            if push.after_sale is not None:
                await take_after_sale(session, outside.vault, channel, shop_id, push.after_sale)
    return bool(kept) and all(one.duplicate for one in kept)


async def _keep_at_once(
    outside: Outside, channel: str, shop_id: str, push: Push, body: bytes
) -> bool:
    """The usual message in one round trip; False when it has to be looked at closer."""
    if push.parked_reason or push.after_sale is not None:
        return False
    async with outside.sessions() as session:
        kept = await accept_at_once(
            session,
            outside.vault,
            source=channel,
            shop_id=shop_id,
            channel=channel,
            message_id=push.message_id,
            topic=push.topic,
            external_no=push.external_no,
            raw=push.raw or body,
        )
    return kept is not None


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


def response(answer: DoorAnswer) -> Response:
    """A marketplace's own answer, as it is."""
    return Response(answer.body, answer.status, media_type=answer.content_type)


def problem(status: int, code: str, detail: str) -> Response:
    """RFC 9457."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")
