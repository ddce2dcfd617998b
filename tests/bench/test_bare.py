"""The workflows that an order is measured against do as many things as it did."""

from collections import Counter

from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from bench.bare import TASK_QUEUE, BareOrder, BareShipment, Nothing, Script, Start, Step
from bench.histories import counted, script_of

ORDER = Script(
    (
        Step(1, 0, ("local", "local", "child")),
        Step(1, 1, ("local",)),
        Step(2, 1, ("local", "timer")),
        Step(2, 2, ()),
    )
)
SHIPMENT = Script(
    (
        Step(0, 0, ("local",)),
        Step(1, 0, ("local", "activity")),
        Step(1, 1, ("local", "timer")),
        Step(2, 1, ("cancel", "local", "tell")),
        Step(2, 2, ()),
    )
)


@activity.defn(name="bare.activity")
async def nothing(ask: Nothing) -> None:
    return


async def test_a_script_played_again_gives_the_same_script(
    temporal_env: WorkflowEnvironment,
) -> None:
    client = temporal_env.client

    @activity.defn(name="bare.local")
    async def local(ask: Nothing) -> None:
        for _ in range(ask.signals):
            await client.get_workflow_handle(ask.workflow_id).signal("fact", Nothing())

    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[BareOrder, BareShipment],
        activities=[local, nothing],
    ):
        order = await client.start_workflow(
            "BareOrder", Start(ORDER, SHIPMENT), id="o", task_queue=TASK_QUEUE,
            start_signal="fact", start_signal_args=[Nothing()],
        )  # fmt: skip
        await order.result()
        shipment = client.get_workflow_handle("o/shipment")
        histories = [list((await one.fetch_history()).events) for one in (order, shipment)]

    for played, script in zip(histories, (ORDER, SHIPMENT), strict=True):
        again = script_of(played)
        assert _commands(again) == _commands(script)
        assert again.steps[-1].signals == script.steps[-1].signals
    assert counted(histories[0])["local bare.local"] == 4
    assert counted(histories[1])["activity bare.activity"] == 3


def _commands(script: Script) -> Counter[str]:
    return Counter(command for step in script.steps for command in step.commands)
