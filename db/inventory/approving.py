"""Suggestions that become orders: one purchase order by supplier and location, one transfer by
route; a second approval changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import purchase_orders, transfers
from db.inventory.planning_settings import setting_of
from db.inventory.purchase_orders import PurchaseDraft, PurchaseOrders
from db.inventory.suggestions import locked
from db.inventory.transfers import TransferDraft, Transfers
from db.sql import run
from domain.shared.errors import InvalidInput, PlanChanged, SuggestionDecided
from domain.shared.plans import Plan

PLANNER: Final = "planner"
_APPROVED: Final = """
UPDATE suggestion SET state = 'approved', document_no = :no, decided_by = :actor, reason = :reason,
    decided_at = clock_timestamp() WHERE id = ANY(:ids)
"""
_SMALL: Final = """
SELECT s.id, s.source_id, s.supplier, s.quantity * s.unit_minor AS value_minor FROM suggestion s
WHERE s.location_id = :location_id AND s.night = :night AND s.state = 'open'
  AND s.kind IN ('purchase','transfer') AND s.snoozed_until IS NULL ORDER BY s.id
"""


@dataclass(frozen=True, slots=True)
class OrderedUnits:
    """Units of a SKU by a suggestion; what the supplier's terms say to them: below_moq, no_step."""

    suggestion_id: str
    sku: str
    units: int
    unit_minor: int
    hint: str = ""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """What one order will be. kind: purchase | transfer | dealer; `no` once it is there."""

    kind: str
    source: str
    location_id: str
    lines: tuple[OrderedUnits, ...]
    total_minor: int
    currency: str
    no: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalPlan(Plan):
    """What approving does: these orders are made."""

    documents: tuple[NewDocument, ...]


async def plan_of(session: AsyncSession, ids: Sequence[str]) -> ApprovalPlan:
    """What approving these would do now. Raises SuggestionNotFound, and SuggestionDecided when one
    is open no longer."""
    rows = await locked(session, ids)
    _refuse_decided(rows)
    return ApprovalPlan(_documents(rows))


async def approve(
    session: AsyncSession, ids: Sequence[str], plan_hash: str | None, actor: str, reason: str = ""
) -> ApprovalPlan:
    """Make the orders that were shown; all approved already, the orders that were made.

    `reason` says who at the dealer agreed: nothing goes to a dealer without it. Raises
    SuggestionNotFound, SuggestionDecided, PlanChanged, InvalidInput.
    """
    rows = await locked(session, ids)
    if rows and all(row.state == "approved" for row in rows):
        return ApprovalPlan(_documents(rows))
    _refuse_decided(rows)
    shown = ApprovalPlan(_documents(rows))
    if plan_hash is not None and shown.hash != plan_hash:
        raise PlanChanged("the suggestions changed since the plan was shown")
    if not reason.strip() and any(one.kind == "dealer" for one in shown.documents):
        raise InvalidInput("a dealer's goods need the dealer's consent: say who agreed")
    days = {row.id: (row.arrives_on, (row.arrives_on - row.order_on).days) for row in rows}
    made = []
    for one in shown.documents:
        no = await _draft(session, one, days[one.lines[0].suggestion_id], actor, reason)
        taken = [line.suggestion_id for line in one.lines]
        await run(session, _APPROVED, ids=taken, no=no, actor=actor, reason=reason)
        made.append(replace(one, no=no))
    return ApprovalPlan(tuple(made))


async def approve_small(session: AsyncSession, location_id: str, night: date) -> int:
    """Orders of tonight that cost no more than the company's limit are made at once."""
    limit = (await setting_of(session)).auto_approve_minor
    if limit <= 0:
        return 0
    groups: dict[tuple[str | None, str], list[Any]] = {}
    for row in await run(session, _SMALL, location_id=location_id, night=night):
        groups.setdefault((row.source_id, row.supplier), []).append(row)
    approved = 0
    for rows in groups.values():
        if sum(row.value_minor for row in rows) <= limit:
            await approve(session, [row.id for row in rows], None, PLANNER)
            approved += len(rows)
    return approved


def _documents(rows: Sequence[Any]) -> tuple[NewDocument, ...]:
    groups: dict[tuple[str, str, str, str, str], list[Any]] = {}
    for row in rows:
        source = row.source_id or row.supplier
        key = (row.kind, source, row.location_id, row.currency, row.document_no)
        groups.setdefault(key, []).append(row)
    return tuple(
        NewDocument(
            kind, source, location_id,
            tuple(
                OrderedUnits(row.id, row.sku, row.quantity, row.unit_minor, _hint(row))
                for row in sorted(of, key=lambda row: (row.sku, row.id))
            ),
            sum(row.quantity * row.unit_minor for row in of), currency, no,
        )
        for (kind, source, location_id, currency, no), of in sorted(groups.items())
    )  # fmt: skip


def _hint(row: Any) -> str:
    if row.quantity < row.numbers.get("moq", 1):
        return "below_moq"
    return "no_step" if row.quantity % row.numbers.get("step", 1) else ""


async def _draft(
    session: AsyncSession, one: NewDocument, when: tuple[date, int], actor: str, reason: str
) -> str:
    if one.kind == "purchase":
        lines = [
            purchase_orders.DraftLine(line.sku, line.units, line.unit_minor) for line in one.lines
        ]
        numbers = {line.sku: line.suggestion_id for line in one.lines}
        return await PurchaseOrders(session).draft(
            PurchaseDraft(
                one.source, one.location_id, lines, reason=reason, numbers=numbers,
                source="suggestion", actor=actor,
            )
        )  # fmt: skip
    return await Transfers(session).draft(
        TransferDraft(
            one.source, one.location_id,
            tuple(transfers.DraftLine(line.sku, line.units) for line in one.lines),
            actor=actor, origin="suggestion", days=max(when[1], 1), remark=reason,
        )
    )  # fmt: skip


def _refuse_decided(rows: Sequence[Any]) -> None:
    if any(row.state != "open" for row in rows):
        raise SuggestionDecided("somebody decided about one of them already")
