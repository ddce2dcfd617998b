"""Every open hold, and everything that can be done with an order now."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict

from api.deps import Context, SessionsOf
from api.orders.read import read_cursor, write_cursor
from api.strict import Code, clean
from db.orders.detail import OrderDetail, order_detail
from db.orders.holds import HoldFilter, hold_groups, open_holds
from db.orders.queries import Position
from domain.orders.actions import Doable, Facts, doable
from domain.orders.desk import Standing
from domain.orders.order import NOT_RELEASED_BY_HAND, HoldKind, OrderStatus, ShipmentStatus

router = APIRouter(tags=["desk"])

Shop = Annotated[str, Query(max_length=100), AfterValidator(clean)]
Hours = Annotated[int, Query(ge=0, le=24 * 365)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=300, pattern=r"^[A-Za-z0-9_=-]*$")]


class HoldGroup(BaseModel):
    """Orders that wait for the same reason; `by_hand`: a person may release them."""

    kind: HoldKind
    orders: int
    oldest: datetime
    next_until: datetime | None
    by_hand: bool


class OpenHold(BaseModel):
    """`auto_release` is the fact that lifts it by itself, empty when only a person can."""

    model_config = ConfigDict(from_attributes=True)
    kind: HoldKind
    no: str
    shop: str
    status: OrderStatus
    reason: str
    owner: str
    auto_release: str
    until: datetime | None
    placed_at: datetime
    placed_by: str
    ship_by: datetime | None
    holds: int


class OpenHolds(BaseModel):
    """`groups` counts all that fit the shop and the age; `items` the oldest of the kind first."""

    groups: list[HoldGroup]
    items: list[OpenHold]
    next_cursor: str


class ActionView(BaseModel):
    """`obstacle` says why it is not possible now; `undo` names what takes it back, if anything."""

    action: str
    possible: bool
    obstacle: str
    hold: str
    undo: str


class Actions(BaseModel):
    items: list[ActionView]


@router.get("/holds")
async def list_holds(
    sessions: SessionsOf,
    kind: HoldKind | None = None,
    shop: Shop = "",
    hours: Hours = 0,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> OpenHolds:
    """Open holds: all, of one kind or shop, or those that last that many hours already."""
    wanted = HoldFilter(str(kind or ""), shop, hours)
    position = read_cursor(cursor, "age")
    after = (position.at, position.id) if position and position.at else None
    async with sessions.begin() as session:
        groups = await hold_groups(session, wanted)
        rows = await open_holds(session, wanted, limit + 1, after)
    last = rows[limit - 1] if len(rows) > limit else None
    return OpenHolds(
        groups=[
            HoldGroup(
                kind=row.kind, orders=row.orders, oldest=row.oldest, next_until=row.next_until,
                by_hand=row.kind not in NOT_RELEASED_BY_HAND,
            )
            for row in groups
        ],
        items=[OpenHold.model_validate(row) for row in rows[:limit]],
        next_cursor=write_cursor(Position(last.placed_at, last.id) if last else None, "age"),
    )  # fmt: skip


@router.get("/orders/{no}/actions")
async def list_actions(no: Code, context: Context) -> Actions:
    """What can be done with the order now, and why not what cannot."""
    async with context.sessions.begin() as session:
        found = actions_of(await order_detail(session, context.vault, no))
    return Actions(
        items=[
            ActionView(
                action=one.doing, possible=not one.obstacle, obstacle=one.obstacle, hold=one.hold,
                undo=one.undo,
            )
            for one in found
        ]
    )  # fmt: skip


def actions_of(detail: OrderDetail) -> tuple[Doable, ...]:
    """Every action with what stands in its way."""
    holds = frozenset(hold.kind for hold in detail.open_holds)
    return doable(
        Facts(
            Standing(OrderStatus(detail.order.status), holds),
            tuple(ShipmentStatus(each.row.status) for each in detail.shipments),
            detail.receiver.kind if detail.receiver else "",
            label_open=detail.open_return_label is not None,
            invoice_open=detail.open_invoice is not None,
            sold_in_store=detail.ticket is not None,
        )
    )
