"""Purchase orders in the tables: drafted at the supplier's terms, received once a paper."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from db.engine import Sessions
from db.inventory.purchase_drafts import DraftLine, PurchaseDraft
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.purchase_queries import purchase_counts, purchase_list, suppliers
from db.inventory.purchase_story import Decision
from db.sql import run
from domain.inventory.purchasing.acts import PurchaseAction, Wish
from domain.inventory.purchasing.model import PurchaseState
from domain.shared.clock import COMPANY_ZONE
from domain.shared.errors import (
    ActionNotAllowed,
    DomainError,
    IdempotencyMismatch,
    InvalidInput,
    OverReceipt,
    PlanChanged,
    SupplierNotFound,
    UnknownLocation,
    UnknownSku,
)
from tests.clocks import another_day
from tests.purchases import draft_purchase, seed_supplier, sent_purchase


async def test_a_draft_takes_price_and_day_from_the_suppliers_terms(sessions: Sessions) -> None:
    await seed_supplier(sessions)
    no = await draft_purchase(sessions)
    async with sessions.begin() as session:
        one, row = await PurchaseOrders(session).find(no)
        told = await run(session, "SELECT name, target FROM outbox")
    assert [(line.sku, line.ordered, line.price_minor) for line in one.lines] == [
        ("A", 100, 250), ("B", 10, 90),
    ]  # fmt: skip
    assert row.expected_on > datetime.now(COMPANY_ZONE).date() + timedelta(days=6)
    assert (row.state, row.source, row.over_receipt_percent) == ("draft", "hand", 10)
    assert [(one.name, one.target) for one in told] == [("purchase_moved", f"purchase/{no}")]


@pytest.mark.parametrize(
    ("supplier", "location", "line", "refusal"),
    [
        ("nobody", "HQ", DraftLine("A", 1), SupplierNotFound),
        ("acme", "nowhere", DraftLine("A", 1), UnknownLocation),
        ("acme", "HQ", DraftLine("Z", 1), UnknownSku),
        ("acme", "HQ", DraftLine("A", 0), InvalidInput),
        ("acme", "HQ", DraftLine("A", 1, -1), InvalidInput),
        ("acme", "HQ", DraftLine("A", 10**9, 10**12), InvalidInput),
        ("acme", "HQ", None, InvalidInput),
    ],
)
async def test_what_cannot_be_ordered_is_refused_and_nothing_is_written(
    supplier: str,
    location: str,
    line: DraftLine | None,
    refusal: type[DomainError],
    sessions: Sessions,
) -> None:
    await seed_supplier(sessions)
    draft = PurchaseDraft(supplier, location, [line] if line else [])
    with pytest.raises(refusal):
        async with sessions.begin() as session:
            await PurchaseOrders(session).draft(draft)
    async with sessions.begin() as session:
        assert not await run(session, "SELECT FROM purchase_order")


async def test_a_paper_is_received_once_and_not_beyond_the_tolerance(sessions: Sessions) -> None:
    no = await sent_purchase(sessions)
    async with sessions.begin() as session:
        orders = PurchaseOrders(session)
        first = await orders.received(no, {1: 60}, document="GR1", actor="w")
        again = await orders.received(no, {1: 60}, document="GR1", actor="w")
        assert first.state is again.state is PurchaseState.PARTLY_RECEIVED
        assert again.lines[0].received == 60
        with pytest.raises(IdempotencyMismatch):
            await orders.received(no, {1: 61}, document="GR1")
        with pytest.raises(OverReceipt):
            await orders.received(no, {1: 51}, document="GR2")
        full = await orders.received(no, {1: 50, 2: 10}, document="GR2")
        assert full.state is PurchaseState.RECEIVED
    async with sessions.begin() as session:
        sums = await run(
            session, "SELECT l.line_no, l.received, sum(r.units) AS units"
            " FROM purchase_order_line l JOIN purchase_receipt r USING (purchase_no, line_no)"
            " GROUP BY 1, 2 ORDER BY 1",
        )  # fmt: skip
    assert [(row.line_no, row.received, row.units) for row in sums] == [(1, 110, 110), (2, 10, 10)]


async def test_cancelling_and_receiving_at_once_one_of_them_wins(sessions: Sessions) -> None:
    no = await sent_purchase(sessions)

    async def receive() -> str:
        async with sessions.begin() as session:
            return (await PurchaseOrders(session).received(no, {1: 100}, document="GR1")).state

    async def cancel() -> str:
        decision = Decision(Wish(PurchaseAction.CANCEL), reason="not wanted")
        async with sessions.begin() as session:
            return (await PurchaseOrders(session).decide(no, decision)).after.state

    done = await asyncio.gather(receive(), cancel(), return_exceptions=True)
    refused = [one for one in done if isinstance(one, ActionNotAllowed)]
    assert len(refused) == 1
    async with sessions.begin() as session:
        one, _ = await PurchaseOrders(session).find(no)
        receipts = await run(session, "SELECT FROM purchase_receipt")
    assert (one.state, one.received_units, len(receipts)) in (
        (PurchaseState.PARTLY_RECEIVED, 100, 1),
        (PurchaseState.CANCELLED, 0, 0),
    )


async def test_a_plan_that_is_old_is_not_carried_out(sessions: Sessions) -> None:
    no = await sent_purchase(sessions)
    wish = Wish(PurchaseAction.CANCEL)
    async with sessions.begin() as session:
        orders = PurchaseOrders(session)
        shown = (await orders.plan(no, wish)).hash
        await orders.decide(no, Decision(Wish(PurchaseAction.ANSWER), actor="b"))
        with pytest.raises(PlanChanged):
            await orders.decide(no, Decision(wish, shown, "late"))
        with pytest.raises(InvalidInput):  # no reason
            await orders.decide(no, Decision(wish, (await orders.plan(no, wish)).hash))


async def test_a_draft_that_somebody_else_changed_is_not_changed_unseen(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_supplier(sessions)
    no = await draft_purchase(sessions)
    async with web_sessions.begin() as session:
        await PurchaseOrders(session).edit(no, [DraftLine("B", 5, 80)], None, 1, "b")
    with pytest.raises(PlanChanged):
        async with web_sessions.begin() as session:
            await PurchaseOrders(session).edit(no, [DraftLine("A", 5)], None, 1, "c")
    async with sessions.begin() as session:
        one, _ = await PurchaseOrders(session).find(no)
    assert [(line.sku, line.ordered, line.price_minor) for line in one.lines] == [("B", 5, 80)]


async def test_an_answer_of_the_supplier_counts_once(sessions: Sessions) -> None:
    no = await sent_purchase(sessions)
    said = Decision(Wish(PurchaseAction.ANSWER, {1: 40}), reference="S-1", actor="supplier")
    async with sessions.begin() as session:
        assert await PurchaseOrders(session).answered(no, "m1", said) is not None
        assert await PurchaseOrders(session).answered(no, "m1", said) is None
        one, row = await PurchaseOrders(session).find(no)
    assert (one.answer, one.lines[0].acknowledged, row.supplier_ref) == ("partly", 40, "S-1")


async def test_the_database_refuses_what_no_code_should_write(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    no = await sent_purchase(sessions)
    for change in ("received = 201", "cancelled = 101", "acknowledged = 101", "ordered = 0"):
        with pytest.raises(IntegrityError):
            async with owner_sessions.begin() as session:
                await run(
                    session, f"UPDATE purchase_order_line SET {change} WHERE line_no = 1"
                    " AND purchase_no = :no", no=no,
                )  # fmt: skip


async def test_a_warehouse_sees_its_own_purchase_orders(
    sessions: Sessions, limited_sessions: Sessions
) -> None:
    await seed_supplier(sessions)
    no = await draft_purchase(sessions)
    for location, seen in (("HQ", 1), ("R1", 0)):
        async with limited_sessions.begin() as session:
            await run(session, "SELECT set_config('onhand.locations', :at, true)",
                      at=f"{{{location}}}")  # fmt: skip
            for table in ("purchase_order", "purchase_event"):
                assert len(await run(session, f"SELECT FROM {table}")) == seen
            key = "onhand_sees_subject(:subject)"
            rows = await run(session, f"SELECT {key} AS seen", subject=f"purchase/{no}")
            assert rows[0].seen is bool(seen)


async def test_goods_are_late_by_the_clock_of_the_place_that_waits(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    zone, today = another_day()
    no = await sent_purchase(sessions)
    async with owner_sessions.begin() as session:
        await run(session, "UPDATE location SET zone = :zone", zone=zone)
    for day, late in ((today, 0), (today - timedelta(days=1), 1)):
        async with sessions.begin() as session:
            await run(session, "UPDATE purchase_order SET expected_on = :day", day=day)
            assert (await purchase_counts(session))["late"] == late
            assert [row.no for row in await purchase_list(session, "late")] == [no] * late
            assert [row.late for row in await suppliers(session)] == [late]
