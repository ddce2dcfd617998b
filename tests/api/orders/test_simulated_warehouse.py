"""The simulated warehouse works through what there is, by the API alone."""

import httpx
import pytest

from api.orders.warehouse import router
from db.engine import Sessions
from integrations.sandbox.warehouse import work_once
from tests.api.orders.app import client_of
from tests.api.orders.world import move, rows, seed_order, seed_shipment, seed_shop, told


class Courier:
    """The carriers' sandbox, as far as the ramp is concerned; it remembers its waybills."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.is_down = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("nobody listens")
        self.taken.append(request.url.path)
        return httpx.Response(204)


async def test_every_round_brings_a_shipment_one_act_further(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    courier = Courier()
    async with (
        client_of(web_sessions, router) as api,
        httpx.AsyncClient(
            transport=httpx.MockTransport(courier.answer), base_url="http://sandbox"
        ) as carriers,
    ):
        for _ in range(3):
            await work_once(api, carriers)
        assert await rows(sessions, "SELECT id, weight_g FROM parcel") == [("O-1-1-P1", 1620)]
        await rows(sessions, "UPDATE parcel SET waybill_no = 'SF1' RETURNING 1")
        await move(sessions, "O-1-1", "labelled")
        for _ in range(2):
            await work_once(api, carriers)
        assert courier.taken == []  # the shipment's workflow has not heard of it yet
        await move(sessions, "O-1-1", "handed_over")
        courier.is_down = True
        with pytest.raises(httpx.ConnectError):
            await work_once(api, carriers)
        courier.is_down = False
        await work_once(api, carriers)

    assert courier.taken == ["/sandbox/parcels/SF1/hand-over"]
    assert [name for _, name, _ in await told(sessions)] == ["picked", "packed", "handed_over"]
