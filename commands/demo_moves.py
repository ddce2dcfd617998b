"""Goods of the demo company that move between its places: one transfer of every kind."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.count_looks import CountLooks, Look
from db.inventory.count_planning import CountPlan, CountPlanning
from db.inventory.counts import Counts
from db.inventory.kits import Kits
from db.inventory.transfer_posting import TransferPosting
from db.inventory.transfers import DraftLine, Received, Shipped, TransferDraft, Transfers
from domain.inventory.kits import Component, KitKind
from domain.inventory.transfers import Arrived, TransferWork
from domain.shared.clock import COMPANY_ZONE
from domain.shared.ids import transfer_workflow_id
from integrations.sandbox.demo_shop import PRODUCTS

_GOODS: Final = tuple(product.sku for product in PRODUCTS)
_BUYER: Final = "buyer"


async def seed_moves(session: AsyncSession) -> None:
    """One to be approved, one to be sent, one on its way, one that came short and damaged."""
    now = datetime.now(UTC)
    await _drafted(session, "HQ-HZ", "S-SH1", (_GOODS[0], 6), (_GOODS[1], 4))
    waiting = await _drafted(session, "HQ-HZ", "R-CD", (_GOODS[2], 24))
    await _promised(session, waiting, now)
    travelling = await _drafted(session, "HQ-HZ", "R-GZ", (_GOODS[0], 40), (_GOODS[3], 20))
    await _sent(session, travelling, now)
    differing = await _drafted(session, "R-GZ", "S-SH2", (_GOODS[1], 10), (_GOODS[4], 6))
    await _sent(session, differing, now - timedelta(days=2))
    told = Received("demo-arrival", "warehouse", (Arrived(1, 7, 1), Arrived(2, 6)), last=True)
    await Transfers(session).received(differing, told)
    await _post(session, differing, now)
    await _counted(session)
    await _made_of(session)


async def _made_of(session: AsyncSession) -> None:
    """The gift set is put together of what is sold alone too."""
    parts = [
        Component(next(sku for sku in _GOODS if sku.startswith(start)), units)
        for start, units in (("TEA", 1), ("CUP", 2))
    ]
    [code] = [sku for sku in _GOODS if sku.startswith("SET")][:1]
    await Kits(session).define(code, KitKind.ASSEMBLED, parts, _BUYER)


async def _counted(session: AsyncSession) -> None:
    """A count of a store, half done: one shelf is short and waits for another person."""
    looks, today = CountLooks(session), datetime.now(COMPANY_ZONE).date()
    plan = CountPlan("S-SH1", "due", today, "manager", most=4)
    if (no := await CountPlanning(session).plan(plan)) is not None:
        first, second = (await Counts(session).lines(no))[:2]
        await looks.look(no, Look("demo-look-1", "warehouse", first.sku, 12))
        await looks.look(no, Look("demo-look-2", "warehouse", second.sku, 11))


async def _drafted(session: AsyncSession, sender: str, to: str, *goods: tuple[str, int]) -> str:
    lines = tuple(DraftLine(sku, units) for sku, units in goods)
    return await Transfers(session).draft(TransferDraft(sender, to, lines, _BUYER))


async def _promised(session: AsyncSession, no: str, at: datetime) -> None:
    await Transfers(session).approve(no, "manager")
    await TransferPosting(session).reserve(TransferWork(no, transfer_workflow_id(no), at))


async def _sent(session: AsyncSession, no: str, at: datetime) -> None:
    await _promised(session, no, at)
    told = Shipped(f"demo-{no}", "warehouse", carrier="sf", waybill_no=f"SF{no[2:8]}0042")
    await Transfers(session).shipped(no, told)
    await _post(session, no, at)


async def _post(session: AsyncSession, no: str, at: datetime) -> None:
    posting = TransferPosting(session)
    report = (await posting.facts(no)).unposted
    await posting.post(TransferWork(no, transfer_workflow_id(no), at, report))
