"""An import's workflow works through its rows exactly once, though workers die under it."""

import asyncio
from collections.abc import Sequence

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Interceptor

from activities.platform import importing
from activities.platform.importing import ImportActivities
from db.engine import Sessions
from db.platform import outbox
from db.sql import run
from domain.platform.sheets import Kind
from runtime.fan_out import SignalFanOut
from tests.importing import VAULT, csv_file, given, states_of
from tests.seeds import seed_network
from tests.workflows.test_worker_dies import Death
from worker import make_worker


@pytest.mark.parametrize("interceptors", [(), (Death(),)])
async def test_a_count_is_applied_once_whatever_dies_meanwhile(
    temporal_env: WorkflowEnvironment,
    sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    interceptors: Sequence[Interceptor],
) -> None:
    monkeypatch.setattr(importing, "SLICE", 2)
    await seed_network(sessions, skus=("A", "B", "C", "D", "E"))
    rows = [f"HQ,{sku},{number}" for number, sku in enumerate("ABCDE", 1)]
    import_id = await given(
        sessions, Kind.STOCK, csv_file("location,sku,counted", *rows), apply=True
    )
    client = temporal_env.client
    work = ImportActivities(sessions, VAULT).work

    async with make_worker(client, [work], interceptors=interceptors):
        await SignalFanOut(sessions, client).once(10)
        await _over(sessions, import_id)

    assert await states_of(sessions, import_id) == ["applied"] * 5
    async with sessions.begin() as session:
        found = await run(session, "SELECT sku, quantity FROM stock_move ORDER BY sku")
        assert await outbox.claim(session, "signal", 10) == []
    assert [tuple(row) for row in found] == [("A", 1), ("B", 2), ("C", 3), ("D", 4), ("E", 5)]


async def _over(sessions: Sessions, import_id: str) -> None:
    async with asyncio.timeout(60):
        while True:
            async with sessions.begin() as session:
                (file,) = await run(
                    session, "SELECT state FROM import_file WHERE id = :id", id=import_id
                )
            if file.state == "done":
                return
            await asyncio.sleep(0.1)
