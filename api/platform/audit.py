"""Who did what to what, when and why."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.deps import Context, RequestContext
from api.strict import SafeStr
from db.platform.audit_trail import TrailFilter, trail
from domain.platform.permissions import hidden_from
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["audit"])

_LAST_DAY = date.max - timedelta(days=1)
Limit = Annotated[int, Query(ge=1, le=500)]
Text = Annotated[SafeStr, Query(max_length=200)]


class Deed(BaseModel):
    """One row of the trail. `link` counts along the chain; it is missing for a second or two."""

    id: int
    at: datetime
    actor: str
    name: str
    action: str
    subject: str
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    request_id: str
    link: int | None
    hash: str | None


class Deeds(BaseModel):
    items: list[Deed]
    next_cursor: str = ""


@router.get("/audit")
async def read_audit(
    context: Context,
    actor: Text = "",
    action: Text = "",
    subject: Text = "",
    day: date | None = None,
    cursor: Annotated[SafeStr, Query(max_length=20)] = "",
    limit: Limit = 100,
) -> Deeds:
    """What was done to what one sees, the latest first. `subject` may be an order's number; `day`
    is the company's."""
    wanted = wanted_of(context, actor, action, subject, day)
    async with context.sessions.begin() as session:
        rows = await trail(session, wanted, read_position(cursor), limit)
    items = [
        Deed(
            id=row.id, at=row.at, actor=row.actor, name=row.name, action=row.action,
            subject=row.subject, reason=row.reason, before=row.before, after=row.after,
            request_id=row.request_id, link=row.seq, hash=row.hash,
        )
        for row in rows
    ]  # fmt: skip
    return Deeds(items=items, next_cursor=str(items[-1].id) if len(items) == limit else "")


def wanted_of(
    context: RequestContext, actor: str, action: str, subject: str, day: date | None
) -> TrailFilter:
    """The filter; a day begins and ends on the company's clock."""
    hidden = hidden_from(context.principal.roles)
    if day is None or not date.min < day < _LAST_DAY:
        return TrailFilter(actor, action, subject, hidden)
    since = datetime(day.year, day.month, day.day, tzinfo=COMPANY_ZONE)
    return TrailFilter(actor, action, subject, hidden, since, since + timedelta(days=1))


def read_position(cursor: str) -> int | None:
    """Where the next page begins. Raises InvalidInput."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal()) or int(cursor) >= 2**63:
        raise InvalidInput("the cursor is not one of ours")
    return int(cursor)
