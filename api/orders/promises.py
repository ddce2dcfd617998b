"""What was promised to buyers and is due soon, or late: order by order, and per shop and place."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.deps import SessionsOf
from api.strict import Asked
from db.orders.promises import Listed, open_promises
from domain.orders.order import OrderStatus
from domain.orders.promises import Clock, ClockState

router = APIRouter(tags=["desk"])

USUAL_HOURS = 12
Hours = Annotated[int, Query(ge=1, le=24 * 14)]
Limit = Annotated[int, Query(ge=1, le=500)]


class PromiseView(BaseModel):
    """One clock of an order. `due` is moved by the holds that are over; `next_look` is when it is
    looked at next, none for one that is late or stopped. `place` is empty before sourcing."""

    no: str
    shop: str
    place: str
    status: OrderStatus
    clock: Clock
    due: datetime
    state: ClockState
    next_look: datetime | None


class PromiseGroup(BaseModel):
    """How many clocks of each state run in one place for one shop."""

    shop: str
    place: str
    running: int
    stopped: int
    warned: int
    late: int


class Promises(BaseModel):
    """`groups` counts all that fit; `items` are the earliest. `more`: over 2,000 orders are due
    then, and only the earliest of them were looked at."""

    now: datetime
    groups: list[PromiseGroup]
    items: list[PromiseView]
    more: bool


@router.get("/promises")
async def list_promises(
    sessions: SessionsOf,
    hours: Hours = USUAL_HOURS,
    shop: Asked = "",
    clock: Clock | None = None,
    limit: Limit = 200,
) -> Promises:
    """Promises not yet kept that are due within so many hours, or late already."""
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        listed, more = await open_promises(session, now, hours, shop)
    wanted = [one for one in listed if clock in (None, one.promise.clock)]
    return Promises(
        now=now, groups=_groups(wanted, now), more=more,
        items=[_view(one, now) for one in wanted[:limit]],
    )  # fmt: skip


def _view(one: Listed, now: datetime) -> PromiseView:
    promise = one.promise
    return PromiseView(
        no=one.no, shop=one.shop, place=one.place, status=OrderStatus(one.status),
        clock=promise.clock, due=promise.due, state=promise.state(now),
        next_look=promise.next_moment(now),
    )  # fmt: skip


def _groups(listed: list[Listed], now: datetime) -> list[PromiseGroup]:
    counts = Counter((one.shop, one.place, one.promise.state(now)) for one in listed)
    places = sorted({(shop, place) for shop, place, _ in counts})
    return [
        PromiseGroup(
            shop=shop, place=place,
            running=counts[shop, place, ClockState.RUNNING],
            stopped=counts[shop, place, ClockState.STOPPED],
            warned=counts[shop, place, ClockState.WARNED],
            late=counts[shop, place, ClockState.LATE],
        )
        for shop, place in places
    ]  # fmt: skip
