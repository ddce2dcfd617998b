"""What to order: suggestions with their reasons, decided one by one or many at once."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, RequestContext, SessionsOf, SettingsOf
from api.errors import Problem
from api.inventory.replenishment_bodies import (
    Approval,
    ApprovalPlanView,
    Dismissal,
    NewQuantity,
    NightView,
    Snooze,
    SuggestionView,
    ToApprove,
)
from api.strict import Asked, Code
from db.inventory import approving, suggestions
from db.inventory.approving import Approver
from db.inventory.suggestions import Sort, Wanted
from db.platform.audit import audit
from domain.platform.approvals import ApprovalKind, kinds_of
from domain.platform.permissions import Permission
from domain.shared.clock import COMPANY_ZONE
from runtime.settings import Settings

router = APIRouter(tags=["replenishment"])
Tab = Literal["open", "snoozed", "approved", "dismissed"]
Kind = Literal["", "purchase", "transfer", "dealer"]
Abc = Literal["", "A", "B", "C"]


def today() -> date:
    """The company's day."""
    return datetime.now(UTC).astimezone(COMPANY_ZONE).date()


@router.get("/suggestions")
async def list_suggestions(
    sessions: SessionsOf,
    tab: Tab = "open",
    kind: Kind = "",
    location: Asked = "",
    supplier: Asked = "",
    abc: Abc = "",
    q: Asked = "",
    sort: Sort = "cover",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[SuggestionView]:
    """What the planner would order: by days of cover, by the day it is gone, or by money."""
    wanted = Wanted(tab, kind, location.strip(), supplier.strip(), abc, q.strip(), sort)
    async with sessions.begin() as session:
        rows = await suggestions.suggestions(session, wanted, today(), limit, skip)
    return [SuggestionView.of(row) for row in rows]


@router.get("/suggestions/state")
async def state(sessions: SessionsOf) -> NightView:
    """When was planned last, and how much waits."""
    async with sessions.begin() as session:
        _, _, night = await suggestions.choices(session)
        found = await suggestions.counts(session, today())
    return NightView(
        night=night.night, finished_at=night.at, open=found.open, snoozed=found.snoozed,
        urgent=found.urgent,
    )  # fmt: skip


@router.post("/suggestions/approval-plan")
async def plan(body: ToApprove, context: Context, settings: SettingsOf) -> ApprovalPlanView:
    """The orders that approving these would make, one by supplier, one by route: what goes to whom
    at once, and what waits for a second person first. Nothing happens yet."""
    async with context.sessions.begin() as session:
        found = await approving.plan_of(session, body.ids, approver(context, settings))
    return ApprovalPlanView.of(found)


@router.post("/suggestions/approval")
async def approve(body: Approval, context: Context, settings: SettingsOf) -> ApprovalPlanView:
    """Order what was shown; 409 when it would be something else now. Orders up to the limit go
    out, those above it wait under Approvals. Approved again it answers with the same orders."""
    who = approver(context, settings)
    async with context.sessions.begin() as session:
        done = await approving.approve(session, body.ids, body.plan_hash, who, body.consent)
    return ApprovalPlanView.of(done)


def approver(context: RequestContext, settings: Settings) -> Approver:
    """Who is asking, and what he may order alone. Raises Problem 403 for whoever may plan, but
    neither buy, nor decide about purchases, nor approve transfers."""
    who = context.principal
    buys = who.may(Permission.BUY) or ApprovalKind.PURCHASE in kinds_of(who.roles)
    if not buys or not who.may(Permission.APPROVE_TRANSFERS):
        raise Problem("NotAllowed", 403)
    return Approver(
        who.actor, settings.purchase_auto_approve_minor, f"{who.kind}/{who.id}", who.roles,
        timedelta(hours=settings.approval_hours), context.update_id,
    )  # fmt: skip


@router.get("/suggestions/{suggestion_id}")
async def get_suggestion(suggestion_id: Code, sessions: SessionsOf) -> SuggestionView:
    """One suggestion with all it follows from."""
    async with sessions.begin() as session:
        return SuggestionView.of(await suggestions.suggestion_of(session, suggestion_id))


@router.put("/suggestions/{suggestion_id}/quantity")
async def change_quantity(
    suggestion_id: Code, body: NewQuantity, context: Context
) -> SuggestionView:
    """Another quantity than the planner's, until the next night."""
    async with context.sessions.begin() as session:
        await suggestions.edit(session, suggestion_id, body.units, context.actor)
        return await _told(session, context, suggestion_id, "edited", str(body.units))


@router.put("/suggestions/{suggestion_id}/snooze")
async def snooze(suggestion_id: Code, body: Snooze, context: Context) -> SuggestionView:
    """Put it off, or bring it back."""
    async with context.sessions.begin() as session:
        await suggestions.snooze(session, suggestion_id, body.until, today())
        return await _told(session, context, suggestion_id, "snoozed", str(body.until or ""))


@router.post("/suggestions/{suggestion_id}/dismissal")
async def dismiss(suggestion_id: Code, body: Dismissal, context: Context) -> SuggestionView:
    """Order nothing, for a reason; the next night may suggest it again."""
    async with context.sessions.begin() as session:
        await suggestions.dismiss(session, suggestion_id, body.reason, context.actor)
        return await _told(session, context, suggestion_id, "dismissed", body.reason)


async def _told(
    session: AsyncSession, context: RequestContext, id: str, deed: str, reason: str
) -> SuggestionView:
    row = await suggestions.suggestion_of(session, id)
    await audit(
        session, context.actor, f"suggestion.{deed}", f"location/{row.location_id}",
        reason=f"{row.sku}: {reason}", request_id=context.update_id,
    )  # fmt: skip
    return SuggestionView.of(row)
