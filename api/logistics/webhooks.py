"""Scans that carriers push: proven genuine, kept once, acknowledged in the vendor's form."""

import secrets
from typing import Final

import structlog
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.channels.ports import Outside, OutsideOf
from api.channels.webhooks import read, refused
from db.logistics.repository import record_facts
from domain.shared.errors import Rejected
from integrations.carriers.port import Carrier

log = structlog.get_logger()

router = APIRouter(prefix="/webhooks/carriers", tags=["webhooks"])

_LONGEST_LOGGED: Final = 100


@router.post(
    "/sf/{push_secret}",
    responses={
        400: {"description": "Cannot be read"},
        404: {"description": "Not the address SF was given"},
        413: {"description": "Larger than 1 MB"},
    },
)
async def sf(push_secret: str, request: Request, outside: OutsideOf) -> Response:
    """A route push of SF. SF does not sign: knowing the address is the proof."""
    body = await read(request, "sf")
    try:
        account = await outside.adapters.account("sf")
        if not account.push_secret or not _same(push_secret, account.push_secret):
            raise Rejected("this is not the address SF was given", code="wrong_address")
        return await _take(outside, account.carrier, request, body)
    except Rejected as error:
        refused(request, "sf", error.code, str(error))
        status = 404 if error.code in ("wrong_address", "unknown_carrier") else 400
        return JSONResponse({"return_code": "1000", "return_msg": str(error)[:200]}, status)


@router.post(
    "/zto",
    responses={
        400: {"description": "Cannot be read"},
        401: {"description": "Signature wrong"},
        413: {"description": "Larger than 1 MB"},
    },
)
async def zto(request: Request, outside: OutsideOf) -> Response:
    """A trace of ZTO, signed over its data."""
    body = await read(request, "zto")
    try:
        account = await outside.adapters.account("zto")
        return await _take(outside, account.carrier, request, body)
    except Rejected as error:
        refused(request, "zto", error.code, str(error))
        answer = {
            "message": str(error)[:200], "result": "fail", "status": False,
            "statusCode": error.code,
        }  # fmt: skip
        return JSONResponse(answer, 401 if error.code == "S211" else 400)


async def _take(outside: Outside, carrier: Carrier, request: Request, body: bytes) -> Response:
    answer = carrier.read_push(request.headers, body)
    async with outside.sessions.begin() as session:
        recorded = await record_facts(session, carrier.code, answer.facts)
    if recorded.unknown:
        log.warning(
            "tracking.unknown_waybill",
            carrier=carrier.code,
            count=len(recorded.unknown),
            waybills=[waybill[:_LONGEST_LOGGED] for waybill in recorded.unknown[:10]],
        )
    return Response(answer.body, answer.status_code, media_type=answer.content_type)


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), expected.encode())
