"""Returns over the API: who may do what, what bad input gets, and nothing twice."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.orders.returns import minor
from db.audit import audit
from db.engine import Sessions
from db.sql import run
from domain.platform.permissions import Role
from domain.shared.errors import InvalidInput
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop
from tests.api.served import browser, key_for, served

A, B = "ord_1.1/A", "ord_1.2/B"
ORDER = "/api/v1/orders/O-1"


@pytest_asyncio.fixture
async def app(database_url: str, sessions: Sessions) -> AsyncIterator[FastAPI]:
    """Order O-1 (2 A for 20.00, 1 B for 5.50) was delivered."""
    await seed_shop(sessions)
    await seed_order(sessions)
    await seed_shipment(sessions, status="delivered")
    async with sessions.begin() as session:
        await run(session, "UPDATE shipment SET delivered_at = now() - interval '1 day'")
    async with served(database_url) as application:
        yield application


@pytest_asyncio.fixture
async def service(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    headers = await key_for(web_sessions, Role.CUSTOMER_SERVICE)
    async with browser(app, **headers) as client:
        yield client


@pytest_asyncio.fixture
async def bench(app: FastAPI, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    headers = await key_for(web_sessions, Role.WAREHOUSE, name="bench")
    async with browser(app, **headers) as client:
        yield client


async def opened(client: httpx.AsyncClient, **more: Any) -> str:
    body = {"kind": "return", "reason": "damaged", "lines": [{"line_id": A, "quantity": 2}], **more}
    answer = await client.post(f"{ORDER}/returns", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["return_no"])


async def test_a_return_goes_from_the_request_to_the_shelf(
    service: httpx.AsyncClient, bench: httpx.AsyncClient, sessions: Sessions
) -> None:
    no = await opened(service)
    path = f"/api/v1/returns/{no}"
    plan = (await service.get(f"{path}/plan", params={"action": "approve"})).json()
    assert plan["refund"] == {"amount": "20.00", "currency": "CNY"}
    assert [one["kind"] for one in plan["effects"]] == ["expect_goods", "pay_goods", "pays_person"]
    decision = {"action": "approve", "plan_hash": plan["plan_hash"]}
    assert (await service.post(f"{path}/decision", json=decision)).status_code == 200
    parcel = {"carrier": "sf", "waybill_no": "SF1"}
    assert (await service.post(f"{path}/parcel", json=parcel)).status_code == 200

    receipt = {"location": "S1", "lines": [{"line_id": A, "quantity": 1}]}
    for _ in range(2):
        answer = await bench.post(
            f"{path}/receipts", json=receipt, headers={"Idempotency-Key": "one parcel"}
        )
        assert answer.status_code == 200
    inspection = {"lines": [{"line_id": A, "quantity": 1, "disposition": "resell", "note": "ok"}]}
    assert (await bench.post(f"{path}/inspections", json=inspection)).status_code == 200

    seen = (await service.get(path)).json()
    assert (seen["decision"], seen["waybill_no"]) == ("approved", "SF1")
    assert [(x["asked"], x["received"], x["inspected"], x["accepted"]) for x in seen["lines"]] == [
        (2, 1, 1, 1)
    ]
    found = (await service.get("/api/v1/returns", params={"q": "SF1"})).json()
    assert [one["return_no"] for one in found] == [no]
    stock = "SELECT location_id, condition, on_hand FROM stock_balance WHERE location_id = 'S1'"
    assert await rows(sessions, stock + " AND on_hand > 0") == [("S1", "good", 1)]
    deeds = await rows(sessions, "SELECT action FROM audit_log ORDER BY id")
    assert [deed for (deed,) in deeds] == [
        "return.opened", "return.approve", "return.received", "return.inspected",
    ]  # fmt: skip
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_a_mistyped_inspection_is_taken_back_with_a_reason(
    service: httpx.AsyncClient, bench: httpx.AsyncClient, sessions: Sessions
) -> None:
    path = f"/api/v1/returns/{await opened(service)}"
    receipt = {"location": "S1", "lines": [{"line_id": A, "quantity": 2}]}
    assert (await bench.post(f"{path}/receipts", json=receipt)).status_code == 200
    looked_at = {"lines": [{"line_id": A, "quantity": 1, "disposition": "scrap"}]}
    assert (await bench.post(f"{path}/inspections", json=looked_at)).status_code == 200
    (told,) = (await service.get(path)).json()["inspections"]
    assert (told["disposition"], told["can_be_undone"], told["undo_reason"]) == (
        "scrap", True, None,
    )  # fmt: skip
    undo = f"{path}/inspections/{told['inspection_id']}/undo"
    because = {"text": "meant the other one"}
    assert (await service.post(undo, json=because)).status_code == 403
    assert (await bench.post(undo, json={"text": ""})).status_code == 422
    assert (await bench.post(f"{path}/inspections/x/undo", json=because)).status_code == 404
    assert (await bench.post(undo, json=because)).status_code == 200

    seen = (await service.get(path)).json()
    assert [one["undo_reason"] for one in seen["inspections"]] == ["meant the other one"]
    assert [one["inspected"] for one in seen["lines"]] == [0]
    deed = await rows(sessions, "SELECT action, reason FROM audit_log ORDER BY id DESC LIMIT 1")
    assert deed == [("return.uninspected", "meant the other one")]


async def test_the_returnable_units_are_those_that_no_return_has(
    service: httpx.AsyncClient,
) -> None:
    await opened(service, lines=[{"line_id": A, "quantity": 1}])
    lines = (await service.get(f"{ORDER}/returnable")).json()

    assert [(x["sku"], x["sent"], x["in_returns"], x["can_come_back"]) for x in lines] == [
        ("A", 2, 1, 1), ("B", 1, 0, 1),
    ]  # fmt: skip


async def test_goodwill_above_the_limit_needs_a_manager(
    app: FastAPI, service: httpx.AsyncClient, sessions: Sessions, web_sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        await run(session, "UPDATE sales_order SET captured_minor = 20000")

    async def approve(who: httpx.AsyncClient, goodwill: str) -> int:
        more = {"kind": "refund_only", "reason": "goodwill", "lines": [], "goodwill": goodwill}
        path = f"/api/v1/returns/{await opened(service, **more)}"
        terms = {"action": "approve", "goodwill": goodwill}
        plan = (await service.get(f"{path}/plan", params=terms)).json()
        decision = {**terms, "plan_hash": plan["plan_hash"], "reason": "sorry"}
        return (await who.post(f"{path}/decision", json=decision)).status_code

    async with browser(app, **await key_for(web_sessions, Role.MANAGER, name="m")) as manager:
        assert await approve(service, "50.01") == 409
        assert await approve(service, "30.00") == 200
        assert await approve(service, "20.01") == 409, "one order gets no more in pieces"
        assert await approve(service, "20.00") == 200
        assert await approve(manager, "60.00") == 200


async def test_an_overtaken_plan_is_refused_and_nothing_happens(
    service: httpx.AsyncClient, sessions: Sessions
) -> None:
    no = await opened(service)
    wrong = {"action": "approve", "plan_hash": "0" * 64}
    answer = await service.post(f"/api/v1/returns/{no}/decision", json=wrong)

    assert (answer.status_code, answer.json()["code"]) == (409, "PlanChanged")
    assert await rows(sessions, "SELECT decision FROM sales_return") == [("",)]


BAD: list[tuple[str, dict[str, Any], int]] = [
    ("", {"kind": "return", "reason": "damaged"}, 422),
    ("", {"kind": "gift", "reason": "damaged"}, 422),
    ("", {"kind": "return", "reason": "damaged", "lines": [{"line_id": A, "quantity": 0}]}, 422),
    ("", {"kind": "return", "reason": "damaged", "lines": [{"line_id": A, "quantity": 3}]}, 409),
    ("", {"kind": "return", "reason": "damaged", "lines": [{"line_id": "x", "quantity": 1}]}, 422),
    ("", {"kind": "refund_only", "reason": "damaged", "goodwill": "1.001"}, 422),
    ("", {"kind": "refund_only", "reason": "damaged", "goodwill": "-1"}, 422),
    ("decision", {"action": "reject", "plan_hash": "0" * 64}, 409),
    ("decision", {"action": "settle", "plan_hash": "0" * 64}, 409),
    ("parcel", {"waybill_no": "SF\u0000"}, 422),
    ("parcel", {"waybill_no": "SF1"}, 409),  # not approved
    ("question", {"text": "?"}, 409),  # the rules have not judged it
    ("answer", {"text": "!"}, 409),
    ("withdrawal", {"text": ""}, 422),
]


@pytest.mark.parametrize(("what", "body", "status"), BAD)
async def test_bad_input_is_refused_in_words(
    service: httpx.AsyncClient, what: str, body: dict[str, Any], status: int
) -> None:
    path = f"/api/v1/returns/{await opened(service)}/{what}" if what else f"{ORDER}/returns"
    answer = await service.post(path, json=body)

    assert answer.status_code == status, answer.text
    assert answer.json()["code"]


@pytest.mark.parametrize(
    ("what", "body", "status"),
    [
        ("receipts", {"location": "NO", "lines": [{"line_id": A, "quantity": 1}]}, 404),
        ("receipts", {"location": "S1", "lines": [{"line_id": B, "quantity": 1}]}, 422),
        ("receipts", {"location": "S1", "lines": [{"line_id": A, "quantity": 3}]}, 409),
        ("receipts", {"location": "S1", "lines": []}, 422),
        ("inspections", {"lines": [{"line_id": A, "quantity": 1, "disposition": "resell"}]}, 409),
        ("inspections", {"lines": [{"line_id": A, "quantity": 1, "disposition": "eat"}]}, 422),
    ],
)
async def test_the_bench_books_nothing_that_cannot_be(
    service: httpx.AsyncClient,
    bench: httpx.AsyncClient,
    sessions: Sessions,
    what: str,
    body: dict[str, Any],
    status: int,
) -> None:
    no = await opened(service)
    answer = await bench.post(f"/api/v1/returns/{no}/{what}", json=body)

    assert answer.status_code == status, answer.text
    assert await rows(sessions, "SELECT 1 FROM return_receipt") == []
    assert await rows(sessions, "SELECT 1 FROM stock_move WHERE document_kind = 'return'") == []


@pytest.mark.parametrize("sum_", ["abc", "", "-1", "1.001", "1e3", "１"])
async def test_what_is_no_sum_is_refused(service: httpx.AsyncClient, sum_: str) -> None:
    path = f"/api/v1/returns/{await opened(service)}/plan"
    for what in ("deduction", "goodwill"):
        answer = await service.get(path, params={"action": "approve", what: sum_})
        assert answer.status_code == 422, answer.text


def test_a_sum_that_came_past_the_schema_is_refused_in_words() -> None:
    for sum_ in ("abc", "", "-1", "1.001", "NaN", "1e3"):
        with pytest.raises(InvalidInput):
            minor(sum_, "CNY")


async def test_an_unknown_return_is_not_found(service: httpx.AsyncClient) -> None:
    for path in ("RT-0", "RT-0/plan?action=approve"):
        answer = await service.get(f"/api/v1/returns/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "ReturnNotFound")


async def test_an_exchange_for_other_goods_says_who_owes_the_difference(
    service: httpx.AsyncClient, sessions: Sessions
) -> None:
    await change_prices(sessions)
    wanted = [{"sku": "B", "quantity": 3}]
    no = await opened(service, remedy="exchange", reason="wrong_size", wanted=wanted)
    path = f"/api/v1/returns/{no}"
    told = {"sku": "B", "title": "SKU B", "quantity": 3}
    (instead,) = (await service.get(path)).json()["instead"]
    assert instead == {**told, "price": {"amount": "9.00", "currency": "CNY"}}
    plan = (await service.get(f"{path}/plan", params={"action": "approve"})).json()
    effects = [(one["kind"], one["amount"] and one["amount"]["amount"]) for one in plan["effects"]]
    assert effects == [
        ("expect_goods", None), ("pay_goods", "20.00"), ("send_other", "27.00"),
        ("pays_new_goods", "20.00"), ("collect", "7.00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"remedy": "refund", "wanted": [{"sku": "B", "quantity": 1}]}, 422),
        ({"wanted": [{"sku": "Z", "quantity": 1}]}, 422),
        ({"wanted": [{"sku": "B", "quantity": 1}, {"sku": "B", "quantity": 1}]}, 422),
        ({"wanted": [{"sku": "B", "quantity": 0}]}, 422),
        ({"wanted": [{"sku": "B", "quantity": 1, "price": "-1"}]}, 422),
        ({"wanted": [{"sku": "B", "quantity": 1, "price": "0"}]}, 422),
        ({"wanted": [{"sku": "B", "quantity": 99, "price": "0.01"}]}, 409),
    ],
)
async def test_an_exchange_that_cannot_be_is_refused(
    more: dict[str, Any], status: int, service: httpx.AsyncClient, sessions: Sessions
) -> None:
    await change_prices(sessions)
    body = {
        "kind": "return", "reason": "wrong_size", "lines": [{"line_id": A, "quantity": 1}],
        "remedy": "exchange", **more,
    }  # fmt: skip
    assert (await service.post(f"{ORDER}/returns", json=body)).status_code == status
    assert await rows(sessions, "SELECT count(*) FROM sales_return") == [(0,)]


async def test_no_difference_is_taken_for_an_order_that_exchanges_nothing(
    service: httpx.AsyncClient,
) -> None:
    paid = {"amount": "1.00", "reference": "BANK-1"}
    answer = await service.post(f"{ORDER}/difference-payments", json=paid)
    assert (answer.status_code, answer.json()["code"]) == (404, "OrderNotFound")
    strange = await service.post("/api/v1/orders/O-9/difference-payments", json=paid)
    assert strange.status_code == 404


async def change_prices(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await run(session, "UPDATE sku SET price_minor = 900")
