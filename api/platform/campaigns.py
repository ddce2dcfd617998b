"""One decision for many steps that wait: tried on a few, then carried out at a rate."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StrictBool, StrictInt

from api.deps import Context, RequestContext, SessionsOf
from api.strict import Code, Reason, SafeStr, StrictBody
from db.platform.audit import audit
from db.platform.campaign_queries import CampaignQueries
from db.platform.campaigns import CampaignRepository, NewCampaign
from domain.orders.messages import StepAction
from domain.platform.campaigns import (
    CANARY,
    RATE_PER_MINUTE,
    STOP_PERCENT,
    Chosen,
    Counts,
    Pace,
)
from domain.platform.resolving import checked_for_all
from domain.shared.errors import ActionNotAllowed, CampaignNotFound

router = APIRouter(tags=["attention"])

Limit = Annotated[int, Query(ge=1, le=200)]
_ID: Any = Query(max_length=100, pattern=r"^[A-Za-z0-9_-]*$")


class WhichSteps(StrictBody):
    """Steps that wait, by what they have in common; what is empty narrows nothing. `hours`: waiting
    at least so long; `at_risk`: the order is soon late, or already."""

    fingerprint: SafeStr = ""
    cause: SafeStr = ""
    system: SafeStr = ""
    shop: SafeStr = ""
    step: SafeStr = ""
    assignee: SafeStr = ""
    hours: Annotated[StrictInt, Field(ge=0, le=10_000)] = 0
    at_risk: StrictBool = False
    item_ids: list[Code] = Field(default_factory=list, max_length=1000)

    def chosen(self) -> Chosen:
        return Chosen(**(self.model_dump() | {"item_ids": tuple(self.item_ids)}))


class CampaignWish(StrictBody):
    """`values` only for `retry_with`, and only what many orders share: carrier, product, booked_on.

    `canary` steps are tried first; when more than `stop_percent` of those that show something go no
    further, the rest is left.
    """

    steps: WhichSteps
    action: StepAction
    reason: SafeStr = ""
    values: dict[Code, SafeStr] = Field(default_factory=dict, max_length=20)
    canary: Annotated[StrictInt, Field(ge=0, le=100)] = CANARY
    stop_percent: Annotated[StrictInt, Field(ge=0, le=100)] = STOP_PERCENT
    rate_per_minute: Annotated[StrictInt, Field(ge=1, le=600)] = RATE_PER_MINUTE


class CampaignReason(StrictBody):
    reason: Reason


class CampaignPreview(BaseModel):
    """`matching` steps wait; `decidable` ones would be decided, of `orders` orders."""

    matching: int
    decidable: int
    orders: int


class StepsWhere(BaseModel):
    """How many of its steps are where."""

    waiting: int
    deciding: int
    decided: int
    went_on: int
    parked_again: int
    silent: int
    refused: int
    gone: int
    left: int


class CampaignView(BaseModel):
    """state: canary | running | paused | stopped | finished; `stopped_because`: by_hand | canary |
    failing. `percent` of its steps are settled."""

    id: str
    state: str
    stopped_because: str
    steps: WhichSteps
    action: str
    reason: str
    values: dict[str, str]
    canary: int
    stop_percent: int
    rate_per_minute: int
    total: int
    counts: StepsWhere
    percent: int
    again_of: str
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> "CampaignView":
        counts = Counts(**row.states)
        return cls(
            **{name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)
               and name != "counts"},
            steps=WhichSteps(**row.chosen), values=row.given, counts=StepsWhere(**asdict(counts)),
            percent=counts.percent,
        )  # fmt: skip


class Campaigns(BaseModel):
    items: list[CampaignView]
    next_cursor: str = ""


class CampaignStep(BaseModel):
    """`state` as in the counts of its campaign: waiting | deciding | decided | went_on | …
    `detail` says for what it was parked again, or why it was refused."""

    attention_id: str
    order_no: str | None
    shipment_no: str | None
    step_id: str
    system: str
    state: str
    detail: str
    taken_at: datetime | None
    settled_at: datetime | None


class CampaignSteps(BaseModel):
    items: list[CampaignStep]
    next_cursor: str = ""


@router.post("/campaigns/preview")
async def preview_campaign(body: CampaignWish, context: Context) -> CampaignPreview:
    """What the campaign would be about; nothing happens yet."""
    wanted = await wish(context, body)
    async with context.sessions.begin() as session:
        row = await CampaignQueries(session).would(wanted)
    return CampaignPreview(matching=row.matching, decidable=row.decidable, orders=row.orders)


@router.post("/campaigns", status_code=201)
async def begin_campaign(body: CampaignWish, context: Context) -> CampaignView:
    """Begin it with its first few steps. 409 when nothing waits that can be decided so."""
    return await begin(context, await wish(context, body))


@router.get("/campaigns")
async def list_campaigns(
    sessions: SessionsOf, cursor: Annotated[str, _ID] = "", limit: Limit = 50
) -> Campaigns:
    """Campaigns, the latest first."""
    async with sessions.begin() as session:
        rows = await CampaignQueries(session).latest(cursor, limit)
    following = rows[-1].id if len(rows) == limit else ""
    return Campaigns(items=[CampaignView.of(row) for row in rows], next_cursor=following)


@router.get("/campaigns/{campaign_id}")
async def get_campaign(campaign_id: Code, sessions: SessionsOf) -> CampaignView:
    """How one stands."""
    async with sessions.begin() as session:
        row = await CampaignQueries(session).one(campaign_id)
    if row is None:
        raise CampaignNotFound(f"there is no campaign {campaign_id}")
    return CampaignView.of(row)


@router.get("/campaigns/{campaign_id}/steps")
async def list_campaign_steps(
    campaign_id: Code,
    sessions: SessionsOf,
    state: Annotated[str, Query(max_length=20, pattern="^[a-z_]*$")] = "",
    cursor: Annotated[str, _ID] = "",
    limit: Limit = 100,
) -> CampaignSteps:
    """Its steps, and what became of each."""
    async with sessions.begin() as session:
        rows = await CampaignQueries(session).items(campaign_id, state, cursor, limit)
    following = rows[-1].attention_id if len(rows) == limit else ""
    steps = [CampaignStep.model_validate(row, from_attributes=True) for row in rows]
    return CampaignSteps(items=steps, next_cursor=following)


@router.post("/campaigns/{campaign_id}/pause")
async def pause_campaign(campaign_id: Code, body: CampaignReason, context: Context) -> CampaignView:
    """Take no more steps until it is resumed."""
    async with context.sessions.begin() as session:
        await CampaignRepository(session).pause(campaign_id, context.actor)
        await _audit(session, context, "pause", campaign_id, body.reason)
    return await get_campaign(campaign_id, context.sessions)


@router.post("/campaigns/{campaign_id}/resume")
async def resume_campaign(campaign_id: Code, context: Context) -> CampaignView:
    """Go on where it was paused."""
    async with context.sessions.begin() as session:
        await CampaignRepository(session).resume(campaign_id, context.actor)
        await _audit(session, context, "resume", campaign_id, "")
    return await get_campaign(campaign_id, context.sessions)


@router.post("/campaigns/{campaign_id}/stop")
async def stop_campaign(campaign_id: Code, body: CampaignReason, context: Context) -> CampaignView:
    """Leave the rest for good; what was taken is decided."""
    async with context.sessions.begin() as session:
        await CampaignRepository(session).stop(campaign_id, context.actor)
        await _audit(session, context, "stop", campaign_id, body.reason)
    return await get_campaign(campaign_id, context.sessions)


@router.post("/campaigns/{campaign_id}/failed", status_code=201)
async def restart_failed(campaign_id: Code, context: Context) -> CampaignView:
    """A new campaign like this one for its steps that went no further, or were left."""
    earlier = await get_campaign(campaign_id, context.sessions)
    async with context.sessions.begin() as session:
        ids = await CampaignRepository(session).failed(campaign_id)
    if not ids:
        raise ActionNotAllowed("none of its steps waits any more")
    chosen = Chosen(item_ids=tuple(ids))
    wanted = NewCampaign(
        chosen, earlier.action, earlier.reason, earlier.values,
        Pace(earlier.canary, earlier.stop_percent, earlier.rate_per_minute),
        await _systems(context, chosen), campaign_id,
    )  # fmt: skip
    return await begin(context, wanted)


async def wish(context: RequestContext, body: CampaignWish) -> NewCampaign:
    """The campaign somebody asks for, within what he may decide. Raises ActionNotAllowed,
    InvalidInput."""
    values = checked_for_all(body.action, body.reason, body.values)
    chosen = body.steps.chosen()
    return NewCampaign(
        chosen, body.action, body.reason, values,
        Pace(body.canary, body.stop_percent, body.rate_per_minute),
        await _systems(context, chosen),
    )  # fmt: skip


async def begin(context: RequestContext, wanted: NewCampaign) -> CampaignView:
    """Write it down, with who began it, and start it."""
    async with context.sessions.begin() as session:
        campaign_id, steps = await CampaignRepository(session).begin(wanted, context.actor)
        await audit(
            session, context.actor, "campaign.begin", f"campaign/{campaign_id}",
            reason=wanted.reason, after={"action": wanted.action, "steps": steps},
            request_id=context.request_id,
        )  # fmt: skip
    return await get_campaign(campaign_id, context.sessions)


async def _systems(context: RequestContext, chosen: Chosen) -> tuple[str, ...]:
    async with context.sessions.begin() as session:
        systems = await CampaignQueries(session).systems(chosen)
    return tuple(system for system in systems if context.principal.decides(system))


async def _audit(
    session: Any, context: RequestContext, what: str, campaign_id: str, reason: str
) -> None:
    await audit(
        session, context.actor, f"campaign.{what}", f"campaign/{campaign_id}", reason=reason,
        request_id=context.request_id,
    )  # fmt: skip
