"""A paid order with one shipment on the pick list, as tables alone; nobody runs its workflow."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from db.channels.tables import ShopRow
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.orders.receivers import Person
from db.orders.tables import (
    FulfilmentLineRow,
    OrderLineRow,
    SalesOrderRow,
    ShipmentLineRow,
    ShipmentRow,
)
from domain.inventory.stock import Document, ReserveStock, StockKey, StockLine
from domain.shared.ids import LocationId, Sku
from tests.people import receiver_row
from tests.seeds import seed_network

PAID = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


async def seed_shop(sessions: Sessions) -> None:
    """Locations HQ and S1, SKUs A and B of 500 g, the shop `mini`."""
    await seed_network(sessions, ("HQ", "S1"), ("A", "B"))
    async with sessions.begin() as session:
        session.add(ShopRow(id="mini", channel="own", external_id="mini", name="Mini"))


async def seed_order(sessions: Sessions, number: str = "1", paid_at: datetime = PAID) -> None:
    """Order `O-{number}`: 2 A for 20.00 and 1 B for 5.50, all captured; nothing reserved."""
    order_id = f"ord_{number}"
    async with sessions.begin() as session:
        session.add(
            SalesOrderRow(
                id=order_id, no=f"O-{number}", channel="own", shop_id="mini", external_no=number,
                workflow_id=f"order/own/mini/{number}", status="received", payable_minor=2550,
                captured_minor=2550, paid_at=paid_at, placed_at=paid_at,
                channel_state="paid", created_at=paid_at,
                updated_at=paid_at,
            )
        )  # fmt: skip
        await session.flush()
        session.add(
            receiver_row(
                order_id, Person("王小明", "13800000001", detail="文一西路 969 号"),
                province="浙江省", city="杭州市", district="余杭区", division_code="330110",
                longitude=120.0, latitude=30.3,
            )
        )  # fmt: skip
        for line_no, (sku, quantity, minor) in enumerate((("A", 2, 2000), ("B", 1, 550)), 1):
            session.add(
                OrderLineRow(
                    id=f"{order_id}.{line_no}", order_id=order_id, line_no=line_no,
                    external_line_no=str(line_no), kind="goods", external_sku=f"X-{sku}",
                    title=f"Goods {sku}", quantity=quantity, payable_minor=minor,
                )
            )  # fmt: skip
        await session.flush()
        for line_no, (sku, quantity) in enumerate((("A", 2), ("B", 1)), 1):
            session.add(
                FulfilmentLineRow(
                    id=f"{order_id}.{line_no}/{sku}", order_line_id=f"{order_id}.{line_no}",
                    order_id=order_id, sku=sku, quantity=quantity,
                )
            )  # fmt: skip


async def seed_shipment(
    sessions: Sessions, number: str = "1", status: str = "picking", location: str = "HQ"
) -> str:
    """The whole order as one shipment with its stock reserved; returns the shipment's number."""
    no, order_id, place = f"O-{number}-1", f"ord_{number}", LocationId(location)
    async with sessions.begin() as session:
        session.add(
            ShipmentRow(
                no=no, order_id=order_id, location_id=location, workflow_id=f"shipment/{no}",
                status=status, waits_for="picking", created_at=PAID,
            )
        )  # fmt: skip
        await session.flush()
        for line_no, (sku, quantity) in enumerate((("A", 2), ("B", 1)), 1):
            session.add(
                ShipmentLineRow(
                    shipment_no=no, fulfilment_line_id=f"{order_id}.{line_no}/{sku}",
                    order_line_id=f"{order_id}.{line_no}", sku=sku, quantity=quantity,
                )
            )  # fmt: skip
        goods = (
            StockLine(StockKey(Sku("A"), place), 2),
            StockLine(StockKey(Sku("B"), place), 1),
        )
        stock = StockRepository(session)
        await stock.receive(Document("grn", f"G-{no}", f"G-{no}"), goods)
        await stock.reserve_batch([ReserveStock(no, goods, order_id, f"shipment/{no}")])
    return no


async def rows(sessions: Sessions, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    async with sessions.begin() as session:
        done = await (await session.connection()).execute(text(statement), parameters)
        return [tuple(row) for row in done]


async def told(sessions: Sessions) -> list[tuple[Any, ...]]:
    """What workflows will hear: (workflow id, signal, message), in order."""
    return await rows(sessions, "SELECT target, name, payload FROM outbox ORDER BY id")


async def move(sessions: Sessions, no: str, status: str) -> None:
    """The shipment's workflow went on."""
    async with sessions.begin() as session:
        await (await session.connection()).execute(
            text("UPDATE shipment SET status = :status WHERE no = :no"),
            {"status": status, "no": no},
        )
