"""A corrected receiver: kept in the tables, the workflow carries only the correction's id."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, StringConstraints
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, RequestContext
from api.orders.commands import send
from api.orders.routes import State
from api.strict import Code, Line, Reason, SafeStr, StrictBody, clean
from db.ids import new_id
from db.keys import OrderKey, order_key
from db.orders.queries import OrderQueries
from db.orders.receivers import sealed_correction
from db.orders.tables import ReceiverRow
from db.platform.audit import audit
from db.platform.tables import CorrectionRow
from domain.logistics.divisions.divisions import normalise
from domain.orders.messages import AddressChanged
from domain.shared.address import Address
from domain.shared.errors import ActionNotAllowed, OrderNotFound

router = APIRouter(tags=["orders"])

Phone = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, pattern=r"^\+?[0-9][0-9 -]{4,24}$"),
    AfterValidator(clean),
]


class NewAddress(StrictBody):
    """Who gets the order, and where. Province, city and district as people write them."""

    name: Line
    phone: Phone
    province: SafeStr = ""
    city: SafeStr = ""
    district: SafeStr = ""
    detail: Line
    reason: Reason


@router.post("/orders/{no}/address")
async def change_address(no: Code, body: NewAddress, context: Context) -> State:
    """Correct the receiver; possible until a parcel is packed. Lifts a hold for the address."""
    async with context.sessions.begin() as session:
        order = await OrderQueries(session).find(no)
        if order is None:
            raise OrderNotFound(f"there is no order {no}")
        receiver = await session.get(ReceiverRow, order.id)
        if receiver is None or receiver.kind != "contact":
            raise ActionNotAllowed("only the platform knows this receiver; correct it there")
        values = _address(body, receiver.country)
        key = await order_key(session, context.vault, order.id)
        correction_id = await _correct(session, key, order.workflow_id, values, context)
        await audit(
            session, context.actor, "order.address_changed", f"order/{order.id}",
            reason=body.reason, request_id=context.request_id,
        )  # fmt: skip
    command = AddressChanged(correction_id, context.actor)
    return State.of(await send(context, order.workflow_id, "change_address", command))


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


def _address(body: NewAddress, country: str) -> dict[str, Any]:
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
    return {"name": body.name, "phone": body.phone, **place}
