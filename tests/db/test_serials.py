"""Units with serial numbers: from the ramp to the buyer and back, each under its own number."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

import api.inventory.serials
from activities.orders.shipping import ShippingActivities
from api.orders import scans, warehouse
from db.engine import Sessions
from db.inventory import serial_queries
from db.inventory.quarantine import Apart, Quarantine, Wish
from db.inventory.receipt_posting import ReceiptPosting
from db.inventory.receipt_scans import Heard, ReceiptScans
from db.inventory.receipt_scans import Sent as AtTheRamp
from db.inventory.receiving import Opening, Receiving
from db.inventory.serial_queries import SerialFilter
from db.inventory.serials import SerialRegister
from db.orders.return_acts import open_return
from db.orders.returns import Asked
from db.orders.search import find_orders
from db.scope import limited
from db.shared.inspection_undo import undo_inspection
from db.shared.returns_bench import Bench, Counted, Verdict
from domain.inventory.quarantine import QuarantineAct
from domain.inventory.receiving import Verdict as Found
from domain.orders.returns.model import Disposition, ReturnKind, ReturnOrigin, ReturnReason
from domain.orders.work import ShipmentStep
from domain.platform.scopes import Scope
from domain.shared.errors import InvalidInput, SerialsMissing, SerialTaken
from domain.shared.ids import ShipmentNo
from tests.api.orders.app import client_of
from tests.api.orders.world import move, rows, seed_order, seed_shipment, seed_shop
from tests.people import VAULT

NOW = datetime.now(UTC)
LINE = "ord_1.1/A"


@pytest_asyncio.fixture(autouse=True)
async def shop(sessions: Sessions) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    await rows(sessions, "UPDATE sku SET tracks_serials = true WHERE code = 'A' RETURNING 1")


@pytest_asyncio.fixture
async def client(web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    routers = (scans.router, warehouse.router, api.inventory.serials.router)
    async with client_of(web_sessions, *routers) as client:
        yield client


async def receive(
    sessions: Sessions, *serials: str, found: Found = Found.ACCEPTED, place: str = "HQ"
) -> list[Heard]:
    """Take units of A in; what the scanner was told. Posts what counted."""
    async with sessions.begin() as session:
        receiving = Receiving(session, "li")
        no = await receiving.open(Opening(place))
        sent = [
            AtTheRamp(f"{no}-{n}", NOW, "A", serial=one, verdict=found)
            for n, one in enumerate(serials)
        ]
        heard = await ReceiptScans(session, await receiving.lock(no), "li").hear(sent)
        if any(one.answer is Heard.COUNTED for one in heard):
            await ReceiptPosting(session, "li", no).post(no)
    return [one.answer for one in heard]


def scan(n: int, serial: str = "", code: str = "A", **more: Any) -> dict[str, Any]:
    at = (NOW + timedelta(seconds=n)).isoformat()
    return {
        "key": f"scan-key-{n}", "at": at, "shipment_no": "O-1-1", "code": code, "serial": serial,
        **more,
    }  # fmt: skip


async def verdicts(client: httpx.AsyncClient, *sent: dict[str, Any]) -> list[str]:
    answer = await client.post("/api/v1/scans", json={"scans": sent})
    assert answer.status_code == 200, answer.text
    return [one["verdict"] for one in answer.json()["answers"]]


async def where(sessions: Sessions) -> dict[str, tuple[Any, ...]]:
    found = await rows(
        sessions,
        "SELECT serial, state, condition, location_id, shipment_no FROM serial ORDER BY serial",
    )
    return {one[0]: one[1:] for one in found}


async def sent_off(client: httpx.AsyncClient, sessions: Sessions) -> None:
    """S1 and S2 go to the buyer of order O-1."""
    await seed_shipment(sessions)
    await receive(sessions, "S1", "S2", "S3")
    done = scan(9, code="", kind="done")
    assert await verdicts(client, scan(1, "S1"), scan(2, "S2"), scan(3, code="B"), done) == [
        "counted", "counted", "counted", "confirmed",
    ]  # fmt: skip
    box = {"boxes": [{"weight_g": 1500}]}
    packed = await client.post("/api/v1/shipments/O-1-1/pack", json=box)
    assert packed.status_code == 200, packed.text
    await move(sessions, "O-1-1", "labelled")
    await ShippingActivities(sessions).hand_over(ShipmentStep(ShipmentNo("O-1-1"), 1))


async def test_a_unit_comes_in_under_its_number_and_only_once(sessions: Sessions) -> None:
    no_number = await receive(sessions, "")
    assert no_number == [Heard.SERIAL_NEEDED]
    assert await receive(sessions, "S1", "S1", "S2") == [
        Heard.COUNTED, Heard.TWICE, Heard.COUNTED,
    ]  # fmt: skip
    assert await receive(sessions, "S2") == [Heard.SERIAL_KNOWN]
    assert await receive(sessions, "S9", found=Found.REJECTED) == [Heard.COUNTED]
    assert await where(sessions) == {
        "S1": ("in_stock", "good", "HQ", None),
        "S2": ("in_stock", "good", "HQ", None),
        "S9": ("in_stock", "damaged", "HQ", None),
    }
    [(first,)] = await rows(sessions, "SELECT receipt_no FROM serial WHERE serial = 'S1'")
    async with sessions.begin() as session:
        await ReceiptPosting(session, "li", "undo").correct(first, "the wrong lorry")
    assert (await where(sessions))["S1"] == ("gone", "good", None, None)
    assert await receive(sessions, "S1") == [Heard.COUNTED]  # it comes again, from whom it went to


async def test_a_pick_asks_for_the_number_and_takes_only_a_unit_that_lies_here(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_shipment(sessions)
    await receive(sessions, "S1", "S2")
    await receive(sessions, "S3", place="S1")
    await receive(sessions, "S9", found=Found.REJECTED)
    first = [
        scan(1), scan(2, "S7"), scan(3, "S3"), scan(4, "S9"), scan(5, "S1", units=2),
        scan(6, "S1"), scan(7, "S1"),
    ]  # fmt: skip
    told = ["serial_needed", "serial_unknown", "serial_elsewhere", "serial_taken",
            "serial_units", "counted", "serial_twice"]  # fmt: skip
    assert await verdicts(client, *first) == told
    assert await verdicts(client, *first) == told  # a tablet that lost the answers sends them again
    assert (await where(sessions))["S1"] == ("packed", "good", "HQ", "O-1-1")

    undo = scan(8, code="", kind="undo", undoes="scan-key-6")
    assert await verdicts(client, undo, scan(9, "S2")) == ["undone", "counted"]
    assert (await where(sessions))["S1"] == ("in_stock", "good", "HQ", None)
    gs1 = await client.get("/api/v1/shipments/O-1-1/serials")
    assert [one["serial"] for one in gs1.json()] == ["S2"]


async def test_no_box_is_closed_while_a_unit_goes_without_its_number(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_shipment(sessions)
    await receive(sessions, "S1", "S2")
    await client.post("/api/v1/shipments/O-1-1/pick")  # on paper
    box = {"boxes": [{"weight_g": 1500}], "reason": "no scanner"}
    refused = await client.post("/api/v1/shipments/O-1-1/pack", json=box)
    assert (refused.status_code, refused.json()["code"]) == (409, "SerialsMissing")
    packing = {"station": "pack"}
    assert await verdicts(client, scan(1, "S1", **packing), scan(2, **packing)) == [
        "counted", "serial_needed",
    ]  # fmt: skip
    assert await verdicts(client, scan(3, "S2", **packing)) == ["counted"]
    assert (await client.post("/api/v1/shipments/O-1-1/pack", json=box)).status_code == 200


async def test_a_number_leads_from_the_supplier_to_the_buyer_and_the_order_is_found_by_it(
    client: httpx.AsyncClient, sessions: Sessions, limited_sessions: Sessions
) -> None:
    await sent_off(client, sessions)
    assert (await where(sessions))["S1"] == ("shipped", "good", None, "O-1-1")
    trace = (await client.get("/api/v1/serials/trace?sku=A&serial=S1")).json()
    assert trace["receipt_no"].startswith("GR")
    buyer = trace["buyer"]
    assert (buyer["order_no"], buyer["city"], buyer["phone_last4"]) == ("O-1", "杭州市", "0001")
    assert "王小明" not in str(trace)
    assert [one["what"] for one in trace["events"]] == ["shipped", "packed", "received"]
    async with sessions.begin() as session:
        found = await find_orders(session, VAULT, "s1")
        assert (found.ids, found.kinds) == (("ord_1",), ("serial",))
    async with limited(limited_sessions, Scope(locations=("S1",))).begin() as session:
        assert await serial_queries.listed(session, SerialFilter(), 9) == []


async def test_a_return_brings_its_own_unit_back_and_no_other(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await sent_off(client, sessions)
    await rows(sessions, "UPDATE shipment SET status = 'delivered' RETURNING 1")
    asked = Asked(ReturnKind.RETURN, ReturnOrigin.CONSUMER, ReturnReason.DAMAGED, {LINE: 2})
    async with sessions.begin() as session:
        no = await open_return(session, "ord_1", asked)
        await Bench(session).receive(no, "in", "S1", [Counted(LINE, 2)])

    async def inspect(act: str, how: Disposition, *serials: str, units: int = 1) -> None:
        async with sessions.begin() as session:
            verdict = Verdict(LINE, units, how, serials=serials)
            await Bench(session).inspect(no, act, [verdict])

    with pytest.raises(SerialsMissing):
        await inspect("a", Disposition.RESELL)
    with pytest.raises(SerialTaken, match="S3 of A was not sent with this order"):
        await inspect("a", Disposition.RESELL, "S3")
    await inspect("a", Disposition.RESELL, "S1")
    await inspect("a", Disposition.RESELL, "S1")  # the same press: once
    await inspect("b", Disposition.TO_CUSTOMER)  # it goes back: whoever's it is
    assert (await where(sessions))["S1"] == ("in_stock", "good", "S1", "O-1-1")
    assert (await where(sessions))["S2"][0] == "shipped"
    async with sessions.begin() as session:
        await undo_inspection(session, no, "a:0", "mistyped", "bench")
    assert (await where(sessions))["S1"] == ("shipped", "good", None, "O-1-1")


async def test_numbers_of_goods_that_lie_here_are_taken_down_and_no_more_than_lie_here(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_shipment(sessions)  # two A lie at HQ without a number
    body = {"sku": "A", "location": "HQ", "serials": ["N1", "N2", "N3"]}
    answer = await client.post("/api/v1/serials", json=body)
    assert answer.status_code == 422
    assert "2 units lie there" in answer.text
    body["serials"] = ["N1", "N2"]
    assert (await client.post("/api/v1/serials", json=body)).status_code == 204
    async with sessions.begin() as session:
        with pytest.raises(InvalidInput, match="asks for no serial numbers"):
            await SerialRegister(session).note("B", "HQ", "", ["N5"])
    gone = {"sku": "A", "serial": "N1", "state": "gone", "reason": "broken at the shelf"}
    seen = (await client.post("/api/v1/serials/correction", json=gone)).json()
    assert (seen["state"], seen["events"][0]["reason"]) == ("gone", "broken at the shelf")
    audited = "SELECT action, reason FROM audit_log WHERE subject = 'sku/A' ORDER BY id"
    assert await rows(sessions, audited) == [
        ("serial.noted", ""), ("serial.corrected", "broken at the shelf"),
    ]  # fmt: skip


async def test_what_was_taken_back_before_it_left_frees_its_units(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await seed_shipment(sessions)
    await receive(sessions, "S1", "S2")
    assert await verdicts(client, scan(1, "S1")) == ["counted"]
    await move(sessions, "O-1-1", "cancelled")
    page = (await client.get("/api/v1/serials?state=in_stock")).json()
    assert [one["serial"] for one in page["items"]] == ["S1", "S2"]


async def test_goods_set_apart_are_decided_about_by_as_many_numbers_as_units(
    sessions: Sessions, owner_sessions: Sessions
) -> None:
    await receive(sessions, "S1", "S2", found=Found.REJECTED)
    await rows(owner_sessions, "DELETE FROM receipt_case RETURNING 1")  # decided elsewhere

    async def thrown_away(*serials: str) -> None:
        apart = Apart("A", "HQ", "", "damaged")
        wish = Wish(apart, QuarantineAct.WRITE_OFF, 1, "broken", serials=serials)
        async with sessions.begin() as session:
            plan = await Quarantine(session).plan(wish)
            await Quarantine(session).carry_out(wish, plan.hash)

    for serials in ((), ("S1", "S2")):
        with pytest.raises(SerialsMissing):
            await thrown_away(*serials)
    await thrown_away("S1")
    assert {no: found[0] for no, found in (await where(sessions)).items()} == {
        "S1": "gone",
        "S2": "in_stock",
    }
