"""ZTO through its own wire format, against the sandbox that speaks it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import pytest

from domain.logistics.tracking import ParcelStatus
from domain.shared.errors import (
    AnswerLost,
    CredentialsRefused,
    IntegrationError,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.carriers.port import FORGED, InterceptRequest, ParcelSize, RateRequest
from integrations.carriers.zto import ZtoCarrier, ZtoSettings
from integrations.carriers.zto_codes import ERRORS, queried_action, status_of
from integrations.signing import base64_md5
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


async def test_a_waybill_is_made_and_found_again(world: World) -> None:
    made = await world.zto().create(waybill_request())

    found = await world.zto().find("pcl-1")

    assert made.waybill_no == "73100000000001"
    assert made.sorting_code == "广州市"
    assert made.routing_code
    assert found is not None
    assert found.waybill_no == made.waybill_no


async def test_the_same_reference_again_gets_the_first_waybill(world: World) -> None:
    first = await world.zto().create(waybill_request())

    assert await world.zto().create(waybill_request()) == first
    assert len(await world.parcels("pcl-1")) == 1


async def test_after_a_lost_answer_the_waybill_is_found_and_there_is_only_one(
    world: World,
) -> None:
    await world.fault(vendor="zto", operation="zto.open.createOrder", kind="timeout_after", times=1)
    with pytest.raises(AnswerLost):
        await world.zto(timeout_s=0.2).create(waybill_request())

    found = await world.zto().find("pcl-1")

    (parcel,) = await world.parcels("pcl-1")
    assert found is not None
    assert found.waybill_no == parcel["waybill_no"]


async def test_nothing_is_found_where_nothing_was_made(world: World) -> None:
    assert await world.zto().find("pcl-unknown") is None


async def test_cancelling_twice_is_no_error_and_the_waybill_is_void(world: World) -> None:
    made = await world.zto().create(waybill_request())

    await world.zto().cancel("pcl-1", made.waybill_no)
    await world.zto().cancel("pcl-1", made.waybill_no)

    assert await world.zto().find("pcl-1") is None


async def test_a_collected_parcel_cannot_be_cancelled(world: World) -> None:
    made = await world.zto().create(waybill_request())
    await world.hand_over(made.waybill_no)
    await world.pass_time(0)

    with pytest.raises(Rejected, match="不能取消"):
        await world.zto().cancel("pcl-1", made.waybill_no)


async def test_a_parcel_on_its_way_is_brought_back_however_often_it_is_asked(world: World) -> None:
    made = await world.zto().create(waybill_request())
    await world.hand_over(made.waybill_no)
    await world.pass_time(0)
    asked = InterceptRequest("pcl-1", made.waybill_no, SENDER)
    for _ in range(2):
        await world.zto().intercept(asked)
    for _ in range(8):
        await world.pass_time(10)

    facts = await world.zto().track(made.waybill_no, "1234")
    assert [fact.status for fact in facts][-2:] == [ParcelStatus.RETURNING, ParcelStatus.RETURNED]
    with pytest.raises(Rejected, match="不能拦截"):
        await world.zto().intercept(asked)
    with pytest.raises(Rejected):
        await world.zto().intercept(InterceptRequest("pcl-2", "0", SENDER))


async def test_cancelling_what_was_never_ordered_is_refused(world: World) -> None:
    with pytest.raises(Rejected, match="查询不到该订单"):
        await world.zto().cancel("pcl-1", "0")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"app_secret": "wrong"}, "S211"),
        ({"app_key": "stranger"}, "S210"),
        ({"account_password": "wrong"}, "E404"),
    ],
)
async def test_zto_says_what_is_wrong_with_our_credentials(
    world: World, changes: dict[str, str], code: str
) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        await world.zto(**changes).create(waybill_request())

    assert caught.value.code == code
    assert await world.parcels("pcl-1") == []


async def test_throttling_is_told_in_zto_s_own_words(world: World) -> None:
    await world.fault(vendor="zto", kind="throttle", times=1)
    with pytest.raises(RateLimited) as caught:
        await world.zto().create(waybill_request())

    assert caught.value.code == "S206"
    assert (await world.zto().create(waybill_request())).waybill_no == "73100000000001"


async def test_zto_quotes_nothing(world: World) -> None:
    request = RateRequest(SENDER.address, RECEIVER.address, ParcelSize(500), world.clock)

    assert await world.zto().quote(request) == ()


async def test_a_parcel_is_pushed_scan_by_scan_and_tracked_the_same(world: World) -> None:
    world.answer = acknowledging(world.zto().read_push)
    made = await world.zto().create(waybill_request())
    await world.hand_over(made.waybill_no)
    for _ in range(8):
        await world.pass_time(10)

    pushed = [
        fact
        for request in world.received
        for fact in world.zto().read_push(request.headers, request.content).facts
    ]
    assert [(fact.status, fact.vendor_code) for fact in pushed] == [
        (ParcelStatus.PICKED_UP, "GOT"),
        (ParcelStatus.IN_TRANSIT, "DEPARTURE"),
        (ParcelStatus.OUT_FOR_DELIVERY, "DISPATCH"),
        (ParcelStatus.DELIVERED, "SIGNED"),
    ]
    assert pushed[0].at == datetime(2026, 5, 1, 4, 0, 10, tzinfo=UTC)
    tracked = await world.zto().track(made.waybill_no, "1234")
    assert [(fact.event_id, fact.status) for fact in tracked] == [
        (fact.event_id, fact.status) for fact in pushed
    ]


async def test_tracking_needs_the_receiver_s_last_four_digits(world: World) -> None:
    made = await world.zto().create(waybill_request())

    with pytest.raises(Rejected) as caught:
        await world.zto().track(made.waybill_no, "0000")

    assert caught.value.code == "E413"


def signed_push(data: str, msg_type: str = "Traces", secret: str = "secret") -> bytes:
    form = {"data": data, "data_digest": base64_md5(data + secret), "msg_type": msg_type}
    return urlencode(form).encode()


def carrier(answer: bytes = b"{}") -> ZtoCarrier:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer))
    settings = ZtoSettings("http://zto.test", "key", "secret", "test", "ZTO123")
    return ZtoCarrier(settings, httpx.AsyncClient(transport=transport))


def test_a_genuine_push_is_read_and_acknowledged_word_for_word() -> None:
    trace = {
        "billCode": "73100196611386",
        "action": "INBOUND",
        "actionTime": "2025-05-22 15:08:53",
        "city": "武汉市",
        "desc": "快件已被代收",
    }

    answer = carrier().read_push({}, signed_push(json.dumps(trace)))

    (fact,) = answer.facts
    assert fact.status is ParcelStatus.AT_PICKUP_POINT
    assert fact.at == datetime(2025, 5, 22, 7, 8, 53, tzinfo=UTC)
    assert answer.body == b'{"message":"","result":"success","status":true,"statusCode":"0"}'


def test_a_push_signed_with_another_secret_is_not_genuine() -> None:
    with pytest.raises(Rejected) as caught:
        carrier().read_push({}, signed_push("{}", secret="guess"))

    assert caught.value.code == FORGED


def test_other_messages_are_acknowledged_and_say_nothing() -> None:
    assert carrier().read_push({}, signed_push("{}", msg_type="Other")).facts == ()


async def test_scan_times_come_in_milliseconds_or_as_local_text() -> None:
    scans = [
        {"scanType": "签收", "scanDate": 1676429769000, "desc": "…"},
        {"scanType": "派件", "scanDate": "2023-02-15 10:56:09", "desc": "…"},
    ]
    answer = json.dumps({"status": True, "result": scans}).encode()

    facts = await carrier(answer).track("731", "1234")

    assert [fact.at for fact in facts] == [datetime(2023, 2, 15, 2, 56, 9, tzinfo=UTC)] * 2


async def test_an_order_without_a_number_yet_is_asked_for_again() -> None:
    with pytest.raises(Unavailable) as caught:
        await carrier(b'{"status": true, "result": {}}').create(waybill_request())

    assert caught.value.code == "no billCode"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("S200", Unavailable),
        ("S202", Unavailable),
        ("S203", Unavailable),
        ("S206", RateLimited),
        ("S221", RateLimited),
        ("S207", Rejected),
        ("S208", Rejected),
        ("S214", Rejected),
        ("E416", Rejected),
        ("S210", CredentialsRefused),
        ("S211", CredentialsRefused),
        ("S212", CredentialsRefused),
        ("no such code", Rejected),
    ],
)
def test_every_code_has_its_class(code: str, error: type[IntegrationError]) -> None:
    assert type(ERRORS.error(code, "…")) is error


@pytest.mark.parametrize(
    ("scan", "status"),
    [
        ("收件", ParcelStatus.PICKED_UP),
        ("到件", ParcelStatus.IN_TRANSIT),
        ("ARRIVAL", ParcelStatus.AT_PICKUP_POINT),
        ("SIGNED", ParcelStatus.DELIVERED),
        ("45", ParcelStatus.AT_PICKUP_POINT),
        ("退件", ParcelStatus.RETURNING),
        ("问题件", ParcelStatus.EXCEPTION),
        ("转单", ParcelStatus.UNKNOWN),
    ],
)
def test_queried_scans_are_told_in_our_words(scan: str, status: ParcelStatus) -> None:
    assert status_of(queried_action(scan)) is status


def test_a_pushed_arrival_is_one_at_a_hub() -> None:
    assert status_of("ARRIVAL") is ParcelStatus.IN_TRANSIT
    assert status_of("HANDOVERSCAN_SIGNED") is ParcelStatus.AT_PICKUP_POINT
    assert status_of("DEPARTURE_SIGNED") is ParcelStatus.DELIVERED
    assert status_of("SOMETHING_NEW") is ParcelStatus.UNKNOWN
