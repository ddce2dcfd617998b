"""Exchanges for other goods: what the buyer wants instead, and the difference that is paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.payments import difference_is_paid
from db.orders.returns import tell
from db.platform.outbox import queue_signal
from db.sql import run
from domain.orders.messages import StateChanged
from domain.orders.returns.exchange import Wanted
from domain.shared.errors import ActionNotAllowed, InvalidInput, OrderNotFound
from domain.shared.ids import Sku
from domain.shared.money import Money

_PRICES: Final = """
SELECT code, price_minor, currency FROM sku WHERE code = ANY(:skus) AND active
"""

_WANT: Final = """
INSERT INTO return_wanted (return_no, sku, quantity, unit_minor)
SELECT :return_no, u.sku, u.quantity, u.unit_minor
FROM unnest(CAST(:skus AS text[]), CAST(:quantities AS bigint[]), CAST(:prices AS bigint[]))
    AS u(sku, quantity, unit_minor)
"""

_WANTED: Final = """
SELECT w.sku, w.quantity, w.unit_minor, k.name FROM return_wanted w JOIN sku k ON k.code = w.sku
WHERE w.return_no = :return_no ORDER BY w.sku
"""

_OWING: Final = """
SELECT o.id, o.workflow_id, o.currency, o.channel_state,
       o.payable_minor - (o.captured_minor - o.refunded_minor - o.refund_due_minor
                          - o.returning_minor) AS owed,
       EXISTS (SELECT FROM order_hold h WHERE h.order_id = o.id AND h.kind = 'difference'
               AND h.released_at IS NULL) AS is_owing,
       o.closed_at IS NOT NULL AS is_closed,
       EXISTS (SELECT FROM order_event e
               WHERE e.order_id = o.id AND e.kind = 'difference_paid'
                 AND e.data->>'reference' = CAST(:reference AS text)) AS is_known
FROM sales_order o
WHERE o.no = :no AND (o.lines_edited OR EXISTS (
    SELECT FROM sales_return r WHERE r.new_order_id = o.id))
FOR NO KEY UPDATE
"""

_PAY: Final = """
UPDATE sales_order SET captured_minor = captured_minor + :amount,
    credit_minor = credit_minor + :amount, updated_at = clock_timestamp()
WHERE id = :order_id
"""


_SOURCE: Final = "difference"


@dataclass(frozen=True, slots=True)
class WantedLine:
    """What somebody asks for instead; without a price it costs what the SKU is sold for."""

    sku: str
    quantity: int
    unit_minor: int | None = None


async def priced(
    session: AsyncSession, currency: str, asked: Sequence[WantedLine]
) -> tuple[tuple[Wanted, ...], int]:
    """With their prices, and by how much all of it is below what it is sold for.

    Raises InvalidInput for a SKU that is unknown, given twice or without a price in the currency.
    """
    codes = [one.sku for one in asked]
    if len(set(codes)) < len(codes):
        raise InvalidInput("a SKU is given twice")
    known = {row.code: row for row in await run(session, _PRICES, skus=codes)}
    wanted: list[Wanted] = []
    below = 0
    for one in asked:
        row = known.get(one.sku)
        if row is None:
            raise InvalidInput(f"there is no SKU {one.sku[:50]}")
        sold_for = row.price_minor if row.currency == currency and row.price_minor else None
        price = sold_for if one.unit_minor is None else one.unit_minor
        if not price or price < 0:
            raise InvalidInput(f"SKU {one.sku} has no price in {currency}")
        wanted.append(Wanted(Sku(one.sku), one.quantity, price))
        below += max((sold_for or price) - price, 0) * one.quantity
    return tuple(wanted), below


async def want(session: AsyncSession, return_no: str, wanted: Sequence[Wanted]) -> None:
    """Write down what the buyer gets instead; each SKU once."""
    await run(
        session, _WANT, return_no=return_no, skus=[one.sku for one in wanted],
        quantities=[one.quantity for one in wanted], prices=[one.unit_minor for one in wanted],
    )  # fmt: skip


async def wanted_of(session: AsyncSession, return_no: str) -> list[tuple[Wanted, str]]:
    """What the buyer gets instead, with what each is called."""
    rows = await run(session, _WANTED, return_no=return_no)
    return [(Wanted(Sku(row.sku), row.quantity, row.unit_minor), row.name) for row in rows]


async def pay_difference(
    session: AsyncSession, no: str, amount_minor: int, reference: str, actor: str
) -> None:
    """What the buyer owed for an exchange or for changed lines came in by a way that no provider
    tells us of.

    The goods go once nothing is owed. Raises OrderNotFound, ActionNotAllowed where nothing is
    owed, InvalidInput for more than is.
    """
    rows = await run(session, _OWING, no=no, reference=reference)
    if not rows:
        raise OrderNotFound("there is no such order of an exchange")
    order = rows[0]
    if order.is_known:
        raise ActionNotAllowed(f"payment {reference[:50]} is written down already")
    if not (order.is_owing or order.channel_state == "unpaid") or order.is_closed:
        raise ActionNotAllowed("nothing is owed for this order")
    if not 0 < amount_minor <= order.owed:
        raise InvalidInput(f"at most {Money(order.owed, order.currency)} are owed")
    await run(session, _PAY, order_id=order.id, amount=amount_minor)
    data = {"amount": str(Money(amount_minor, order.currency)), "reference": reference}
    await tell(session, order.id, _SOURCE, "difference_paid", data, actor)
    await difference_is_paid(session, order.id)
    await queue_signal(
        session, order.workflow_id, "state_changed", StateChanged("payment", reference)
    )
