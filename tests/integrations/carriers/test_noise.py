"""Whatever a carrier sends, we answer with facts or an IntegrationError, never with a crash."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.shared.errors import IntegrationError, Rejected, Unavailable
from integrations.access import CarrierAccess, Secrets
from integrations.carriers import kuaidi100
from integrations.carriers.port import Aggregator, Carrier, ParcelSize, RateRequest
from integrations.carriers.registry import CARRIERS
from integrations.carriers.sf import SfCarrier, SfSettings
from integrations.carriers.zto import ZtoCarrier, ZtoSettings
from integrations.sandbox.demo_carriers import demo_carriers
from integrations.sandbox.settings import SandboxSettings
from integrations.signing import base64_md5
from tests.integrations.sandbox.world import RECEIVER, SENDER, waybill_request

QUOTE = RateRequest(
    SENDER.address, RECEIVER.address, ParcelSize(1), datetime(2026, 5, 1, tzinfo=UTC)
)
ACCOUNTS = SandboxSettings()
UNHURRIED = settings(deadline=None)
UNHURRIED_FEW = settings(max_examples=200, deadline=None)
NAMES = st.sampled_from(
    [
        "apiResultCode",
        "apiResultData",
        "errorCode",
        "errorMsg",
        "msgData",
        "orderId",
        "filterResult",
        "waybillNoInfoList",
        "waybillType",
        "waybillNo",
        "routeLabelInfo",
        "routeLabelData",
        "destRouteLabel",
        "deliverTmDto",
        "businessType",
        "fee",
        "deliverTime",
        "routeResps",
        "mailNo",
        "routes",
        "acceptTime",
        "opCode",
        "remark",
        "Body",
        "WaybillRoute",
        "mailno",
        "status",
        "statusCode",
        "message",
        "result",
        "billCode",
        "orderCode",
        "orderStatus",
        "bigMarkInfo",
        "mark",
        "scanType",
        "scanDate",
        "scanSite",
        "action",
        "actionTime",
        "city",
        "desc",
        "resStatus",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["A1000", "S0000", "8016", "80", "2026-05-01 10:00:00", "0001-01-01 00:00:00", "1e999999"]
    ),
    st.sampled_from([10**30, -(10**30), 10**400, 1e308, "\x00", "9999-12-31 23:59:59"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
HOSTILE = st.sampled_from(
    ["0001-01-01 00:00:00", "9999-12-31 23:59:59", "1e999999", "-1", "NaN", 10**400, 1e308, "\x00"]
)
LEAVES = HOSTILE | SCALARS


def some(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """The right field names with anything in them."""
    return st.fixed_dictionaries({}, optional={name: LEAVES for name in names})


def listed(name: str, inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: st.lists(inner, max_size=2)})


PUSHED = some("mailno", "acceptTime", "opCode", "remark", "acceptAddress")
TRACE = some("billCode", "action", "actionTime", "city", "desc")
SF_RESULTS = st.one_of(
    VALUES,
    listed("deliverTmDto", some("businessType", "fee", "deliverTime")),
    listed("routeResps", listed("routes", some("acceptTime", "opCode", "remark"))),
    listed("waybillNoInfoList", some("waybillNo", "waybillType")),
    some("resStatus", "filterResult", "waybillNoInfoList", "routeLabelInfo"),
)
ZTO_RESULTS = st.one_of(
    VALUES,
    st.lists(some("scanType", "scanDate", "desc", "scanSite"), max_size=2),
    st.lists(some("billCode", "orderStatus"), max_size=2),
    some("billCode", "orderCode", "bigMarkInfo"),
)


def sf(answer: bytes = b"") -> SfCarrier:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer))
    client = httpx.AsyncClient(transport=transport)
    return SfCarrier(SfSettings("http://sf.test/", "p", "c", "m"), client)


def zto(answer: bytes = b"") -> ZtoCarrier:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer))
    client = httpx.AsyncClient(transport=transport)
    return ZtoCarrier(ZtoSettings("http://zto.test", "k", "secret", "a", "p"), client)


def ask_everything(carrier: Carrier) -> None:
    async def ask() -> None:
        for question in (
            lambda: carrier.quote(QUOTE),
            lambda: carrier.create(waybill_request()),
            lambda: carrier.find("pcl-1"),
            lambda: carrier.cancel("pcl-1", "1"),
            lambda: carrier.track("1", "1234"),
        ):
            with suppress(IntegrationError):
                await question()

    asyncio.run(ask())


def signed(data: str) -> bytes:
    digest = base64_md5(data + "secret")
    return urlencode({"data": data, "data_digest": digest, "msg_type": "Traces"}).encode()


@UNHURRIED
@given(st.binary(max_size=300))
def test_noise_in_a_push_is_rejected(body: bytes) -> None:
    for carrier in (sf(), zto()):
        with pytest.raises(Rejected):
            carrier.read_push({}, body)


def opened(code: str, answer: bytes = b"") -> Carrier:
    """Any other carrier with the sandbox's secrets, hearing one answer to everything."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer))
    demo = {one.code: one for one in demo_carriers(ACCOUNTS, "http://onhand.test")}[code]
    return CARRIERS[code](
        CarrierAccess(
            code,
            f"http://{code}.test",
            Secrets(code, demo.secrets),
            demo.settings,
            httpx.AsyncClient(transport=transport),
        )
    )


