"""Finding orders and reading them."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from api.deps import Context, SessionsOf, SettingsOf, VaultOf, Who
from api.orders.views import (
    EventView,
    OrderList,
    OrderSummary,
    OrderView,
    ReceiverView,
    Timeline,
)
from api.strict import Asked, Code, Reason, StrictBody, clean
from db.orders.detail import order_detail
from db.orders.queries import OrderFilter, OrderQueries, Position, Sort
from db.orders.receivers import open_receiver
from db.platform.reveals import note_reveal
from domain.orders.order import HoldKind, OrderStatus
from domain.shared.errors import InvalidInput, OrderNotFound, PersonErased

router = APIRouter(tags=["orders"])

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=300, pattern=r"^[A-Za-z0-9_=-]*$")]


class Disclosure(StrictBody):
    """Why a person has to see the whole receiver; it is written down."""

    reason: Reason


@router.get("/orders")
async def list_orders(
    sessions: SessionsOf,
    vault: VaultOf,
    q: Asked = "",
    status: Annotated[list[OrderStatus], Query(max_length=len(OrderStatus))] = [],  # noqa: B006
    channel: Asked = "",
    shop: Asked = "",
    hold: HoldKind | None = None,
    tag: Asked = "",
    attention: bool = False,
    late: bool = False,
    at_risk: bool = False,
    sort: Sort = "ship_by",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> OrderList:
    """Orders by any number (ours, the channel's, a shipment's, waybill's, return's, invoice's, a
    phone or its end, a buyer, a SKU, or how a number begins) and by what they are doing."""
    wanted = OrderFilter(
        q,
        tuple(status),
        channel=channel,
        shop_id=shop,
        hold=hold,
        tag=tag,
        attention=attention,
        late=late,
        at_risk=at_risk,
    )
    async with sessions.begin() as session:
        page = await OrderQueries(session).page(
            wanted, vault, sort, limit, read_cursor(cursor, sort), datetime.now(UTC)
        )
    return OrderList(
        items=[OrderSummary.of(row) for row in page.rows],
        next_cursor=write_cursor(page.following, sort),
        total=page.total,
        found_by=list(page.found.kinds) if page.found else [],
    )


@router.get("/orders/{no}")
async def get_order(no: Code, sessions: SessionsOf, vault: VaultOf, who: Who) -> OrderView:
    """One order with its lines, holds, shipments and parcels."""
    async with sessions.begin() as session:
        return OrderView.of(await order_detail(session, vault, no), who.roles)


@router.get("/orders/{no}/timeline")
async def get_timeline(no: Code, sessions: SessionsOf, limit: Limit = 200) -> Timeline:
    """The order's story, the latest first."""
    async with sessions.begin() as session:
        queries = OrderQueries(session)
        order = await queries.find(no)
        if order is None:
            raise OrderNotFound(f"there is no order {no}")
        rows = await queries.timeline(order.id, limit)
    return Timeline(items=[EventView.of(row) for row in rows])


@router.post("/orders/{no}/receiver-disclosures")
async def disclose_receiver(
    no: Code, body: Disclosure, context: Context, settings: SettingsOf
) -> ReceiverView:
    """The whole receiver, for somebody with the right and a reason; it is written down."""
    async with context.sessions.begin() as session:
        order = await OrderQueries(session).find(no)
        receiver = await open_receiver(session, context.vault, order.id) if order else None
        if order is None or receiver is None:
            raise OrderNotFound(f"there is no order {no}")
        if receiver.erased:
            raise PersonErased("the people of this order were erased")
        await note_reveal(
            session, context.actor, order.id, body.reason, context.request_id,
            most=settings.reveals_per_hour,
        )  # fmt: skip
        return ReceiverView.of(receiver)


def write_cursor(position: Position | None, sort: Sort) -> str:
    """Where the next page begins, opaque to the caller; empty on the last page."""
    if position is None:
        return ""
    told = [sort, position.at.isoformat() if position.at else None, position.id]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def read_cursor(cursor: str, sort: Sort | Literal[""]) -> Position | None:
    """Raises InvalidInput for a cursor that is not ours, or is for another order of rows."""
    if not cursor:
        return None
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(cursor))
        sorted_by, at, order_id = found
        when = datetime.fromisoformat(at) if at else None
        if sorted_by != sort or not isinstance(order_id, str) or (when and when.tzinfo is None):
            raise ValueError
        return Position(when, clean(order_id))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise InvalidInput("the cursor is not one of ours, or for another sorting") from None
