"""Parcels asked back on their way: asked once, by the carrier's call or by a person."""

from dataclasses import dataclass
from typing import Any, Final

from temporalio import activity

from activities.orders.ports import Adapters
from activities.shared.attempts import attempt
from activities.shared.trying import sends
from db.engine import Sessions
from db.logistics.intercepts import intercept_facts, lock_intercept, settle_intercept
from db.orders.return_acts import open_return
from db.orders.returns import Asked
from db.platform.effects import EffectRepository
from db.platform.gates import Gates
from db.shared.return_cases import came_back, units_in
from domain.logistics.tracking import ParcelStatus
from domain.orders.channels import OUR_CHANNELS
from domain.orders.returns.model import ReturnKind, ReturnOrigin, ReturnReason
from domain.orders.work import InterceptFacts, InterceptStep
from domain.shared.address import Address, Contact
from domain.shared.errors import DomainError
from domain.shared.ids import intercept_workflow_id
from integrations.carriers.port import InterceptRequest

_ENDINGS: Final = {
    ParcelStatus.DELIVERED: "too_late",
    ParcelStatus.RETURNED: "came_back",
    ParcelStatus.LOST: "lost",
}


@dataclass(frozen=True, slots=True)
class InterceptActivities:
    """One method is one transaction, or one outside call between two."""

    sessions: Sessions
    adapters: Adapters
    gates: Gates

    @activity.defn(name="intercept.look")
    async def look(self, step: InterceptStep) -> InterceptFacts:
        """Where it stands; a parcel that is back, delivered or lost ends it.

        What is back opens its return by itself; what was delivered leaves an ordinary one.
        """
        async with self.sessions.begin() as session:
            row = await lock_intercept(session, step.parcel_id)
            status = ParcelStatus(row.parcel_status)
            ending = _ENDINGS.get(status)
            if row.settled_at is None and ending is not None:
                await settle_intercept(session, step.parcel_id, ending)
                if ending == "came_back":
                    await came_back(session, row.shipment_no)
                if ending == "too_late":
                    await _leave_to_the_buyer(session, row)
            elif row.state == "wanted" and status is ParcelStatus.RETURNING:
                await settle_intercept(session, step.parcel_id, "asked", over=False)
            return await intercept_facts(session, step.parcel_id)

    @activity.defn(name="intercept.ask")
    async def ask(self, step: InterceptStep) -> InterceptFacts:
        """Ask the carrier; raises NotOffered where it documents no call for that."""
        async with self.sessions.begin() as session:
            row = await lock_intercept(session, step.parcel_id)
        if row.state != "wanted":
            return InterceptFacts(row.parcel_id, row.order_id, row.carrier, row.state)
        key, system = intercept_workflow_id(row.parcel_id), f"carrier/{row.carrier}"
        async with self.gates.through(system, step):
            async with self.sessions.begin() as session:
                effect = await EffectRepository(session).intend(
                    key, "intercept", system, row.order_id
                )
            async with attempt(self.sessions, key, effect):
                sends(_request(row), carrier=row.carrier)
                carrier = await self.adapters.carrier(row.carrier)
                number = await carrier.intercept(_request(row))
        async with self.sessions.begin() as session:
            await EffectRepository(session).settle(key, "confirmed", {"number": number})
            await settle_intercept(session, step.parcel_id, "asked", carrier_ref=number, over=False)
            return await intercept_facts(session, step.parcel_id)

    @activity.defn(name="intercept.by_hand")
    async def by_hand(self, step: InterceptStep) -> InterceptFacts:
        """A person asked the carrier, by telephone or on its page."""
        return await self._come_to(step, "asked", over=False)

    @activity.defn(name="intercept.give_up")
    async def give_up(self, step: InterceptStep) -> InterceptFacts:
        """A person lets it go on to the buyer."""
        return await self._come_to(step, "given_up", over=True)

    async def _come_to(self, step: InterceptStep, state: str, *, over: bool) -> InterceptFacts:
        async with self.sessions.begin() as session:
            row = await lock_intercept(session, step.parcel_id)
            if row.state == "wanted":
                await settle_intercept(session, step.parcel_id, state, over=over)
            return await intercept_facts(session, step.parcel_id)


async def _leave_to_the_buyer(session: Any, row: Any) -> None:
    """The buyer has it and did not want it: a return that he may use. A channel has its own."""
    if row.channel not in OUR_CHANNELS:
        return
    units = await units_in(session, row.shipment_no, row.order_id)
    asked = Asked(
        ReturnKind.RETURN, ReturnOrigin.CUSTOMER_SERVICE, ReturnReason.CHANGED_MIND, units,
        row.reason[:500], actor=row.asked_by,
    )  # fmt: skip
    try:
        if any(units.values()):
            await open_return(session, row.order_id, asked)
    except DomainError:
        return  # another parcel of the shipment, or somebody, opened it before


def _request(row: Any) -> InterceptRequest:
    place = Address(
        "CN", row.province, row.city, row.district, row.detail, division_code=row.division_code
    )
    return InterceptRequest(
        row.parcel_id, row.waybill_no, Contact(row.contact_name or row.place, row.contact_phone,
                                               place), row.reason,
    )  # fmt: skip
