"""A corrected receiver: kept in the tables, the workflow carries only the correction's id."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, RequestContext, SettingsOf
from api.orders.commands import send
from api.orders.effects import EffectsView
from api.orders.money import MoneyView
from api.orders.routes import State
from api.orders.usual import usual_of
from api.strict import Code, Line, Reason, SafeStr, StrictBody, clean
from db.ids import new_id
from db.keys import OrderKey, order_key
from db.orders.queries import OrderQueries
from db.orders.receivers import sealed_correction
from db.orders.tables import ReceiverRow, SalesOrderRow
from db.platform.audit import audit
from db.platform.tables import CorrectionRow
from db.shared import readdressing
from db.shared.regrouping import sending_places
from domain.logistics.divisions.divisions import normalise
from domain.orders.effects import Effects
from domain.orders.messages import AddressChanged
from domain.orders.plan_effects import effects_of_address
from domain.orders.readdressing import AddressPlan
from domain.shared.address import Address
from domain.shared.errors import ActionNotAllowed, OrderNotFound
from domain.shared.money import COMPANY_CURRENCY
from integrations.carriers.registry import COLLECTS_CASH
from runtime.settings import Settings

router = APIRouter(tags=["orders"])

Phone = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, pattern=r"^\+?[0-9][0-9 -]{4,24}$"),
    AfterValidator(clean),
]


class WishedAddress(StrictBody):
    """Who gets the order, and where. Province, city and district as people write them."""

    name: Line
    phone: Phone
    province: SafeStr = ""
    city: SafeStr = ""
    district: SafeStr = ""
    detail: Line


class NewAddress(WishedAddress):
    """With `plan_hash` only as the plan said; without it, as it is at that moment."""

    plan_hash: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    reason: Reason


class KeptView(BaseModel):
    """A shipment that stays where it lies; its waybills are void and ordered anew."""

    shipment: str
    location: str
    waybills: list[str]
    carrier_before: str
    carrier_after: str
    freight_before: MoneyView
    freight_after: MoneyView


class ElsewhereView(BaseModel):
    """A new shipment, from where the new address is served."""

    location: str
    units: int
    carrier: str
    cost: MoneyView


class AddressPlanView(BaseModel):
    """What the new address would do now. `given_back` are shipments whose place does not serve it,
    or whose shared box is opened."""

    plan_hash: str
    division_code: str
    kept: list[KeptView]
    given_back: list[str]
    sent: list[ElsewhereView]
    freight_before: MoneyView
    freight_after: MoneyView
    deliver_by_before: datetime | None
    deliver_by_after: datetime | None
    effects: EffectsView


@router.post("/orders/{no}/address-plan")
async def address_plan(
    no: Code, body: WishedAddress, context: Context, settings: SettingsOf
) -> AddressPlanView:
    """Preview: parcels, carriers, freight and promise for the new address; nothing happens yet.

    409 with the reason when no carrier goes there, or the address cannot be used.
    """
    plan, effects, deliver_by = await planned(no, body, context, settings)

    def money(minor: int) -> MoneyView:
        return MoneyView.of(minor, COMPANY_CURRENCY)

    return AddressPlanView(
        plan_hash=plan.hash, division_code=plan.division_code,
        kept=[
            KeptView(
                shipment=one.no, location=one.location_id, waybills=list(one.waybills),
                carrier_before=one.carrier_before, carrier_after=one.carrier_after,
                freight_before=money(one.before_minor), freight_after=money(one.after_minor),
            )
            for one in plan.kept
        ],
        given_back=[one.no for one in plan.given],
        sent=[
            ElsewhereView(
                location=one.location_id, units=sum(units for *_, units in one.lines),
                carrier=one.carrier, cost=money(one.cost_minor),
            )
            for one in plan.sent
        ],
        freight_before=money(plan.freight_before_minor),
        freight_after=money(plan.freight_after_minor), deliver_by_before=deliver_by[0],
        deliver_by_after=deliver_by[1], effects=EffectsView.of(effects),
    )  # fmt: skip


async def planned(
    no: str, body: WishedAddress, context: RequestContext, settings: Settings
) -> tuple[AddressPlan, Effects, tuple[datetime | None, datetime | None]]:
    """The plan, what it does, and until when it is to be delivered before and then.

    Raises OrderNotFound, ActionNotAllowed.
    """
    async with context.sessions.begin() as session:
        order, receiver = await _correctable(session, no)
        to = Address(**_address(body, receiver.country, with_person=False))
        found = await readdressing.address_plan(
            session, order.id, to, COLLECTS_CASH, usual_of(settings)
        )
        places = await sending_places(session)
        due = await readdressing.deliver_by(session, order.id, found.plan.carrier_of, to)
    return found.plan, effects_of_address(found.plan, places, COMPANY_CURRENCY, due), due


@router.post("/orders/{no}/address")
async def change_address(no: Code, body: NewAddress, context: Context) -> State:
    """Correct the receiver; possible until a parcel has left. Lifts a hold for the address."""
    async with context.sessions.begin() as session:
        order, receiver = await _correctable(session, no)
        values = _address(body, receiver.country)
        key = await order_key(session, context.vault, order.id)
        correction_id = await _correct(session, key, order.workflow_id, values, context)
        await audit(
            session, context.actor, "order.address_changed", f"order/{order.id}",
            reason=body.reason, request_id=context.request_id,
        )  # fmt: skip
    command = AddressChanged(correction_id, context.actor, body.plan_hash)
    return State.of(await send(context, order.workflow_id, "change_address", command))


async def _correctable(session: AsyncSession, no: str) -> tuple[SalesOrderRow, ReceiverRow]:
    order = await OrderQueries(session).find(no)
    if order is None:
        raise OrderNotFound(f"there is no order {no}")
    receiver = await session.get(ReceiverRow, order.id)
    if receiver is None or receiver.kind != "contact":
        raise ActionNotAllowed("only the platform knows this receiver; correct it there")
    return order, receiver


async def _correct(
    session: AsyncSession,
    key: OrderKey,
    workflow_id: str,
    values: Mapping[str, Any],
    context: RequestContext,
) -> str:
    correction_id = new_id("cor")
    session.add(
        CorrectionRow(
            id=correction_id, workflow_id=workflow_id, step_id="address",
            data=sealed_correction(key, correction_id, values),
            actor=context.actor, at=datetime.now(UTC),
        )
    )  # fmt: skip
    await session.flush()
    return correction_id


def _address(body: WishedAddress, country: str, *, with_person: bool = True) -> dict[str, Any]:
    """With division code and coordinates, as far as the names lead to them."""
    found = normalise(
        Address(
            country=country,
            province=body.province,
            city=body.city,
            district=body.district,
            detail=body.detail,
        )
    )
    kept = ("province", "city", "district", "detail", "division_code", "longitude", "latitude")
    place = {name: value for name, value in asdict(found).items() if name in kept}
    if not with_person:
        return place | {"country": country}
    return {"name": body.name, "phone": body.phone, **place}
