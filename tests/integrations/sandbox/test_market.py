"""One driver can play every marketplace of the sandbox."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from integrations.sandbox.market import COUNTERS, Act, Counter, act, order
from tests.integrations.sandbox.world import World, create_world


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    world = create_world()
    yield world
    await world.vendor_http.aclose()
    await world.sandbox.aclose()


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: counter.vendor)
async def test_buyers_order_pay_and_take_back_at_every_counter(
    world: World, counter: Counter
) -> None:
    first = await order(world.vendor_http, counter, paid=True, masked=False)
    second = await order(world.vendor_http, counter, paid=False, masked=True)
    assert first != second

    for what in (Act.PAY, Act.CANCEL):
        await act(world.vendor_http, counter, second, what)
    await act(world.vendor_http, counter, first, Act.REFUND)

    path = f"/sandbox/{counter.vendor}/{counter.orders}"
    orders = (await world.vendor_http.get(path)).json()
    assert {str(one[counter.number]) for one in orders} == {first, second}
