"""The audit's night: a second look, repairs where a setting allows them, a person for the rest."""

from dataclasses import dataclass, field

from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from activities.platform.auditing import AuditActivities
from db.engine import Sessions
from db.inventory.repository import StockRepository
from db.platform.audit_runs import AuditRuns
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.platform.auditing import (
    AuditNight,
    AuditPlan,
    Confirmed,
    Found,
    MadeCheck,
    RepairFinding,
)
from domain.shared.ids import LocationId, Sku
from runtime.temporal import plugin
from tests.seeds import seed_network
from workflows.platform.audit_night import AuditNightWorkflow


@dataclass
class Night:
    """A night in which each check finds so many rows the first and the second time."""

    finds: dict[str, list[int]]
    repairs: bool
    done: list[str] = field(default_factory=list)

    @activity.defn(name="audit.begin")
    async def begin(self, night: AuditNight) -> AuditPlan:
        return AuditPlan(tuple(self.finds), self.repairs)

    @activity.defn(name="audit.look")
    async def look(self, made: MadeCheck) -> Found:
        self.done.append(f"look {made.name}")
        return Found(self.finds[made.name].pop(0))

    @activity.defn(name="audit.confirmed")
    async def confirmed(self, made: MadeCheck) -> Confirmed:
        return Confirmed((f"{made.name}-1",))

    @activity.defn(name="audit.repair")
    async def repair(self, wanted: RepairFinding) -> bool:
        self.done.append(f"repair {wanted.finding_id}")
        return True

    @activity.defn(name="audit.conclude")
    async def conclude(self, night: AuditNight) -> Found:
        self.done.append("conclude")
        return Found(1)


async def _night(env: WorkflowEnvironment, does: Night | AuditActivities) -> int:
    async with Worker(
        env.client, task_queue="t", workflows=[AuditNightWorkflow],
        activities=[does.begin, does.look, does.confirmed, does.repair, does.conclude],
    ):  # fmt: skip
        handle = await env.client.start_workflow(
            AuditNightWorkflow.run, AuditNight(), id="audit-night", task_queue="t"
        )
        left = await handle.result()
        await Replayer(workflows=[AuditNightWorkflow], plugins=[plugin()]).replay_workflow(
            await handle.fetch_history()
        )
        return left


async def test_what_is_gone_at_the_second_look_is_not_repaired(
    temporal_env: WorkflowEnvironment,
) -> None:
    night = Night({"right": [0], "in_flight": [1, 0], "broken": [2, 2]}, repairs=True)

    assert await _night(temporal_env, night) == 1

    assert night.done == [
        "look right", "look in_flight", "look broken", "look in_flight", "look broken",
        "repair broken-1", "conclude",
    ]  # fmt: skip


async def test_without_the_setting_nothing_is_repaired(temporal_env: WorkflowEnvironment) -> None:
    night = Night({"broken": [1, 1]}, repairs=False)

    await _night(temporal_env, night)

    assert night.done == ["look broken", "look broken", "conclude"]


async def test_a_night_over_real_tables_repairs_and_asks_for_a_person(
    temporal_env: WorkflowEnvironment, sessions: Sessions, owner_sessions: Sessions
) -> None:
    await seed_network(sessions)
    async with sessions.begin() as session:
        key = StockKey(Sku("A"), LocationId("HQ"))
        await StockRepository(session).receive(Document("grn", "G", "G"), [StockLine(key, 5)])
    async with owner_sessions.begin() as session:
        await run(session, "UPDATE stock_balance SET on_hand = on_hand + 1")
        await run(session, "DELETE FROM book_fact")

    left = await _night(temporal_env, AuditActivities(sessions, repairs=True))

    assert left == 2
    async with sessions.begin() as session:
        [row] = await run(session, "SELECT on_hand FROM stock_balance")
        items = await run(session, "SELECT code FROM attention WHERE resolved_at IS NULL")
        made = await run(session, "SELECT name FROM audit_check")
    assert row.on_hand == 5
    assert {item.code for item in items} == {"goods_are_told_to_the_books", "books_know_the_stock"}
    assert len(made) > 30


async def test_a_run_that_finds_another_one_at_it_does_nothing(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await AuditRuns(session, "anna").ask()

    assert await _night(temporal_env, AuditActivities(sessions)) == 0

    async with sessions.begin() as session:
        assert await run(session, "SELECT FROM audit_check") == []
        [row] = await AuditRuns(session).latest(5)
    assert (row.wanted_by, row.began_at, row.ending) == ("anna", None, "")


async def test_a_run_that_somebody_stopped_keeps_nobody_waiting(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        stopped = await AuditRuns(session, "anna").ask()
        await run(session, "UPDATE audit_run SET asked_at = now() - interval '61 minutes'")

    await _night(temporal_env, AuditActivities(sessions))

    async with sessions.begin() as session:
        night, other = await AuditRuns(session).latest(5)
    assert (night.wanted_by, night.ending, night.differing) == ("system", "done", 0)
    assert night.made == night.checks > 40
    assert (other.id, other.ending) == (stopped, "given_up")
