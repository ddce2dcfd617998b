"""A carrier that fails for everybody is left alone; who waits is let through by and by."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from db.sql import run
from domain.platform.gates import TendGate
from domain.shared.errors import Unavailable
from domain.shared.ids import gate_workflow_id
from runtime.temporal import TASK_QUEUE
from tests.workflows.world import Company, own_order

ORDERS = 8


async def test_eight_labels_wait_for_a_broken_carrier_and_go_out_a_few_at_a_time(
    shop: Company, temporal_env: WorkflowEnvironment
) -> None:
    await shop.receive("A", 30, "GRN-2")
    shop.outside.sf.failures += [Unavailable("down")] * 100
    await shop.client.start_workflow(
        "Gate", TendGate("carrier/sf", at_once=3), id=gate_workflow_id("carrier/sf"),
        task_queue=TASK_QUEUE,
    )  # fmt: skip
    for number in range(ORDERS):
        await shop.hear(own_order(str(number)))
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'picking'", ORDERS)
    async with shop.sessions.begin() as session:
        rows = await run(session, "SELECT no FROM shipment ORDER BY no")
    for row in rows:
        await shop.pick(row.no)
        await shop.pack(row.no)
    shop.patience = 800
    await shop.until("SELECT state FROM gate WHERE system = 'carrier/sf'", "holding")
    await shop.until("SELECT count(*) FROM gate_wait", ORDERS)
    calls = shop.outside.sf.creates
    assert await shop.row("SELECT count(*) FROM attention") == (0,)  # nobody has to do anything

    await temporal_env.sleep(timedelta(minutes=10))
    assert shop.outside.sf.creates == calls  # left alone: the pause is real time

    shop.outside.sf.failures.clear()
    async with shop.sessions.begin() as session:
        await run(session, "UPDATE gate SET changed_at = now() - interval '1 min'")
    waiting: list[int] = []
    while not waiting or waiting[-1]:
        await temporal_env.sleep(timedelta(seconds=6))
        await shop.deliver_signals()
        row = await shop.row("SELECT count(*) AS n FROM gate_wait")
        waiting.append(row.n)
        assert len(waiting) < 100
    steps = [before - after for before, after in zip([ORDERS, *waiting], waiting, strict=False)]
    assert max(steps) <= 6, steps  # at most three at a time, twice between two looks of ours

    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", ORDERS)
    assert len(shop.outside.sf.waybills) == ORDERS
    await shop.adds_up()
