"""Waves: which shipments are picked on one walk, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.audit import audit
from db.sql import run
from domain.orders.visits import WorkDays, next_visit
from domain.orders.waves import Candidate, LeftWhy, Suggestion, suggest
from domain.shared.errors import ActionNotAllowed, InvalidInput, UnknownLocation, WaveNotFound

_MOST_CANDIDATES: Final = 2000
DEFAULT_SIZE: Final = 20

_PLACE: Final = """
SELECT l.id, l.zone, l.works_on, l.days_off, l.days_on, coalesce(r.wave_size, :size) AS wave_size
FROM location l LEFT JOIN floor_rule r ON r.location_id = l.id WHERE l.id = :location
"""

# Not in a wave, and nothing of it was done yet.
_FREE: Final = """
s.status = 'picking' AND s.picked_at IS NULL AND s.waits_for <> 'stopping' AND s.ships_with = ''
AND NOT EXISTS (SELECT FROM wave_shipment w WHERE w.shipment_no = s.no AND w.left_at IS NULL)
"""

_CANDIDATES: Final = f"""
SELECT s.no, s.carrier, s.ship_by, c.at AS cutoff, count(DISTINCT x.sku) AS lines,
       array_agg(DISTINCT coalesce(b.zone, '')) AS zones
FROM shipment s JOIN shipment m ON m.no = s.no OR m.ships_with = s.no
JOIN shipment_line x ON x.shipment_no = m.no
LEFT JOIN stock_bin b ON b.location_id = s.location_id AND b.sku = x.sku
LEFT JOIN carrier_cutoff c ON c.location_id = s.location_id AND c.carrier = s.carrier
WHERE s.location_id = :location AND {_FREE}
  AND NOT EXISTS (
    SELECT FROM order_hold h JOIN shipment r ON r.order_id = h.order_id
    WHERE (r.no = s.no OR r.ships_with = s.no) AND h.released_at IS NULL)
GROUP BY s.no, s.carrier, s.ship_by, c.at
ORDER BY coalesce(s.ship_by, 'infinity'), s.no LIMIT :most
"""  # noqa: S608 (made of constants)

_LOCK_FREE: Final = f"""
SELECT s.no FROM shipment s WHERE s.no = ANY(:nos) AND s.location_id = :location AND {_FREE}
ORDER BY s.no FOR UPDATE
"""  # noqa: S608 (made of constants)

_NUMBER: Final = """
SELECT 'W' || to_char(now() AT TIME ZONE :zone, 'YYMMDD') || '-'
       || lpad((count(*) + 1)::text, 3, '0') AS no
FROM wave WHERE no LIKE 'W' || to_char(now() AT TIME ZONE :zone, 'YYMMDD') || '-%'
"""

_MAKE: Final = """
INSERT INTO wave (no, location_id, mode, state, rule, picker, made_by)
VALUES (:no, :location, :mode, 'made', :rule, '', :actor)
"""

_PUT_IN: Final = """
INSERT INTO wave_shipment (wave_no, shipment_no, slot, left_why)
SELECT :wave, x.no, x.slot, ''
FROM unnest(CAST(:nos AS text[])) WITH ORDINALITY AS x(no, slot)
"""

_RELEASE: Final = """
UPDATE wave SET state = 'released', picker = :picker,
                released_at = coalesce(released_at, clock_timestamp()) WHERE no = :no
"""

_CLOSE: Final = """
UPDATE wave SET state = 'closed', closed_at = clock_timestamp() WHERE no = :no
"""

_LEAVE: Final = """
UPDATE wave_shipment w SET left_at = clock_timestamp(), left_why = :why
FROM shipment s WHERE s.no = w.shipment_no AND w.wave_no = :wave AND w.left_at IS NULL
  AND s.picked_at IS NULL AND (CAST(:no AS text) = '' OR w.shipment_no = :no)
