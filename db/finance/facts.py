"""Reading what the facts of one round are about: every kind with one statement."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.sql import run
from domain.finance.accounts import Account
from domain.finance.claim_rules import ClaimMoney
from domain.finance.goods_claims import ClaimMove, GoodsClaimMoney
from domain.finance.money_rules import ProviderMoney
from domain.finance.order_book import BookLine, OrderBook, recognised_so_far
from domain.finance.posting import Fact, FactKind, Picture, Shipped
from domain.finance.stock_rules import GoodsMoved, StockValue
from domain.finance.vouchers import Recognised
from domain.orders.channels import OUR_CHANNELS
from domain.shared.ids import Sku

_DUE: Final = """
SELECT f.id, f.kind, f.subject, f.amount_minor, f.at, f.error,
       coalesce(nullif(f.order_id, ''), o.id, '') AS order_id
FROM book_fact f
LEFT JOIN payment p ON f.kind = 'payment' AND p.id = f.subject
LEFT JOIN sales_order o ON o.shop_id = p.shop_id AND o.external_no = p.external_no
WHERE f.posted_at IS NULL AND f.due_at <= clock_timestamp()
ORDER BY f.id LIMIT :limit
"""

_PAYMENTS: Final = """
SELECT id AS subject, account_id, shop_id, currency, amount_minor, purpose = 'order' AS is_order,
       false AS by_hand
FROM payment WHERE id = ANY(:payments)
UNION ALL
SELECT r.refund_no, p.account_id, p.shop_id, r.currency, r.amount_minor, r.kind <> 'surplus',
       r.state = 'by_hand'
FROM refund r JOIN payment p ON p.id = r.payment_id WHERE r.refund_no = ANY(:refunds)
"""

_TENDERS: Final = """
SELECT order_id || '/' || line_no AS subject, kind FROM till_payment WHERE order_id = ANY(:orders)
"""

_CLAIMS: Final = """
SELECT m.id AS subject, c.carrier, m.kind, m.amount_minor, c.currency
FROM claim_money m JOIN carrier_claim c ON c.claim_no = m.claim_no WHERE m.id = ANY(:claims)
"""

_GOODS_CLAIMS: Final = """
SELECT m.id AS subject, c.debtor, m.kind, m.amount_minor, c.currency, c.never_came
FROM goods_claim_money m JOIN goods_claim c ON c.claim_no = m.claim_no WHERE m.id = ANY(:claims)
"""

_GOODS: Final = """
SELECT idempotency_key, sku, quantity, from_place, to_place, owner, reason, document_kind,
       value_minor, document_no
FROM stock_move WHERE idempotency_key = ANY(:keys) ORDER BY idempotency_key, line_no
"""

_SHIPPED: Final = """
SELECT l.shipment_no, s.order_id, l.order_line_id,
       sum(coalesce(l.picked_quantity, l.quantity))::bigint AS units
FROM shipment_line l JOIN shipment s ON s.no = l.shipment_no
WHERE l.shipment_no = ANY(:shipments)
GROUP BY l.shipment_no, s.order_id, l.order_line_id ORDER BY l.shipment_no, l.order_line_id
"""

_LEFT: Final = """
SELECT s.order_id, l.order_line_id, sum(coalesce(l.picked_quantity, l.quantity))::bigint AS units
FROM shipment s JOIN shipment_line l ON l.shipment_no = s.no
WHERE s.order_id = ANY(:orders) AND s.handed_over_at IS NOT NULL AND s.status <> 'cancelled'
GROUP BY s.order_id, l.order_line_id
"""

_ORDERS: Final = """
SELECT o.id, o.shop_id, o.currency, o.payable_minor, o.captured_minor, o.freight_minor,
       o.channel <> ALL(CAST(:ours AS text[])) AS settled_by_channel,
       o.status = 'cancelled' AS cancelled,
       o.test_order,
       CASE WHEN o.cash_on_delivery THEN (
           SELECT s.carrier FROM shipment s WHERE s.order_id = o.id AND s.carrier <> ''
           ORDER BY s.no LIMIT 1) END AS carrier
FROM sales_order o WHERE o.id = ANY(:orders)
"""

_LINES: Final = """
SELECT l.id, l.order_id, l.kind, l.payable_minor, l.discount_minor, l.tax_minor, l.cancelled,
       coalesce((SELECT sum(quantity) FROM fulfilment_line WHERE order_line_id = l.id), 0)::bigint
           AS units
