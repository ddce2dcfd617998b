"""Sending something back: for anybody with an order number and the end of the phone."""

import httpx
import pytest
import pytest_asyncio

from db.engine import Sessions
from db.orders.words import of_return
from db.platform.attempts import ATTEMPTS
from tests.api.orders.world import rows
from tests.people import said, say
from tests.web.world import change

KNOWN = {"no": "O-1", "last4": "0001"}
ASK = {**KNOWN, "order_no": "O-1", "reason": "damaged", "units.ord_1.1/A": "1"}


@pytest_asyncio.fixture(autouse=True)
async def delivered(order: str, sessions: Sessions) -> None:
    await change(
        sessions, "UPDATE shipment SET status = 'delivered', delivered_at = now() - interval '1 d'"
    )


async def test_a_buyer_asks_sends_and_follows(
    anonymous: httpx.AsyncClient, sessions: Sessions
) -> None:
    found = await anonymous.post("/return", data=KNOWN)
    assert "Goods A" in found.text
    for hidden in ("王小明", "文一西路", "13800000001"):
        assert hidden not in found.text
    asked = await anonymous.post("/return/ask", data=ASK)
    assert (asked.status_code, "We have your request" in asked.text) == (200, True)
    ((no, origin, who),) = await rows(
        sessions, "SELECT return_no, origin, created_by FROM sales_return"
    )
    assert f"<h2>{no}" in asked.text
    assert (origin, who) == ("consumer", "buyer")

    await change(
        sessions, "UPDATE sales_return SET decision = 'approved', waits_for = 'buyer_parcel'"
    )
    page = await anonymous.post("/return", data=KNOWN)
    assert f"Please write {no} on the parcel" in page.text
    told = {**KNOWN, "return_no": no, "waybill_no": "SF42"}
    assert (await anonymous.post("/return/parcel", data=told)).status_code == 200
    assert await rows(sessions, "SELECT waybill_no FROM sales_return") == [("SF42",)]


async def test_a_buyer_whose_goods_are_collected_reads_who_comes(
    anonymous: httpx.AsyncClient, sessions: Sessions
) -> None:
    await anonymous.post("/return/ask", data=ASK)
    await change(
        sessions, "UPDATE sales_return SET decision = 'approved', waits_for = 'buyer_parcel'"
    )
    await change(
        sessions,
        "INSERT INTO return_label (no, order_id, location_id, carrier, reason, asked_by, state,"
        " waybill_no, status, return_no)"
        " SELECT 'O-1-B1', order_id, 'HQ', 'jdl', '', 'system', 'ordered', 'JDV7', 'labelled',"
        " return_no FROM sales_return",
    )
    page = (await anonymous.post("/return", data=KNOWN)).text
    assert "comes to collect it" in page
    assert "JDV7" in page
    assert 'name="waybill_no"' not in page


async def test_a_question_is_answered_on_the_page(
    anonymous: httpx.AsyncClient, sessions: Sessions
) -> None:
    await anonymous.post("/return/ask", data=ASK)
    await change(
        sessions,
        "UPDATE sales_return SET waits_for = 'buyer_answer', clock_left_s = 60, due_at = now()",
    )
    ((no, order_id),) = await rows(sessions, "SELECT return_no, order_id FROM sales_return")
    await say(sessions, order_id, of_return(no), question="Which colour?")
    assert "Which colour?" in (await anonymous.post("/return", data=KNOWN)).text
    told = {**KNOWN, "return_no": no, "text": "blue"}
    assert (await anonymous.post("/return/answer", data=told)).status_code == 200
    assert await said(sessions, of_return(no)) == {"remark": "blue"}
    assert await rows(sessions, "SELECT clock_left_s FROM sales_return") == [(None,)]


@pytest.mark.parametrize(
    ("path", "change_", "status"),
    [
        ("/return/ask", {"last4": "9999"}, 404),
        ("/return/ask", {"order_no": "O-2"}, 409),
        ("/return/ask", {"reason": "goodwill"}, 422),
        ("/return/ask", {"units.ord_1.1/A": "3"}, 409),
        ("/return/ask", {"units.ord_1.1/A": "x"}, 422),
        ("/return/ask", {"units.ord_1.1/A": "0"}, 409),
        ("/return/ask", {"remark": "\x00"}, 422),
        ("/return/parcel", {"return_no": "RT-1", "waybill_no": "SF1"}, 409),
        ("/return/parcel", {"return_no": "RT-1", "waybill_no": "\x01"}, 422),
        ("/return/answer", {"return_no": "RT-1", "text": "hm"}, 409),
        ("/return/answer", {"return_no": "RT-1", "text": " "}, 422),
        ("/return", {"no": "O" * 101}, 422),
    ],
)
async def test_what_cannot_be_asked_changes_nothing(
    anonymous: httpx.AsyncClient,
    sessions: Sessions,
    path: str,
    change_: dict[str, str],
    status: int,
) -> None:
    answer = await anonymous.post(path, data={**ASK, **change_})

    assert answer.status_code == status, answer.text
    assert await rows(sessions, "SELECT 1 FROM sales_return") == []


async def test_orders_of_marketplaces_are_sent_back_there(
    anonymous: httpx.AsyncClient, sessions: Sessions
) -> None:
    await change(sessions, "UPDATE sales_order SET channel = 'top'")

    assert "where you bought it" in (await anonymous.post("/return", data=KNOWN)).text
    assert (await anonymous.post("/return/ask", data=ASK)).status_code == 409


async def test_guessing_comes_to_an_end_here_too(anonymous: httpx.AsyncClient) -> None:
    for guess in range(ATTEMPTS):
        told = {"no": "O-1", "last4": f"{guess + 100:04}"}
        assert (await anonymous.post("/return/ask", data={**ASK, **told})).status_code == 404
    assert (await anonymous.post("/return", data=KNOWN)).status_code == 429
