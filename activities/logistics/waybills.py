"""Waybills: ordered once whatever happens, voided once, asked about when an answer was lost."""

import re
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.orders.ports import Adapters
from db.engine import Sessions
from db.logistics.repository import record_facts
from db.platform.effects import Effect, EffectRepository
from db.platform.gates import Gates
from db.sql import parsed
from domain.orders.work import OutsideStep
from domain.shared.address import Address, Contact
from domain.shared.errors import (
    AnswerLost,
    GateHolding,
    IntegrationError,
    NeedsPlatformWaybill,
    Rejected,
)
from integrations.carriers.port import CargoItem, Carrier, ParcelSize, Waybill, WaybillRequest

# Cash is collected once for the order: by the first box of its first shipment.
_PARCELS: Final = """
SELECT p.id, p.carrier, p.product, p.weight_g, p.length_mm, p.width_mm, p.height_mm,
       p.waybill_no, p.voided_at,
       r.kind, r.name, r.phone, r.phone_last4, r.company, r.country, r.province, r.city, r.district,
       r.detail, r.postcode, r.division_code, r.longitude, r.latitude,
       l.contact_name, l.contact_phone, l.province AS from_province, l.city AS from_city,
       l.district AS from_district, l.detail AS from_detail, l.division_code AS from_code,
       o.cash_on_delivery AND p.id = (
           SELECT min(b.id) FROM parcel b JOIN shipment x ON x.no = b.shipment_no
           WHERE x.order_id = o.id AND x.status <> 'cancelled' AND b.voided_at IS NULL) AS collects,
       o.payable_minor, r.version AS receiver_version
FROM parcel p
JOIN shipment s ON s.no = p.shipment_no
JOIN sales_order o ON o.id = s.order_id
JOIN receiver r ON r.order_id = s.order_id
JOIN location l ON l.id = s.location_id
WHERE p.shipment_no = :no
ORDER BY p.id
"""

_CARGO: Final = """
SELECT k.name, k.weight_g, coalesce(l.picked_quantity, l.quantity) AS quantity
FROM shipment_line l JOIN sku k ON k.code = l.sku
WHERE l.shipment_no = :no AND coalesce(l.picked_quantity, l.quantity) > 0
ORDER BY l.sku
"""

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

_SCANS: Final = """
SELECT count(*) FROM tracking_event e JOIN parcel p ON p.id = e.parcel_id
WHERE p.shipment_no = :no AND p.voided_at IS NULL
"""

_USED: Final = """
SELECT FROM parcel WHERE carrier = :carrier AND waybill_no = :number
"""

_LABELLED: Final = """
UPDATE parcel p SET waybill_no = :waybill_no, routing_code = :routing_code,
                    sorting_code = :sorting_code,
                    receiver_version = CASE WHEN p.receiver_version > 0 THEN p.receiver_version
                                            ELSE r.version END
FROM shipment s JOIN receiver r ON r.order_id = s.order_id
WHERE p.id = :id AND p.waybill_no = '' AND s.no = p.shipment_no
"""

_SENT_FOR: Final = "UPDATE parcel SET receiver_version = :version WHERE id = :id"


