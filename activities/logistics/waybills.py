"""Waybills: ordered once whatever happens, voided once, asked about when an answer was lost."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from temporalio import activity

from activities.orders.ports import Adapters
from db.engine import Sessions
from db.platform.effects import EffectRepository
from db.platform.gates import Gates
from domain.orders.work import OutsideStep
from domain.shared.address import Address, Contact
from domain.shared.errors import AnswerLost, IntegrationError, Rejected
from integrations.carriers.port import CargoItem, Carrier, ParcelSize, Waybill, WaybillRequest

_PARCELS: Final = """
SELECT p.id, p.carrier, p.product, p.weight_g, p.length_mm, p.width_mm, p.height_mm,
       p.waybill_no, p.voided_at,
       r.kind, r.oaid, r.name, r.phone, r.company, r.country, r.province, r.city, r.district,
       r.detail, r.postcode, r.division_code, r.longitude, r.latitude,
       l.contact_name, l.contact_phone, l.province AS from_province, l.city AS from_city,
       l.district AS from_district, l.detail AS from_detail, l.division_code AS from_code,
       o.cash_on_delivery, o.payable_minor
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

_CORRECT: Final = """
UPDATE parcel SET carrier = coalesce(c.data->>'carrier', carrier),
                  product = coalesce(c.data->>'product', product)
FROM correction c
WHERE c.id = :correction_id AND parcel.shipment_no = :no AND parcel.waybill_no = ''
"""

_LABELLED: Final = """
UPDATE parcel SET waybill_no = :waybill_no, routing_code = :routing_code,
                  sorting_code = :sorting_code
WHERE id = :id AND waybill_no = ''
"""


@dataclass(frozen=True, slots=True)
class WaybillActivities:
    """Carriers as shipments use them. The parcel's id is the carrier's idempotency key."""

    sessions: Sessions
    adapters: Adapters
    gates: Gates

    @activity.defn(name="waybill.create")
    async def create(self, step: OutsideStep) -> str:
        """A waybill for every parcel; returns the numbers. Asks first where an answer was lost."""
        numbers: list[str] = []
        for row in await self._parcels(step):
            if row.voided_at is not None:
                continue
            if not row.waybill_no:
                await self._order(step, row)
        for row in await self._parcels(step):
            if row.voided_at is None:
                numbers.append(row.waybill_no)
        return ", ".join(numbers)

    @activity.defn(name="waybill.void")
    async def void(self, step: OutsideStep) -> None:
        """Void every waybill of the shipment, also one whose order may have got through."""
        for row in await self._parcels(step):
            if row.voided_at is not None:
                continue
            waybill_no = row.waybill_no or await self._lost_waybill(row)
            if waybill_no:
                carrier = await self.adapters.carrier(row.carrier)
                async with self.gates.through(f"carrier/{row.carrier}", step):
                    await carrier.cancel(row.id, waybill_no)
            await self._voided(row.id)

    @activity.defn(name="waybill.by_hand")
    async def by_hand(self, step: OutsideStep) -> str:
        """Record the waybill a person ordered themselves: `waybill_no` of the correction."""
        async with self.sessions.begin() as session:
            connection = await session.connection()
            found = await connection.execute(
                text("SELECT data FROM correction WHERE id = :id"), {"id": step.correction_id}
            )
            data: dict[str, Any] = found.scalar_one_or_none() or {}
            waybill_no = str(data.get("waybill_no", ""))
            if not waybill_no:
                raise Rejected("a waybill number is needed", code="no_waybill_no")
        for row in await self._parcels(step):
            if row.voided_at is None and not row.waybill_no:
                waybill = Waybill(row.carrier, waybill_no, row.id)
                await self._keep(row.id, waybill)
        return waybill_no

    async def _order(self, step: OutsideStep, row: Any) -> None:
        async with self.sessions.begin() as session:
            effect = await EffectRepository(session).intend(
                row.id, "waybill", f"carrier/{row.carrier}", step.shipment_no
            )
        carrier = await self.adapters.carrier(row.carrier)
        async with self.gates.through(f"carrier/{row.carrier}", step):
            waybill = None if effect.is_first else await carrier.find(row.id)
            if waybill is None:
                waybill = await self._send(carrier, row, step)
        await self._keep(row.id, waybill)

    async def _send(self, carrier: Carrier, row: Any, step: OutsideStep) -> Waybill:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            cargo = (await connection.execute(text(_CARGO), {"no": step.shipment_no})).all()
        try:
            return await carrier.create(_request(row, cargo))
        except IntegrationError as error:
            state = "unknown" if isinstance(error, AnswerLost) else "intended"
            async with self.sessions.begin() as session:
                await EffectRepository(session).settle(
                    row.id, "rejected" if isinstance(error, Rejected) else state
                )
            raise

    async def _lost_waybill(self, row: Any) -> str:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            found = await connection.execute(
                text("SELECT state FROM effect WHERE key = :key"), {"key": row.id}
            )
            state = found.scalar_one_or_none()
        if state in (None, "rejected", "undone"):
            return ""
        carrier = await self.adapters.carrier(row.carrier)
        waybill = await carrier.find(row.id)
        return waybill.waybill_no if waybill else ""

    async def _parcels(self, step: OutsideStep) -> Any:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            if step.correction_id:
                await connection.execute(
                    text(_CORRECT), {"correction_id": step.correction_id, "no": step.shipment_no}
                )
            return (await connection.execute(text(_PARCELS), {"no": step.shipment_no})).all()

    async def _keep(self, parcel_id: str, waybill: Waybill) -> None:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            await connection.execute(
                text(_LABELLED),
                {
                    "id": parcel_id,
                    "waybill_no": waybill.waybill_no,
                    "routing_code": waybill.routing_code,
                    "sorting_code": waybill.sorting_code,
                },
            )
            result = {"waybill_no": waybill.waybill_no}
            await EffectRepository(session).settle(parcel_id, "confirmed", result)

    async def _voided(self, parcel_id: str) -> None:
        async with self.sessions.begin() as session:
            connection = await session.connection()
            await connection.execute(
                text("UPDATE parcel SET voided_at = clock_timestamp() WHERE id = :id"),
                {"id": parcel_id},
            )
            await EffectRepository(session).settle(parcel_id, "undone")


def _request(row: Any, cargo: Any) -> WaybillRequest:
    if row.kind == "masked":
        raise Rejected("the receiver is masked: it needs a platform waybill", code="masked")
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
        cash_on_delivery_minor=row.payable_minor if row.cash_on_delivery else 0,
    )
