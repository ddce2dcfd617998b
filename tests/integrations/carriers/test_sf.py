"""SF through its own wire format, against the sandbox that speaks it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

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
from integrations.carriers.port import InterceptRequest, ParcelSize, Rate, RateRequest
from integrations.carriers.sf import SfCarrier, SfSettings, SignMethod
from integrations.carriers.sf_codes import ERRORS, status_of
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
    made = await world.sf().create(waybill_request())

    assert made.waybill_no == "SF7000000000001"
    assert made.routing_code
    assert await world.sf().find("pcl-1") == made
    (call, *_) = await world.calls(vendor="sf", operation="EXP_RECE_CREATE_ORDER", ref="pcl-1")
    assert call["executed"] is True
    assert "铁观音" in call["answer"] or "pcl-1" in call["answer"]


async def test_the_same_reference_again_gets_the_first_waybill(world: World) -> None:
    first = await world.sf().create(waybill_request())

    assert await world.sf().create(waybill_request()) == first
    assert [parcel["waybill_no"] for parcel in await world.parcels("pcl-1")] == [first.waybill_no]


async def test_nothing_is_found_where_nothing_was_made(world: World) -> None:
    assert await world.sf().find("pcl-unknown") is None


async def test_after_a_lost_answer_the_waybill_is_found_and_there_is_only_one(
    world: World,
) -> None:
    await world.fault(vendor="sf", operation="EXP_RECE_CREATE_ORDER", kind="timeout_after", times=1)
    with pytest.raises(AnswerLost):
        await world.sf(timeout_s=0.2).create(waybill_request())

    found = await world.sf().find("pcl-1")

    (parcel,) = await world.parcels("pcl-1")
    assert found is not None
    assert found.waybill_no == parcel["waybill_no"]


async def test_after_an_answer_lost_before_the_work_there_is_nothing(world: World) -> None:
    fault = {"operation": "EXP_RECE_CREATE_ORDER", "kind": "timeout_before", "times": 1}
    await world.fault(vendor="sf", **fault)
    with pytest.raises(AnswerLost):
        await world.sf(timeout_s=0.2).create(waybill_request())

    assert await world.sf().find("pcl-1") is None
    (call,) = await world.calls(operation="EXP_RECE_CREATE_ORDER")
    assert (call["executed"], call["fault"]) == (False, "timeout_before")


@pytest.mark.parametrize(("kind", "made"), [("error_before", 0), ("error_after", 1)])
async def test_a_server_error_leaves_open_whether_it_was_done(
    world: World, kind: str, made: int
) -> None:
    await world.fault(vendor="sf", kind=kind, times=1)
    with pytest.raises(AnswerLost):
        await world.sf().create(waybill_request())

    assert len(await world.parcels("pcl-1")) == made


async def test_throttling_is_told_in_sf_s_own_words(world: World) -> None:
    await world.fault(vendor="sf", kind="throttle", times=1)
    with pytest.raises(RateLimited) as caught:
        await world.sf().create(waybill_request())

    assert (caught.value.code, caught.value.retry_after_s) == ("A1005", 30.0)
    assert await world.parcels("pcl-1") == []


async def test_a_cancelled_waybill_is_void_and_its_reference_used_up(world: World) -> None:
    made = await world.sf().create(waybill_request())

    await world.sf().cancel("pcl-1", made.waybill_no)
    await world.sf().cancel("pcl-1", made.waybill_no)

    assert await world.sf().find("pcl-1") is None
    with pytest.raises(Rejected) as caught:
        await world.sf().create(waybill_request())
    assert caught.value.code == "8016"


async def test_a_parcel_on_its_way_cannot_be_cancelled(world: World) -> None:
    made = await world.sf().create(waybill_request())
    await world.hand_over(made.waybill_no)
    await world.pass_time(0)

    with pytest.raises(Rejected) as caught:
        await world.sf().cancel("pcl-1", made.waybill_no)

    assert caught.value.code == "8252"


async def test_a_parcel_on_its_way_is_brought_back_however_often_it_is_asked(world: World) -> None:
    made = await world.sf().create(waybill_request())
    await world.hand_over(made.waybill_no)
    await world.pass_time(0)
    asked = InterceptRequest("pcl-1", made.waybill_no, SENDER)
    for _ in range(2):
        await world.sf().intercept(asked)
    for _ in range(8):
        await world.pass_time(10)

    facts = await world.sf().track(made.waybill_no, "1234")
    assert [fact.status for fact in facts][-2:] == [ParcelStatus.RETURNING, ParcelStatus.RETURNED]
    with pytest.raises(Rejected, match="不能拦截"):
        await world.sf().intercept(asked)
    with pytest.raises(Rejected):
        await world.sf().intercept(InterceptRequest("pcl-2", "0", SENDER))


async def test_cancelling_what_was_never_ordered_is_refused(world: World) -> None:
    with pytest.raises(Rejected) as caught:
        await world.sf().cancel("pcl-1", "SF0")

    assert caught.value.code == "8018"


@pytest.mark.parametrize(
    ("changes", "code", "error"),
    [
        ({"checkword": "wrong"}, "A1006", Rejected),
        ({"sign_method": SignMethod.SIMPLE_MD5}, "A1006", Rejected),
        ({"partner_id": "stranger"}, "A1004", CredentialsRefused),
        ({"monthly_card": "1"}, "8119", CredentialsRefused),
    ],
)
async def test_sf_says_what_is_wrong_with_our_credentials(
    world: World, changes: dict[str, str], code: str, error: type[IntegrationError]
) -> None:
    with pytest.raises(error) as caught:
        await world.sf(**changes).create(waybill_request())

    assert caught.value.code == code
    assert await world.parcels("pcl-1") == []


async def test_a_request_from_yesterday_has_expired(world: World) -> None:
    settings = SfSettings("http://sandbox/sf/std/service", "ONHANDDEMO", "x", "y")
    carrier = SfCarrier(settings, world.vendor_http, lambda: datetime(2026, 4, 30, tzinfo=UTC))

    with pytest.raises(Rejected) as caught:
        await carrier.find("pcl-1")

    assert caught.value.code == "A1002"


async def test_quotes_are_in_fen_with_a_promise(world: World) -> None:
    request = RateRequest(SENDER.address, RECEIVER.address, ParcelSize(2500), world.clock)

    assert await world.sf().quote(request) == (
        Rate("sf", "1", 3050, "CNY", datetime(2026, 5, 2, 10, 0, tzinfo=UTC)),
        Rate("sf", "2", 2550, "CNY", datetime(2026, 5, 3, 10, 0, tzinfo=UTC)),
    )


async def test_a_parcel_is_pushed_scan_by_scan_and_tracked_the_same(world: World) -> None:
    world.answer = acknowledging(world.sf().read_push)
    made = await world.sf().create(waybill_request())
    await world.hand_over(made.waybill_no)
    for _ in range(8):
        await world.pass_time(10)

    pushed = [
        fact
        for request in world.received
        for fact in world.sf().read_push(request.headers, request.content).facts
    ]
    assert [(fact.status, fact.vendor_code) for fact in pushed] == [
        (ParcelStatus.PICKED_UP, "50"),
        (ParcelStatus.IN_TRANSIT, "30"),
        (ParcelStatus.OUT_FOR_DELIVERY, "204"),
        (ParcelStatus.DELIVERED, "80"),
    ]
    assert pushed[0].at == datetime(2026, 5, 1, 4, 0, 10, tzinfo=UTC)
    assert pushed[0].place == "上海市"
    assert list(await world.sf().track(made.waybill_no, "1234")) == pushed
    assert await world.sf().track(made.waybill_no, "0000") == ()


@pytest.mark.parametrize(
    ("fate", "statuses"),
    [
        ("refused", "picked_up in_transit out_for_delivery exception returning returned"),
        ("returned", "picked_up in_transit returning returned"),
        ("lost", "picked_up in_transit exception"),
        ("stalled", "picked_up in_transit"),
    ],
)
async def test_parcels_that_do_not_arrive(world: World, fate: str, statuses: str) -> None:
    made = await world.sf().create(waybill_request())
    await world.decide(made.waybill_no, fate)
    await world.hand_over(made.waybill_no)
    for _ in range(8):
        await world.pass_time(10)

    facts = await world.sf().track(made.waybill_no, "1234")

    assert [fact.status.value for fact in facts] == statuses.split()


def test_sf_waits_for_its_own_acknowledgement() -> None:
    body = json.dumps({"Body": {"WaybillRoute": []}}).encode()
    world = create_world()

    answer = world.sf().read_push({}, body)

    assert json.loads(answer.body) == {"return_code": "0000", "return_msg": "成功"}
    assert (answer.status_code, answer.facts) == (200, ())


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("A1009", Unavailable),
        ("A1099", Unavailable),
        ("S0003", Unavailable),
        ("A1005", RateLimited),
        ("8177", RateLimited),
        ("A1001", Rejected),
        ("A1006", Rejected),
        ("8057", Rejected),
        ("20035", Rejected),
        ("no such code", Rejected),
        ("A1003", CredentialsRefused),
        ("A1004", CredentialsRefused),
        ("A1011", CredentialsRefused),
        ("8114", CredentialsRefused),
    ],
)
def test_every_code_has_its_class(code: str, error: type[IntegrationError]) -> None:
    assert type(ERRORS.error(code, "…")) is error


@pytest.mark.parametrize(
    ("code", "remark", "status"),
    [
        ("50", "", ParcelStatus.PICKED_UP),
        ("31", "", ParcelStatus.IN_TRANSIT),
        ("44", "", ParcelStatus.IN_TRANSIT),
        ("204", "", ParcelStatus.OUT_FOR_DELIVERY),
        ("130", "", ParcelStatus.AT_PICKUP_POINT),
        ("33", "", ParcelStatus.EXCEPTION),
        ("80", "已签收", ParcelStatus.DELIVERED),
        ("80", "快件已退回，寄件人签收", ParcelStatus.RETURNED),
        ("648", "快件退回中", ParcelStatus.RETURNING),
        ("99", "应客户要求转寄", ParcelStatus.IN_TRANSIT),
        ("631", "", ParcelStatus.RETURNING),
        ("9999", "", ParcelStatus.UNKNOWN),
    ],
)
def test_scan_codes_are_told_in_our_words(code: str, remark: str, status: ParcelStatus) -> None:
    assert status_of(code, remark) is status


def answering(body: bytes, status: int = 200) -> SfCarrier:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    settings = SfSettings("http://sf.test/", "partner", "checkword", "card")
    return SfCarrier(settings, httpx.AsyncClient(transport=transport))


def answered(result: object) -> bytes:
    return json.dumps({"apiResultCode": "A1000", "apiResultData": json.dumps(result)}).encode()


async def test_a_page_of_a_proxy_in_place_of_the_answer_says_nothing() -> None:
    with pytest.raises(AnswerLost) as caught:
        await answering(b"<html>maintenance</html>").create(waybill_request())

    assert caught.value.code == "unreadable"


async def test_an_order_sf_checks_by_hand_has_no_waybill_yet() -> None:
    result = {"errorCode": "S0000", "msgData": {"orderId": "pcl-1", "filterResult": 1}}

    with pytest.raises(Unavailable) as caught:
        await answering(answered(result)).create(waybill_request())

    assert caught.value.code == "filterResult=1"


async def test_an_address_sf_does_not_serve_is_refused() -> None:
    result = {"errorCode": "S0000", "msgData": {"orderId": "pcl-1", "filterResult": 3}}

    with pytest.raises(Rejected) as caught:
        await answering(answered(result)).create(waybill_request())

    assert caught.value.code == "filterResult=3"


async def test_the_mother_waybill_and_lower_case_search_fields_are_read() -> None:
    order = {
        "orderId": "pcl-1",
        "destcode": "020",
        "waybillNoInfoList": [
            {"waybillType": 2, "waybillNo": "SFchild"},
            {"waybillType": 1, "waybillNo": "SFmother"},
        ],
    }
    found = await answering(answered({"errorCode": "S0000", "msgData": order})).find("pcl-1")

    assert found is not None
    assert (found.waybill_no, found.routing_code) == ("SFmother", "020")
