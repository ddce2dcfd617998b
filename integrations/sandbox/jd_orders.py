"""Orders as the JD sandbox keeps them, in the field names of wire-formats §1.2."""

import base64
import hashlib
import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from integrations.marketplaces.reading import read_china_time, write_china_time
from integrations.sandbox.demo_shop import REMARKS, Buyer
from integrations.sandbox.order_controls import Order
from integrations.sandbox.top_trades import Sold, yuan

NEVER: Final = "0001-01-01 00:00:00"
TO_SHIP: Final = "WAIT_SELLER_STOCK_OUT"
SHIPPED: Final = "WAIT_GOODS_RECEIVE_CONFIRM"
CANCELED: Final = "TRADE_CANCELED"
LOCKED: Final = "LOCKED"
_REDUCED_FROM_FEN, _REDUCED_BY_FEN = 19_900, 2_000  # "¥20 off from ¥199", the seller's


def make_order(
    number: int,
    lines: Sequence[Sold],
    buyer: Buyer,
    chance: random.Random,
    now: datetime,
    *,
    freight: Decimal,
    masked: bool,
    vender_id: str,
) -> Order:
    """An order whose money JD has not seen yet."""
    fens = [int(line.price * 100) * line.num for line in lines]
    reduced = _REDUCED_BY_FEN if sum(fens) >= _REDUCED_FROM_FEN else 0
    post = int(freight * 100)
    at = write_china_time(now)
    return {
        "orderId": str(number),
        "venderId": vender_id,
        "payType": "4-在线支付",
        "orderTotalPrice": yuan(sum(fens)),
        "sellerDiscount": yuan(reduced),
        "orderSellerPrice": yuan(sum(fens) - reduced),
        "actualPay": yuan(sum(fens) - reduced + post),
        "orderPayment": yuan(sum(fens) - reduced + post),
        "freightPrice": yuan(post),
        "orderState": TO_SHIP,
        "orderRemark": chance.choice(REMARKS),
        "venderRemark": "",
        "orderStartTime": at,
        "paymentConfirmTime": NEVER,
        "modified": at,
        "waybill": "",
        "logisticsId": "",
        "consigneeInfo": _consignee(buyer, masked),
        "itemInfoList": [_item(number, index, line) for index, line in enumerate(lines, 1)],
    }


def modified_of(order: Order) -> datetime:
    return read_china_time(order["modified"])


def is_paid(order: Order) -> bool:
    return bool(order["paymentConfirmTime"] != NEVER)


def encrypted(text: str) -> str:
    """What JD shows in place of a text that only it may read."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b64encode(b"\x01\x24\xbf" + digest * 2).decode()


def sku_id_of(sku: str) -> str:
    """JD's own number of what a seller calls so."""
    return str(10_000_000_000_000 + int(hashlib.sha256(sku.encode()).hexdigest()[:8], 16))


def _item(number: int, index: int, line: Sold) -> Mapping[str, Any]:
    sku_id = sku_id_of(line.sku)
    return {
        "id": number * 100 + index,
        "skuId": sku_id,
        "wareId": str(int(sku_id) // 8),
        "outerSkuId": line.sku,
        "skuName": line.title,
        "jdPrice": yuan(int(line.price * 100)),
        "itemTotal": str(line.num),
    }


def _consignee(buyer: Buyer, masked: bool) -> Mapping[str, str]:
    province = buyer.province.removesuffix("省")
    address = f"{province}{buyer.city}{buyer.district}{buyer.detail}"
    name, mobile = buyer.name, buyer.mobile
    if masked:
        name, address = encrypted(name), encrypted(address)
        mobile = f"{mobile[:3]}*******{mobile[-1]}"
    return {
        "fullname": name,
        "mobile": mobile,
        "telephone": mobile,
        "fullAddress": address,
        "province": province,
        "city": buyer.city,
        "county": buyer.district,
        "town": "",
    }
