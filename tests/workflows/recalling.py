"""A recall as people move it: lots that are sold, recalled, accounted for and closed."""

import asyncio
from datetime import date
from typing import Any

from db.inventory.lot_register import LotRegister
from db.inventory.repository import StockRepository
from db.shared import recall_acts
from db.sql import run
from domain.inventory.recall import End
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.ids import LocationId, Lot, Sku
from tests.workflows.world import Company, own_order

LOTS = (("A", "L1"),)
HELD = "SELECT count(*) FROM order_hold WHERE kind = 'recall' AND released_at IS NULL"
OPEN = "SELECT coalesce(sum(greatest(u.units - coalesce((SELECT sum(e.units) FROM recall_end e"\
       " WHERE e.unit_id = u.id), 0), 0)), 0)::int FROM recall_unit u"  # fmt: skip
EVENTS = "SELECT count(*) FROM outbox WHERE name = 'lot.recalled'"


async def lots(shop: Company, **units: int) -> None:
    """Units by lot in HQ; L1 expires first."""
    async with shop.sessions.begin() as session:
        for lot, quantity in units.items():
            ends = date(2099, 1, int(lot[1:]))
            await LotRegister(session).know("A", lot, None, ends)
            line = StockLine(StockKey(Sku("A"), LocationId("HQ"), Lot(lot)), quantity)
            await StockRepository(session).receive(
                Document("grn", lot, f"{lot}:{quantity}"), [line]
            )


async def ordered(shop: Company, number: str) -> str:
    """An order of two units; the number of its shipment."""
    await shop.hear(own_order(number))
    for _ in range(shop.patience):
        row = await shop.row(
            "SELECT s.no FROM shipment s JOIN sales_order o ON o.id = s.order_id"
            " WHERE o.external_no = :no", no=number,
        )  # fmt: skip
        if row:
            return str(row.no)
        await asyncio.sleep(0.05)
    raise AssertionError("no shipment was made")


async def recalled(shop: Company, *, told: bool = True) -> str:
    async with shop.sessions.begin() as session:
        new = recall_acts.NewRecall(LOTS, "glass in the jars", "Do not eat it.")
        no = await recall_acts.start(session, new, "qa", "start")
    if told:
        await shop.deliver_signals()
    return no


async def lots_of(shop: Company, no: str) -> list[Any]:
    async with shop.sessions.begin() as session:
        return [
            tuple(row)
            for row in await run(
                session, "SELECT lot, sum(quantity - voided_quantity)::int FROM reservation"
                " WHERE reservation_id = :no AND quantity > voided_quantity GROUP BY lot", no=no,
            )
        ]  # fmt: skip


async def account(shop: Company, no: str, holder: str, how: End, units: int, key: str = "") -> None:
    async with shop.sessions.begin() as session:
        rows = await run(
            session, "SELECT id FROM recall_unit WHERE holder = :holder", holder=holder
        )
        key = key or f"{holder}:{how}:{units}"
        await recall_acts.account(session, no, rows[0].id, how, units, "", "qa", key)
    await shop.deliver_signals()


async def close(shop: Company, no: str, signed: str = "") -> None:
    async with shop.sessions.begin() as session:
        await recall_acts.close(session, no, signed, "boss", f"close:{signed}")
    await shop.deliver_signals()
