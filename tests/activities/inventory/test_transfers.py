"""Transfers on a real Postgres: what is said of them, and where the ledger puts every unit."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import text

from activities.inventory.transferring import TransferActivities
from db.audit import audit
from db.engine import Sessions
from db.inventory.lot_register import LotRegister
from db.inventory.repository import StockRepository
from db.inventory.transfers import (
    Decided,
    DraftLine,
    Received,
    Shipped,
    TransferDraft,
    Transfers,
)
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.inventory.transfers import (
    OFFERED,
    Arrived,
    Decision,
    Difference,
    TransferFacts,
    TransferState,
    TransferStep,
    TransferWork,
    next_step,
)
from domain.shared.errors import ActionNotAllowed, InsufficientStock, InvalidInput
from domain.shared.ids import LocationId, Lot, Sku
from tests.seeds import seed_network

NOW = datetime.now(UTC)


@pytest_asyncio.fixture
async def network(sessions: Sessions) -> None:
    await seed_network(sessions, locations=("HQ", "GZ"), skus=("A", "B"))
    async with sessions.begin() as session:
        here = LocationId("HQ")
        lines = [
            StockLine(StockKey(Sku("A"), here, Lot("L1")), 6),
            StockLine(StockKey(Sku("A"), here, Lot("L2")), 20),
            StockLine(StockKey(Sku("B"), here), 10),
        ]
        await StockRepository(session).receive(Document("grn", "G1", "G1"), lines)


async def go_on(sessions: Sessions, no: str, *, partly: bool = False) -> TransferFacts:
    """What the workflow does, until it would wait."""
    does = TransferActivities(sessions)
    work = TransferWork(no, f"transfer/{no}", NOW, partly=partly)
    facts = await does.look(work)
    while (step := next_step(facts, NOW)) not in (TransferStep.WAIT, TransferStep.END):
        match step:
            case TransferStep.RESERVE:
                facts = await does.reserve(work)
            case TransferStep.POST:
                report = TransferWork(no, work.workflow_id, NOW, facts.unposted)
                facts = await does.post(report)
                assert await does.post(report) == facts  # said again it changes nothing
            case TransferStep.CANCEL:
                facts = await does.cancel(work)
            case _:
                facts = await does.close(work)
    return facts


async def drafted(sessions: Sessions, *lines: tuple[str, int]) -> str:
    asked = tuple(DraftLine(sku, units) for sku, units in lines)
    async with sessions.begin() as session:
        transfers = Transfers(session)
        no = await transfers.draft(TransferDraft("HQ", "GZ", asked, actor="buyer"))
        await transfers.approve(no, "manager")
    return no


async def said(sessions: Sessions, verb: str, no: str, told: Any) -> None:
    async with sessions.begin() as session:
        await getattr(Transfers(session), verb)(no, told)


async def balances(sessions: Sessions) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    async with sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text(
                "SELECT location_id, sku, lot, condition, on_hand, reserved FROM stock_balance"
                " WHERE on_hand > 0 ORDER BY 1, 2, 3, 4"
            )
        )
        return {tuple(row[:4]): (row[4], row[5]) for row in rows}


async def written_off(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        rows = await (await session.connection()).execute(
            text(
                "SELECT coalesce(sum(CASE WHEN to_place = 'adjustment' THEN quantity"
                " ELSE -quantity END), 0)::int FROM stock_move"
                " WHERE 'adjustment' IN (from_place, to_place)"
            )
        )
        return int(rows.scalar_one())


async def test_goods_are_promised_by_lot_leave_travel_and_arrive_in_parts(
    sessions: Sessions, network: None
) -> None:
    no = await drafted(sessions, ("A", 10), ("B", 4))
    assert (await go_on(sessions, no)).state is TransferState.RESERVED
    assert await balances(sessions) == {
        ("HQ", "A", "L1", "good"): (6, 6), ("HQ", "A", "L2", "good"): (20, 4),
        ("HQ", "B", "", "good"): (10, 4),
    }  # fmt: skip

    await said(sessions, "shipped", no, Shipped("s1", "anna", {3: 3}, "sf", "SF1"))
    assert (await go_on(sessions, no)).on_the_way == 13
    assert await balances(sessions) == {
        ("GZ-transit", "A", "L1", "good"): (6, 0), ("GZ-transit", "A", "L2", "good"): (3, 0),
        ("GZ-transit", "B", "", "good"): (4, 0),
        ("HQ", "A", "L2", "good"): (17, 0), ("HQ", "B", "", "good"): (6, 0),
    }  # fmt: skip

    await said(sessions, "received", no, Received("r1", "ben", (Arrived(1, 5, 1), Arrived(2, 6))))
    facts = await go_on(sessions, no)
    assert (facts.on_the_way, facts.undecided) == (3, 2)  # one damaged, two more than were sent
    await said(sessions, "received", no, Received("r2", "ben", (Arrived(3, 1),), last=True))
    facts = await go_on(sessions, no)
    assert (facts.on_the_way, facts.undecided) == (2, 3)
    assert (await balances(sessions))["GZ", "A", "L1", "damaged"] == (1, 0)

    for kind, decision in (("short", "lost"), ("over", "from_sender"), ("damaged", "kept")):
        async with sessions.begin() as session:
            [row] = [x for x in await Transfers(session).differences(no) if x.kind == kind]
        told = Decided(f"d-{kind}", "manager", row.id, Decision(decision), row.units, "looked for")
        await said(sessions, "decide", no, told)
        facts = await go_on(sessions, no)
    assert facts.state is TransferState.CLOSED
    assert await written_off(sessions) == 2
    assert await balances(sessions) == {
        ("GZ", "A", "L1", "damaged"): (1, 0), ("GZ", "A", "L1", "good"): (5, 0),
        ("GZ", "A", "L2", "good"): (1, 0), ("GZ", "B", "", "good"): (6, 0),
        ("HQ", "A", "L2", "good"): (17, 0), ("HQ", "B", "", "good"): (4, 0),
    }  # fmt: skip
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_nothing_vanishes_whatever_people_say(sessions: Sessions, network: None) -> None:
    chance = random.Random(7)
    whole = 36
    for _ in range(4):
        no = await drafted(sessions, ("A", chance.randint(1, 4)), ("B", chance.randint(1, 2)))
        await go_on(sessions, no)
        await said(sessions, "shipped", no, Shipped(f"{no}s", "anna"))
        await go_on(sessions, no)
        for turn in range(3):
            async with sessions.begin() as session:
                lines = await Transfers(session).lines(no)
            came = tuple(
                Arrived(x.line_no, chance.randint(0, 3), chance.randint(0, 1), chance.randint(0, 1))
                for x in lines
            )
            told = Received(f"{no}r{turn}", "ben", came, last=turn == 2)
            if not told.last and not any(x.good + x.damaged + x.missing for x in came):
                continue
            await said(sessions, "received", no, told)
            await go_on(sessions, no)
            assert await _all_units(sessions) + await written_off(sessions) == whole
        while True:
            async with sessions.begin() as session:
                rows = [x for x in await Transfers(session).differences(no) if not x.decision]
            if not rows:
                break
            row = rows[0]
            answer = chance.choice(OFFERED[Difference(row.kind)])
            units = chance.randint(1, row.units)
            told_of = Decided(f"{row.id}-{row.units}", "manager", row.id, answer, units, "seen")
            try:
                await said(sessions, "decide", no, told_of)
            except InsufficientStock:  # the sender cannot have sent more of this lot
                continue
            facts = await go_on(sessions, no)
            assert await _all_units(sessions) + await written_off(sessions) == whole
        facts = await go_on(sessions, no)
        assert facts.state is TransferState.CLOSED
    async with sessions.begin() as session:
        assert await audit(session) == []


async def _all_units(sessions: Sessions) -> int:
    return sum(on_hand for on_hand, _ in (await balances(sessions)).values())


async def test_a_transfer_cancelled_before_it_leaves_gives_its_stock_back(
    sessions: Sessions, network: None
) -> None:
    no = await drafted(sessions, ("B", 10))
    await go_on(sessions, no)

    async with sessions.begin() as session:
        await Transfers(session).cancel(no, "manager", "not needed")
    assert (await go_on(sessions, no)).state is TransferState.CANCELLED

    assert (await balances(sessions))["HQ", "B", "", "good"] == (10, 0)
    with pytest.raises(ActionNotAllowed):
        await said(sessions, "shipped", no, Shipped("s1", "anna"))


async def test_goods_that_have_left_are_not_cancelled_but_taken_back(
    sessions: Sessions, network: None
) -> None:
    no = await drafted(sessions, ("B", 10))
    await go_on(sessions, no)
    await said(sessions, "shipped", no, Shipped("s1", "anna"))
    await go_on(sessions, no)
    async with sessions.begin() as session:
        with pytest.raises(ActionNotAllowed):
            await Transfers(session).cancel(no, "manager", "not needed")

    async with sessions.begin() as session:
        await Transfers(session).take_back(no, "u1", "anna", "the lorry did not come")
    assert (await go_on(sessions, no)).state is TransferState.RESERVED  # promised anew
    assert (await balances(sessions))["HQ", "B", "", "good"] == (10, 10)


async def test_what_is_lacking_waits_and_goes_straight_on_from_a_receipt(
    sessions: Sessions, network: None
) -> None:
    no = await drafted(sessions, ("B", 15))
    with pytest.raises(InsufficientStock):
        await go_on(sessions, no)
    async with sessions.begin() as session:
        [wish] = await Transfers(session).waiting_for("HQ", ["A", "B"])
    assert (wish.no, wish.to_location, wish.units) == (no, "GZ", 15)

    async with sessions.begin() as session:
        line = StockLine(StockKey(Sku("B"), LocationId("HQ")), 5)
        await StockRepository(session).receive(Document("grn", "G2", "G2"), [line])
        told = await (await session.connection()).execute(
            text("SELECT count(*) FROM outbox WHERE name = 'transfer_moved' AND target = :to"),
            {"to": f"transfer/{no}"},
        )
        assert told.scalar_one() == 2  # its approval, and the goods
    assert (await go_on(sessions, no)).state is TransferState.RESERVED
    assert (await balances(sessions))["HQ", "B", "", "good"] == (15, 15)


async def test_a_person_may_send_what_is_there(sessions: Sessions, network: None) -> None:
    no = await drafted(sessions, ("B", 15))

    await go_on(sessions, no, partly=True)

    assert (await balances(sessions))["HQ", "B", "", "good"] == (10, 10)


async def test_a_lot_that_was_frozen_meanwhile_does_not_leave(
    sessions: Sessions, network: None
) -> None:
    no = await drafted(sessions, ("A", 8))
    await go_on(sessions, no)
    async with sessions.begin() as session:
        lots = LotRegister(session, by="manager")
        await lots.know("A", "L1")
        await lots.keep_back("A", "L1", "HQ", "a seal is broken", request_id="r1")

    with pytest.raises(ActionNotAllowed, match="lot L1 of A is frozen"):
        await said(sessions, "shipped", no, Shipped("s1", "anna"))
    async with sessions.begin() as session:
        of_lot = {line.lot: line.line_no for line in await Transfers(session).lines(no)}
    await said(sessions, "shipped", no, Shipped("s2", "anna", {of_lot["L1"]: 0}))


@pytest.mark.parametrize(
    "lines", [(), (DraftLine("A", 0),), (DraftLine("A", -1),)], ids=("none", "zero", "less")
)
async def test_impossible_transfers_are_not_written_down(
    sessions: Sessions, network: None, lines: tuple[DraftLine, ...]
) -> None:
    async with sessions.begin() as session:
        with pytest.raises(InvalidInput):
            await Transfers(session).draft(TransferDraft("HQ", "GZ", lines))


async def test_a_receiver_says_only_lines_that_were_sent(sessions: Sessions, network: None) -> None:
    no = await drafted(sessions, ("B", 10))
    await go_on(sessions, no)
    await said(sessions, "shipped", no, Shipped("s1", "anna"))
    with pytest.raises(InvalidInput):
        await said(sessions, "received", no, Received("r1", "ben", (Arrived(9, 1),)))
    # Who receives before the books heard of the shipping is not sent away.
    await said(sessions, "received", no, Received("r1", "ben", (Arrived(1, 10),)))
    assert (await go_on(sessions, no)).state is TransferState.CLOSED


async def test_a_lot_leaves_until_its_last_good_day_is_over(
    sessions: Sessions, network: None
) -> None:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    async with sessions.begin() as session:
        for lot, ends in (("L1", today - timedelta(days=1)), ("L2", today)):
            await LotRegister(session).know("A", lot, None, ends)
    no = await drafted(sessions, ("A", 20))

    await go_on(sessions, no)

    assert (await balances(sessions))["HQ", "A", "L2", "good"] == (20, 20)


@pytest.mark.parametrize("place", ["HQ", None])
async def test_a_hold_follows_goods_on_their_way_and_they_arrive_in_quarantine(
    sessions: Sessions, network: None, place: str | None
) -> None:
    no = await drafted(sessions, ("A", 8))  # six of L1 and two of L2
    await go_on(sessions, no)
    await said(sessions, "shipped", no, Shipped("s1", "anna"))
    await go_on(sessions, no)
    async with sessions.begin() as session:
        await LotRegister(session).keep_back("A", "L1", place, "smells", request_id="h")
    frozen = "SELECT lot FROM stock_balance WHERE location_id = 'GZ-transit' AND frozen"
    async with sessions.begin() as session:
        assert [row.lot for row in await run(session, frozen)] == ["L1"]

    came = (Arrived(1, 5, 1), Arrived(2, 2))
    await said(sessions, "received", no, Received("r1", "ben", came))
    await go_on(sessions, no)
    there = {key[2:]: units for key, (units, _) in (await balances(sessions)).items()
             if key[0] == "GZ"}  # fmt: skip
    assert there == {("L1", "quarantine"): 5, ("L1", "damaged"): 1, ("L2", "good"): 2}
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_a_hold_elsewhere_leaves_goods_on_their_way_alone(
    sessions: Sessions, network: None
) -> None:
    no = await drafted(sessions, ("A", 6))
    await go_on(sessions, no)
    await said(sessions, "shipped", no, Shipped("s1", "anna"))
    await go_on(sessions, no)
    async with sessions.begin() as session:
        await LotRegister(session).keep_back("A", "L1", "GZ", "the shelf is wet", request_id="h")
    await said(sessions, "received", no, Received("r1", "ben", (Arrived(1, 6),)))
    await go_on(sessions, no)
    assert (await balances(sessions))["GZ", "A", "L1", "good"] == (6, 0)
