"""Suggestions that become orders and go out: one purchase order by supplier and location, one
transfer by route, each with its workflow; a second approval changes nothing.

An order, its submission, the wish for a second person and the signal that starts its workflow are
written in one transaction: whoever dies in between leaves nothing, or all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import purchase_drafts, transfers
from db.inventory.approval_plans import ApprovalPlan, NewDocument, documents_of
from db.inventory.buying_limits import alone_minor
from db.inventory.planning_settings import setting_of
from db.inventory.purchase_drafts import PurchaseDraft
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.purchase_story import Decision
from db.inventory.suggestions import locked
from db.inventory.transfers import TransferDraft, Transfers
from db.platform.approvals import Asked, ask_audited
from db.platform.audit import audit
from db.sql import run
from domain.inventory.purchasing.acts import PurchaseAction, Wish
from domain.inventory.purchasing.model import PurchaseState
from domain.platform.approvals import ApprovalKind
from domain.platform.permissions import Role
from domain.shared.errors import InvalidInput, PlanChanged, RateUnknown, SuggestionDecided

PLANNER: Final = "planner"
_APPROVED: Final = """
UPDATE suggestion SET state = 'approved', document_no = :no, decided_by = :actor, reason = :reason,
    decided_at = clock_timestamp() WHERE id = ANY(:ids)
"""
# A supplier gets its orders on the days on which it takes them.
_SMALL: Final = """
SELECT s.id, s.source_id, s.supplier FROM suggestion s
WHERE s.location_id = :location_id AND s.night = :night AND s.state = 'open'
  AND s.kind IN ('purchase','transfer')
  AND coalesce(s.snoozed_until, CAST(:night AS date)) <= :night
  AND s.order_on <= :night
