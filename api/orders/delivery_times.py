"""Days to the door: the tables by which the delivery of orders is promised."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field

from api.deps import Context, RequestContext, SessionsOf
from api.strict import StrictBody, clean
from db.orders import delivery
from db.platform.audit import audit
from domain.logistics.divisions.table import children
from domain.orders.delivery import MOST_DAYS
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["desk"])

_MOST_AREAS = 200
Of = Annotated[str, Field(max_length=100), AfterValidator(clean)]
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]


class DeliveryTimeView(BaseModel):
    """One line. `area` is a province by its code, or a zone of the carrier; empty `shop`, `carrier`
    and `area` stand for all of them."""

    shop: str
    carrier: str
    area: str
    days: int


class DeliveryTimes(BaseModel):
    items: list[DeliveryTimeView]


class DeliveryTable(StrictBody):
    """One table as a whole: days by area. Empty `shop`: of all shops; empty `carrier`: of all
    carriers."""

    shop: Of = ""
    carrier: Of = ""
    days: Annotated[dict[Of, Days], Field(max_length=_MOST_AREAS)]


@router.get("/delivery-times")
async def list_times(
    sessions: SessionsOf,
    shop: Annotated[str | None, Query(max_length=100), AfterValidator(clean)] = None,
) -> DeliveryTimes:
    """Every line, or those of one shop. What a shop says comes before what all say, then a
    carrier's own line, then a province's, then a zone's."""
    async with sessions.begin() as session:
        rows = await delivery.all_times(session)
    return DeliveryTimes(
        items=[
            DeliveryTimeView(shop=row.shop_id, carrier=row.carrier, area=row.area, days=row.days)
            for row in rows
            if shop in (None, row.shop_id)
        ]
    )


@router.put("/delivery-times")
async def replace_table(body: DeliveryTable, context: Context) -> DeliveryTimes:
    """Write one table anew. It counts for an order from its next step on."""
    await keep_table(context, body.shop, body.carrier, body.days)
    return await list_times(context.sessions)


async def keep_table(
    context: RequestContext, shop: str, carrier: str, days: dict[str, int]
) -> None:
    """Check and keep a table, with a line in the audit trail. Raises InvalidInput."""
    async with context.sessions.begin() as session:
        if not await delivery.is_known(session, shop, carrier):
            raise InvalidInput("there is no such shop or carrier")
        areas = {"", *(one.code for one in children(""))}
        areas |= set(await delivery.zones_of(session, carrier))
        if strange := sorted(set(days) - areas):
            raise InvalidInput(f"not a province or a zone of the carrier: {', '.join(strange)}")
        before = await delivery.replace_table(session, shop, carrier, days)
        await audit(
            session, context.actor, "delivery_times.changed",
            f"delivery-times/{shop or '*'}/{carrier or '*'}", before={"days": before},
            after={"days": days}, request_id=context.request_id,
        )  # fmt: skip
