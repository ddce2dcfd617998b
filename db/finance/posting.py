"""Posting: facts become vouchers, one process at a time, each fact once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.finance.erp import want_posted
from db.finance.facts import documents_of, due_facts, picture_of
from db.finance.invoices import money_went_back
from db.platform.attention import open_attention, resolve_attention
from db.sql import run
from domain.finance.order_book import OrderBook
from domain.finance.posting import Fact, FactKind, order_of, post
from domain.finance.stock_rules import StockValue
from domain.finance.vouchers import Voucher
from domain.shared.clock import COMPANY_ZONE

BOOKS: Final = "books"  # who asks for a person when a fact cannot be posted
RETRY_AFTER_S: Final = 600.0

_ONE_AT_A_TIME: Final = "SELECT pg_try_advisory_xact_lock(5417001) AS ours"

_LAST_NUMBERS: Final = """
SELECT p.period, coalesce((SELECT max(number) FROM voucher WHERE period = p.period), 0) AS number
FROM unnest(CAST(:periods AS text[])) AS p(period)
"""

_VOUCHERS: Final = """
INSERT INTO voucher (no, period, number, booked_on, fact_id, part, kind, currency, order_id,
                     shop_id, document)
SELECT * FROM unnest(
    CAST(:no AS text[]), CAST(:period AS text[]), CAST(:number AS int[]), CAST(:day AS date[]),
    CAST(:fact AS bigint[]), CAST(:part AS text[]), CAST(:kind AS text[]),
    CAST(:currency AS text[]), CAST(:order_id AS text[]), CAST(:shop_id AS text[]),
    CAST(:document AS text[]))
"""

_ENTRIES: Final = """
INSERT INTO voucher_entry (voucher_no, line_no, account, party, debit_minor, credit_minor)
SELECT * FROM unnest(
    CAST(:no AS text[]), CAST(:line_no AS int[]), CAST(:account AS text[]), CAST(:party AS text[]),
    CAST(:debit AS bigint[]), CAST(:credit AS bigint[]))
"""

_RECOGNISED: Final = """
INSERT INTO recognised (fact_id, order_line_id, order_id, units, sales_minor, discount_minor,
                        tax_minor)
SELECT * FROM unnest(
    CAST(:fact AS bigint[]), CAST(:line AS text[]), CAST(:order_id AS text[]),
    CAST(:units AS bigint[]), CAST(:sales AS bigint[]), CAST(:discount AS bigint[]),
    CAST(:tax AS bigint[]))
"""

_VALUES: Final = """
INSERT INTO stock_value (sku, units, cost_minor, currency)
SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:units AS bigint[]), CAST(:cost AS bigint[]),
                     CAST(:currency AS text[]))
ON CONFLICT (sku) DO UPDATE SET units = excluded.units, cost_minor = excluded.cost_minor
"""

_POSTED: Final = """
UPDATE book_fact SET posted_at = clock_timestamp(), error = '' WHERE id = ANY(:ids)
"""

_NOT_POSTED: Final = """
UPDATE book_fact SET error = :error,
    due_at = clock_timestamp() + make_interval(secs => CAST(:after AS float))
WHERE id = :id AND posted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Posted:
    """A voucher with its number, its fact and the paper behind it."""

    no: str
    fact: Fact
    voucher: Voucher
    book: OrderBook | None
    document: str

    @property
    def period(self) -> str:
        return self.no.partition("-")[0]


class FactNotPosted(Exception):
    """The rules cannot say what this fact means; it waits for a person."""

    def __init__(self, fact: Fact, why: Exception) -> None:
        super().__init__(f"{fact.kind} {fact.subject}: {type(why).__name__}: {why}")
        self.fact_id = fact.id


