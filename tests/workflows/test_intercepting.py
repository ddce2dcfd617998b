"""Cancelling what is on its way: asked back from the carrier, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.logistics.repository import record_facts
from domain.logistics.tracking import ParcelStatus, TrackingFact
from domain.orders.messages import Accepted, ResolveStep
from domain.orders.returns.model import Disposition
from domain.shared.errors import AnswerLost, NotOffered, Rejected
from tests.samples import CAMPAIGN
from tests.workflows.returning import SETTLE, Returns
from tests.workflows.test_engine_lost import another_engine, redrive
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.test_refunds import opened, paid
from tests.workflows.test_worker_dies import Death, told_twice
from tests.workflows.world import Company, company, own_order

INTERCEPT = "SELECT state FROM intercept"
RETURN = "SELECT kind, reason, status FROM sales_return"

ASKED_BACK = ("intercept.look", "intercept.ask", "order.carry_out_cancellation")


async def sent(shop: Company, channel: str = "own") -> WorkflowHandle[Any, Any]:
    """An order of two units is on its way, in one parcel."""
    await opened(shop)
    order = await shop.hear(own_order("1"), channel)
    no = await shop.first_shipment()
    await paid(shop, 2000)
    await shop.ship(no)
    await shop.status("shipped")
    return order


async def scanned(shop: Company, status: ParcelStatus) -> None:
    row = await shop.row("SELECT waybill_no FROM parcel")
    at = datetime.now(UTC) + timedelta(seconds=list(ParcelStatus).index(status))
    fact = TrackingFact(row.waybill_no, f"s/{status}", at, status, "1", "told")
    async with shop.sessions.begin() as session:
        await record_facts(session, "sf", [fact])


async def decide(shop: Company, action: str) -> None:
    """A person decides about the parked step."""
    row = await shop.row("SELECT workflow_id FROM attention WHERE step_id = 'intercept'"
                         " AND resolved_at IS NULL")  # fmt: skip
    decision = ResolveStep("intercept", action, "kefu", "by telephone")  # type: ignore[arg-type]
    handle = shop.client.get_workflow_handle(row.workflow_id)
    await handle.execute_update("resolve_step", decision, result_type=Accepted)


async def test_a_parcel_on_its_way_is_asked_back_once_and_its_goods_are_a_return(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        order = await sent(shop)
        await shop.cancel(order, intercept=True)
        await shop.until(INTERCEPT, "asked")
        (request,) = shop.outside.sf.intercepted
        row = await shop.row("SELECT p.id, p.waybill_no, i.carrier_ref FROM parcel p"
                             " JOIN intercept i ON i.parcel_id = p.id")  # fmt: skip
        assert (request.ref, request.waybill_no) == (row.id, row.waybill_no)
        assert (request.sender.name, row.carrier_ref) == ("仓库", f"I-{row.id}")
        money = "SELECT refunded_minor, refund_due_minor, returning_minor FROM sales_order"
        assert await shop.row(money) == (0, 0, 0)  # the refund waits for the goods

        await scanned(shop, ParcelStatus.RETURNING)
        await scanned(shop, ParcelStatus.RETURNED)
        await shop.until(INTERCEPT, "came_back")
        await shop.until(RETURN, "came_back", "returned_to_sender", "in_transit")
        returns = await Returns.of(shop)
        no = (await shop.row("SELECT return_no FROM sales_return")).return_no
        await returns.receive(no, 2)
        await returns.inspect(no, (2, Disposition.RESELL))
        waits = (await shop.row("SELECT waits_for FROM sales_return")).waits_for
        if waits == "settlement":
            await returns.decide(no, SETTLE)
        await returns.is_at("closed", "refunded")
        await shop.until(money, 2000, 0, 0)
        await shop.adds_up()


async def test_where_no_call_is_documented_a_person_asks_the_carrier(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        shop.outside.sf.refused_intercepts.append(NotOffered("no", code="x", system="sf"))
        order = await sent(shop)
        await shop.cancel(order, intercept=True)
        await shop.parked("intercept")
        cause = await shop.row("SELECT cause, order_id <> '' AS shown FROM attention")
        assert cause == ("NotOffered", True)
        await decide(shop, "done_by_hand")
        await shop.until(INTERCEPT, "asked")
        await scanned(shop, ParcelStatus.RETURNED)
        await shop.until(INTERCEPT, "came_back")
        assert shop.outside.sf.intercepted == []
        await shop.adds_up()


async def test_a_refused_intercept_is_tried_again_or_left_out(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        refusal = Rejected("not now", code="8252", system="sf")
        shop.outside.sf.refused_intercepts += [refusal, refusal]
        order = await sent(shop)
        await shop.cancel(order, intercept=True)
        await shop.parked("intercept")
        await decide(shop, "retry")
        await shop.until("SELECT count(*) FROM attention WHERE step_id = 'intercept'", 2)
        await shop.parked("intercept")
        await decide(shop, "skip")
        await shop.until(INTERCEPT, "given_up")
        await shop.parked()

        await shop.cancel(order, intercept=True)  # and asked back after all
        await shop.until(INTERCEPT, "asked")
        assert len(shop.outside.sf.intercepted) == 1


async def test_an_intercept_that_comes_too_late_leaves_an_ordinary_return(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        order = await sent(shop)
        await shop.cancel(order, intercept=True)
        await shop.until(INTERCEPT, "asked")
        await scanned(shop, ParcelStatus.DELIVERED)
        await shop.until(INTERCEPT, "too_late")
        await shop.until(RETURN, "return", "changed_mind", "approved")
        await shop.status("delivered")
        await shop.adds_up()


async def test_a_delivery_ends_the_wait_for_a_person(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        shop.outside.sf.refused_intercepts.append(Rejected("no", code="1", system="sf"))
        order = await sent(shop)
        await shop.cancel(order, intercept=True)
        await shop.parked("intercept")
        await scanned(shop, ParcelStatus.DELIVERED)
        await shop.until(INTERCEPT, "too_late")
        await shop.parked()


async def test_what_has_not_left_is_cancelled_and_the_rest_asked_back(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        await opened(shop)
        lines = [
            {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": 2, "payable": "20.00"},
            {"line_no": "2", "sku": "X-B", "title": "Pot", "quantity": 1, "payable": "9.00"},
        ]
        await shop.receive("A", 5, "GRN-A")
        order = await shop.hear(own_order("1", lines=lines))
        await shop.status("backordered")
        await paid(shop, 2900)
        await shop.receive("B", 1, "GRN-B")
        await shop.until("SELECT count(*)::int FROM shipment", 2)
        row = await shop.row("SELECT shipment_no AS no FROM shipment_line WHERE sku = 'A'")
        no = row.no
        await shop.ship(no)
        await shop.shipment_is(no, "handed_over")
        await shop.cancel(order, intercept=True)
        await shop.until(INTERCEPT, "asked")
        await shop.until("SELECT array_agg(cancelled ORDER BY line_no) FROM order_line",
                         [False, True])  # fmt: skip
        await shop.until("SELECT refunded_minor FROM sales_order", 900)
        await shop.adds_up()


@pytest.mark.parametrize("activity_type", ASKED_BACK)
async def test_a_parcel_is_asked_back_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        await _there_and_back(shop)
        assert loser.lost == 1
        assert len(shop.outside.sf.intercepted) == 1


async def test_the_carriers_lost_answer_is_asked_for_under_the_same_reference(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        order = await sent(shop)
        shop.outside.sf.lost.append(AnswerLost("no answer", system="sf"))
        await shop.cancel(order, intercept=True)
        await shop.until(INTERCEPT, "asked")
        assert len({request.ref for request in shop.outside.sf.intercepted}) == 1


@CAMPAIGN
async def test_a_parcel_is_asked_back_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    death = Death()
    async with company(temporal_env.client, sessions, death) as shop:
        shop.patience = 1200
        await _there_and_back(shop)
        assert set(death.after) >= {"intercept.look", "intercept.ask"}


async def _there_and_back(shop: Company) -> None:
    order = await sent(shop)
    await shop.cancel(order, intercept=True)
    await shop.until(INTERCEPT, "asked")
    await scanned(shop, ParcelStatus.RETURNED)
    await shop.until(INTERCEPT, "came_back")
    await shop.until("SELECT count(*)::int FROM sales_return", 1)
    assert await told_twice(shop) == []
    await shop.adds_up()


async def test_an_intercept_the_engine_forgot_goes_on_from_the_tables(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        order = await sent(shop)
        await shop.cancel(order, intercept=True)
        await shop.until(INTERCEPT, "asked")
    await scanned(shop, ParcelStatus.RETURNED)
    async with sessions.begin() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE outbox SET sent_at = now() WHERE sent_at IS NULL")
    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        assert (await redrive(shop)).started >= 1
        await shop.until(INTERCEPT, "came_back")
