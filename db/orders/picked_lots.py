"""Lots at the pick: a scanned one is promised instead of the reserved one, or refused."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lots import Lots, lot_key
from db.platform.audit import audit
from db.sql import run
from domain.inventory.expiry import is_expired, today_at
from domain.inventory.lots import lots_that_left
from domain.orders.scanning import Verdict
from domain.shared.ids import Lot

# What a lot was refused for; the unit was put back, so these scans never count.
REFUSED_LOTS: Final = (
    Verdict.EXPIRED, Verdict.LOT_HELD, Verdict.LOT_TAKEN, Verdict.LOT_UNKNOWN,
)  # fmt: skip

_ZONES: Final = "SELECT id, zone FROM location WHERE id = ANY(:ids)"

_LEASES: Final = "SELECT no FROM shipment WHERE no = :no OR ships_with = :no ORDER BY no"

_HOLDERS: Final = """
SELECT DISTINCT coalesce(nullif(s.ships_with, ''), s.no) AS no
FROM shipment s JOIN reservation r ON r.reservation_id = s.no
WHERE (s.no = ANY(:nos) OR s.ships_with = ANY(:nos)) AND r.sku = :sku AND r.lot = :lot
  AND r.state = 'held'
"""

_LINES: Final = """
SELECT s.no, s.order_id, o.no AS order_no, l.order_line_id, l.sku,
       coalesce(l.picked_quantity, l.quantity) AS units
FROM shipment s JOIN shipment_line l ON l.shipment_no = s.no JOIN sales_order o ON o.id = s.order_id
WHERE s.no = :no OR s.ships_with = :no ORDER BY l.sku, l.fulfilment_line_id, s.no
"""

_READ: Final = """
SELECT sku, lot, min(expires_on) AS expires_on, sum(units)::bigint AS units FROM warehouse_scan
WHERE shipment_no = :no AND station = 'pick' AND kind = 'item' AND lot <> ''
  AND verdict = 'counted'
  AND key NOT IN (SELECT undoes FROM warehouse_scan WHERE shipment_no = :no AND verdict = 'undone')
GROUP BY sku, lot ORDER BY sku, lot
"""


@dataclass(frozen=True, slots=True)
class LineLot:
    """Units of one lot that went, or go, into one order line; no lot where nobody knows it."""

    shipment_no: str
    order_no: str
    order_line_id: str
    sku: str
    lot: str
    units: int
    expires_on: date | None = None


@dataclass(slots=True)
class PickedLots:
    """What scanned lots do to the ledger. `actor` is who scans."""

    session: AsyncSession
    actor: str = "system"
    _zones: dict[str, str] = field(default_factory=dict)

    async def prepare(self, wanted: Collection[tuple[str, str]]) -> None:
        """Lock what scans with a lot may move: (place, SKU) of all of them, in one order."""
        places = sorted({place for place, _ in wanted})
        for row in await run(self.session, _ZONES, ids=places):
            self._zones[row.id] = row.zone
        await Lots(self.session).free(wanted)

    async def holders(self, nos: Sequence[str], sku: str, lot: str) -> set[str]:
        """Those of the shipments to which the lot is promised."""
        rows = await run(self.session, _HOLDERS, nos=list(nos), sku=sku, lot=lot)
        return {row.no for row in rows}

    def is_expired(self, place: str, expires_on: date | None, at: datetime) -> bool:
        """Whether the last good day was over on the clock of the place."""
        return is_expired(expires_on, today_at(self._zones[place], at))

    async def take(
        self, no: str, place: str, sku: str, lot: str, in_hand: Mapping[str, int], key: str,
        at: datetime,
    ) -> Verdict | None:  # fmt: skip
        """The lot is promised to the shipment instead of the one that was; else why it may not go.

        `in_hand` are all units of the SKU that were scanned, by lot; `key` is that of the scan.
        """
        leases = [row.no for row in await run(self.session, _LEASES, no=no)]
        to, lots = lot_key(place, sku, lot), Lots(self.session)
        free = await lots.free([(place, sku)])
        if to not in free and await lots.is_kept_back(place, sku, lot):
            return Verdict.LOT_HELD
        if self.is_expired(place, await lots.expires_on(sku, lot), at):
            return Verdict.EXPIRED
        taken = {Lot(one): units for one, units in in_hand.items()}
        gave = await lots.take(leases, to, taken, free.get(to, 0))
        if gave is None:
            return Verdict.LOT_TAKEN if to in free else Verdict.LOT_UNKNOWN
        if gave:
            await audit(
                self.session, self.actor, "shipment.lot_changed", f"shipment/{no}",
                before={"sku": sku, "lots": dict(gave)},
                after={"sku": sku, "lot": lot, "units": sum(gave.values())}, request_id=key,
            )  # fmt: skip
        return None


async def lots_read(session: AsyncSession, no: str) -> dict[str, dict[str, int]]:
    """Units of a shipment by SKU and lot, as they were scanned at the pick."""
    found: dict[str, dict[str, int]] = {}
    for row in await run(session, _READ, no=no):
        found.setdefault(row.sku, {})[row.lot] = row.units
    return found


async def line_lots(session: AsyncSession, no: str) -> Sequence[LineLot]:
    """Which lots are in each order line of a shipment, and of those in its parcel."""
    lines = await run(session, _LINES, no=no)
    read = await lots_read(session, no)
    expires = {(row.sku, row.lot): row.expires_on for row in await run(session, _READ, no=no)}
    numbers = sorted({line.no for line in lines})
    found: list[LineLot] = []
    left: dict[tuple[str, str], dict[str, int]] = {}
    for sku in sorted({line.sku for line in lines}):
        scanned = dict(read.get(sku, {}))
        promised = await Lots(session).promised(numbers, sku)
        for number in numbers:
            lots = lots_that_left(promised.get(number, {}), scanned)
            for lot, units in lots.items():
                scanned[lot] = scanned.get(lot, 0) - units
            left[number, sku] = lots
    for line in lines:
        lots, needed = left[line.no, line.sku], line.units
        for lot in sorted(lots, key=lambda one: (not one, one)):
            units = min(needed, lots[lot])
            if units:
                found.append(
                    LineLot(line.no, line.order_no, line.order_line_id, line.sku, lot, units,
                            expires.get((line.sku, lot)))
                )  # fmt: skip
            lots[lot] -= units
            needed -= units
    return found
