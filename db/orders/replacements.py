"""Goods that are sent anew: an order of our own beside the one they were bought with."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id, new_order_no
from db.orders.receivers import open_receiver, sealed_columns
from db.orders.returns import tell
from db.orders.tables import FulfilmentLineRow, OrderLineRow, ReceiverRow, SalesOrderRow
from db.platform.outbox import queue_signal
from db.sql import run
from db.vault import Vault
from domain.orders.messages import StateChanged
from domain.shared.ids import order_workflow_id

_LINES: Final = """
SELECT f.id, f.sku, l.title FROM fulfilment_line f JOIN order_line l ON l.id = f.order_line_id
WHERE f.id = ANY(:ids) ORDER BY l.line_no, f.sku
"""

_LINK: Final = "UPDATE sales_return SET new_order_id = :new_order_id WHERE return_no = :return_no"


async def send_anew(
    session: AsyncSession, vault: Vault, row: Any, units: Mapping[str, int]
) -> None:
    """Make the order that sends these units to the same receiver, for nothing; once per return.

    Its channel never hears of it. The caller holds the return's lock.
    """
    old = await session.get(SalesOrderRow, row.order_id)
    assert old is not None, "a return is of an order"
    now, order_id = datetime.now(UTC), new_id("ord")
    new = SalesOrderRow(
        id=order_id, no=new_order_no(now), channel="own", shop_id=old.shop_id,
        external_no=row.return_no if row.rounds == 0 else f"{row.return_no}-{row.rounds + 1}",
        workflow_id="", channel_state="paid", currency=old.currency, buyer_ref=old.buyer_ref,
        seller_remark=f"{row.return_no} · {old.no}", placed_at=now, paid_at=now,
        created_at=now, updated_at=now,
    )  # fmt: skip
    new.workflow_id = order_workflow_id(new.channel, new.shop_id, new.external_no)
    session.add(new)
    await session.flush()
    known = await run(session, _LINES, ids=list(units))
    for number, line in enumerate(known, 1):
        session.add(_line(order_id, number, line, units[line.id]))
    await session.flush()
    for number, line in enumerate(known, 1):
        session.add(_goods(order_id, number, line, units[line.id]))
    await _same_receiver(session, vault, old.id, order_id)
    await run(session, _LINK, new_order_id=order_id, return_no=row.return_no)
    data = {"return_no": row.return_no, "order_no": new.no}
    await tell(session, row.order_id, row.return_no, "return_replaced", data)
    await queue_signal(session, new.workflow_id, "order_made", StateChanged("made", order_id))


def _line(order_id: str, number: int, line: Any, units: int) -> OrderLineRow:
    return OrderLineRow(
        id=f"{order_id}.{number}", order_id=order_id, line_no=number,
        external_line_no=str(number), kind="goods", external_sku=line.sku, title=line.title,
        quantity=units,
    )  # fmt: skip


def _goods(order_id: str, number: int, line: Any, units: int) -> FulfilmentLineRow:
    return FulfilmentLineRow(
        id=f"{order_id}.{number}/{line.sku}", order_line_id=f"{order_id}.{number}",
        order_id=order_id, sku=line.sku, quantity=units,
    )  # fmt: skip


async def _same_receiver(session: AsyncSession, vault: Vault, old_id: str, new_id: str) -> None:
    """Sealed anew: each receiver is sealed for its own order."""
    known = await open_receiver(session, vault, old_id)
    row = await session.get(ReceiverRow, old_id)
    if known is None or row is None:
        return
    copied = {
        name: getattr(row, name)
        for name in (
            "kind", "country", "province", "city", "district", "postcode",
            "division_code", "longitude", "latitude", "edited_by_us",
        )
    }  # fmt: skip
    session.add(
        ReceiverRow(order_id=new_id, **copied, **sealed_columns(vault, new_id, known.person))
    )
