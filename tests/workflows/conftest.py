"""A running company for every story."""

from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from db.engine import Sessions
from tests.workflows.world import Company, company


@pytest_asyncio.fixture
async def shop(temporal_env: WorkflowEnvironment, sessions: Sessions) -> AsyncIterator[Company]:
    """Seeded: ten units of A at HQ, none of B."""
    async with company(temporal_env.client, sessions) as running:
        await running.seed()
        yield running
