"""A SKU whose lots are written down: nothing goes on sale without one, and what lies without one
gets its lot."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio

from db.audit import audit
from db.engine import Sessions
from db.inventory.count_looks import CountLooks, Look
from db.inventory.count_planning import CountPlan, CountPlanning
from db.inventory.lot_naming import LotNaming, NamedLot
from db.inventory.quarantine import Apart, Quarantine, Wish
from db.inventory.receipt_cases import CaseDecision, ReceiptCases
from db.inventory.receipt_posting import ReceiptPosting
from db.inventory.receipt_scans import Heard, ReceiptScans, Sent
from db.inventory.receiving import Opening, Receiving
from db.inventory.repository import StockRepository
from domain.inventory.quarantine import QuarantineAct
from domain.inventory.receipt_cases import CaseState
from domain.inventory.receiving import Verdict
from domain.inventory.stock import Document, StockKey, StockLine
from domain.shared.errors import (
    InsufficientStock,
    InvalidInput,
    LotDiffers,
    LotMissing,
    SerialsMissing,
)
from domain.shared.ids import LocationId, Sku
from tests.api.orders.world import rows, seed_order, seed_shop

NOW = datetime.now(UTC)
ENDS = date(2031, 5, 1)


@pytest_asyncio.fixture(autouse=True)
async def shop(sessions: Sessions) -> None:
    """Five units of A lie in HQ from before its lots were written down."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await rows(sessions, "UPDATE sku SET tracks_lots = false WHERE code = 'A' RETURNING 1")
    async with sessions.begin() as session:
        bare = StockLine(StockKey(Sku("A"), LocationId("HQ")), 5)
        await StockRepository(session).receive(Document("grn", "GRN-0", "grn-0"), [bare])
    await rows(sessions, "UPDATE sku SET tracks_lots = true WHERE code = 'A' RETURNING 1")


async def lies(sessions: Sessions) -> dict[tuple[str, str], int]:
    found = await rows(
        sessions, "SELECT lot, condition, on_hand FROM stock_balance WHERE sku = 'A' AND"
        " location_id = 'HQ' AND on_hand > 0",
    )  # fmt: skip
    return {(lot, condition): units for lot, condition, units in found}


async def at_the_ramp(sessions: Sessions, *scans: dict[str, Any]) -> tuple[str, list[Heard]]:
    async with sessions.begin() as session:
        no = await Receiving(session, "li").open(Opening("HQ"))
        sent = [Sent(f"{no}-{n}", NOW, "A", **told) for n, told in enumerate(scans)]
        heard = await ReceiptScans(session, await Receiving(session).lock(no), "li").hear(sent)
    return no, [one.answer for one in heard]


async def named(sessions: Sessions, document_no: str, units: int, lot: str, **told: Any) -> None:
    async with sessions.begin() as session:
        await LotNaming(session, "li", document_no).name(
            NamedLot(document_no, "A", "HQ", units, lot, **told)
        )


async def test_the_ramp_takes_goods_for_sale_with_their_lot_only(sessions: Sessions) -> None:
    no, heard = await at_the_ramp(
        sessions, {}, {"lot": "L1", "expires_on": ENDS}, {"verdict": Verdict.QUARANTINE, "units": 2}
    )
    assert heard == [Heard.LOT_NEEDED, Heard.COUNTED, Heard.COUNTED]
    async with sessions.begin() as session:
        await ReceiptPosting(session, "li", "post").post(no)
    assert await lies(sessions) == {
        ("", "good"): 5, ("L1", "good"): 1, ("", "quarantine"): 2,
    }  # fmt: skip


async def test_what_came_without_its_lot_is_accepted_with_it(sessions: Sessions) -> None:
    no, _ = await at_the_ramp(sessions, {"verdict": Verdict.QUARANTINE, "units": 2})
    async with sessions.begin() as session:
        await ReceiptPosting(session, "li", "post").post(no)
    [(case_no,)] = await rows(sessions, "SELECT no FROM receipt_case")
    async with sessions.begin() as session:
        assert (await ReceiptCases(session).find(case_no)).lacks_lot
        with pytest.raises(LotMissing):
            await ReceiptCases(session).decide(case_no, CaseDecision(CaseState.ACCEPTED, "fine"))
    async with sessions.begin() as session:
        away = CaseDecision(CaseState.DESTROYED, "wet", lot="L4")
        with pytest.raises(InvalidInput):
            await ReceiptCases(session).decide(case_no, away)
    # The case decides about these units: nobody gives them a lot beside it.
    with pytest.raises(InsufficientStock):
        await named(sessions, "LOT-1", 1, "L4", condition="quarantine")
    async with sessions.begin() as session:
        accepted = CaseDecision(CaseState.ACCEPTED, "fine", lot="L4", expires_on=ENDS)
        await ReceiptCases(session, "li").decide(case_no, accepted)
    assert await lies(sessions) == {("", "good"): 5, ("L4", "good"): 2}
    assert await rows(sessions, "SELECT expires_on FROM lot WHERE lot = 'L4'") == [(ENDS,)]


