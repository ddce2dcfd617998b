"""What a channel tells otherwise while an order is worked on, by the table of docs/changes.md."""

from collections.abc import Mapping
from typing import Any, Final

from db.orders import statements
from db.orders.repository import OrderRepository
from domain.orders.changes import TABLE, Change, Response, Stage
from domain.orders.order import HoldKind
from domain.orders.snapshot import LineKind, OrderSnapshot
from domain.orders.work import Entry

_LINES_CHANGED: Final = "the channel changed the lines after work on them had begun"
_RECEIVER_CHANGED: Final = "the channel changed the receiver after the label was made"
_TOLD: Final = "SELECT FROM order_hold WHERE order_id = :order_id AND reason = :reason"


async def change_late(
    orders: OrderRepository,
    order_id: str,
    snapshot: OrderSnapshot,
    receiver: Mapping[str, Any] | None,
    stage: Stage,
    entries: list[Entry],
) -> None:
    """Take over, hold for a person or note down; `receiver` is the row of the told one."""
    lines = await _other_lines(orders, order_id, snapshot)
    if lines and TABLE[Change.LINES][stage] is Response.PARK:
        reason = f"{_LINES_CHANGED}: {lines}"
        if not await orders.run(_TOLD, {"order_id": order_id, "reason": reason}):
            await _park(orders, order_id, reason, entries)
    elif lines:
        entries.append(Entry("channel_change_too_late"))
    response = TABLE[Change.RECEIVER][stage]
    if receiver is None or response is Response.PASS_OVER:
        return
    before = await orders.run(statements.CONTENT, {"order_id": order_id})
    await orders.run(statements.SAVE_RECEIVER, dict(receiver))
    if before != await orders.run(statements.CONTENT, {"order_id": order_id}):
        entries.append(Entry("address_changed"))
        if response is Response.PARK:
            await _park(orders, order_id, _RECEIVER_CHANGED, entries)


async def _park(orders: OrderRepository, order_id: str, reason: str, entries: list[Entry]) -> None:
    entries.append(Entry("channel_change_too_late"))
    if await orders.hold_by_hand(order_id, reason, "system"):
        entries.append(Entry("held", {"hold": HoldKind.MANUAL}))


async def _other_lines(orders: OrderRepository, order_id: str, snapshot: OrderSnapshot) -> str:
    """Lines of goods whose quantity is told otherwise, for a person: `1: 2 → 1`; often none."""
    known = await orders.run(statements.GOODS, {"order_id": order_id})
    had = {row.external_line_no: row.quantity for row in known}
    told = {
        line.external_line_no: line.quantity
        for line in snapshot.lines
        if line.kind is LineKind.GOODS and not line.cancelled
    }
    return ", ".join(
        f"{no}: {had.get(no, 0)} → {told.get(no, 0)}"
        for no in sorted(had | told)
        if had.get(no) != told.get(no)
    )[:300]