_BETWEEN: Final = re.compile(r"[\s,;，；、]+")
_PRINTABLE: Final = re.compile(r"[A-Za-z0-9-]{4,40}")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WaybillActivities:
    """Carriers as shipments use them. The parcel's id is the carrier's idempotency key."""

    sessions: Sessions
    adapters: Adapters
    gates: Gates

    @activity.defn(name="waybill.create")
    async def create(self, step: OutsideStep) -> str:
        """A waybill for every parcel; returns the numbers. Asks first where an answer was lost."""
        open_rows = [row for row in await self._parcels(step) if row.voided_at is None]
        unlabelled = [row for row in open_rows if not row.waybill_no]
        if any(row.kind == "masked" for row in unlabelled):
            why = "the platform hides the receiver: order the waybill there, record it as by hand"
            raise NeedsPlatformWaybill(why, code="masked_receiver", system="onhand")
        for row in unlabelled:
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
                await self._cancel(step, row.id, effect, row.waybill_no)
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
            connection = await session.connection()
            found = await connection.execute(
                parsed("SELECT data FROM correction WHERE id = :id"), {"id": step.correction_id}
            )
            data: dict[str, Any] = found.scalar_one_or_none() or {}
            numbers = _numbers(str(data.get("waybill_no", "")), len(rows))
            for row, number in zip(rows, numbers, strict=True):
                used = {"carrier": row.carrier, "number": number}
                if (await connection.execute(parsed(_USED), used)).first() is not None:
                    raise Rejected(f"{number} is on another parcel", code="waybill_no_used")
                await EffectRepository(session).intend(
                    row.id, "waybill", f"carrier/{row.carrier}", step.shipment_no
                )
                waybill = Waybill(row.carrier, number, row.id)
                await _keep(session, row.id, waybill, by_hand=True)
        return ", ".join(numbers)

    @activity.defn(name="waybill.ask")
    async def ask(self, step: OutsideStep) -> int:
        """Ask the carriers where silent parcels are, as a push may be lost; scans known then.

        A carrier that does not answer now is simply asked again after the next silence.
        """
        for row in await self._parcels(step):
            if row.voided_at is not None or not row.waybill_no:
                continue
            try:
                async with self.gates.through(f"carrier/{row.carrier}", step):
                    carrier = await self.adapters.carrier(row.carrier)
                    facts = await carrier.track(row.waybill_no, row.phone_last4)
            except (IntegrationError, GateHolding) as error:
                log.warning("tracking.not_answered", parcel_id=row.id, error=str(error)[:200])
                continue
            async with self.sessions.begin() as session:
                await record_facts(session, row.carrier, facts)
        async with self.sessions.begin() as session:
            connection = await session.connection()
            known = await connection.execute(parsed(_SCANS), {"no": step.shipment_no})
            return int(known.scalar_one())

    async def _order(self, step: OutsideStep, row: Any) -> None:
        system = f"carrier/{row.carrier}"
        async with self.sessions.begin() as session:
            effect = await EffectRepository(session).intend(
                row.id, "waybill", system, step.shipment_no
            )
        if effect.system != system:  # a person chose another carrier since
            await self._cancel(step, row.id, effect, "")
            async with self.sessions.begin() as session:
                await EffectRepository(session).move(row.id, system)
        async with self.gates.through(system, step):
            carrier = await self.adapters.carrier(row.carrier)
            waybill = None if effect.is_first else await carrier.find(row.id)
            if waybill is None:
                waybill = await self._send(carrier, row, step)
        async with self.sessions.begin() as session:
            await _keep(session, row.id, waybill)

    async def _cancel(
        self, step: OutsideStep, parcel_id: str, effect: Effect, waybill_no: str
    ) -> None:
        """Void what the effect left at its carrier; asks first where no number came back."""
        if not waybill_no and not effect.may_exist:
            return
        async with self.gates.through(effect.system, step):
            carrier = await self.adapters.carrier(effect.system.removeprefix("carrier/"))
            if not waybill_no:
                found = await carrier.find(parcel_id)
                waybill_no = found.waybill_no if found else ""
            if waybill_no:
                await carrier.cancel(parcel_id, waybill_no)

    async def _send(self, carrier: Carrier, row: Any, step: OutsideStep) -> Waybill:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            cargo = (await connection.execute(parsed(_CARGO), {"no": step.shipment_no})).all()
            sent_for = {"id": row.id, "version": row.receiver_version}
            await connection.execute(parsed(_SENT_FOR), sent_for)
        try:
            return await carrier.create(_request(row, cargo))
        except IntegrationError as error:
            state = "unknown" if isinstance(error, AnswerLost) else "intended"
            async with self.sessions.begin() as session:
                await EffectRepository(session).settle(
                    row.id, "rejected" if isinstance(error, Rejected) else state
                )
            raise

    async def _parcels(self, step: OutsideStep) -> Any:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            if step.correction_id:
                await connection.execute(
                    parsed(_CORRECT), {"correction_id": step.correction_id, "no": step.shipment_no}
                )
            return (await connection.execute(parsed(_PARCELS), {"no": step.shipment_no})).all()

    async def _voided(self, parcel_id: str) -> None:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            await connection.execute(
                parsed("UPDATE parcel SET voided_at = clock_timestamp() WHERE id = :id"),
                {"id": parcel_id},
            )
            await EffectRepository(session).settle(parcel_id, "undone")


async def _keep(
    session: AsyncSession, parcel_id: str, waybill: Waybill, *, by_hand: bool = False
) -> None:
    connection = await session.connection()
    await connection.execute(
        parsed(_LABELLED),
        {
            "id": parcel_id,
            "waybill_no": waybill.waybill_no,
            "routing_code": waybill.routing_code,
            "sorting_code": waybill.sorting_code,
        },
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


def _request(row: Any, cargo: Any) -> WaybillRequest:
    receiver = Contact(
        row.name,
        row.phone,
        Address(
            row.country, row.province, row.city, row.district, row.detail, row.postcode,
            row.division_code, row.longitude, row.latitude,
        ),
        row.company,
    )  # fmt: skip
    sender = Contact(
        row.contact_name,
        row.contact_phone,
        Address(
            "CN", row.from_province, row.from_city, row.from_district, row.from_detail,
            division_code=row.from_code,
        ),
    )  # fmt: skip
    return WaybillRequest(
        order_ref=row.id,
        product=row.product,
        sender=sender,
        receiver=receiver,
        parcel=ParcelSize(row.weight_g, row.length_mm, row.width_mm, row.height_mm),
        cargo=tuple(CargoItem(item.name, item.quantity, item.weight_g) for item in cargo),
        cash_on_delivery_minor=row.payable_minor if row.collects else 0,
    )
