"""A transfer at the ramp: its own books move what belongs to it, the receipt the rest."""

from datetime import UTC, datetime
from typing import Any

from db.audit import audit
from db.engine import Sessions
from db.inventory.receipt_cases import CaseDecision, ReceiptCases
from db.inventory.receipt_posting import Posted, ReceiptPosting
from db.inventory.receipt_scans import ReceiptScans, Sent
from db.inventory.receiving import Opening, Receiving
from db.inventory.transfers import Shipped
from db.sql import run
from domain.inventory.receipt_cases import CaseState
from domain.inventory.receiving import SourceKind, Verdict
from tests.activities.inventory.test_transfers import (
    balances,
    drafted,
    go_on,
    network,
    said,
)

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
__all__ = ["network"]


async def _receive(sessions: Sessions, transfer: str, *sent: Sent) -> tuple[str, Posted]:
    async with sessions.begin() as session:
        receiving = Receiving(session, "ben")
        no = await receiving.open(Opening("GZ", SourceKind.TRANSFER, transfer))
        await ReceiptScans(session, await receiving.lock(no), "ben").hear(sent)
    async with sessions.begin() as session:
        return no, await ReceiptPosting(session, "ben", "r").post(no)


def _sent(code: str, units: int, lot: str = "", **told: Any) -> Sent:
    return Sent(f"key-{code}-{lot}-{units}", AT, code, units=units, lot=lot, **told)


async def test_a_transfer_is_received_lot_by_lot_and_its_differences_are_its_own(
    sessions: Sessions, network: None
) -> None:
    no = await drafted(sessions, ("A", 10))
    await go_on(sessions, no)
    await said(sessions, "shipped", no, Shipped("s1", "anna"))
    await go_on(sessions, no)  # six of L1 and four of L2 are on the way

    receipt, posted = await _receive(
        sessions, no, _sent("A", 5, "L1"), _sent("A", 1, "L1", verdict=Verdict.REJECTED),
        _sent("A", 3, "L2"), _sent("B", 2),
    )  # fmt: skip
    facts = await go_on(sessions, no)

    assert (facts.on_the_way, facts.undecided) == (1, 2)  # one is missing, one is broken
    there = {key[1:]: units for key, (units, _) in (await balances(sessions)).items()
             if key[0] == "GZ"}  # fmt: skip
    assert there == {
        ("A", "L1", "good"): 5, ("A", "L1", "damaged"): 1, ("A", "L2", "good"): 3,
        ("B", "", "quarantine"): 2,
    }  # fmt: skip
    assert len(posted.cases) == 1  # of what is no part of the transfer
    async with sessions.begin() as session:
        rows = await run(session, "SELECT told ->> 'receipt_no' AS no FROM stock_transfer_report"
                                  " WHERE kind = 'receive'")  # fmt: skip
        assert [row.no for row in rows] == [receipt]
        assert await audit(session) == []


async def test_broken_goods_that_nobody_sent_are_no_part_of_the_transfer(
    sessions: Sessions, network: None
) -> None:
    no = await drafted(sessions, ("A", 6))
    await go_on(sessions, no)
    await said(sessions, "shipped", no, Shipped("s1", "anna"))
    await go_on(sessions, no)

    _, posted = await _receive(
        sessions, no, _sent("A", 6, "L1"), _sent("B", 2, verdict=Verdict.REJECTED)
    )

    assert (await go_on(sessions, no)).state == "closed"
    assert (await balances(sessions))["GZ", "B", "", "damaged"] == (2, 0)
    assert len(posted.cases) == 1


async def test_a_lot_that_nobody_sent_is_accepted_and_the_transfer_hears_nothing(
    sessions: Sessions, network: None
) -> None:
    no = await drafted(sessions, ("A", 6))
    await go_on(sessions, no)
    await said(sessions, "shipped", no, Shipped("s1", "anna"))
    await go_on(sessions, no)
    _, posted = await _receive(sessions, no, _sent("A", 4, "L1"), _sent("A", 2, "OTHER"))
    await go_on(sessions, no)

    async with sessions.begin() as session:
        accepted = CaseDecision(CaseState.ACCEPTED, "the label was wrong")
        await ReceiptCases(session, "ben", "r").decide(posted.cases[0], accepted)
        reports = await run(session, "SELECT FROM stock_transfer_report WHERE kind = 'receive'")

    assert len(reports) == 1
    assert (await balances(sessions))["GZ", "A", "OTHER", "good"] == (2, 0)
