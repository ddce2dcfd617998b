"""Every open hold, and everything that can be done with an order now."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api.deps import Context, SessionsOf
from api.orders.changes import order_id_of
from api.orders.effects import EffectsView, read_now
from api.orders.merges import suggested
from api.orders.read import read_cursor, write_cursor
from api.strict import Asked, Code
from db.orders.holds import HoldFilter, hold_groups, open_holds
from db.orders.queries import Position
from domain.orders.actions import Doable, doable
from domain.orders.effects import UNDO, OrderNow
from domain.orders.order import NOT_RELEASED_BY_HAND, HoldKind, OrderStatus
from domain.orders.previews import effects_of

router = APIRouter(tags=["desk"])

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
    """`obstacle` says why it is not possible now; then it has no effects. `undo` names what takes
    it back, if anything."""

    action: str
    possible: bool
    obstacle: str
    hold: str
    undo: str
    effects: EffectsView | None


class Actions(BaseModel):
    items: list[ActionView]


@router.get("/holds")
async def list_holds(
    sessions: SessionsOf,
    kind: HoldKind | None = None,
    shop: Asked = "",
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
    """What can be done with the order now, what each does, and why not what cannot."""
    now = await read_now(context, no)
    if any(one.may_join for one in now.here):
        plan = await suggested(context, await order_id_of(context, no))
        others = [one for one in plan.order_nos if one != now.no] if plan else []
        now = replace(now, goes_with=tuple(others))
    return Actions(items=[_action(now, one) for one in doable(now)])


def _action(now: OrderNow, one: Doable) -> ActionView:
    effects = None if one.obstacle else effects_of(one.doing, now, one.hold)
    undo = UNDO.get(one.doing)
    return ActionView(
        action=one.doing, possible=not one.obstacle, obstacle=one.obstacle, hold=one.hold,
        undo=undo.how if undo else "", effects=EffectsView.of(effects) if effects else None,
    )  # fmt: skip
