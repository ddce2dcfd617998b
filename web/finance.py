"""The books for accountants: trial balance, accounts down to their orders, vouchers, costs."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from sqlalchemy.engine import Row
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf
from api.errors import Problem, language_of
from api.finance import books
from api.finance.periods import Currency, Cursor, DaysOf, read_after, write_after
from api.language import N_, translate
from api.strict import Asked
from db.finance import queries
from db.finance.erp_queries import exports_of_voucher
from db.finance.queries import After, Days
from domain.finance.accounts import NUMBER, Account
from domain.shared.errors import InvalidInput
from domain.shared.money import Money
from integrations.sheet_files import harmless
from web import words
from web.input import typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

PAGE_SIZE: Final = 100
MOST_EXPORTED: Final = 20_000
_BYTE_ORDER_MARK: Final = "\ufeff"
_BALANCE_HEADINGS: Final = (
    N_("Account number"), N_("Account"), N_("Currency"), N_("Opening"), N_("Debit"), N_("Credit"),
    N_("Closing"),
)  # fmt: skip
_VOUCHER_HEADINGS: Final = (
    N_("Day"), N_("Voucher number"), N_("Line"), N_("Stands for"), N_("Account number"),
    N_("Account"), N_("Whose"), N_("Debit"), N_("Credit"), N_("Currency"), N_("Paper"), N_("Order"),
)  # fmt: skip


@router.get("/finance")
async def balance_page(request: Request, sessions: SessionsOf, days: DaysOf) -> Response:
    """The trial balance of some days."""
    async with sessions.begin() as session:
        rows = await queries.trial_balance(session, days)
        state = await queries.state_of_books(session)
    return page(
        request, "finance.html", days=days, span=_span(days), state=state,
        currencies=list(_currencies(rows)), numbers=NUMBER,
    )  # fmt: skip


@router.get("/finance/trial-balance.csv")
async def export_balance(request: Request, sessions: SessionsOf, days: DaysOf) -> Response:
    """The trial balance as a file for a spreadsheet."""
    async with sessions.begin() as session:
        rows = await queries.trial_balance(session, days)
    language = language_of(request)
    cells = (
        [
            NUMBER[Account(row.account)],
            translate(language, words.ACCOUNT[row.account]),
            row.currency,
            *(
                _sum(minor, row.currency)
                for minor in (
                    row.opening, row.debit, row.credit, row.opening + row.debit - row.credit,
                )
            ),
        ]
        for row in sorted(rows, key=lambda r: (r.currency, NUMBER[Account(r.account)]))
    )  # fmt: skip
    return _file(f"trial-balance-{days.first}-{days.last}", language, _BALANCE_HEADINGS, cells)


@router.get("/finance/accounts/{account}")
async def account_page(
    account: Account,
    request: Request,
    sessions: SessionsOf,
    days: DaysOf,
    currency: Currency = "CNY",
    cursor: Cursor = "",
) -> Response:
    """What moved one account, each entry with its voucher and its order."""
    after = read_after(cursor)
    async with sessions.begin() as session:
        rows = await queries.entries_of_account(
            session, account, currency, days, PAGE_SIZE + 1, after
        )
        parties = await queries.parties_of_account(session, account, currency, days.last)
    shown, following = _cut(rows)
    return page(
        request, "finance_account.html", account=account, number=NUMBER[account], days=days,
        span=_span(days), currency=currency, entries=shown, following=following, parties=parties,
    )  # fmt: skip


@router.get("/finance/vouchers")
async def voucher_list(
    request: Request, sessions: SessionsOf, days: DaysOf, order: Asked = "", cursor: Cursor = ""
) -> Response:
    """The vouchers of some days, or of one order."""
    async with sessions.begin() as session:
        rows, entries = await queries.vouchers(
            session, days, PAGE_SIZE + 1, order_no=order.strip(), after=read_after(cursor)
        )
    shown, following = _cut(rows)
    return page(
        request, "finance_vouchers.html", days=days, span=_span(days), order=order.strip(),
        vouchers=shown, entries=entries, following=following,
    )  # fmt: skip


@router.get("/finance/vouchers.csv")
async def export_vouchers(
    request: Request, sessions: SessionsOf, days: DaysOf, order: Asked = ""
) -> Response:
    """Every entry of these vouchers as a file for a spreadsheet; too many are refused, not cut."""
    async with sessions.begin() as session:
        rows, entries = await queries.vouchers(
            session, days, MOST_EXPORTED + 1, order_no=order.strip(), after=After()
        )
    if len(rows) > MOST_EXPORTED:
        raise InvalidInput(f"more than {MOST_EXPORTED} vouchers; choose fewer days")
    language = language_of(request)
    cells = (
        _voucher_cells(language, row, entry) for row in rows for entry in entries.get(row.no, ())
    )
    return _file(f"vouchers-{days.first}-{days.last}", language, _VOUCHER_HEADINGS, cells)


@router.get("/finance/vouchers/{no}")
async def voucher_page(no: str, request: Request, sessions: SessionsOf) -> Response:
    """One voucher."""
    async with sessions.begin() as session:
        rows, entries = await queries.vouchers(session, books.EVER, 1, no=no)
        exported = await exports_of_voucher(session, no)
    if not rows:
        raise Problem("NotFound", 404)
    return page(
        request, "finance_voucher.html", voucher=rows[0], entries=entries[rows[0].no],
        exported=exported,
    )  # fmt: skip


@router.get("/finance/costs")
async def cost_page(
    request: Request,
    sessions: SessionsOf,
    q: Asked = "",
    missing: bool = False,
    after: Asked = "",
) -> Response:
    """Standard costs, to read and to set."""
    async with sessions.begin() as session:
        rows = await queries.costs(
            session, q.strip(), missing=missing, after=after, limit=PAGE_SIZE + 1
        )
    return page(
        request, "finance_costs.html", q=q.strip(), missing=missing, skus=rows[:PAGE_SIZE],
        following=rows[PAGE_SIZE - 1].code if len(rows) > PAGE_SIZE else "", plain=_sum,
    )  # fmt: skip


@router.post("/finance/costs")
async def set_cost(
    request: Request,
    context: Context,
    sku: Annotated[str, Form(max_length=100)] = "",
    cost: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Set one standard cost."""
    await books.set_cost(typed(sku), body_of(books.NewCost, cost=cost), context)
    back = f"/finance/costs?{urlencode({'q': sku})}"
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": back})
    return RedirectResponse(back, 303)


