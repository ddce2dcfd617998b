"""Claims against carriers, from the scan that says "lost" to the money in the books."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.logistics.claim_acts import ClaimDecision, decide
from domain.logistics.claims import ClaimKind
from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus
from domain.orders.returns.model import ReturnKind, ReturnReason
from domain.shared.errors import ActionNotAllowed, InvalidInput, PlanChanged
from runtime.posting import Posting
from tests.samples import CAMPAIGN
from tests.workflows.claiming import (
    ACCEPT,
    FILE,
    PAY,
    REFUSE,
    SETTLE_FOUND,
    SUMS,
    TODAY,
    WRITE_OFF,
    Claims,
)
from tests.workflows.returning import APPROVE, Returns
from tests.workflows.test_engine_lost import another_engine, redrive
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.test_worker_dies import Death, told_twice
from tests.workflows.world import Company, company

BOOKS = (
    "SELECT coalesce(sum(e.debit_minor - e.credit_minor), 0)::int FROM voucher_entry e"
    " WHERE account = '{}'"
)

ONE_CLAIM = ("claim.look", "claim.move_on", "claim.remind", "claim.close")


async def booked(shop: Company, account: str) -> int:
    """The balance of an account, when everything is posted."""
    await Posting(shop.sessions).all()
    return int((await shop.row(BOOKS.format(account)))[0])


async def test_a_lost_parcel_is_claimed_by_itself_and_followed_to_the_money(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        claims = Claims(shop)
        await claims.sent()
        await claims.lost()
        await claims.waits("filing")
        row = await shop.row("SELECT kind, origin, goods_minor, freight_minor FROM carrier_claim")
        assert row == ("lost", "tracking", 1400, 1200)
        assert await shop.row("SELECT sku, units, value_minor FROM claim_line") == ("A", 2, 1400)

        await claims.decide(FILE, reference="SF-CLAIM-9")
        await claims.is_at("filed")
        assert await booked(shop, "carrier_claims") == 0  # what is only claimed is no asset
        await claims.decide(ACCEPT)
        await claims.is_at("accepted")
        await claims.waits("money")
        assert await booked(shop, "carrier_claims") == 2600
        await claims.decide(PAY, 1000, reference="BANK-1")
        await shop.until(SUMS, 2600, 2600, 1000, 0)
        await claims.decide(PAY, 1600, reference="BANK-2")
        await claims.is_at("closed", "paid")

        assert await booked(shop, "carrier_claims") == 0
        assert await booked(shop, "carrier_compensation") == -2600
        assert await booked(shop, "bank") == 2600
        await shop.adds_up()


async def test_time_limits_are_warned_of_and_silence_is_reminded_of_louder_and_louder(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        claims = Claims(shop)
        await claims.sent(claim_answer_days=10)
        await claims.lost()
        await claims.waits("filing")
        item = "SELECT cause, attempts FROM attention WHERE step_id = 'claim_late'"
        live = f"{item} AND resolved_at IS NULL"
        await temporal_env.sleep(timedelta(days=23, hours=1))
        await shop.until(live, "ClaimExpiring", 1)
        await temporal_env.sleep(timedelta(days=7))
        await shop.until(live, "ClaimExpired", 2)

        await claims.decide(FILE)
        await claims.is_at("filed")
        await shop.until("SELECT count(*) FROM attention WHERE resolved_at IS NULL"
                         " AND step_id = 'claim_late'", 0)  # fmt: skip
        await temporal_env.sleep(timedelta(days=10, hours=1))
        await shop.until(live, "ClaimWaits", 1)
        await temporal_env.sleep(timedelta(days=15))
        await shop.until(live, "ClaimSilent", 3)


async def test_a_refused_claim_is_filed_again_or_written_off_with_a_reason(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        claims = Claims(shop)
        await claims.sent()
        await claims.lost()
        await claims.decide(FILE, 2000)
        await claims.is_at("filed")
        await claims.decide(ACCEPT)
        await claims.waits("money")
        await claims.decide(REFUSE, reason="packed badly")
        await claims.is_at("refused")
        assert await booked(shop, "carrier_claims") == 0
        await claims.decide(FILE, 2600, reference="APPEAL")
        await claims.is_at("filed")
        await claims.decide(ACCEPT, 600)
        await claims.waits("money")
        await claims.decide(PAY, 600)
        await claims.waits("rest")
        with pytest.raises(InvalidInput):
            await claims.decide(WRITE_OFF, reason="")
        await claims.decide(WRITE_OFF, reason="not worth more letters")
        await claims.is_at("closed", "written_off")
        await shop.until(SUMS, 2600, 600, 600, 2000)

        assert await booked(shop, "carrier_compensation") == -600
        await claims.decide(PAY, 400)  # it came after all
        assert await shop.row(SUMS) == (2600, 1000, 1000, 1600)
        assert await booked(shop, "carrier_compensation") == -1000
        assert await booked(shop, "carrier_claims") == 0
        await shop.adds_up()


async def test_a_parcel_that_turns_up_settles_its_claim_also_one_that_was_paid(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        claims = Claims(shop)
        await claims.sent()
        await claims.lost()
        await claims.decide(FILE)
        await claims.is_at("filed")
        await claims.decide(PAY, 2600)
        await claims.is_at("closed", "paid")

        await claims.scanned(ParcelStatus.DELIVERED)
        await claims.waits("found")
        assert (await shop.row("SELECT status FROM parcel")).status == "delivered"
        await claims.decide(SETTLE_FOUND, 2600, reason="delivered late")
        await claims.is_at("closed", "found")
        assert await shop.row(SUMS) == (2600, 0, 0, 2600)
        assert [await booked(shop, one) for one in ("carrier_claims", "bank")] == [0, 0]
        await shop.adds_up()

        assert await claims.open() == claims.no  # the scan was wrong: the same claim again
        await claims.is_at("opened")
        await shop.until(SUMS, 2600, 0, 0, 0)
        await claims.waits("filing")
        assert await claims.open() is None
        await shop.adds_up()


async def test_a_parcel_found_before_anybody_filed_closes_its_claim_by_itself(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        claims = Claims(shop)
        await claims.sent()
        await claims.lost()
        await claims.scanned(ParcelStatus.DELIVERED)
        await claims.is_at("closed", "found")
        await shop.status("delivered")
        await shop.adds_up()


async def test_damage_told_by_a_scan_is_claimed_though_the_parcel_is_delivered(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        claims = Claims(shop)
        await claims.sent(claim_limit_minor=500, claim_freight=False, claim_basis="sales")
        await claims.scanned(ParcelStatus.EXCEPTION, Incident.DAMAGED)
        await claims.is_at("opened")
        await claims.scanned(ParcelStatus.DELIVERED)
        await shop.status("delivered")
        await claims.waits("filing")
        row = await shop.row("SELECT kind, goods_minor, ceiling_minor, limited_by, claimed_minor"
                             " FROM carrier_claim")  # fmt: skip
        assert row == ("damaged", 2000, 500, "limit", 500)


async def test_an_approved_return_of_what_broke_on_the_way_claims_just_those_units(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        returns = Returns(shop)
        await returns.delivered()
        await returns.ask(1)  # of another reason
        no = await returns.ask(1, ReturnReason.DAMAGED, ReturnKind.REFUND_ONLY)
        await shop.until("SELECT judged_at IS NOT NULL FROM sales_return WHERE reason = 'damaged'",
                         True)  # fmt: skip
        assert (await shop.row("SELECT count(*) AS n FROM carrier_claim")).n == 0
        await returns.decide(no, APPROVE)
        await shop.until("SELECT status, kind, origin, return_no FROM carrier_claim",
                         "opened", "damaged", "return", no)  # fmt: skip
        assert await shop.row("SELECT units, value_minor FROM claim_line") == (1, 1000)
        await shop.adds_up()


async def test_only_parcels_that_left_are_claimed_and_each_once(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        claims = Claims(shop)
        await claims.sent()
        claims.no = await claims.open(ClaimKind.DAMAGED) or ""
        await claims.scanned(ParcelStatus.LOST, Incident.LOST)
        assert (await shop.row("SELECT count(*) AS n FROM carrier_claim")).n == 1
        stale = await claims.plan(FILE)
        await claims.decide(FILE)
        with pytest.raises(ActionNotAllowed):
            await claims.decide(PAY, 2601)
        told = ClaimDecision(FILE, 0, None, "X", "")
        async with sessions.begin() as session:
            with pytest.raises(PlanChanged):
                await decide(session, claims.no, told, stale.hash, "kefu", "again", TODAY)


@pytest.mark.parametrize("activity_type", ONE_CLAIM)
async def test_a_claim_ends_the_same_whatever_answer_is_lost(
    temporal_env: WorkflowEnvironment, sessions: Sessions, activity_type: str
) -> None:
    loser = LoseAnswer(activity_type)
    async with company(temporal_env.client, sessions, loser) as shop:
        await _a_whole_life(temporal_env, shop)
        assert loser.lost == 1
        reminded = "SELECT count(*)::int FROM order_event WHERE kind = 'claim_late'"
        assert await shop.row(reminded) == (1,)


@CAMPAIGN
async def test_a_claim_ends_the_same_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    death = Death()
    async with company(temporal_env.client, sessions, death) as shop:
        shop.patience = 1200
        await _a_whole_life(temporal_env, shop)
        names = {"claim.look", "claim.move_on", "claim.remind", "claim.close"}
        assert set(death.after) >= names


async def _a_whole_life(env: WorkflowEnvironment, shop: Company) -> None:
    claims = Claims(shop)
    await claims.sent()
    await claims.lost()
    await claims.waits("filing")
    await env.sleep(timedelta(days=24))
    await shop.until("SELECT reminders FROM carrier_claim", 1)
    await claims.decide(FILE)
    await claims.is_at("filed")
    await claims.decide(ACCEPT)
    await claims.waits("money")
    await claims.decide(PAY, 2600)
    await claims.is_at("closed", "paid")
    assert await booked(shop, "carrier_claims") == 0
    assert await told_twice(shop) == []
    await shop.adds_up()


async def test_a_claim_the_engine_forgot_goes_on_from_the_tables(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with company(temporal_env.client, sessions) as shop:
        claims = Claims(shop)
        await claims.sent()
        await claims.lost()
        await claims.waits("filing")
    await claims.decide(FILE)
    async with sessions.begin() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE outbox SET sent_at = now() WHERE sent_at IS NULL")
    async with (
        await another_engine() as env,
        company(env.client, sessions, real=shop.outside) as shop,
    ):
        claims.shop = shop
        assert (await redrive(shop)).started >= 1
        await claims.is_at("filed")
        await shop.adds_up()
