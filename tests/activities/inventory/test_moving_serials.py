"""Serial numbers follow goods: after each movement as many numbers lie at a place as units."""

import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from db.audit import audit
from db.engine import Sessions
from db.inventory.count_looks import CountLooks, Look
from db.inventory.count_planning import CountPlan, CountPlanning
from db.inventory.count_posting import CountPosting
from db.inventory.quarantine import Apart, Quarantine, Wish
from db.inventory.receipt_posting import ReceiptPosting
from db.inventory.receipt_scans import Heard, ReceiptScans
from db.inventory.receipt_scans import Sent as AtTheRamp
from db.inventory.receiving import Opening, Receiving
from db.inventory.repository import StockRepository
from db.inventory.serial_adjustments import SerialAdjustments
from db.inventory.transfers import Decided, DraftLine, Received, Shipped, TransferDraft, Transfers
from domain.inventory.counting import CountState, LineState
from domain.inventory.quarantine import QuarantineAct
from domain.inventory.receiving import SourceKind
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.inventory.transfers import OFFERED, Arrived, Decision, Difference, TransferState
from domain.shared.errors import ActionNotAllowed, InvalidInput, SerialsMissing, SerialTaken
from domain.shared.ids import LocationId, Sku
from tests.activities.inventory.test_transfers import go_on, said
from tests.seeds import seed_network

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
TODAY = date(2026, 11, 26)


@pytest_asyncio.fixture
async def network(sessions: Sessions) -> None:
    await seed_network(sessions, locations=("HQ", "GZ"), skus=("A", "B"))
    await asked(sessions, "UPDATE sku SET tracks_serials = true WHERE code = 'A'")
    await adjusted(sessions, "HQ", 4, "S1", "S2", "S3", "S4")


async def asked(sessions: Sessions, query: str) -> list[Any]:
    async with sessions.begin() as session:
        found = await (await session.connection()).execute(text(query))
        return [tuple(row) for row in found] if found.returns_rows else []


async def adjusted(sessions: Sessions, place: str, units: int, *serials: str) -> None:
    reason = AdjustmentReason.FOUND if units > 0 else AdjustmentReason.LOST
    no = f"ADJ-{place}-{units}-{'-'.join(serials)}"
    lines = [StockLine(StockKey(Sku("A"), LocationId(place)), units)]
    for _ in range(2):  # said again it changes nothing
        async with sessions.begin() as session:
            document = Document("adjustment", no, f"adjustment:{no}", "anna")
            await SerialAdjustments(session).follow(document, lines, reason, [serials])
            await StockRepository(session).adjust(document, lines, reason)


async def where(sessions: Sessions) -> dict[str, str]:
    rows = await asked(
        sessions, "SELECT serial, coalesce(location_id || '/' || condition, state) FROM serial"
    )
    return dict(rows)


async def equal(sessions: Sessions) -> None:
    """As many numbers as units in every balance, and the audit says so too."""
    units = await asked(
        sessions,
        "SELECT location_id || '/' || condition, on_hand FROM stock_balance"
        " WHERE sku = 'A' AND on_hand > 0",
    )
    lies = Counter(place for place in (await where(sessions)).values() if "/" in place)
    assert dict(lies) == dict(units)
    async with sessions.begin() as session:
        assert await audit(session) == []


async def reserved(sessions: Sessions, units: int = 3, sender: str = "HQ") -> str:
    to = "GZ" if sender == "HQ" else "HQ"
    async with sessions.begin() as session:
        draft = TransferDraft(sender, to, (DraftLine("A", units),), actor="buyer")
        no = await Transfers(session).draft(draft)
        await Transfers(session).approve(no, "manager")
    await go_on(sessions, no)
    return no


async def sent(sessions: Sessions, *serials: str) -> str:
    no = await reserved(sessions, len(serials))
    await said(sessions, "shipped", no, Shipped(f"s{no}", "anna", serials={1: serials}))
    await go_on(sessions, no)
    return no


async def came(sessions: Sessions, no: str, *serials: str, **more: Any) -> None:
    line = Arrived(1, len(serials), serials=serials)
    key = f"r{no}{serials}"
    await said(sessions, "received", no, Received(key, "ben", (line,), **more))
    await go_on(sessions, no)


async def decided(
    sessions: Sessions, no: str, decision: Decision, units: int = 1, *serials: str
) -> None:
    [(id,)] = await asked(
        sessions,
        f"SELECT id FROM stock_transfer_difference WHERE transfer_no = '{no}' AND decision = ''"
        " LIMIT 1",
    )
    told = Decided(
        f"d{id}{decision}{serials}", "boss", id, decision, units, "looked", serials=serials
    )
    await said(sessions, "decide", no, told)
    await go_on(sessions, no)


