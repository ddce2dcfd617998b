"""A running company for every story."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from db.engine import Sessions
from tests.workflows.world import Company, company


@pytest.fixture(scope="session", autouse=True)
def _looked_at_once() -> Iterator[None]:
    """Whether a workflow may stand in the sandbox is asked once, not by each of many workers."""
    look, known = SandboxedWorkflowRunner.prepare_workflow, set[type]()

    def prepare(runner: SandboxedWorkflowRunner, defn: Any) -> None:
        if defn.cls not in known:
            look(runner, defn)
            known.add(defn.cls)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SandboxedWorkflowRunner, "prepare_workflow", prepare)
        yield


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    """Seeded: ten units of A at HQ, none of B."""
    async with company(temporal_env.client, sessions) as running:
        await running.seed()
        yield running
