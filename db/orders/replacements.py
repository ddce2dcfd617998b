"""Goods that are sent for what came back or was lost: an order of our own beside the first one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id, new_order_no
from db.keys import order_key
from db.orders.exchanges import wanted_of
from db.orders.receivers import open_receiver, sealed_columns
from db.orders.repository import OrderRepository
from db.orders.returns import tell
from db.orders.tables import FulfilmentLineRow, OrderLineRow, ReceiverRow, SalesOrderRow
from db.orders.words import keep_words, of_order, said_about
from db.platform.outbox import queue_signal
from db.sql import run
from db.vault import Vault
from domain.inventory.kits import Component
from domain.orders.intake import Judgement
from domain.orders.messages import StateChanged
from domain.orders.order import HoldKind
from domain.shared.ids import order_workflow_id
from domain.shared.money import Money

_SAME: Final = """
SELECT f.id, f.sku, l.title FROM fulfilment_line f JOIN order_line l ON l.id = f.order_line_id
WHERE f.id = ANY(:ids) ORDER BY l.line_no, f.sku
"""

_PARTS: Final = """
SELECT c.kit, c.sku, c.quantity FROM kit t JOIN kit_component c ON c.kit = t.code
WHERE t.code = ANY(:skus) AND t.kind = 'virtual' ORDER BY c.kit, c.sku
"""

_LINK: Final = "UPDATE sales_return SET new_order_id = :new_order_id WHERE return_no = :return_no"


@dataclass(frozen=True, slots=True)
class _Goods:
    sku: str
    title: str
    quantity: int
    price_minor: int = 0


async def send_anew(
    session: AsyncSession, vault: Vault, row: Any, units: Mapping[str, int]
) -> None:
    """Make the order that sends these units to the same receiver, for nothing; once per return.

    Its channel never hears of it. The caller holds the return's lock.
    """
    known = await run(session, _SAME, ids=list(units))
    goods = [_Goods(line.sku, line.title, units[line.id]) for line in known]
    await _make(session, vault, row, goods, 0)


async def send_other(session: AsyncSession, vault: Vault, row: Any, exchanged_minor: int) -> None:
    """Make the order of the goods that are wanted instead; what came back pays `exchanged_minor`.

    It waits on hold until the rest is paid. The caller holds the return's lock.
    """
    goods = [
        _Goods(one.sku, name, one.quantity, one.price_minor)
        for one, name in await wanted_of(session, row.return_no)
    ]
    await _make(session, vault, row, goods, exchanged_minor)


async def _make(
    session: AsyncSession, vault: Vault, row: Any, goods: Sequence[_Goods], paid_minor: int
) -> None:
    old = await session.get(SalesOrderRow, row.order_id)
    assert old is not None, "a return is of an order"
    new = _order(old, row, sum(one.price_minor for one in goods), paid_minor)
    session.add(new)
    await session.flush()
    for number, one in enumerate(goods, 1):
        session.add(_line(new.id, number, one))
    await session.flush()
    parts = await _parts(session, [one.sku for one in goods])
    for number, one in enumerate(goods, 1):
        for part in parts.get(one.sku, [Component(one.sku, 1)]):
            session.add(_units(new.id, number, one, part))
    await _same_receiver(session, vault, old.id, new.id)
    await _same_buyer(session, old, new, f"{row.return_no} · {old.no}")
    if new.channel_state == "unpaid":
        owed = Money(new.payable_minor - paid_minor, new.currency)
        hold = Judgement(HoldKind.UNPAID, f"the buyer owes {owed} for the exchange")
        await OrderRepository(session).place_holds(new.id, [hold])
    await run(session, _LINK, new_order_id=new.id, return_no=row.return_no)
    data = {"return_no": row.return_no, "order_no": new.no}
    await tell(session, row.order_id, row.return_no, "return_replaced", data)
    await queue_signal(session, new.workflow_id, "order_made", StateChanged("made", new.id))


def _order(old: SalesOrderRow, row: Any, price_minor: int, paid_minor: int) -> SalesOrderRow:
    now, is_paid = datetime.now(UTC), paid_minor >= price_minor
    number = row.return_no if row.rounds == 0 else f"{row.return_no}-{row.rounds + 1}"
    return SalesOrderRow(
        id=new_id("ord"), no=new_order_no(now), channel="own", shop_id=old.shop_id,
        external_no=number, workflow_id=order_workflow_id("own", old.shop_id, number),
        channel_state="paid" if is_paid else "unpaid", currency=old.currency,
        goods_minor=price_minor, payable_minor=price_minor, captured_minor=paid_minor,
        credit_minor=paid_minor, buyer_digest=old.buyer_digest, placed_at=now,
        paid_at=now if is_paid else None, created_at=now, updated_at=now,
    )  # fmt: skip


def _line(order_id: str, number: int, goods: _Goods) -> OrderLineRow:
    return OrderLineRow(
        id=f"{order_id}.{number}", order_id=order_id, line_no=number,
        external_line_no=str(number), kind="goods", external_sku=goods.sku, title=goods.title,
        quantity=goods.quantity, list_minor=goods.price_minor, payable_minor=goods.price_minor,
    )  # fmt: skip


def _units(order_id: str, number: int, goods: _Goods, part: Component) -> FulfilmentLineRow:
    return FulfilmentLineRow(
        id=f"{order_id}.{number}/{part.sku}", order_line_id=f"{order_id}.{number}",
        order_id=order_id, sku=part.sku, quantity=goods.quantity * part.quantity,
    )  # fmt: skip


async def _parts(session: AsyncSession, skus: Sequence[str]) -> dict[str, list[Component]]:
    """What virtual kits among them are picked as."""
    found: dict[str, list[Component]] = {}
    for row in await run(session, _PARTS, skus=list(skus)):
        found.setdefault(row.kit, []).append(Component(row.sku, row.quantity))
    return found


async def _same_buyer(
    session: AsyncSession, old: SalesOrderRow, new: SalesOrderRow, remark: str
) -> None:
    said = await said_about(session, {of_order(old.id): old.id})
    buyer_ref = said(of_order(old.id)).get("buyer_ref", "")
    words = {"buyer_ref": buyer_ref, "seller_remark": remark}
    await keep_words(session, new.id, {of_order(new.id): words})


async def _same_receiver(session: AsyncSession, vault: Vault, old_id: str, new_id: str) -> None:
    """Sealed anew: each receiver is sealed for its own order."""
    known = await open_receiver(session, vault, old_id)
    row = await session.get(ReceiverRow, old_id)
    if known is None or row is None:
        return
    copied = {
        name: getattr(row, name)
        for name in (
            "kind", "whole_digest", "country", "province", "city", "district", "postcode",
            "division_code", "longitude", "latitude", "edited_by_us",
        )
    }  # fmt: skip
    key = await order_key(session, vault, new_id)
    sealed = await sealed_columns(session, key, known.person)
    session.add(ReceiverRow(order_id=new_id, **copied, **sealed))
