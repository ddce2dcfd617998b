"""Labels come out of the printer with what the carrier and the warehouse know."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pypdfium2
import pytest
import pytest_asyncio
import zxingcpp

from api.orders import labels, warehouse
from db.engine import Sessions
from db.orders.platform_labels import keep_label
from integrations.labels import render_labels
from tests.api.orders.app import client_of
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop
from tests.people import VAULT, hide_receiver

LABEL = "/api/v1/shipments/O-1-1/label.pdf"
PRINT_DATA = "/api/v1/shipments/O-1-1/print-data"


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions, status="labelled")
    async with client_of(web_sessions, labels.router, warehouse.router) as client:
        yield client


async def pack(sessions: Sessions, *waybills: str) -> None:
    for n, waybill_no in enumerate(waybills, 1):
        await rows(
            sessions,
            "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
            " sorting_code, status, weight_g, length_mm, width_mm, height_mm) VALUES"
            " (:id, 'O-1-1', 'sf', '2', :no, '571-A1', 'W2', 'labelled', 1200, 0, 0, 0)"
            " RETURNING id",
            id=f"O-1-1-P{n}", no=waybill_no,
        )  # fmt: skip


def pages_of(answer: httpx.Response) -> list[tuple[str, str]]:
    """What a scanner and a reader read of each page."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    found = []
    for page in pypdfium2.PdfDocument(answer.content):
        image = page.render(scale=203 / 72).to_pil().convert("L")
        (barcode,) = zxingcpp.read_barcodes(image)
        found.append((barcode.text, page.get_textpage().get_text_range().replace("\r\n", "")))
    return found


async def test_every_box_gets_a_label_of_its_own_and_printing_is_written_down(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await pack(sessions, "SF7000000000001", "SF7000000000002")

    pages = pages_of(await client.get(LABEL))

    assert [barcode for barcode, _ in pages] == ["SF7000000000001", "SF7000000000002"]
    for n, (_, text) in enumerate(pages, 1):
        for said in ("王小明", "13800000001", "浙江省 杭州市 余杭区 文一西路 969 号", "571-A1"):
            assert said in text
        for said in (f"{n}/2", f"O-1-1-P{n}", "O-1", "1.20 kg", "标快", "共 3 件"):
            assert said in text
    assert await rows(sessions, "SELECT actor, action, subject FROM audit_log") == [
        ("key:test", "label.printed", "shipment/O-1-1")
    ]


async def test_a_masked_address_is_never_printed_as_if_a_parcel_could_arrive_there(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await pack(sessions, "SF7000000000001")
    await hide_receiver(sessions, "oaid-1", "王**", "*******0001")

    answer = await client.get(LABEL)

    assert (answer.status_code, answer.json()["code"]) == (409, "PrintedElsewhere")
    assert await rows(sessions, "SELECT * FROM audit_log") == []


async def test_the_platform_s_component_gets_its_data_as_it_came_and_that_is_written_down(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await pack(sessions, "SF7000000000001", "SF7000000000002")
    await hide_receiver(sessions, "oaid-1", "王**", "*******0001")
    sealed = '{"encryptedData":"AES:1/+="}'
    async with sessions.begin() as session:
        for box in (1, 2):
            await keep_label(session, VAULT, f"O-1-1-P{box}", sealed)

    answer = await client.get(PRINT_DATA)

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert [
        (box["parcel_id"], box["waybill_no"], box["carrier"], box["print_data"])
        for box in answer.json()["boxes"]
    ] == [
        ("O-1-1-P1", "SF7000000000001", "sf", sealed),
        ("O-1-1-P2", "SF7000000000002", "sf", sealed),
    ]
    assert "oaid-1" not in answer.text
    assert await rows(sessions, "SELECT actor, action, subject FROM audit_log") == [
        ("key:test", "label.printed", "shipment/O-1-1")
    ]
    shown = (await client.get("/api/v1/shipments/O-1-1")).json()
    assert shown["labels_by"] == "platform"


async def test_a_label_that_no_platform_made_has_no_data_for_its_component(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    assert (await client.get(PRINT_DATA)).status_code == 409
    await pack(sessions, "SF7000000000001")

    answer = await client.get(PRINT_DATA)

    assert (answer.status_code, answer.json()["code"]) == (409, "ActionNotAllowed")
    assert (await client.get(PRINT_DATA.replace("O-1-1", "O-9-9"))).status_code == 404
    assert (await client.get("/api/v1/shipments/O-1-1")).json()["labels_by"] == "us"
    await hide_receiver(sessions, "oaid-1", "王**", "*******0001")
    assert (await client.get("/api/v1/shipments/O-1-1")).json()["labels_by"] == "elsewhere"
    assert await rows(sessions, "SELECT * FROM audit_log") == []


@pytest.mark.parametrize("waybills", [(), ("",), ("SF1", "")])
async def test_without_a_waybill_for_every_box_there_is_no_label(
    client: httpx.AsyncClient, sessions: Sessions, waybills: tuple[str, ...]
) -> None:
    await pack(sessions, *waybills)

    answer = await client.get(LABEL)

    assert (answer.status_code, answer.json()["code"]) == (409, "ActionNotAllowed")
    assert await rows(sessions, "SELECT * FROM audit_log") == []


async def test_a_label_of_no_shipment_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get(LABEL.replace("O-1-1", "O-9-9"))
    assert (answer.status_code, answer.json()["code"]) == (404, "OrderNotFound")


async def test_without_the_font_it_is_said_in_words(
    client: httpx.AsyncClient,
    sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    await pack(sessions, "SF7000000000001")
    monkeypatch.setattr(labels, "render_labels", lambda found: render_labels(found, [tmp_path]))

    answer = await client.get(LABEL)

    assert (answer.status_code, answer.json()["code"]) == (503, "LabelFontMissing")
