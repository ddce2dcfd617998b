"""What invoices are about: the order's money, its goods and how they are taxed."""

from collections.abc import Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.return_money import order_money
from db.sql import run
from domain.finance.invoices import (
    FREIGHT,
    OTHER,
    Back,
    InvoiceLine,
    Item,
    Kept,
    blue_lines,
    rate_told,
    red_lines,
)
from domain.orders.returns.money import OrderMoney, share_out, worth_of
from domain.shared.errors import InvalidInput

_GOODS: Final = """
SELECT f.id, f.sku, k.name, l.tax_minor, l.payable_minor, c.goods_code, c.rate_bp
FROM order_line l JOIN fulfilment_line f ON f.order_line_id = l.id
JOIN sku k ON k.code = f.sku
LEFT JOIN sku_tax t ON t.sku = f.sku LEFT JOIN tax_category c ON c.code = t.category
WHERE l.order_id = :order_id ORDER BY l.line_no, f.id
"""

_BESIDE: Final = """
SELECT code, name, goods_code, rate_bp FROM tax_category WHERE code IN ('freight', 'other')
"""


async def blue_of(session: AsyncSession, order_id: str) -> tuple[InvoiceLine, ...]:
    """The lines of an invoice of this order now. Raises InvalidInput, naming what has no tax
    category."""
    money = await order_money(session, order_id)
    kept = _kept(money)
    goods = await run(session, _GOODS, order_id=order_id)
    beside = {row.code: row for row in await run(session, _BESIDE)}
    items, missing = [], []
    for row in goods:
        if row.goods_code is None and kept.get(row.id, Kept(0)).minor > 0:
            missing.append(row.sku)
        rate = rate_told(row.payable_minor, row.tax_minor)
        items.append(
            Item(
                row.id, row.name, _units(money, row.id), kept.get(row.id, Kept(0)).minor,
                row.goods_code or "", row.rate_bp or 0 if rate is None else rate,
            )
        )  # fmt: skip
    for code in (FREIGHT, OTHER):
        if kept[code].minor > 0 and code not in beside:
            missing.append(code)
        elif kept[code].minor > 0:
            told = beside[code]
            items.append(Item(code, told.name, 1, kept[code].minor, told.goods_code, told.rate_bp))
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise InvalidInput(f"no tax category for: {names}")
    return blue_lines(items, money.refundable_minor)


async def red_of(
    session: AsyncSession, blue: Any, earlier: Sequence[Back], kept_minor: int | None = None
) -> tuple[Back, ...]:
    """What of an issued invoice is to be taken back now, so that it says what is kept; nothing
    where it does. `kept_minor` stands for what is kept."""
    money = await order_money(session, blue.order_id)
    if kept_minor is None:
        kept_minor = money.captured_minor - money.refunded_minor
    lines = [line_of(told) for told in blue.lines]
    return red_lines(lines, earlier, _kept(money) if kept_minor else {}, kept_minor)


def line_of(told: Sequence[Any]) -> InvoiceLine:
    """A line of a blue invoice as it was written down."""
    return InvoiceLine(*told)


def back_of(told: Sequence[Any]) -> Back:
    """A line of a red invoice as it was written down."""
    return Back(*told)


def _kept(money: OrderMoney) -> dict[str, Kept]:
    """Of every part's share what was not paid back for its units; and beside the goods."""
    shares = share_out(money)
    kept = {
        part.part_id: Kept(
            shares.parts[part.part_id]
            - worth_of(shares.parts[part.part_id], part.quantity, 0, part.refunded),
            part.refunded,
        )
        for line in money.lines
        for part in line.parts
    }
    kept[FREIGHT] = Kept(max(shares.freight_minor - money.freight_refunded_minor, 0))
    kept[OTHER] = Kept(shares.other_minor)
    return kept


def _units(money: OrderMoney, part_id: str) -> int:
    """Units that an invoice is about: those that were not paid back."""
    for line in money.lines:
        for part in line.parts:
            if part.part_id == part_id:
                return max(part.quantity - part.refunded, 1)
    return 1
