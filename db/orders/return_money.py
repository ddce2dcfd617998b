"""An order's money as returns see it, and planning what one pays back."""

from collections.abc import Mapping
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.refunds import Round, plan_return_refunds
from db.orders.replacements import send_anew, send_other
from db.orders.returns import return_state, tell
from db.orders.statements import as_json
from db.sql import run
from db.vault import Vault
from domain.orders.returns.model import Remedy, ReturnReason, ReturnState
from domain.orders.returns.money import (
    OrderMoney,
    PaidLine,
    Part,
    Settlement,
    Terms,
    exchanged_for,
    is_whole,
    settle,
)
from domain.shared.money import Money

_ORDER: Final = """
SELECT o.currency, o.captured_minor, o.refunded_minor,
       o.refund_due_minor + o.returning_minor AS pending_minor, o.freight_minor,
       coalesce((SELECT sum(s.freight_minor) FROM return_settlement s
                 WHERE s.order_id = o.id), 0)::bigint AS freight_refunded_minor
FROM sales_order o WHERE o.id = :order_id
"""

_LINES: Final = """
SELECT l.id, l.payable_minor,
       coalesce(jsonb_agg(jsonb_build_array(
           f.id, f.quantity - f.cancelled_quantity, f.refunded_quantity,
           greatest(k.price_minor, 1)) ORDER BY f.id)
           FILTER (WHERE f.quantity > f.cancelled_quantity), '[]') AS parts
FROM order_line l
LEFT JOIN fulfilment_line f ON f.order_line_id = l.id
LEFT JOIN sku k ON k.code = f.sku
WHERE l.order_id = :order_id GROUP BY l.id, l.payable_minor, l.line_no ORDER BY l.line_no
"""

_UNSETTLED: Final = """
SELECT l.fulfilment_line_id,
       CASE WHEN l.needs_goods THEN l.accepted_quantity
            WHEN r.decision = 'approved' THEN l.quantity ELSE 0 END - l.refunded_quantity AS units
FROM sales_return_line l JOIN sales_return r ON r.return_no = l.return_no
WHERE l.return_no = :return_no ORDER BY l.fulfilment_line_id
"""

_ASKED: Final = """
SELECT fulfilment_line_id,
       greatest(quantity, received_quantity) - (inspected_quantity - accepted_quantity)
       - refunded_quantity AS units
FROM sales_return_line WHERE return_no = :return_no ORDER BY fulfilment_line_id
"""

_PAY_LINES: Final = """
WITH paid AS (
    SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:units AS bigint[]), CAST(:sums AS bigint[]))
        AS u(id, units, minor)
), of_return AS (
    UPDATE sales_return_line l SET refunded_quantity = l.refunded_quantity + p.units,
                                   refund_minor = l.refund_minor + p.minor
    FROM paid p WHERE l.return_no = :return_no AND l.fulfilment_line_id = p.id)
UPDATE fulfilment_line f SET refunded_quantity = f.refunded_quantity + p.units
FROM paid p WHERE f.id = p.id
"""

# Without anything wanted the same goods are sent anew; what was sent instead is not sent again.
_PRICE: Final = """
SELECT CASE WHEN w.price IS NULL THEN NULL WHEN r.new_order_id IS NULL THEN w.price ELSE 0 END
           AS price
FROM sales_return r LEFT JOIN (
    SELECT return_no, sum(quantity * unit_minor)::bigint AS price FROM return_wanted
    GROUP BY return_no) w ON w.return_no = r.return_no
WHERE r.return_no = :return_no
"""

_KEEP: Final = """
INSERT INTO return_settlement (return_no, round, order_id, goods_minor, freight_minor,
                               deduction_minor, goodwill_minor, refund_minor, exchanged_minor,
                               lines)
VALUES (:return_no, :round, :order_id, :goods, :freight, :deduction, :goodwill, :refund, :exchanged,
        CAST(:lines AS jsonb))
"""

_PROMISE: Final = """
UPDATE sales_order SET returning_minor = returning_minor + :refund,
                       refunded_minor = refunded_minor + :exchanged
WHERE id = :order_id
"""

_SETTLED: Final = """
UPDATE sales_return SET settled_at = clock_timestamp(), rounds = :round, goodwill_minor = 0,
    deduction_minor = 0, rest_minor = rest_minor + :rest, updated_at = clock_timestamp(),
    to_tell = CASE WHEN origin <> 'channel' OR kind = 'refund_only' THEN to_tell
                   WHEN CAST(:refund AS bigint) > 0 THEN 'received' ELSE 'refuse' END
WHERE return_no = :return_no
"""

_PAID_OTHERWISE: Final = """
WITH paid AS (
    UPDATE sales_return SET rest_minor = 0, updated_at = clock_timestamp()
    WHERE return_no = :return_no RETURNING order_id)
UPDATE sales_order o
SET returning_minor = o.returning_minor - :rest,
    refunded_minor = o.refunded_minor + CASE WHEN CAST(:paid AS boolean)
                                             THEN CAST(:rest AS bigint) ELSE 0 END
FROM paid WHERE o.id = paid.order_id
"""


