"""What runs once for a shop begins with the shop, also when the engine is away at that moment."""

from typing import Any, cast

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from db.platform.outbox import queue_signal
from db.sql import run
from domain.channels.messages import SHOP_ADDED, ShopAdded
from domain.shared.ids import ShopId
from runtime.fan_out import SignalFanOut

POLLERS = ["poller/t-2", "poller/t-2/after_sales", "poller/t-2/messages"]


class Away:
    """An engine that does not answer from its `after`-th call on."""

    def __init__(self, after: int = 0) -> None:
        self.left = after
        self.started: list[str] = []

    async def start_workflow(self, name: str, argument: Any, *, id: str, **how: Any) -> None:
        if not self.left:
            raise RPCError("down", RPCStatusCode.UNAVAILABLE, b"")
        self.left -= 1
        self.started.append(id)


async def _add(sessions: Sessions, channel: str = "top") -> None:
    async with sessions.begin() as session:
        added = ShopAdded(ShopId("t-2"), channel, "T2")
        await queue_signal(session, "shop/t-2", SHOP_ADDED, added)


async def _told(sessions: Sessions) -> list[tuple[bool, int, str]]:
    async with sessions.begin() as session:
        rows = await run(session, "SELECT sent_at IS NOT NULL AS sent, attempts, error FROM outbox")
    return [(row.sent, row.attempts, row.error) for row in rows]


@pytest.mark.parametrize("after", [0, 2])
async def test_a_shop_added_while_the_engine_is_away_begins_once_it_is_back(
    sessions: Sessions, temporal_env: WorkflowEnvironment, after: int
) -> None:
    away, client = Away(after), temporal_env.client
    await _add(sessions)

    for _ in range(2):
        with pytest.raises(RPCError):
            await SignalFanOut(sessions, cast(Client, away)).once(100)
    ((sent, attempts, _),) = await _told(sessions)
    assert (sent, attempts, away.started) == (False, 0, POLLERS[:after])

    for _ in range(2):
        await SignalFanOut(sessions, client).once(100)

    assert await _told(sessions) == [(True, 1, "")]
    for id in [*POLLERS, "stock-push/t-2"]:
        about = await client.get_workflow_handle(id).describe()
        assert about.status is WorkflowExecutionStatus.RUNNING


async def test_told_twice_nothing_runs_twice(
    sessions: Sessions, temporal_env: WorkflowEnvironment
) -> None:
    fan_out = SignalFanOut(sessions, temporal_env.client)
    runs = []
    for _ in range(2):
        await _add(sessions)
        await fan_out.once(100)
        runs.append((await temporal_env.client.get_workflow_handle(POLLERS[0]).describe()).run_id)

    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("channel", "begun"),
    [
        ("own", []),
        ("pos", []),
        ("shopify", ["stock-push/t-2"]),
        ("jd", [*POLLERS[:2], "stock-push/t-2"]),
    ],
)
async def test_only_what_the_channel_is_able_to_begins(
    sessions: Sessions, channel: str, begun: list[str]
) -> None:
    engine = Away(after=9)
    await _add(sessions, channel)

    await SignalFanOut(sessions, cast(Client, engine)).once(100)

    assert engine.started == begun
    assert await _told(sessions) == [(True, 1, "")]
