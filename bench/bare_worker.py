"""The worker of the bare workflows: as many activities as the real one, all of them empty."""

import asyncio
import random
import signal
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from bench.bare import TASK_QUEUE, BareOrder, BareShipment, Nothing
from runtime import logs
from runtime.reach import temporal_address
from runtime.settings import Settings
from runtime.temporal import connect

_LONGEST_PAUSE_S: Final = 0.2  # as the relay rests between two rounds


@dataclass(frozen=True, slots=True)
class BareActivities:
    """They do nothing; one has the next fact told, as the relay does in the real worker."""

    client: Client
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @activity.defn(name="bare.local")
    async def local(self, ask: Nothing) -> None:
        for _ in range(ask.signals):
            task = asyncio.create_task(self._signal(ask.workflow_id))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    @activity.defn(name="bare.activity")
    async def normal(self, ask: Nothing) -> None:
        return

    async def _signal(self, workflow_id: str) -> None:
        await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_S))
        await self.client.get_workflow_handle(workflow_id).signal("fact", Nothing())


async def serve() -> None:
    """Run until SIGTERM, with the real worker's limits."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = Settings.load(None)
    client = await connect(settings, temporal_address(settings))
    activities = BareActivities(client)
    worker = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[BareOrder, BareShipment],
        activities=[activities.local, activities.normal],
        max_concurrent_activities=100,
        max_concurrent_local_activities=200,
        graceful_shutdown_timeout=timedelta(seconds=10),
    )
    async with worker:
        await stop.wait()


if __name__ == "__main__":
    logs.configure("WARNING", "console", process="bare")
    asyncio.run(serve())
