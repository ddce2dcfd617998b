"""A wave's labels come out together, by slot; each printing is written down, none just missing."""

from collections.abc import AsyncIterator

import httpx
import pypdfium2
import pytest_asyncio
import zxingcpp

from api.orders import label_batches, waves
from db.engine import Sessions
from db.orders.platform_labels import keep_label
from db.orders.receivers import save_receiver
from domain.shared.address import Address, MaskedReceiver
from tests.api.orders.app import client_of
from tests.api.orders.world import move, rows, seed_order, seed_shipment, seed_shop
from tests.people import VAULT

BATCH = "/api/v1/label-batches"
Client = tuple[httpx.AsyncClient, str]


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[Client]:
    await seed_shop(sessions)
    for number in "123":
        await seed_order(sessions, number)
        await seed_shipment(sessions, number)
    async with client_of(web_sessions, label_batches.router, waves.router) as client:
        body = {"location": "HQ", "shipment_nos": ["O-2-1", "O-1-1", "O-3-1"]}
        wave = (await client.post("/api/v1/waves", json=body)).json()["no"]
        for number in "12":
            await label(sessions, number)
        yield client, wave


async def label(sessions: Sessions, number: str) -> None:
    await move(sessions, f"O-{number}-1", "labelled")
    await rows(
        sessions,
        "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
        " sorting_code, status, weight_g, length_mm, width_mm, height_mm) VALUES"
        " (:id, :shipment, 'sf', '2', :no, '571-A1', 'W2', 'labelled', 1200, 0, 0, 0) RETURNING 1",
        id=f"O-{number}-1-P1", shipment=f"O-{number}-1", no=f"SF700000000000{number}",
    )  # fmt: skip


async def test_the_labels_of_a_wave_come_by_slot_and_what_is_missing_is_named(
    client: Client, sessions: Sessions
) -> None:
    caller, wave = client

    told = (await caller.get(BATCH, params={"wave_no": wave})).json()
    printed = await caller.get(f"{BATCH}/labels.pdf", params={"wave_no": wave})

    assert told == {
        "shipment_nos": ["O-2-1", "O-1-1"], "labels": 2,
        "skipped": [{"shipment_no": "O-3-1", "why": "no_waybill"}],
    }  # fmt: skip
    codes = [
        zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil().convert("L"))[0].text
        for page in pypdfium2.PdfDocument(printed.content)
    ]
    assert codes == ["SF7000000000002", "SF7000000000001"]
    assert printed.headers["cache-control"] == "no-store"


async def test_every_printing_is_written_down_also_the_second(
    client: Client, sessions: Sessions
) -> None:
    caller, _ = client
    chosen = {"shipment_no": ["O-1-1"]}

    await caller.get(BATCH, params=chosen)
    for form in ("pdf", "zpl"):
        assert (await caller.get(f"{BATCH}/labels.{form}", params=chosen)).status_code == 200

    audited = "SELECT subject FROM audit_log WHERE action = 'label.printed'"
    assert await rows(sessions, audited) == [("shipment/O-1-1",)] * 2


async def test_a_thermal_printer_gets_a_bitmap_for_each_box(client: Client) -> None:
    caller, wave = client

    printed = await caller.get(f"{BATCH}/labels.zpl", params={"wave_no": wave})

    assert printed.headers["content-type"] == "application/zpl"
    assert printed.text.count("^XA^PW800^LL1200^LH0,0^FO0,0^GFA,120000,120000,100,") == 2


async def test_labels_that_only_a_platform_prints_are_named_as_such(
    client: Client, sessions: Sessions
) -> None:
    caller, _ = client
    masked = MaskedReceiver("oaid-1", "王**", "*******0001", Address("浙江省", "杭州市", "", ""))
    async with sessions.begin() as session:
        assert await save_receiver(session, VAULT, "ord_1", masked)
        await keep_label(session, VAULT, "O-1-1-P1", "{}")
    chosen = {"shipment_no": ["O-1-1", "NONE"]}

    told = (await caller.get(BATCH, params=chosen)).json()
    printed = await caller.get(f"{BATCH}/labels.pdf", params=chosen)

    assert told["skipped"] == [
        {"shipment_no": "O-1-1", "why": "platform"},
        {"shipment_no": "NONE", "why": "unknown"},
    ]
    assert (printed.status_code, printed.json()["code"]) == (409, "ActionNotAllowed")


async def test_a_batch_is_of_a_wave_or_of_shipments(client: Client) -> None:
    caller, wave = client

    assert (await caller.get(BATCH)).status_code == 422
    both = {"wave_no": wave, "shipment_no": ["O-1-1"]}
    assert (await caller.get(BATCH, params=both)).status_code == 422
    assert (await caller.get(BATCH, params={"wave_no": "NO"})).json()["code"] == "WaveNotFound"
