"""What waits for a person, grouped by cause and one by one."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Row

from api.deps import Context, RequestContext, SessionsOf
from api.errors import Problem
from api.platform.tried import AttentionTry, GivenValues, SentValue, StepPreview, tried
from api.strict import Code, Reason, SafeStr, StrictBody
from db.ids import new_id
from db.platform.audit import audit
from db.platform.inbox import AttentionInbox, ItemDetail
from domain.platform.campaigns import Chosen
from domain.shared.errors import StepNotParked

router = APIRouter(tags=["attention"])

Limit = Annotated[int, Query(ge=1, le=200)]
_ID: Any = Query(max_length=100, pattern=r"^[A-Za-z0-9_-]*$")
_FINGERPRINT: Any = Query(max_length=300, pattern=r"^[ -~]*$")
_NAME: Any = Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")


def _narrowed(
    fingerprint: Annotated[str, _FINGERPRINT] = "",
    cause: Annotated[str, _NAME] = "",
    system: Annotated[str, _NAME] = "",
    shop: Annotated[str, _NAME] = "",
    step: Annotated[str, _NAME] = "",
    assignee: Annotated[str, _NAME] = "",
    hours: Annotated[int, Query(ge=0, le=10_000)] = 0,
    at_risk: bool = False,
) -> Chosen:
    return Chosen(fingerprint, cause, system, shop, step, assignee, hours, at_risk)


# Which steps: by their group, cause, system, shop, kind of step, who looks after them, how many
# hours they wait, and whether their order is soon late.
Narrowed = Annotated[Chosen, Depends(_narrowed)]


class AttentionGroup(BaseModel):
    """Steps of many orders that wait for the same reason. `trend`: how many began on each of the
    last seven days, today last."""

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
    trend: list[int] = []


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
    outcome: str
    assignee: str
    ship_by: datetime | None = None


class AttentionEffect(BaseModel):
    """Something we asked of the outside for it. state: intended | confirmed | unknown | rejected |
    undone."""

    model_config = ConfigDict(from_attributes=True)
    key: str
    kind: str
    system: str
    state: str
    attempts: int
    reference: str
    created_at: datetime
    updated_at: datetime


class AttentionDecision(BaseModel):
    """How often a decision was made about such steps, and what became of them."""

    model_config = ConfigDict(from_attributes=True)
    resolution: str
    outcome: str
    n: int
    latest: datetime


class AttentionBefore(BaseModel):
    """The same step of the same order, when it was stuck before."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    first_seen: datetime
    attempts: int
    cause: str
    error: str
    resolved_at: datetime | None
    resolved_by: str
    resolution: str
    outcome: str


class AttentionNote(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    at: datetime
    actor: str
    text: str


class AttentionDetail(AttentionItem):
    """One step with all that helps to decide: every try with its answer, what was sent last, what
    we asked of the outside and how it stands there, how it was before, what was decided about such
    steps, how many others wait for the same reason. People's data is masked by role.
    """

    tries: list[AttentionTry]
    sent: list[SentValue]
    sent_at: datetime | None
    previews: list[StepPreview]
    effects: list[AttentionEffect]
    before: list[AttentionBefore]
    given: list[GivenValues]
    history: list[AttentionDecision]
    notes: list[AttentionNote]
    others: int


class NewNote(StrictBody):
    text: Reason


class NewAssignee(StrictBody):
    """The log-in of who looks after it; empty for nobody."""

    assignee: SafeStr


class AttentionGroups(BaseModel):
    items: list[AttentionGroup]


class AttentionItems(BaseModel):
    items: list[AttentionItem]
    next_cursor: str = ""


@router.get("/attention/groups")
async def list_groups(
    sessions: SessionsOf, wanted: Narrowed, limit: Limit = 100
) -> AttentionGroups:
    """What waits, most frequent cause first."""
    async with sessions.begin() as session:
        inbox = AttentionInbox(session)
        rows = await inbox.groups(limit, wanted)
        trend = await inbox.trend([row.fingerprint for row in rows])
    groups = [AttentionGroup.model_validate(row) for row in rows]
    return AttentionGroups(
        items=[g.model_copy(update={"trend": trend[g.fingerprint]}) for g in groups]
    )


@router.get("/attention")
async def list_items(
    sessions: SessionsOf, wanted: Narrowed, cursor: Annotated[str, _ID] = "", limit: Limit = 100
) -> AttentionItems:
    """Steps that wait, of one cause or of all."""
    async with sessions.begin() as session:
        rows = await AttentionInbox(session).items(wanted, cursor, limit)
    following = rows[-1].id if len(rows) == limit else ""
    return AttentionItems(items=[_item(row) for row in rows], next_cursor=following)


@router.get("/attention/{item_id}")
async def get_item(item_id: Code, context: Context) -> AttentionDetail:
    """One step that waits, or waited."""
    detail = await detail_of(item_id, context.sessions)
    found = await tried(detail.row, detail.before, detail.given, context)
    parts: dict[str, Any] = {
        "effects": [AttentionEffect.model_validate(one) for one in detail.effects],
        "before": [AttentionBefore.model_validate(one) for one in detail.before],
        "history": [AttentionDecision.model_validate(one) for one in detail.history],
        "notes": [AttentionNote.model_validate(one) for one in detail.notes],
        "given": found.given,
        "tries": found.tries,
        "sent": found.sent,
        "sent_at": found.sent_at,
        "previews": [StepPreview.of(one) for one in found.previews],
    }
    item: dict[str, Any] = _item(detail.row).model_dump()
    return AttentionDetail(**item, **parts, others=detail.others)


@router.post("/attention/{item_id}/notes", status_code=201)
async def add_note(item_id: Code, body: NewNote, context: Context) -> AttentionDetail:
    """Write down what you found out, for whoever decides."""
    await detail_of(item_id, context.sessions)
    async with context.sessions.begin() as session:
        await AttentionInbox(session).note(new_id("note"), item_id, context.actor, body.text)
    return await get_item(item_id, context)


@router.put("/attention/{item_id}/assignee")
async def assign(item_id: Code, body: NewAssignee, context: Context) -> AttentionDetail:
    """Say who looks after it."""
    await detail_of(item_id, context.sessions)
    await _assign(item_id, body.assignee, context)
    return await get_item(item_id, context)


async def detail_of(item_id: str, sessions: Any) -> ItemDetail:
    """Everything about one step. Raises Problem 404."""
    async with sessions.begin() as session:
        inbox = AttentionInbox(session)
        row = await inbox.item(item_id)
        if row is None:
            raise Problem("NotFound", 404)
        return await inbox.detail(row)


async def _assign(item_id: str, assignee: str, context: RequestContext) -> None:
    async with context.sessions.begin() as session:
        if not await AttentionInbox(session).assign(item_id, assignee):
            raise StepNotParked("this item was resolved already")
        await audit(
            session, context.actor, "attention.assign", f"attention/{item_id}",
            after={"assignee": assignee}, request_id=context.request_id,
        )  # fmt: skip


def _item(row: Row[Any]) -> AttentionItem:
    return AttentionItem.model_validate(row)
