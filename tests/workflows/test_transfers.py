"""A transfer: promised when there is stock, reminded of when late, closed when all is found."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from activities.inventory.transferring import TransferActivities
from activities.platform.attention import AttentionActivities
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.inventory.transfers import DraftLine, Received, Shipped, TransferDraft, Transfers
from domain.inventory.stock import Document, StockKey, StockLine
from domain.inventory.transfers import Arrived
from domain.orders.messages import ResolveStep
from domain.shared.ids import LocationId, Sku, transfer_workflow_id
from runtime.fan_out import SignalFanOut
from tests.seeds import seed_network
from worker import make_worker
from workflows.inventory.transfer import RESERVE, TransferWorkflow


class World:
    """Two warehouses, and what people say of transfers between them."""

    def __init__(self, env: WorkflowEnvironment, sessions: Sessions) -> None:
        self.env, self.sessions, self.no = env, sessions, ""

    async def goods(self, units: int, no: str) -> None:
        async with self.sessions.begin() as session:
            line = StockLine(StockKey(Sku("A"), LocationId("HQ")), units)
            await StockRepository(session).receive(Document("grn", no, no), [line])
        await self.told()

    async def wanted(self, units: int) -> None:
        async with self.sessions.begin() as session:
            draft = TransferDraft("HQ", "GZ", (DraftLine("A", units),))
            self.no = await Transfers(session).draft(draft)
            await Transfers(session).approve(self.no, "manager")
        await self.told()

    async def shipped(self) -> None:
        async with self.sessions.begin() as session:
            await Transfers(session).shipped(self.no, Shipped("s", "anna"))
        await self.told()

    async def received(self, key: str, good: int, *, last: bool = False) -> None:
        async with self.sessions.begin() as session:
            told = Received(key, "ben", (Arrived(1, good),), last=last)
            await Transfers(session).received(self.no, told)
        await self.told()

    async def told(self) -> None:
        await SignalFanOut(self.sessions, self.env.client).once(100)

    async def is_at(self, state: str) -> None:
        async def look() -> str:
            async with self.sessions.begin() as session:
                return str((await Transfers(session).lock(self.no)).state)

        for _ in range(300):
            if await look() == state:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"it is {await look()}, not {state}")

    async def attention(self, step: str, *, is_open: bool = True) -> None:
        for _ in range(300):
            async with self.sessions.begin() as session:
                connection = await session.connection()
                found = await connection.exec_driver_sql(
                    "SELECT resolved_at IS NULL FROM attention WHERE step_id = %s"
                    " ORDER BY first_seen DESC LIMIT 1",
                    (step,),
                )
                if (row := found.first()) is not None and row[0] is is_open:
                    return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{step} is not {'open' if is_open else 'resolved'}")

    async def decide(self, action: str) -> None:
        handle = self.env.client.get_workflow_handle(transfer_workflow_id(self.no))
        decision = ResolveStep(RESERVE, action, "boss", "there is no more")  # type: ignore[arg-type]
        await handle.execute_update(TransferWorkflow.resolve_step, decision)


@pytest_asyncio.fixture
async def world(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[World]:
    await seed_network(sessions, locations=("HQ", "GZ"), skus=("A",))
    does, asks = TransferActivities(sessions), AttentionActivities(sessions)
    activities: list[Callable[..., Any]] = [
        does.look, does.reserve, does.post, does.drop, does.remind, does.cancel, does.close,
        asks.park, asks.resolve, asks.went_on,
    ]  # fmt: skip
    async with make_worker(temporal_env.client, activities):
        yield World(temporal_env, sessions)


async def test_goods_that_come_in_go_straight_on_and_the_life_ends_when_all_arrived(
    world: World,
) -> None:
    await world.goods(3, "G1")
    await world.wanted(5)
    await world.attention(RESERVE)

    await world.goods(2, "G2")  # nobody has to decide any more
    await world.is_at("reserved")
    await world.attention(RESERVE, is_open=False)
    await world.shipped()
    await world.is_at("shipped")
    await world.received("r1", 2)
    await world.received("r2", 3)

    await world.is_at("closed")


async def test_a_person_sends_what_is_there_or_nothing(world: World) -> None:
    await world.goods(3, "G1")
    await world.wanted(5)
    await world.attention(RESERVE)
    await world.decide("skip")
    await world.is_at("reserved")

    await world.wanted(5)
    await world.attention(RESERVE)
    await world.decide("compensate")
    await world.is_at("cancelled")


async def test_a_late_transfer_is_reminded_of_and_what_is_missing_waits_for_a_person(
    world: World,
) -> None:
    await world.goods(5, "G1")
    await world.wanted(5)
    await world.is_at("reserved")
    await world.shipped()
    await world.is_at("shipped")
    await world.env.sleep(timedelta(days=4))
    await world.attention("transfer_late")

    await world.received("r1", 4, last=True)
    await world.attention("transfer_differs")