def pushed_by(code: str, told: Any) -> bytes:
    """A push that is genuine, whatever is in it."""
    text = json.dumps(told)
    if code == "sto":
        digest = base64_md5(text + ACCOUNTS.sto.secret_key)
        return urlencode({"content": text, "data_digest": digest}).encode()
    if code == "kuaidi100":
        signature = kuaidi100.sign(text, ACCOUNTS.kuaidi100.salt)
        return urlencode({"param": text, "sign": signature}).encode()
    return text.encode()


OTHERS = ("yto", "sto", "jdl", "yunda", "kuaidi100")
YTO_SCAN = some("waybill_No", "upload_Time", "infoContent", "processInfo", "city")
STO_TRACE = some("scanType", "opTime", "memo", "issueName", "opOrgCityName")
JDL_TRACE = some("waybillCode", "operationTime", "state", "operationRemark", "operatorSite")
YUNDA_STEP = some("mailno", "time", "action", "description", "city")
KUAIDI100_SCAN = some("context", "time", "ftime", "status", "statusCode", "areaName")
KUAIDI100_RESULT = st.fixed_dictionaries(
    {"data": st.lists(KUAIDI100_SCAN, max_size=2)}, optional={"nu": LEAVES, "state": LEAVES}
)
OTHERS_SCANS: dict[str, st.SearchStrategy[Any]] = {
    "yto": YTO_SCAN | st.lists(YTO_SCAN, max_size=2),
    "sto": st.fixed_dictionaries({"waybillNo": LEAVES, "trace": STO_TRACE}),
    "jdl": listed("traceDetails", JDL_TRACE),
    "yunda": listed("steps", YUNDA_STEP),
    "kuaidi100": st.fixed_dictionaries(
        {"status": LEAVES, "lastResult": KUAIDI100_RESULT}, optional={"comNew": LEAVES}
    ),
}
OTHERS_ANSWERS: dict[str, st.SearchStrategy[Any]] = {
    "yto": st.lists(YTO_SCAN, max_size=2) | some("success", "code", "reason", "mailNo"),
    "sto": st.fixed_dictionaries(
        {"success": st.just("true") | LEAVES},
        optional={
            "data": some("waybillNo", "bigWord")
            | st.dictionaries(st.just("1"), st.lists(STO_TRACE, max_size=2))
        },
    ),
    "jdl": st.fixed_dictionaries(
        {"success": st.just(True) | LEAVES},
        optional={
            "data": some("waybillCode", "presortResult") | listed("traceDetails", JDL_TRACE),
            "error_response": some("code", "zh_desc") | LEAVES,
        },
    ),
    "yunda": st.fixed_dictionaries(
        {"code": st.just("0000") | LEAVES},
        optional={
            "data": st.lists(some("mail_no", "position"), max_size=2) | listed("steps", YUNDA_STEP)
        },
    ),
    "kuaidi100": KUAIDI100_RESULT
    | st.fixed_dictionaries(
        {"code": st.just("200") | LEAVES},
        optional={"data": some("kuaidinum", "bulkpen") | listed("combos", some("price"))},
    ),
}


def ask_the_aggregator(carrier: Carrier) -> None:
    async def ask() -> None:
        aggregator: Aggregator = carrier  # type: ignore[assignment]
        with suppress(IntegrationError):
            await aggregator.track_of("ems", "1", "1234")
        with suppress(IntegrationError):
            await aggregator.follow("ems", "1", "1234")

    asyncio.run(ask())


