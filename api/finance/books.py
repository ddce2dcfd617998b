"""The books: trial balance, vouchers, and what goods stand in them for."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.engine import Row

from api.deps import Context, SessionsOf
from api.errors import Problem
from api.finance.periods import Cursor, DaysOf, read_after, write_after
from api.orders.money import MoneyView
from api.strict import Asked, Code, StrictBody
from db.finance import queries
from db.finance.queries import BEGINNING, Days
from db.platform.audit import audit
from domain.finance.accounts import NUMBER, Account
from domain.shared.errors import InvalidInput, UnknownSku
from domain.shared.money import Money, minor_digits

router = APIRouter(prefix="/finance", tags=["finance"])

EVER = Days(BEGINNING, date(9999, 12, 31))


class AccountView(BaseModel):
    """One account in the span of days. Balances are debit less credit."""

    account: Account
    number: str
    opening: MoneyView
    debit: MoneyView
    credit: MoneyView
    closing: MoneyView


class CurrencyBalance(BaseModel):
    """All accounts of one currency. `difference` is zero, always."""

    currency: str
    accounts: list[AccountView]
    debit: MoneyView
    credit: MoneyView
    difference: MoneyView


class TrialBalance(BaseModel):
    """What every account stood at, moved and stands at. `waiting` facts are not posted yet."""

    first_day: date
    last_day: date
    currencies: list[CurrencyBalance]
    waiting: int
    failed: int


class EntryView(BaseModel):
    """One side of a voucher."""

    account: Account
    number: str
    party: str
    debit: MoneyView | None
    credit: MoneyView | None


class VoucherView(BaseModel):
    """One voucher, with the paper and the order behind it."""

    no: str
    booked_on: date
    kind: str
    document: str
    order_no: str | None
    shop: str
    currency: str
    sum: MoneyView
    entries: list[EntryView]


class VoucherList(BaseModel):
    items: list[VoucherView]
    next_cursor: str


class CostView(BaseModel):
    """What one unit of a SKU stands in the books for; none while nobody said it."""

    sku: str
    name: str
    cost: MoneyView | None
    units: int


class CostList(BaseModel):
    items: list[CostView]
    next_cursor: str


class NewCost(StrictBody):
    """The standard cost of one unit, in the SKU's currency."""

    cost: Annotated[Decimal, Field(ge=0, le=10_000_000, max_digits=12, decimal_places=4)]


@router.get("/trial-balance", responses={422: {"description": "The days are not a span"}})
async def trial_balance(sessions: SessionsOf, days: DaysOf) -> TrialBalance:
    """Every account per currency: before the days, in them, and after them."""
    async with sessions.begin() as session:
        rows = await queries.trial_balance(session, days)
        state = await queries.state_of_books(session)
    return TrialBalance(
        first_day=days.first, last_day=days.last, currencies=by_currency(rows),
        waiting=state.waiting, failed=state.failed,
    )  # fmt: skip


