"""Waybills: ordered once whatever happens, voided once, asked about when an answer was lost."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.logistics.ordering import CARGO, PARCELS, reference, waybill_request
from activities.logistics.platform_labels import PlatformLabels, is_platform, platform_system
from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.orders.receivers import open_person
from db.platform.effects import Effect, EffectRepository
from db.platform.gates import Gates
from db.sql import run
from db.vault import Vault
from domain.orders.work import OutsideStep
from domain.shared.errors import NotOffered, Rejected
from integrations.carriers.port import Carrier, Waybill

# Parcels and shipment take the same carrier and product, as long as nothing is labelled.
_CORRECT: Final = """
WITH corrected AS (
    UPDATE parcel SET carrier = coalesce(nullif(c.data->>'carrier', ''), carrier),
                      product = coalesce(nullif(c.data->>'product', ''), product)
    FROM correction c
    WHERE c.id = :correction_id AND parcel.shipment_no = :no AND parcel.waybill_no = ''
          AND parcel.voided_at IS NULL
    RETURNING parcel.shipment_no, parcel.carrier, parcel.product
)
UPDATE shipment s SET carrier = c.carrier, product = c.product
FROM corrected c WHERE s.no = c.shipment_no
"""

_USED: Final = """
SELECT FROM parcel WHERE carrier = :carrier AND waybill_no = :number
"""

_LABELLED: Final = """
UPDATE parcel p SET carrier = :carrier, waybill_no = :waybill_no,
                    labelled_at = clock_timestamp(), routing_code = :routing_code,
                    sorting_code = :sorting_code,
                    receiver_version = CASE WHEN p.receiver_version > 0 THEN p.receiver_version
                                            ELSE r.version END
FROM shipment s JOIN receiver r ON r.order_id = s.order_id
WHERE p.id = :id AND p.waybill_no = '' AND s.no = p.shipment_no
"""

_SENT_FOR: Final = """
UPDATE parcel SET receiver_version = :version, insured_minor = :insured,
                  pickup_from = :pickup_from, pickup_to = :pickup_to
