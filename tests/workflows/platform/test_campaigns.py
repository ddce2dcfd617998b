"""One decision for many stuck steps: a few first, then at a rate; each is decided once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.platform.campaigns import CampaignRepository, NewCampaign
from db.sql import run
from domain.platform.campaigns import Chosen, Pace
from domain.shared.errors import Rejected
from domain.shared.ids import campaign_workflow_id
from tests.samples import first_of
from tests.workflows.test_worker_dies import Death
from tests.workflows.world import Company, company, own_order

REFUSED = "no such product"
COUNTS = "SELECT state, count(*) AS n FROM campaign_item GROUP BY state ORDER BY state"
STATE = "SELECT state FROM campaign"


@asynccontextmanager
async def stuck(
    temporal_env: WorkflowEnvironment, sessions: Sessions, orders: int, *deaths: Death
) -> AsyncIterator[Company]:
    """So many orders whose labels the carrier refused."""
    async with company(temporal_env.client, sessions, *deaths) as shop:
        shop.patience = 1200
        await shop.seed(stock=100)
        shop.outside.sf.failures += [Rejected(REFUSED, code="8057") for _ in range(orders)]
        for number in range(orders):
            await shop.hear(own_order(str(number)))
        await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", orders)
        async with sessions.begin() as session:
            rows = await run(session, "SELECT no FROM shipment ORDER BY no")
        for row in rows:
            await shop.pick(row.no)
            await shop.pack(row.no)
        await shop.until("SELECT count(*) FROM attention WHERE resolved_at IS NULL", orders)
        yield shop


async def begin(shop: Company, pace: Pace, action: str = "retry", reason: str = "") -> str:
    async with shop.sessions.begin() as session:
        rows = await run(session, "SELECT DISTINCT system FROM attention")
    wanted = NewCampaign(Chosen(), action, reason, {}, pace, tuple(row.system for row in rows))
    async with shop.sessions.begin() as session:
        campaign_id, _ = await CampaignRepository(session).begin(wanted, "admin")
    await shop.deliver_signals()
    return campaign_id


async def over(shop: Company, campaign_id: str) -> None:
    await asyncio.wait_for(
        shop.client.get_workflow_handle(campaign_workflow_id(campaign_id)).result(), 120
    )


async def counts(shop: Company) -> dict[str, int]:
    async with shop.sessions.begin() as session:
        return {row.state: row.n for row in await run(session, COUNTS)}


async def test_what_is_mended_goes_on_for_all_of_them(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with stuck(temporal_env, sessions, 8) as shop:
        campaign_id = await begin(shop, Pace(canary=2, rate_per_minute=60))

        await over(shop, campaign_id)

        assert await counts(shop) == {"went_on": 8}
        assert await shop.row(STATE) == ("finished",)
        assert len(shop.outside.sf.waybills) == 8
        assert await shop.row("SELECT count(*) FROM attention WHERE outcome = 'went_on'") == (8,)
        assert await shop.row(
            "SELECT count(*), count(DISTINCT request_id), max(actor) FROM audit_log"
            " WHERE action = 'step.retry'"
        ) == (8, 8, "admin")
        await shop.adds_up()


async def test_a_decision_that_does_not_help_the_first_few_is_kept_from_the_rest(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with stuck(temporal_env, sessions, 6) as shop:
        shop.outside.sf.failures += [Rejected(REFUSED, code="8057") for _ in range(6)]
        campaign_id = await begin(shop, Pace(canary=2, rate_per_minute=600))

        await over(shop, campaign_id)

        assert await counts(shop) == {"parked_again": 2, "left": 4}
        assert await shop.row("SELECT state, stopped_because FROM campaign") == (
            "stopped",
            "canary",
        )
        assert await shop.row("SELECT max(detail) FROM campaign_item") == ("Rejected",)
        assert await shop.row("SELECT count(*) FROM attention WHERE resolved_at IS NULL") == (6,)
        async with shop.sessions.begin() as session:
            assert len(await CampaignRepository(session).failed(campaign_id)) == 6


async def test_a_step_that_somebody_else_saw_to_is_left_alone(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with stuck(temporal_env, sessions, 3) as shop:
        async with shop.sessions.begin() as session:
            await run(
                session,
                "UPDATE attention SET resolved_at = now(), resolved_by = 'Lucy',"
                " resolution = 'retry' WHERE id = (SELECT min(id) FROM attention)"
                " RETURNING id",
            )
            first = (await run(session, "SELECT min(id) AS id FROM attention"))[0].id
            await run(session, "UPDATE attention SET resolved_at = NULL WHERE id = :id", id=first)
        campaign_id = await begin(shop, Pace(canary=0, rate_per_minute=600))
        async with shop.sessions.begin() as session:
            await run(session, "UPDATE attention SET resolved_at = now() WHERE id = :id", id=first)

        await over(shop, campaign_id)

        assert await counts(shop) == {"went_on": 2, "gone": 1}
        assert len(shop.outside.sf.waybills) == 2


async def test_a_paused_campaign_takes_no_more_until_it_is_resumed_and_a_stopped_one_none(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with stuck(temporal_env, sessions, 6) as shop:
        campaign_id = await begin(shop, Pace(canary=2, rate_per_minute=1))
        await shop.until("SELECT count(*) FROM campaign_item WHERE state = 'decided'", 2)
        async with sessions.begin() as session:
            await CampaignRepository(session).pause(campaign_id, "admin")
        await shop.deliver_signals()
        await shop.until("SELECT count(*) FROM attention WHERE outcome = 'went_on'", 2)
        await temporal_env.sleep(3600)
        assert await shop.row("SELECT count(*) FROM campaign_item WHERE state = 'waiting'") == (4,)

        async with sessions.begin() as session:
            await CampaignRepository(session).resume(campaign_id, "admin")
        await shop.deliver_signals()
        for _ in range(13):  # a call that skips less is answered on a busy machine too
            await temporal_env.sleep(10)
        await shop.until("SELECT count(*) > 2 FROM attention WHERE outcome = 'went_on'", True)
        async with sessions.begin() as session:
            await CampaignRepository(session).stop(campaign_id, "admin")
        await shop.deliver_signals()
        await over(shop, campaign_id)

        found = await counts(shop)
        assert found["went_on"] + found["left"] == 6
        assert 2 < found["went_on"] < 6
        assert await shop.row("SELECT stopped_because, changed_by FROM campaign") == (
            "by_hand",
            "admin",
        )


@pytest.mark.parametrize("again", first_of([False, True]))
async def test_each_is_decided_once_though_the_worker_dies_after_every_activity(
    temporal_env: WorkflowEnvironment, sessions: Sessions, *, again: bool
) -> None:
    death = Death()
    async with stuck(temporal_env, sessions, 4, death) as shop:
        shop.outside.sf.failures += [Rejected(REFUSED, code="8057")] * (4 if again else 0)
        creates = shop.outside.sf.creates
        campaign_id = await begin(shop, Pace(canary=2, stop_percent=100, rate_per_minute=600))

        await over(shop, campaign_id)

        assert {"campaign.advance", "campaign.decide"} <= set(death.after)
        assert await counts(shop) == {"parked_again" if again else "went_on": 4}
        assert shop.outside.sf.creates - creates == 4
        assert len(shop.outside.sf.waybills) == (0 if again else 4)
        assert await shop.row(
            "SELECT count(*), count(DISTINCT request_id) FROM audit_log WHERE action = 'step.retry'"
        ) == (4, 4)
