"""Orders as people look for them and read them. Nothing here changes anything."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    exists,
    false,
    func,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by
from sqlalchemy.engine import Row
from sqlmodel import col
from sqlmodel import select as select_rows
from sqlmodel.ext.asyncio.session import AsyncSession

from db.channels.tables import ShopRow
from db.orders.desk_tables import OrderTagRow, TagRow
from db.orders.search import Found, find_orders
from db.orders.tables import (
    OrderEventRow,
    OrderHoldRow,
    ReturnLabelRow,
    SalesOrderRow,
    ShipmentRow,
)
from db.orders.ticket_tables import TillTicketRow
from db.orders.words import line_with_words, of_event, said_about
from db.platform.choosing import AT_RISK_HOURS
from db.platform.tables import AttentionRow
from db.scope import scope_in
from db.sql import execute
from db.vault import Vault
from domain.orders.order import HoldKind, OrderStatus
from domain.platform.scopes import Scope
from domain.shared.errors import OrderNotFound

Sort = Literal["ship_by", "age"]
CLOSED: Final = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)
OPEN: Final = tuple(status for status in OrderStatus if status not in CLOSED)
NOT_LEFT: Final = (
    OrderStatus.RECEIVED, OrderStatus.ON_HOLD, OrderStatus.BACKORDERED, OrderStatus.ALLOCATED,
    OrderStatus.IN_FULFILMENT,
)  # fmt: skip
# Nobody reads on after that; so many are counted in milliseconds, however many there are.
MOST_COUNTED: Final = 10_000
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
    held_hours: int = 0  # and so long already
    attention: bool = False
    tag: str = ""
    late: bool = False  # the promised time of shipping is over and nothing was handed over
    at_risk: bool = False  # the same, or it soon will be


@dataclass(frozen=True, slots=True)
class Position:
    """The last order of a page, by the value it is sorted by and its id."""

    at: datetime | None
    id: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders with `shop`, `holds`, `attention`, `stages`, `tags`; `following` is empty at the end.

    `total` stops at `MOST_COUNTED`; it is told on the first page alone.
    """

    rows: Sequence[Row[Any]]
    following: Position | None = None
    total: int | None = None
    found: Found | None = None  # by what a search fits


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
        found = await find_orders(self.session, vault, wanted.search) if wanted.search else None
        if found is not None and not found.ids:
            return OrderPage((), total=None if after else 0, found=found)
        within = _within(scope_in(self.session))
        conditions = _conditions(wanted, found, now) + within
        rows: list[Row[Any]] = []
        # Each part is one walk along an index; most pages need the first alone.
        for part in _parts(sort, after):
            if len(rows) <= limit:
                query = _LISTED.where(*conditions, part).order_by(*_ORDERINGS[sort])
                rows += await execute(self.session, query.limit(limit + 1 - len(rows)))
        total = None
        if after is None:
            alone = found is not None and len(conditions) == 1
            total = len(found.ids) if found and alone else await self._count(conditions)
        if len(rows) <= limit:
            return OrderPage(rows, total=total, found=found)
        last = rows[limit - 1]
        following = Position(getattr(last, _SORTED_BY[sort]), last.id)
        return OrderPage(rows[:limit], following, total, found)

    async def ids(
        self, wanted: OrderFilter, vault: Vault, now: datetime, limit: int
    ) -> Sequence[str]:
        """The orders that fit, the latest first, as far as `limit`."""
        found = await find_orders(self.session, vault, wanted.search) if wanted.search else None
        conditions = _conditions(wanted, found, now)
        query = select(col(_order.id)).where(*conditions).order_by(*_ORDERINGS["age"])
        return [row.id for row in await execute(self.session, query.limit(limit))]

    async def _count(self, conditions: Sequence[ColumnElement[bool]]) -> int:
        some = select(col(_order.id)).where(*conditions).limit(MOST_COUNTED).subquery()
        [row] = await execute(self.session, select(func.count().label("n")).select_from(some))
        return int(row.n)

    async def stream(
        self, wanted: OrderFilter, vault: Vault, sort: Sort, size: int, now: datetime
    ) -> AsyncIterator[Sequence[Row[Any]]]:
        """All of them in that order, in slices of one moment, through a cursor of the server."""
        found = await find_orders(self.session, vault, wanted.search) if wanted.search else None
        if found is not None and not found.ids:
            return
        query = _LISTED.where(*_conditions(wanted, found, now)).order_by(*_ORDERINGS[sort])
        connection = await self.session.connection()
        streamed = await connection.stream(query, execution_options={"yield_per": size})
        async for rows in streamed.partitions(size):
            yield rows

    async def find(self, no: str) -> SalesOrderRow | None:
        """The order with our number, however it is typed."""
        query = select_rows(_order).where(col(_order.no) == no.strip().upper())
        return (await self.session.exec(query)).one_or_none()

    async def counts(self) -> dict[str, int]:
        """Open orders per status, as far as they are counted."""
        [row] = await execute(self.session, _counted(_within(scope_in(self.session))))
        return {str(status): count for status, count in row._mapping.items() if count}

    async def timeline(self, order_id: str, limit: int = 500) -> Sequence[Any]:
        """The order's story, the latest first."""
        query = (
            select_rows(OrderEventRow)
            .where(col(OrderEventRow.order_id) == order_id)
            .order_by(col(OrderEventRow.at).desc(), col(OrderEventRow.seq).desc())
            .limit(limit)
        )
        lines = (await self.session.exec(query)).all()
        said = await said_about(
            self.session,
            {of_event(order_id, line.source, line.seq): order_id for line in lines},
        )
        return [line_with_words(line, order_id, said) for line in lines]

    async def shops(self) -> Sequence[ShopRow]:
        """Every shop, by name."""
        query = select_rows(ShopRow).order_by(col(ShopRow.name))
        return (await self.session.exec(query)).all()


