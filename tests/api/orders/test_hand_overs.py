"""Parcels go with the right driver, once, and he signs for exactly those."""

import base64
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pypdfium2
import pytest
import pytest_asyncio
from PIL import Image, ImageDraw

from api.orders import hand_overs
from db.engine import Sessions
from db.logistics.tables import CarrierAccountRow
from tests.api.orders.app import client_of
from tests.api.orders.world import move, rows, seed_order, seed_shipment, seed_shop, told

PATH = "/api/v1/hand-overs"
HOLD = (
    "INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release, placed_by,"
    " released_by) VALUES ('h', 'ord_1', 'manual', '', '{}', '', '', '', '') RETURNING 1"
)


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    async with sessions.begin() as session:
        session.add(CarrierAccountRow(code="sf", name="SF", base_url="http://sf"))
    for number, waybills in (("1", ("SF1", "SF2")), ("2", ("SF3",)), ("3", ("ZT1",))):
        await seed_order(sessions, number)
        await seed_shipment(sessions, number, status="labelled")
        for n, waybill_no in enumerate(waybills, 1):
            await rows(
                sessions,
                "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
                " sorting_code, status, weight_g, length_mm, width_mm, height_mm, labelled_at)"
                " VALUES (:id, :shipment, :carrier, '', :no, '', '', 'labelled', 900, 0, 0, 0,"
                " now()) RETURNING 1",
                id=f"O-{number}-1-P{n}", shipment=f"O-{number}-1", no=waybill_no,
                carrier="zto" if waybill_no[0] == "Z" else "sf",
            )  # fmt: skip
    async with client_of(web_sessions, hand_overs.router) as client:
        yield client


def signature(*stroke: tuple[int, int]) -> str:
    image = Image.new("RGBA", (800, 300))
    ImageDraw.Draw(image).line(stroke or [(50, 200), (300, 60), (700, 220)], "black", 6)
    data = io.BytesIO()
    image.save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


async def opened(client: httpx.AsyncClient, carrier: str = "sf", location: str = "HQ") -> str:
    answer = await client.post(PATH, json={"location": location, "carrier": carrier})
    no: str = answer.json()["no"]
    return no


async def scanned(client: httpx.AsyncClient, no: str, *codes: str, key: str = "key") -> list[str]:
    scans = [{"key": f"{key}-{code}-{n}", "code": code} for n, code in enumerate(codes)]
    answer = await client.post(f"{PATH}/{no}/parcels", json={"scans": scans})
    assert answer.status_code == 200, answer.text
    return [one["verdict"] for one in answer.json()["answers"]]


async def closed(client: httpx.AsyncClient, no: str, **more: str) -> httpx.Response:
    body = {"driver": "张师傅", "signature": signature(), **more}
    return await client.post(f"{PATH}/{no}/close", json=body)


