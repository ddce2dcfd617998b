"""Approved returns that a courier collects, where the shop's setting says so."""

from datetime import UTC, datetime, timedelta

from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.logistics.repository import record_facts
from db.orders.return_acts import withdraw
from db.sql import run
from domain.logistics.tracking import ParcelStatus, TrackingFact
from domain.orders.returns.model import ReturnReason
from tests.workflows.returning import APPROVE, RESELL, Returns
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.world import Company, company

LABEL = "SELECT state, carrier, return_no <> '' FROM return_label"


async def collecting(shop: Company, *, wanted: bool = True) -> Returns:
    """A delivered order of a shop that has its returns collected by JD Logistics."""
    returns = Returns(shop)
    await returns.delivered()
    async with shop.sessions.begin() as session:
        await run(
            session,
            "INSERT INTO carrier_account (code, name, base_url, secrets, settings, push_secret,"
            " active, priority) VALUES ('jdl', 'JDL', 'http://jdl', '', '{}', '', true, 0)",
        )
        if wanted:
            await run(session, """UPDATE shop SET settings = '{"return_labels": true}'""")
    return returns


async def scanned(shop: Company, status: ParcelStatus) -> None:
    at = datetime.now(UTC) + timedelta(seconds=list(ParcelStatus).index(status))
    async with shop.sessions.begin() as session:
        await record_facts(session, "jdl", [TrackingFact("R1", f"s/{status}", at, status, "1", "")])


async def test_an_approved_return_is_collected_and_its_parcel_known_from_the_first_scan(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await collecting(shop)
        no = await returns.ask(2, ReturnReason.OTHER)
        await shop.until("SELECT judged_at IS NOT NULL FROM sales_return", True)
        assert await shop.row("SELECT count(*)::int FROM return_label") == (0,)
        await returns.decide(no, APPROVE)
        await shop.until(LABEL, "ordered", "jdl", True)
        await returns.is_at("approved")

        await scanned(shop, ParcelStatus.PICKED_UP)
        await returns.is_at("in_transit")
        assert await shop.row("SELECT carrier, waybill_no FROM sales_return") == ("jdl", "R1")
        await scanned(shop, ParcelStatus.DELIVERED)
        await shop.until(LABEL, "arrived", "jdl", True)
        await returns.receive(no, 2)
        await returns.inspect(no, (2, RESELL))
        await returns.is_at("closed", "refunded")
        assert len(shop.outside.sf.returns) == 1
        await shop.adds_up()


async def test_without_the_setting_the_buyer_sends_it_himself(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await collecting(shop, wanted=False)
        await returns.ask(2)
        await returns.is_at("approved")
        assert await shop.row("SELECT count(*)::int FROM return_label") == (0,)


async def test_a_withdrawn_or_expired_return_is_not_collected(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = await collecting(shop)
        no = await returns.ask(1)
        await shop.until(LABEL, "ordered", "jdl", True)
        async with sessions.begin() as session:
            await withdraw(session, no, "keeps it", "kefu")
        await returns.is_at("closed", "withdrawn")
        await shop.until(LABEL, "cancelled", "jdl", True)

        await returns.ask(1)
        await shop.until("SELECT count(*)::int FROM return_label WHERE state = 'ordered'", 1)
        await temporal_env.sleep(timedelta(days=7, hours=1))
        await shop.until("SELECT count(*)::int FROM return_label WHERE state = 'cancelled'", 2)
        await shop.adds_up()


async def test_one_label_is_ordered_though_the_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    loser = LoseAnswer("sales_return.move_on")
    async with company(temporal_env.client, sessions, loser) as shop:
        returns = await collecting(shop)
        await returns.ask(1)
        await shop.until(LABEL, "ordered", "jdl", True)
        assert loser.lost == 1
        assert len(shop.outside.sf.returns) == 1
