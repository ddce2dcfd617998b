"""Goods that come in go to who waited longest, once per document."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from api.orders.receiving import router
from db.audit import audit
from db.engine import Sessions
from tests.api.orders.app import client_of
from tests.api.orders.world import PAID, rows, seed_order, seed_shop, told


@pytest_asyncio.fixture
async def client(sessions: Sessions, web_sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    await seed_shop(sessions)
    async with client_of(web_sessions, router) as client:
        yield client


async def wait_for_goods(sessions: Sessions, number: str, paid_hours_ago: int) -> None:
    """Order `number` queues at HQ for its two units of A."""
    paid_at = PAID - timedelta(hours=paid_hours_ago)
    await seed_order(sessions, number, paid_at)
    await rows(
        sessions,
        "INSERT INTO backorder (id, order_id, fulfilment_line_id, workflow_id, sku, location_id,"
        " quantity, paid_at, adopted, state) VALUES (:id, :order_id, :line, :workflow_id, 'A',"
        " 'HQ', 2, :paid_at, false, 'waiting') RETURNING 1",
        id=f"b{number}", order_id=f"ord_{number}", line=f"ord_{number}.1/A",
        workflow_id=f"order/own/mini/{number}", paid_at=paid_at,
    )  # fmt: skip


def receipt(quantity: int, document_no: str = "GRN-1", sku: str = "A") -> dict[str, object]:
    lines = [{"sku": sku, "quantity": quantity}]
    return {"location": "HQ", "document_no": document_no, "lines": lines}


async def test_a_receipt_serves_the_oldest_payment_first_and_says_so(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    for number, hours in (("1", 1), ("2", 3), ("3", 2)):
        await wait_for_goods(sessions, number, hours)

    answer = await client.post("/api/v1/receipts", json=receipt(5))

    assert (answer.status_code, answer.json()) == (200, {"document_no": "GRN-1", "units": 5})
    states = await rows(sessions, "SELECT id, state FROM backorder ORDER BY id")
    assert states == [("b1", "waiting"), ("b2", "filled"), ("b3", "filled")]
    assert await told(sessions) == [
        ("order/own/mini/2", "state_changed", {"what": "backorder", "ref": "b2"}),
        ("order/own/mini/3", "state_changed", {"what": "backorder", "ref": "b3"}),
    ]
    assert await rows(sessions, "SELECT on_hand, reserved FROM stock_balance") == [(5, 4)]
    async with sessions.begin() as session:
        assert await audit(session) == []


async def test_the_same_document_counts_once(client: httpx.AsyncClient, sessions: Sessions) -> None:
    for _ in range(2):
        answer = await client.post("/api/v1/receipts", json=receipt(5))
        assert answer.json() == {"document_no": "GRN-1", "units": 5}
    other = await client.post("/api/v1/receipts", json=receipt(6))

    assert (other.status_code, other.json()["code"]) == (422, "IdempotencyMismatch")
    assert await rows(sessions, "SELECT on_hand FROM stock_balance") == [(5,)]
    assert await rows(sessions, "SELECT actor, document_no FROM stock_move") == [
        ("key:test", "GRN-1")
    ]


async def test_an_adjustment_needs_a_reason_and_leaves_promised_units(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    await client.post("/api/v1/receipts", json=receipt(5))
    await wait_for_goods(sessions, "1", 1)
    await client.post("/api/v1/receipts", json=receipt(1, "GRN-2"))  # two of six are promised

    def change(quantity: int, **more: object) -> dict[str, object]:
        return {
            "location": "HQ", "document_no": f"C{quantity}", "reason": "count",
            "lines": [{"sku": "A", "quantity": quantity}], **more,
        }  # fmt: skip

    taken = await client.post("/api/v1/adjustments", json=change(-5))
    assert (taken.status_code, taken.json()["code"]) == (409, "InsufficientStock")
    assert (await client.post("/api/v1/adjustments", json=change(0))).status_code == 422
    assert (
        await client.post("/api/v1/adjustments", json=change(-1, reason="?"))
    ).status_code == 422
    for _ in range(2):
        assert (await client.post("/api/v1/adjustments", json=change(-4))).status_code == 200
    found = await client.post("/api/v1/adjustments", json=change(3, reason="found"))
    assert found.json() == {"document_no": "C3", "units": 3}

    assert await rows(sessions, "SELECT on_hand, reserved FROM stock_balance") == [(5, 2)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (receipt(1, sku="NONE"), 404, "UnknownSku"),
        ({**receipt(1), "location": "NOWHERE"}, 404, "UnknownLocation"),
        (receipt(0), 422, "ValidationFailed"),
        (receipt(1_000_001), 422, "ValidationFailed"),
        ({**receipt(1), "lines": []}, 422, "ValidationFailed"),
        ({**receipt(1), "lines": [{"sku": "A", "quantity": 1.0}]}, 422, "ValidationFailed"),
        ({**receipt(1), "price": 3}, 422, "ValidationFailed"),
    ],
)
async def test_a_receipt_that_cannot_be_used_changes_nothing(
    client: httpx.AsyncClient, sessions: Sessions, body: object, status: int, code: str
) -> None:
    answer = await client.post("/api/v1/receipts", json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await rows(sessions, "SELECT count(*)::int FROM stock_move") == [(0,)]
