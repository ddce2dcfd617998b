"""The service desk's returns and the returns bench, as people use them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.audit import audit
from db.engine import Sessions
from db.sql import run
from domain.platform.permissions import Role
from tests.api.orders.world import rows
from tests.web.world import Person, change, person

UNITS = "units.ord_1.1/A"


@pytest_asyncio.fixture
async def delivered(order: str, sessions: Sessions) -> str:
    """Order `O-1` with 2 A and 1 B arrived yesterday."""
    await change(
        sessions, "UPDATE shipment SET status = 'delivered', delivered_at = now() - interval '1 d'"
    )
    return order


@pytest_asyncio.fixture
async def manager(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[Person]:
    async with await person(app, web_sessions, Role.MANAGER, language="zh") as client:
        yield client


async def opened(client: Person, **values: str) -> str:
    """Open a return of two A by its form; its number."""
    told = {"kind": "return", "reason": "damaged", UNITS: "2", **values}
    answer = await client.send_form("/orders/O-1/do/return", **told)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


@pytest.mark.usefixtures("delivered")
async def test_a_return_is_opened_from_the_order_and_stands_in_its_queue(service: Person) -> None:
    form = (await service.get("/orders/O-1/do/return")).text
    assert 'name="units.ord_1.1/A"' in form
    no = await opened(service)

    assert no in (await service.get("/returns?queue=decide")).text
    assert no in (await service.get("/returns?q=O-1")).text
    assert no not in (await service.get("/returns?queue=closed")).text
    assert no in (await service.get("/orders/O-1")).text
    page = (await service.get(f"/returns/{no}")).text
    assert "Damaged" in page
    assert "Approve" in page


@pytest.mark.usefixtures("delivered")
async def test_a_decision_shows_its_money_and_is_then_carried_out(
    service: Person, sessions: Sessions
) -> None:
    no = await opened(service)
    form = (await service.get(f"/returns/{no}/do/approve?deduction=1.50&freight=no")).text
    assert "CN¥18.50 have to be paid by hand" in form
    plan_hash = form.partition('name="plan_hash" value="')[2][:64]
    told = {"action": "approve", "plan_hash": plan_hash, "deduction": "1.50", "freight": "no"}
    bare = await service.send_form(f"/returns/{no}/do/decide", **told)
    assert bare.status_code == 409  # less than all of it needs a reason
    done = await service.send_form(f"/returns/{no}/do/decide", **told, reason="opened")

    assert done.status_code == 303
    assert await rows(sessions, "SELECT decision, deduction_minor FROM sales_return") == [
        ("approved", 150)
    ]


@pytest.mark.usefixtures("delivered")
async def test_the_bench_counts_and_inspects_with_one_press_each(
    service: Person, staff: Person, sessions: Sessions
) -> None:
    no = await opened(service)
    await change(sessions, "UPDATE sales_return SET decision = 'approved', waybill_no = 'SF77'")
    scan = await staff.get("/warehouse/returns?find=SF77")
    assert scan.headers["location"] == f"/warehouse/returns/{no}"
    count = {
        "deed": "receive", "act": "a1", "location": "HQ", "count.ord_1.1/A": "2",
    }  # fmt: skip
    for _ in range(2):  # pressed twice
        answer = await staff.send_form(f"/warehouse/returns/{no}", **count)
        assert answer.status_code == 303
    assert "2 to inspect" in (await staff.get(f"/warehouse/returns/{no}")).text
    look = {
        "deed": "inspect", "act": "a2", "location": "HQ", "note": "box open",
        "becomes.resell.ord_1.1/A": "1", "becomes.scrap.ord_1.1/A": "1",
    }  # fmt: skip
    assert (await staff.send_form(f"/warehouse/returns/{no}", **look)).status_code == 303

    found = await rows(
        sessions,
        "SELECT condition, on_hand FROM stock_balance WHERE condition <> 'good' AND on_hand > 0",
    )
    assert found == [("scrap", 1)]
    async with sessions.begin() as session:
        assert await audit(session) == []


@pytest.mark.usefixtures("delivered")
async def test_the_bench_takes_a_mistyped_inspection_back(
    service: Person, staff: Person, sessions: Sessions
) -> None:
    no = await opened(service)
    page = f"/warehouse/returns/{no}"
    count = {"deed": "receive", "act": "a1", "location": "HQ", "count.ord_1.1/A": "2"}
    look = {"deed": "inspect", "act": "a2", "location": "HQ", "becomes.scrap.ord_1.1/A": "1"}
    for form in (count, look):
        assert (await staff.send_form(page, **form)).status_code == 303
    assert "Take back" in (await staff.get(page)).text
    [(inspection,)] = await rows(sessions, "SELECT id FROM return_inspection")
    undo = {"deed": "undo", "act": "a3", "inspection": inspection}
    assert (await staff.send_form(page, **undo)).status_code == 422, "a reason is missing"
    assert (await staff.send_form(page, **undo, note="the other box")).status_code == 303

    seen = (await staff.get(page)).text
    assert "taken back: the other box" in seen
    assert "Take back" not in seen
    assert "2 to inspect" in seen
    async with sessions.begin() as session:
        assert await audit(session) == []


@pytest.mark.usefixtures("delivered")
async def test_the_pages_speak_chinese(service: Person, manager: Person) -> None:
    no = await opened(service)
    for path, words in (
        ("/returns", "退货"),
        (f"/returns/{no}", "商品破损"),
        (f"/returns/{no}/do/approve", "需线下退款"),
        ("/orders/O-1/do/return", "退货原因"),
    ):
        answer = await manager.get(path)
        assert answer.status_code == 200, path
        assert words in answer.text, path


@pytest.mark.usefixtures("delivered")
@pytest.mark.parametrize(
    ("path", "values", "status"),
    [
        ("/orders/O-1/do/return", {"kind": "return", "reason": "damaged", UNITS: "9"}, 409),
        ("/orders/O-1/do/return", {"kind": "return", "reason": "damaged", UNITS: "-1"}, 422),
        ("/orders/O-1/do/return", {"kind": "x", "reason": "damaged", UNITS: "1"}, 422),
        ("/orders/O-1/do/return", {"kind": "return", "reason": "damaged", "units.\x00": "1"}, 422),
        ("/returns/{no}/do/decide", {"action": "approve", "plan_hash": "x"}, 422),
        ("/returns/{no}/do/decide", {"action": "approve", "freight": "may"}, 422),
        ("/returns/{no}/do/ask", {"text": ""}, 422),
        ("/returns/NO/do/withdraw", {"text": "x"}, 404),
    ],
)
async def test_bad_forms_are_refused_in_a_page(
    service: Person, path: str, values: dict[str, str], status: int
) -> None:
    no = await opened(service)
    answer = await service.send_form(path.format(no=no), **values)

    assert answer.status_code == status, answer.text
    assert "<h1" in answer.text


@pytest.mark.parametrize(
    "path",
    ["/returns?queue=x", "/returns?q=%00", "/returns/%00", "/returns/NO", "/returns/NO/do/approve"],
)
async def test_strange_addresses_are_refused(service: Person, path: str) -> None:
    assert (await service.get(path)).status_code in (404, 422)


@pytest.mark.usefixtures("delivered")
@pytest.mark.parametrize(
    "values",
    [
        {"deed": "eat"},
        {"deed": "receive", "count.ord_1.1/A": "x"},
        {"deed": "receive", "location": "NO", "count.ord_1.1/A": "1"},
        {"deed": "inspect", "becomes.eat.ord_1.1/A": "1"},
        {"deed": "inspect", "becomes.resell.ord_1.1/A": "1"},
        {"deed": "receive"},
        {"deed": "receive", "act": "-", "count.ord_1.1/A": "1"},
    ],
)
async def test_the_bench_refuses_what_it_cannot_book(
    service: Person, staff: Person, sessions: Sessions, values: dict[str, str]
) -> None:
    no = await opened(service)
    told = {"act": "a1", "location": "HQ", **values}
    answer = await staff.send_form(f"/warehouse/returns/{no}", **told)

    assert 400 <= answer.status_code < 500
    async with sessions.begin() as session:
        assert await run(session, "SELECT 1 FROM return_receipt") == []


@pytest.mark.usefixtures("delivered")
async def test_other_goods_are_chosen_in_the_form_and_their_difference_is_written_down(
    service: Person, sessions: Sessions
) -> None:
    told = {"kind": "exchange", "reason": "wrong_size", "wanted.sku.1": "B", "wanted.price.1": "30"}
    no = await opened(service, **told)
    assert "CN¥30.00" in (await service.get(f"/returns/{no}")).text
    form = (await service.get(f"/returns/{no}/do/approve")).text
    assert "The buyer still owes CN¥10.00" in form

    # As the workflow leaves it: the goods of order O-1 stand in for those of the exchange.
    await change(
        sessions,
        "UPDATE sales_order SET channel_state = 'unpaid', payable_minor = captured_minor + 1000",
    )
    await change(sessions, "UPDATE sales_return SET new_order_id = order_id")
    await change(
        sessions,
        "INSERT INTO order_hold (id, order_id, kind, reason, detail, owner, auto_release,"
        " placed_by, released_by) SELECT 'h1', id, 'unpaid', 'the buyer owes 10.00 CNY for the"
        " exchange', '{}', 'customer_service', 'payment', 'system', '' FROM sales_order",
    )
    assert "Difference paid" in (await service.get("/orders/O-1")).text
    assert "CN¥10.00 are owed" in (await service.get("/orders/O-1/do/difference")).text
    address = "/orders/O-1/do/difference"
    for amount, reference, status in (
        ("x", "B1", 422), ("10.01", "B1", 422), ("10", "", 422), ("4", "B1", 303),
        ("6", "B1", 409), ("6", "B2", 303), ("1", "B3", 409),
    ):  # fmt: skip
        sent = await service.send_form(address, amount=amount, reference=reference)
        assert sent.status_code == status, (amount, reference, sent.text)
    assert "paid 6.00 CNY of the difference (B2)" in (await service.get("/orders/O-1")).text
    assert await rows(
        sessions, "SELECT count(*) FROM order_hold WHERE released_at IS NULL AND kind = 'unpaid'"
    ) == [(0,)]
