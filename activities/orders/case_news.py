"""A channel tells of a refund or a return: written into the order's story, and kept back by it."""

from typing import Any, Final

from db.orders import statements
from db.orders.repository import OrderRepository
from db.shared.after_sales import keeps_back
from db.vault import CannotOpen, Vault
from domain.orders.after_sale import read_facts
from domain.orders.changes import Stage, stage_of
from domain.orders.intake import REFUND_WANTED
from domain.orders.order import HoldKind
from domain.orders.work import Entry

_FLAGGED: Final = """
SELECT 1 FROM order_line
WHERE order_id = :order_id AND refund_in_progress AND NOT cancelled AND NOT closed_by_channel
LIMIT 1
"""


async def take_case(
    orders: OrderRepository, order_id: str, row: Any, vault: Vault, entries: list[Entry]
) -> None:
    """Tell the case in the order's story and have the channel asked how the order stands."""
    try:
        facts = read_facts(vault.open(row.raw, row.id)) if row.raw is not None else {}
    except CannotOpen:
        facts = {}
    entries.append(Entry("after_sale", facts))
    await orders.run(statements.ASK_CHANNEL, {"order_id": order_id})


async def hold_for_cases(orders: OrderRepository, order_id: str, entries: list[Entry]) -> None:
    """Keep back what has not left while a case is open; let it go when none is, and no line says
    otherwise."""
    state = await orders.state(order_id)
    rest = state.to_allocate or state.waiting_for_stock
    stage = stage_of((one.status for one in state.shipments), rest_to_send=rest)
    if stage is not Stage.LEFT and await keeps_back(orders.session, order_id):
        for kind in await orders.place_holds(order_id, [REFUND_WANTED]):
            entries.append(Entry("held", {"hold": kind}))
    elif not await orders.run(_FLAGGED, {"order_id": order_id}):
        gone = [HoldKind.REFUND_IN_PROGRESS]
        for kind in await orders.release_holds(order_id, gone, "system"):
            entries.append(Entry("hold_released", {"hold": kind}))
