"""Orders as the Pinduoduo sandbox keeps them, in the field names of wire-formats §1.3."""

import base64
import hashlib
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from integrations.marketplaces.reading import read_china_time, write_china_time
from integrations.sandbox.demo_shop import REMARKS, Buyer
from integrations.sandbox.order_controls import Order
from integrations.sandbox.top_trades import Sold, yuan

TO_SHIP, SHIPPED = 1, 2  # order_status
OPEN, CONFIRMED, CANCELLED = 0, 1, 2  # confirm_status
_PROMISE: Final = timedelta(hours=48)
_PRESALE: Final = timedelta(days=7)
_REDUCED_FROM_FEN, _REDUCED_BY_FEN = 10_000, 500  # "¥5 off from ¥100", the platform's
# refund_status while an after-sale of these codes is open; 1 for all others.
_REFUND: Final = {**dict.fromkeys((2, 3, 6, 7, 8, 31), 2), 4: 3, 5: 3, 10: 4}
# What the platform hides once there is nothing to send.
_SECRET: Final = ("receiver_name", "receiver_phone", "receiver_address")


def make_order(
    number: str,
    lines: Sequence[Sold],
    buyer: Buyer,
    chance: random.Random,
    now: datetime,
    *,
    postage: Decimal,
    masked: bool,
    presale: bool,
) -> Order:
    """An order that is not paid; `masked` and `plain` are the sandbox's own notes."""
    fens = [int(line.price * 100) * line.num for line in lines]
    reduced = _REDUCED_BY_FEN if sum(fens) >= _REDUCED_FROM_FEN else 0
    post = int(postage * 100)
    at = write_china_time(now)
    order: Order = {
        "order_sn": number,
        "order_status": TO_SHIP,
        "confirm_status": OPEN,
        "group_status": 0,
        "refund_status": 1,
        "after_sales_status": 0,
        "risk_control_status": 0,
        "trade_type": 1 if presale else 0,
        "step_order_info": None,
        "is_pre_sale": 0,
        "pre_sale_time": "",
        "goods_amount": yuan(sum(fens)),
        "discount_amount": yuan(reduced),
        "platform_discount": yuan(reduced),
        "seller_discount": "0.00",
        "postage": yuan(post),
        "pay_amount": yuan(sum(fens) - reduced + post),
        "pay_type": "WEIXIN",
        "created_time": at,
        "updated_at": at,
        "pay_time": "",
        "confirm_time": "",
        "shipping_time": "",
        "last_ship_time": "",
        "tracking_number": "",
        "logistics_id": 0,
        "buyer_memo": chance.choice(REMARKS),
        "remark": "",
        "country": "中国",
        "province": buyer.province,
        "city": buyer.city,
        "town": buyer.district,
        "item_list": [_item(line) for line in lines],
        "plain": {
            "receiver_name": buyer.name,
            "receiver_phone": buyer.mobile,
            "receiver_address": buyer.detail,
        },
        "masked": masked,
    }
    if presale:
        order["step_order_info"] = _step(0, "0.00")
    return order


def modified_of(order: Order) -> datetime:
    return read_china_time(order["updated_at"])


def pay(order: Order, at: datetime, *, deposit_only: bool) -> None:
    """Pay the whole, or the first fifth of a pre-sale."""
    order["updated_at"] = write_china_time(at)
    if deposit_only:
        order["step_order_info"] = _step(1, yuan(int(Decimal(order["pay_amount"]) * 100) // 5))
        return
    if order["trade_type"] == 1:
        order["step_order_info"] = _step(2, order["pay_amount"])
    order["pay_time"] = order["confirm_time"] = write_china_time(at)
    order["confirm_status"], order["group_status"] = CONFIRMED, 1
    promise = at + _PROMISE
    if order["trade_type"] == 1:
        order["is_pre_sale"], promise = 1, at + _PRESALE + _PROMISE
        order["pre_sale_time"] = write_china_time(at + _PRESALE)
    order["last_ship_time"] = write_china_time(promise)


def set_after_sale(order: Order, status: int) -> None:
    order["after_sales_status"] = status
    order["refund_status"] = _REFUND.get(status, 1)


def shown(order: Order) -> Order:
    """The order as it is told: the receiver only as long as it is to be shipped and not under
    review, then encrypted where the order is masked."""
    told = {name: value for name, value in order.items() if name not in ("plain", "masked")}
    if order["order_status"] != TO_SHIP or order["risk_control_status"]:
        return {**told, **dict.fromkeys(_SECRET, "")}
    if not order["masked"]:
        return {**told, **order["plain"]}
    plain = order["plain"]
    name, phone = plain["receiver_name"], plain["receiver_phone"]
    return {
        **told,
        **{field: encrypted(plain[field]) for field in _SECRET},
        "receiver_name_mask": f"{name[0]}*",
        "receiver_phone_mask": f"{phone[:3]}****{phone[-4:]}",
        "receiver_address_mask": "***",
        "open_address_id": hashlib.sha256("".join(plain.values()).encode()).hexdigest()[:32],
    }


def encrypted(text: str) -> str:
    """What Pinduoduo shows in place of a text that only it may read."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"~{base64.b64encode(digest * 2).decode()}~1~~"


def _step(status: int, paid: str) -> Mapping[str, Any]:
    return {"step_trade_status": status, "advanced_paid_fee": paid, "step_paid_fee": paid}


def ids_of(sku: str) -> Mapping[str, int]:
    """Pinduoduo's own numbers of what a seller calls so."""
    digits = int(hashlib.sha256(sku.encode()).hexdigest()[:8], 16)
    return {"goods_id": 100_000_000_000 + digits // 8, "sku_id": 900_000_000_000 + digits}


def _item(line: Sold) -> Mapping[str, Any]:
    return {
        **ids_of(line.sku),
        "outer_id": line.sku,
        "outer_goods_id": "",
        "goods_name": line.title,
        "goods_spec": "",
        "goods_price": yuan(int(line.price * 100)),
        "goods_count": line.num,
    }