async def test_units_from_before_get_their_lot_once(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        [found] = await LotNaming(session).listed(10)
        assert (found.sku, found.location, found.condition, found.units) == ("A", "HQ", "good", 5)
    for _ in range(2):  # the button is pressed twice
        await named(sessions, "LOT-1", 3, "L1", expires_on=ENDS)
    assert await lies(sessions) == {("", "good"): 2, ("L1", "good"): 3}
    with pytest.raises(LotDiffers):
        await named(sessions, "LOT-2", 1, "L1", expires_on=date(2031, 6, 1))
    with pytest.raises(InsufficientStock):
        await named(sessions, "LOT-3", 3, "L1")
    await named(sessions, "LOT-4", 2, "L1")
    async with sessions.begin() as session:
        assert await LotNaming(session).listed(10) == []
        assert await audit(session) == []
    told = await rows(sessions, "SELECT count(*) FROM audit_log WHERE action = 'lot.named'")
    assert told == [(2,)]


async def test_only_products_that_ask_for_lots_are_named_so(sessions: Sessions) -> None:
    await rows(sessions, "UPDATE sku SET tracks_lots = false WHERE code = 'A' RETURNING 1")
    with pytest.raises(InvalidInput):
        await named(sessions, "LOT-1", 1, "L1")


async def test_units_with_numbers_are_named_by_them(sessions: Sessions) -> None:
    await rows(sessions, "UPDATE sku SET tracks_serials = true WHERE code = 'A' RETURNING 1")
    with pytest.raises(SerialsMissing):
        await named(sessions, "LOT-1", 2, "L1", serials=("S1",))
    await named(sessions, "LOT-1", 2, "L1", serials=("S1", "S2"))
    found = await rows(sessions, "SELECT serial, lot, location_id FROM serial ORDER BY serial")
    assert found == [("S1", "L1", "HQ"), ("S2", "L1", "HQ")]


async def test_a_count_finds_goods_with_their_lot(sessions: Sessions) -> None:
    await rows(
        sessions, "UPDATE stock_balance SET on_hand = 0 WHERE sku = 'A' RETURNING 1"
    )  # fmt: skip
    async with sessions.begin() as session:
        no = await CountPlanning(session).plan(CountPlan("HQ", "skus", NOW.date(), "boss", ("B",)))
    assert no is not None
    for lot in ("", "L1"):
        async with sessions.begin() as session:
            look = Look(f"look-{lot}", "li", "A", 2, lot)
            if lot:
                await CountLooks(session).look(no, look)
            else:
                with pytest.raises(LotMissing):
                    await CountLooks(session).look(no, look)


async def test_what_is_set_apart_goes_on_sale_with_its_lot_only(sessions: Sessions) -> None:
    apart = StockKey(Sku("A"), LocationId("HQ"), condition="quarantine")
    async with sessions.begin() as session:
        good = StockLine(StockKey(Sku("A"), LocationId("HQ")), 2)
        await StockRepository(session).sort_out(Document("hold", "H-1", "h-1"), good, apart)
    wish = Wish(
        Apart("A", "HQ", "", "quarantine"), QuarantineAct.RELEASE, 2, reason="looked at"
    )  # fmt: skip
    async with sessions.begin() as session:
        plan = await Quarantine(session).plan(wish)
    async with sessions.begin() as session:
        with pytest.raises(LotMissing):
            await Quarantine(session, "li").carry_out(wish, plan.hash)
    await named(sessions, "LOT-1", 2, "L1", condition="quarantine")
    assert await lies(sessions) == {("", "good"): 3, ("L1", "quarantine"): 2}
