"""Orders as the WeChat sandbox keeps them, in the field names of wire-formats §1.5."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from domain.shared.money import split
from integrations.sandbox.demo_shop import REMARKS, Buyer
from integrations.sandbox.order_controls import Order
from integrations.sandbox.top_trades import Sold

UNPAID, TO_SHIP, PART_SHIPPED, SHIPPED = 10, 20, 21, 30
GIFT_WAITING, REFUNDED, CANCELLED = 12, 200, 250
_PROMISE: Final = timedelta(hours=48)
_REDUCED_FROM_FEN, _REDUCED_BY_FEN = 19_900, 1_000  # "¥10 off from ¥199"
_NOTES: Final = ("plain", "masked")  # the sandbox's own


def make_order(
    number: int,
    lines: Sequence[Sold],
    buyer: Buyer,
    chance: random.Random,
    now: datetime,
    *,
    postage: Decimal,
    masked: bool,
) -> Order:
    """An order that is not paid."""
    fens = [int(line.price * 100) * line.num for line in lines]
    reduced = _REDUCED_BY_FEN if sum(fens) >= _REDUCED_FROM_FEN else 0
    shares, post = split(reduced, fens), int(postage * 100)
    at = int(now.timestamp())
    return {
        "order_id": str(number),
        "status": UNPAID,
        "create_time": at,
        "update_time": at,
        "openid": f"o{hashlib.sha256(buyer.nick.encode()).hexdigest()[:27]}",
        "order_detail": {
            "product_infos": [
                _product(line, fen - share)
                for line, fen, share in zip(lines, fens, shares, strict=True)
            ],
            "pay_info": {"transaction_id": "", "pay_time": 0, "payment_method": 1},
            "price_info": {
                "product_price": sum(fens),
                "discounted_price": reduced,
                "freight": post,
                "order_price": sum(fens) - reduced + post,
            },
            "delivery_info": {
                "address_info": {
                    "postal_code": buyer.postcode,
                    "province_name": buyer.province,
                    "city_name": buyer.city,
                    "county_name": buyer.district,
                },
                "delivery_product_info": [],
                "ship_done_time": 0,
                "deliver_method": 0,
                "predict_delivery_time": 0,
                "ewaybill_order_code": hashlib.sha256(str(number).encode()).hexdigest()[:20],
            },
            "ext_info": {"customer_notes": chance.choice(REMARKS), "merchant_notes": ""},
        },
        "aftersale_detail": {"aftersale_order_list": []},
        "plain": {
            "user_name": buyer.name,
            "tel_number": buyer.mobile,
            "detail_info": buyer.detail,
        },
        "masked": masked,
    }


def modified_of(order: Order) -> datetime:
    return datetime.fromtimestamp(order["update_time"], UTC)


def pay(order: Order, at: datetime) -> None:
    detail = order["order_detail"]
    order["status"], order["update_time"] = TO_SHIP, int(at.timestamp())
    detail["pay_info"] |= {"pay_time": int(at.timestamp()), "transaction_id": "4200000000"}
    detail["delivery_info"]["predict_delivery_time"] = int((at + _PROMISE).timestamp())


def send(order: Order, parcel: Mapping[str, Any], at: datetime) -> bool:
    """One parcel leaves; False when its units are not there to be sent."""
    told = order["order_detail"]["delivery_info"]["delivery_product_info"]
    left = _left(order)
    for info in parcel["product_infos"]:
        key = f"{info.get('product_id')}:{info.get('sku_id')}"
        count = info.get("product_cnt")
        if type(count) is not int or not 0 < count <= left.get(key, 0):
            return False
        left[key] -= count
    told.append({**parcel, "delivery_time": int(at.timestamp())})
    order["status"] = PART_SHIPPED if any(left.values()) else SHIPPED
    order["update_time"] = int(at.timestamp())
    return True


def shown(order: Order) -> Order:
    """The order as it is told: masked ones hide the receiver behind asterisks."""
    told = {name: value for name, value in order.items() if name not in _NOTES}
    if order["status"] == GIFT_WAITING:
        return told
    plain = order["plain"]
    if order["masked"]:
        name, phone = plain["user_name"], plain["tel_number"]
        plain = {
            "user_name": f"{name[0]}**",
            "tel_number": f"{phone[:3]}****{phone[-4:]}",
            "detail_info": "***",
        }
    detail = order["order_detail"]
    delivery = detail["delivery_info"]
    address = {**delivery["address_info"], **plain}
    return {
        **told,
        "order_detail": {**detail, "delivery_info": {**delivery, "address_info": address}},
    }


def ids_of(sku: str) -> Mapping[str, int]:
    """WeChat's own numbers of what a seller calls so."""
    digits = int(hashlib.sha256(sku.encode()).hexdigest()[:8], 16)
    return {"product_id": 10_000_000_000_000 + digits // 8, "sku_id": 2_000_000_000 + digits}


def _left(order: Order) -> dict[str, int]:
    left: dict[str, int] = {}
    detail = order["order_detail"]
    for info in detail["product_infos"]:
        key = f"{info['product_id']}:{info['sku_id']}"
        left[key] = left.get(key, 0) + info["sku_cnt"] - info["finish_aftersale_sku_cnt"]
    for parcel in detail["delivery_info"]["delivery_product_info"]:
        for info in parcel["product_infos"]:
            left[f"{info['product_id']}:{info['sku_id']}"] -= info["product_cnt"]
    return left


def _product(line: Sold, paid: int) -> dict[str, Any]:
    return {
        **{name: str(number) for name, number in ids_of(line.sku).items()},
        "sku_code": line.sku,
        "title": line.title,
        "sku_cnt": line.num,
        "sale_price": int(line.price * 100),
        "real_price": paid,
        "on_aftersale_sku_cnt": 0,
        "finish_aftersale_sku_cnt": 0,
        "sku_attrs": [],
    }
