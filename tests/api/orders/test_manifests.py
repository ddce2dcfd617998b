"""The hand-over list shows what was labelled for a carrier at a place on a day, and no receiver."""

from collections.abc import AsyncIterator

import httpx
import pypdfium2
import pytest
import pytest_asyncio

from api.orders import manifests
from db.engine import Sessions
from tests.api.orders.app import client_of
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop
from tests.people import receiver_of


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions, status="labelled")
    async with client_of(web_sessions, manifests.router) as client:
        yield client


async def place(sessions: Sessions) -> str:
    ((location,),) = await rows(sessions, "SELECT location_id FROM shipment WHERE no = 'O-1-1'")
    return str(location)


async def label(
    sessions: Sessions, number: str, carrier: str = "yto", at: str = "now()", void: bool = False
) -> None:
    await rows(
        sessions,
        "INSERT INTO parcel (id, shipment_no, carrier, product, waybill_no, routing_code,"
        " sorting_code, status, weight_g, length_mm, width_mm, height_mm, insured_minor,"
        f" labelled_at, voided_at) VALUES (:id, 'O-1-1', :carrier, '', :no, '', '', 'labelled',"
        f" 1250, 0, 0, 0, 50000, {at}, {'now()' if void else 'NULL'}) RETURNING id",
        id=f"p-{number}", carrier=carrier, no=number,
    )  # fmt: skip


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    pages = pypdfium2.PdfDocument(answer.content)
    return "\n".join(page.get_textpage().get_text_range() for page in pages)


async def test_every_parcel_labelled_today_is_on_it_with_the_sums(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await label(sessions, "YT0000000000001")
    await label(sessions, "YT0000000000002")
    await label(sessions, "YT0000000000003", void=True)
    await label(sessions, "SF7000000000001", carrier="sf")
    await label(sessions, "YT0000000000009", at="now() - interval '3 days'")
    url = f"/api/v1/locations/{await place(sessions)}/manifest.pdf"

    text = text_of(await client.get(url, params={"carrier": "yto"}))

    assert "快件交接单" in text
    assert "YT0000000000001" in text
    assert "YT0000000000002" in text
    assert "2.50" in text.replace("\r\n", " ")
    assert "1000.00" in text
    for absent in ("YT0000000000003", "SF7000000000001", "YT0000000000009"):
        assert absent not in text
    receiver = await receiver_of(sessions)
    assert receiver.name not in text
    assert receiver.phone not in text


async def test_a_long_list_goes_over_pages_and_numbers_them(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    for number in range(90):
        await label(sessions, f"YT{number:013d}")

    answer = await client.get(
        f"/api/v1/locations/{await place(sessions)}/manifest.pdf", params={"carrier": "yto"}
    )

    assert len(pypdfium2.PdfDocument(answer.content)) >= 3
    assert "YT0000000000089" in text_of(answer)


async def test_another_day_can_be_printed_again(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await label(sessions, "YT0000000000001", at="'2026-03-01 05:00+00'")
    url = f"/api/v1/locations/{await place(sessions)}/manifest.pdf"

    printed = await client.get(url, params={"carrier": "yto", "day": "2026-03-01"})

    assert "2026-03-01" in text_of(printed)


@pytest.mark.parametrize(
    ("location", "params", "status"),
    [
        ("NOWHERE", {"carrier": "yto"}, 404),
        ("", {"carrier": "yto"}, 409),
        ("", {}, 422),
        ("", {"carrier": "'; DROP"}, 422),
        ("", {"carrier": "yto", "day": "yesterday"}, 422),
        ("", {"carrier": "yto", "day": "9999-12-31"}, 409),
    ],
)
async def test_what_cannot_be_printed_is_told(
    client: httpx.AsyncClient,
    sessions: Sessions,
    location: str,
    params: dict[str, str],
    status: int,
) -> None:
    url = f"/api/v1/locations/{location or await place(sessions)}/manifest.pdf"

    answer = await client.get(url, params=params)

    assert answer.status_code == status, answer.text
