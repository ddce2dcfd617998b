"""A carrier that fails for everybody is left alone; who waits is let through by and by."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from db.engine import Sessions
from db.sql import run
from domain.platform.gates import GateTended, TendGate
from domain.shared.errors import Unavailable
from domain.shared.ids import gate_workflow_id
from runtime.temporal import TASK_QUEUE
from tests.workflows.world import Company, company, own_order

ORDERS = 8


class Looks(Interceptor):
    """Remembers how many still waited after each look at the gate."""

    def __init__(self) -> None:
        self.waiting: list[int] = []

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Look(next, self)


class _Look(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, looks: Looks) -> None:
        super().__init__(next)
        self._looks = looks

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        answer = await super().execute_activity(input)
        if isinstance(answer, GateTended):
            self._looks.waiting.append(answer.waiting)
        return answer


async def test_eight_labels_wait_for_a_broken_carrier_and_go_out_a_few_at_a_time(
    sessions: Sessions, temporal_env: WorkflowEnvironment
) -> None:
    looks = Looks()
    async with company(temporal_env.client, sessions, looks) as shop:
        await shop.seed()
        await _wait_for_a_broken_carrier(shop, temporal_env)
        looks.waiting.clear()
        await _go_out(shop, temporal_env)

    let_through = [before - after for before, after in pairwise([ORDERS, *looks.waiting])]
    let_through = [some for some in let_through if some]
    assert let_through[0] == 1, looks.waiting  # alone: it shows whether the others may follow
    assert max(let_through) == 3, looks.waiting


async def _wait_for_a_broken_carrier(shop: Company, temporal_env: WorkflowEnvironment) -> None:
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


async def _go_out(shop: Company, temporal_env: WorkflowEnvironment) -> None:
    shop.outside.sf.failures.clear()
    async with shop.sessions.begin() as session:
        await run(session, "UPDATE gate SET changed_at = now() - interval '1 min'")
    for _ in range(100):
        await temporal_env.sleep(timedelta(seconds=6))
        await shop.deliver_signals()
        if (await shop.row("SELECT count(*) FROM gate_wait")) == (0,):
            break
    await shop.until("SELECT count(*) FROM shipment WHERE status = 'labelled'", ORDERS)
    assert len(shop.outside.sf.waybills) == ORDERS
    await shop.adds_up()
