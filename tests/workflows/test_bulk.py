"""One decision for many orders: each by its own command, once, and it can be stopped."""

from datetime import timedelta

from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.orders.bulk import BATCH
from db.engine import Sessions
from db.orders import bulk
from db.sql import run
from domain.orders.bulk_messages import BulkRef, BulkWent
from domain.orders.desk import BulkAction, Deed
from domain.orders.order import HoldKind
from runtime.temporal import TASK_QUEUE
from tests.api.orders.world import rows
from tests.workflows.test_lost_answers import LoseAnswer
from tests.workflows.world import Company, company, own_order
from workflows.orders.bulk import BulkWorkflow

HOLD = Deed(BulkAction.HOLD, reason="recall of the batch")


async def _orders(shop: Company, count: int) -> list[str]:
    """As many orders that wait for their payment."""
    for number in range(1, count + 1):
        await shop.hear(own_order(str(number), state="unpaid"))
    await shop.until("SELECT count(*)::int FROM sales_order WHERE status = 'on_hold'", count)
    return [row[0] for row in await rows(shop.sessions, "SELECT id FROM sales_order ORDER BY id")]


async def _do(shop: Company, job: str, deed: Deed, ids: list[str]) -> None:
    async with shop.sessions.begin() as session:
        await bulk.open_job(session, job, deed, ids, "Li Lei")
    await shop.deliver_signals()


async def _ended(shop: Company, job: str) -> list[tuple[str, str]]:
    await shop.until(f"SELECT ended_at IS NOT NULL FROM bulk_job WHERE id = '{job}'", True)
    async with shop.sessions.begin() as session:
        return [(r.state, r.code) for r in await bulk.results_of(session, job)]


async def test_every_order_is_held_and_released_by_its_own_command(shop: Company) -> None:
    ids = await _orders(shop, 3)

    await _do(shop, "blk_1", HOLD, ids)
    assert await _ended(shop, "blk_1") == [("done", "")] * 3
    held = await rows(
        shop.sessions,
        "SELECT kind, reason, placed_by FROM order_hold WHERE kind = 'manual'"
        " AND released_at IS NULL",
    )
    assert held == [("manual", "recall of the batch", "Li Lei")] * 3

    await _do(shop, "blk_2", HOLD, ids)  # nobody holds what is held
    assert await _ended(shop, "blk_2") == [("refused", "ActionNotAllowed")] * 3

    await _do(shop, "blk_3", Deed(BulkAction.RELEASE, HoldKind.MANUAL, reason="all well"), ids)
    assert await _ended(shop, "blk_3") == [("done", "")] * 3
    audited = await rows(
        shop.sessions,
        "SELECT action, count(*)::int FROM audit_log WHERE actor = 'Li Lei' GROUP BY 1 ORDER BY 1",
    )
    assert audited == [("order.hold", 3), ("order.release", 3)]


async def test_an_answer_that_is_lost_holds_nothing_twice(
    temporal_env: WorkflowEnvironment, sessions: Sessions
) -> None:
    lost = LoseAnswer("bulk.carry_on")
    async with company(temporal_env.client, sessions, lost) as shop:
        await shop.seed()
        ids = await _orders(shop, 2)

        await _do(shop, "blk_1", HOLD, ids)

        assert await _ended(shop, "blk_1") == [("done", "")] * 2
        assert await rows(
            sessions, "SELECT count(*)::int FROM order_event WHERE kind = 'held'"
            " AND data->>'hold' = 'manual'",
        ) == [(2,)]  # fmt: skip


async def test_tags_are_put_on_and_taken_off_without_waking_an_order(shop: Company) -> None:
    ids = await _orders(shop, 2)

    await _do(shop, "blk_1", Deed(BulkAction.TAG, tag="VIP"), ids[:1])
    await _ended(shop, "blk_1")
    await _do(shop, "blk_2", Deed(BulkAction.TAG, tag="VIP"), ids)
    assert await _ended(shop, "blk_2") == [("refused", "tagged_already"), ("done", "")]
    await _do(shop, "blk_3", Deed(BulkAction.UNTAG, tag="VIP"), ids)
    assert await _ended(shop, "blk_3") == [("done", "")] * 2
    assert await rows(shop.sessions, "SELECT count(*)::int FROM order_tag") == [(0,)]


async def test_what_is_over_is_told_and_stops_nobody_else(shop: Company) -> None:
    ids = await _orders(shop, 2)
    async with shop.sessions.begin() as session:
        await run(
            session,
            "UPDATE sales_order SET status = 'completed', workflow_id = 'gone' WHERE id = :id",
            id=ids[0],
        )

    await _do(shop, "blk_1", HOLD, ids)

    assert await _ended(shop, "blk_1") == [("refused", "OrderClosed"), ("done", "")]


async def test_who_stops_it_keeps_the_rest_as_it_is(shop: Company) -> None:
    ids = await _orders(shop, 2)
    async with shop.sessions.begin() as session:
        await bulk.open_job(session, "blk_1", HOLD, ids, "Li Lei")
        await bulk.tell_result(session, "blk_1", 1, "done")
        await bulk.ask_to_stop(session, "blk_1", "Han Meimei")
    await shop.deliver_signals()

    assert await _ended(shop, "blk_1") == [("done", ""), ("left_out", "")]
    [(state, by)] = await rows(shop.sessions, "SELECT state, stop_asked_by FROM bulk_job")
    assert (state, by) == ("stopped", "Han Meimei")


async def test_a_long_job_goes_on_in_a_new_run(temporal_env: WorkflowEnvironment) -> None:
    """10,000 orders are 400 batches: more than one history should hold."""
    left = [10_000 // BATCH]

    @activity.defn(name="bulk.carry_on")
    async def carry_on(ref: BulkRef) -> BulkWent:
        left[0] -= 1
        return BulkWent(ended=left[0] < 0)

    async with Worker(
        temporal_env.client, task_queue=TASK_QUEUE, workflows=[BulkWorkflow],
        activities=[carry_on],
    ):  # fmt: skip
        handle = await temporal_env.client.start_workflow(
            BulkWorkflow.run, BulkRef("blk_1"), id="bulk/blk_1", task_queue=TASK_QUEUE,
            execution_timeout=timedelta(hours=1),
        )  # fmt: skip
        first = handle.result_run_id
        await handle.result()

    assert left[0] == -1
    assert (await temporal_env.client.get_workflow_handle("bulk/blk_1").describe()).run_id != first