async def test_who_sends_names_the_units_and_they_are_on_the_way(
    sessions: Sessions, network: None
) -> None:
    no = await reserved(sessions)
    for serials, error in (
        ((), SerialsMissing), (("S1", "S2"), SerialsMissing), (("S1", "S2", "S9"), SerialTaken),
        (("S1", "S2", "S2"), InvalidInput),
    ):  # fmt: skip
        with pytest.raises(error):
            await said(sessions, "shipped", no, Shipped("s", "anna", serials={1: serials}))
    told = Shipped("s", "anna", serials={1: ("S1", "S2", "S3")})
    await said(sessions, "shipped", no, told)
    await said(sessions, "shipped", no, told)  # said again it changes nothing
    await go_on(sessions, no)
    assert (await where(sessions))["S1"] == "GZ-transit/good"
    await equal(sessions)

    async with sessions.begin() as session:
        await Transfers(session).take_back(no, "back", "anna", "the lorry broke down")
    await go_on(sessions, no)
    assert set((await where(sessions)).values()) == {"HQ/good"}
    await equal(sessions)
    await said(sessions, "shipped", no, Shipped("s2", "anna", serials={1: ("S2", "S3", "S4")}))
    await go_on(sessions, no)
    await equal(sessions)


async def test_a_missing_unit_stays_on_the_way_and_is_lost_or_found_with_its_difference(
    sessions: Sessions, network: None
) -> None:
    no = await sent(sessions, "S1", "S2", "S3")
    with pytest.raises(SerialsMissing):
        await said(sessions, "received", no, Received("r", "ben", (Arrived(1, 1),)))
    await came(sessions, no, "S1", last=True)
    assert (await where(sessions))["S2"] == "GZ-transit/good"
    await equal(sessions)
    with pytest.raises(SerialsMissing):  # which of the two
        await decided(sessions, no, Decision.LOST)
    with pytest.raises(InvalidInput):
        await decided(sessions, no, Decision.LOST, 1, "S1")
    await decided(sessions, no, Decision.LOST, 1, "S2")
    await equal(sessions)
    await decided(sessions, no, Decision.FOUND_AT_SENDER)
    assert await where(sessions) == {
        "S1": "GZ/good", "S2": "gone", "S3": "HQ/good", "S4": "HQ/good",
    }  # fmt: skip
    await equal(sessions)
    assert (await go_on(sessions, no)).state is TransferState.CLOSED


async def test_a_number_that_was_not_sent_is_over_until_somebody_decides(
    sessions: Sessions, network: None
) -> None:
    await adjusted(sessions, "GZ", 1, "G1")
    no = await sent(sessions, "S1", "S2")
    with pytest.raises(SerialTaken, match="G1 of A lies at GZ"):
        await came(sessions, no, "S1", "G1")
    await came(sessions, no, "S1", "S4")
    facts = await go_on(sessions, no)
    assert (facts.on_the_way, facts.undecided) == (1, 1)
    assert (await where(sessions))["S4"] == "HQ/good"
    await decided(sessions, no, Decision.FROM_SENDER)
    assert (await where(sessions))["S4"] == "GZ/good"
    await equal(sessions)
    line = Arrived(1, 0, 2, damaged_serials=("S2", "S9"))
    await said(sessions, "received", no, Received("r9", "ben", (line,)))
    await go_on(sessions, no)
    assert (await where(sessions))["S2"] == "GZ/damaged"
    await equal(sessions)


async def test_the_ramp_takes_only_the_units_that_were_sent(
    sessions: Sessions, network: None
) -> None:
    no = await sent(sessions, "S1", "S2")
    async with sessions.begin() as session:
        receiving = Receiving(session, "ben")
        receipt = await receiving.open(Opening("GZ", SourceKind.TRANSFER, no))
        scans = [AtTheRamp(f"key-{one}", AT, "A", serial=one) for one in ("S1", "S4", "N1", "S2")]
        row = await receiving.lock(receipt)
        heard = await ReceiptScans(session, row, "ben").hear(scans)
    assert [one.answer for one in heard] == [
        Heard.COUNTED, Heard.SERIAL_NOT_SENT, Heard.SERIAL_NOT_SENT, Heard.COUNTED,
    ]  # fmt: skip
    async with sessions.begin() as session:
        await ReceiptPosting(session, "ben", "r").post(receipt)
    assert (await go_on(sessions, no)).state is TransferState.CLOSED
    assert (await where(sessions))["S2"] == "GZ/good"
    states = await asked(sessions, "SELECT DISTINCT state FROM stock_transfer_serial")
    assert states == [("arrived",)]
    await equal(sessions)


