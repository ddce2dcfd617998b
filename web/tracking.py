"""Where is my parcel: for consumers, without an account, by order number and end of the phone.

A wrong number and a wrong phone get the same answer; guessing is limited per address and order.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Form, Request
from sqlalchemy import or_
from sqlmodel import col, select
from starlette.responses import Response

from api.deps import SessionsOf, VaultOf
from api.language import N_
from db.orders.detail import OrderDetail, order_detail
from db.orders.tables import ReceiverRow, SalesOrderRow
from db.platform.attempts import attempt, forget
from db.vault import Vault
from web.render import page

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)

UNKNOWN: Final = N_("We find no order with this number and this phone. Please check both.")
TOO_OFTEN: Final = N_("Too many attempts. Please wait a quarter of an hour.")
_LAST_4: Final = re.compile(r"[0-9]{4}")
_MOST_FOUND: Final = 20


@router.get("/track")
async def form(request: Request) -> Response:
    """The form."""
    return page(request, "track.html", found=[], problem="", no="", last4="")


@router.post("/track")
async def track(
    request: Request,
    sessions: SessionsOf,
    vault: VaultOf,
    no: Annotated[str, Form(max_length=100)] = "",
    last4: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Parcels of the order, without names and addresses."""
    found = await look_up(request, sessions, vault, no, last4)
    return page(
        request, "track.html", status=found.status, found=found.orders, problem=found.problem,
        no=no.strip(), last4=last4.strip(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The orders of somebody who knows a number and the end of its phone, or why there are none."""

    orders: list[OrderDetail]
    problem: str = ""
    status: int = 200


async def look_up(request: Request, sessions: Any, vault: Vault, no: str, last4: str) -> Found:
    """Find the orders; a wrong answer counts as a guess, and guessing comes to an end."""
    now, client = datetime.now(UTC), request.client.host if request.client else ""
    no, last4 = no.strip(), last4.strip()
    subjects = [f"track:ip:{client}", f"track:no:{no.upper()[:100]}"]
    noted = await attempt(sessions, subjects, now)
    if noted is None:
        log.warning("security.tracking_limited", client=client)
        return Found([], TOO_OFTEN, 429)
    async with sessions.begin() as session:
        found = await _find(session, vault, no, last4)
    if not found:
        return Found([], UNKNOWN, 404)
    await forget(sessions, noted)
    return Found(found)


async def _find(session: Any, vault: Vault, no: str, last4: str) -> list[OrderDetail]:
    """Orders with this number, ours or the channel's, whose receiver's phone ends so."""
    if not no or not _LAST_4.fullmatch(last4):
        return []
    query = (
        select(SalesOrderRow.no)
        .join(ReceiverRow, col(ReceiverRow.order_id) == col(SalesOrderRow.id))
        .where(
            or_(col(SalesOrderRow.no) == no.upper(), col(SalesOrderRow.external_no) == no),
            col(ReceiverRow.phone_last4) == last4,
        )
        .limit(_MOST_FOUND)
    )
    numbers = (await session.exec(query)).all()
    return [await order_detail(session, vault, found) for found in numbers]
