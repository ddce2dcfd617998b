"""Ship notices over the API: said once by their sender, looked at, and taken back."""

from typing import Final, Literal

from fastapi import APIRouter

from api.deps import Context, SessionsOf
from api.inventory.receiving_bodies import (
    ShipNoticeBody,
    ShipNoticeKept,
    ShipNoticePage,
    ShipNoticeSummary,
    ShipNoticeView,
)
from api.strict import Asked, Code
from db.inventory import receipt_queries
from db.inventory.ship_notices import ShipNotices

router = APIRouter(tags=["receiving"])

_PAGE: Final = 100
State = Literal["", "expected", "arrived", "cancelled"]


@router.get("/ship-notices")
async def ship_notices(
    sessions: SessionsOf, state: State = "", location: Asked = "", before: Asked = ""
) -> ShipNoticePage:
    """Ship notices, the newest first."""
    async with sessions.begin() as session:
        rows = await receipt_queries.notices(
            session, state=state, location=location, before=before, limit=_PAGE + 1
        )
    shown = rows[:_PAGE]
    return ShipNoticePage(
        notices=[ShipNoticeSummary.of(row) for row in shown],
        next=shown[-1].no if len(rows) > _PAGE else "",
    )


@router.post("/ship-notices")
async def announce(body: ShipNoticeBody, context: Context) -> ShipNoticeKept:
    """Say what is on its way; the same number with the same goods is one notice."""
    async with context.sessions.begin() as session:
        notices = ShipNotices(session, context.actor, context.request_id)
        return ShipNoticeKept(notice_no=await notices.announce(body.notice()))


@router.get("/ship-notices/{notice_no}")
async def ship_notice(notice_no: Code, sessions: SessionsOf) -> ShipNoticeView:
    """A ship notice with its cartons."""
    async with sessions.begin() as session:
        return ShipNoticeView.of(*await receipt_queries.notice(session, notice_no))


@router.post("/ship-notices/{notice_no}/cancellation", status_code=204)
async def cancel_notice(notice_no: Code, context: Context) -> None:
    """It does not come."""
    async with context.sessions.begin() as session:
        await ShipNotices(session, context.actor, context.request_id).cancel(notice_no)
