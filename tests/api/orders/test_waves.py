"""Waves: made once of what is free, picked by scan into slots, and nothing stays behind in them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest_asyncio

from api.orders import scans, warehouse, waves
from db.engine import Sessions
from tests.api.orders.app import client_of
from tests.api.orders.world import move, rows, seed_order, seed_shipment, seed_shop, told

ALL = ["O-1-1", "O-2-1", "O-3-1"]


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    for number in "123":
        await seed_order(sessions, number)
        await seed_shipment(sessions, number)
    async with client_of(web_sessions, waves.router, scans.router, warehouse.router) as client:
        yield client


async def made(client: httpx.AsyncClient, *nos: str, **more: Any) -> httpx.Response:
    body = {"location": "HQ", "shipment_nos": nos or ALL, **more}
    return await client.post("/api/v1/waves", json=body)


async def released(client: httpx.AsyncClient, *nos: str) -> str:
    no: str = (await made(client, *nos)).json()["no"]
    answer = await client.post(f"/api/v1/waves/{no}/release", json={"picker": "cangku"})
    assert (answer.json()["state"], answer.json()["picker"]) == ("released", "cangku")
    return no


async def scanned(client: httpx.AsyncClient, wave: str, n: int, **one: Any) -> dict[str, Any]:
    scan = {"key": f"scan-key-{n}", "at": datetime.now(UTC).isoformat(), "wave_no": wave, **one}
    answer = await client.post("/api/v1/scans", json={"scans": [scan]})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["answers"][0]
    return found


async def test_what_waits_is_suggested_until_it_is_in_a_wave(client: httpx.AsyncClient) -> None:
    where = {"location": "HQ"}
    (suggested,) = (await client.get("/api/v1/wave-suggestions", params=where)).json()
    assert suggested["shipment_nos"] == ALL

    wave = (await made(client, *suggested["shipment_nos"])).json()

    assert (wave["shipments"], wave["picked"], wave["units"], wave["state"]) == (3, 0, 9, "made")
    assert (await client.get("/api/v1/wave-suggestions", params=where)).json() == []
    assert [one["no"] for one in (await client.get("/api/v1/waves")).json()] == [wave["no"]]
    nowhere = await client.get("/api/v1/wave-suggestions", params={"location": "NO"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "UnknownLocation")


async def test_held_shipments_are_not_suggested(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await rows(
        sessions,
        "INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release,"
        " placed_by, released_by) VALUES ('h', 'ord_2', 'manual', '', '{}', '', '', '', '')"
        " RETURNING 1",
    )

    (wave,) = (await client.get("/api/v1/wave-suggestions", params={"location": "HQ"})).json()

    assert wave["shipment_nos"] == ["O-1-1", "O-3-1"]


async def test_a_shipment_is_in_one_wave_at_a_time(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await made(client, "O-1-1")
    await move(sessions, "O-3-1", "cancelled")

    again = await made(client)
    twice = await made(client, "O-2-1", "O-2-1")

    assert (again.status_code, again.json()["code"]) == (409, "ActionNotAllowed")
    assert again.json()["detail"] == "not free for a wave here: O-1-1, O-3-1"
    assert twice.status_code == 422
    assert await rows(sessions, "SELECT count(*)::int FROM wave") == [(1,)]


async def test_a_scan_of_a_wave_goes_to_the_first_slot_that_lacks_it(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    wave = await released(client)

    found = [await scanned(client, wave, n, code="A") for n in range(7)]

    assert [(one["verdict"], one["slot"]) for one in found] == [
        *(("counted", slot) for slot in (1, 1, 2, 2, 3, 3)),
        ("over", 0),
    ]
    wrong = await scanned(client, wave, 8, code="NO-SUCH")
    assert (wrong["verdict"], wrong["shipment_no"]) == ("wrong", "")
    undone = await scanned(client, wave, 9, kind="undo", undoes="scan-key-0")
    assert (undone["verdict"], undone["slot"], undone["counted"]) == ("undone", 1, 1)
    again = await scanned(client, wave, 10, code="A")
    assert (again["verdict"], again["slot"]) == ("counted", 1)
    assert await told(sessions) == []


async def test_a_wave_is_confirmed_as_a_whole_and_what_is_missing_needs_a_reason(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    wave = await released(client, "O-1-1", "O-2-1")
    for n, code in enumerate("AAB" + "A"):
        await scanned(client, wave, n, code=code)

    first = await scanned(client, wave, 20, kind="done")
    assert first["verdict"] == "incomplete"
    assert [target for target, _, _ in await told(sessions)] == ["shipment/O-1-1"]

    second = await scanned(client, wave, 21, kind="done", reason="not_found")
    assert second["verdict"] == "short"
    assert await told(sessions) == [
        ("shipment/O-1-1", "picked", {"short": False}),
        ("shipment/O-2-1", "picked", {"short": True}),
    ]
    shown = (await client.get(f"/api/v1/waves/{wave}")).json()
    assert (shown["wave"]["picked"], shown["wave"]["shipments"]) == (2, 2)


async def test_a_wave_that_is_not_released_or_closed_takes_no_scans(
    client: httpx.AsyncClient,
) -> None:
    wave = (await made(client)).json()["no"]
    assert (await scanned(client, wave, 1, code="A"))["verdict"] == "gone"
    await client.post(f"/api/v1/waves/{wave}/close")
    assert (await scanned(client, wave, 2, code="A"))["verdict"] == "gone"
    assert (await scanned(client, wave, 3, kind="done"))["verdict"] == "gone"


async def test_what_cannot_be_picked_falls_out_and_is_free_again(
    client: httpx.AsyncClient,
) -> None:
    wave = await released(client)
    out = f"/api/v1/waves/{wave}/shipments/O-2-1/removal"

    answer = await client.post(out, json={"reason": "damaged"})
    again = await client.post(out, json={"reason": "damaged"})

    assert (answer.json()["shipments"], answer.json()["fallen_out"]) == (2, 1)
    assert (again.status_code, again.json()["code"]) == (409, "ActionNotAllowed")
    (free,) = (await client.get("/api/v1/wave-suggestions", params={"location": "HQ"})).json()
    assert free["shipment_nos"] == ["O-2-1"]
    assert (await made(client, "O-2-1")).status_code == 200


async def test_closing_gives_back_what_was_not_picked(client: httpx.AsyncClient) -> None:
    wave = await released(client)
    await client.post("/api/v1/shipments/O-1-1/pick")

    closed = await client.post(f"/api/v1/waves/{wave}/close")
    again = await client.post(f"/api/v1/waves/{wave}/close")

    assert closed.json() == {"no": wave, "fallen_out": ["O-2-1", "O-3-1"]}
    assert again.json() == {"no": wave, "fallen_out": []}
    (free,) = (await client.get("/api/v1/wave-suggestions", params={"location": "HQ"})).json()
    assert free["shipment_nos"] == ["O-2-1", "O-3-1"]
    late = await client.post(f"/api/v1/waves/{wave}/release", json={})
    assert late.status_code == 409


async def test_pick_lists_are_walked_by_zone_and_bin(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await rows(
        sessions,
        "INSERT INTO stock_bin (location_id, sku, zone, bin) VALUES ('HQ', 'A', 'Z2', '02-01'),"
        " ('HQ', 'B', 'Z1', '07-03') RETURNING 1",
    )
    wave = await released(client, "O-1-1", "O-2-1")

    lines = (await client.get(f"/api/v1/waves/{wave}")).json()["lines"]

    assert [(x["zone"], x["bin"], x["sku"], x["shipment_no"], x["quantity"]) for x in lines] == [
        ("Z1", "07-03", "B", "O-1-1", 1), ("Z1", "07-03", "B", "O-2-1", 1),
        ("Z2", "02-01", "A", "O-1-1", 2), ("Z2", "02-01", "A", "O-2-1", 2),
    ]  # fmt: skip


async def test_an_unknown_wave_is_not_found(client: httpx.AsyncClient) -> None:
    for path, body in (("release", {}), ("close", None)):
        answer = await client.post(f"/api/v1/waves/NONE/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "WaveNotFound")
    assert (await client.get("/api/v1/waves/NONE")).status_code == 404