async def order_money(session: AsyncSession, order_id: str) -> OrderMoney:
    """What came in for the order, went back and is promised, and what its lines cost."""
    order = (await run(session, _ORDER, order_id=order_id))[0]
    lines = await run(session, _LINES, order_id=order_id)
    return OrderMoney(
        order.currency,
        order.captured_minor,
        order.refunded_minor,
        order.pending_minor,
        order.freight_minor,
        tuple(
            PaidLine(line.id, line.payable_minor, tuple(Part(*part) for part in line.parts))
            for line in lines
        ),
        order.freight_refunded_minor,
    )


async def units_of(session: AsyncSession, return_no: str, *, asked: bool) -> dict[str, int]:
    """Units to be paid for now; with `asked`, those that will be if all comes as announced."""
    statement = _ASKED if asked else _UNSETTLED
    rows = await run(session, statement, return_no=return_no)
    return {row.fulfilment_line_id: row.units for row in rows if row.units > 0}


async def price_instead(session: AsyncSession, return_no: str, remedy: str) -> int | None:
    """What the goods cost that are sent instead of money: None where the same ones are sent.

    Once they are sent, what comes back later pays for nothing more.
    """
    if remedy != Remedy.EXCHANGE:
        return 0 if remedy == Remedy.REFUND else None
    rows = await run(session, _PRICE, return_no=return_no)
    price: int | None = rows[0].price
    return price


def settlement_of(
    money: OrderMoney, row: Any, units: Mapping[str, int], price_minor: int | None
) -> Settlement:
    """What a return pays for these units on the terms in its row; goodwill as far as there is.

    `price_minor` is that of the goods sent instead, none where the same ones are sent anew.
    """
    if price_minor is None:  # only what is beside the goods is paid
        units = {}
    freight = row.refund_freight
    if freight is None:
        freight = ReturnReason(row.reason).is_ours and bool(units) and is_whole(money, units)
    plain = settle(money, units, Terms(freight, row.deduction_minor))
    goodwill = min(row.goodwill_minor, plain.ceiling_minor - plain.refund_minor)
    paid = settle(money, units, Terms(freight, row.deduction_minor, goodwill))
    return exchanged_for(paid, price_minor or 0) if units else paid


async def settle_return(session: AsyncSession, vault: Vault, row: Any) -> ReturnState:
    """Plan what this round of the return pays back, once; its refunds are written down with it.

    The caller holds the locks.
    """
    if row.settled_at is None:
        units = await units_of(session, row.return_no, asked=False)
        money = await order_money(session, row.order_id)
        price = await price_instead(session, row.return_no, row.remedy)
        paid = settlement_of(money, row, units, price)
        await _write(session, row, units, paid, money.currency)
        if units and price is None:
            await send_anew(session, vault, row, units)
        elif units and price:
            await send_other(session, vault, row, paid.exchanged_minor)
    return await return_state(session, row.return_no)


async def pay_rest(session: AsyncSession, row: Any, actor: str, *, paid: bool = True) -> None:
    """What no known payment covers was paid by hand or by the channel, or is left out."""
    if not row.rest_minor:
        return
    await run(session, _PAID_OTHERWISE, return_no=row.return_no, rest=row.rest_minor, paid=paid)
    currency = (await run(session, _ORDER, order_id=row.order_id))[0].currency
    data = {"return_no": row.return_no, "amount": str(Money(row.rest_minor, currency))}
    kind = "return_paid_by_hand" if paid else "return_rest_left_out"
    await tell(session, row.order_id, row.return_no, kind, data, actor)


async def _write(
    session: AsyncSession, row: Any, units: Mapping[str, int], paid: Settlement, currency: str
) -> None:
    number = row.rounds + 1
    lines = {part: [count, paid.goods.get(part, 0)] for part, count in units.items()}
    await run(
        session, _KEEP, return_no=row.return_no, round=number, order_id=row.order_id,
        goods=paid.goods_minor, freight=paid.freight_minor, deduction=paid.deduction_minor,
        goodwill=paid.goodwill_minor, refund=paid.refund_minor, exchanged=paid.exchanged_minor,
        lines=as_json(lines),
    )  # fmt: skip
    await run(
        session, _PAY_LINES, return_no=row.return_no, ids=list(units),
        units=list(units.values()), sums=[paid.goods.get(part, 0) for part in units],
    )  # fmt: skip
    await run(
        session, _PROMISE, order_id=row.order_id, refund=paid.refund_minor,
        exchanged=paid.exchanged_minor,
    )  # fmt: skip
    of = Round(row.return_no, number)
    rest = await plan_return_refunds(session, row.order_id, paid.refund_minor, of)
    await run(
        session,
        _SETTLED,
        return_no=row.return_no,
        round=number,
        rest=rest,
        refund=paid.refund_minor,
    )
    data = {"return_no": row.return_no, "amount": str(Money(paid.refund_minor, currency))}
    await tell(session, row.order_id, row.return_no, "return_settled", data)
