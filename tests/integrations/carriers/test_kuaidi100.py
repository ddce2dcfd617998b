"""Kuaidi100 follows everybody's parcels: pushes with salt, giving up, its own words for states."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus
from domain.shared.errors import NotOffered, Rejected
from integrations.carriers.kuaidi100 import Kuaidi100Carrier, Kuaidi100Settings, sign
from integrations.carriers.kuaidi100_codes import meaning_of
from integrations.carriers.port import FORGED, ParcelSize, RateRequest
from tests.integrations.sandbox.world import (
    RECEIVER,
    SENDER,
    World,
    acknowledging,
    create_world,
    waybill_request,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = create_world()
    async with world.vendor_http:
        yield world
    await world.sandbox.aclose()


def kuaidi100(world: World) -> Kuaidi100Carrier:
    opened = world.carrier("kuaidi100")
    assert isinstance(opened, Kuaidi100Carrier)
    return opened


async def test_another_carrier_s_parcel_is_followed(world: World) -> None:
    readers = {code: world.carrier(code).read_push for code in ("sto", "kuaidi100")}
    world.answer = lambda request: acknowledging(readers[request.url.path.split("/")[-1]])(request)
    made = await world.carrier("sto").create(waybill_request("parcel-1"))
    await kuaidi100(world).follow("sto", made.waybill_no, "13800001234")
    await kuaidi100(world).follow("sto", made.waybill_no, "13800001234")
    await world.hand_over(made.waybill_no)
    for _ in range(8):
        await world.pass_time(10)

    pushed = [
        kuaidi100(world).read_push(request.headers, request.content)
        for request in world.received
        if b"lastResult" in request.content
    ]

    assert [len(push.facts) for push in pushed] == [1, 2, 3, 4]
    assert {fact.carrier for push in pushed for fact in push.facts} == {"sto"}
    assert pushed[-1].facts[0].status is ParcelStatus.DELIVERED


async def test_a_parcel_of_a_carrier_nobody_speaks_with_is_followed_and_asked_about(
    world: World,
) -> None:
    await kuaidi100(world).follow("ems", "EA123456789CN", "13800001234")
    await world.hand_over("EA123456789CN")
    await world.pass_time(0)
    await world.pass_time(10)

    facts = await kuaidi100(world).track_of("ems", "EA123456789CN", "1234")

    assert [fact.status for fact in facts] == [ParcelStatus.IN_TRANSIT, ParcelStatus.PICKED_UP]
    assert {fact.carrier for fact in facts} == {"ems"}


async def test_nothing_is_known_of_a_parcel_that_nobody_has_scanned(world: World) -> None:
    assert await kuaidi100(world).track_of("ems", "EA1", "1234") == ()


async def test_sf_wants_the_end_of_the_phone(world: World) -> None:
    made = await world.sf().create(waybill_request("parcel-1"))
    await world.hand_over(made.waybill_no)
    await world.pass_time(0)

    with pytest.raises(Rejected) as caught:
        await kuaidi100(world).track_of("sf", made.waybill_no, "0000")

    assert caught.value.code == "408"
    assert len(await kuaidi100(world).track_of("sf", made.waybill_no, "1234")) == 1


async def test_giving_up_is_told_and_it_can_be_followed_again(world: World) -> None:
    world.answer = acknowledging(kuaidi100(world).read_push)
    await kuaidi100(world).follow("ems", "EA1", "13800001234")
    (await world.vendor_http.post("/sandbox/kuaidi100/EA1/abort")).raise_for_status()
    await world.pass_time(0)

    (request,) = world.received
    told = kuaidi100(world).read_push(request.headers, request.content)
    assert told.given_up == (("ems", "EA1"),)
    assert told.facts == ()

    await kuaidi100(world).follow("ems", "EA1", "13800001234")
    await world.hand_over("EA1")
    await world.pass_time(0)
    assert len(world.received) == 2


async def test_labels_are_priced_where_we_have_an_account(world: World) -> None:
    request = RateRequest(SENDER.address, RECEIVER.address, ParcelSize(2500), world.clock)

    rates = await kuaidi100(world).quote(request)

    assert [(rate.product, rate.fee_minor) for rate in rates] == [
        ("yuantong/标准快递", 1800),
        ("debangkuaidi/标准快递", 1800),
    ]


async def test_no_label_is_ordered_where_we_have_no_account(world: World) -> None:
    with pytest.raises(NotOffered):
        await kuaidi100(world).create(waybill_request("parcel-1", "shunfeng"))


async def test_a_carrier_it_refuses_to_follow_is_told(world: World) -> None:
    with pytest.raises(Rejected) as caught:
        await kuaidi100(world).follow("nobody", "1", "")

    assert caught.value.code == "701"


def push(told: dict[str, Any], salt: str = "salt") -> bytes:
    param = json.dumps(told, ensure_ascii=False)
    return urlencode({"param": param, "sign": sign(param, salt)}).encode()


def offline() -> Kuaidi100Carrier:
    settings = Kuaidi100Settings("http://p.test", "http://a.test", "c", "k", "s", "salt")
    return Kuaidi100Carrier(settings, httpx.AsyncClient())


def test_a_push_is_read_with_the_corrected_carrier_and_acknowledged_word_for_word() -> None:
    scan = {"context": "包裹已送达", "ftime": "2026-05-01 12:00:00", "status": "签收"}
    result = {"state": "3", "com": "yuantong", "nu": "YT1", "data": [scan]}
    answer = offline().read_push(
        {}, push({"status": "shutdown", "comNew": "shentong", "lastResult": result})
    )

    (fact,) = answer.facts
    assert (fact.carrier, fact.waybill_no, fact.status) == ("sto", "YT1", ParcelStatus.DELIVERED)
    assert fact.at == datetime(2026, 5, 1, 4, tzinfo=UTC)
    assert answer.body == '{"result":true,"returnCode":"200","message":"成功"}'.encode()


def test_a_push_with_another_salt_is_not_genuine() -> None:
    with pytest.raises(Rejected) as caught:
        offline().read_push({}, push({"status": "polling"}, salt="guess"))

    assert caught.value.code == FORGED


@pytest.mark.parametrize(
    ("state", "status", "incident"),
    [
        ("0", ParcelStatus.IN_TRANSIT, None),
        ("揽收", ParcelStatus.PICKED_UP, None),
        ("301", ParcelStatus.DELIVERED, None),
        ("1003", ParcelStatus.IN_TRANSIT, None),
        ("13", ParcelStatus.EXCEPTION, Incident.CUSTOMS),
        ("14", ParcelStatus.EXCEPTION, Incident.REFUSED),
        ("拒签", ParcelStatus.EXCEPTION, Incident.REFUSED),
        ("6", ParcelStatus.RETURNING, None),
        ("4", ParcelStatus.RETURNED, None),
        ("something new", ParcelStatus.UNKNOWN, None),
        ("", ParcelStatus.UNKNOWN, None),
    ],
)
def test_states_are_told_in_our_words(
    state: str, status: ParcelStatus, incident: Incident | None
) -> None:
    assert meaning_of(state) == (status, incident)
