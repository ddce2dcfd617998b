"""The simulated warehouse works through what there is, by the API alone."""

import httpx
import pytest

from api.orders import floor
from api.orders.warehouse import router
from db.engine import Sessions
from db.inventory.tables import LocationRow
from integrations.sandbox.warehouse import BY_HAND, Patience, work_once
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


async def test_what_lies_at_one_place_is_left_to_people_for_a_while(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    async with sessions.begin() as session:
        session.add(LocationRow(id=BY_HAND, name="Guangzhou", kind="region"))
    await rows(sessions, "UPDATE shipment SET location_id = :to RETURNING 1", to=BY_HAND)
    clock = [0.0]
    patience = Patience(900, lambda: clock[0])
    async with (
        client_of(web_sessions, router, floor.router) as api,
        httpx.AsyncClient(transport=httpx.MockTransport(Courier().answer)) as carriers,
    ):
        await work_once(api, carriers, patience)
        assert await told(sessions) == []
        clock[0] = 901
        await work_once(api, carriers, patience)
        assert [name for _, name, _ in await told(sessions)] == ["picked"]
        await work_once(api, carriers, patience)  # packing is another act
        assert len(await told(sessions)) == 1


async def test_boxes_are_taken_as_the_place_suggests_them(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    await rows(sessions, "UPDATE sku SET length_mm=100, width_mm=100, height_mm=50 RETURNING 1")
    async with (
        client_of(web_sessions, router, floor.router) as api,
        httpx.AsyncClient(transport=httpx.MockTransport(Courier().answer)) as carriers,
    ):
        carton = {"code": "S", "length_mm": 200, "width_mm": 150, "height_mm": 100, "tare_g": 80}
        settings = {"rule": {"tolerance_g": 0, "tolerance_percent": 0}, "cartons": [carton]}
        assert (await api.put("/api/v1/locations/HQ/floor", json=settings)).status_code == 200
        for _ in range(2):
            await work_once(api, carriers)

    assert await rows(sessions, "SELECT weight_g, length_mm FROM parcel") == [(1580, 200)]