RETURNING w.shipment_no
"""

_WAVES: Final = """
SELECT w.no, w.location_id, w.mode, w.state, w.rule, w.picker, w.made_by, w.made_at,
       w.released_at, w.closed_at, coalesce(x.shipments, 0) AS shipments,
       coalesce(x.picked, 0) AS picked, coalesce(x.fallen_out, 0) AS fallen_out,
       coalesce(x.units, 0)::bigint AS units
FROM wave w LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE m.left_at IS NULL) AS shipments,
           count(*) FILTER (WHERE m.left_at IS NULL AND s.picked_at IS NOT NULL) AS picked,
           count(*) FILTER (WHERE m.left_at IS NOT NULL) AS fallen_out,
           sum((SELECT sum(x.quantity) FROM shipment r JOIN shipment_line x ON x.shipment_no = r.no
                WHERE r.no = s.no OR r.ships_with = s.no))
               FILTER (WHERE m.left_at IS NULL) AS units
    FROM wave_shipment m JOIN shipment s ON s.no = m.shipment_no WHERE m.wave_no = w.no) x ON true
"""
_ONE: Final = f"{_WAVES} WHERE w.no = :no"
_LIST: Final = f"""{_WAVES}
WHERE w.state = ANY(:states) AND (CAST(:location AS text) = '' OR w.location_id = :location)
ORDER BY w.made_at DESC, w.no DESC LIMIT :limit
"""

_MEMBERS: Final = """
SELECT m.shipment_no, m.slot, m.left_at, m.left_why, s.status, s.picked_at, s.packed_at, s.ship_by,
       s.carrier, o.no AS order_no,
       s.waits_for = 'stopping' OR s.status = 'cancelled' OR s.ships_with <> '' AS gone
FROM wave_shipment m JOIN shipment s ON s.no = m.shipment_no
JOIN sales_order o ON o.id = s.order_id
WHERE m.wave_no = :no ORDER BY m.slot
"""

# What is walked past: by zone, then bin; SKUs without a bin come last.
_LINES: Final = """
SELECT coalesce(nullif(s.ships_with, ''), s.no) AS shipment_no, x.sku, k.name, k.gtin,
       k.tracks_serials,
       sum(x.quantity)::bigint AS quantity, coalesce(b.zone, '') AS zone,
       coalesce(b.bin, '') AS bin
