"""Each switch does to a real client what it says, and the call log tells what the vendor did."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from domain.shared.errors import AnswerLost, IntegrationError, NotOffered, RateLimited
from integrations.carriers.port import Carrier, Waybill, WaybillRequest
from tests.integrations.sandbox.world import World, create_world, waybill_request

CARRIERS: dict[str, tuple[Callable[[World], Carrier], str]] = {
    "sf": (lambda world: world.sf(timeout_s=0.5), "EXP_RECE_CREATE_ORDER"),
    "zto": (lambda world: world.zto(timeout_s=0.5), "zto.open.createOrder"),
    "yto": (lambda world: world.carrier("yto", timeout_s=0.5), "privacy_create_adapter"),
    "sto": (lambda world: world.carrier("sto", timeout_s=0.5), "OMS_EXPRESS_ORDER_CREATE"),
    "jdl": (lambda world: world.carrier("jdl", timeout_s=0.5), "/ecap/v1/orders/create"),
    "yunda": (
        lambda world: world.carrier("yunda", timeout_s=0.5),
        "/openapi-api/v1/accountOrder/createBmOrder",
    ),
    "kuaidi100": (lambda world: world.carrier("kuaidi100", timeout_s=0.5), "label/order/order"),
}

PRODUCTS = {"kuaidi100": "yuantong"}
REFERENCES = {"yto": "00pcl-1"}  # it wants seven characters at least


async def ask_or_order(carrier: Carrier, request: WaybillRequest) -> Waybill:
    """What is done after an answer was lost: ask, or order again where nobody can be asked."""
    try:
        found = await carrier.find(request.order_ref)
    except NotOffered:
        found = None
    return found or await carrier.create(request)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    world = create_world()
    yield world
    await world.vendor_http.aclose()


@pytest.mark.parametrize("name", list(CARRIERS))
@pytest.mark.parametrize(
    ("kind", "error", "made"),
    [
        ("delay", AnswerLost, 1),
        ("timeout_before", AnswerLost, 0),
        ("timeout_after", AnswerLost, 1),
        ("error_before", AnswerLost, 0),
        ("error_after", AnswerLost, 1),
        ("throttle", RateLimited, 0),
    ],
)
async def test_a_fault_strikes_once_and_creating_again_leaves_one_waybill(
    world: World, name: str, kind: str, error: type[IntegrationError], made: int
) -> None:
    client, operation = CARRIERS[name]
    carrier = client(world)
    await world.fault(vendor=name, operation=operation, kind=kind, times=1, delay_s=0.8)

    with pytest.raises(error):
        await carrier.create(waybill_request(product=PRODUCTS.get(name, "2")))
    told_by_the_log = (await world.calls(vendor=name, operation=operation))[0]
    done = len(await world.parcels(REFERENCES.get(name, "pcl-1")))
    # A late answer is done after we gave up: whoever asks at once may still hear of nothing.
    assert done == made or kind == "delay"
    if kind != "delay":
        assert (told_by_the_log["fault"], told_by_the_log["executed"]) == (kind, bool(made))

    waybill = await ask_or_order(carrier, waybill_request(product=PRODUCTS.get(name, "2")))

    made_there = await world.parcels(REFERENCES.get(name, "pcl-1"))
    assert [parcel["waybill_no"] for parcel in made_there] == [waybill.waybill_no]


@pytest.mark.parametrize(
    "switch",
    [
        {"vendor": "dhl", "kind": "delay"},
        {"vendor": "sf", "operation": "zto.open.createOrder", "kind": "delay"},
        {"vendor": "sf", "operation": "push", "kind": "timeout_after"},
        {"vendor": "sf", "operation": "EXP_RECE_CREATE_ORDER", "kind": "duplicate_push"},
    ],
)
async def test_a_switch_that_could_never_strike_is_refused(
    world: World, switch: dict[str, Any]
) -> None:
    answer = await world.vendor_http.put("/sandbox/faults", json=switch)

    assert answer.status_code == 422
    assert (await world.vendor_http.get("/sandbox/faults")).json() == []


async def test_every_vendor_says_what_it_can_be_asked_for(world: World) -> None:
    found = (await world.vendor_http.get("/sandbox/operations")).json()

    assert set(found) == set(world.sandbox.vendors)
    silent = {vendor for vendor, operations in found.items() if not operations}
    assert silent == {"tills"}, "a till only tells"


async def test_a_push_can_come_late(world: World) -> None:
    await world.fault(vendor="zto", operation="push", kind="delay", times=1, delay_s=25)
    waybill = await world.zto().create(waybill_request())
    await world.hand_over(waybill.waybill_no)

    await world.pass_time(1)
    assert world.received == []
    await world.pass_time(26)
    assert len(world.received) >= 1
