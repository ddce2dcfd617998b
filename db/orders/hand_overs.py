"""Parcels handed to a driver: scanned onto a manifest, signed for, and gone; what is left over."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.shipments import STOPPING
from db.orders.warehouse import Warehouse
from db.platform.audit import audit
from db.sql import run
from db.vault import Vault, hand_over_context
from domain.orders.order import ShipmentStatus
from domain.shared.errors import ActionNotAllowed, HandOverNotFound, InvalidInput, UnknownLocation

_PLACE: Final = """
SELECT l.zone, EXISTS (SELECT FROM carrier_account WHERE code = :carrier)
       OR EXISTS (SELECT FROM parcel p JOIN shipment s ON s.no = p.shipment_no
                  WHERE s.location_id = l.id AND s.status = 'labelled' AND p.carrier = :carrier)
       AS known
FROM location l WHERE l.id = :location
"""

_NUMBER: Final = """
SELECT 'H' || to_char(now() AT TIME ZONE :zone, 'YYMMDD') || '-'
       || lpad((count(*) + 1)::text, 3, '0') AS no
FROM hand_over WHERE no LIKE 'H' || to_char(now() AT TIME ZONE :zone, 'YYMMDD') || '-%'
"""

_OPEN: Final = """
INSERT INTO hand_over (no, location_id, carrier, opened_by, closed_by)
VALUES (:no, :location, :carrier, :actor, '')
"""

_OPEN_ONE: Final = """
SELECT no FROM hand_over
WHERE location_id = :location AND carrier = :carrier AND closed_at IS NULL
"""

_HEAD: Final = """
SELECT h.no, h.location_id, h.carrier, h.opened_by, h.opened_at, h.closed_by, h.closed_at,
       h.sealed, l.zone,
       (SELECT count(*) FROM handed_parcel p WHERE p.hand_over_no = h.no) AS parcels
FROM hand_over h JOIN location l ON l.id = h.location_id
"""
_ONE: Final = f"{_HEAD} WHERE h.no = :no"
_LOCK: Final = f"{_ONE} FOR UPDATE OF h"
_LIST: Final = f"""{_HEAD}
WHERE CAST(:location AS text) = '' OR h.location_id = :location
ORDER BY h.closed_at IS NOT NULL, h.opened_at DESC LIMIT :limit
"""

_FOUND: Final = """
SELECT p.id, p.waybill_no, p.carrier, p.voided_at, p.shipment_no, s.location_id, s.status,
       s.waits_for, s.handed_over_at, p.receiver_version > 0 AND p.receiver_version <> r.version
           AS outdated,
       EXISTS (SELECT FROM order_hold h WHERE h.order_id = s.order_id AND h.released_at IS NULL)
           AS held
FROM parcel p JOIN shipment s ON s.no = p.shipment_no
LEFT JOIN receiver r ON r.order_id = s.order_id
WHERE p.waybill_no = :code AND p.waybill_no <> '' OR p.id = :code
ORDER BY p.voided_at IS NOT NULL, p.carrier <> :carrier, p.id LIMIT 1
"""

_PUT_ON: Final = """
INSERT INTO handed_parcel (parcel_id, hand_over_no, scan_key, actor)
VALUES (:parcel, :no, :key, :actor) ON CONFLICT DO NOTHING RETURNING parcel_id
"""

_ON_IT: Final = """
SELECT h.parcel_id, h.scan_key, h.at, p.waybill_no, p.shipment_no, p.weight_g
FROM handed_parcel h JOIN parcel p ON p.id = h.parcel_id
WHERE h.hand_over_no = :no ORDER BY h.at, h.parcel_id
"""

_TAKE_OFF: Final = """
DELETE FROM handed_parcel WHERE hand_over_no = :no AND parcel_id = :parcel RETURNING parcel_id
"""

# Shipments of which only some boxes lie here.
_PARTIAL: Final = """
SELECT p.shipment_no, count(*) AS boxes, count(h.parcel_id) AS scanned
FROM parcel p LEFT JOIN handed_parcel h ON h.parcel_id = p.id AND h.hand_over_no = :no
WHERE p.voided_at IS NULL AND p.shipment_no = ANY(:nos)
GROUP BY p.shipment_no HAVING count(h.parcel_id) < count(*) ORDER BY p.shipment_no
"""

_CLOSE: Final = """
UPDATE hand_over SET closed_at = clock_timestamp(), closed_by = :actor, sealed = :sealed
WHERE no = :no
"""

_WAITING: Final = """
SELECT p.carrier, count(*) AS parcels
FROM parcel p JOIN shipment s ON s.no = p.shipment_no
WHERE s.location_id = :location AND s.status = 'labelled' AND s.handed_over_at IS NULL
  AND p.voided_at IS NULL AND p.waybill_no <> '' GROUP BY p.carrier ORDER BY p.carrier
