"""Return labels: ordered once, voided once, and asked about where no scan came."""

from dataclasses import dataclass
from typing import cast

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.logistics.repository import record_facts
from db.logistics.return_labels import (
    facts_of,
    is_delivered,
    label_ordered,
    settle_label,
    tell_return_of_parcel,
    to_order,
)
from db.orders.receivers import open_receiver
from db.platform.effects import EffectRepository
from db.platform.gates import Gates
from db.vault import Vault
from domain.orders.work import ReturnLabelFacts, ReturnLabelStep
from domain.shared.address import Address, Contact
from domain.shared.errors import Rejected
from integrations.carriers.port import CargoItem, ParcelSize, ReturnCarrier, WaybillRequest

_LEAST_G = 1


@dataclass(frozen=True, slots=True)
class ReturnLabelActivities:
    """One method is one transaction, or one outside call between two."""

    sessions: Sessions
    adapters: Adapters
    vault: Vault
    gates: Gates

    @activity.defn(name="return_label.look")
    async def look(self, step: ReturnLabelStep) -> ReturnLabelFacts:
        """Where the label stands; goods that came back end it."""
        async with self.sessions.begin() as session:
            await tell_return_of_parcel(session, step.label_no)
            if await is_delivered(session, step.label_no):
                return await settle_label(session, step.label_no, "arrived", ["ordered"])
            return await facts_of(session, step.label_no)

    @activity.defn(name="return_label.order")
    async def order(self, step: ReturnLabelStep) -> ReturnLabelFacts:
        """The waybill; our number is the carrier's key, so asked again the first comes."""
        async with self.sessions.begin() as session:
            facts = await facts_of(session, step.label_no)
            if facts.state != "wanted":
                return facts
            request = await self._request(session, step.label_no)
        async with self.gates.through(f"carrier/{facts.carrier}", step):
            async with self.sessions.begin() as session:
                effect = await EffectRepository(session).intend(
                    step.label_no, "return_label", f"carrier/{facts.carrier}", facts.order_id
                )
            async with attempt(self.sessions, step.label_no, effect):
                sends(request, carrier=facts.carrier)
                carrier = await self.adapters.carrier(facts.carrier)
                waybill = await carrier.create_return(request)
        async with self.sessions.begin() as session:
            result = {"waybill_no": waybill.waybill_no}
            await EffectRepository(session).settle(step.label_no, "confirmed", result)
            return await label_ordered(session, step.label_no, waybill.waybill_no)

    @activity.defn(name="return_label.void")
    async def void(self, step: ReturnLabelStep) -> ReturnLabelFacts:
        """Void what the carrier made under our number, if anything."""
        async with self.sessions.begin() as session:
            facts = await facts_of(session, step.label_no)
            effect = await EffectRepository(session).find(step.label_no)
            row, _ = await to_order(session, step.label_no)
        if effect is not None and effect.may_exist:
            async with self.gates.through(f"carrier/{facts.carrier}", step):
                carrier = cast(ReturnCarrier, await self.adapters.carrier(facts.carrier))
                sends(reference=step.label_no, waybill_no=row.waybill_no)
                await carrier.cancel_return(step.label_no, row.waybill_no)
        async with self.sessions.begin() as session:
            await EffectRepository(session).settle(step.label_no, "undone")
            return await settle_label(session, step.label_no, "cancelled", ["cancelling"])

    @activity.defn(name="return_label.settle")
    async def settle(self, step: ReturnLabelStep) -> ReturnLabelFacts:
        """A person settled it outside."""
        async with self.sessions.begin() as session:
            before = ["wanted", "ordered", "cancelling"]
            return await settle_label(session, step.label_no, step.state, before)

    @activity.defn(name="return_label.ask")
    async def ask(self, step: ReturnLabelStep) -> ReturnLabelFacts:
        """Ask the carrier where the parcel is, as a push may be lost."""
        async with self.sessions.begin() as session:
            row, _ = await to_order(session, step.label_no)
        async with self.gates.through(f"carrier/{row.carrier}", step):
            carrier = cast(ReturnCarrier, await self.adapters.carrier(row.carrier))
            facts = await carrier.track_return(row.waybill_no, row.phone_last4)
        async with self.sessions.begin() as session:
            await record_facts(session, row.carrier, facts)
        return await self.look(step)

    async def _request(self, session: AsyncSession, no: str) -> WaybillRequest:
        row, cargo = await to_order(session, no)
        known = await open_receiver(session, self.vault, row.order_id)
        if known is None or not isinstance(known.told, Contact):
            why = "only the platform knows who sends the goods back"
            raise Rejected(why, code="masked_receiver", system="onhand")
        place = Address(
            "CN", row.province, row.city, row.district, row.detail, division_code=row.division_code
        )
        return WaybillRequest(
            order_ref=no,
            product="",
            sender=known.told,
            receiver=Contact(row.contact_name or row.to_name, row.contact_phone, place),
            parcel=ParcelSize(max(row.weight_g, _LEAST_G)),
            cargo=tuple(CargoItem(one.name, one.quantity, one.weight_g) for one in cargo),
        )
