from collections.abc import AsyncIterator

import pytest

from tests.integrations.sandbox.world import World, create_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = create_world()
    yield world
    await world.vendor_http.aclose()
    await world.sandbox.aclose()