"""


class Handed(StrEnum):
    """What a scan of a parcel did."""

    TAKEN = "taken"
    TWICE = "twice"  # it lies here already
    UNKNOWN = "unknown"
    VOIDED = "voided"
    OTHER_CARRIER = "other_carrier"
    OTHER_PLACE = "other_place"
    NOT_LABELLED = "not_labelled"
    HELD = "held"
    CANCELLED = "cancelled"
    OUTDATED = "outdated"  # its receiver has changed: it gets a new label
    LEFT = "left"  # it has gone already
    CLOSED = "closed"  # the driver has signed


@dataclass(frozen=True, slots=True)
class HandedAnswer:
    key: str
    verdict: Handed
    parcel_id: str = ""
    waybill_no: str = ""
    parcels: int = 0


@dataclass(frozen=True, slots=True)
class Signed:
    """Who took the parcels, and how he signed: a PNG."""

    driver: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class HandOvers:
    """Hand-overs, in the caller's transaction. `actor` is who hands over."""

    session: AsyncSession
    vault: Vault
    actor: str = "system"

    async def open(self, location: str, carrier: str) -> str:
        """The open hand-over of a carrier at a location, begun when there is none.

        Raises UnknownLocation, InvalidInput for a carrier we do not have.
        """
        places = await run(self.session, _PLACE, location=location, carrier=carrier)
        if not places:
            raise UnknownLocation(f"there is no location {location}")
        if not places[0].known:
            raise InvalidInput(f"there is no carrier {carrier}")
        await run(self.session, "SELECT pg_advisory_xact_lock(hashtext('hand-over numbers'))")
        if known := await run(self.session, _OPEN_ONE, location=location, carrier=carrier):
            return str(known[0].no)
        (numbered,) = await run(self.session, _NUMBER, zone=places[0].zone)
        no = str(numbered.no)
        await run(self.session, _OPEN, no=no, location=location, carrier=carrier, actor=self.actor)
        return no

    async def hear(self, no: str, scans: Sequence[tuple[str, str]]) -> list[HandedAnswer]:
        """Put scanned parcels on it: (key, code) each, one answer each. Raises HandOverNotFound."""
        head = await self._lock(no)
        keys = {row.scan_key: row for row in await self.parcels(no)}
        return [await self._hear_one(head, keys, key, code) for key, code in scans]

    async def parcels(self, no: str) -> Sequence[Row[Any]]:
        """What lies on it: parcel_id, scan_key, at, waybill_no, shipment_no, weight_g."""
        return await run(self.session, _ON_IT, no=no)

    async def take_off(self, no: str, parcel_id: str) -> None:
        """It stays here. Raises HandOverNotFound, ActionNotAllowed after the signature."""
        head = await self._lock(no)
        if head.closed_at is not None:
            raise ActionNotAllowed(f"hand-over {no} is signed already")
        await run(self.session, _TAKE_OFF, no=no, parcel=parcel_id)

    async def close(self, no: str, signed: Signed) -> None:
        """The driver signs: every shipment on it is handed over, all or none.

        Raises HandOverNotFound, and ActionNotAllowed when nothing lies on it, boxes of a shipment
        are missing, or one of them may not leave now.
        """
        head = await self._lock(no)
        if head.closed_at is not None:
            return
        nos = sorted({row.shipment_no for row in await self.parcels(no)})
        if not nos:
            raise ActionNotAllowed("nothing was scanned onto it")
        if partial := await run(self.session, _PARTIAL, no=no, nos=nos):
            one = partial[0]
            raise ActionNotAllowed(
                f"of shipment {one.shipment_no} {one.scanned} of {one.boxes} boxes are scanned"
            )
        warehouse = Warehouse(self.session, self.actor)
        for shipment_no in nos:
            await warehouse.hand_over(shipment_no)
        content = {
            "driver": signed.driver, "signature": base64.b64encode(signed.signature).decode()
        }  # fmt: skip
        sealed = self.vault.seal(json.dumps(content).encode(), hand_over_context(no))
        await run(self.session, _CLOSE, no=no, actor=self.actor, sealed=sealed)
        await audit(
            self.session, self.actor, "hand_over.signed", f"hand-over/{no}",
            after={"shipments": len(nos), "parcels": head.parcels}, request_id=no,
        )  # fmt: skip

    async def one(self, no: str) -> Row[Any]:
        """Its head with the number of parcels. Raises HandOverNotFound."""
        rows = await run(self.session, _ONE, no=no)
        if not rows:
            raise HandOverNotFound(f"there is no hand-over {no}")
        return rows[0]

    def signed(self, head: Row[Any]) -> Signed | None:
        """Who signed; None while nobody did. Raises CannotOpen."""
        if head.sealed is None:
            return None
        content = json.loads(self.vault.open(head.sealed, hand_over_context(head.no)))
        return Signed(content["driver"], base64.b64decode(content["signature"]))

    async def list(self, location: str, limit: int) -> Sequence[Row[Any]]:
        """The open ones first, then the newest."""
        return await run(self.session, _LIST, location=location, limit=limit)

    async def waiting(self, location: str) -> Sequence[Row[Any]]:
        """Carriers for whom labelled parcels lie at a location, and how many."""
        return await run(self.session, _WAITING, location=location)

    async def _lock(self, no: str) -> Row[Any]:
        rows = await run(self.session, _LOCK, no=no)
        if not rows:
            raise HandOverNotFound(f"there is no hand-over {no}")
        return rows[0]

    async def _hear_one(
        self, head: Row[Any], keys: dict[str, Row[Any]], key: str, code: str
    ) -> HandedAnswer:
        if (first := keys.get(key)) is not None:
            return await self._told(head, key, Handed.TAKEN, first.parcel_id, first.waybill_no)
        rows = await run(self.session, _FOUND, code=code, carrier=head.carrier)
        if not rows:
            return await self._told(head, key, Handed.UNKNOWN)
        found = rows[0]
        verdict = _refusal(head, found)
        if verdict is None:
            put = await run(
                self.session, _PUT_ON, parcel=found.id, no=head.no, key=key, actor=self.actor
            )
            verdict = Handed.TAKEN if put else Handed.TWICE
        return await self._told(head, key, verdict, found.id, found.waybill_no)

    async def _told(
        self, head: Row[Any], key: str, verdict: Handed, parcel_id: str = "", waybill_no: str = ""
    ) -> HandedAnswer:
        parcels = (await self.one(head.no)).parcels
        return HandedAnswer(key, verdict, parcel_id, waybill_no, parcels)


def _refusal(head: Row[Any], found: Row[Any]) -> Handed | None:
    """Why a parcel may not go with this driver, the first reason that holds."""
    status = ShipmentStatus(found.status)
    reasons: Sequence[tuple[bool, Handed]] = (
        (head.closed_at is not None, Handed.CLOSED),
        (found.voided_at is not None, Handed.VOIDED),
        (status is ShipmentStatus.CANCELLED or found.waits_for == STOPPING, Handed.CANCELLED),
        (found.location_id != head.location_id, Handed.OTHER_PLACE),
        (status.has_left or found.handed_over_at is not None, Handed.LEFT),
        (status is not ShipmentStatus.LABELLED or not found.waybill_no, Handed.NOT_LABELLED),
        (found.carrier != head.carrier, Handed.OTHER_CARRIER),
        (found.held, Handed.HELD),
        (bool(found.outdated), Handed.OUTDATED),
    )
    return next((verdict for holds, verdict in reasons if holds), None)
