"""The books as people and programs read them. Nothing here changes anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run

_BALANCE: Final = """
SELECT v.currency, e.account,
       coalesce(sum(e.debit_minor - e.credit_minor) FILTER (WHERE v.booked_on < :first), 0)::bigint
           AS opening,
       coalesce(sum(e.debit_minor) FILTER (WHERE v.booked_on >= :first), 0)::bigint AS debit,
       coalesce(sum(e.credit_minor) FILTER (WHERE v.booked_on >= :first), 0)::bigint AS credit
FROM voucher_entry e JOIN voucher v ON v.no = e.voucher_no
WHERE v.booked_on <= :last
GROUP BY v.currency, e.account ORDER BY v.currency, e.account
"""

_VOUCHERS: Final = """
SELECT v.no, v.booked_on, v.kind, v.part, v.currency, v.shop_id, v.document, v.order_id,
       o.no AS order_no,
       (SELECT sum(debit_minor) FROM voucher_entry WHERE voucher_no = v.no)::bigint AS minor
FROM voucher v LEFT JOIN sales_order o ON o.id = v.order_id
WHERE v.booked_on BETWEEN :first AND :last
  AND (CAST(:order_no AS text) = '' OR o.no = :order_no)
  AND (CAST(:no AS text) = '' OR v.no = :no)
  AND (CAST(:account AS text) = '' OR EXISTS (
      SELECT FROM voucher_entry WHERE voucher_no = v.no AND account = :account))
  AND (v.booked_on, v.no) > (CAST(:after_day AS date), CAST(:after_no AS text))
ORDER BY v.booked_on, v.no LIMIT :limit
"""

_ENTRIES_OF: Final = """
SELECT voucher_no, line_no, account, party, debit_minor, credit_minor FROM voucher_entry
WHERE voucher_no = ANY(:numbers) ORDER BY voucher_no, line_no
"""

_OF_ACCOUNT: Final = """
SELECT v.no, v.booked_on, v.kind, v.currency, v.document, o.no AS order_no, e.party,
       e.debit_minor, e.credit_minor, e.line_no
FROM voucher_entry e JOIN voucher v ON v.no = e.voucher_no
LEFT JOIN sales_order o ON o.id = v.order_id
WHERE e.account = :account AND v.currency = :currency AND v.booked_on BETWEEN :first AND :last
  AND (v.booked_on, v.no) > (CAST(:after_day AS date), CAST(:after_no AS text))
ORDER BY v.booked_on, v.no, e.line_no LIMIT :limit
"""

_BY_PARTY: Final = """
SELECT e.party, sum(e.debit_minor - e.credit_minor)::bigint AS minor
FROM voucher_entry e JOIN voucher v ON v.no = e.voucher_no
WHERE e.account = :account AND v.currency = :currency AND v.booked_on <= :last
GROUP BY e.party HAVING sum(e.debit_minor - e.credit_minor) <> 0 ORDER BY e.party LIMIT 100
"""

_STATE: Final = """
SELECT (SELECT count(*) FROM (SELECT FROM book_fact WHERE posted_at IS NULL AND error = ''
                              LIMIT 10000) w) AS waiting,
       (SELECT count(*) FROM book_fact WHERE posted_at IS NULL AND error <> '') AS failed,
       (SELECT count(*) FROM sku s WHERE s.cost_minor = 0 AND s.active) AS without_cost
"""

_COSTS: Final = """
SELECT s.code, s.name, s.currency, s.cost_minor, s.price_minor, coalesce(v.units, 0)::bigint
           AS units
FROM sku s LEFT JOIN stock_value v ON v.sku = s.code
WHERE (CAST(:missing AS boolean) IS FALSE OR s.cost_minor = 0)
  AND (CAST(:search AS text) = '' OR s.code ILIKE :pattern ESCAPE '!'
       OR s.name ILIKE :pattern ESCAPE '!')
  AND s.code > :after
ORDER BY s.code LIMIT :limit
"""

BEGINNING: Final = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Days:
    """A span of days, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class After:
    """The last voucher of the page before."""

    day: date = BEGINNING
    no: str = ""


async def trial_balance(session: AsyncSession, days: Days) -> Sequence[Row[Any]]:
    """Per currency and account: what stood there before the days, and what they moved."""
    return await run(session, _BALANCE, first=days.first, last=days.last)


async def vouchers(
    session: AsyncSession,
    days: Days,
    limit: int,
    *,
    account: str = "",
    order_no: str = "",
    no: str = "",
    after: After = After(),
) -> tuple[Sequence[Row[Any]], dict[str, list[Row[Any]]]]:
    """Vouchers in the order of their days and numbers, and their entries by number."""
    rows = await run(
        session, _VOUCHERS, first=days.first, last=days.last, account=account, order_no=order_no,
        no=no, after_day=after.day, after_no=after.no, limit=limit,
    )  # fmt: skip
    entries: dict[str, list[Row[Any]]] = {}
    if rows:
        for row in await run(session, _ENTRIES_OF, numbers=[row.no for row in rows]):
            entries.setdefault(row.voucher_no, []).append(row)
    return rows, entries


async def entries_of_account(
    session: AsyncSession, account: str, currency: str, days: Days, limit: int, after: After
) -> Sequence[Row[Any]]:
    """What moved an account, with the order behind each entry."""
    return await run(
        session, _OF_ACCOUNT, account=account, currency=currency, first=days.first,
        last=days.last, after_day=after.day, after_no=after.no, limit=limit,
    )  # fmt: skip


async def parties_of_account(
    session: AsyncSession, account: str, currency: str, last: date
) -> Sequence[Row[Any]]:
    """What of an account's balance is whose."""
    return await run(session, _BY_PARTY, account=account, currency=currency, last=last)


async def state_of_books(session: AsyncSession) -> Row[Any]:
    """What waits to be posted, what cannot be, and how many SKUs have no cost yet."""
    return (await run(session, _STATE))[0]


async def costs(
    session: AsyncSession, search: str, *, missing: bool, after: str = "", limit: int = 100
) -> Sequence[Row[Any]]:
    """SKUs with their standard cost and the units the books own."""
    escaped = search.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return await run(
        session, _COSTS, search=search, pattern=f"%{escaped}%", missing=missing, after=after,
        limit=limit,
    )  # fmt: skip


async def cost_of(session: AsyncSession, sku: str) -> Row[Any] | None:
    """A SKU's standard cost and currency, locked against others who set it."""
    rows = await run(
        session, "SELECT cost_minor, currency FROM sku WHERE code = :sku FOR NO KEY UPDATE", sku=sku
    )
    return rows[0] if rows else None


async def set_cost(session: AsyncSession, sku: str, cost_minor: int) -> None:
    """Set a SKU's standard cost; the books hear of it."""
    await run(
        session, "UPDATE sku SET cost_minor = :cost WHERE code = :sku", sku=sku, cost=cost_minor
    )
