"""Orders as people look for them and read them. Nothing here changes anything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, and_, exists, func, null, or_, select, tuple_, union
from sqlalchemy.engine import Row
from sqlmodel import col
from sqlmodel import select as select_rows
from sqlmodel.ext.asyncio.session import AsyncSession

from db.channels.tables import ShopRow
from db.keys import phone_digest
from db.orders.tables import (
    OrderEventRow,
    OrderHoldRow,
    ParcelRow,
    ReceiverRow,
    SalesOrderRow,
    ShipmentRow,
)
from db.platform.tables import AttentionRow
from db.vault import Vault
from domain.orders.order import HoldKind, OrderStatus

Sort = Literal["ship_by", "age"]
CLOSED: Final = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)
_LAST_DIGITS: Final = re.compile(r"\d{4}")
_order = SalesOrderRow


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders: an empty field does not narrow. `search` is any number of the order."""

    search: str = ""
    statuses: tuple[OrderStatus, ...] = ()
    open_only: bool = False
    channel: str = ""
    shop_id: str = ""
    hold: HoldKind | None = None
    attention: bool = False
    late: bool = False  # the promised time of shipping is over and nothing was handed over


@dataclass(frozen=True, slots=True)
class Position:
    """The last order of a page, by the value it is sorted by and its id."""

    at: datetime | None
    id: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders with `shop`, `holds`, `attention`, `stages`; `following` is empty at the end."""

    rows: Sequence[Row[Any]]
    following: Position | None = None


@dataclass(frozen=True, slots=True)
class OrderQueries:
    """One transaction's view of orders, for reading."""

    session: AsyncSession

    async def page(
        self,
        wanted: OrderFilter,
        vault: Vault,
        sort: Sort = "ship_by",
        limit: int = 50,
        after: Position | None = None,
        now: datetime | None = None,
    ) -> OrderPage:
        """One page in a stable order: earliest promise first, or latest order first."""
        phone = await phone_digest(self.session, vault, wanted.search)
        conditions = _conditions(wanted, phone, now)
        if after is not None:
            conditions.append(_beyond(sort, after))
        query = (
            select(
                *_COLUMNS,
                col(ShopRow.name).label("shop"),
                _OPEN_HOLDS,
                _OPEN_ATTENTION,
                _STAGES,
                func.count().over().label("of") if after is None else null().label("of"),
            )
            .join(ShopRow, col(ShopRow.id) == col(_order.shop_id))
            .where(*conditions)
            .order_by(*_ORDERINGS[sort])
            .limit(limit + 1)
        )
        connection = await self.session.connection()
        found: Any = await connection.execute(query)
        rows: Sequence[Row[Any]] = found.all()
        if len(rows) <= limit:
            return OrderPage(rows)
        last = rows[limit - 1]
        return OrderPage(rows[:limit], Position(getattr(last, _SORTED_BY[sort]), last.id))

    async def find(self, no: str) -> SalesOrderRow | None:
        """The order with our number, however it is typed."""
        query = select_rows(_order).where(col(_order.no) == no.strip().upper())
        return (await self.session.exec(query)).one_or_none()

    async def counts(self) -> dict[str, int]:
        """Open orders per status."""
        query = (
            select(col(_order.status), func.count())
            .where(col(_order.status).not_in(CLOSED))
            .group_by(col(_order.status))
        )
        rows = await (await self.session.connection()).execute(query)
        return {str(status): count for status, count in rows}

    async def timeline(self, order_id: str, limit: int = 500) -> Sequence[OrderEventRow]:
        """The order's story, the latest first."""
        query = (
            select_rows(OrderEventRow)
            .where(col(OrderEventRow.order_id) == order_id)
            .order_by(col(OrderEventRow.at).desc(), col(OrderEventRow.seq).desc())
            .limit(limit)
        )
        return (await self.session.exec(query)).all()

    async def shops(self) -> Sequence[ShopRow]:
        """Every shop, by name."""
        query = select_rows(ShopRow).order_by(col(ShopRow.name))
        return (await self.session.exec(query)).all()


def numbers_of(search: str) -> str:
    """A search as it is compared: no blanks around it, our numbers in capitals."""
    return search.strip()