async def order_id_of(session: AsyncSession, no: str) -> str:
    """The id of the order with our number. Raises OrderNotFound."""
    order = await OrderQueries(session).find(no)
    if order is None:
        raise OrderNotFound(f"there is no order {no[:50]}")
    return order.id


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    """Orders of the scope, found by index; the policy of the table says the same, row by row."""
    if scope.whole:
        return []
    places, shops = list(scope.locations), list(scope.shops)
    found = [
        select(col(_order.id)).where(col(_order.shop_id).in_(shops)),
        *(
            select(order_id).where(location_id.in_(places))
            for order_id, location_id in (
                (col(ShipmentRow.order_id), col(ShipmentRow.location_id)),
                (col(TillTicketRow.order_id), col(TillTicketRow.location_id)),
                (col(ReturnLabelRow.order_id), col(ReturnLabelRow.location_id)),
            )
        ),
    ]
    return [col(_order.id).in_(union(*found))]


def _conditions(
    wanted: OrderFilter, found: Found | None, now: datetime | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if found is not None:
        conditions.append(col(_order.id) == func.any(cast(list(found.ids), ARRAY(Text))))
    statuses = wanted.statuses or (OPEN if wanted.open_only else ())
    if wanted.late or wanted.at_risk:
        statuses = tuple(s for s in NOT_LEFT if s in statuses or not statuses)
        if not statuses:
            conditions.append(false())
    if statuses:
        conditions.append(_status_in(statuses))
    if wanted.channel:
        conditions.append(col(_order.channel) == wanted.channel)
    if wanted.shop_id:
        conditions.append(col(_order.shop_id) == wanted.shop_id)
    if wanted.hold is not None:
        since = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, wanted.held_hours)
        conditions.append(
            exists().where(
                col(OrderHoldRow.order_id) == col(_order.id),
                col(OrderHoldRow.kind) == wanted.hold,
                col(OrderHoldRow.released_at).is_(None),
                *((col(OrderHoldRow.placed_at) <= since,) if wanted.held_hours else ()),
            )
        )
    if wanted.tag:
        tagged = select(col(OrderTagRow.order_id)).where(col(OrderTagRow.tag) == wanted.tag)
        conditions.append(col(_order.id).in_(tagged))
    if wanted.attention:
        conditions.append(
            exists().where(
                col(AttentionRow.order_id) == col(_order.id),
                col(AttentionRow.resolved_at).is_(None),
            )
        )
    if wanted.late and now is not None:
        conditions.append(col(_order.ship_by) < now)
    if wanted.at_risk and now is not None:
        conditions.append(col(_order.ship_by) < now + timedelta(hours=AT_RISK_HOURS))
    return conditions


def _status_in(statuses: Sequence[OrderStatus]) -> ColumnElement[bool]:
    """Spelt out in the statement: the planner knows the index of those that have not left."""
    if len(statuses) == 1:
        return col(_order.status) == bindparam(None, str(statuses[0]), literal_execute=True)
    spelt: Any = bindparam(
        None, [str(one) for one in statuses], expanding=True, literal_execute=True
    )
    return col(_order.status).in_(spelt)


def _parts(sort: Sort, after: Position | None) -> list[ColumnElement[bool]]:
    """What comes after this order: promises count upwards with none at the end, ages the other way
    round, with those of no date first.
    """
    order_id = col(_order.id)
    if after is None:
        return [true()]
    if sort == "ship_by":
        at = col(_order.ship_by)
        if after.at is None:
            return [at.is_(None) & (order_id > after.id)]
        return [tuple_(at, order_id) > tuple_(after.at, after.id), at.is_(None)]
    at = col(_order.placed_at)
    if after.at is None:
        return [at.is_(None) & (order_id < after.id), at.is_not(None)]
    return [tuple_(at, order_id) < tuple_(after.at, after.id)]


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
_TAGS: Final = (
    select(
        func.coalesce(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_array(col(TagRow.name), col(TagRow.colour)), col(TagRow.name)
                )
            ),
            cast([], JSONB),
        )
    )
    .select_from(OrderTagRow)
    .join(TagRow, col(TagRow.name) == col(OrderTagRow.tag))
    .where(col(OrderTagRow.order_id) == col(_order.id))
    .scalar_subquery()
    .label("tags")
)
_LISTED: Final[Select[Any]] = select(
    *_COLUMNS, col(ShopRow.name).label("shop"), _OPEN_HOLDS, _OPEN_ATTENTION, _STAGES, _TAGS
).join(ShopRow, col(ShopRow.id) == col(_order.shop_id))


def _counted(within: Sequence[ColumnElement[bool]]) -> Select[Any]:
    return select(
        *(
            select(func.count())
            .select_from(
                select(col(_order.id))
                .where(_status_in((status,)), *within)
                .limit(MOST_COUNTED)
                .subquery()
            )
            .scalar_subquery()
            .label(str(status))
            for status in OPEN
        )
    )
