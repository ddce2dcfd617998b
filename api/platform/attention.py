"""What waits for a person, grouped by cause and one by one."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Row

from api.deps import SessionsOf
from api.errors import Problem
from api.strict import Code
from db.platform.inbox import AttentionInbox

router = APIRouter(tags=["attention"])

Limit = Annotated[int, Query(ge=1, le=200)]
_ID: Any = Query(max_length=100, pattern=r"^[A-Za-z0-9_-]*$")
_FINGERPRINT: Any = Query(max_length=300, pattern=r"^[ -~]*$")


class AttentionGroup(BaseModel):
    """Steps of many orders that wait for the same reason."""

    model_config = ConfigDict(from_attributes=True)
    fingerprint: str
    items: int
    system: str
    cause: str
    code: str
    step_id: str
    error: str
    first_seen: datetime
    last_seen: datetime


class AttentionItem(BaseModel):
    """One step that waits. `actions` may be decided; `input_fields` may be corrected."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    order_no: str | None
    shipment_no: str | None
    step_id: str
    system: str
    cause: str
    code: str
    error: str
    fingerprint: str
    attempts: int
    actions: list[str]
    input_fields: dict[str, str]
    first_seen: datetime
    last_seen: datetime
    resolved_at: datetime | None
    resolved_by: str
    resolution: str
    note: str


class AttentionGroups(BaseModel):
    items: list[AttentionGroup]


class AttentionItems(BaseModel):
    items: list[AttentionItem]
    next_cursor: str = ""


@router.get("/attention/groups")
async def list_groups(sessions: SessionsOf, limit: Limit = 100) -> AttentionGroups:
    """What waits, most frequent cause first."""
    async with sessions.begin() as session:
        rows = await AttentionInbox(session).groups(limit)
    return AttentionGroups(items=[AttentionGroup.model_validate(row) for row in rows])


@router.get("/attention")
async def list_items(
    sessions: SessionsOf,
    fingerprint: Annotated[str, _FINGERPRINT] = "",
    cursor: Annotated[str, _ID] = "",
    limit: Limit = 100,
) -> AttentionItems:
    """Steps that wait, of one cause or of all."""
    async with sessions.begin() as session:
        rows = await AttentionInbox(session).items(fingerprint, cursor, limit)
    following = rows[-1].id if len(rows) == limit else ""
    return AttentionItems(items=[_item(row) for row in rows], next_cursor=following)


@router.get("/attention/{item_id}")
async def get_item(item_id: Code, sessions: SessionsOf) -> AttentionItem:
    """One step that waits, or waited."""
    async with sessions.begin() as session:
        row = await AttentionInbox(session).item(item_id)
    if row is None:
        raise Problem("NotFound", 404)
    return _item(row)


def _item(row: Row[Any]) -> AttentionItem:
    return AttentionItem.model_validate(row)
