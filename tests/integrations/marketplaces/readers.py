"""Every place where a body of a marketplace is read, by name."""

import base64
import json
from collections.abc import Callable

import httpx

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
from integrations.marketplaces.jd import JdMarketplace
from integrations.marketplaces.jd_after_sale import JdAfterSales, SlipsAnswer
from integrations.marketplaces.own import OwnMarketplace
from integrations.marketplaces.pdd import PddMarketplace
from integrations.marketplaces.pdd_after_sale import CasesAnswer
from integrations.marketplaces.port import Listing, Pushed
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
from integrations.marketplaces.top_messages import ConsumedAnswer, queued
from integrations.marketplaces.wechat import WechatMarketplace
from integrations.marketplaces.wechat_crypt import seal_message
from integrations.marketplaces.woocommerce import WooMarketplace
from integrations.signing import base64_hmac_sha256
from tests.integrations.marketplaces.whole_messages import AES_KEY, NOW, SECRET

HTTP = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(500)))
TOP = TopMarketplace("top", "http://top", "key", "secret", "session", HTTP)
SHOPIFY = ShopifyMarketplace("shopify", "a.myshopify.com", "http://a", "token", ("hush",), HTTP)
OWN = OwnMarketplace("own", (SECRET,), now=lambda: NOW)
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
