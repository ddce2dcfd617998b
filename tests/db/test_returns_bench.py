"""The returns bench beside other work: locks in one order, and no unit twice."""

import asyncio

import pytest

from db.audit import audit
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.orders.return_acts import open_return
from db.orders.return_queries import return_detail
from db.orders.returns import Asked
from db.shared.inspection_undo import undo_inspection
from db.shared.returns_bench import Bench, Counted, Verdict
from db.sql import run
from domain.inventory.stock import AdjustmentReason, Document, ReserveStock, StockKey, StockLine
from domain.orders.returns.model import (
    QUARANTINE,
    Disposition,
    ReturnKind,
    ReturnOrigin,
    ReturnReason,
)
from domain.shared.errors import ActionNotAllowed, InsufficientStock, LotMissing, ReturnNotFound
from domain.shared.ids import LocationId, Lot, Sku
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop

A, B = "ord_1.1/A", "ord_1.2/B"
HOLD = """
SELECT FROM stock_balance WHERE sku = :sku AND condition = 'quarantine' FOR UPDATE NOWAIT
"""
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted"


async def _asked(sessions: Sessions) -> str:
    """Two A and one B were delivered and are asked back."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions, status="delivered")
    asked = Asked(ReturnKind.RETURN, ReturnOrigin.CONSUMER, ReturnReason.DAMAGED, {A: 2, B: 1})
    async with sessions.begin() as session:
        return await open_return(session, "ord_1", asked)


async def _receive(sessions: Sessions, no: str, *counted: Counted) -> None:
    async with sessions.begin() as session:
        await Bench(session).receive(no, "act", "S1", counted)


async def _inspect(sessions: Sessions, no: str, *verdicts: Verdict) -> None:
    async with sessions.begin() as session:
        await Bench(session).inspect(no, "look", verdicts)


@pytest.mark.parametrize("step", ["receive", "inspect"])
async def test_the_bench_locks_stock_in_the_ledgers_order_whatever_is_counted_first(
    sessions: Sessions, step: str
) -> None:
    no = await _asked(sessions)
    if step == "receive":
        async with sessions.begin() as session:
            there = [
                StockLine(StockKey(Sku(sku), LocationId("S1"), Lot(""), QUARANTINE), 1)
                for sku in "AB"
            ]
            document = Document("adjustment", "1", "1")
            await StockRepository(session).adjust(document, there, AdjustmentReason.COUNT)
        work = _receive(sessions, no, Counted(B, 1), Counted(A, 1))
    else:
        await _receive(sessions, no, Counted(A, 1), Counted(B, 1))
        keep = Disposition.RESELL
        work = _inspect(sessions, no, Verdict(B, 1, keep), Verdict(A, 1, keep))
    async with sessions.begin() as other:
        await run(other, HOLD, sku="A")
        task = asyncio.create_task(work)
        for _ in range(100):
            if await rows(sessions, WAITING):
                break
            await asyncio.sleep(0.01)
        await run(other, HOLD, sku="B")  # whoever waits for the first holds no later one
    await task


async def test_one_line_in_several_lots_is_counted_whole_and_never_more_than_was_sent(
    sessions: Sessions,
) -> None:
    no = await _asked(sessions)
    with pytest.raises(ActionNotAllowed):
        await _receive(sessions, no, Counted(A, 1, "L2"), Counted(A, 1, "L1"), Counted(A, 1, "L3"))
    await _receive(sessions, no, Counted(A, 1, "L2"), Counted(A, 1, "L1"))
    await _inspect(
        sessions, no, Verdict(A, 1, Disposition.RESELL), Verdict(A, 1, Disposition.SCRAP)
    )

    there = "SELECT condition, sum(on_hand)::int FROM stock_balance WHERE location_id = 'S1'"
    assert await rows(sessions, f"{there} GROUP BY 1 ORDER BY 1") == [
        ("good", 1), ("quarantine", 0), ("scrap", 1),
    ]  # fmt: skip


THERE = "SELECT condition, sum(on_hand)::int FROM stock_balance WHERE location_id = 'S1'"
BY_CONDITION = f"{THERE} GROUP BY 1 HAVING sum(on_hand) > 0 ORDER BY 1"


async def _undo(sessions: Sessions, no: str, inspection: str = "look:0") -> None:
    async with sessions.begin() as session:
        await undo_inspection(session, no, inspection, "mistyped", "Li Lei")


async def test_a_mistyped_inspection_is_taken_back_once_and_looked_at_again(
    sessions: Sessions,
) -> None:
    no = await _asked(sessions)
    await _receive(sessions, no, Counted(A, 2, "L1"))
    await _inspect(sessions, no, Verdict(A, 2, Disposition.SCRAP, lot="L9"))
    for _ in range(2):
        await _undo(sessions, no)
    assert await rows(sessions, BY_CONDITION) == [("quarantine", 2)]
    async with sessions.begin() as session:
        again = [Verdict(A, 1, Disposition.RESELL), Verdict(A, 1, Disposition.TO_CUSTOMER)]
        await Bench(session).inspect(no, "again", again)
        with pytest.raises(ActionNotAllowed):
            await Bench(session).inspect(no, "more", [Verdict(A, 1, Disposition.RESELL)])

    assert await rows(sessions, BY_CONDITION) == [("good", 1), ("to_customer", 1)]
    moved = "SELECT count(*)::int FROM stock_move WHERE document_kind = 'return'"
    assert await rows(sessions, moved) == [(9,)], "one came in; each sorting and undoing is two"
    line = "SELECT inspected_quantity, accepted_quantity FROM sales_return_line WHERE sku = 'A'"
    assert await rows(sessions, line) == [(2, 1)]
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_what_was_sold_paid_or_never_inspected_cannot_be_taken_back(
    sessions: Sessions,
) -> None:
    no = await _asked(sessions)
    await _receive(sessions, no, Counted(A, 2))
    await _inspect(sessions, no, Verdict(A, 2, Disposition.RESELL))
    with pytest.raises(ReturnNotFound):
        await _undo(sessions, no, "look:1")
    one = StockKey(Sku("A"), LocationId("S1"))
    sold = ReserveStock("other", (StockLine(one, 1),), "ord_9", "order/9")
    async with sessions.begin() as session:
        await StockRepository(session).reserve_batch([sold])
    with pytest.raises(InsufficientStock):
        await _undo(sessions, no)
    async with sessions.begin() as session:
        await StockRepository(session).release("other")
        await run(session, "UPDATE sales_return SET settled_at = now()")
    with pytest.raises(ActionNotAllowed):
        await _undo(sessions, no)
    assert await rows(sessions, BY_CONDITION) == [("good", 2)]


async def test_what_asks_for_a_lot_is_for_sale_again_with_one_only(sessions: Sessions) -> None:
    no = await _asked(sessions)
    await rows(sessions, "UPDATE sku SET tracks_lots = true WHERE code = 'A' RETURNING 1")
    await _receive(sessions, no, Counted(A, 2))
    async with sessions.begin() as session:
        detail = await return_detail(session, no)
    assert {line.sku: line.lacks_lot for line in detail.lines} == {"A": True, "B": False}

    with pytest.raises(LotMissing):
        await _inspect(sessions, no, Verdict(A, 1, Disposition.RESELL))
    await _inspect(
        sessions, no, Verdict(A, 1, Disposition.RESELL, lot="L7"), Verdict(A, 1, Disposition.SCRAP)
    )

    there = "SELECT lot, condition FROM stock_balance WHERE location_id = 'S1' AND on_hand > 0"
    assert await rows(sessions, f"{there} ORDER BY 1") == [("", "scrap"), ("L7", "good")]
