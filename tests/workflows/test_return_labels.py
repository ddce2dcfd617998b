"""Goods on their way back: one return label, tracked to our door, void when they stay."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.logistics.repository import record_facts
from db.logistics.return_labels import cancel_label, want_label
from db.orders.words import of_label
from domain.logistics.tracking import ParcelStatus, TrackingFact
from domain.shared.errors import ActionNotAllowed, AnswerLost, Rejected
from tests.people import hide_receiver, said
from tests.workflows.world import NOW, Company, company, own_order

STATE = "SELECT state FROM return_label"


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        yield shop


async def delivered(shop: Company) -> str:
    """An order that arrived; its number."""
    await shop.hear(own_order("1"))
    no = await shop.first_shipment()
    await shop.ship(no)
    await shop.deliver(no)
    await shop.until(f"SELECT status FROM shipment WHERE no = '{no}'", "delivered")
    return str((await shop.row("SELECT no FROM sales_order")).no)


async def want(shop: Company, order_no: str) -> str:
    async with shop.sessions.begin() as session:
        return await want_label(session, order_no, ["sf"], reason="too small", by="kefu")


async def scanned(shop: Company, status: ParcelStatus) -> None:
    fact = TrackingFact("R1", f"sf/{status}", NOW, status, "1", "here")
    async with shop.sessions.begin() as session:
        assert (await record_facts(session, "sf", [fact])).unknown == ()


async def test_the_label_is_ordered_with_the_consumer_as_sender_and_followed_home(
    shop: Company,
) -> None:
    no = await want(shop, await delivered(shop))
    await shop.until(STATE, "ordered")

    (request,) = shop.outside.sf.returns.values()
    assert request.order_ref == no
    assert (request.sender.name, request.sender.address.city) == ("王小明", "杭州市")
    assert [(item.name, item.quantity) for item in request.cargo] == [("SKU A", 2)]
    assert await shop.row("SELECT waybill_no FROM return_label") == ("R1",)
    await scanned(shop, ParcelStatus.IN_TRANSIT)
    await shop.until("SELECT status FROM return_label", "in_transit")
    (label,) = await shop.row("SELECT no FROM return_label")
    assert await said(shop.sessions, of_label(label)) == {"told": "here"}
    with pytest.raises(ActionNotAllowed):
        async with shop.sessions.begin() as session:
            await cancel_label(session, no.split("-B")[0], no)
    await scanned(shop, ParcelStatus.DELIVERED)
    await shop.until(STATE, "arrived")


async def test_after_a_lost_answer_there_is_one_label(shop: Company) -> None:
    shop.outside.sf.lost_returns.append(AnswerLost("no answer"))
    await want(shop, await delivered(shop))
    await shop.until(STATE, "ordered")

    assert len(shop.outside.sf.returns) == 1


async def test_a_label_that_is_not_needed_is_void_and_another_may_follow(shop: Company) -> None:
    order_no = await delivered(shop)
    no = await want(shop, order_no)
    await shop.until(STATE, "ordered")
    with pytest.raises(ActionNotAllowed):
        await want(shop, order_no)

    async with shop.sessions.begin() as session:
        await cancel_label(session, order_no, no)
    await shop.until(STATE, "cancelled")

    assert shop.outside.sf.cancelled == ["R1"]
    assert await want(shop, order_no) == f"{order_no}-B2"


async def test_a_refused_label_that_is_cancelled_waits_for_nobody(shop: Company) -> None:
    shop.outside.sf.refused_returns.append(Rejected("we do not go there", code="8119"))
    order_no = await delivered(shop)
    no = await want(shop, order_no)
    await shop.until("SELECT step_id FROM attention WHERE resolved_at IS NULL", "return_label")

    async with shop.sessions.begin() as session:
        await cancel_label(session, order_no, no)
    await shop.until(STATE, "cancelled")

    assert await shop.row("SELECT count(*) FROM attention WHERE resolved_at IS NULL") == (0,)
    assert shop.outside.sf.cancelled == []  # nothing was made


async def test_a_cancellation_while_the_carrier_makes_the_label_is_not_forgotten(
    shop: Company,
) -> None:
    order_no = await delivered(shop)
    async with shop.sessions.begin() as session:
        no = await want_label(session, order_no, ["sf"], reason="too small", by="kefu")
    async with shop.sessions.begin() as session:
        await cancel_label(session, order_no, no)  # and the carrier answers before it is committed
        await shop.deliver_signals()
        await shop.until(
            "SELECT count(*) > 0 FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()", True,
        )  # fmt: skip
    await shop.until(STATE, "cancelled")

    assert shop.outside.sf.cancelled == ["R1"]


async def test_a_silent_parcel_is_asked_about(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    await want(shop, await delivered(shop))
    await shop.until(STATE, "ordered")
    shop.outside.sf.scans = (
        TrackingFact("R1", "sf/9", NOW, ParcelStatus.DELIVERED, "80", "signed"),
    )

    await temporal_env.sleep(timedelta(hours=25))
    await shop.until(STATE, "arrived")


async def test_what_cannot_come_back_with_us_is_refused(shop: Company) -> None:
    await shop.hear(own_order("1"))
    await shop.first_shipment()
    order_no = str((await shop.row("SELECT no FROM sales_order")).no)
    with pytest.raises(ActionNotAllowed, match="nothing of this order"):
        await want(shop, order_no)


async def test_whom_only_the_platform_knows_returns_there(shop: Company) -> None:
    order_no = await delivered(shop)
    async with shop.sessions.begin() as session:
        with pytest.raises(ActionNotAllowed, match="no carrier"):
            await want_label(session, order_no, ["jdl"], reason="x", by="kefu")
    await hide_receiver(shop.sessions, "oaid-1")

    with pytest.raises(ActionNotAllowed, match="only the platform"):
        await want(shop, order_no)

    assert await shop.row("SELECT count(*) FROM return_label") == (0,)
