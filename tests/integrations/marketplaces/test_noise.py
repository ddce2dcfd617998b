"""Whatever bytes come in, readers answer with our own errors and never with a crash."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.orders.after_sale import AfterSale
from domain.orders.snapshot import OrderSnapshot
from domain.shared.errors import DomainError, IntegrationError
from integrations.access import Secrets, ShopAccess
from integrations.marketplaces import (
    douyin_after_sale,
    douyin_waybill,
    jd_after_sale,
    pdd_after_sale,
    pdd_waybill,
    top_after_sale,
    top_waybill,
    wechat_after_sale,
    wechat_waybill,
)
from integrations.marketplaces.douyin import DouyinMarketplace
from integrations.marketplaces.douyin_errors import DouyinCodes, DouyinError, douyin_error
from integrations.marketplaces.jd import JdMarketplace
from integrations.marketplaces.jd_after_sale import JdAfterSales, SlipsAnswer
from integrations.marketplaces.jd_errors import JdCodes, JdError, jd_error
from integrations.marketplaces.own import OwnMarketplace
from integrations.marketplaces.pdd import PddMarketplace
from integrations.marketplaces.pdd_after_sale import CasesAnswer
from integrations.marketplaces.pdd_errors import PddError, pdd_error
from integrations.marketplaces.port import Listing, Push, Pushed
from integrations.marketplaces.reading import read_answer
from integrations.marketplaces.shopify import ShopifyMarketplace
from integrations.marketplaces.shopify_refund import read_refund
from integrations.marketplaces.shopify_stock import StockAnswer, level_of
from integrations.marketplaces.signing import (
    douyin_event_sign,
    own_headers,
    shopify_signature,
    wechat_signature,
)
from integrations.marketplaces.top import TopMarketplace
from integrations.marketplaces.top_after_sale import RefundsAnswer
from integrations.marketplaces.top_errors import TopError, top_error
from integrations.marketplaces.top_messages import ConsumedAnswer, queued
from integrations.marketplaces.wechat import WechatMarketplace
from integrations.marketplaces.wechat_crypt import seal_message
from integrations.marketplaces.woocommerce import WooMarketplace
from integrations.signing import base64_hmac_sha256
from tests.integrations.marketplaces import (
    douyin_orders,
    jd_orders,
    messages,
    orders,
    pdd_orders,
    trades,
    wechat_orders,
    woocommerce_orders,
)
from tests.integrations.marketplaces.test_shopify_stock import LEVEL

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SECRET = base64.b64encode(b"secret").decode()
HTTP = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(500)))
TOP = TopMarketplace("top", "http://top", "key", "secret", "session", HTTP)
SHOPIFY = ShopifyMarketplace("shopify", "a.myshopify.com", "http://a", "token", ("hush",), HTTP)
OWN = OwnMarketplace("own", (SECRET,), now=lambda: NOW)

AES_KEY = "demoDEMOdemoDEMOdemoDEMOdemoDEMOdemoDEMOdem"
KEYS = {
    **{"app_key": "key", "app_secret": "hush", "webhook_secret": "hush"},
    **{"push_token": "t", "aes_key": AES_KEY},
}
ACCESS = ShopAccess("shop", "1", "http://a", Secrets("shop", KEYS), {}, HTTP)
JD, PDD, DOUYIN = JdMarketplace(ACCESS), PddMarketplace(ACCESS), DouyinMarketplace(ACCESS)
WECHAT, WOO = WechatMarketplace(ACCESS), WooMarketplace(ACCESS)


def jd_slips(body: bytes) -> object:
    page = read_answer(SlipsAnswer, body, system="jd", changes=False)
    slips = page.jingdong_asc_query_list_responce.page_result.data
    return [jd_after_sale.after_sale_of(slip, JdAfterSales(), NOW) for slip in slips]


def pdd_cases(body: bytes) -> object:
    page = read_answer(CasesAnswer, body, system="pdd", changes=False)
    cases = page.refund_increment_get_response.refund_list
    return [pdd_after_sale.after_sale_of(case, NOW) for case in cases]


def douyin_cases(body: bytes) -> object:
    page = read_answer(douyin_after_sale.CasesAnswer, body, system="douyin", changes=False)
    return [douyin_after_sale.after_sale_of(case, NOW) for case in page.data.items] or None


def douyin_push(body: bytes) -> object:
    signature = douyin_event_sign("key", body, "hush")
    pushes = DOUYIN.read_pushes(Pushed({"app-id": "key", "event-sign": signature}, body))
    cases = [push.after_sale for push in pushes if push.after_sale is not None]
    return cases or [push for push in pushes if push.external_no] or None


def wechat_case(body: bytes) -> object:
    case = read_answer(wechat_after_sale.CaseAnswer, body, system="wechat", changes=False)
    return [wechat_after_sale.after_sale_of(case.after_sale_order, NOW)]


def wechat_push(body: bytes) -> object:
    """The event itself is noise; it is sealed well."""
    return _opened(seal_message(AES_KEY, body, "1", b"0123456789abcdef"))


def wechat_sealed(body: bytes) -> object:
    """What was sealed is noise."""
    return _opened(base64.b64encode(body).decode())


def _opened(sealed: str) -> object:
    query = {"msg_signature": wechat_signature("t", "", "", sealed)}
    pushes = WECHAT.read_pushes(Pushed({}, json.dumps({"Encrypt": sealed}).encode(), query))
    cases = [push.after_sale for push in pushes if push.after_sale is not None]
    return cases or [push for push in pushes if push.external_no] or None


def top_refunds(body: bytes) -> object:
    page = read_answer(RefundsAnswer, body, system="top", changes=False)
    refunds = page.refunds_receive_get_response.refunds.refund
    return [top_after_sale.after_sale_of(refund) for refund in refunds]


def top_queue(body: bytes) -> object:
    answer = read_answer(ConsumedAnswer, body, system="top", changes=False)
    messages = answer.tmc_messages_consume_response.messages.tmc_message
    pushes = [push for one in messages if (push := queued(one).push) is not None]
    assert all(TOP.snapshot(push.raw) is None for push in pushes)
    return pushes or None


def shopify_refund(body: bytes) -> object:
    push = read_refund("wh-1", body)
    return [push.after_sale] if push.after_sale is not None else None


def shopify_level(body: bytes) -> object:
    answer = read_answer(StockAnswer, body, system="shopify", changes=False)
    return level_of(answer, Listing("A"), "")


def woo_push(body: bytes) -> object:
    headers = {
        "x-wc-webhook-signature": base64_hmac_sha256("hush", body),
        "x-wc-webhook-topic": "order.updated",
        "x-wc-webhook-delivery-id": "d1",
    }
    pushes = WOO.read_pushes(Pushed(headers, body))
    cases = [push.after_sale for push in pushes if push.after_sale is not None]
    return cases or [push for push in pushes if push.external_no] or None


def own_push(body: bytes) -> object:
    headers = own_headers(SECRET, "msg_1", int(NOW.timestamp()), body)
    return OWN.read_pushes(Pushed(headers, body))


def shopify_push(body: bytes) -> object:
    headers = {
        "x-shopify-hmac-sha256": shopify_signature("hush", body),
        "x-shopify-shop-domain": "a.myshopify.com",
        "x-shopify-topic": "orders/create",
        "x-shopify-webhook-id": "wh-1",
    }
    (push,) = SHOPIFY.read_pushes(Pushed(headers, body))
    return push if push.external_no else None


def top_waybill_made(body: bytes) -> object:
    answer = read_answer(top_waybill.GetAnswer, body, system="top", changes=True)
    (made,) = answer.cainiao_waybill_ii_get_response.modules.waybill_cloud_print_response
    made.waybill.print_data.encode()
    return made.waybill


def top_waybills_known(body: bytes) -> object:
    answer = read_answer(top_waybill.ByOrderAnswer, body, system="top", changes=False)
    return answer.cainiao_waybill_ii_query_by_tradecode_response.modules


def pdd_waybill_made(body: bytes) -> object:
    answer = read_answer(pdd_waybill.GetAnswer, body, system="pdd", changes=True)
    (made,) = answer.pdd_waybill_get_response.modules
    made.waybill.print_data.encode()
    return made.waybill


def douyin_waybill_made(body: bytes) -> object:
    answer = read_answer(douyin_waybill.GetAnswer, body, system="douyin", changes=True)
    return answer.data.ebill_infos or None


def douyin_waybill_printed(body: bytes) -> object:
    answer = read_answer(douyin_waybill.PrintAnswer, body, system="douyin", changes=False)
    printed = [one.print_data.encode() for one in answer.data.waybill_infos]
    return answer if printed else None


def wechat_waybill_made(body: bytes) -> object:
    answer = read_answer(wechat_waybill.CreateAnswer, body, system="wechat", changes=True)
    answer.print_info.encode()
    return answer.waybill_id or None


def wechat_waybill_found(body: bytes) -> object:
    answer = read_answer(wechat_waybill.FindAnswer, body, system="wechat", changes=False)
    return answer.order_info.waybill_id or None


READERS: dict[str, Callable[[bytes], object]] = {
    "top": TOP.snapshot,
    "top_refunds": top_refunds,
    "top_queue": top_queue,
    "top_waybill": top_waybill_made,
    "top_waybills_known": top_waybills_known,
    "pdd_waybill": pdd_waybill_made,
    "douyin_waybill": douyin_waybill_made,
    "douyin_print": douyin_waybill_printed,
    "wechat_waybill": wechat_waybill_made,
    "wechat_found": wechat_waybill_found,
    "jd": JD.snapshot,
    "jd_slips": jd_slips,
    "pdd": PDD.snapshot,
    "pdd_cases": pdd_cases,
    "douyin": DOUYIN.snapshot,
    "douyin_cases": douyin_cases,
    "douyin_push": douyin_push,
    "wechat": WECHAT.snapshot,
    "wechat_case": wechat_case,
    "wechat_push": wechat_push,
    "woocommerce": WOO.snapshot,
    "woo_order": WOO.snapshot,
    "woo_push": woo_push,
    "shopify": SHOPIFY.snapshot,
    "shopify_push": shopify_push,
    "shopify_refund": shopify_refund,
    "shopify_level": shopify_level,
    "own": OWN.snapshot,
    "own_push": own_push,
}
MODULE = {
    "object_id": "O_1_1_P1",
    "waybill_code": "SF1",
    "print_data": '{"encryptedData":"AES:1"}',
    "parent_waybill_code": "",
}
WHOLE: dict[str, Any] = {
    "top": {
        "trade_fullinfo_get_response": {
            "trade": trades.trade(
                trades.line(divide_order_fee="99.00", outer_iid=None, sku_id="1", num_iid=2),
                oaid="1abc",
                est_con_time="2026-05-03",
                step_paid_fee=None,
                step_trade_status="",
            )
        }
    },
    "jd": jd_orders.answer(
        jd_orders.order(
            jd_orders.item(outerSkuId=None),
            consigneeInfo=jd_orders.consignee(oaid="1", telephone="1"),
            orderPayment="1.00",
            waybill="W",
            open_id_buyer="1",
        )
    ),
    "jd_slips": {
        "jingdong_asc_query_list_responce": {
            "pageResult": {
                "success": True,
                "totalCount": 1,
                "data": [
                    {
                        "serviceId": 1,
                        "orderId": 2,
                        "customerExpect": 10,
                        "serviceStatus": 10005,
                        "skuId": 3,
                        "actualPayPrice": "1.00",
                        "applyTime": 1578664268000,
                        "updateDate": "2026-05-01 12:00:00",
                        "questionTypeCid1Name": "不想要了",
                    }
                ],
            }
        }
    },
    "pdd": pdd_orders.answer(
        pdd_orders.order(
            pdd_orders.item(outer_id=None),
            trade_type=1,
            step_order_info={"step_trade_status": 1, "advanced_paid_fee": "1.00"},
            is_pre_sale=1,
            pre_sale_time="2026-05-08 12:00:00",
            open_address_id="1",
            receiver_name_mask="张*",
        )
    ),
    "pdd_cases": {
        "refund_increment_get_response": {
            "total_count": 1,
            "refund_list": [
                {
                    "id": 1,
                    "order_sn": "1",
                    "after_sales_status": 2,
                    "after_sales_type": 3,
                    "refund_amount": "1.00",
                    "sku_id": "1",
                    "updated_time": "1777609083",
                }
            ],
        }
    },
    "douyin": douyin_orders.answer(
        douyin_orders.order(
            douyin_orders.line(code=None, given_product_type="FREE"),
            encrypt_post_receiver="##abc##",
            mask_post_addr={"detail": "*"},
            open_address_id="#1",
            appointment_ship_time=1777609805,
            logistics_info=[{"tracking_no": "1", "company": "shunfeng"}],
        )
    ),
    "douyin_cases": {
        "data": {
            "total": 1,
            "items": [
                {
                    "aftersale_info": {
                        "aftersale_id": "1",
                        "aftersale_status": 11,
                        "aftersale_type": 0,
                        "update_time": 1777609805,
                        "refund_amount": 100,
                        "return_logistics_code": "R1",
                    },
                    "order_info": {
                        "shop_order_id": "2",
                        "related_order_info": [{"sku_order_id": "3"}],
                    },
                    "text_part": {"reason_text": "不想要了"},
                }
            ],
        }
    },
    "douyin_push": [
        {
            "tag": "206",
            "msg_id": "m1",
            "data": {
                "p_id": 1,
                "s_id": 2,
                "shop_id": 1,
                "aftersale_id": 3,
                "aftersale_status": 12,
                "aftersale_type": 1,
                "refund_amount": 100,
                "success_time": 1777609805,
            },
        }
    ],
    "wechat": wechat_orders.answer(
        wechat_orders.order(
            wechat_orders.product(sku_code=None, out_sku_id="1"),
            delivery={"ewaybill_order_code": "e", "delivery_product_info": [{"waybill_id": "1"}]},
        )
    ),
    "wechat_case": {
        "after_sale_order": {
            "after_sale_order_id": "1",
            "order_id": 2,
            "status": "USER_WAIT_RETURN",
            "type": "RETURN",
            "update_time": 1777609805,
            "product_info": {"product_id": "1", "sku_id": "2"},
            "refund_info": {"amount": 100, "refund_reason": "不想要了"},
            "return_info": {"waybill_id": "R1", "delivery_id": "SF"},
        }
    },
    "wechat_push": {
        "Event": "channels_ec_aftersale_update",
        "CreateTime": 1777609805,
        "finder_shop_aftersale_status_update": {
            "status": "USER_WAIT_RETURN",
            "after_sale_order_id": 1,
            "order_id": "2",
        },
    },
    "woocommerce": {
        "order": woocommerce_orders.order(
            woocommerce_orders.line(sku=None, variation_id=8),
            refunds=[{"id": 900, "total": "-95.00", "reason": "不想要了"}],
            payment_method="cod",
        ),
        "refunds": [woocommerce_orders.refund(l1=1)],
    },
    "woo_order": woocommerce_orders.order(shipping=None),
    "woo_push": woocommerce_orders.order(refunds=[{"id": 900, "total": "-95.00"}]),
    "shopify": orders.order(
        orders.item(
            current_quantity=1,
            discount_allocations=[{"amount": "1.00"}],
            tax_lines=[{"price": "1.00"}],
        ),
        shipping_address={"name": "A", "latitude": 1.5, "country_code": "GB"},
        refunds=[{"transactions": [{"amount": "1.00", "kind": "refund", "status": "success"}]}],
        payment_gateway_names=["cod"],
        customer={"id": 1},
    ),
    "top_refunds": {
        "refunds_receive_get_response": {
            "total_results": 1,
            "refunds": {
                "refund": [
                    {
                        "refund_id": 1,
                        "tid": 2,
                        "oid": 3,
                        "status": "WAIT_SELLER_AGREE",
                        "refund_fee": "9.90",
                        "reason": "不想要了",
                        "has_good_return": True,
                        "company_name": "SF",
                        "sid": "SF1",
                        "modified": "2026-05-01 12:00:00",
                    }
                ]
            },
        }
    },
    "top_queue": {
        "tmc_messages_consume_response": {
            "messages": {
                "tmc_message": [
                    {
                        "id": 1,
                        "topic": "taobao_refund_RefundCreated",
                        "user_nick": "a",
                        "content": '{"tid": 2, "refund_id": 1, "modified": "2026-05-01 12:00:00"}',
                    }
                ]
            }
        }
    },
    "shopify_refund": {
        "id": 1,
        "order_id": 2,
        "created_at": "2026-05-01T12:00:00Z",
        "note": "broken",
        "refund_line_items": [{"line_item_id": 3, "quantity": 1, "restock_type": "return"}],
        "transactions": [
            {"amount": "1.00", "kind": "refund", "status": "success", "currency": "CNY"}
        ],
    },
    "shopify_level": LEVEL,
    "top_waybill": {
        "cainiao_waybill_ii_get_response": {
            "modules": {"waybill_cloud_print_response": [MODULE]},
        }
    },
    "top_waybills_known": {
        "cainiao_waybill_ii_query_by_tradecode_response": {
            "modules": {
                "waybill_cloud_print_with_result_desc_response": [
                    {"success": True, "object_id": "1", "waybill_cloud_print_response": MODULE}
                ]
            }
        }
    },
    "pdd_waybill": {"pdd_waybill_get_response": {"modules": [MODULE]}},
    "douyin_waybill": {
        "data": {
            "ebill_infos": [{"track_no": "SF1", "order_id": 1, "pack_id": "1"}],
            "err_infos": [{"err_code": 1, "err_msg": "x"}],
        }
    },
    "douyin_print": {"data": {"waybill_infos": [{"print_data": "AES:1", "sign": "s"}]}},
    "wechat_waybill": {"waybill_id": "SF1", "print_info": "e30=", "delivery_error_msg": ""},
    "wechat_found": {"order_info": {"ewaybill_order_id": 1, "waybill_id": "SF1"}},
    "own": messages.message(messages.line(list="120.00", tax="1.00"), freight="8.00"),
}
WHOLE |= {"shopify_push": WHOLE["shopify"], "own_push": WHOLE["own"]}
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
