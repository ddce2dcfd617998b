"""How a place works: waves, weights, cartons, cut-offs and bins, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.audit import audit
from db.scope import scope_in
from db.sql import run
from domain.orders.cartons import Carton
from domain.orders.visits import WorkDays
from domain.shared.errors import InvalidInput, UnknownLocation, UnknownSku

_CARTONS: Final = """
SELECT code, length_mm, width_mm, height_mm, tare_g, most_g FROM carton
WHERE location_id = :location ORDER BY length_mm::bigint * width_mm * height_mm, code
"""

_FLOOR: Final = """
SELECT l.id, l.name, l.works_on, l.days_off, l.days_on, r.wave_size, r.tolerance_g,
       r.tolerance_percent, r.location_id IS NOT NULL AS checked
FROM location l LEFT JOIN floor_rule r ON r.location_id = l.id WHERE l.id = :location
"""

_KEEP_DAYS: Final = """
UPDATE location SET works_on = :works_on, days_off = CAST(:off AS date[]),
                    days_on = CAST(:on AS date[])
WHERE id = :location
"""

_KEEP_RULE: Final = """
INSERT INTO floor_rule (location_id, wave_size, tolerance_g, tolerance_percent)
VALUES (:location, :wave_size, :tolerance_g, :tolerance_percent)
ON CONFLICT (location_id) DO UPDATE SET wave_size = excluded.wave_size,
    tolerance_g = excluded.tolerance_g, tolerance_percent = excluded.tolerance_percent
"""

_KEEP_CARTON: Final = """
INSERT INTO carton (location_id, code, length_mm, width_mm, height_mm, tare_g, most_g)
VALUES (:location, :code, :length_mm, :width_mm, :height_mm, :tare_g, :most_g)
"""

_KEEP_CUTOFF: Final = """
INSERT INTO carrier_cutoff (location_id, carrier, at) VALUES (:location, :carrier, :at)
"""

_KEEP_BINS: Final = """
INSERT INTO stock_bin (location_id, sku, zone, bin)
SELECT :location, b.sku, b.zone, b.bin
FROM unnest(CAST(:skus AS text[]), CAST(:zones AS text[]), CAST(:bins AS text[]))
     AS b(sku, zone, bin)
WHERE b.bin <> ''
ON CONFLICT (location_id, sku) DO UPDATE SET zone = excluded.zone, bin = excluded.bin
"""

_DROP_BINS: Final = """
DELETE FROM stock_bin WHERE location_id = :location AND sku = ANY(:skus)
"""


@dataclass(frozen=True, slots=True)
class FloorRule:
    """How many shipments a wave holds, and how far off a weight may be."""

    wave_size: int
    tolerance_g: int
    tolerance_percent: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Where a SKU lies; an empty bin forgets it."""

    sku: str
    bin: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Floor:
    """The settings of one place. `actor` is who changes them."""

    session: AsyncSession
    actor: str = "system"

    async def cartons(self, location: str) -> dict[str, Carton]:
        """Its kinds of cartons by code, the smallest first."""
        return {
            row.code: Carton(
                row.code, (row.length_mm, row.width_mm, row.height_mm), row.tare_g, row.most_g
            )
            for row in await run(self.session, _CARTONS, location=location)
        }

    async def cutoffs(self, location: str) -> dict[str, time]:
        """When each carrier comes, on the clock of the place."""
        rows = await run(
            self.session,
            "SELECT carrier, at FROM carrier_cutoff WHERE location_id = :location ORDER BY at",
            location=location,
        )
        return {row.carrier: row.at for row in rows}

    async def bins(self, location: str) -> Sequence[Row[Any]]:
        """sku, zone, bin, in the order of the walk."""
        return await run(
            self.session,
            "SELECT sku, zone, bin FROM stock_bin WHERE location_id = :location"
            " ORDER BY zone, bin, sku",
            location=location,
        )

    async def rule(self, location: str) -> Row[Any]:
        """The rule of a place; `checked` is false without one. Raises UnknownLocation."""
        rows = await run(self.session, _FLOOR, location=location)
        if not rows or not scope_in(self.session).covers(location):
            raise UnknownLocation(f"there is no location {location}")
        return rows[0]

    async def keep(
        self,
        location: str,
        rule: FloorRule | None,
        cartons: Sequence[Carton],
        cutoffs: Mapping[str, time],
        days: WorkDays,
        request_id: str,
    ) -> None:
        """Replace how a place works, and when; without a rule weights are not compared any more.

        Raises UnknownLocation.
        """
        await self.rule(location)
        for table in ("floor_rule", "carton", "carrier_cutoff"):
            statement = f"DELETE FROM {table} WHERE location_id = :location"  # noqa: S608
            await run(self.session, statement, location=location)
        if rule is not None:
            await run(
                self.session, _KEEP_RULE, location=location, wave_size=rule.wave_size,
                tolerance_g=rule.tolerance_g, tolerance_percent=rule.tolerance_percent,
            )  # fmt: skip
        await run(
            self.session, _KEEP_DAYS, location=location, works_on=days.weekdays,
            off=sorted(days.off), on=sorted(days.on),
        )  # fmt: skip
        for one in cartons:
            length_mm, width_mm, height_mm = one.sides
            await run(
                self.session, _KEEP_CARTON, location=location, code=one.code, length_mm=length_mm,
                width_mm=width_mm, height_mm=height_mm, tare_g=one.tare_g, most_g=one.most_g,
            )  # fmt: skip
        for carrier, at in cutoffs.items():
            await run(self.session, _KEEP_CUTOFF, location=location, carrier=carrier, at=at)
        await audit(
            self.session, self.actor, "floor.changed", f"location/{location}",
            request_id=request_id,
        )  # fmt: skip

    async def keep_bins(self, location: str, bins: Sequence[Bin], request_id: str) -> None:
        """Say where SKUs lie; those that are not named stay where they are.

        Raises UnknownLocation, UnknownSku naming all that nobody knows, InvalidInput for one named
        twice.
        """
        await self.rule(location)
        skus = [one.sku for one in bins]
        if len(set(skus)) < len(skus):
            raise InvalidInput("a SKU is given twice")
        known = await run(self.session, "SELECT code FROM sku WHERE code = ANY(:skus)", skus=skus)
        if strange := sorted(set(skus) - {row.code for row in known}):
            raise UnknownSku(f"there is no SKU {', '.join(strange[:20])}")
        gone = [one.sku for one in bins if not one.bin]
        await run(self.session, _DROP_BINS, location=location, skus=gone)
        await run(
            self.session, _KEEP_BINS, location=location, skus=skus,
            zones=[one.zone for one in bins], bins=[one.bin for one in bins],
        )  # fmt: skip
        await audit(
            self.session, self.actor, "bins.changed", f"location/{location}",
            after={"skus": len(bins)}, request_id=request_id,
        )  # fmt: skip