async def test_what_the_driver_signs_for_is_handed_over(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    no = await opened(client)
    assert await opened(client) == no
    assert await scanned(client, no, "SF1", "SF2", "O-2-1-P1") == ["taken"] * 3

    answer = await closed(client, no)

    assert (answer.status_code, answer.json()["parcels"]) == (200, 3), answer.text
    assert await told(sessions) == [
        ("shipment/O-1-1", "handed_over", {}),
        ("shipment/O-2-1", "handed_over", {}),
    ]
    assert (await closed(client, no)).status_code == 200
    assert len(await told(sessions)) == 2
    assert await scanned(client, no, "ZT1") == ["closed"]
    assert await opened(client) != no


async def test_the_driver_is_sealed_and_stands_on_the_printed_list(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    no = await opened(client)
    await scanned(client, no, "SF3")
    before = await client.get(f"{PATH}/{no}/manifest.pdf")
    await closed(client, no)
    after = await client.get(f"{PATH}/{no}/manifest.pdf")

    texts = [
        pypdfium2.PdfDocument(answer.content)[0].get_textpage().get_text_range()
        for answer in (before, after)
    ]
    assert ["张师傅" in text for text in texts] == [False, True]
    assert all("SF3" in text and "SF1" not in text for text in texts)
    assert len(after.content) > len(before.content)
    ((sealed,),) = await rows(sessions, "SELECT sealed FROM hand_over")
    assert "张师傅".encode() not in bytes(sealed)
    assert len(sealed) < 20_000


async def test_a_scan_that_is_sent_again_counts_once(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    no = await opened(client)

    assert await scanned(client, no, "SF1") == ["taken"]
    assert await scanned(client, no, "SF1") == ["taken"]
    assert await scanned(client, no, "SF1", key="other") == ["twice"]
    assert await rows(sessions, "SELECT count(*)::int FROM handed_parcel") == [(1,)]


@pytest.mark.parametrize(
    ("statement", "code", "verdict"),
    [
        ("SELECT 1", "NO-SUCH", "unknown"),
        ("SELECT 1", "ZT1", "other_carrier"),
        ("UPDATE shipment SET location_id = 'S1' RETURNING 1", "SF1", "other_place"),
        ("UPDATE shipment SET status = 'cancelled' RETURNING 1", "SF1", "cancelled"),
        ("UPDATE shipment SET waits_for = 'stopping' RETURNING 1", "SF1", "cancelled"),
        ("UPDATE shipment SET status = 'packed' RETURNING 1", "SF1", "not_labelled"),
        ("UPDATE shipment SET status = 'in_transit' RETURNING 1", "SF1", "left"),
        ("UPDATE parcel SET voided_at = now() RETURNING 1", "SF1", "voided"),
        (HOLD, "SF1", "held"),
        ("UPDATE parcel SET receiver_version = 99 RETURNING 1", "SF1", "outdated"),
    ],
)
async def test_a_parcel_that_may_not_go_says_why(
    client: httpx.AsyncClient, sessions: Sessions, statement: str, code: str, verdict: str
) -> None:
    no = await opened(client)
    await rows(sessions, statement)

    assert await scanned(client, no, code) == [verdict]
    assert await rows(sessions, "SELECT count(*)::int FROM handed_parcel") == [(0,)]


async def test_nobody_signs_for_half_a_shipment_or_for_nothing(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    no = await opened(client)
    empty = await closed(client, no)
    await scanned(client, no, "SF1", "SF3")
    half = await closed(client, no)

    assert (empty.status_code, half.status_code) == (409, 409)
    assert half.json()["detail"] == "of shipment O-1-1 1 of 2 boxes are scanned"
    assert await told(sessions) == []
    await client.post(f"{PATH}/{no}/parcels/O-1-1-P1/removal")
    assert (await closed(client, no)).status_code == 200
    assert [target for target, _, _ in await told(sessions)] == ["shipment/O-2-1"]
    late = await client.post(f"{PATH}/{no}/parcels/O-2-1-P1/removal")
    assert late.status_code == 409


async def test_an_order_that_was_held_meanwhile_stops_the_signature(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    no = await opened(client)
    await scanned(client, no, "SF1", "SF2", "SF3")
    await rows(sessions, HOLD)

    answer = await closed(client, no)

    assert (answer.status_code, "O-1-1" in answer.json()["detail"]) == (409, True)
    assert await told(sessions) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"driver": " "},
        {"signature": "no picture"},
        {"signature": "data:image/png;base64,AAAA"},
        {"signature": signature((0, 0), (0, 0))},
        {"signature": ""},
    ],
)
async def test_a_signature_nobody_can_read_is_none(
    client: httpx.AsyncClient, sessions: Sessions, bad: dict[str, str]
) -> None:
    no = await opened(client)
    await scanned(client, no, "SF3")

    assert (await closed(client, no, **bad)).status_code == 422
    assert await told(sessions) == []


async def test_a_parcel_that_came_back_from_the_ramp_is_handed_over_again(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    first = await opened(client)
    await scanned(client, first, "SF3")
    await closed(client, first)
    await rows(sessions, "UPDATE shipment SET handed_over_at = NULL RETURNING 1")

    second = await opened(client)
    assert await scanned(client, second, "SF3", key="again") == ["taken"]
    assert (await closed(client, second)).status_code == 200


async def test_what_the_day_leaves_behind_is_listed_with_its_step(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await move(sessions, "O-2-1", "picking")
    await rows(sessions, "UPDATE shipment SET picked_at = now() WHERE no = 'O-2-1' RETURNING 1")
    await rows(
        sessions,
        "UPDATE shipment SET ship_by = :at RETURNING 1",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    await move(sessions, "O-3-1", "picking")
    await rows(sessions, HOLD)

    found: list[dict[str, Any]] = (await client.get("/api/v1/left-overs?location=HQ")).json()

    assert [(one["shipment_no"], one["kind"], one["held"]) for one in found] == [
        ("O-1-1", "not_handed_over", True),
        ("O-2-1", "not_packed", False),
        ("O-3-1", "not_picked", False),
    ]
    assert (await client.get("/api/v1/left-overs?location=S1")).json() == []


async def test_an_unknown_hand_over_place_or_carrier_is_not_found(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get(f"{PATH}/NO")).json()["code"] == "HandOverNotFound"
    assert (await closed(client, "NO")).json()["code"] == "HandOverNotFound"
    nowhere = await client.post(PATH, json={"location": "NO", "carrier": "sf"})
    nobody = await client.post(PATH, json={"location": "HQ", "carrier": "dhl"})
    assert (nowhere.status_code, nobody.status_code) == (404, 422)


async def test_a_carrier_that_does_not_come_today_leaves_nothing_behind(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    waiting = "UPDATE shipment SET status = 'picking', ship_by = NULL, carrier = 'sf' RETURNING 1"
    await rows(sessions, waiting)
    coming = "INSERT INTO carrier_cutoff (location_id, carrier, at) VALUES ('HQ', 'sf', '00:00')"
    await rows(sessions, f"{coming} RETURNING 1")
    places = "UPDATE location SET works_on = :days, days_on = CAST(:on AS date[]) RETURNING 1"

    async def left() -> list[bool]:
        answer = await client.get("/api/v1/left-overs?location=HQ")
        return [one["cutoff_passed"] for one in answer.json()]

    assert await left() == [True, True, True]
    await rows(sessions, places, days="", on=[])
    assert await left() == []
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
    await rows(sessions, places, days="", on=[today])
    assert await left() == [True, True, True]