FROM order_line l WHERE l.order_id = ANY(:orders) ORDER BY l.order_id, l.line_no
"""

_BALANCES: Final = """
SELECT v.order_id, e.account, sum(e.debit_minor - e.credit_minor)::bigint AS minor
FROM voucher v JOIN voucher_entry e ON e.voucher_no = v.no
WHERE v.order_id = ANY(:orders) GROUP BY v.order_id, e.account
"""

_RECOGNISED: Final = """
SELECT order_id, order_line_id, units, sales_minor, discount_minor, tax_minor
FROM recognised WHERE order_id = ANY(:orders)
"""

_VALUES: Final = """
SELECT s.code, coalesce(v.units, 0)::bigint AS units, coalesce(v.cost_minor, s.cost_minor) AS cost,
       coalesce(v.currency, s.currency) AS currency
FROM sku s LEFT JOIN stock_value v ON v.sku = s.code WHERE s.code = ANY(:skus)
"""


async def due_facts(session: AsyncSession, limit: int) -> tuple[list[Fact], set[int]]:
    """Facts that are not posted yet, the oldest first, and which of them failed before."""
    rows = await run(session, _DUE, limit=limit)
    facts = [
        Fact(r.id, FactKind(r.kind), r.subject, r.order_id, r.amount_minor, r.at) for r in rows
    ]
    return facts, {row.id for row in rows if row.error}


async def picture_of(session: AsyncSession, facts: Sequence[Fact]) -> Picture:
    """Everything the rules want to know about these facts."""
    picture = Picture()
    await _add_money(session, picture, facts)
    await _add_goods(session, picture, facts)
    orders = {fact.order_id for fact in facts} | {x.order_id for x in picture.shipped.values()}
    closed = [fact.order_id for fact in facts if fact.kind is FactKind.CLOSED]
    await _add_orders(session, picture, sorted(orders - {""}), sorted(closed))
    return picture


async def documents_of(session: AsyncSession, facts: Sequence[Fact]) -> dict[int, str]:
    """The number on the paper behind each fact, as people know it."""
    rows = await run(
        session,
        "SELECT f.id, coalesce("
        "     m.document_no, p.transaction_id, t.number, c.claim_no, g.claim_no, o.no,"
        "     f.subject) AS no"
        " FROM book_fact f"
        " LEFT JOIN LATERAL (SELECT document_no FROM stock_move"
        "     WHERE f.kind = 'stock' AND idempotency_key = f.subject LIMIT 1) m ON true"
        " LEFT JOIN payment p ON f.kind = 'payment' AND p.id = f.subject"
        " LEFT JOIN claim_money c ON f.kind = 'claim' AND c.id = f.subject"
        " LEFT JOIN goods_claim_money g ON f.kind = 'goods_claim' AND g.id = f.subject"
        " LEFT JOIN till_ticket t ON f.kind = 'tender' AND t.order_id = f.order_id"
        " LEFT JOIN sales_order o ON f.kind NOT IN ('refund', 'cost') AND o.id = f.order_id"
        " WHERE f.id = ANY(:ids)",
        ids=[fact.id for fact in facts],
    )
    return {row.id: row.no for row in rows}


async def _add_money(session: AsyncSession, picture: Picture, facts: Sequence[Fact]) -> None:
    payments = [fact.subject for fact in facts if fact.kind is FactKind.PAYMENT]
    refunds = [fact.subject for fact in facts if fact.kind is FactKind.REFUND]
    if payments or refunds:
        rows = await run(session, _PAYMENTS, payments=payments, refunds=refunds)
        picture.money = {row.subject: _money(row) for row in rows}
    if tills := [fact.order_id for fact in facts if fact.kind is FactKind.TENDER]:
        rows = await run(session, _TENDERS, orders=tills)
        picture.tenders = {row.subject: row.kind for row in rows}
    if claims := [fact.subject for fact in facts if fact.kind is FactKind.CLAIM]:
        picture.claims = {
            row.subject: ClaimMoney(row.carrier, row.kind, row.amount_minor, row.currency)
            for row in await run(session, _CLAIMS, claims=claims)
        }
    if claims := [fact.subject for fact in facts if fact.kind is FactKind.GOODS_CLAIM]:
        picture.goods_claims = {
            row.subject: GoodsClaimMoney(
                row.debtor, ClaimMove(row.kind), row.amount_minor, row.currency, row.never_came
            )
            for row in await run(session, _GOODS_CLAIMS, claims=claims)
        }


def _money(row: Row[Any]) -> ProviderMoney:
    return ProviderMoney(
        row.account_id, row.shop_id, row.amount_minor, row.currency, row.is_order, row.by_hand
    )


async def _add_goods(session: AsyncSession, picture: Picture, facts: Sequence[Fact]) -> None:
    keys = [fact.subject for fact in facts if fact.kind is FactKind.STOCK]
    costs = [
        fact.subject.rpartition("@")[0] for fact in facts if fact.kind is FactKind.COST
    ]  # fmt: skip
    moves = await run(session, _GOODS, keys=keys) if keys else []
    goods: dict[str, list[GoodsMoved]] = {}
    papers: dict[str, str] = {}
    for row in moves:
        line = GoodsMoved(
            Sku(row.sku), row.quantity, row.from_place, row.to_place, row.owner, row.reason,
            row.document_kind, row.value_minor,
        )  # fmt: skip
        goods.setdefault(row.idempotency_key, []).append(line)
        if row.to_place == "customer":
            papers[row.idempotency_key] = row.document_no
    picture.goods = {key: tuple(lines) for key, lines in goods.items()}
    skus = sorted({row.sku for row in moves} | set(costs))
    if skus:
        picture.values = {
            Sku(row.code): StockValue(Sku(row.code), row.cost, row.currency, row.units)
            for row in await run(session, _VALUES, skus=skus)
        }
    if papers:
        shipments = await _shipments(session, sorted(set(papers.values())))
        found = {key: shipments.get(no) for key, no in papers.items()}
        picture.shipped = {key: shipped for key, shipped in found.items() if shipped}


async def _shipments(session: AsyncSession, numbers: Sequence[str]) -> dict[str, Shipped]:
    units: dict[str, dict[str, int]] = {}
    orders: dict[str, str] = {}
    for row in await run(session, _SHIPPED, shipments=list(numbers)):
        orders[row.shipment_no] = row.order_id
        units.setdefault(row.shipment_no, {})[row.order_line_id] = row.units
    return {no: Shipped(orders[no], of) for no, of in units.items()}


async def _add_orders(
    session: AsyncSession, picture: Picture, orders: Sequence[str], closed: Sequence[str]
) -> None:
    if not orders:
        return
    given = {"orders": list(orders)}
    lines: dict[str, list[BookLine]] = {}
    for row in await run(session, _LINES, **given):
        lines.setdefault(row.order_id, []).append(_line(row))
    balances: dict[str, dict[Account, int]] = {}
    for row in await run(session, _BALANCES, **given):
        balances.setdefault(row.order_id, {})[Account(row.account)] = row.minor
    done: dict[str, list[Recognised]] = {}
    for row in await run(session, _RECOGNISED, **given):
        part = Recognised(
            row.order_line_id, row.units, row.sales_minor, row.discount_minor, row.tax_minor
        )
        done.setdefault(row.order_id, []).append(part)
    for row in await run(session, _ORDERS, ours=list(OUR_CHANNELS), **given):
        if row.carrier:
            picture.carriers[row.id] = f"carrier/{row.carrier}"
        picture.books[row.id] = OrderBook(
            row.id, row.shop_id, row.currency, row.payable_minor, row.captured_minor,
            row.freight_minor, row.settled_by_channel, row.cancelled, row.test_order,
            tuple(lines.get(row.id, ())), balances.get(row.id, {}),
            recognised_so_far(done.get(row.id, ())),
        )  # fmt: skip
    if closed:
        left: dict[str, dict[str, int]] = {}
        for row in await run(session, _LEFT, orders=list(closed)):
            left.setdefault(row.order_id, {})[row.order_line_id] = row.units
        picture.left.update(left)


def _line(row: Row[Any]) -> BookLine:
    return BookLine(
        row.id, row.kind, row.units, row.payable_minor, row.discount_minor, row.tax_minor,
        row.cancelled,
    )  # fmt: skip
