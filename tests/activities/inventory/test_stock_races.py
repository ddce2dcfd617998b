"""What may happen to the same goods at the same moment, and what a repeated key may mean."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
import pytest_asyncio
from sqlalchemy import text

from db.audit import audit
from db.engine import Sessions
from db.inventory.repository import StockRepository
from domain.inventory.stock import (
    AdjustmentReason,
    Document,
    Reserved,
    ReserveStock,
    StockKey,
    StockLine,
)
from domain.shared.errors import (
    IdempotencyMismatch,
    InsufficientStock,
    InvalidInput,
    ReservationResolved,
    UnknownLocation,
    UnknownSku,
)
from domain.shared.ids import LocationId, Lot, Sku
from tests.seeds import seed_network

HQ, WEST = LocationId("HQ"), LocationId("WEST")
A, A_WEST, B = StockKey(Sku("A"), HQ), StockKey(Sku("A"), WEST), StockKey(Sku("B"), HQ)
Answer = TypeVar("Answer")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest_asyncio.fixture(autouse=True)
async def network(sessions: Sessions) -> None:
    await seed_network(sessions, locations=("HQ", "WEST"), skus=("A", "B"))


async def do(sessions: Sessions, verb: Callable[[StockRepository], Awaitable[Answer]]) -> Answer:
    async with sessions.begin() as session:
        return await verb(StockRepository(session))


async def receive(sessions: Sessions, key: StockKey, quantity: int, no: str = "G") -> None:
    await do(sessions, lambda s: s.receive(Document("grn", no, no), [StockLine(key, quantity)]))


async def reserve(
    sessions: Sessions, no: str, key: StockKey, quantity: int, ends: datetime | None = None
) -> Reserved:
    asked = ReserveStock(no, (StockLine(key, quantity),), expires_at=ends)
    return (await do(sessions, lambda s: s.reserve_batch([asked])))[no]


async def issue(sessions: Sessions, no: str) -> int:
    return await do(sessions, lambda s: s.issue(no, Document("shipment", no, f"issue:{no}")))


async def expire(sessions: Sessions) -> int:
    expired = await do(sessions, lambda s: s.expire_due(NOW + timedelta(hours=1)))
    return len(expired.reservation_ids)


async def refused_or(answer: Awaitable[Answer]) -> Answer | str:
    try:
        return await answer
    except ReservationResolved:
        return "refused"


async def short_pick(sessions: Sessions, no: str, found: int) -> dict[str, int]:
    paper = Document("shipment", no, f"short:{no}")
    return await do(sessions, lambda s: s.short_pick(no, {"A": found}, paper))


async def release(sessions: Sessions, no: str) -> None:
    await do(sessions, lambda s: s.release(no))


async def balance(sessions: Sessions) -> dict[tuple[str, str, str], tuple[int, int]]:
    async with sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text("SELECT location_id, sku, lot, on_hand, reserved FROM stock_balance")
        )
        return {(r.location_id, r.sku, r.lot): (r.on_hand, r.reserved) for r in rows}


async def is_proven(sessions: Sessions) -> bool:
    async with sessions.begin() as session:
        return await audit(session) == []


async def test_two_attempts_that_chose_different_places_hold_stock_once(sessions: Sessions) -> None:
    await receive(sessions, A, 5, "G1")
    await receive(sessions, A_WEST, 5, "G2")

    async with sessions.begin() as slow:
        first = await StockRepository(slow).reserve_batch([ReserveStock("R", (StockLine(A, 2),))])
        retry = asyncio.create_task(reserve(sessions, "R", A_WEST, 2))
        await asyncio.sleep(0.1)

    assert (first, await retry) == ({"R": Reserved.GRANTED}, Reserved.ALREADY)
    assert await do(sessions, lambda s: s.held("R")) == [StockLine(A, 2)]
    assert await balance(sessions) == {("HQ", "A", ""): (5, 2), ("WEST", "A", ""): (5, 0)}


async def test_an_id_with_more_lines_than_before_is_refused_whole(sessions: Sessions) -> None:
    await receive(sessions, A, 5, "G1")
    await receive(sessions, B, 5, "G2")
    more = ReserveStock("R", (StockLine(A, 1), StockLine(B, 1)))

    async with sessions.begin() as slow:
        await StockRepository(slow).reserve_batch([ReserveStock("R", (StockLine(A, 1),))])
        retry = asyncio.create_task(do(sessions, lambda s: s.reserve_batch([more])))
        await asyncio.sleep(0.1)
    # The retry waited for the row of A, saw the first line taken and the second free.
    with pytest.raises(IdempotencyMismatch):
        await retry

    assert await balance(sessions) == {("HQ", "A", ""): (5, 1), ("HQ", "B", ""): (5, 0)}


async def test_an_id_that_was_given_back_cannot_be_used_again(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    await reserve(sessions, "R", A, 2)
    await release(sessions, "R")

    assert await reserve(sessions, "R", A, 2) is Reserved.RESOLVED
    with pytest.raises(ReservationResolved):
        await issue(sessions, "R")
    assert await balance(sessions) == {("HQ", "A", ""): (5, 0)}


async def test_expiry_and_issue_race_and_exactly_one_wins(sessions: Sessions) -> None:
    for n in range(12):
        no = f"S{n}"
        await receive(sessions, A, 1, no)
        await reserve(sessions, no, A, 1, ends=NOW)
        one, other, issued = await asyncio.gather(
            expire(sessions), expire(sessions), refused_or(issue(sessions, no))
        )
        assert (one + other, issued) in [(1, "refused"), (0, 1)]
    assert await is_proven(sessions)


async def test_a_lease_that_was_renewed_or_has_no_end_does_not_expire(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    for no, end in (("ended", NOW), ("paid", NOW), ("longer", NOW), ("owned", None)):
        await reserve(sessions, no, A, 1, ends=end)
    assert await do(sessions, lambda s: s.renew("paid", None))
    assert await do(sessions, lambda s: s.renew("longer", NOW + timedelta(days=1)))

    expired = await do(sessions, lambda s: s.expire_due(NOW + timedelta(minutes=1)))

    assert expired.reservation_ids == ("ended",)
    assert not await do(sessions, lambda s: s.renew("ended", None))
    assert await balance(sessions) == {("HQ", "A", ""): (5, 3)}


async def test_release_and_short_pick_race_without_drift(sessions: Sessions) -> None:
    for n in range(10):
        no = f"S{n}"
        await receive(sessions, A, 3, no)
        await reserve(sessions, no, A, 3)
        await asyncio.gather(
            release(sessions, no), short_pick(sessions, no, 1), short_pick(sessions, no, 1)
        )
    assert await is_proven(sessions)


async def test_a_short_pick_said_again_gives_the_first_answer(sessions: Sessions) -> None:
    lot = StockKey(Sku("A"), HQ, Lot("L1"))
    await receive(sessions, A, 3, "G1")
    await receive(sessions, lot, 2, "G2")
    asked = ReserveStock("S", (StockLine(A, 3), StockLine(lot, 2)))
    await do(sessions, lambda s: s.reserve_batch([asked]))

    answers = [await short_pick(sessions, "S", 4) for _ in range(2)]

    assert answers == [{"A": 1}, {"A": 1}]
    assert await balance(sessions) == {("HQ", "A", ""): (3, 3), ("HQ", "A", "L1"): (1, 1)}
    assert [await issue(sessions, "S") for _ in range(2)] == [4, 4]
    assert await balance(sessions) == {("HQ", "A", ""): (0, 0), ("HQ", "A", "L1"): (0, 0)}


async def test_the_same_receipt_from_six_callers_counts_once(sessions: Sessions) -> None:
    await asyncio.gather(*(receive(sessions, A, 5) for _ in range(6)))
    assert await balance(sessions) == {("HQ", "A", ""): (5, 0)}


@pytest.mark.parametrize(
    "lines",
    [
        [StockLine(A, 6)],
        [StockLine(B, 5)],
        [StockLine(A, 5), StockLine(B, 5)],
    ],
    ids=["other quantity", "other sku", "one line more"],
)
async def test_a_key_that_comes_with_other_goods_is_refused(
    sessions: Sessions, lines: list[StockLine]
) -> None:
    await receive(sessions, A, 5)
    with pytest.raises(IdempotencyMismatch):
        await do(sessions, lambda s: s.receive(Document("grn", "G", "G"), lines))
    assert await balance(sessions) == {("HQ", "A", ""): (5, 0)}


async def test_a_count_may_find_less(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    count = Document("count", "C", "C")
    await do(sessions, lambda s: s.adjust(count, [StockLine(A, -2)], AdjustmentReason.COUNT))
    assert await balance(sessions) == {("HQ", "A", ""): (3, 0)}
    assert await is_proven(sessions)


async def test_a_transfer_moves_only_what_is_free(sessions: Sessions) -> None:
    await receive(sessions, A, 5)
    await reserve(sessions, "R", A, 3)

    for _ in range(2):
        await do(sessions, lambda s: s.transfer(Document("to", "T", "T"), [StockLine(A, 2)], WEST))
    with pytest.raises(InsufficientStock):
        await do(sessions, lambda s: s.transfer(Document("to", "U", "U"), [StockLine(A, 1)], WEST))
    with pytest.raises(InvalidInput):
        await do(sessions, lambda s: s.transfer(Document("to", "V", "V"), [StockLine(A, 1)], HQ))

    assert await balance(sessions) == {("HQ", "A", ""): (3, 3), ("WEST", "A", ""): (2, 0)}
    await release(sessions, "R")
    assert await is_proven(sessions)


async def test_goods_or_places_nobody_knows_are_refused(sessions: Sessions) -> None:
    with pytest.raises(UnknownSku):
        await receive(sessions, StockKey(Sku("Z"), HQ), 1)
    with pytest.raises(UnknownLocation):
        await receive(sessions, StockKey(Sku("A"), LocationId("MOON")), 1)
    assert await reserve(sessions, "R", StockKey(Sku("Z"), HQ), 1) is Reserved.REFUSED


async def test_a_count_and_a_sale_of_the_last_unit_race_and_one_wins(sessions: Sessions) -> None:
    async def count(no: str) -> bool:
        paper = Document("count", no, no)
        try:
            await do(sessions, lambda s: s.adjust(paper, [StockLine(A, -1)], AdjustmentReason.LOST))
        except InsufficientStock:
            return False
        return True

    for n in range(12):
        before = (await balance(sessions)).get(("HQ", "A", ""), (0, 0))
        await receive(sessions, A, 1, f"G{n}")
        counted, sold = await asyncio.gather(count(f"C{n}"), reserve(sessions, f"R{n}", A, 1))
        assert counted != (sold is Reserved.GRANTED)
        on_hand, reserved = (await balance(sessions))["HQ", "A", ""]
        assert (on_hand, reserved) == (before[0] + (not counted), before[1] + (not counted))


async def test_who_waited_for_a_receipt_gets_its_goods(sessions: Sessions) -> None:
    await receive(sessions, A, 1)
    await reserve(sessions, "R1", A, 1)

    async with sessions.begin() as slow:
        paper = Document("grn", "G2", "G2")
        await StockRepository(slow).receive(paper, [StockLine(A, 2)])
        waits = asyncio.create_task(reserve(sessions, "R2", A, 2))
        await asyncio.sleep(0.2)

    assert await waits is Reserved.GRANTED
    assert await balance(sessions) == {("HQ", "A", ""): (3, 3)}