async def post_due(session: AsyncSession, limit: int) -> int:
    """Post the oldest facts that wait; returns how many. None while another process posts.

    Raises FactNotPosted, and then nothing is posted: the caller puts that fact aside.
    """
    if not (await run(session, _ONE_AT_A_TIME))[0].ours:
        return 0
    facts, failed = await due_facts(session, limit)
    if not facts:
        return 0
    picture = await picture_of(session, facts)
    documents = await documents_of(session, facts)
    made: list[tuple[Fact, Voucher, OrderBook | None]] = []
    for fact in facts:
        try:
            made += [(fact, found, order_of(fact, picture)) for found in post(fact, picture)]
        except Exception as error:
            raise FactNotPosted(fact, error) from error
    sums = [one for one in made if one[1].entries]
    posted = await _numbered(session, sums, documents)
    await _write(session, posted)
    await want_posted(session, [one.no for one in posted])
    await _write_recognised(session, made)
    await _write_values(session, picture.values.values())
    went_back = [fact.order_id for fact in facts if fact.kind == FactKind.REFUNDED]
    await money_went_back(session, went_back)
    await run(session, _POSTED, ids=[fact.id for fact in facts])
    for fact in facts:
        if fact.id in failed:
            await resolve_attention(
                session, workflow_id=BOOKS, step_id=f"fact/{fact.id}", by="system",
                resolution="posted",
            )  # fmt: skip
    return len(facts)


async def put_aside(session: AsyncSession, fact_id: int, error: str) -> None:
    """A fact that could not be posted is tried again later; a person sees that it waits."""
    await run(session, _NOT_POSTED, id=fact_id, error=error[:500], after=RETRY_AFTER_S)
    await open_attention(
        session, workflow_id=BOOKS, step_id=f"fact/{fact_id}", system=BOOKS, cause="NotPosted",
        error=error,
    )  # fmt: skip


def day_of(at: datetime) -> str:
    """The day of the books, on the company's clock."""
    return at.astimezone(COMPANY_ZONE).date().isoformat()


async def _numbered(
    session: AsyncSession,
    made: Sequence[tuple[Fact, Voucher, OrderBook | None]],
    documents: dict[int, str],
) -> list[Posted]:
    periods = sorted({day_of(fact.at)[:7].replace("-", "") for fact, _, _ in made})
    rows = await run(session, _LAST_NUMBERS, periods=periods) if periods else []
    last = {row.period: row.number for row in rows}
    posted: list[Posted] = []
    for fact, voucher, book in made:
        period = day_of(fact.at)[:7].replace("-", "")
        last[period] += 1
        no = f"{period}-{last[period]:06}"
        posted.append(Posted(no, fact, voucher, book, documents.get(fact.id, fact.subject)))
    return posted


async def _write(session: AsyncSession, posted: Sequence[Posted]) -> None:
    if not posted:
        return
    await run(
        session, _VOUCHERS, no=[x.no for x in posted], period=[x.period for x in posted],
        number=[int(x.no.partition("-")[2]) for x in posted],
        day=[day_of(x.fact.at) for x in posted], fact=[x.fact.id for x in posted],
        part=[x.voucher.part for x in posted], kind=[str(x.fact.kind) for x in posted],
        currency=[x.voucher.currency for x in posted],
        order_id=[x.book.order_id if x.book else "" for x in posted],
        shop_id=[x.book.shop_id if x.book else "" for x in posted],
        document=[x.document for x in posted],
    )  # fmt: skip
    entries = [(x.no, i, e) for x in posted for i, e in enumerate(x.voucher.entries, 1)]
    await run(
        session, _ENTRIES, no=[no for no, _, _ in entries], line_no=[i for _, i, _ in entries],
        account=[str(e.side.account) for _, _, e in entries],
        party=[e.side.party for _, _, e in entries],
        debit=[e.debit_minor for _, _, e in entries],
        credit=[e.credit_minor for _, _, e in entries],
    )  # fmt: skip


async def _write_recognised(
    session: AsyncSession, made: Sequence[tuple[Fact, Voucher, OrderBook | None]]
) -> None:
    parts = [
        (fact.id, book.order_id, part)
        for fact, voucher, book in made
        if book is not None
        for part in voucher.recognised
    ]
    if parts:
        await run(
            session, _RECOGNISED, fact=[id for id, _, _ in parts],
            order_id=[order_id for _, order_id, _ in parts],
            line=[part.line_id for _, _, part in parts],
            units=[part.units for _, _, part in parts],
            sales=[part.sales_minor for _, _, part in parts],
            discount=[part.discount_minor for _, _, part in parts],
            tax=[part.tax_minor for _, _, part in parts],
        )  # fmt: skip


async def _write_values(session: AsyncSession, values: Iterable[StockValue]) -> None:
    found = sorted(values, key=lambda value: value.sku)
    if found:
        await run(
            session, _VALUES, sku=[v.sku for v in found], units=[v.units for v in found],
            cost=[v.cost_minor for v in found], currency=[v.currency for v in found],
        )  # fmt: skip