FROM shipment_line x JOIN shipment s ON s.no = x.shipment_no JOIN sku k ON k.code = x.sku
LEFT JOIN stock_bin b ON b.location_id = s.location_id AND b.sku = x.sku
WHERE s.no = ANY(:nos) AND s.ships_with = '' OR s.ships_with = ANY(:nos)
GROUP BY 1, x.sku, k.name, k.gtin, k.tracks_serials, b.zone, b.bin
ORDER BY b.zone NULLS LAST, b.bin NULLS LAST, x.sku, 1
"""


@dataclass(frozen=True, slots=True)
class Waves:
    """What is picked together. `actor` is who plans."""

    session: AsyncSession
    actor: str = "system"

    async def suggestions(self, location: str, now: datetime) -> list[Suggestion]:
        """Waves that could be made now of all that waits here. Raises UnknownLocation."""
        place = await self._place(location)
        zone = ZoneInfo(place.zone)
        days = WorkDays(place.works_on, frozenset(place.days_off), frozenset(place.days_on))
        rows = await run(self.session, _CANDIDATES, location=location, most=_MOST_CANDIDATES)
        candidates = [
            Candidate(
                row.no, row.carrier, frozenset(row.zones), row.lines, row.ship_by,
                next_visit(row.cutoff, zone, now, days) if row.cutoff else None,
            )
            for row in rows
        ]  # fmt: skip
        return suggest(candidates, place.wave_size, now)

    async def make(self, location: str, nos: Sequence[str], mode: str, rule: str = "") -> str:
        """A new wave of these shipments, in this order; returns its number.

        Raises UnknownLocation, InvalidInput for one named twice, and ActionNotAllowed naming those
        that are not free here.
        """
        place = await self._place(location)
        if len(set(nos)) < len(nos):
            raise InvalidInput("a shipment is named twice")
        free = {
            row.no for row in await run(self.session, _LOCK_FREE, nos=list(nos), location=location)
        }
        if taken := [no for no in nos if no not in free]:
            raise ActionNotAllowed(f"not free for a wave here: {', '.join(taken)}")
        await run(self.session, "SELECT pg_advisory_xact_lock(hashtext('wave numbers'))")
        (numbered,) = await run(self.session, _NUMBER, zone=place.zone)
        no: str = numbered.no
        await run(
            self.session, _MAKE, no=no, location=location, mode=mode, rule=rule, actor=self.actor
        )
        await run(self.session, _PUT_IN, wave=no, nos=list(nos))
        await self._audit("wave.made", no, {"shipments": list(nos)})
        return no

    async def release(self, no: str, picker: str) -> None:
        """Give the wave to a picker, or to another one. Raises WaveNotFound, ActionNotAllowed."""
        wave = await self._lock(no)
        if wave.state == "closed":
            raise ActionNotAllowed(f"wave {no} is closed")
        await run(self.session, _RELEASE, no=no, picker=picker)
        await self._audit("wave.released", no, {"picker": picker})

    async def drop(self, no: str, shipment_no: str, why: LeftWhy) -> None:
        """A shipment that cannot be picked now falls out; it is free for another wave.

        Raises WaveNotFound, and ActionNotAllowed when it is picked already or not in this wave.
        """
        await self._lock(no)
        await run(self.session, "SELECT FROM shipment WHERE no = :no FOR UPDATE", no=shipment_no)
        if not await run(self.session, _LEAVE, wave=no, no=shipment_no, why=str(why)):
            raise ActionNotAllowed(f"shipment {shipment_no} is not to be picked in wave {no}")
        await self._audit("wave.dropped", no, {"shipment": shipment_no, "why": str(why)})

    async def close(self, no: str) -> list[str]:
        """End the wave; what was not picked is free again and returned. Raises WaveNotFound."""
        wave = await self._lock(no)
        if wave.state == "closed":
            return []
        left = await run(self.session, _LEAVE, wave=no, no="", why=str(LeftWhy.CLOSED))
        await run(self.session, _CLOSE, no=no)
        nos = sorted(row.shipment_no for row in left)
        await self._audit("wave.closed", no, {"fell_out": nos})
        return nos

    async def wave(self, no: str) -> Row[Any]:
        """One wave with its progress. Raises WaveNotFound."""
        rows = await run(self.session, _ONE, no=no)
        if not rows:
            raise WaveNotFound(f"there is no wave {no}")
        return rows[0]

    async def waves(self, location: str, states: Sequence[str], limit: int) -> Sequence[Row[Any]]:
        """Waves of a location, all where it is empty, the newest first."""
        return await run(self.session, _LIST, location=location, states=list(states), limit=limit)

    async def members(self, no: str) -> Sequence[Row[Any]]:
        """Its shipments in the order of their slots, those that fell out too."""
        return await run(self.session, _MEMBERS, no=no)

    async def lines(self, shipment_nos: Sequence[str]) -> Sequence[Row[Any]]:
        """What is picked for these shipments, in the order of the walk."""
        return await run(self.session, _LINES, nos=list(shipment_nos))

    async def _place(self, location: str) -> Row[Any]:
        rows = await run(self.session, _PLACE, location=location, size=DEFAULT_SIZE)
        if not rows:
            raise UnknownLocation(f"there is no location {location}")
        return rows[0]

    async def _lock(self, no: str) -> Row[Any]:
        rows = await run(
            self.session, "SELECT no, state FROM wave WHERE no = :no FOR UPDATE", no=no
        )
        if not rows:
            raise WaveNotFound(f"there is no wave {no}")
        return rows[0]

    async def _audit(self, action: str, no: str, after: dict[str, Any]) -> None:
        await audit(
            self.session, self.actor, action, f"wave/{no}", after=after,
            request_id=f"{no}:{action}:{sorted(after.items())}",
        )  # fmt: skip
