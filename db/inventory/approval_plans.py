"""What approving suggestions does: which orders go to whom for how much, and who has to say yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.buying_limits import limits_in, purse_of
from db.inventory.supplier_terms import calendar_of
from db.sql import run
from domain.inventory.purchasing.acts import Wish
from domain.inventory.purchasing.model import PurchaseState
from domain.inventory.transfers import TransferState
from domain.shared.money import Money
from domain.shared.plans import Plan

_SUPPLIERS: Final = "SELECT * FROM supplier WHERE code = ANY(:codes)"
_PLACES: Final = "SELECT id, name FROM location WHERE id = ANY(:ids)"
_STATES: Final = """
SELECT no, state FROM purchase_order WHERE no = ANY(:nos)
UNION ALL SELECT no, state FROM stock_transfer WHERE no = ANY(:nos)
"""
_TODAY: Final = "SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day"


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
    """What one order will be, or is once it has a number. kind: purchase | transfer | dealer.

    `state` is that of the purchase order or transfer right after it, `why` of one that waits: limit
    | budget; `port`: how the supplier hears of it; `hints`: below_minimum, no_order_day.
    """

    kind: str
    source: str
    source_name: str
    location_id: str
    location_name: str
    lines: tuple[OrderedUnits, ...]
    total_minor: int
    currency: str
    state: str
    why: str = ""
    port: str = ""
    hints: tuple[str, ...] = ()
    no: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalPlan(Plan):
    """What approving does: these orders are made."""

    documents: tuple[NewDocument, ...]


async def documents_of(
    session: AsyncSession, rows: Sequence[Any], company_limit_minor: int
) -> tuple[NewDocument, ...]:
    """The orders of these suggestions, by supplier and location or by route. Raises RateUnknown."""
    groups: dict[tuple[str, str, str, str, str], list[Any]] = {}
    for row in rows:
        source = row.source_id or row.supplier
        key = (row.kind, source, row.location_id, row.currency, row.document_no)
        groups.setdefault(key, []).append(row)
    known, purse = await _known(session, rows), await purse_of(session)
    made = []
    for (kind, source, location_id, currency, no), of in sorted(groups.items()):
        total = sum(row.quantity * row.unit_minor for row in of)
        supplier = known.suppliers.get(source) if kind == "purchase" else None
        state, why = known.states.get(no, str(TransferState.APPROVED)), ""
        if supplier is not None and not no:
            wish = limits_in(purse, source, currency, company_limit_minor)
            why = _why(wish, total)
            state = PurchaseState.AWAITING_APPROVAL if why else PurchaseState.APPROVED
            purse = purse.without(source, Money(total, currency))
        made.append(
            NewDocument(
                kind, source, supplier.name if supplier else known.places.get(source, source),
                location_id, known.places.get(location_id, location_id),
                tuple(
                    OrderedUnits(row.id, row.sku, row.quantity, row.unit_minor, _hint(row))
                    for row in sorted(of, key=lambda row: (row.sku, row.id))
                ),
                total, currency, str(state), why, supplier.port if supplier else "",
                _hints(supplier, total, known.today) if supplier else (), no,
            )
        )  # fmt: skip
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Known:
    suppliers: dict[str, Any]
    places: dict[str, str]
    states: dict[str, str]
    today: Any


async def _known(session: AsyncSession, rows: Sequence[Any]) -> _Known:
    codes = sorted({row.supplier for row in rows if row.supplier})
    ids = sorted({id for row in rows for id in (row.location_id, row.source_id) if id})
    nos = sorted({row.document_no for row in rows if row.document_no})
    suppliers = await run(session, _SUPPLIERS, codes=codes)
    places = await run(session, _PLACES, ids=ids)
    states = await run(session, _STATES, nos=nos) if nos else ()
    [today] = await run(session, _TODAY)
    return _Known(
        {row.code: row for row in suppliers}, {row.id: row.name for row in places},
        {row.no: row.state for row in states}, today.day,
    )  # fmt: skip


def _why(wish: Wish, total_minor: int) -> str:
    if wish.budget_minor is not None and total_minor > wish.budget_minor:
        return "budget"
    return "limit" if total_minor > (wish.limit_minor or 0) else ""


def _hint(row: Any) -> str:
    if row.quantity < row.numbers.get("moq", 1):
        return "below_moq"
    return "no_step" if row.quantity % row.numbers.get("step", 1) else ""


def _hints(supplier: Any, total_minor: int, today: Any) -> tuple[str, ...]:
    below = ("below_minimum",) if total_minor < supplier.minimum_minor else ()
    closed = () if calendar_of(supplier).takes_orders(today) else ("no_order_day",)
    return (*below, *closed)