async def test_goods_without_numbers_travel_as_they_always_did(
    sessions: Sessions, network: None
) -> None:
    key = StockKey(Sku("B"), LocationId("HQ"))
    async with sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", "G", "G"), [StockLine(key, 5)])
        no = await Transfers(session).draft(TransferDraft("HQ", "GZ", (DraftLine("B", 5),)))
        await Transfers(session).approve(no, "manager")
    await go_on(sessions, no)
    with pytest.raises(InvalidInput):
        await said(sessions, "shipped", no, Shipped("s", "anna", serials={1: ("S1",)}))
    await said(sessions, "shipped", no, Shipped("s", "anna"))
    await go_on(sessions, no)
    await said(sessions, "received", no, Received("r", "ben", (Arrived(1, 5),)))
    assert (await go_on(sessions, no)).state is TransferState.CLOSED


async def planned(sessions: Sessions, place: str = "HQ") -> str:
    async with sessions.begin() as session:
        plan = CountPlan(place, "skus", TODAY, "boss", ("A",))
        no = await CountPlanning(session).plan(plan)
    assert no is not None
    return no


async def look(sessions: Sessions, no: str, by: str, units: int, *serials: str) -> LineState:
    async with sessions.begin() as session:
        seen = Look(f"{no}{by}{units}", by, "A", units, serials=serials)
        return await CountLooks(session).look(no, seen)


async def test_a_count_says_which_units_are_gone_and_which_turned_up(
    sessions: Sessions, network: None
) -> None:
    await adjusted(sessions, "GZ", 1, "G1")
    no = await planned(sessions)
    assert await look(sessions, no, "anna", 3) is LineState.RECOUNT
    with pytest.raises(SerialsMissing):  # which one is gone, only numbers say
        await look(sessions, no, "ben", 3)
    with pytest.raises(SerialTaken):
        await look(sessions, no, "ben", 3, "S1", "S2", "G1")
    assert await look(sessions, no, "ben", 3, "S1", "S2", "N1") is LineState.AGREED
    for _ in range(2):
        async with sessions.begin() as session:
            assert await CountPosting(session).post(no, "boss") is CountState.POSTED
    assert await where(sessions) == {
        "S1": "HQ/good", "S2": "HQ/good", "N1": "HQ/good", "S3": "gone", "S4": "gone",
        "G1": "GZ/good",
    }  # fmt: skip
    await equal(sessions)


async def test_a_correction_names_its_units(sessions: Sessions, network: None) -> None:
    for units, serials, error in (
        (-2, ("S1",), SerialsMissing), (-1, ("S9",), SerialTaken), (1, ("S1",), SerialTaken),
        (1, (), SerialsMissing),
    ):  # fmt: skip
        with pytest.raises(error):
            await adjusted(sessions, "HQ", units, *serials)
        await equal(sessions)
    await adjusted(sessions, "HQ", -2, "S1", "S2")
    await adjusted(sessions, "GZ", 1, "S2")  # it lay there all the time
    assert await where(sessions) == {
        "S1": "gone", "S2": "GZ/good", "S3": "HQ/good", "S4": "HQ/good",
    }  # fmt: skip
    await equal(sessions)