WHERE id = :id
"""


_BETWEEN: Final = re.compile(r"[\s,;，；、]+")
_PRINTABLE: Final = re.compile(r"[A-Za-z0-9-]{4,40}")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WaybillActivities:
    """Carriers as shipments use them. The parcel's id is the carrier's idempotency key."""

    sessions: Sessions
    adapters: Adapters
    vault: Vault
    gates: Gates

    @activity.defn(name="waybill.create")
    async def create(self, step: OutsideStep) -> str:
        """A waybill for every parcel; returns the numbers. Asks first where an answer was lost."""
        open_rows = [row for row in await self._parcels(step) if row.voided_at is None]
        for row in open_rows:
            if not row.waybill_no:
                await self._order(step, row)
        return ", ".join(
            row.waybill_no for row in await self._parcels(step) if row.voided_at is None
        )

    @activity.defn(name="waybill.void")
    async def void(self, step: OutsideStep) -> None:
        """Void every waybill of the shipment, also one whose order may have got through."""
        for row in await self._parcels(step):
            if row.voided_at is not None:
                continue
            async with self.sessions.begin() as session:
                effect = await EffectRepository(session).find(row.id)
            if effect is not None and effect.result.get("by_hand") and row.waybill_no:
                why = f"{row.waybill_no} was ordered by hand: void it there, record it as by hand"
                raise Rejected(why, code="ordered_by_hand", system="onhand")
            if effect is not None and effect.state != "undone":
                await self._cancel(step, row, effect, row.waybill_no)
            await self._voided(row.id)

    @activity.defn(name="waybill.voided_by_hand")
    async def voided_by_hand(self, step: OutsideStep) -> None:
        """A person voided the waybills where they were ordered."""
        for row in await self._parcels(step):
            if row.voided_at is None:
                await self._voided(row.id)

    @activity.defn(name="waybill.by_hand")
    async def by_hand(self, step: OutsideStep) -> str:
        """Record the waybills a person ordered elsewhere: `waybill_no` of the correction, one for
        each box in their order, and whose they are if not the chosen carrier's.

        Raises Rejected when they are too few or too many, cannot be printed or are used already.
        """
        labelled = [row for row in await self._parcels(step) if row.voided_at is None]
        rows = [row for row in labelled if not row.waybill_no]
        if not rows:  # recorded already, and the answer was lost
            return ", ".join(row.waybill_no for row in labelled)
        async with self.sessions.begin() as session:
            corrections = await run(
                session, "SELECT data FROM correction WHERE id = :id", id=step.correction_id
            )
            data: dict[str, Any] = corrections[0].data if corrections else {}
            numbers = _numbers(str(data.get("waybill_no", "")), len(rows))
            for row, number in zip(rows, numbers, strict=True):
                if await run(session, _USED, carrier=row.carrier, number=number):
                    raise Rejected(f"{number} is on another parcel", code="waybill_no_used")
                await EffectRepository(session).intend(
                    row.id, "waybill", f"carrier/{row.carrier}", step.shipment_no
                )
                waybill = Waybill(row.carrier, number, row.id)
                await _keep(session, row.id, waybill, by_hand=True)
        return ", ".join(numbers)

    @property
    def _platform(self) -> PlatformLabels:
        return PlatformLabels(self.sessions, self.adapters, self.vault, self.gates)

    async def _order(self, step: OutsideStep, row: Any) -> None:
        masked = row.kind == "masked"
        system = f"carrier/{row.carrier}"
        if masked:
            system = platform_system(row.shop_id, row.carrier)
        async with self.sessions.begin() as session:
            known = await EffectRepository(session).find(row.id)
        if known is not None and known.system != system:  # a person chose another carrier since
            await self._cancel(step, row, known, "")
            async with self.sessions.begin() as session:
                known = await EffectRepository(session).move(row.id, system)
        key = reference(row.id, known.result if known else {})
        if masked:
            waybill = await self._platform.order(step, row, system, key)
        else:
            waybill = await self._order_at_carrier(step, row, system, key)
        async with self.sessions.begin() as session:
            await _keep(session, row.id, waybill)

    async def _order_at_carrier(
        self, step: OutsideStep, row: Any, system: str, key: str
    ) -> Waybill:
        async with self.gates.through(system, step):
            sends(carrier=row.carrier, product=row.product, reference=key)
            carrier = await self.adapters.carrier(row.carrier)
            async with self.sessions.begin() as session:
                effect = await EffectRepository(session).intend(
                    row.id, "waybill", system, step.shipment_no
                )
            found = None if effect.is_first else await _found(carrier, key)
            return found or await self._send(carrier, row, step, key)

    async def _cancel(self, step: OutsideStep, row: Any, effect: Effect, waybill_no: str) -> None:
        """Void what the effect left where it went; asks first where no number came back."""
        if not waybill_no and not effect.may_exist:
            return
        key = reference(row.id, effect.result)
        if is_platform(effect.system):
            await self._platform.cancel(step, row, effect, key, waybill_no)
            return
        async with self.gates.through(effect.system, step):
            sends(reference=key, waybill_no=waybill_no)
            carrier = await self.adapters.carrier(effect.system.removeprefix("carrier/"))
            if not waybill_no:
                try:
                    found = await carrier.find(key)
                except NotOffered:  # it voids what our reference made, if that is anything
                    await carrier.cancel(key, "")
                    return
                waybill_no = found.waybill_no if found else ""
            if waybill_no:
                await carrier.cancel(key, waybill_no)

    async def _send(self, carrier: Carrier, row: Any, step: OutsideStep, key: str) -> Waybill:
        async with self.sessions.begin() as session:
            cargo = await run(session, CARGO, no=step.shipment_no)
            person = await open_person(session, self.vault, row.order_id, row.sealed)
            request = waybill_request(row, person, cargo, key, row.boxes, datetime.now(UTC))
            await run(
                session,
                _SENT_FOR,
                id=row.id,
                version=row.receiver_version,
                insured=request.insured_minor,
                pickup_from=request.pickup.begin if request.pickup else None,
                pickup_to=request.pickup.end if request.pickup else None,
            )
        sends(request, carrier=row.carrier)
        async with attempt(self.sessions, row.id):
            return await carrier.create(request)

    async def _parcels(self, step: OutsideStep) -> Any:
        async with self.sessions.begin() as session:
            if step.correction_id:
                await run(session, _CORRECT, correction_id=step.correction_id, no=step.shipment_no)
            return await run(session, PARCELS, no=step.shipment_no)

    async def _voided(self, parcel_id: str) -> None:
        async with self.sessions.begin() as session:
            await run(
                session, "UPDATE parcel SET voided_at = clock_timestamp() WHERE id = :id",
                id=parcel_id,
            )  # fmt: skip
            await EffectRepository(session).settle(parcel_id, "undone")


async def _found(carrier: Carrier, key: str) -> Waybill | None:
    """What an earlier attempt made, where the carrier can be asked; else ordering again gets it."""
    try:
        return await carrier.find(key)
    except NotOffered:
        return None


async def _keep(
    session: AsyncSession, parcel_id: str, waybill: Waybill, *, by_hand: bool = False
) -> None:
    await run(
        session,
        _LABELLED,
        id=parcel_id,
        carrier=waybill.carrier,
        waybill_no=waybill.waybill_no,
        routing_code=waybill.routing_code,
        sorting_code=waybill.sorting_code,
    )
    result = {"waybill_no": waybill.waybill_no} | ({"by_hand": True} if by_hand else {})
    await EffectRepository(session).settle(parcel_id, "confirmed", result)


def _numbers(told: str, boxes: int) -> list[str]:
    """The waybill numbers a person wrote, one for each box. Raises Rejected."""
    numbers = _BETWEEN.split(told.strip()) if told.strip() else []
    if len(numbers) != boxes or len(set(numbers)) != boxes:
        raise Rejected(f"waybill numbers needed: {boxes}", code="waybill_no_missing")
    for number in numbers:
        if not _PRINTABLE.fullmatch(number):
            raise Rejected("a waybill number has letters, digits and - only", code="waybill_no")
    return numbers
