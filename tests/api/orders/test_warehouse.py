"""The warehouse's acts happen once, in their order, and each is told to its shipment."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from api.orders.warehouse import router
from db.audit import audit
from db.engine import Sessions
from tests.api.orders.app import client_of
from tests.api.orders.world import move, rows, seed_order, seed_shipment, seed_shop, told

SHIPMENT = "/api/v1/shipments/O-1-1"
BOX = {"weight_g": 1620, "length_mm": 300, "width_mm": 200, "height_mm": 150}


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    async with client_of(web_sessions, router) as client:
        yield client


async def test_a_shipment_goes_through_the_warehouse(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    assert (await client.post(f"{SHIPMENT}/pick")).status_code == 200
    assert (await client.post(f"{SHIPMENT}/pack", json={"boxes": [BOX]})).status_code == 200
    await move(sessions, "O-1-1", "labelled")
    assert (await client.post(f"{SHIPMENT}/hand-over")).json() == {"shipment_no": "O-1-1"}

    assert await told(sessions) == [
        ("shipment/O-1-1", "picked", {"short": False}),
        ("shipment/O-1-1", "packed", {}),
        ("shipment/O-1-1", "handed_over", {}),
    ]
    assert await rows(sessions, "SELECT actor, action, subject FROM audit_log ORDER BY id") == [
        ("key:test", "shipment.picked", "shipment/O-1-1"),
        ("key:test", "shipment.packed", "shipment/O-1-1"),
        ("key:test", "shipment.handed_over", "shipment/O-1-1"),
    ]
    shown = (await client.get(SHIPMENT)).json()
    assert [(p["id"], p["weight_g"]) for p in shown["parcels"]] == [("O-1-1-P1", 1620)]
    assert [(x["sku"], x["quantity"], x["picked"]) for x in shown["lines"]] == [
        ("A", 2, 2),
        ("B", 1, 1),
    ]
    assert await rows(sessions, "SELECT weight_g FROM shipment") == [(1620,)]


async def test_doing_the_same_again_changes_nothing(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    for _ in range(2):
        answer = await client.post(f"{SHIPMENT}/pick")
        assert (answer.status_code, answer.json()) == (200, {"shipment_no": "O-1-1"})
    for _ in range(2):
        answer = await client.post(f"{SHIPMENT}/pack", json={"boxes": [BOX, {"weight_g": 5}]})
        assert answer.status_code == 200
    await move(sessions, "O-1-1", "labelled")
    for _ in range(2):
        assert (await client.post(f"{SHIPMENT}/hand-over")).status_code == 200
    await move(sessions, "O-1-1", "delivered")
    assert (await client.post(f"{SHIPMENT}/hand-over")).status_code == 200

    assert [name for _, name, _ in await told(sessions)] == ["picked", "packed", "handed_over"]
    assert await rows(sessions, "SELECT id FROM parcel ORDER BY id") == [
        ("O-1-1-P1",),
        ("O-1-1-P2",),
    ]


async def test_doing_it_differently_the_second_time_is_refused(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await client.post(f"{SHIPMENT}/pick")
    short = {"lines": [{"sku": "A", "picked": 1}, {"sku": "B", "picked": 1}]}
    again = await client.post(f"{SHIPMENT}/pick", json=short)
    assert (again.status_code, again.json()["code"]) == (409, "ActionNotAllowed")
    await client.post(f"{SHIPMENT}/pack", json={"boxes": [BOX]})
    again = await client.post(f"{SHIPMENT}/pack", json={"boxes": [BOX, BOX]})
    assert (again.status_code, again.json()["code"]) == (409, "ActionNotAllowed")

    assert len(await told(sessions)) == 2
    assert await rows(sessions, "SELECT sum(picked_quantity)::int FROM shipment_line") == [(3,)]
    assert await rows(sessions, "SELECT count(*)::int FROM parcel") == [(1,)]


@pytest.mark.parametrize(
    ("status", "act", "body"),
    [
        ("allocated", "pick", {}),
        ("cancelled", "pick", {}),
        ("picking", "pack", {"boxes": [BOX]}),  # not picked yet
        ("cancelled", "pack", {"boxes": [BOX]}),
        ("picking", "hand-over", None),
        ("packed", "hand-over", None),
        ("cancelled", "hand-over", None),
    ],
)
async def test_an_act_out_of_order_is_refused_and_nobody_hears_of_it(
    client: httpx.AsyncClient, sessions: Sessions, status: str, act: str, body: object
) -> None:
    await move(sessions, "O-1-1", status)

    answer = await client.post(f"{SHIPMENT}/{act}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (409, "ActionNotAllowed")
    assert await told(sessions) == []
    assert await rows(sessions, "SELECT picked_at, packed_at, handed_over_at FROM shipment") == [
        (None, None, None)
    ]


async def test_a_shipment_taken_back_after_the_pick_is_not_packed(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await client.post(f"{SHIPMENT}/pick")
    await move(sessions, "O-1-1", "cancelled")

    assert (await client.post(f"{SHIPMENT}/pack", json={"boxes": [BOX]})).status_code == 409
    assert await rows(sessions, "SELECT count(*)::int FROM parcel") == [(0,)]


async def test_a_short_pick_says_so(client: httpx.AsyncClient, sessions: Sessions) -> None:
    found = {"lines": [{"sku": "A", "picked": 1}, {"sku": "B", "picked": 0}]}
    assert (await client.post(f"{SHIPMENT}/pick", json=found)).status_code == 200

    assert await told(sessions) == [("shipment/O-1-1", "picked", {"short": True})]
    picked = "SELECT sku, picked_quantity FROM shipment_line ORDER BY sku"
    assert await rows(sessions, picked) == [("A", 1), ("B", 0)]
    boxes = {"boxes": [BOX, BOX]}  # more boxes than units
    assert (await client.post(f"{SHIPMENT}/pack", json=boxes)).status_code == 409


@pytest.mark.parametrize(
    "lines",
    [
        [{"sku": "A", "picked": 2}],  # nothing said about B
        [{"sku": "A", "picked": 3}, {"sku": "B", "picked": 1}],
        [{"sku": "A", "picked": 2}, {"sku": "B", "picked": 1}, {"sku": "C", "picked": 1}],
        [{"sku": "A", "picked": 1}, {"sku": "A", "picked": 1}, {"sku": "B", "picked": 1}],
        [{"sku": "A", "picked": "2"}, {"sku": "B", "picked": 1}],
        [{"sku": "A", "picked": -1}, {"sku": "B", "picked": 1}],
        [{"sku": "A", "picked": 2, "lot": ""}, {"sku": "B", "picked": 1}],
    ],
)
async def test_a_pick_that_does_not_fit_the_list_is_refused(
    client: httpx.AsyncClient, sessions: Sessions, lines: object
) -> None:
    assert (await client.post(f"{SHIPMENT}/pick", json={"lines": lines})).status_code == 422
    assert await told(sessions) == []


async def test_a_held_order_does_not_leave(client: httpx.AsyncClient, sessions: Sessions) -> None:
    await move(sessions, "O-1-1", "labelled")
    await rows(
        sessions,
        "INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release,"
        " placed_by, released_by) VALUES ('h', 'ord_1', 'manual', '', '{}', '', '', '', '')"
        " RETURNING 1",
    )

    answer = await client.post(f"{SHIPMENT}/hand-over")

    assert (answer.status_code, answer.json()["code"]) == (409, "ActionNotAllowed")
    assert (await client.get(SHIPMENT)).json()["holds"] == ["manual"]
    assert await told(sessions) == []


async def test_pick_lists_show_a_location_the_most_urgent_first(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    for number, location in (("2", "HQ"), ("3", "S1")):
        await seed_order(sessions, number)
        await seed_shipment(sessions, number, location=location)
    await rows(sessions, "UPDATE shipment SET ship_by = now() WHERE no = 'O-2-1' RETURNING 1")

    async def numbers(**params: str) -> list[str]:
        answer = await client.get("/api/v1/pick-lists", params=params)
        return [shipment["shipment_no"] for shipment in answer.json()]

    assert await numbers() == ["O-2-1", "O-1-1", "O-3-1"]
    assert await numbers(location="HQ") == ["O-2-1", "O-1-1"]
    assert await numbers(location="HQ", limit="1") == ["O-2-1"]
    assert await numbers(location="HQ", after="O-2-1") == ["O-1-1"]
    await move(sessions, "O-2-1", "labelled")
    assert await numbers(status="labelled") == ["O-2-1"]
    await move(sessions, "O-2-1", "handed_over")
    assert await numbers(location="HQ") == ["O-1-1"]
    nowhere = await client.get("/api/v1/pick-lists", params={"location": "NOWHERE"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "UnknownLocation")


async def test_an_unknown_shipment_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/shipments/NONE")).status_code == 404
    for act, body in (("pick", {}), ("pack", {"boxes": [BOX]}), ("hand-over", None)):
        answer = await client.post(f"/api/v1/shipments/NONE/{act}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "OrderNotFound")


async def test_the_stock_adds_up_afterwards(client: httpx.AsyncClient, sessions: Sessions) -> None:
    await client.post(f"{SHIPMENT}/pick")
    async with sessions.begin() as session:
        assert await audit(session) == []
