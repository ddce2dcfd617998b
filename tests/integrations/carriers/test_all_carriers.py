"""What holds for every carrier that is ordered by our reference, each through its own protocol."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

import pytest

from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus, TrackingFact
from domain.shared.errors import (
    CredentialsRefused,
    NotOffered,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.carriers.port import (
    Aggregator,
    Carrier,
    InterceptRequest,
    PickupWindow,
    ReturnCarrier,
    WaybillRequest,
)
from integrations.carriers.registry import CARRIERS, RETURNS
from tests.integrations.sandbox.world import World, acknowledging, create_world, waybill_request


@dataclass(frozen=True)
class Case:
    """`secrets`: wrong ones that the carrier tells apart, each with its code."""

    code: str
    prefix: str
    secrets: dict[str, str]
    product: str = "2"
    ref: str = "parcel-1"
    takes_cash: bool = False
    brings_back: bool = False


CASES = {
    case.code: case
    for case in (
        Case("yto", "YT", {}, takes_cash=True),
        Case("sto", "777", {"secret_key": "S01", "app_key": "S04", "site_password": "S04"}),
        Case("jdl", "JDVB", {"app_secret": "403", "access_token": "401"}, "ed-m-0001",
             brings_back=True),
        Case("yunda", "43", {"app_secret": "1002", "app_key": "1001", "partner_secret": "1003"}),
        Case("kuaidi100", "KDYU", {"secret": "503", "key": "503"}, "yuantong", takes_cash=True),
    )
}  # fmt: skip
every_case = pytest.mark.parametrize("case", CASES.values(), ids=lambda case: str(case.code))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = create_world()
    async with world.vendor_http:
        yield world
    await world.sandbox.aclose()


def request_for(case: Case) -> WaybillRequest:
    return waybill_request(case.ref, case.product)


async def scans_of(carrier: Carrier, waybill_no: str) -> tuple[TrackingFact, ...]:
    """As the company asks: an aggregator by the name of who has the parcel."""
    if carrier.code == "kuaidi100":
        aggregator: Aggregator = carrier  # type: ignore[assignment]
        return await aggregator.track_of("yto", waybill_no, "1234")
    return await carrier.track(waybill_no, "1234")


@every_case
async def test_a_waybill_has_what_its_label_needs(world: World, case: Case) -> None:
    made = await world.carrier(case.code).create(request_for(case))

    assert made.waybill_no.startswith(case.prefix)
    assert made.order_ref == case.ref
    assert made.routing_code
    assert made.carrier == ("yto" if case.code == "kuaidi100" else case.code)


@every_case
async def test_the_same_reference_again_gets_the_first_waybill(world: World, case: Case) -> None:
    carrier = world.carrier(case.code)
    first = await carrier.create(request_for(case))

    assert await carrier.create(request_for(case)) == first
    assert len(await world.parcels(case.ref)) == 1


@every_case
async def test_it_cannot_be_asked_by_our_reference(world: World, case: Case) -> None:
    with pytest.raises(NotOffered):
        await world.carrier(case.code).find(case.ref)


@every_case
async def test_none_of_them_can_be_asked_to_bring_a_parcel_back(world: World, case: Case) -> None:
    carrier = world.carrier(case.code)
    made = await carrier.create(request_for(case))
    asked = InterceptRequest("parcel-1", made.waybill_no, request_for(case).sender)
    with pytest.raises(NotOffered):
        await carrier.intercept(asked)


@every_case
async def test_voiding_works_without_the_number_and_twice_is_no_error(
    world: World, case: Case
) -> None:
    carrier = world.carrier(case.code)
    made = await carrier.create(request_for(case))

    await carrier.cancel(case.ref, "")
    await carrier.cancel(case.ref, made.waybill_no)

    assert [parcel["cancelled"] for parcel in await world.parcels(case.ref)] == [True]


@every_case
async def test_voiding_what_was_never_ordered_is_no_error(world: World, case: Case) -> None:
    await world.carrier(case.code).cancel("parcel-none", "")


@every_case
async def test_a_collected_parcel_cannot_be_voided(world: World, case: Case) -> None:
    carrier = world.carrier(case.code)
    made = await carrier.create(request_for(case))
    await world.hand_over(made.waybill_no)
    await world.pass_time(0)

    with pytest.raises(Rejected, match="已揽收"):
        await carrier.cancel(case.ref, made.waybill_no)


@every_case
async def test_wrong_credentials_are_told_as_such(world: World, case: Case) -> None:
    for name, code in case.secrets.items():
        with pytest.raises(CredentialsRefused) as caught:
            await world.carrier(case.code, **{name: "wrong"}).create(request_for(case))
        assert caught.value.code == code
    assert await world.parcels(case.ref) == []


async def test_yto_s_refusals_of_who_we_are_are_set_by_a_person(world: World) -> None:
    wrong = world.carrier("yto", secret="wrong")
    with pytest.raises(Rejected, match="签名"):
        await wrong.create(waybill_request("parcel-1"))

    told = world.carrier("yto", secret="wrong", credential_codes=["403"])
    with pytest.raises(CredentialsRefused):
        await told.create(waybill_request("parcel-1"))


@every_case
async def test_being_throttled_waits_and_makes_nothing(world: World, case: Case) -> None:
    await world.fault(vendor=case.code, kind="throttle", times=1)

    with pytest.raises(RateLimited):
        await world.carrier(case.code).create(request_for(case))

    assert await world.parcels(case.ref) == []


@every_case
async def test_a_vendor_that_is_down_is_unavailable_to_questions(world: World, case: Case) -> None:
    await world.fault(vendor=case.code, kind="error_before", times=1)

    with pytest.raises(Unavailable):
        await scans_of(world.carrier(case.code), "1")


@every_case
async def test_cash_on_delivery_is_ordered_or_refused_but_never_left_out(
    world: World, case: Case
) -> None:
    request = replace(request_for(case), cash_on_delivery_minor=12_345)
    carrier = world.carrier(case.code)
    if not case.takes_cash:
        with pytest.raises(NotOffered, match="cash"):
            await carrier.create(request)
        assert await world.parcels(case.ref) == []
        return

    await carrier.create(request)

    (call, *_) = await world.calls(vendor=case.code)
    assert "123.45" in call["request"]


async def test_jd_logistics_takes_cash_once_its_product_code_is_set(world: World) -> None:
    product = {"productCode": "ed-a-0000", "productAttrs": {"money": "{amount}"}}
    carrier = world.carrier("jdl", added_products={"cash": product, "insured": product})
    request = replace(
        waybill_request("parcel-1", "ed-m-0001"),
        cash_on_delivery_minor=12_345,
        insured_minor=99_900,
    )

    await carrier.create(request)

    (call, *_) = await world.calls(vendor="jdl")
    assert "123.45" in call["request"]
    assert "999.00" in call["request"]


@every_case
async def test_only_who_documents_returns_takes_them(world: World, case: Case) -> None:
    carrier = world.carrier(case.code)
    if case.brings_back:
        assert (await carrier.create_return(request_for(case))).waybill_no.startswith("JDR")
    else:
        with pytest.raises(NotOffered):
            await carrier.create_return(request_for(case))


async def test_who_brings_goods_back_follows_and_voids_its_waybills(world: World) -> None:
    assert {case.code for case in CASES.values() if case.brings_back} == RETURNS
    carrier = cast(ReturnCarrier, world.carrier("jdl"))
    waybill = await carrier.create_return(waybill_request("O-1-B1", ""))
    again = await carrier.create_return(waybill_request("O-1-B1", ""))
    assert again.waybill_no == waybill.waybill_no

    await world.hand_over(waybill.waybill_no)
    await world.pass_time(1)
    assert len(await carrier.track_return(waybill.waybill_no, "1234")) == 1

    other = await carrier.create_return(waybill_request("O-1-B2", ""))
    await carrier.cancel_return("O-1-B2", "")
    await carrier.cancel_return("O-1-B2", other.waybill_no)
    origins = {
        json.loads(call["request"])[0]["orderOrigin"] for call in await world.calls(vendor="jdl")
    }
    assert origins == {2}


@pytest.mark.parametrize("code", ["sf", "zto", "yto", "jdl"])
async def test_a_courier_is_called_with_the_order(world: World, code: str) -> None:
    begin = world.clock + timedelta(hours=4)
    request = replace(
        waybill_request("parcel-1", "ed-m-0001" if code == "jdl" else "2"),
        pickup=PickupWindow(begin, begin + timedelta(hours=2)),
    )

    await world.carrier(code).create(request)

    (call, *_) = await world.calls(vendor=code)
    told = str(int(begin.timestamp() * 1000)) if code == "jdl" else "16%3A00%3A00"
    assert told in call["request"] or "16:00:00" in call["request"]


def meanings(facts: tuple[TrackingFact, ...] | list[TrackingFact]) -> list[ParcelStatus]:
    return [fact.status for fact in sorted(facts, key=lambda fact: fact.at)]


@every_case
async def test_a_parcel_is_pushed_scan_by_scan_and_tracked_the_same(
    world: World, case: Case
) -> None:
    carrier = world.carrier(case.code)
    world.answer = acknowledging(carrier.read_push)
    made = await carrier.create(request_for(case))
    if case.code == "kuaidi100":
        await carrier.follow("yto", made.waybill_no, "13800001234")  # type: ignore[attr-defined]
    await world.hand_over(made.waybill_no)
    for _ in range(8):
        await world.pass_time(10)

    told = {
        fact.event_id: fact
        for request in world.received
        for fact in carrier.read_push(request.headers, request.content).facts
    }
    assert meanings(list(told.values())) == [
        ParcelStatus.PICKED_UP,
        ParcelStatus.IN_TRANSIT,
        ParcelStatus.OUT_FOR_DELIVERY,
        ParcelStatus.DELIVERED,
    ]
    assert {fact.waybill_no for fact in told.values()} == {made.waybill_no}
    assert {fact.incident for fact in told.values()} == {None}
    tracked = await scans_of(carrier, made.waybill_no)
    assert {fact.event_id: fact for fact in tracked} == told


@pytest.mark.parametrize("code", ["sf", "zto", *CASES])
async def test_a_refused_parcel_comes_back_and_the_receiver_is_at_fault(
    world: World, code: str
) -> None:
    case = CASES.get(code, Case(code, "", {}))
    carrier = world.carrier(code)
    made = await carrier.create(request_for(case))
    await world.decide(made.waybill_no, "refused")
    await world.hand_over(made.waybill_no)
    for _ in range(8):
        await world.pass_time(10)

    tracked = await scans_of(carrier, made.waybill_no)

    assert meanings(tracked)[-3:] == [
        ParcelStatus.EXCEPTION,
        ParcelStatus.RETURNING,
        ParcelStatus.RETURNED,
    ]
    (refusal,) = [fact for fact in tracked if fact.status is ParcelStatus.EXCEPTION]
    assert refusal.incident is Incident.REFUSED


@every_case
async def test_a_push_that_is_not_acknowledged_comes_again(world: World, case: Case) -> None:
    carrier = world.carrier(case.code)
    made = await carrier.create(request_for(case))
    if case.code == "kuaidi100":
        await carrier.follow("yto", made.waybill_no, "13800001234")  # type: ignore[attr-defined]
    await world.hand_over(made.waybill_no)
    await world.pass_time(0)
    assert len(world.received) == 1

    world.answer = acknowledging(carrier.read_push)
    await world.pass_time(2)
    await world.pass_time(2)

    first = [request.content for request in world.received if request.content]
    assert first[1] == first[0]
    assert len(first) == 2


def test_every_carrier_of_the_registry_has_a_sandbox(world: World) -> None:
    assert set(CARRIERS) <= set(world.sandbox.vendors)
