"""Every scan is kept once and counted once, whatever a scanner sends again or too late."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
import pytest_asyncio

from activities.orders.shipping import ShippingActivities
from api.orders import scans, warehouse
from db.audit import audit
from db.engine import Sessions
from db.inventory.repository import StockRepository
from domain.inventory.stock import Document, Reserved, ReserveStock, StockKey, StockLine
from domain.orders.work import ShipmentStep
from domain.shared.ids import LocationId, Lot, ShipmentNo, Sku
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


LOTS = """
SELECT lot, quantity - voided_quantity FROM reservation
WHERE reservation_id = 'O-1-1' AND sku = 'A' AND state = 'held' ORDER BY lot
"""
BALANCES = """
SELECT lot, on_hand, reserved FROM stock_balance WHERE sku = 'A' AND lot <> '' ORDER BY lot
"""


def of_lot(lot: str, until: str = "271231") -> str:
    return f"]d201{GTIN.zfill(14)}10{lot}␝17{until}"


async def lie_there(sessions: Sessions, lot: str, units: int, condition: str = "good") -> None:
    key = StockKey(Sku("A"), LocationId("HQ"), Lot(lot), condition)
    async with sessions.begin() as session:
        document = Document("grn", f"G-{lot}", f"G-{lot}-{condition}")
        await StockRepository(session).receive(document, [StockLine(key, units)])


async def reserve_lot(owner: Sessions, lot: str) -> None:
    """The two units of A that are reserved lie in this lot."""
    await lie_there(owner, lot, 2)
    a = StockLine(StockKey(Sku("A"), LocationId("HQ"), Lot(lot)), 2)
    b = StockLine(StockKey(Sku("B"), LocationId("HQ")), 1)
    async with owner.begin() as session:
        await StockRepository(session).release("O-1-1")
    await rows(owner, "DELETE FROM reservation RETURNING 1")
    async with owner.begin() as session:
        asked = ReserveStock("O-1-1", (a, b), "ord_1", "shipment/O-1-1")
        granted = await StockRepository(session).reserve_batch([asked])
    assert granted == {"O-1-1": Reserved.GRANTED}


async def test_another_lot_that_is_free_is_promised_instead_of_the_reserved_one(
    client: httpx.AsyncClient, sessions: Sessions, owner_sessions: Sessions
) -> None:
    await reserve_lot(owner_sessions, "L1")
    await lie_there(sessions, "L2", 1)

    assert await verdicts(client, scan(1, of_lot("L2"))) == ["counted"]
    assert await rows(sessions, LOTS) == [("L1", 1), ("L2", 1)]
    assert await verdicts(client, scan(2, of_lot("L2"))) == ["lot_taken"]
    assert await verdicts(client, scan(3, of_lot("L1")), scan(4, "B")) == ["counted", "counted"]
    assert await rows(sessions, BALANCES) == [("L1", 2, 1), ("L2", 1, 1)]
    audited = "SELECT before, after FROM audit_log WHERE action = 'shipment.lot_changed'"
    assert await rows(sessions, audited) == [
        ({"sku": "A", "lots": {"L1": 1}}, {"sku": "A", "lot": "L2", "units": 1})
    ]

    undo = scan(5, "", kind="undo", undoes="scan-key-1")
    assert await verdicts(client, undo, scan(6, of_lot("L1")), done(7)) == [
        "undone", "counted", "confirmed",
    ]  # fmt: skip
    assert await rows(sessions, LOTS) == [("L1", 2)]
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_what_was_scanned_of_a_lot_leaves_and_what_is_missing_is_of_the_other(
    client: httpx.AsyncClient, sessions: Sessions, owner_sessions: Sessions
) -> None:
    await reserve_lot(owner_sessions, "L1")
    await lie_there(sessions, "L2", 1)
    await verdicts(client, scan(1, of_lot("L2")), scan(2, "B"), done(3, reason="not_found"))

    await ShippingActivities(sessions).pick_confirmed(ShipmentStep(ShipmentNo("O-1-1"), 1))

    assert await rows(sessions, LOTS) == [("L2", 1)]
    missing = "SELECT lot, quantity FROM stock_move WHERE reason = 'short_pick'"
    assert await rows(sessions, missing) == [("L1", 1)]
    told = (await client.get("/api/v1/shipments/O-1-1/lots")).json()
    assert [(one["order_line_id"], one["lot"], one["units"]) for one in told] == [
        ("ord_1.1", "L2", 1), ("ord_1.2", "", 1),
    ]  # fmt: skip
    assert told[0]["expires_on"] == "2027-12-31"


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (of_lot("L1", "251231"), "expired"),
        (of_lot("BAD"), "lot_held"),
        (of_lot("NONE"), "lot_unknown"),
        (of_lot("L3"), "lot_taken"),
    ],
)
async def test_a_lot_that_may_not_leave_is_refused_and_the_reservation_stays(
    client: httpx.AsyncClient, sessions: Sessions, owner_sessions: Sessions, code: str, verdict: str
) -> None:
    await reserve_lot(owner_sessions, "L1")
    await lie_there(sessions, "BAD", 5, "quarantine")
    await lie_there(sessions, "L3", 1)
    taken = StockLine(StockKey(Sku("A"), LocationId("HQ"), Lot("L3")), 1)
    async with sessions.begin() as session:
        await StockRepository(session).reserve_batch([ReserveStock("other", (taken,))])

    assert await verdicts(client, scan(1, code), scan(1, code)) == [verdict, verdict]
    assert await picked(client) == {"A": 0, "B": 0}
    assert await rows(sessions, LOTS) == [("L1", 2)]
    assert await verdicts(client, scan(2), scan(3)) == ["counted", "counted"]


async def test_two_pickers_who_scan_the_last_unit_of_a_lot_do_not_both_get_it(
    client: httpx.AsyncClient, sessions: Sessions, owner_sessions: Sessions
) -> None:
    await reserve_lot(owner_sessions, "L1")
    await lie_there(sessions, "L2", 1)
    heard: list[str] = []

    async def one(n: int) -> None:
        heard.extend(await verdicts(client, scan(n, of_lot("L2"))))

    async with anyio.create_task_group() as group:
        group.start_soon(one, 1)
        group.start_soon(one, 2)

    assert sorted(heard) == ["counted", "lot_taken"]
    assert await rows(sessions, LOTS) == [("L1", 1), ("L2", 1)]


async def test_what_goes_in_one_parcel_is_picked_from_one_list(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_order(sessions, "2")
    await seed_shipment(sessions, "2")
    await rows(sessions, "UPDATE shipment SET ships_with = 'O-1-1' WHERE no = 'O-2-1' RETURNING 1")

    rider = scan(9) | {"shipment_no": "O-2-1"}
    sent = [rider, scan(1, units=4), scan(2, "B", units=2), done(3)]
    assert await verdicts(client, *sent) == ["gone", "counted", "counted", "confirmed"]
    assert await rows(sessions, "SELECT sum(picked_quantity)::int FROM shipment_line") == [(6,)]


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
