"""A whole order through an engine that can read nothing of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from db.engine import Sessions
from db.vault import Vault
from domain.shared.errors import Rejected
from runtime.embedded import executable
from runtime.temporal import plugin
from tests.people import VAULT
from tests.workflows.world import Company, company, own_order
from worker import WORKFLOWS

CANARY = "canary-in-an-answer"
OTHER = Vault(bytes(range(32)), older=[bytes(32)])


@pytest_asyncio.fixture
async def shop(sessions: Sessions) -> AsyncIterator[Company]:
    async with (
        await WorkflowEnvironment.start_time_skipping(
            plugins=[plugin(VAULT)],
            test_server_existing_path=executable("temporal-test-server"),
        ) as env,
        company(env.client, sessions) as running,
    ):
        await running.seed()
        yield running


async def test_histories_of_a_refused_and_delivered_order_say_nothing_and_replay(
    shop: Company,
) -> None:
    shop.outside.sf.failures.append(Rejected(CANARY, code="8057"))
    order = await shop.hear(own_order("1001"))
    no = await shop.first_shipment()
    await shop.pick(no)
    await shop.pack(no)
    await shop.until("SELECT count(*) FROM attention WHERE step_id = 'label'", 1)

    handles = (order, shop.shipment(no))
    histories = [await handle.fetch_history() for handle in handles]
    told = b"".join(e.SerializeToString() for history in histories for e in history.events)
    for word in (CANARY, "王小明", "13800000001", "own_order", '"order_id"'):
        assert word.encode() not in told
    assert b"Encoded failure" in told
    assert b"binary/onhand-sealed" in told

    # With the key it replays, with another key that knows this one as its elder too.
    for vault in (VAULT, OTHER):
        replayer = Replayer(workflows=WORKFLOWS, plugins=[plugin(vault)])
        for history in histories:
            await replayer.replay_workflow(history)
    stranger = Replayer(workflows=WORKFLOWS, plugins=[plugin(Vault(bytes(range(32))))])
    with pytest.raises(RuntimeError, match="CannotOpen"):
        await stranger.replay_workflow(histories[0])
