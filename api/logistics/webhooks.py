"""Scans that carriers push: proven genuine, kept once, acknowledged in the vendor's form."""

import secrets
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.channels.ports import Outside, OutsideOf
from api.channels.webhooks import read, refused
from api.metrics import UNKNOWN_SCANS
from db.logistics.repository import following_ended, record_facts
from domain.logistics.tracking import ParcelStatus
from domain.shared.errors import Rejected
from integrations.carriers.port import Carrier

log = structlog.get_logger()

router = APIRouter(prefix="/webhooks/carriers", tags=["webhooks"])

_LONGEST_LOGGED: Final = 100
_WRONG_ADDRESS: Final = "wrong_address"


_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "Cannot be read"},
    401: {"description": "Signature wrong"},
    404: {"description": "No such carrier, or not the address it was given"},
    413: {"description": "Larger than 1 MB"},
}


@router.post("/{code}", responses=_RESPONSES)
async def signed(code: str, request: Request, outside: OutsideOf) -> Response:
    """Scans of a carrier that signs what it tells; answers are in the carrier's form."""
    return await _enter(code, "", request, outside)


@router.post("/{code}/{push_secret}", responses=_RESPONSES)
async def unsigned(code: str, push_secret: str, request: Request, outside: OutsideOf) -> Response:
    """Scans of a carrier that does not sign: knowing the address is the proof."""
    return await _enter(code, push_secret, request, outside)


async def _enter(code: str, push_secret: str, request: Request, outside: Outside) -> Response:
    body = await read(request, code)
    try:
        account = await outside.adapters.account(code)
    except Rejected as error:
        refused(request, code, error.code, str(error))
        return Response(status_code=404)
    carrier = account.carrier
    try:
        if not carrier.signs_pushes and not _same(push_secret, account.push_secret):
            text = "this is not the address the carrier was given"
            raise Rejected(text, code=_WRONG_ADDRESS, system="onhand")
        return await _take(outside, carrier, request, body)
    except Rejected as error:
        refused(request, code, error.code, str(error))
        answer = carrier.refuse_push(error)
        status = 404 if error.code == _WRONG_ADDRESS else answer.status_code
        return Response(answer.body, status, media_type=answer.content_type)


async def _take(outside: Outside, carrier: Carrier, request: Request, body: bytes) -> Response:
    answer = carrier.read_push(request.headers, body)
    async with outside.sessions.begin() as session:
        recorded = await record_facts(session, carrier.code, answer.facts)
        await following_ended(session, answer.given_up)
    for fact in answer.facts:
        if fact.status is ParcelStatus.UNKNOWN:
            UNKNOWN_SCANS.labels(carrier.code).inc()
            log.warning("tracking.unknown_code", carrier=carrier.code, code=fact.vendor_code[:100])
    if recorded.unknown:
        log.warning(
            "tracking.unknown_waybill",
            carrier=carrier.code,
            count=len(recorded.unknown),
            waybills=[waybill[:_LONGEST_LOGGED] for waybill in recorded.unknown[:10]],
        )
    return Response(answer.body, answer.status_code, media_type=answer.content_type)


def _same(given: str, expected: str) -> bool:
    """An account without a secret has no address anybody could know."""
    return bool(expected) and secrets.compare_digest(
        given.encode("utf-8", "replace"), expected.encode()
    )
