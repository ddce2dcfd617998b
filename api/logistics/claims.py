"""Claims against carriers over the API: opened on a parcel, decided with a plan that was shown."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from api.deps import Context, RequestContext, SessionsOf
from api.logistics.claim_bodies import (
    CarrierSums,
    ClaimDecided,
    ClaimOpened,
    ClaimPlanView,
    ClaimRequest,
    ClaimSummary,
    ClaimView,
)
from api.orders.returns import SumAsked, act_of, minor
from api.strict import Asked, Code
from db.logistics import claim_acts
from db.logistics.claim_acts import ClaimDecision
from db.logistics.claim_queries import (
    claim_detail,
    claim_of_parcel,
    claim_queue,
    find_claims,
    sums_by_carrier,
)
from db.logistics.claims import NewClaim, open_claim
from db.platform.audit import audit
from domain.logistics.claim_plan import ClaimAction
from domain.logistics.claims import ClaimOrigin
from domain.platform.permissions import Permission
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import ActionNotAllowed

router = APIRouter(tags=["claims"])
Queue = Literal["", "file", "answer", "money", "decide", "closed"]


@router.post("/parcels/{parcel_id}/claims")
async def open_on_parcel(parcel_id: Code, body: ClaimRequest, context: Context) -> ClaimOpened:
    """Claim a parcel from its carrier; each has one claim."""
    units: dict[str, int] = {}
    for line in body.lines:
        units[line.line_id] = units.get(line.line_id, 0) + line.quantity
    new = NewClaim(
        parcel_id, body.kind, ClaimOrigin.CUSTOMER_SERVICE, units, remark=body.remark,
        actor=context.actor,
    )  # fmt: skip
    async with context.sessions.begin() as session:
        claim_no = await open_claim(session, new)
        if claim_no is not None:
            await _audited(session, context, claim_no, "opened", "")
        known = claim_no or await claim_of_parcel(session, parcel_id)
    return ClaimOpened(claim_no=known, opened=claim_no is not None)


@router.get("/claims")
async def list_claims(
    sessions: SessionsOf,
    queue: Queue = "",
    carrier: Asked = "",
    q: Asked = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[ClaimSummary]:
    """Open claims, the most urgent first; `q` finds one by any number, also closed ones."""
    async with sessions.begin() as session:
        if q.strip():
            rows = await find_claims(session, q.strip(), limit)
        else:
            rows = await claim_queue(session, queue, carrier=carrier.strip(), limit=limit)
    return [ClaimSummary.of(row) for row in rows]


@router.get("/claims/sums")
async def sums(sessions: SessionsOf) -> list[CarrierSums]:
    """What each carrier owes, paid and was let off."""
    async with sessions.begin() as session:
        return [CarrierSums.of(row) for row in await sums_by_carrier(session)]


@router.get("/claims/{claim_no}")
async def get_claim(claim_no: Code, sessions: SessionsOf) -> ClaimView:
    """One claim with what was in the parcel, and its money."""
    async with sessions.begin() as session:
        return ClaimView.whole(await claim_detail(session, claim_no))


@router.get("/claims/{claim_no}/plan")
async def plan(
    claim_no: Code, context: Context, action: ClaimAction, amount: SumAsked = "0"
) -> ClaimPlanView:
    """What a decision would do now, in money; nothing happens yet."""
    async with context.sessions.begin() as session:
        currency = (await claim_detail(session, claim_no)).row.currency
        asked = ClaimDecision(action, minor(amount, currency))
        return ClaimPlanView.of(await claim_acts.plan_of(session, claim_no, asked), currency)


@router.post("/claims/{claim_no}/decision")
async def decide(claim_no: Code, body: ClaimDecided, context: Context) -> ClaimPlanView:
    """Carry out the plan that was shown; 409 when it would do something else now."""
    refuse_write_off(context, body.action)
    async with context.sessions.begin() as session:
        currency = (await claim_detail(session, claim_no)).row.currency
        told = ClaimDecision(
            body.action, minor(body.amount, currency), body.on, body.reference, body.reason
        )
        today = datetime.now(UTC).astimezone(COMPANY_ZONE).date()
        act = act_of(context, claim_no)
        done = await claim_acts.decide(
            session, claim_no, told, body.plan_hash, context.actor, act, today
        )
        await _audited(session, context, claim_no, str(body.action), body.reason)
    return ClaimPlanView.of(done, currency)


def refuse_write_off(context: RequestContext, action: ClaimAction) -> None:
    """Raises ActionNotAllowed for whoever may claim money, but not give it up."""
    gives_up = action in (ClaimAction.WRITE_OFF, ClaimAction.SETTLE_FOUND)
    if gives_up and not context.principal.may(Permission.WRITE_OFF_CLAIMS):
        raise ActionNotAllowed("claims are given up by finance or a manager")


async def _audited(
    session: Any, context: RequestContext, claim_no: str, deed: str, reason: str
) -> None:
    await audit(
        session, context.actor, f"claim.{deed}", f"claim/{claim_no}", reason=reason,
        request_id=context.update_id,
    )  # fmt: skip