@router.get("/vouchers")
async def list_vouchers(
    sessions: SessionsOf,
    days: DaysOf,
    account: Account | None = None,
    order: Asked = "",
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> VoucherList:
    """Vouchers of these days, the first first; of one account or one order where that is said."""
    async with sessions.begin() as session:
        rows, entries = await queries.vouchers(
            session, days, limit + 1, account=account or "", order_no=order,
            after=read_after(cursor),
        )  # fmt: skip
    shown = rows[:limit]
    more = len(rows) > limit
    return VoucherList(
        items=[_voucher(row, entries[row.no]) for row in shown],
        next_cursor=write_after(shown[-1].booked_on, shown[-1].no) if more else "",
    )


@router.get("/vouchers/{no}")
async def get_voucher(no: Code, sessions: SessionsOf) -> VoucherView:
    """One voucher."""
    async with sessions.begin() as session:
        rows, entries = await queries.vouchers(session, EVER, 1, no=no)
    if not rows:
        raise Problem("NotFound", 404, "there is no such voucher")
    return _voucher(rows[0], entries[rows[0].no])


@router.get("/costs")
async def list_costs(
    sessions: SessionsOf,
    q: Asked = "",
    missing: bool = False,
    cursor: Asked = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> CostList:
    """Standard costs; `missing` shows only SKUs whose goods move without a sum."""
    async with sessions.begin() as session:
        rows = await queries.costs(
            session, q.strip(), missing=missing, after=cursor, limit=limit + 1
        )
    shown = rows[:limit]
    return CostList(
        items=[
            CostView(
                sku=row.code, name=row.name, units=row.units,
                cost=MoneyView.of(row.cost_minor, row.currency) if row.cost_minor else None,
            )
            for row in shown
        ],
        next_cursor=shown[-1].code if len(rows) > limit else "",
    )  # fmt: skip


@router.put(
    "/costs/{sku:path}",
    status_code=204,
    responses={404: {"description": "UnknownSku: no SKU has this code"}},
)
async def set_cost(sku: Code, body: NewCost, context: Context) -> None:
    """Set what a unit costs: goods that lie there are worth that much from now on."""
    async with context.sessions.begin() as session:
        known = await queries.cost_of(session, sku)
        if known is None:
            raise UnknownSku("there is no such SKU")
        digits = minor_digits(known.currency)
        if body.cost != round(body.cost, digits):
            raise InvalidInput(f"{known.currency} has {digits} decimal places")
        cost_minor = Money.of(body.cost, known.currency).minor
        await queries.set_cost(session, sku, cost_minor)
        await audit(
            session, context.actor, "sku.cost", f"sku/{sku}", request_id=context.request_id,
            before={"cost_minor": known.cost_minor}, after={"cost_minor": cost_minor},
        )  # fmt: skip


def by_currency(rows: Iterable[Row[Any]]) -> list[CurrencyBalance]:
    """The trial balance of every currency, accounts by their numbers."""
    grouped: dict[str, list[Row[Any]]] = {}
    for row in rows:
        grouped.setdefault(row.currency, []).append(row)
    return [_balance(currency, found) for currency, found in grouped.items()]


def _balance(currency: str, rows: Sequence[Row[Any]]) -> CurrencyBalance:
    ordered = sorted(rows, key=lambda row: NUMBER[Account(row.account)])
    closing = sum(row.opening + row.debit - row.credit for row in rows)
    return CurrencyBalance(
        currency=currency,
        accounts=[
            AccountView(
                account=Account(row.account),
                number=NUMBER[Account(row.account)],
                opening=MoneyView.of(row.opening, currency),
                debit=MoneyView.of(row.debit, currency),
                credit=MoneyView.of(row.credit, currency),
                closing=MoneyView.of(row.opening + row.debit - row.credit, currency),
            )
            for row in ordered
        ],
        debit=MoneyView.of(sum(row.debit for row in rows), currency),
        credit=MoneyView.of(sum(row.credit for row in rows), currency),
        difference=MoneyView.of(closing, currency),
    )


def _voucher(row: Row[Any], entries: Iterable[Row[Any]]) -> VoucherView:
    return VoucherView(
        no=row.no, booked_on=row.booked_on, kind=row.kind, document=row.document,
        order_no=row.order_no, shop=row.shop_id, currency=row.currency,
        sum=MoneyView.of(row.minor, row.currency),
        entries=[_entry(entry, row.currency) for entry in entries],
    )  # fmt: skip


def _entry(row: Row[Any], currency: str) -> EntryView:
    account = Account(row.account)
    return EntryView(
        account=account, number=NUMBER[account], party=row.party,
        debit=MoneyView.of(row.debit_minor, currency) if row.debit_minor else None,
        credit=MoneyView.of(row.credit_minor, currency) if row.credit_minor else None,
    )  # fmt: skip
