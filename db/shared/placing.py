"""Shipments that a change makes at once, from where its plan said: reserved in its transaction."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.repository import StockRepository
from db.orders import allocating
from db.orders.returns import tell
from db.shared.sourcing import Network
from db.sql import run
from domain.inventory.stock import Reserved, ReserveStock, StockKey, StockLine
from domain.orders.sourcing.model import Decision, Placement
from domain.orders.sourcing.record import Question, stored
from domain.shared.errors import PlanChanged
from domain.shared.ids import LocationId, Lot, Sku, shipment_workflow_id

_COUNT: Final = """
SELECT o.no, (SELECT count(*) FROM shipment s WHERE s.order_id = o.id) AS shipments
FROM sales_order o WHERE o.id = :order_id
"""
_STORY: Final = "change"


async def reserve_placements(
    session: AsyncSession,
    order_id: str,
    allocation_id: str,
    placements: Sequence[Placement],
    network: Network,
    actor: str,
) -> None:
    """Reserve each placement and make its shipment. Raises PlanChanged when others were faster."""
    if not placements:
        return
    row = (await run(session, _COUNT, order_id=order_id))[0]
    numbers = [f"{row.no}-S{row.shipments + n}" for n in range(1, len(placements) + 1)]
    requests = [
        request_of(no, order_id, one, network) for no, one in zip(numbers, placements, strict=True)
    ]
    answers = await StockRepository(session).reserve_batch(requests)
    if any(answer is not Reserved.GRANTED for answer in answers.values()):
        raise PlanChanged("others were faster: it is not free any more")
    made = list(zip(numbers, placements, strict=True))
    shipments = [
        {"no": no, "order_id": order_id, "allocation_id": allocation_id,
         "location_id": one.location_id, "carrier": one.carrier, "product": one.product}
        for no, one in made
    ]  # fmt: skip
    lines = [
        {"shipment_no": no, "fulfilment_line_id": line, "quantity": quantity}
        for no, one in made
        for line, _, quantity in one.lines
    ]
    await run(session, allocating.INSERT_SHIPMENTS, shipments=json.dumps(shipments))
    await run(session, allocating.INSERT_SHIPMENT_LINES, lines=json.dumps(lines))
    for no, one in made:
        data = {"shipment": no, "location": one.location_id}
        await tell(session, order_id, _STORY, "allocated", data, actor)


async def keep_decision(
    session: AsyncSession, order_id: str, allocation_id: str, question: Question, decision: Decision
) -> None:
    """Why from there, for whoever asks later."""
    row = {
        "allocation_id": allocation_id, "order_id": order_id, "inputs": stored(question),
        "decision": asdict(decision),
    }  # fmt: skip
    await run(session, allocating.INSERT_DECISIONS, decisions=json.dumps([row]))


def request_of(
    reservation_id: str, order_id: str, one: Placement, network: Network
) -> ReserveStock:
    """Taken from the network's picture. Raises PlanChanged where it is not free any more."""
    place = LocationId(one.location_id)
    lines = tuple(
        StockLine(StockKey(Sku(sku), place, Lot(lot)), units)
        for _, sku, quantity in one.lines
        for lot, units in network.take(place, sku, quantity)
    )
    if sum(line.quantity for line in lines) < sum(quantity for *_, quantity in one.lines):
        raise PlanChanged("others were faster: it is not free any more")
    return ReserveStock(reservation_id, lines, order_id, shipment_workflow_id(reservation_id))
