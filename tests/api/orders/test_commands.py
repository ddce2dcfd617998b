"""Commands over HTTP reach the order's workflow once, or are refused with a stable code."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from api.orders.corrections import router as corrections
from api.orders.return_labels import router as return_labels
from api.orders.routes import router
from db.engine import Sessions
from db.orders.tables import ParcelRow
from db.platform.attention import open_attention
from domain.shared.errors import Rejected
from tests.api.orders.app import client_of
from tests.api.orders.world import rows, seed_order, seed_shipment, seed_shop, told
from tests.people import receiver_of
from tests.workflows.world import Company, company, own_order


@dataclass
class Service:
    """A company with its workflows, and customer service at the API."""

    shop: Company
    http: httpx.AsyncClient
    web_sessions: Sessions

    async def order(self) -> str:
        """A paid order in the warehouse; returns its number."""
        await self.shop.hear(own_order("1"))
        await self.shop.status("in_fulfilment")
        return str((await self.shop.row("SELECT no FROM sales_order")).no)


@pytest_asyncio.fixture
async def service(
    temporal_env: WorkflowEnvironment, sessions: Sessions, web_sessions: Sessions
) -> AsyncIterator[Service]:
    async with company(temporal_env.client, sessions) as shop:
        await shop.seed()
        async with client_of(
            web_sessions, router, return_labels, temporal=temporal_env.client
        ) as http:
            yield Service(shop, http, web_sessions)


async def test_a_hold_and_its_release_carry_a_name_and_a_reason(service: Service) -> None:
    address = f"/api/v1/orders/{await service.order()}/holds"
    headers = {"idempotency-key": "k-1"}

    for _ in range(2):  # the answer of the first was lost
        held = await service.http.post(address, json={"reason": "VIP"}, headers=headers)
        assert (held.status_code, held.json()["waits_for"]) == (200, "hold:manual")
    twice = await service.http.post(address, json={"reason": "again"})
    assert (twice.status_code, twice.json()["code"]) == (409, "ActionNotAllowed")
    lifted = await service.http.post(f"{address}/manual/release", json={"reason": "called"})
    assert (lifted.status_code, lifted.json()["waits_for"]) == (200, "picking")

    story = "SELECT kind, actor, data->>'reason' FROM order_event WHERE actor <> 'system'"
    assert await rows(service.shop.sessions, f"{story} ORDER BY seq") == [
        ("held", "key:test", "VIP"),
        ("hold_released", "key:test", "called"),
    ]
    trail = "SELECT actor, action, reason FROM audit_log ORDER BY id"
    assert await rows(service.shop.sessions, trail) == [
        ("key:test", "order.hold", "VIP"),
        ("key:test", "order.release", "called"),
    ]


async def test_a_hold_whose_cause_can_be_mended_is_not_lifted_by_hand(service: Service) -> None:
    no = await service.order()
    for kind, status in (("unmapped_sku", 409), ("unpaid", 409), ("nonsense", 422)):
        address = f"/api/v1/orders/{no}/holds/{kind}/release"
        assert (await service.http.post(address, json={"reason": "x"})).status_code == status


async def test_the_plan_that_was_shown_is_carried_out(service: Service) -> None:
    no = await service.order()
    plan = (await service.http.get(f"/api/v1/orders/{no}/cancellation-plan")).json()
    line_id = plan["line_ids"][0]
    assert plan["effects"] == [
        {"kind": "stop_picking", "subject": f"{no}-1", "quantity": 0, "amount": None},
        {"kind": "release_stock", "subject": f"{no}-1", "quantity": 2, "amount": None},
        {"kind": "cancel_line", "subject": line_id, "quantity": 0, "amount": None},
        {
            "kind": "refund_due",
            "subject": line_id.rpartition(".")[0],
            "quantity": 0,
            "amount": {"amount": "20.00", "currency": "CNY"},
        },
    ]
    assert (plan["whole_order"], plan["refund"]["amount"]) == (True, "20.00")

    body = {"plan_hash": "0" * 64, "reason": "changed my mind"}
    other = await service.http.post(f"/api/v1/orders/{no}/cancellation", json=body)
    assert (other.status_code, other.json()["code"]) == (409, "PlanChanged")
    body["plan_hash"] = plan["plan_hash"]
    assert (await service.http.post(f"/api/v1/orders/{no}/cancellation", json=body)).is_success

    await service.shop.status("cancelled")
    assert await service.shop.row("SELECT on_hand, reserved FROM stock_balance") == (10, 0)
    closed = await service.http.get(f"/api/v1/orders/{no}/cancellation-plan")
    assert (closed.status_code, closed.json()["code"]) == (409, "OrderClosed")


async def test_a_plan_of_some_lines_names_what_is_paid_back_for_them(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    async with client_of(web_sessions, router) as http:
        address = "/api/v1/orders/O-1/cancellation-plan"
        plan = (await http.get(address, params={"line_id": "ord_1.2"})).json()
        strange = await http.get(address, params={"line_id": "ord_2.1"})

    assert (plan["whole_order"], plan["line_ids"]) == (False, ["ord_1.2"])
    assert plan["refund"] == {"amount": "5.50", "currency": "CNY"}
    assert (strange.status_code, strange.json()["code"]) == (409, "ActionNotAllowed")
    assert await told(sessions) == []


async def test_a_plan_asks_back_what_is_on_its_way_unless_it_shall_go_on(
    sessions: Sessions, web_sessions: Sessions
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    no = await seed_shipment(sessions, status="in_transit")
    async with sessions.begin() as session:
        session.add(ParcelRow(id=f"{no}-P1", shipment_no=no, carrier="sf", waybill_no="SF100"))
    async with client_of(web_sessions, router) as http:
        address = "/api/v1/orders/O-1/cancellation-plan"
        plan = (await http.get(address)).json()
        refused = await http.get(address, params={"intercept": "false"})

    assert [(one["kind"], one["subject"], one["quantity"]) for one in plan["effects"]] == [
        ("intercept", "SF100", 0), ("comes_back", no, 3), ("refund_after_return", "ord_1", 0),
    ]  # fmt: skip
    assert (plan["intercept_nos"], plan["line_ids"]) == ([no], [])
    assert (refused.status_code, refused.json()["code"]) == (409, "ActionNotAllowed")


async def test_a_refused_label_is_ordered_with_another_carriers_number_by_hand(
    service: Service,
) -> None:
    service.shop.outside.sf.failures = [Rejected("no such way", code="8057", system="sf")]
    await service.order()
    shipment_no = await service.shop.first_shipment()
    await service.shop.pick(shipment_no)
    await service.shop.pack(shipment_no)
    await service.shop.until("SELECT step_id FROM attention", "label")
    item = (await service.shop.row("SELECT id FROM attention")).id
    address = f"/api/v1/attention/{item}/resolution"

    refused = [
        {"action": "done_by_hand", "reason": "by phone"},  # which number?
        {"action": "retry_with"},
        {"action": "retry_with", "values": {"price": "1"}},
        {"action": "retry", "values": {"carrier": "zto"}},
    ]
    for body in refused:
        assert (await service.http.post(address, json=body)).status_code == 422
    for body in ({"action": "skip", "reason": "x"}, {"action": "compensate"}):
        assert (await service.http.post(address, json=body)).status_code == 409
    assert await rows(service.shop.sessions, "SELECT count(*)::int FROM correction") == [(0,)]

    by_hand = {
        "action": "done_by_hand", "reason": "by phone", "values": {"waybill_no": "SF77"},
    }  # fmt: skip
    assert (await service.http.post(address, json=by_hand)).json()["status"] == "decided"

    labelled = f"SELECT status FROM shipment WHERE no = '{shipment_no}'"
    await service.shop.until(labelled, "labelled")
    assert await service.shop.row("SELECT waybill_no FROM parcel") == ("SF77",)
    again = await service.http.post(address, json=by_hand)
    assert (again.status_code, again.json()["code"]) == (409, "StepNotParked")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("orders/O-1/holds", {"reason": "x"}),
        ("orders/O-1/holds/manual/release", {"reason": "x"}),
        ("orders/O-1/cancellation", {"plan_hash": "", "reason": "x"}),
        ("attention/{item}/resolution", {"action": "retry"}),
    ],
)
async def test_without_the_engine_a_command_says_come_again_and_nothing_happened(
    sessions: Sessions, web_sessions: Sessions, path: str, body: dict[str, str]
) -> None:
    await seed_shop(sessions)
    await seed_order(sessions)
    async with sessions.begin() as session:
        item = await open_attention(
            session, workflow_id="order/own/mini/1", step_id="fetch", cause="Bug", error="?",
            actions=["retry"],
        )  # fmt: skip
    async with client_of(web_sessions, router) as http:
        if "plan_hash" in body:
            plan = (await http.get(f"/api/v1/{path}-plan")).json()
            body = {**body, "plan_hash": plan["plan_hash"]}
        answer = await http.post(f"/api/v1/{path.format(item=item)}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (503, "TemporalUnavailable")
    assert answer.headers["retry-after"] == "5"
    assert await rows(sessions, "SELECT count(*)::int FROM audit_log") == [(0,)]


async def test_an_order_whose_first_message_is_still_on_its_way_asks_to_come_again(
    service: Service,
) -> None:
    await service.order()
    change = "UPDATE sales_order SET workflow_id = 'order/own/mini/2' RETURNING no"
    ((no,),) = await rows(service.shop.sessions, change)

    answer = await service.http.post(f"/api/v1/orders/{no}/holds", json={"reason": "x"})

    assert (answer.status_code, answer.json()["code"]) == (503, "TemporalUnavailable")
    await rows(service.shop.sessions, "UPDATE sales_order SET status = 'completed' RETURNING 1")
    closed = await service.http.post(f"/api/v1/orders/{no}/holds", json={"reason": "x"})
    assert (closed.status_code, closed.json()["code"]) == (409, "OrderClosed")


async def test_unknown_orders_and_bad_bodies_are_refused(service: Service) -> None:
    no = await service.order()
    unknown = await service.http.post("/api/v1/orders/NONE/holds", json={"reason": "x"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "OrderNotFound")
    for body in ({}, {"reason": ""}, {"reason": 1}, {"reason": "x", "more": 1}, {"reason": "\x00"}):
        assert (await service.http.post(f"/api/v1/orders/{no}/holds", json=body)).status_code == 422
    assert await rows(service.shop.sessions, "SELECT count(*)::int FROM order_hold") == [(0,)]


async def test_a_corrected_address_is_the_one_on_the_order(service: Service) -> None:
    no = await service.order()
    body = {
        "name": "王大明", "phone": "13900000002", "province": "上海市", "city": "上海市",
        "district": "徐汇区", "detail": "漕溪北路 18 号", "reason": "moved house",
    }  # fmt: skip
    wish = {name: value for name, value in body.items() if name != "reason"}
    async with client_of(service.web_sessions, corrections, temporal=service.shop.client) as http:
        plan = (await http.post(f"/api/v1/orders/{no}/address-plan", json=wish)).json()
        stale = body | {"plan_hash": "0" * 64}
        other = await http.post(f"/api/v1/orders/{no}/address", json=stale)
        confirmed = body | {"plan_hash": plan["plan_hash"]}
        changed = await http.post(f"/api/v1/orders/{no}/address", json=confirmed)

    assert plan["division_code"] == "310104"
    assert (other.status_code, other.json()["code"]) == (409, "PlanChanged")
    assert changed.status_code == 200, changed.text
    receiver = await receiver_of(service.shop.sessions)
    assert (receiver.name, receiver.phone) == ("王大明", "13900000002")
    row = await service.shop.row("SELECT phone_last4, division_code FROM receiver")
    assert tuple(row) == ("0002", "310104")
    taken = "SELECT step_id, count(*)::int FROM correction WHERE data = '{}' GROUP BY step_id"
    assert await service.shop.row(taken) == ("address", 1)


async def test_a_return_label_is_wanted_once_and_written_down(service: Service) -> None:
    no = await service.order()
    url = f"/api/v1/orders/{no}/return-labels"
    early = await service.http.post(url, json={"reason": "too small"})
    assert (early.status_code, early.json()["code"]) == (409, "ActionNotAllowed")
    shipment = await service.shop.first_shipment()
    await service.shop.ship(shipment)
    await service.shop.deliver(shipment)
    await service.shop.until("SELECT status FROM shipment", "delivered")
    await service.shop.row(
        "INSERT INTO carrier_account (code, name, base_url, secrets, settings, push_secret, active,"
        " priority) VALUES ('jdl', 'JDL', 'http://jdl', '', '{}', '', true, 0) RETURNING code"
    )

    wanted = await service.http.post(url, json={"reason": "too small"})
    again = await service.http.post(url, json={"reason": "too small"})

    assert (wanted.status_code, wanted.json()) == (200, {"label_no": f"{no}-B1"})
    assert (again.status_code, again.json()["code"]) == (409, "ActionNotAllowed")
    await service.shop.until("SELECT state FROM return_label", "ordered")
    gone = await service.http.post(f"{url}/{no}-B1/cancellation", json={"reason": "keeps it"})
    assert gone.status_code == 200, gone.text
    await service.shop.until("SELECT state FROM return_label", "cancelled")
    late = await service.http.post(f"{url}/{no}-B1/cancellation", json={"reason": "keeps it"})
    assert late.status_code == 409
    deeds = "SELECT action FROM audit_log WHERE action LIKE 'return_label%' ORDER BY id"
    assert [row[0] for row in await rows(service.shop.sessions, deeds)] == [
        "return_label.wanted",
        "return_label.cancelled",
    ]
    nowhere = await service.http.post(url.replace(no, "NO-SUCH"), json={"reason": "x"})
    assert nowhere.status_code == 404
