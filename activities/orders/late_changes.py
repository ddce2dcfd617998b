"""What a channel tells otherwise while an order is worked on, by the table of docs/changes.md."""

import json
from collections.abc import Sequence
from typing import Any, Final

from db.orders import statements
from db.orders.boxes import part_from_others
from db.orders.receivers import save_receiver
from db.orders.repository import OrderRepository
from db.vault import Vault
from domain.orders.changes import TABLE, Change, Response, Stage
from domain.orders.order import HoldKind
from domain.orders.snapshot import ChannelState, LineKind, OrderSnapshot
from domain.orders.work import Entry
from domain.shared.address import Receiver

_LINES_CHANGED: Final = "the channel changed the lines after work on them had begun"
_EDITED: Final = "SELECT FROM sales_order WHERE id = :order_id AND lines_edited"
_TOLD: Final = "SELECT FROM order_hold WHERE order_id = :order_id AND reason = :reason"


async def change_late(
    orders: OrderRepository,
    vault: Vault,
    order_id: str,
    snapshot: OrderSnapshot,
    receiver: Receiver | None,
    stage: Stage,
    entries: list[Entry],
) -> None:
    """Take over, hold for a person or note down; `receiver` is the one told now."""
    if snapshot.state is not ChannelState.CANCELLED:
        await _flag_lines(orders, order_id, snapshot)
    known = await orders.run(statements.GOODS, {"order_id": order_id})
    lines, too_late = _other_lines(known, snapshot)
    if await orders.run(_EDITED, {"order_id": order_id}):
        lines = ""  # a person changed them; what the channel said before is no news
    if lines and (too_late or TABLE[Change.LINES][stage] is Response.PARK):
        reason = f"{_LINES_CHANGED}: {lines}"
        if not await orders.run(_TOLD, {"order_id": order_id, "reason": reason}):
            await _park(orders, order_id, reason, entries)
    elif lines:
        entries.append(Entry("channel_change_too_late"))
    response = TABLE[Change.RECEIVER][stage]
    if receiver is None or response is Response.PASS_OVER:
        return
    if await save_receiver(orders.session, vault, order_id, receiver):
        await part_from_others(orders.session, order_id)
        entries.append(Entry("address_changed"))


async def _park(orders: OrderRepository, order_id: str, reason: str, entries: list[Entry]) -> None:
    entries.append(Entry("channel_change_too_late"))
    if await orders.hold_by_hand(order_id, reason, "system"):
        entries.append(Entry("held", {"hold": HoldKind.MANUAL}))


async def _flag_lines(orders: OrderRepository, order_id: str, snapshot: OrderSnapshot) -> None:
    """Refunds asked for, and lines that were closed: those are cancelled once nothing has left."""
    flags = [
        {"no": x.external_line_no, "refund": x.refund_in_progress, "closed": x.cancelled}
        for x in snapshot.lines
    ]
    parameters = {"order_id": order_id, "lines": json.dumps(flags)}
    await orders.run(statements.FLAG_LINES, parameters)


def _other_lines(known: Sequence[Any], snapshot: OrderSnapshot) -> tuple[str, bool]:
    """Lines of goods whose quantity is told otherwise, for a person: `1: 2 → 1`; often none.

    What was closed here is not named, as it is cancelled by itself. True when something was closed
    while it is on its way.
    """
    whole = snapshot.state is not ChannelState.CANCELLED
    told = {
        line.external_line_no: line.quantity
        for line in snapshot.lines
        if line.kind is LineKind.GOODS and not line.cancelled and whole
    }
    had = {row.external_line_no: row for row in known}
    differences, too_late = [], False
    for no in sorted(had | told):
        line, quantity = had.get(no), told.get(no, 0)
        if line is None:
            differences.append(f"{no}: 0 → {quantity}")
        elif not line.cancelled and quantity != line.quantity:
            if not quantity and not line.gone:
                continue
            differences.append(f"{no}: {line.quantity} → {quantity}")
            too_late = too_late or (not quantity and line.travelling)
    return ", ".join(differences)[:300], too_late