def _matching(search: str, phone: str) -> ColumnElement[bool]:
    """Ours, the channel's, a shipment's, a waybill, a whole phone or its last four digits."""
    typed = numbers_of(search)
    found = [
        select(col(_order.id)).where(
            or_(col(_order.no) == typed.upper(), col(_order.external_no) == typed)
        ),
        select(col(ShipmentRow.order_id)).where(col(ShipmentRow.no) == typed.upper()),
        select(col(ShipmentRow.order_id))
        .join(ParcelRow, col(ParcelRow.shipment_no) == col(ShipmentRow.no))
        .where(or_(col(ParcelRow.waybill_no) == typed, col(ParcelRow.waybill_no) == typed.upper())),
    ]
    if _LAST_DIGITS.fullmatch(typed):
        found.append(select(col(ReceiverRow.order_id)).where(col(ReceiverRow.phone_last4) == typed))
    elif phone:
        found.append(
            select(col(ReceiverRow.order_id)).where(col(ReceiverRow.phone_digest) == phone)
        )
    return col(_order.id).in_(union(*found))


def _conditions(wanted: OrderFilter, phone: str, now: datetime | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.search.strip():
        conditions.append(_matching(wanted.search, phone))
    if wanted.statuses:
        conditions.append(col(_order.status).in_(wanted.statuses))
    elif wanted.open_only:
        conditions.append(col(_order.status).not_in(CLOSED))
    if wanted.channel:
        conditions.append(col(_order.channel) == wanted.channel)
    if wanted.shop_id:
        conditions.append(col(_order.shop_id) == wanted.shop_id)
    if wanted.hold is not None:
        conditions.append(
            exists().where(
                col(OrderHoldRow.order_id) == col(_order.id),
                col(OrderHoldRow.kind) == wanted.hold,
                col(OrderHoldRow.released_at).is_(None),
            )
        )
    if wanted.attention:
        conditions.append(
            exists().where(
                col(AttentionRow.order_id) == col(_order.id),
                col(AttentionRow.resolved_at).is_(None),
            )
        )
    if wanted.late and now is not None:
        conditions += [
            col(_order.ship_by) < now,
            col(_order.status).in_(
                [s for s in OrderStatus if s not in (*CLOSED, OrderStatus.SHIPPED, "delivered")]
            ),
        ]
    return conditions


def _beyond(sort: Sort, after: Position) -> ColumnElement[bool]:
    """After this order: promises count upwards with none at the end, ages the other way round."""
    order_id = col(_order.id)
    if sort == "ship_by":
        at = col(_order.ship_by)
        if after.at is None:
            return and_(at.is_(None), order_id > after.id)
        return or_(at.is_(None), tuple_(at, order_id) > tuple_(after.at, after.id))
    at = col(_order.placed_at)
    if after.at is None:
        return or_(at.is_not(None), order_id < after.id)
    return tuple_(at, order_id) < tuple_(after.at, after.id)


_SORTED_BY: Final[dict[Sort, str]] = {"ship_by": "ship_by", "age": "placed_at"}
_ORDERINGS: Final[dict[Sort, tuple[Any, ...]]] = {
    "ship_by": (col(_order.ship_by).asc().nulls_last(), col(_order.id)),
    "age": (col(_order.placed_at).desc().nulls_first(), col(_order.id).desc()),
}
_COLUMNS: Final = tuple(
    col(getattr(_order, name))
    for name in (
        "id", "no", "channel", "shop_id", "external_no", "status", "waits_for", "waits_until",
        "currency", "payable_minor", "captured_minor", "refund_due_minor", "placed_at", "paid_at",
        "ship_by", "created_at", "updated_at", "test_order", "cash_on_delivery", "gift",
    )
)  # fmt: skip
_OPEN_HOLDS: Final = (
    select(func.coalesce(func.array_agg(col(OrderHoldRow.kind)), []))
    .where(col(OrderHoldRow.order_id) == col(_order.id), col(OrderHoldRow.released_at).is_(None))
    .scalar_subquery()
    .label("holds")
)
_STAGES: Final = (
    select(func.coalesce(func.array_agg(col(ShipmentRow.waits_for).distinct()), []))
    .where(col(ShipmentRow.order_id) == col(_order.id), col(ShipmentRow.waits_for) != "")
    .scalar_subquery()
    .label("stages")
)
_OPEN_ATTENTION: Final = (
    select(func.count())
    .where(col(AttentionRow.order_id) == col(_order.id), col(AttentionRow.resolved_at).is_(None))
    .scalar_subquery()
    .label("attention")
)
