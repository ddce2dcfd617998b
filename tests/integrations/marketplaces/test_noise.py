"""Whatever bytes come in, readers answer with our own errors and never with a crash."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.orders.after_sale import AfterSale
from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import DomainError, IntegrationError
from integrations.marketplaces.douyin_errors import DouyinCodes, DouyinError, douyin_error
from integrations.marketplaces.jd_errors import JdCodes, JdError, jd_error
from integrations.marketplaces.pdd_errors import PddError, pdd_error
from integrations.marketplaces.port import Push
from integrations.marketplaces.top_errors import TopError, top_error
from tests.integrations.marketplaces.readers import READERS, wechat_sealed
from tests.integrations.marketplaces.whole_messages import WHOLE

NASTY: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e308, 2**31, 2**63, 10**400, -(10**400)),
    *("", " ", "0", "-1", "1e400", "1e-400", "1E+999999999", "NaN", "Infinity", "９", "0x10"),
    *("\x00", "\ud800", "𠮷", "‮", "a" * 3000, "2026-02-30 00:00:00", "9999-12-31T23:59:59-23:59"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31 23:59:59", "0001-01-01 00:00:00", "' OR 1=1--"),
    *([], {}, [[]], {"order": {}}, ["x"], {"shopMoney": {}}),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_value(value[path[0]], path[1:], new)
    return copy


def read(name: str, body: bytes) -> object:
    """What the reader made of it, None when it said no in our words."""
    try:
        result = READERS[name](body)
    except (IntegrationError, DomainError) as error:
        json.dumps(str(error)).encode()
        return None
    if isinstance(result, OrderSnapshot):
        assert all(line.quantity >= 1 for line in result.lines)
        assert all(abs(line.payable_minor) < 2**63 for line in result.lines)
        assert abs(result.captured_minor) < 2**63
        repr(result).encode()
        assert "\x00" not in repr(result)
    if isinstance(result, list):
        assert all(isinstance(one, AfterSale | Push) for one in result)
        cases = [one for one in result if isinstance(one, AfterSale)]
        assert all(abs(one.amount_minor) < 2**63 for one in cases)
        repr(result).encode()
    return result


@pytest.mark.parametrize("name", list(READERS))
def test_the_whole_message_can_be_read(name: str) -> None:
    assert read(name, json.dumps(WHOLE[name]).encode()) is not None


@pytest.mark.parametrize("name", list(READERS))
@pytest.mark.parametrize("nasty", NASTY, ids=lambda nasty: repr(nasty)[:20])
def test_a_nasty_value_in_any_place_is_read_or_refused(name: str, nasty: Any) -> None:
    for path in places(WHOLE[name]):
        read(name, json.dumps(with_value(WHOLE[name], path, nasty)).encode())


@pytest.mark.parametrize("name", list(READERS))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_cut_or_garbled_message_is_read_or_refused(name: str, data: st.DataObject) -> None:
    body = bytearray(json.dumps(WHOLE[name], ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(0, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    read(name, bytes(body[: data.draw(st.integers(0, len(body)))]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize("name", list(READERS))
@settings(max_examples=60, deadline=None)
@given(value=JSON)
@example(value={"data": {"order": None}})
@example(value={"data": {}})
@example(value={"error_response": {"code": 15}})
def test_other_json_is_refused(name: str, value: Any) -> None:
    assert read(name, json.dumps(value).encode()) is None


@pytest.mark.parametrize("name", list(READERS))
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\x00", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000),
        '{"订单": "张三"}'.encode("gb18030"),
        '{"id": 1}'.encode("utf-16"),
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"id": "\\ud800"}',
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_message_is_refused(name: str, body: bytes) -> None:
    assert read(name, body) is None


@given(
    code=st.integers(),
    sub_code=st.text() | st.sampled_from(["isp.", "isv.", "isp.x", "accesscontrol.limited-by-"]),
    sub_msg=st.text() | st.from_regex(r"[0-9]{1,9} (more )?seconds", fullmatch=True),
)
def test_any_error_answer_of_top_has_a_meaning(code: int, sub_code: str, sub_msg: str) -> None:
    error = top_error(TopError(code=code, sub_code=sub_code, sub_msg=sub_msg), changes=True)

    assert isinstance(error, IntegrationError)
    assert 1 <= getattr(error, "retry_after_s", 1) <= 86_400


@given(code=st.text() | st.sampled_from(["2", "8", "19", "2001"]), text=st.text())
def test_any_error_answer_of_jd_has_a_meaning(code: str, text: str) -> None:
    error = jd_error(JdError(code=code, zh_desc=text), JdCodes())

    assert isinstance(error, IntegrationError)
    assert 1 <= getattr(error, "retry_after_s", 1) <= 86_400


@given(code=st.integers() | st.sampled_from([10019, 70031]), changes=st.booleans())
def test_any_error_answer_of_pinduoduo_has_a_meaning(code: int, changes: bool) -> None:
    assert isinstance(pdd_error(PddError(error_code=code), changes=changes), IntegrationError)


@given(
    code=st.integers() | st.sampled_from([20000, 60000]),
    sub_code=st.text() | st.sampled_from(["isp.", "isv.access-token-", "dop.service-error"]),
    changes=st.booleans(),
)
def test_any_error_answer_of_douyin_has_a_meaning(code: int, sub_code: str, changes: bool) -> None:
    error = douyin_error(DouyinError(code=code, sub_code=sub_code), DouyinCodes(), changes=changes)

    assert isinstance(error, IntegrationError)
    assert 1 <= getattr(error, "retry_after_s", 1) <= 86_400


@given(body=st.binary(max_size=96))
def test_what_wechat_did_not_seal_is_refused_at_the_door(body: bytes) -> None:
    with pytest.raises(IntegrationError):
        wechat_sealed(body)