ORDER BY s.id
"""


@dataclass(frozen=True, slots=True)
class Approver:
    """Who orders. `alone_minor` of the company's money needs no second person; for more another is
    asked, for so long, in the name of `by_id`."""

    actor: str
    alone_minor: int
    by_id: str = ""
    roles: frozenset[Role] = frozenset()
    asks_for: timedelta = timedelta(days=3)
    request_id: str = ""


async def plan_of(session: AsyncSession, ids: Sequence[str], who: Approver) -> ApprovalPlan:
    """What approving these would do now. Raises SuggestionNotFound, and SuggestionDecided when one
    is open no longer."""
    rows = await locked(session, ids)
    _refuse_decided(rows)
    return ApprovalPlan(await documents_of(session, rows, who.alone_minor))


async def approve(
    session: AsyncSession,
    ids: Sequence[str],
    plan_hash: str | None,
    who: Approver,
    reason: str = "",
) -> ApprovalPlan:
    """Order what was shown; all approved already, the orders that were made, as they stand now.

    `reason` says who at the dealer agreed: nothing goes to a dealer without it. Raises
    SuggestionNotFound, SuggestionDecided, PlanChanged, InvalidInput, RateUnknown.
    """  # fmt: skip
    rows = await locked(session, ids)
    if rows and all(row.state == "approved" for row in rows):
        return ApprovalPlan(await documents_of(session, rows, who.alone_minor))
    _refuse_decided(rows)
    shown = ApprovalPlan(await documents_of(session, rows, who.alone_minor))
    if plan_hash is not None and shown.hash != plan_hash:
        raise PlanChanged("the suggestions changed since the plan was shown")
    unasked = any(row.kind == "dealer" and not row.agreed_by for row in rows)
    if unasked and not reason.strip():
        raise InvalidInput("a dealer's goods need the dealer's consent: say who agreed")
    if not reason.strip():  # dealers said so themselves
        reason = ", ".join(sorted({row.agreed_by for row in rows if row.agreed_by}))
    days = {row.id: (row.arrives_on - row.order_on).days for row in rows}
    made = []
    for one in shown.documents:
        if one.kind == "purchase":
            no = await _buy(session, one, who, reason)
        else:
            no = await _move(session, one, days[one.lines[0].suggestion_id], who, reason)
        taken = [line.suggestion_id for line in one.lines]
        await run(session, _APPROVED, ids=taken, no=no, actor=who.actor, reason=reason)
        await audit(
            session, who.actor, "suggestion.approved", f"location/{one.location_id}",
            reason=f"{one.kind} {no}", request_id=f"{who.request_id}:{no}",
        )  # fmt: skip
        made.append(replace(one, no=no))
    return ApprovalPlan(tuple(made))


async def approve_small(
    session: AsyncSession, location_id: str, night: date, company_limit_minor: int
) -> int:
    """Orders of tonight that cost no more than the planner's limit go out at once, in the planner's
    name; what needs a second person, or is less than the supplier takes, is left to people."""
    limit = (await setting_of(session)).auto_approve_minor
    if limit <= 0:
        return 0
    who = Approver(PLANNER, min(limit, company_limit_minor), request_id=f"night:{night}")
    groups: dict[tuple[str | None, str], list[str]] = {}
    for row in await run(session, _SMALL, location_id=location_id, night=night):
        groups.setdefault((row.source_id, row.supplier), []).append(row.id)
    approved = 0
    for ids in groups.values():
        try:
            plan = await plan_of(session, ids, who)
        except RateUnknown:
            continue
        if all([await _goes_alone(session, one, limit) for one in plan.documents]):
            await approve(session, ids, plan.hash, who)
            approved += len(ids)
    return approved


async def _goes_alone(session: AsyncSession, one: NewDocument, limit_minor: int) -> bool:
    if one.kind == "purchase":
        hints = (*one.hints, *(line.hint for line in one.lines if line.hint))
        return one.state == PurchaseState.APPROVED and not hints
    return one.total_minor <= await alone_minor(session, limit_minor, one.currency)


async def _buy(session: AsyncSession, one: NewDocument, who: Approver, reason: str) -> str:
    """Drafted, submitted, and approved or asked about."""
    lines = [purchase_drafts.DraftLine(line.sku, line.units, line.unit_minor) for line in one.lines]
    orders = PurchaseOrders(session)
    no = await orders.draft(
        PurchaseDraft(
            one.source, one.location_id, lines, reason=reason, source="suggestion",
            numbers={line.sku: line.suggestion_id for line in one.lines}, actor=who.actor,
        )
    )  # fmt: skip
    # As it was shown: what waits does so because of the limit, or of what is left of a budget.
    wish = Wish(
        PurchaseAction.SUBMIT, limit_minor=0 if one.why == "limit" else None,
        budget_minor=0 if one.why == "budget" else None,
    )  # fmt: skip
    done = await orders.decide(no, Decision(wish, actor=who.actor))
    await audit(
        session, who.actor, "purchase.submit", f"purchase/{no}", reason=reason,
        request_id=f"{who.request_id}:{no}",
    )  # fmt: skip
    if done.after.state is PurchaseState.AWAITING_APPROVAL:
        asked = Asked(
            ApprovalKind.PURCHASE, f"purchase/{no}",
            {"no": no, "version": done.before.version + 1}, reason, who.by_id, who.actor,
            who.roles, done.after.total_minor, one.currency,
        )  # fmt: skip
        await ask_audited(session, asked, who.asks_for, who.request_id)
    return no


async def _move(
    session: AsyncSession, one: NewDocument, days: int, who: Approver, reason: str
) -> str:
    """Drafted and approved: its workflow promises the goods."""
    lines = tuple(transfers.DraftLine(line.sku, line.units) for line in one.lines)
    no = await Transfers(session).draft(
        TransferDraft(
            one.source, one.location_id, lines, actor=who.actor, origin="suggestion",
            days=max(days, 1), remark=reason,
        )
    )  # fmt: skip
    await Transfers(session).approve(no, who.actor)
    await audit(
        session, who.actor, "transfer.approved", f"transfer/{no}", reason=reason,
        request_id=f"{who.request_id}:{no}",
    )  # fmt: skip
    return no


def _refuse_decided(rows: Sequence[Any]) -> None:
    if any(row.state != "open" for row in rows):
        raise SuggestionDecided("somebody decided about one of them already")
