"""A network with tariffs by zone, and orders to be sourced from it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from sqlalchemy import text

from db.channels.tables import ShopRow
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow, SkuRow
from db.logistics.tables import CarrierAccountRow, TariffRow, TariffZoneRow
from db.orders.tables import FulfilmentLineRow, OrderLineRow, SalesOrderRow
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.work import AllocateOrder
from domain.shared.ids import LocationId, Lot, OrderId, Sku
from tests.people import receiver_row

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BEIJING, HANGZHOU, GUANGZHOU = "110105", "330110", "440111"
# id, division, longitude, latitude, priority
PLACES = (("EAST", HANGZHOU, 120.0, 30.3, 10), ("NORTH", BEIJING, 116.5, 39.9, 20),
          ("SOUTH", GUANGZHOU, 113.3, 23.2, 30))  # fmt: skip
# carrier, from, to, first price, step price
RATES = (("sf", "*", "*", 2000, 900), ("sf", "east", "east", 1200, 300),
         ("zto", "*", "*", 1500, 800), ("zto", "north", "north", 500, 100))  # fmt: skip
ZONES = (("sf", "330000", "east"), ("sf", "110000", "north"), ("zto", "110000", "north"))


async def seed_company(sessions: Sessions, skus: Sequence[str] = ("A", "B")) -> None:
    """Three places in three provinces, two carriers that have a zone where they are cheap."""
    async with sessions.begin() as session:
        session.add(ShopRow(id="shop", channel="own", external_id="shop", name="Shop"))
        for place, division, longitude, latitude, priority in PLACES:
            session.add(
                LocationRow(
                    id=place, name=place.title(), kind="hq", division_code=division,
                    longitude=longitude, latitude=latitude, priority=priority, handling_minor=100,
                )
            )  # fmt: skip
        for code in skus:
            session.add(SkuRow(code=code, name=f"SKU {code}", weight_g=900))
        for carrier in ("sf", "zto"):
            session.add(CarrierAccountRow(code=carrier, name=carrier, base_url="http://x"))
        await session.flush()
        for number, (carrier, origin, to, first_minor, step_minor) in enumerate(RATES):
            session.add(
                TariffRow(
                    id=str(number), carrier=carrier, product="std", origin_zone=origin,
                    destination_zone=to, first_g=1000, first_minor=first_minor, step_g=1000,
                    step_minor=step_minor, valid_from=date(2020, 1, 1),
                )
            )  # fmt: skip
        for carrier, province, zone in ZONES:
            session.add(TariffZoneRow(carrier=carrier, province_code=province, zone=zone))


async def seed_order(
    sessions: Sessions,
    number: str,
    lines: Mapping[str, int],
    to: tuple[str, float, float] = (HANGZHOU, 120.2, 30.2),
) -> AllocateOrder:
    """A paid order with one line per SKU, and the request to allocate it."""
    order_id = f"ord_{number}"
    async with sessions.begin() as session:
        session.add(
            SalesOrderRow(
                id=order_id, no=f"SO-{number}", channel="own", shop_id="shop", external_no=number,
                workflow_id=f"order/{number}", captured_minor=1000, paid_at=NOW, created_at=NOW,
                updated_at=NOW,
            )
        )  # fmt: skip
        await session.flush()
        division, longitude, latitude = to
        session.add(
            receiver_row(order_id, division_code=division, longitude=longitude, latitude=latitude)
        )
        for n, (sku, quantity) in enumerate(lines.items(), start=1):
            line = f"{number}_{n}"
            session.add(
                OrderLineRow(
                    id=f"line_{line}", order_id=order_id, line_no=n, external_line_no=str(n),
                    kind="goods", quantity=quantity,
                )
            )  # fmt: skip
            await session.flush()
            session.add(
                FulfilmentLineRow(
                    id=f"ful_{line}", order_line_id=f"line_{line}", order_id=order_id, sku=sku,
                    quantity=quantity,
                )
            )  # fmt: skip
    return AllocateOrder(OrderId(order_id), f"{order_id}:run:1", 0)


async def stock(sessions: Sessions, units: Mapping[tuple[str, str], int], lot: str = "") -> None:
    """Goods come in: (place, SKU) → units."""
    async with sessions.begin() as session:
        for (place, sku), quantity in units.items():
            key = StockKey(Sku(sku), LocationId(place), Lot(lot))
            no = f"G-{place}-{sku}-{lot}-{quantity}"
            await StockRepository(session).receive(
                Document("grn", no, no), [StockLine(key, quantity)]
            )


async def rows(sessions: Sessions, statement: str) -> list[tuple[object, ...]]:
    async with sessions.begin() as session:
        found = await (await session.connection()).execute(text(statement))
        return [tuple(row) for row in found]
