"""Every scan is kept once and counted once, whatever a scanner sends again or too late."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
import pytest_asyncio

from api.orders import scans, warehouse
from db.engine import Sessions
from tests.api.orders.app import client_of
from tests.api.orders.world import move, rows, seed_order, seed_shipment, seed_shop, told

NOW = datetime.now(UTC)
GTIN = "9312345678907"


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions)
    await rows(sessions, "UPDATE sku SET gtin = :g WHERE code = 'A' RETURNING 1", g=GTIN)
    async with client_of(web_sessions, scans.router, warehouse.router) as client:
        yield client


def scan(n: int, code: str = "A", **more: Any) -> dict[str, Any]:
    at = (NOW + timedelta(seconds=n)).isoformat()
    return {"key": f"scan-key-{n}", "at": at, "shipment_no": "O-1-1", "code": code, **more}


def done(n: int, **more: Any) -> dict[str, Any]:
    return scan(n, "", kind="done", **more)


async def verdicts(client: httpx.AsyncClient, *sent: dict[str, Any]) -> list[str]:
    answer = await client.post("/api/v1/scans", json={"scans": sent})
    assert answer.status_code == 200, answer.text
    return [one["verdict"] for one in answer.json()["answers"]]


async def picked(client: httpx.AsyncClient) -> dict[str, int]:
    answer = await client.get("/api/v1/shipments/O-1-1/scans")
    return {line["sku"]: line["counted"] for line in answer.json()["lines"]}


async def test_scans_of_a_pick_count_up_and_the_workflow_hears_one_fact(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    sent = [scan(1, GTIN), scan(2, "A"), scan(3, "B"), done(4)]

    assert await verdicts(client, *sent) == ["counted", "counted", "counted", "confirmed"]
    assert await told(sessions) == [("shipment/O-1-1", "picked", {"short": False})]
    assert await rows(sessions, "SELECT sku, picked_quantity FROM shipment_line ORDER BY sku") == [
        ("A", 2),
        ("B", 1),
    ]


async def test_scans_sent_again_change_nothing_and_get_their_first_answers(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    sent = [scan(1), scan(2), scan(3), scan(4, "B"), done(5)]
    first = await verdicts(client, *sent)

    assert first == ["counted", "counted", "over", "counted", "confirmed"]
    assert await verdicts(client, *reversed(sent)) == first[::-1]
    assert await verdicts(client, sent[0], sent[0]) == ["counted", "counted"]
    assert await rows(sessions, "SELECT count(*)::int FROM warehouse_scan") == [(5,)]
    assert len(await told(sessions)) == 1


async def test_the_same_scans_from_many_connections_at_once_count_once(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(verdicts, client, scan(1), scan(2, "B"))

    assert await picked(client) == {"A": 1, "B": 1}
    assert await rows(sessions, "SELECT count(*)::int FROM warehouse_scan") == [(2,)]


async def test_a_wrong_item_is_refused_and_what_comes_after_it_is_heard(
    client: httpx.AsyncClient,
) -> None:
    sent = [scan(1, "6901234567892"), scan(2, "nonsense"), scan(3, units=3), scan(4, units=2)]

    assert await verdicts(client, *sent) == ["wrong", "wrong", "over", "counted"]
    assert await picked(client) == {"A": 2, "B": 0}


async def test_a_scan_is_taken_back_once(client: httpx.AsyncClient) -> None:
    sent = [
        scan(1), scan(2), scan(3, "", kind="undo", undoes="scan-key-2"),
        scan(4, "", kind="undo", undoes="scan-key-2"),
    ]  # fmt: skip

    assert await verdicts(client, *sent) == ["counted", "counted", "undone", "nothing_to_undo"]
    assert await picked(client) == {"A": 1, "B": 0}


async def test_units_may_be_missing_only_for_a_reason(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    assert await verdicts(client, scan(1), done(2)) == ["counted", "incomplete"]
    assert await told(sessions) == []

    assert await verdicts(client, done(3, reason="damaged")) == ["short"]
    assert await told(sessions) == [("shipment/O-1-1", "picked", {"short": True})]
    assert await rows(sessions, "SELECT action, reason FROM audit_log") == [
        ("shipment.picked", "damaged")
    ]


async def test_a_scan_that_comes_after_the_confirmation_is_told_so_and_counts_nothing(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await verdicts(client, scan(1), done(2, reason="not_found"))

    assert await verdicts(client, scan(3), done(4)) == ["late", "late"]
    assert await rows(sessions, "SELECT sum(picked_quantity)::int FROM shipment_line") == [(1,)]
    assert len(await told(sessions)) == 1


async def test_a_shipment_that_is_taken_back_takes_no_scans(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await move(sessions, "O-1-1", "cancelled")

    unknown = scan(3) | {"shipment_no": "NONE"}
    assert await verdicts(client, scan(1), done(2), unknown) == ["gone", "gone", "gone"]


async def test_a_lot_in_the_code_is_written_down(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    code = f"]d201{GTIN.zfill(14)}10LOT-7␝17271231"

    assert await verdicts(client, scan(1, code)) == ["counted"]
    kept = await rows(sessions, "SELECT sku, lot, expires_on::text FROM warehouse_scan")
    assert kept == [("A", "LOT-7", "2027-12-31")]


async def test_what_is_packed_is_checked_against_what_was_picked(
    client: httpx.AsyncClient,
) -> None:
    early = scan(1, station="pack")
    await verdicts(client, early, scan(2), done(3, reason="not_found"))
    sent = [scan(4, station="pack"), scan(5, station="pack"), scan(6, "B", station="pack")]

    assert await verdicts(client, early, *sent) == ["gone", "counted", "over", "over"]


@pytest.mark.parametrize(
    "bad",
    [
        {"key": "short"},
        {"key": "with blanks in it"},
        {"at": "2020-01-01T00:00:00Z"},
        {"at": "2026-11-26T00:00:00"},
        {"code": ""},
        {"kind": "undo", "code": ""},
        {"units": 0},
        {"units": "1"},
        {"shipment_no": ""},
        {"wave_no": "W-1"},
        {"reason": "bored"},
        {"station": "nowhere"},
        {"code": "\x1d"},
    ],
)
async def test_a_scan_that_cannot_be_understood_is_refused(
    client: httpx.AsyncClient, sessions: Sessions, bad: dict[str, Any]
) -> None:
    answer = await client.post("/api/v1/scans", json={"scans": [scan(1) | bad]})

    assert answer.status_code == 422
    assert await rows(sessions, "SELECT count(*)::int FROM warehouse_scan") == [(0,)]
