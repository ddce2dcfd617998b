"""The pack station: what a shipment should weigh, and which cartons it goes into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.floor import Floor
from db.orders.picked_serials import serials_lacking
from db.orders.scans import Scans
from db.orders.warehouse import Box, Warehouse
from db.sql import run
from domain.orders.cartons import Carton, FullCarton, Piece, agrees, suggest_cartons
from domain.shared.errors import InvalidInput, OrderNotFound, PackingDiffers, SerialsMissing

_FACTS: Final = """
SELECT s.location_id, s.packed_at, r.tolerance_g, r.tolerance_percent,
       r.location_id IS NOT NULL AS checked, x.goods_g, x.weighed
FROM shipment s LEFT JOIN floor_rule r ON r.location_id = s.location_id,
LATERAL (SELECT sum(coalesce(l.picked_quantity, l.quantity) * k.weight_g)::bigint AS goods_g,
                bool_and(k.weight_g > 0) AS weighed
         FROM shipment m JOIN shipment_line l ON l.shipment_no = m.no JOIN sku k ON k.code = l.sku
         WHERE m.no = s.no OR m.ships_with = s.no) x
WHERE s.no = :no
"""

_PIECES: Final = """
SELECT k.code, k.length_mm, k.width_mm, k.height_mm, k.weight_g,
       sum(coalesce(l.picked_quantity, l.quantity))::bigint AS units
FROM shipment m JOIN shipment_line l ON l.shipment_no = m.no JOIN sku k ON k.code = l.sku
WHERE m.no = :no OR m.ships_with = :no
GROUP BY k.code ORDER BY k.code
"""

# A shipment by its number, its slot in a wave, a waybill, or the only goods it consists of.
_FIND: Final = """
SELECT no FROM (
    SELECT coalesce(nullif(s.ships_with, ''), s.no) AS no, 1 AS rank, s.ship_by
    FROM shipment s WHERE s.no = upper(:code)
    UNION ALL
    SELECT m.shipment_no, 2, NULL FROM wave_shipment m
    WHERE m.wave_no || '-' || m.slot = upper(:code) AND m.left_at IS NULL
    UNION ALL
    SELECT p.shipment_no, 3, NULL FROM parcel p WHERE p.waybill_no = :code AND p.voided_at IS NULL
    UNION ALL
    SELECT s.no, 4, s.ship_by FROM shipment s
    WHERE s.status = 'picking' AND s.picked_at IS NOT NULL AND s.packed_at IS NULL
      AND s.waits_for <> 'stopping' AND s.ships_with = ''
      AND (CAST(:location AS text) = '' OR s.location_id = :location)
      AND (SELECT array_agg(DISTINCT x.sku) FROM shipment m
           JOIN shipment_line x ON x.shipment_no = m.no WHERE m.no = s.no OR m.ships_with = s.no)
          = ARRAY(SELECT k.code FROM sku k
                  WHERE k.code = :code OR k.gtin <> '' AND k.gtin = ANY(:gtins))) f
ORDER BY rank, coalesce(ship_by, 'infinity'), no LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A closed box: grams, millimetres, and the code of its carton, empty for one of no kind."""

    weight_g: int
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0
    carton: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the goods of a shipment weigh by what their SKUs weigh; None where one is not known.

    Without a rule of the place (`checked`) nobody compares.
    """

    goods_g: int | None
    checked: bool
    tolerance_g: int = 0
    tolerance_percent: int = 0


@dataclass(frozen=True, slots=True)
class PackStation:
    """One place to pack, in the caller's transaction. `actor` is who packs."""

    session: AsyncSession
    actor: str = "system"

    async def find(self, code: str, gtins: Sequence[str], location: str) -> str:
        """The shipment a code leads to: its number, `wave-slot`, a waybill, or its only goods; of
        several the most urgent. Raises OrderNotFound."""
        rows = await run(self.session, _FIND, code=code, gtins=[*gtins, code], location=location)
        if not rows:
            raise OrderNotFound(f"nothing to pack goes by {code}")
        found: str = rows[0].no
        return found

    async def expected(self, no: str) -> Expected:
        """What the goods should weigh, and how exactly. Raises OrderNotFound."""
        facts = await self._facts(no)
        goods_g = facts.goods_g if facts.weighed else None
        return Expected(
            goods_g, facts.checked, facts.tolerance_g or 0, facts.tolerance_percent or 0
        )

    async def suggestion(self, no: str) -> tuple[FullCarton, ...] | None:
        """The cartons it fits into; None where nothing can be said. Raises OrderNotFound."""
        facts = await self._facts(no)
        kinds = await Floor(self.session).cartons(facts.location_id)
        pieces = [
            Piece(row.code, (row.length_mm, row.width_mm, row.height_mm), row.weight_g)
            for row in await run(self.session, _PIECES, no=no)
            for _ in range(min(row.units, 1000))
        ]
        return suggest_cartons(pieces, list(kinds.values()))

    async def pack(self, no: str, boxes: Sequence[Weighed], reason: str = "") -> None:
        """Close the boxes. A box of a kind has the kind's sides, unless it was measured.

        Raises what `Warehouse.pack` raises, InvalidInput for an unknown kind of carton,
        SerialsMissing, and PackingDiffers when weight or scans are not as expected and nobody said
        why.
        """
        facts = await self._facts(no)
        kinds = await Floor(self.session).cartons(facts.location_id)
        if unknown := sorted({box.carton for box in boxes} - {"", *kinds}):
            raise InvalidInput(f"no such carton here: {', '.join(unknown)}")
        if facts.packed_at is None:
            await self._refuse_unnamed(no)
        if facts.packed_at is None and not reason:
            await self._compare(no, facts, boxes, kinds)
        whole = [_measured(box, kinds.get(box.carton)) for box in boxes]
        await Warehouse(self.session, self.actor).pack(no, whole, reason)

    async def _refuse_unnamed(self, no: str) -> None:
        """Whatever the reason: a unit that asks for its number does not leave without."""
        for sku, units in (await serials_lacking(self.session, no)).items():
            raise SerialsMissing(f"{units} serial numbers of {sku} were not scanned")

    async def _compare(
        self, no: str, facts: Row[Any], boxes: Sequence[Weighed], kinds: Mapping[str, Carton]
    ) -> None:
        lines = (await Scans(self.session).counts([no], "pack"))[no]
        scanned, asked = sum(line[1] for line in lines), sum(line[2] for line in lines)
        if 0 < scanned < asked:
            raise PackingDiffers(f"{scanned} of {asked} units were scanned in")
        if not facts.checked or not facts.weighed:
            return
        tare_g = sum(kinds[box.carton].tare_g for box in boxes if box.carton)
        actual_g, expected_g = sum(box.weight_g for box in boxes), facts.goods_g + tare_g
        if not agrees(actual_g, expected_g, facts.tolerance_g, facts.tolerance_percent):
            raise PackingDiffers(f"the boxes weigh {actual_g} g, {expected_g} g are expected")

    async def _facts(self, no: str) -> Row[Any]:
        rows = await run(self.session, _FACTS, no=no)
        if not rows:
            raise OrderNotFound(f"there is no shipment {no}")
        return rows[0]


def _measured(box: Weighed, kind: Carton | None) -> Box:
    sides = (box.length_mm, box.width_mm, box.height_mm)
    if kind is not None and not any(sides):
        sides = kind.sides
    return Box(box.weight_g, *sides)
