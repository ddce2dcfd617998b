"""Paid orders of one line, for rules that join stock with orders."""

from collections.abc import Sequence
from datetime import UTC, datetime

from db.channels.tables import ShopRow
from db.engine import Sessions
from db.orders.tables import FulfilmentLineRow, OrderLineRow, SalesOrderRow

NOW = datetime(2026, 11, 1, tzinfo=UTC)


async def seed_orders(sessions: Sessions, numbers: Sequence[str], sku: str = "A") -> None:
    """Paid orders `ord_<n>` with one line `ful_<n>` of 10 units."""
    async with sessions.begin() as session:
        session.add(ShopRow(id="shop", channel="own", external_id="shop", name="Shop"))
        await session.flush()
        for n in numbers:
            session.add(
                SalesOrderRow(
                    id=f"ord_{n}", no=f"SO-{n}", channel="own", shop_id="shop", external_no=n,
                    workflow_id=f"order/{n}", captured_minor=1000, created_at=NOW, updated_at=NOW,
                )
            )  # fmt: skip
        await session.flush()
        for n in numbers:
            session.add(
                OrderLineRow(
                    id=f"line_{n}", order_id=f"ord_{n}", line_no=1, external_line_no="1",
                    kind="goods", quantity=10,
                )
            )  # fmt: skip
        await session.flush()
        for n in numbers:
            session.add(
                FulfilmentLineRow(
                    id=f"ful_{n}", order_line_id=f"line_{n}", order_id=f"ord_{n}", sku=sku,
                    quantity=10,
                )
            )  # fmt: skip
