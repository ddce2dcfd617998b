"""Warehouse and carriers of a benchmark: they act at once, through the verbs staff use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row

from db.engine import Sessions
from db.logistics.repository import record_facts
from db.orders.warehouse import Box, Warehouse
from db.sql import run
from domain.logistics.tracking import ParcelStatus, TrackingFact

_DUE: Final = """
SELECT s.no, s.status, s.waits_for, s.picked_at, s.packed_at, s.handed_over_at,
       p.carrier, p.waybill_no, p.status AS scanned, e.state = 'confirmed' AS told
FROM shipment s
LEFT JOIN parcel p ON p.shipment_no = s.no
LEFT JOIN effect e ON e.key = 'confirm:' || p.id
WHERE s.status IN ('picking', 'labelled', 'handed_over', 'in_transit')
"""

_DELIVERED: Final = "SELECT count(*) AS n FROM sales_order WHERE status = 'delivered'"


@dataclass
class Staff:
    """Everybody a parcel meets. One transaction per kind of act and round."""

    sessions: Sessions

    async def work_once(self) -> None:
        """Every shipment one act further, where it waits for one."""
        async with self.sessions.begin() as session:
            due = await run(session, _DUE)
        await self._act("pick", [s for s in due if s.status == "picking" and not s.picked_at])
        packing = [s for s in due if s.waits_for == "packing" and not s.packed_at]
        await self._act("pack", packing)
        await self._act("hand", [s for s in due if s.status == "labelled" and not s.handed_over_at])
        left = [s for s in due if s.status == "handed_over" and s.told and s.scanned == "labelled"]
        await self._scan(left, ParcelStatus.IN_TRANSIT)
        moving = [s for s in due if s.status == "in_transit" and s.scanned == "in_transit"]
        await self._scan(moving, ParcelStatus.DELIVERED)

    async def delivered(self) -> int:
        """How many orders have reached their door."""
        async with self.sessions.begin() as session:
            return int((await run(session, _DELIVERED))[0].n)

    async def _act(self, act: str, shipments: Sequence[Row[Any]]) -> None:
        if not shipments:
            return
        async with self.sessions.begin() as session:
            warehouse = Warehouse(session, "bench")
            for shipment in shipments:
                match act:
                    case "pick":
                        await warehouse.pick(shipment.no)
                    case "pack":
                        await warehouse.pack(shipment.no, [Box(900)])
                    case _:
                        await warehouse.hand_over(shipment.no)

    async def _scan(self, shipments: Sequence[Row[Any]], status: ParcelStatus) -> None:
        if not shipments:
            return
        async with self.sessions.begin() as session:
            for carrier in sorted({s.carrier for s in shipments}):
                facts = [_fact(s.waybill_no, status) for s in shipments if s.carrier == carrier]
                await record_facts(session, carrier, facts)


def _fact(waybill_no: str, status: ParcelStatus) -> TrackingFact:
    event_id = f"{waybill_no}:{status}"
    return TrackingFact(waybill_no, event_id, datetime.now(UTC), status, str(status), "")