async def test_a_unit_that_nobody_took_down_is_taken_down_as_it_leaves(
    sessions: Sessions, network: None
) -> None:
    key = StockKey(Sku("A"), LocationId("HQ"))
    async with sessions.begin() as session:
        await StockRepository(session).receive(Document("grn", "O", "O"), [StockLine(key, 1)])
    await sent(sessions, "S1", "OLD")
    assert (await where(sessions))["OLD"] == "GZ-transit/good"
    no = await reserved(sessions, 3)
    told = Shipped("s", "anna", serials={1: ("S2", "S3", "OLDER")})
    with pytest.raises(SerialTaken):
        await said(sessions, "shipped", no, told)


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_moves_as_many_numbers_lie_at_a_place_as_units(
    sessions: Sessions, network: None, seed: int
) -> None:
    chance, made = random.Random(seed), 0

    async def here(place: str, condition: str = "good") -> list[str]:
        lies = f"{place}/{condition}"
        return sorted(one for one, at in (await where(sessions)).items() if at == lies)

    async def correct() -> None:
        nonlocal made
        place = chance.choice(["HQ", "GZ"])
        there = await here(place)
        if there and chance.random() < 0.5:
            gone = chance.sample(there, chance.randint(1, len(there)))
            await adjusted(sessions, place, -len(gone), *gone)
            return
        made += 2
        await adjusted(sessions, place, 2, f"N{made}", f"N{made + 1}")

    async def count() -> None:
        nonlocal made
        place = chance.choice(["HQ", "GZ"])
        there = await here(place)
        if not there:
            return
        made += 1
        seen = chance.sample(there, chance.randint(0, len(there)))
        seen += [f"C{made}"] * chance.randint(0, 1)
        no = await planned(sessions, place)
        broken = await here(place, "damaged")
        for by, condition, numbers in (
            ("anna", "good", seen), ("ben", "good", seen), ("anna", "damaged", broken),
        ):  # fmt: skip
            found = Look(
                f"{no}{by}{condition}", by, "A", len(numbers), "", condition, "own", tuple(numbers)
            )
            with suppress(ActionNotAllowed):  # it agreed at once
                async with sessions.begin() as session:
                    await CountLooks(session).look(no, found)
        async with sessions.begin() as session:
            await CountPosting(session).post(no, "boss")

    async def decide_apart() -> None:
        place = chance.choice(["HQ", "GZ"])
        there = await here(place, "damaged")
        apart = Apart("A", place, "", "damaged")
        act = chance.choice([QuarantineAct.RELEASE, QuarantineAct.WRITE_OFF])
        async with sessions.begin() as session:
            desk = Quarantine(session, "anna")
            free = (await desk.one(apart)).on_hand - (await desk.one(apart)).bound if there else 0
            if free > 0:
                named = tuple(there[:1])
                wish = Wish(apart, act, 1, "looked", serials=named)
                await desk.carry_out(wish, (await desk.plan(wish)).hash)

    async def travel() -> None:
        nonlocal made
        sender = chance.choice(["HQ", "GZ"])
        there = await here(sender)
        if not there:
            return
        units = chance.randint(1, len(there))
        no = await reserved(sessions, units, sender)
        leave = tuple(chance.sample(there, chance.randint(1, units)))
        told = Shipped(f"s{no}", "anna", {1: len(leave)}, serials={1: leave})
        await said(sessions, "shipped", no, told)
        await go_on(sessions, no)
        await equal(sessions)
        made += 1
        arrive = list(chance.sample(leave, chance.randint(0, len(leave))))
        arrive += [f"T{made}"] * chance.randint(0, 1)
        left_behind = [one for one in there if one not in leave]
        arrive += chance.sample(left_behind, min(len(left_behind), chance.randint(0, 1)))
        broken = chance.randint(0, len(arrive))
        line = Arrived(
            1, len(arrive) - broken, broken, serials=tuple(arrive[broken:]),
            damaged_serials=tuple(arrive[:broken]),
        )  # fmt: skip
        await said(sessions, "received", no, Received(f"r{no}", "ben", (line,), last=True))
        await go_on(sessions, no)
        await equal(sessions)
        await settle(no)

    async def settle(no: str) -> None:
        while open_ones := await asked(
            sessions,
            "SELECT d.id, d.kind, array_agg(s.serial ORDER BY s.serial),"
            f" (SELECT from_location FROM stock_transfer WHERE no = '{no}')"
            " FROM stock_transfer_difference d JOIN stock_transfer_serial s"
            " ON s.transfer_no = d.transfer_no AND s.state = CASE d.kind WHEN 'short'"
            " THEN 'on_the_way' ELSE d.kind END"
            f" WHERE d.transfer_no = '{no}' AND d.decision = '' GROUP BY d.id, d.kind",
        ):
            id, kind, serials, sender = chance.choice(open_ones)
            serial = chance.choice(serials)
            decision = chance.choice(list(OFFERED[Difference(kind)]))
            if kind == "over":
                at_home = (await where(sessions)).get(serial) == f"{sender}/good"
                decision = Decision.FROM_SENDER if at_home else Decision.FOUND
            told = Decided(f"d{id}{serial}", "boss", id, decision, 1, "looked", "", (serial,))
            await said(sessions, "decide", no, told)
            await go_on(sessions, no)
            await equal(sessions)

    for _ in range(8):
        await chance.choice([correct, count, travel, travel, decide_apart])()
        await equal(sessions)
