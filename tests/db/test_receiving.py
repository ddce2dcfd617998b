"""Goods receipts in the tables: scanned once, posted once, taken back as a whole."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from db.audit import audit
from db.engine import Sessions
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.receipt_cases import CaseDecision, ReceiptCases
from db.inventory.receipt_posting import Posted, ReceiptPosting
from db.inventory.receipt_scans import Answer, Heard, ReceiptScans, Sent
from db.inventory.receiving import Opening, Receiving
from db.inventory.repository import StockRepository
from db.inventory.ship_notices import Notice, NoticeLine, ShipNotices
from db.scope import limited
from db.sql import run
from domain.inventory.receipt_cases import CaseState
from domain.inventory.receipt_plan import ReceiptPlan
from domain.inventory.receiving import SourceKind, Verdict
from domain.inventory.stock import StockKey
from domain.platform.scopes import Scope
from domain.shared.errors import (
    ActionNotAllowed,
    IdempotencyMismatch,
    InsufficientStock,
    InvalidInput,
    PlanChanged,
    ReceiptPosted,
)
from domain.shared.ids import LocationId, Sku
from runtime.posting import Posting
from tests.api.orders.world import seed_order, seed_shop
from tests.locks import somebody_waits
from tests.purchases import sent_purchase

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def _sent(key: str, code: str, units: int = 1, **told: Any) -> Sent:
    return Sent(f"key-{key}", AT, code, units=units, **told)


async def _open(sessions: Sessions, source: str = "", place: str = "HQ") -> str:
    kind = SourceKind.PURCHASE if source else SourceKind.NONE
    async with sessions.begin() as session:
        return await Receiving(session, "li").open(Opening(place, kind, source))


async def _scan(sessions: Sessions, no: str, *sent: Sent) -> list[Answer]:
    async with sessions.begin() as session:
        row = await Receiving(session).lock(no)
        return await ReceiptScans(session, row, "li").hear(sent)


async def _post(sessions: Sessions, no: str, actor: str = "li", plan: str | None = None) -> Posted:
    async with sessions.begin() as session:
        return await ReceiptPosting(session, actor, f"post-{actor}").post(no, plan)


async def _rows(sessions: Sessions, statement: str, **told: Any) -> list[tuple[Any, ...]]:
    async with sessions.begin() as session:
        return [tuple(row) for row in await run(session, statement, **told)]


async def _stock(sessions: Sessions) -> dict[tuple[str, str, str], int]:
    rows = await _rows(
        sessions, "SELECT sku, lot, condition, on_hand FROM stock_balance WHERE on_hand > 0"
    )
    return {(sku, lot, condition): units for sku, lot, condition, units in rows}


async def _po(sessions: Sessions) -> list[tuple[int, int]]:
    return await _rows(
        sessions, "SELECT line_no, received FROM purchase_order_line ORDER BY line_no"
    )


async def test_a_scan_is_kept_once_and_an_undone_one_does_not_count(sessions: Sessions) -> None:
    no = await _open(sessions, await sent_purchase(sessions))
    first = [
        _sent("a", "A", 3),
        _sent("b", "A", 5),
        _sent("x", "NOPE"),
        _sent("u", "", undoes="key-b"),
    ]

    answers = await _scan(sessions, no, *first)
    again = await _scan(sessions, no, *first)

    assert [one.answer for one in answers] == [
        Heard.COUNTED, Heard.COUNTED, Heard.UNKNOWN, Heard.UNDONE,
    ]  # fmt: skip
    assert again == answers
    assert answers[0].counted == 3
    other = await _open(sessions)
    with pytest.raises(IdempotencyMismatch):
        await _scan(sessions, other, _sent("a", "A"))


async def test_a_serial_number_counts_once_until_it_is_taken_back(sessions: Sessions) -> None:
    no = await _open(sessions, await sent_purchase(sessions))
    answers = await _scan(
        sessions, no, _sent("1", "A", serial="S1"), _sent("2", "A", serial="S1"),
        _sent("3", "", undoes="key-1"),
    )  # fmt: skip
    later = await _scan(sessions, no, _sent("4", "A", serial="S1"))
    assert [x.answer for x in answers] == [Heard.COUNTED, Heard.TWICE, Heard.UNDONE]
    assert later[0].answer is Heard.COUNTED


async def test_what_came_is_in_stock_on_its_order_at_its_cost_and_in_the_books(
    sessions: Sessions,
) -> None:
    order = await sent_purchase(sessions)
    await _rows(sessions, "UPDATE sku SET cost_minor = 200 WHERE code = 'A'")
    earlier = await _open(sessions)
    await _scan(sessions, earlier, _sent("0", "A", 50))
    await _post(sessions, earlier)
    no = await _open(sessions, order)
    assert await _open(sessions, order) == no
    soon = datetime.now(UTC).date() + timedelta(days=200)
    await _scan(
        sessions, no, _sent("1", "A", 100, lot="L1", expires_on=soon, bin="A-01"),
        _sent("2", "A", 15, lot="L2", expires_on=soon), _sent("3", "B", 4),
        _sent("4", "B", 1, verdict=Verdict.REJECTED),
    )  # fmt: skip

    posted = await _post(sessions, no)

    assert dict(posted.plan.sums) == {
        "accepted": 114, "quarantine": 5, "rejected": 1, "missing": 0,
    }  # fmt: skip
    assert await _stock(sessions) == {
        ("A", "", "good"): 50, ("A", "L1", "good"): 100, ("A", "L2", "good"): 10,
        ("A", "L2", "quarantine"): 5, ("B", "", "good"): 4, ("B", "", "damaged"): 1,
    }  # fmt: skip
    assert await _po(sessions) == [(1, 110), (2, 4)]
    # (50 × 2.00 + 115 × 2.50) ÷ 165; B had no cost before
    assert await _rows(sessions, "SELECT code, cost_minor FROM sku ORDER BY code") == [
        ("A", 235), ("B", 90),
    ]  # fmt: skip
    assert await _rows(sessions, "SELECT lot, expires_on FROM lot ORDER BY lot") == [
        ("L1", soon), ("L2", soon),
    ]  # fmt: skip
    assert await _rows(sessions, "SELECT sku, bin FROM stock_bin") == [("A", "A-01")]
    await Posting(sessions).once(100)
    owed = await _rows(
        sessions, "SELECT sum(credit_minor - debit_minor)::bigint FROM voucher_entry"
        " WHERE account = 'goods_received'",
    )  # fmt: skip
    assert owed == [(50 * 200 + 115 * 250 + 5 * 90,)]
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_of_two_people_who_post_one_wins_and_the_other_is_told_who(
    sessions: Sessions,
) -> None:
    no = await _open(sessions, await sent_purchase(sessions))
    await _scan(sessions, no, _sent("1", "A", 10))

    done = await asyncio.gather(
        _post(sessions, no, "li"), _post(sessions, no, "wang"), return_exceptions=True
    )

    refused = [one for one in done if isinstance(one, ReceiptPosted)]
    assert len(refused) == 1
    assert "was posted by" in str(refused[0])
    assert await _stock(sessions) == {("A", "", "good"): 10}
    assert await _po(sessions) == [(1, 10), (2, 0)]


async def test_two_receipts_of_a_sku_at_once_leave_one_average(sessions: Sessions) -> None:
    order = await sent_purchase(sessions)
    first, second = await _open(sessions, order), ""
    await _scan(sessions, first, _sent("1", "A", 10))
    async with sessions.begin() as session:
        await Receiving(session).finish(first)
    second = await _open(sessions, order)
    assert second != first
    await _scan(sessions, second, _sent("2", "A", 30))
    await _rows(sessions, "UPDATE purchase_order_line SET price_minor = 400 WHERE line_no = 1")
    await asyncio.gather(_post(sessions, first), _post(sessions, second, "wang"))
    assert await _rows(sessions, "SELECT cost_minor FROM sku WHERE code = 'A'") == [(400,)]
    assert await _po(sessions) == [(1, 40), (2, 0)]


async def test_a_posting_that_dies_before_its_end_leaves_nothing(sessions: Sessions) -> None:
    no = await _open(sessions, await sent_purchase(sessions))
    await _scan(sessions, no, _sent("1", "A", 10, lot="L1"), _sent("2", "B", 99))
    async with sessions() as session:
        await ReceiptPosting(session, "li", "r").post(no)
        await session.rollback()  # as the server does when its client is gone

    assert await _stock(sessions) == {}
    assert await _po(sessions) == [(1, 0), (2, 0)]
    for table in ("lot", "receipt_case", "goods_receipt_line", "stock_move", "book_fact"):
        assert await _rows(sessions, f"SELECT 1 FROM {table}") == [], table
    await _post(sessions, no)
    assert (await _stock(sessions))[("A", "L1", "good")] == 10


async def test_who_waits_longest_is_served_by_the_posting(sessions: Sessions) -> None:
    await seed_shop(sessions)
    for number, days in (("1", 1), ("2", 2)):
        await seed_order(sessions, number)
        await _rows(
            sessions,
            "INSERT INTO backorder (id, order_id, fulfilment_line_id, workflow_id, sku,"
            " location_id, quantity, paid_at, adopted, state) VALUES (:id, :order_id, :line, :id,"
            " 'A', 'HQ', 2, now() - make_interval(days => :days), false, 'waiting')",
            id=f"b{number}", order_id=f"ord_{number}", line=f"ord_{number}.1/A", days=days,
        )  # fmt: skip
    no = await _open(sessions)
    await _scan(sessions, no, _sent("1", "A", 3))

    posted = await _post(sessions, no)

    assert [fill.backorder_id for fill in posted.fills] == ["b2"]
    told = await _rows(sessions, "SELECT target FROM outbox WHERE name = 'state_changed'")
    assert told == [("b2",)]


async def test_a_plan_that_was_shown_is_what_is_posted(sessions: Sessions) -> None:
    no = await _open(sessions, await sent_purchase(sessions))
    await _scan(sessions, no, _sent("1", "A", 10))
    async with sessions.begin() as session:
        shown = ReceiptPlan(no, (await Receiving(session).picture(no)).found).hash
    await _scan(sessions, no, _sent("2", "A", 1))
    with pytest.raises(PlanChanged):
        await _post(sessions, no, plan=shown)
    assert await _stock(sessions) == {}


async def test_a_lot_with_other_dates_than_the_register_is_kept_apart(sessions: Sessions) -> None:
    await sent_purchase(sessions)
    for key, ends in (("1", date(2035, 1, 1)), ("2", date(2036, 1, 1))):
        no = await _open(sessions)
        await _scan(sessions, no, _sent(key, "A", 5, lot="L1", expires_on=ends))
        await _post(sessions, no)
    assert await _stock(sessions) == {("A", "L1", "good"): 5, ("A", "L1", "quarantine"): 5}
    assert await _rows(sessions, "SELECT expires_on FROM lot") == [(date(2035, 1, 1),)]


async def test_an_empty_receipt_is_not_finished(sessions: Sessions) -> None:
    await sent_purchase(sessions)
    no = await _open(sessions)
    with pytest.raises(InvalidInput):
        async with sessions.begin() as session:
            await Receiving(session).finish(no)


async def test_a_correction_takes_all_of_it_back(sessions: Sessions) -> None:
    order = await sent_purchase(sessions)
    await _rows(sessions, "UPDATE sku SET cost_minor = 200 WHERE code = 'A'")
    no = await _open(sessions, order)
    await _scan(sessions, no, _sent("1", "A", 10), _sent("2", "ZZZ"), _sent("3", "B", 20))
    posted = await _post(sessions, no)
    assert len(posted.cases) == 1  # B: 10 were ordered, 11 are tolerated

    async with sessions.begin() as session:
        await ReceiptPosting(session, "wang", "undo").correct(no, "the wrong lorry")

    assert await _stock(sessions) == {}
    assert await _po(sessions) == [(1, 0), (2, 0)]
    assert await _rows(sessions, "SELECT state FROM receipt_case") == [("withdrawn",)]
    with pytest.raises(ActionNotAllowed):
        async with sessions.begin() as session:
            await ReceiptPosting(session, "wang", "undo2").correct(no, "again")
    await Posting(sessions).once(100)
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_units_that_are_gone_cannot_be_taken_back(sessions: Sessions) -> None:
    no = await _open(sessions, await sent_purchase(sessions))
    await _scan(sessions, no, _sent("1", "A", 10))
    await _post(sessions, no)
    await _rows(sessions, "UPDATE stock_balance SET reserved = 1 WHERE sku = 'A'")
    with pytest.raises(InsufficientStock):
        async with sessions.begin() as session:
            await ReceiptPosting(session, "wang", "undo").correct(no, "the wrong lorry")
    assert await _po(sessions) == [(1, 10), (2, 0)]


@pytest.mark.parametrize(
    ("state", "left", "received"),
    [
        (CaseState.ACCEPTED, {("A", "", "good"): 5}, 5),
        (CaseState.RETURNED, {}, 0),
        (CaseState.REPLACED, {}, 0),
        (CaseState.CREDITED, {}, 0),
        (CaseState.DESTROYED, {}, 0),
    ],
)
async def test_a_case_ends_with_its_goods_where_they_belong(
    state: CaseState, left: dict[tuple[str, str, str], int], received: int, sessions: Sessions
) -> None:
    no = await _open(sessions, await sent_purchase(sessions))
    await _scan(sessions, no, _sent("1", "A", 5, verdict=Verdict.QUARANTINE))
    [case] = (await _post(sessions, no)).cases

    async with sessions.begin() as session:
        await ReceiptCases(session, "li", "r").decide(case, CaseDecision(state, "looked at"))
    with pytest.raises(ActionNotAllowed):
        async with sessions.begin() as session:
            await ReceiptCases(session, "li", "s").decide(case, CaseDecision(state, "again"))

    assert await _stock(sessions) == left
    assert await _po(sessions) == [(1, received), (2, 0)]
    await Posting(sessions).once(100)
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_a_place_sees_its_own_receipts_and_the_average_is_the_companys(
    sessions: Sessions, limited_sessions: Sessions
) -> None:
    await sent_purchase(sessions)
    await _rows(sessions, "UPDATE sku SET cost_minor = 200 WHERE code = 'A'")
    elsewhere = await _open(sessions, place="R1")
    await _scan(sessions, elsewhere, _sent("9", "A", 100))
    await _post(sessions, elsewhere)
    order = (await _rows(sessions, "SELECT no FROM purchase_order"))[0][0]
    at_hq = limited(limited_sessions, Scope(locations=("HQ",)))
    no = await _open(at_hq, order)
    await _scan(at_hq, no, _sent("1", "A", 100))
    await _post(at_hq, no)

    assert await _rows(at_hq, "SELECT no FROM goods_receipt") == [(no,)]
    assert await _rows(sessions, "SELECT cost_minor FROM sku WHERE code = 'A'") == [(225,)]


@pytest.mark.parametrize("act", ["decide", "correct"])
async def test_whoever_changes_an_order_and_its_goods_locks_the_order_first(
    act: str, sessions: Sessions
) -> None:
    order = await sent_purchase(sessions)
    no = await _open(sessions, order)
    verdict = Verdict.QUARANTINE if act == "decide" else Verdict.ACCEPTED
    await _scan(sessions, no, _sent("1", "A", 5, verdict=verdict))
    cases = (await _post(sessions, no)).cases

    async def does() -> None:
        async with sessions.begin() as session:
            if act == "decide":
                accepted = CaseDecision(CaseState.ACCEPTED, "looked at")
                await ReceiptCases(session, "li", "r").decide(cases[0], accepted)
            else:
                await ReceiptPosting(session, "li", "r").correct(no, "the wrong lorry")

    async with sessions.begin() as session:  # as a second receipt of the order is posted
        await PurchaseOrders(session).locked(order)
        acting = asyncio.create_task(does())
        await somebody_waits(sessions)
        keys = [
            StockKey(Sku("A"), LocationId("HQ"), condition=kept) for kept in ("good", "quarantine")
        ]
        await StockRepository(session).hold(keys)
    await acting


async def test_goods_are_accepted_though_others_came_in_their_place(sessions: Sessions) -> None:
    order = await sent_purchase(sessions)
    no = await _open(sessions, order)
    await _scan(sessions, no, _sent("1", "A", 90), _sent("2", "A", 10, verdict=Verdict.QUARANTINE))
    [case] = (await _post(sessions, no)).cases
    replaced = await _open(sessions, order)
    await _scan(sessions, replaced, _sent("3", "A", 15))
    await _post(sessions, replaced)

    async with sessions.begin() as session:
        accepted = CaseDecision(CaseState.ACCEPTED, "it is good")
        await ReceiptCases(session, "li", "r").decide(case, accepted)

    assert await _stock(sessions) == {("A", "", "good"): 115}
    assert await _po(sessions) == [(1, 110), (2, 0)]  # 100 were ordered, 110 are tolerated


async def test_two_who_begin_the_same_order_at_once_count_on_one_receipt(
    sessions: Sessions,
) -> None:
    order = await sent_purchase(sessions)
    async with sessions.begin() as session:
        first = await Receiving(session, "li").open(Opening("HQ", SourceKind.PURCHASE, order))
        second = asyncio.create_task(_open(sessions, order))
        await somebody_waits(sessions)

    assert await second == first


async def test_a_notice_without_an_order_is_received_once(sessions: Sessions) -> None:
    await sent_purchase(sessions)
    said = Notice("X-1", "HQ", date(2026, 3, 1), [NoticeLine("A", 10)], sender="friend")
    async with sessions.begin() as session:
        notice = await ShipNotices(session, "li").announce(said)
    opening = Opening("HQ", notice_no=notice)
    async with sessions.begin() as session:
        first = await Receiving(session, "li").open(opening)
    async with sessions.begin() as session:
        assert await Receiving(session, "wang").open(opening) == first
