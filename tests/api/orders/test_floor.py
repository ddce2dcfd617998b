"""A place says how it works; the pack station holds people to it, unless they say why not."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.orders import floor, scans, warehouse
from db.engine import Sessions
from tests.api.orders.app import client_of
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop, told

FLOOR, BINS = "/api/v1/locations/HQ/floor", "/api/v1/locations/HQ/bins"
PACK = "/api/v1/shipments/O-1-1/pack"
ADVICE = "/api/v1/shipments/O-1-1/packing-advice"
SETTINGS = {
    "rule": {"wave_size": 30, "tolerance_g": 50, "tolerance_percent": 0},
    "cartons": [
        {"code": "S", "length_mm": 200, "width_mm": 150, "height_mm": 100, "tare_g": 100,
         "most_g": 5000},
        {"code": "M", "length_mm": 400, "width_mm": 300, "height_mm": 200, "tare_g": 250,
         "most_g": 20000},
    ],
    "cutoffs": [{"carrier": "sf", "at": "18:30:00"}],
    "works_on": [1, 2, 3, 4, 5],
    "other_days": [
        {"day": "2027-02-05", "works": False}, {"day": "2027-02-06", "works": True},
    ],
}  # fmt: skip


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    routers = (floor.router, scans.router, warehouse.router)
    async with client_of(web_sessions, *routers) as client:
        await client.post("/api/v1/shipments/O-1-1/pick")
        yield client


async def pack(client: httpx.AsyncClient, *weights: int, **more: Any) -> httpx.Response:
    boxes = [{"weight_g": weight, "carton": more.get("carton", "")} for weight in weights]
    return await client.post(PACK, json={"boxes": boxes, "reason": more.get("reason", "")})


async def test_a_place_keeps_how_it_works(client: httpx.AsyncClient) -> None:
    nothing = {"rule": None, "cutoffs": [], "works_on": [1, 2, 3, 4, 5, 6, 7], "other_days": []}
    assert (await client.get(FLOOR)).json() == {**nothing, "cartons": []}

    assert (await client.put(FLOOR, json=SETTINGS)).status_code == 200
    assert (await client.get(FLOOR)).json() == SETTINGS

    await client.put(FLOOR, json={"cartons": SETTINGS["cartons"]})
    assert (await client.get(FLOOR)).json() == {**SETTINGS, **nothing}
    twice = {"other_days": [SETTINGS["other_days"][0]] * 2}  # type: ignore[index]
    assert (await client.put(FLOOR, json=twice)).status_code == 422
    assert (await client.put(FLOOR, json={"works_on": [0]})).status_code == 422


async def test_without_a_rule_nobody_compares_weights(client: httpx.AsyncClient) -> None:
    assert (await pack(client, 9999)).status_code == 200


async def test_a_weight_that_is_off_needs_a_reason(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await client.put(FLOOR, json=SETTINGS)

    off = await pack(client, 1651, carton="S")  # three of 500 g in a carton of 100 g

    assert (off.status_code, off.json()["code"]) == (409, "PackingDiffers")
    assert off.json()["detail"] == "the boxes weigh 1651 g, 1600 g are expected"
    assert [name for _, name, _ in await told(sessions)] == ["picked"]

    said = await pack(client, 1651, carton="S", reason="a gift box was added")
    again = await pack(client, 1651, carton="S")
    assert (said.status_code, again.status_code) == (200, 200)
    assert (await pack(client, 1652, carton="S", reason="x")).status_code == 409
    assert await rows(
        sessions, "SELECT reason FROM audit_log WHERE action = 'shipment.packed'"
    ) == [("a gift box was added",)]


async def test_several_boxes_are_weighed_together_and_get_the_sides_of_their_cartons(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await client.put(FLOOR, json=SETTINGS)

    assert (await pack(client, 1100, 640, carton="S")).status_code == 200
    assert await rows(sessions, "SELECT length_mm, width_mm, height_mm FROM parcel") == [
        (200, 150, 100), (200, 150, 100),
    ]  # fmt: skip


async def test_goods_whose_weight_nobody_knows_are_not_compared(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await client.put(FLOOR, json=SETTINGS)
    await rows(sessions, "UPDATE sku SET weight_g = 0 WHERE code = 'B' RETURNING 1")

    assert (await client.get(ADVICE)).json()["expected_g"] is None
    assert (await pack(client, 9999)).status_code == 200


async def test_an_unknown_carton_is_refused(client: httpx.AsyncClient) -> None:
    answer = await pack(client, 1500, carton="XXL")

    assert (answer.status_code, answer.json()["code"]) == (422, "InvalidInput")


async def test_units_that_were_not_scanned_in_need_a_reason(client: httpx.AsyncClient) -> None:
    scan = {"key": "pack-scan-1", "at": datetime.now(UTC).isoformat(), "shipment_no": "O-1-1",
            "station": "pack", "code": "A"}  # fmt: skip
    await client.post("/api/v1/scans", json={"scans": [scan]})

    off = await pack(client, 1500)

    assert (off.status_code, off.json()["detail"]) == (409, "1 of 3 units were scanned in")
    assert (await pack(client, 1500, reason="no barcode")).status_code == 200


async def test_the_smallest_carton_that_takes_the_goods_is_advised(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await client.put(FLOOR, json=SETTINGS)
    await rows(
        sessions,
        "UPDATE sku SET length_mm = 100, width_mm = 100, height_mm = 90 RETURNING 1",
    )

    assert (await client.get(ADVICE)).json() == {
        "shipment_no": "O-1-1", "expected_g": 1500, "checked": True,
        "cartons": [{"code": "M", "weight_g": 1750, "contents": {"A": 2, "B": 1}}],
    }  # fmt: skip


async def test_bins_are_kept_all_or_none(client: httpx.AsyncClient) -> None:
    good = [{"sku": "A", "bin": "01-02", "zone": "Z1"}, {"sku": "B", "bin": "01-01", "zone": "Z1"}]
    assert (await client.put(BINS, json={"bins": good})).status_code == 200
    bad = [{"sku": "A", "bin": "09-09"}, {"sku": "NO", "bin": "01-01"}]
    refused = await client.put(BINS, json={"bins": bad})
    twice = await client.put(BINS, json={"bins": [good[0], good[0]]})

    assert (refused.status_code, refused.json()["code"]) == (404, "UnknownSku")
    assert twice.status_code == 422
    assert [one["sku"] for one in (await client.get(BINS)).json()["bins"]] == ["B", "A"]

    await client.put(BINS, json={"bins": [{"sku": "B", "bin": ""}]})
    assert (await client.get(BINS)).json() == {"bins": [good[0]]}


@pytest.mark.parametrize("path", [FLOOR, BINS])
async def test_a_place_that_is_not_there_has_no_settings(
    client: httpx.AsyncClient, path: str
) -> None:
    nowhere = path.replace("HQ", "NO")
    body: dict[str, Any] = {"bins": []} if path == BINS else {}

    assert (await client.get(nowhere)).json()["code"] == "UnknownLocation"
    assert (await client.put(nowhere, json=body)).json()["code"] == "UnknownLocation"