@pytest.mark.parametrize("code", OTHERS)
@UNHURRIED_FEW
@given(data=st.data())
def test_any_push_of_the_others_is_read_or_rejected(code: str, data: st.DataObject) -> None:
    told = data.draw(OTHERS_SCANS[code] | VALUES)
    carrier = opened(code)
    with suppress(Rejected):
        for fact in carrier.read_push({}, pushed_by(code, told)).facts:
            assert fact.at.tzinfo is not None
            assert fact.waybill_no
            assert "\x00" not in fact.text + fact.waybill_no + fact.vendor_code + fact.carrier


@pytest.mark.parametrize("code", OTHERS)
@UNHURRIED_FEW
@given(data=st.data())
def test_any_answer_of_the_others_is_read_or_refused(code: str, data: st.DataObject) -> None:
    told = data.draw(OTHERS_ANSWERS[code] | VALUES)
    carrier = opened(code, json.dumps(told).encode())
    ask_everything(carrier)
    if code == "kuaidi100":
        ask_the_aggregator(carrier)


@pytest.mark.parametrize("code", OTHERS)
@UNHURRIED
@given(body=st.binary(max_size=300))
@example(body=b"[]")
def test_noise_in_a_push_of_the_others_is_rejected(code: str, body: bytes) -> None:
    try:
        told = opened(code).read_push({}, body)
    except Rejected:
        return
    assert told.facts == ()
    assert json.loads(body) == [], "only a list without scans is no noise"


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"steps":' * 50_000, b"9" * 100_000])
def test_deep_and_endless_bodies_of_the_others_are_only_unreadable(code: str, body: bytes) -> None:
    with pytest.raises(Rejected):
        opened(code).read_push({}, body)

    ask_everything(opened(code, body))


@UNHURRIED
@given(st.lists(PUSHED, max_size=3) | VALUES)
def test_any_sf_push_is_read_or_rejected(routes: Any) -> None:
    body = json.dumps({"Body": {"WaybillRoute": routes}}).encode()
    with suppress(Rejected):
        for fact in sf().read_push({}, body).facts:
            assert fact.at.tzinfo is not None
            assert "\x00" not in fact.text + fact.waybill_no + fact.vendor_code


@UNHURRIED
@given(TRACE | VALUES)
def test_any_genuine_zto_push_is_read_or_rejected(trace: Any) -> None:
    with suppress(Rejected):
        zto().read_push({}, signed(json.dumps(trace)))


@UNHURRIED_FEW
@given(SF_RESULTS)
def test_any_sf_answer_is_read_or_refused(message: Any) -> None:
    result = json.dumps({"errorCode": "S0000", "msgData": message})
    ask_everything(sf(json.dumps({"apiResultCode": "A1000", "apiResultData": result}).encode()))
    ask_everything(sf(json.dumps(message).encode()))


@UNHURRIED_FEW
@given(ZTO_RESULTS)
def test_any_zto_answer_is_read_or_refused(message: Any) -> None:
    ask_everything(zto(json.dumps({"status": True, "result": message}).encode()))
    ask_everything(zto(json.dumps(message).encode()))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"Body":' * 50_000, b"9" * 100_000])
def test_deep_and_endless_bodies_are_only_unreadable(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        sf().read_push({}, body)
    assert caught.value.code == "unreadable"

    ask_everything(sf(body))
    ask_everything(zto(body))


@pytest.mark.parametrize("fee", ["1e999999", "NaN", "-1", 10**30])
def test_a_fee_no_one_can_pay_is_unreadable(fee: object) -> None:
    offer = {"businessType": "2", "fee": fee}
    result = json.dumps({"errorCode": "S0000", "msgData": {"deliverTmDto": [offer]}})
    answer = json.dumps({"apiResultCode": "A1000", "apiResultData": result}).encode()

    with pytest.raises(Unavailable) as caught:
        asyncio.run(sf(answer).quote(QUOTE))

    assert caught.value.code == "unreadable"


@pytest.mark.parametrize("at", [10**400, 10**18, -(10**18), "9" * 30, "0001-01-01 00:00:00", None])
def test_a_time_outside_the_calendar_is_unreadable(at: object) -> None:
    scan = {"scanType": "收件", "scanDate": at}
    answer = json.dumps({"status": True, "result": [scan]}).encode()

    with pytest.raises(Unavailable) as caught:
        asyncio.run(zto(answer).track("1", "1234"))

    assert caught.value.code == "unreadable"
