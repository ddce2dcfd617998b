"""What every sandbox vendor does: journal, misbehave on demand, insist on being heard."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from domain.shared.errors import AnswerLost
from integrations.carriers.zto import PUSH_ACK as ZTO_ACK
from integrations.sandbox.app import create_sandbox
from integrations.sandbox.faults import Fault, FaultKind, Faults
from integrations.sandbox.settings import SandboxSettings
from integrations.sandbox.store import Store
from tests.integrations.sandbox.world import World, acknowledging, create_world, waybill_request


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = create_world()
    async with world.vendor_http:
        yield world
    await world.sandbox.aclose()


def op_codes(world: World) -> list[str]:
    bodies = [json.loads(request.content) for request in world.received]
    return [body["Body"]["WaybillRoute"][0]["opCode"] for body in bodies]


async def on_its_way(world: World) -> str:
    made = await world.sf().create(waybill_request())
    await world.hand_over(made.waybill_no)
    return made.waybill_no


async def test_a_call_is_journalled_before_it_is_answered(world: World) -> None:
    await world.fault(vendor="sf", kind="timeout_after", times=1)
    with pytest.raises(AnswerLost):
        await world.sf(timeout_s=0.2).create(waybill_request())

    (call,) = await world.calls(vendor="sf", ref="pcl-1")
    assert call["operation"] == "EXP_RECE_CREATE_ORDER"
    assert (call["executed"], call["fault"]) == (True, "timeout_after")
    assert call["at"] == "2026-05-01T04:00:00+00:00"
    assert "msgDigest" in call["request"]
    assert "SF7000000000001" in call["answer"]


async def test_a_refused_call_is_journalled_as_not_executed(world: World) -> None:
    await world.vendor_http.post("/zto/zto.open.createOrder", content=b"\xff\x00 not json")

    (call,) = await world.calls(vendor="zto")
    assert call["executed"] is False
    assert json.loads(call["answer"])["statusCode"] == "S210"


async def test_a_push_is_repeated_until_the_right_words_come_back(world: World) -> None:
    world.answer = lambda _: httpx.Response(200, text="OK")
    await on_its_way(world)
    await world.pass_time(0)
    await world.pass_time(1)
    assert op_codes(world) == ["50", "50"]

    world.answer = acknowledging(world.sf().read_push)
    await world.pass_time(5)
    await world.pass_time(2)

    assert op_codes(world) == ["50", "50", "50"]
    (push,) = (await world.vendor_http.get("/sandbox/pushes")).json()
    assert (push["attempts"], push["delivered"]) == (3, True)


async def test_a_push_nobody_answers_is_not_lost(world: World) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there", request=request)

    world.answer = refuse
    await on_its_way(world)
    await world.pass_time(0)
    world.answer = acknowledging(world.sf().read_push)
    await world.pass_time(1)

    assert op_codes(world) == ["50", "50"]


async def test_a_push_can_come_twice(world: World) -> None:
    world.answer = acknowledging(world.sf().read_push)
    await world.fault(vendor="sf", operation="push", kind="duplicate_push", times=1)
    await on_its_way(world)
    await world.pass_time(0)

    assert op_codes(world) == ["50", "50"]


async def test_a_push_can_be_overtaken(world: World) -> None:
    world.answer = acknowledging(world.sf().read_push)
    await world.fault(vendor="sf", operation="push", kind="out_of_order_push", times=1)
    await on_its_way(world)
    for _ in range(4):
        await world.pass_time(10)

    assert op_codes(world) == ["30", "50", "204", "80"]


async def test_zto_only_takes_its_own_acknowledgement(world: World) -> None:
    vendor = world.sandbox.vendors["zto"]

    assert vendor.acknowledged(200, ZTO_ACK)
    for status, body in [(500, ZTO_ACK), (200, b"OK"), (200, b"[]"), (200, b'{"status":false}')]:
        assert not vendor.acknowledged(status, body)


async def test_parcels_can_be_picked_up_by_themselves() -> None:
    world = create_world(SandboxSettings(seconds_per_hop=10, auto_pickup_s=3))
    world.answer = acknowledging(world.sf().read_push)
    await world.sf().create(waybill_request())
    await world.pass_time(2)
    assert world.received == []

    await world.pass_time(1)

    assert op_codes(world) == ["50"]


async def test_a_stalled_parcel_goes_on_when_its_fate_changes(world: World) -> None:
    world.answer = acknowledging(world.sf().read_push)
    waybill_no = await on_its_way(world)
    await world.decide(waybill_no, "stalled")
    for _ in range(4):
        await world.pass_time(10)
    assert op_codes(world) == ["50", "30"]

    await world.decide(waybill_no, "delivered")
    for _ in range(3):
        await world.pass_time(10)

    assert op_codes(world) == ["50", "30", "204", "80"]


async def test_a_void_waybill_cannot_be_handed_over(world: World) -> None:
    made = await world.sf().create(waybill_request())
    await world.sf().cancel("pcl-1", made.waybill_no)

    answer = await world.vendor_http.post(f"/sandbox/parcels/{made.waybill_no}/hand-over")

    assert answer.status_code == 409
    await world.pass_time(10)
    assert world.received == []


async def test_faults_are_listed_and_cleared(world: World) -> None:
    await world.fault(vendor="sf", operation="push", kind="delay", rate=0.5, delay_s=2)
    await world.fault(vendor="zto", kind="throttle")
    listed = (await world.vendor_http.get("/sandbox/faults")).json()
    assert [(fault["vendor"], fault["operation"], fault["kind"]) for fault in listed] == [
        ("sf", "push", "delay"),
        ("zto", "*", "throttle"),
    ]

    await world.vendor_http.delete("/sandbox/faults", params={"vendor": "sf"})

    (left,) = (await world.vendor_http.get("/sandbox/faults")).json()
    assert left["vendor"] == "zto"


@pytest.mark.parametrize(
    "switch",
    [
        {"vendor": "sf", "kind": "nonsense"},
        {"vendor": "sf", "kind": "delay", "rate": 2},
        {"vendor": "sf", "kind": "delay", "often": True},
        {"kind": "delay"},
    ],
)
async def test_a_fault_that_does_not_exist_cannot_be_switched_on(
    world: World, switch: dict[str, object]
) -> None:
    answer = await world.vendor_http.put("/sandbox/faults", json=switch)

    assert answer.status_code == 422
    assert (await world.vendor_http.get("/sandbox/faults")).json() == []


def test_a_rate_strikes_about_as_often_as_it_says_and_always_the_same_way() -> None:
    def struck() -> list[bool]:
        faults = Faults(seed=7)
        faults.put(Fault("sf", "create", FaultKind.THROTTLE, rate=0.2))
        return [faults.strike("sf", "create", FaultKind.THROTTLE) is not None for _ in range(1000)]

    assert 150 < sum(struck()) < 250
    assert struck() == struck()


def test_a_sandbox_remembers_after_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "sandbox.db")
    before = Store(path)
    before.put("sf", "order", "pcl-1", {"waybill": "SF1"})
    assert before.next_number("sf", "waybill") == 1
    before.close()

    after = Store(path)

    assert after.get("sf", "order", "pcl-1") == {"waybill": "SF1"}
    assert after.next_number("sf", "waybill") == 2
    after.close()


def test_what_a_vendor_could_not_finish_is_undone() -> None:
    store = Store(":memory:")

    def half_done() -> None:
        with store.transaction():
            store.put("sf", "order", "pcl-1", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()

    assert store.get("sf", "order", "pcl-1") is None


async def test_all_vendors_are_served_from_one_address() -> None:
    app = create_sandbox(SandboxSettings())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        for name, operation in (("sf", "std/service"), ("zto", "zto.open.createOrder")):
            assert (await client.post(f"/{name}/{operation}", content=b"{}")).status_code == 200
    await app.state.sandbox.aclose()