def _currencies(rows: Sequence[Row[Any]]) -> Iterator[tuple[str, list[Row[Any]], int, int]]:
    """(currency, its accounts by number, Σ debit, Σ credit)."""
    for currency in sorted({row.currency for row in rows}):
        found = [row for row in rows if row.currency == currency]
        found.sort(key=lambda row: NUMBER[Account(row.account)])
        yield currency, found, sum(row.debit for row in found), sum(row.credit for row in found)


def _cut(rows: Sequence[Row[Any]]) -> tuple[Sequence[Row[Any]], str]:
    """What fits on the page, whole vouchers only, and where the next begins."""
    if len(rows) <= PAGE_SIZE:
        return rows, ""
    last = rows[PAGE_SIZE].no
    shown = [row for row in rows if row.no != last] or list(rows)
    return shown, write_after(shown[-1].booked_on, shown[-1].no)


def _span(days: Days) -> str:
    return urlencode({"from": days.first.isoformat(), "to": days.last.isoformat()})


def _voucher_cells(language: str, row: Row[Any], entry: Row[Any]) -> list[str]:
    return [
        row.booked_on.isoformat(),
        row.no,
        str(entry.line_no),
        translate(language, words.BOOKED.get(row.kind, row.kind)),
        NUMBER[Account(entry.account)],
        translate(language, words.ACCOUNT[entry.account]),
        entry.party,
        _sum(entry.debit_minor, row.currency) if entry.debit_minor else "",
        _sum(entry.credit_minor, row.currency) if entry.credit_minor else "",
        row.currency,
        row.document,
        row.order_no or "",
    ]


def _sum(minor: int, currency: str) -> str:
    return str(Money(minor, currency).major)


def _file(
    name: str, language: str, headings: Sequence[str], rows: Iterable[Sequence[str]]
) -> Response:
    text = io.StringIO()
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([translate(language, heading) for heading in headings])
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return Response(
        text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
