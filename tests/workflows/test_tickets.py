"""What was carried out of a store leaves its books; what they do not have, a person settles."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.orders.carrying_out import CarryingOutActivities
from activities.orders.ports import OrderRules
from activities.shared.adapters import Adapters
from activities.shared.late_facts import LateFacts
from db.channels.tables import ChannelSkuRow
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.platform.outbox import queue_signal
from db.shared.lifecycles import open_items, resolve_lost
from db.shared.tickets import Outcome, TicketDesk
from domain.inventory.stock import Document, ReserveStock, StockKey, StockLine
from domain.orders.messages import Accepted, ResolveStep, StateChanged
from domain.orders.work import BookSale
from domain.shared.ids import LocationId, OrderId, Sku
from integrations.marketplaces.pos_ticket import read_ticket
from runtime.handing_over import HandingOver
from tests.people import VAULT
from tests.tills import put_into_store, seed_tills, ticket
from tests.workflows.world import Company, company

IN_STORE = "SELECT sum(on_hand) FROM stock_balance WHERE location_id = 'S1' AND sku = 'A'"


@dataclass
class Tills:
    """A company with stores; what tills tell reaches its workflows as from the relay."""

    company: Company
    desk: TicketDesk
    relay: HandingOver

    async def sell(self, **changes: Any) -> WorkflowHandle[Any, Any]:
        told = read_ticket(ticket(**changes), datetime.now(UTC))
        assert told.ticket, told.problems
        assert await self.desk.take(told.ticket, told.raw) is Outcome.ACCEPTED
        await self.relay.once(100)
        row = await self.company.row(
            "SELECT workflow_id FROM sales_order WHERE external_no = :no", no=told.name
        )
        return self.company.client.get_workflow_handle(row.workflow_id)

    async def short(self) -> None:
        await self.company.parked("carry_out")
        await self.company.until(
            "SELECT status, waits_for FROM sales_order", "on_hold", "hold:stock_count"
        )

    async def decide(self, sale: WorkflowHandle[Any, Any], action: Any, reason: str = "") -> None:
        decision = ResolveStep("carry_out", action, "kefu", reason)
        await sale.execute_update("resolve_step", decision, result_type=Accepted)

    async def settled(self, sale: WorkflowHandle[Any, Any]) -> None:
        assert await sale.result() == "completed"
        assert await self.company.row(
            "SELECT status, waits_for, refund_due_minor FROM sales_order"
        ) == ("completed", "", 0)
        assert await self.company.row(
            "SELECT count(*) FROM attention WHERE resolved_at IS NULL"
        ) == (0,)
        await self.company.adds_up()


@pytest_asyncio.fixture
async def tills(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Tills]:
    async with httpx.AsyncClient() as http:
        adapters = Adapters(sessions, VAULT, http)
        async with company(temporal_env.client, sessions, real=adapters) as running:
            await seed_tills(sessions, VAULT)
            relay = HandingOver(sessions, temporal_env.client, LateFacts(adapters, VAULT))
            yield Tills(running, TicketDesk(sessions, VAULT, "tills"), relay)


async def test_a_sale_leaves_the_books_of_its_store_and_is_over(tills: Tills) -> None:
    await put_into_store(tills.company.sessions, "A", 5)

    sale = await tills.sell(
        payments=[
            {"kind": "cash", "amount_minor": 500},
            {"kind": "wechat", "amount_minor": 1500, "reference": "4200001"},
        ]
    )

    await tills.settled(sale)
    assert await tills.company.row(IN_STORE) == (3,)
    shipment = await tills.company.row(
        "SELECT s.location_id, s.status, s.carrier, sum(l.quantity) FROM shipment s"
        " JOIN shipment_line l ON l.shipment_no = s.no GROUP BY s.no"
    )
    assert shipment == ("S1", "delivered", "", 2)
    assert await tills.company.row("SELECT count(*) FROM parcel") == (0,)
    assert await tills.company.row(
        "SELECT captured_minor, payable_minor, channel_state FROM sales_order"
    ) == (2000, 2000, "paid")
    assert await tills.company.row(
        "SELECT array_agg(kind || ':' || amount_minor ORDER BY line_no) FROM till_payment"
    ) == (["cash:500", "wechat:1500"],)


async def test_the_lots_of_a_store_are_emptied_in_their_order(tills: Tills) -> None:
    for lot, units in (("L2", 5), ("L1", 1)):
        await put_into_store(tills.company.sessions, "A", units, lot, lot)

    await tills.settled(await tills.sell())

    assert await tills.company.row(
        "SELECT array_agg(lot || ':' || on_hand ORDER BY lot) FROM stock_balance"
    ) == (["L1:0", "L2:4"],)


@pytest.mark.parametrize("how", ["receive", "sort_out", "transfer"])
async def test_what_the_books_do_not_have_waits_until_it_came_in(tills: Tills, how: str) -> None:
    await put_into_store(tills.company.sessions, "A", 1)

    sale = await tills.sell()
    await tills.short()
    assert await tills.company.row(IN_STORE) == (0,), "what was there has left at once"
    await tills.company.adds_up()

    here, hq = (StockKey(Sku("A"), LocationId(place)) for place in ("S1", "HQ"))
    came = {"receive": here, "sort_out": replace(here, condition="quarantine"), "transfer": hq}
    line = StockLine(came[how], 4)
    async with tills.company.sessions.begin() as session:
        stock = StockRepository(session)
        await stock.receive(Document("grn", "G2", "G2"), [line])
        if how == "sort_out":
            await stock.sort_out(Document("adjustment", "R2", "R2"), line, here)
        if how == "transfer":
            await stock.transfer(Document("transfer", "T2", "T2"), [line], here.location_id)
    await tills.company.deliver_signals()

    await tills.settled(sale)
    assert await tills.company.row(IN_STORE) == (3,)
    assert await tills.company.row("SELECT count(*), sum(posted_quantity) FROM reservation") == (
        2,
        2,
    )


async def test_a_person_books_the_difference_as_counted(tills: Tills) -> None:
    await put_into_store(tills.company.sessions, "A", 1)
    sale = await tills.sell()
    await tills.short()

    await tills.decide(sale, "done_by_hand", "counted: it was on the shelf")

    await tills.settled(sale)
    assert await tills.company.row(IN_STORE) == (0,)
    counted = await tills.company.row(
        "SELECT sum(quantity) FROM stock_move WHERE verb = 'adjust' AND reason = 'count'"
    )
    assert counted == (1,)


async def test_a_sale_the_count_knew_of_moves_no_stock(tills: Tills) -> None:
    sale = await tills.sell()
    await tills.short()

    await tills.decide(sale, "skip", "counted after the sale")

    await tills.settled(sale)
    assert await tills.company.row("SELECT count(*) FROM stock_move") == (0,)
    assert await tills.company.row("SELECT sum(quantity) FROM shipment_line") == (2,)


async def test_short_sales_of_one_store_are_one_group(tills: Tills) -> None:
    for number, sku in (("1", "A"), ("2", "B")):
        await tills.sell(
            number=number, lines=[{"sku": sku, "quantity": 2, "unit_price_minor": 1000}]
        )
    await tills.company.parked("carry_out", "carry_out")

    groups = "SELECT count(DISTINCT fingerprint), min(code) FROM attention"
    assert await tills.company.row(groups) == (1, "S1")


async def test_trying_again_while_nothing_came_in_waits_again(tills: Tills) -> None:
    sale = await tills.sell()
    await tills.short()
    await tills.decide(sale, "retry")

    await tills.company.until(
        "SELECT count(*), count(*) FILTER (WHERE resolved_at IS NULL) FROM attention", 2, 1
    )
    await tills.short()


async def test_units_promised_to_others_stay_theirs(tills: Tills) -> None:
    await put_into_store(tills.company.sessions, "A", 2)
    line = StockLine(StockKey(Sku("A"), LocationId("S1")), 2)
    async with tills.company.sessions.begin() as session:
        await StockRepository(session).reserve_batch([ReserveStock("r", (line,), "o", "o")])

    sale = await tills.sell()
    await tills.short()
    assert await tills.company.row("SELECT sum(on_hand), sum(reserved) FROM stock_balance") == (
        2,
        2,
    )
    async with tills.company.sessions.begin() as session:
        await StockRepository(session).release("r")
    await tills.decide(sale, "retry")

    await tills.settled(sale)
    assert await tills.company.row(IN_STORE) == (0,)


async def test_our_barcodes_need_no_mapping_and_unknown_articles_hold_only_themselves(
    tills: Tills,
) -> None:
    await put_into_store(tills.company.sessions, "A", 9)
    lines = [
        {"sku": "6901234567892", "quantity": 1, "unit_price_minor": 1000},
        {"sku": "their-own", "quantity": 1, "unit_price_minor": 1000},
    ]

    sale = await tills.sell(lines=lines)
    await tills.company.until(
        "SELECT status, waits_for FROM sales_order", "on_hold", "hold:unmapped_sku"
    )
    await tills.company.until(IN_STORE, 8)
    async with tills.company.sessions.begin() as session:
        session.add(ChannelSkuRow(shop_id="tills", external_sku="their-own", sku="A", factor=6))
        await queue_signal(session, sale.id, "state_changed", StateChanged("mapping"))
    await tills.company.deliver_signals()

    await tills.settled(sale)
    assert await tills.company.row(IN_STORE) == (2,)


async def test_a_sale_booked_twice_after_a_lost_answer_leaves_once(tills: Tills) -> None:
    await put_into_store(tills.company.sessions, "A", 9)
    sale = await tills.sell()
    await sale.result()
    row = await tills.company.row("SELECT id FROM sales_order")
    booking = CarryingOutActivities(tills.company.sessions, OrderRules())

    for how in ("books", "counted", "without_stock"):
        again = await booking.carry_out(BookSale(OrderId(row.id), 0, how))
        assert again.missing == ""

    assert await tills.company.row(IN_STORE) == (7,)
    assert await tills.company.row("SELECT count(*) FROM shipment") == (1,)
    await tills.company.adds_up()


async def test_a_sale_that_never_was_is_cancelled_by_plan(tills: Tills) -> None:
    sale = await tills.sell()
    await tills.short()

    await tills.company.cancel(sale)

    await tills.company.status("cancelled")
    assert await tills.company.row("SELECT refund_due_minor FROM sales_order") == (2000,)
    await tills.company.parked("refund")
    await tills.company.adds_up()


@pytest.mark.parametrize("late", [True, False])
async def test_a_number_told_with_other_content_is_no_second_sale(tills: Tills, late: bool) -> None:
    if late:
        await put_into_store(tills.company.sessions, "A", 9)
    sale = await tills.sell()
    await (sale.result() if late else tills.short())
    other = read_ticket(
        ticket(payments=[{"kind": "card", "amount_minor": 2000}]), datetime.now(UTC)
    )
    assert other.ticket

    for _ in range(2):
        assert await tills.desk.take(other.ticket, other.raw) is Outcome.CONFLICT
        await tills.relay.once(100)

    assert await tills.company.row(
        "SELECT step_id, cause, attempts FROM attention WHERE step_id = 'ticket_conflict'"
    ) == ("ticket_conflict", "TicketConflict", 1)
    assert await tills.company.row("SELECT count(*) FROM sales_order") == (1,)
    assert await tills.company.row("SELECT array_agg(kind) FROM till_payment") == (["cash"],)


async def test_two_contents_are_still_asked_about_when_the_engine_was_lost(tills: Tills) -> None:
    sale = await tills.sell()
    await tills.short()
    other = read_ticket(
        ticket(payments=[{"kind": "card", "amount_minor": 2000}]), datetime.now(UTC)
    )
    assert other.ticket
    await tills.desk.take(other.ticket, other.raw)

    async with tills.company.sessions.begin() as session:
        await resolve_lost(session, await open_items(session, sale.id))

    left = "SELECT array_agg(step_id) FROM attention WHERE resolved_at IS NULL"
    assert await tills.company.row(left) == (["ticket_conflict"],)
