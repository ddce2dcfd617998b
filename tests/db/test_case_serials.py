"""Cases about goods with serial numbers: who ends one says which units are good, and which gone."""

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from db.audit import audit
from db.engine import Sessions
from db.inventory.receipt_cases import CaseDecision, ReceiptCases
from db.inventory.receipt_posting import ReceiptPosting
from db.inventory.receipt_scans import ReceiptScans, Sent
from db.inventory.receiving import Opening, Receiving
from db.sql import run
from domain.inventory.receipt_cases import CaseState
from domain.inventory.receiving import SourceKind, Verdict
from domain.shared.errors import ActionNotAllowed, InvalidInput, SerialsMissing
from tests.purchases import sent_purchase

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


async def rows(sessions: Sessions, statement: str, **told: Any) -> list[tuple[Any, ...]]:
    async with sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement, **told)]


async def came(sessions: Sessions, **serials: Verdict) -> tuple[str, list[str]]:
    """A receipt of these units, and its cases."""
    order = await sent_purchase(sessions)
    await rows(sessions, "UPDATE sku SET tracks_serials = true WHERE code = 'A' RETURNING 1")
    async with sessions.begin() as session:
        no = await Receiving(session, "li").open(Opening("HQ", SourceKind.PURCHASE, order))
    sent = [Sent(f"key-{no}-{one}", AT, "A", serial=one, verdict=as_)
            for one, as_ in serials.items()]  # fmt: skip
    async with sessions.begin() as session:
        row = await Receiving(session).lock(no)
        await ReceiptScans(session, row, "li").hear(sent)
    async with sessions.begin() as session:
        posted = await ReceiptPosting(session, "li", no).post(no, None)
    return no, list(posted.cases)


async def decide(sessions: Sessions, case: str, state: CaseState, *serials: str) -> None:
    async with sessions.begin() as session:
        decision = CaseDecision(state, "looked at", serials=serials)
        await ReceiptCases(session, "li", f"r-{case}").decide(case, decision)


async def about(sessions: Sessions, case: str) -> tuple[str, int, list[str]]:
    async with sessions.begin() as session:
        row = await ReceiptCases(session).find(case)
        return row.trouble, row.units, list(row.serials)


async def where(sessions: Sessions) -> dict[str, str]:
    told = await rows(
        sessions,
        "SELECT serial, CASE state WHEN 'in_stock' THEN condition ELSE state END AS at FROM serial",
    )
    return {serial: at for serial, at in told}


async def equal(sessions: Sessions) -> None:
    """As many numbers as units in every condition, and the audit says so too."""
    lies = Counter(at for at in (await where(sessions)).values() if at != "gone")
    units = await rows(
        sessions, "SELECT condition, on_hand FROM stock_balance WHERE sku = 'A' AND on_hand > 0"
    )
    assert dict(lies) == dict(units)
    async with sessions.begin() as session:
        assert await audit(session) == []


@pytest.mark.parametrize(
    ("state", "left"),
    [
        (CaseState.ACCEPTED, "good"), (CaseState.RETURNED, "gone"), (CaseState.REPLACED, "gone"),
        (CaseState.CREDITED, "gone"), (CaseState.DESTROYED, "gone"),
    ],
)  # fmt: skip
async def test_a_case_about_all_its_units_needs_nobody_to_scan_them(
    state: CaseState, left: str, sessions: Sessions
) -> None:
    no, [case] = await came(
        sessions, S1=Verdict.ACCEPTED, S2=Verdict.QUARANTINE, S3=Verdict.QUARANTINE
    )
    assert (await about(sessions, case))[1:] == (2, ["S2", "S3"])
    await decide(sessions, case, state)
    assert await where(sessions) == {"S1": "good", "S2": left, "S3": left}
    told = await rows(
        sessions,
        "SELECT what, document_no, reason FROM serial_event WHERE serial = 'S2' ORDER BY at, id",
    )
    what = "corrected" if left == "good" else "written_off"
    assert told == [("received", no, ""), (what, no, "looked at")]
    assert (await about(sessions, case))[2] == []  # it ended
    await equal(sessions)


async def test_of_two_cases_whose_units_are_kept_alike_each_names_its_own(
    sessions: Sessions,
) -> None:
    """100 are open and 10 more tolerated; one was put aside besides."""
    many = {f"S{n:03}": Verdict.ACCEPTED for n in range(1, 131)}
    _, cases = await came(sessions, **many, X1=Verdict.QUARANTINE)
    kept = {(await about(sessions, case))[0]: case for case in cases}
    aside, over = kept["inspection"], kept["over"]
    _, units, waiting = await about(sessions, over)
    assert len(waiting) == units + 1
    await equal(sessions)
    with pytest.raises(SerialsMissing):
        await decide(sessions, aside, CaseState.ACCEPTED)
    with pytest.raises(InvalidInput, match="S001"):  # it is good already
        await decide(sessions, aside, CaseState.ACCEPTED, "S001")
    with pytest.raises(SerialsMissing):
        await decide(sessions, aside, CaseState.ACCEPTED, "X1", waiting[0])
    await decide(sessions, aside, CaseState.RETURNED, "X1")
    await equal(sessions)
    await decide(sessions, over, CaseState.ACCEPTED)
    assert set((await where(sessions)).values()) == {"good", "gone"}
    await equal(sessions)


async def test_a_receipt_whose_case_is_decided_stays_and_a_good_unit_is_not_decided_about(
    sessions: Sessions,
) -> None:
    no, [broken] = await came(sessions, S1=Verdict.REJECTED, S2=Verdict.ACCEPTED)
    with pytest.raises(InvalidInput, match="S2"):
        await decide(sessions, broken, CaseState.RETURNED, "S2")
    await decide(sessions, broken, CaseState.RETURNED, "S1")
    assert await where(sessions) == {"S1": "gone", "S2": "good"}
    with pytest.raises(ActionNotAllowed):
        async with sessions.begin() as session:
            await ReceiptPosting(session, "wang", "undo").correct(no, "the wrong lorry")
    await equal(sessions)


@pytest.mark.parametrize("seed", range(3))
async def test_however_cases_end_as_many_numbers_lie_there_as_units(
    sessions: Sessions, seed: int
) -> None:
    chance = random.Random(seed)
    cases: list[str] = []
    units = {f"S{n}": chance.choice(list(Verdict)) for n in range(9)}
    cases += (await came(sessions, **units))[1]
    chance.shuffle(cases)
    for case in cases:
        trouble, wanted, waiting = await about(sessions, case)
        ends = [CaseState.ACCEPTED, CaseState.CREDITED, CaseState.REPLACED]
        named = chance.sample(waiting, wanted) if trouble != "short" else []
        await decide(sessions, case, chance.choice(ends), *named)
        await equal(sessions)
