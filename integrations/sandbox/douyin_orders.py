"""Orders as the Douyin sandbox keeps them, in the field names of wire-formats §1.4."""

import base64
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

UNPAID, TO_SHIP, SHIPPED, CANCELLED, DONE, PART_SHIPPED, REVIEWED = 1, 2, 3, 4, 5, 101, 105
DEPOSIT_PAID: Final = 103  # main_status
REFUNDED_BEFORE_SHIPPING: Final = 21
_PRESALE: Final = 2  # trade_type
_PROMISE: Final = timedelta(hours=48)
_PRESALE_WAIT: Final = timedelta(days=7)
_REDUCED_FROM_FEN, _REDUCED_BY_FEN = 19_900, 1_500  # "¥15 off from ¥199", the platform's
_NOTES: Final = ("plain", "masked", "sent", "packs")  # the sandbox's own


def make_order(
    number: int,
    lines: Sequence[Sold],
    buyer: Buyer,
    chance: random.Random,
    now: datetime,
    *,
    postage: Decimal,
    masked: bool,
    presale: bool,
    shop_id: str,
) -> Order:
    """An order that is not paid."""
    fens = [int(line.price * 100) * line.num for line in lines]
    reduced = _REDUCED_BY_FEN if sum(fens) >= _REDUCED_FROM_FEN else 0
    shares, post = split(reduced, fens), int(postage * 100)
    posts = split(post, fens)
    at = int(now.timestamp())
    return {
        "order_id": str(number),
        "shop_id": int(shop_id),
        "order_status": UNPAID,
        "main_status": UNPAID,
        "order_type": 0,
        "trade_type": _PRESALE if presale else 0,
        "pay_type": 2,
        "order_amount": sum(fens) + post,
        "promotion_amount": reduced,
        "post_amount": post,
        "pay_amount": sum(fens) - reduced + post,
        "create_time": at,
        "update_time": at,
        "pay_time": 0,
        "exp_ship_time": 0,
        "appointment_ship_time": 0,
        "buyer_words": chance.choice(REMARKS),
        "seller_words": "",
        "doudian_open_id": hashlib.sha256(buyer.nick.encode()).hexdigest()[:32],
        "post_addr": {
            "province": {"name": buyer.province, "id": ""},
            "city": {"name": buyer.city, "id": ""},
            "town": {"name": buyer.district, "id": ""},
            "street": {"name": "", "id": ""},
        },
        "sku_order_list": [
            _line(number, index, line, fen - share + own_post, own_post)
            for index, (line, fen, share, own_post) in enumerate(
                zip(lines, fens, shares, posts, strict=True), 1
            )
        ],
        "logistics_info": [],
        "plain": {"receiver": buyer.name, "tel": buyer.mobile, "detail": buyer.detail},
        "masked": masked,
        "sent": {},
        "packs": [],
    }


def modified_of(order: Order) -> datetime:
    return datetime.fromtimestamp(order["update_time"], UTC)


def pay(order: Order, at: datetime, *, deposit_only: bool) -> None:
    """Pay the whole, or the deposit of a pre-sale."""
    order["update_time"] = int(at.timestamp())
    if deposit_only:
        order["main_status"] = DEPOSIT_PAID
        return
    set_status(order, TO_SHIP)
    wait = _PRESALE_WAIT if order["trade_type"] == _PRESALE else timedelta(0)
    order["pay_time"] = int(at.timestamp())
    order["exp_ship_time"] = int((at + wait + _PROMISE).timestamp())
    if wait:
        order["appointment_ship_time"] = int((at + wait).timestamp())


def set_status(order: Order, status: int) -> None:
    """Of the order and its lines that are not cancelled."""
    order["order_status"] = order["main_status"] = status
    for line in order["sku_order_list"]:
        if line["order_status"] != CANCELLED:
            line["order_status"] = status


def send(order: Order, units: Mapping[str, int], waybill_no: str, company: str) -> bool:
    """So many units of each line left; False when they are not there to be sent."""
    left = {
        line["order_id"]: line["item_num"] - order["sent"].get(line["order_id"], 0)
        for line in order["sku_order_list"]
        if line["order_status"] != CANCELLED
    }
    wanted = units or {number: count for number, count in left.items() if count}
    if not wanted or any(not 0 < count <= left.get(no, 0) for no, count in wanted.items()):
        return False
    for number, count in wanted.items():
        order["sent"][number] = order["sent"].get(number, 0) + count
        left[number] -= count
    told = [{"sku_order_id": number, "product_count": n} for number, n in wanted.items()]
    order["logistics_info"].append(
        {"tracking_no": waybill_no, "company": company, "product_info": told}
    )
    set_status(order, PART_SHIPPED if any(left.values()) else SHIPPED)
    return True


def shown(order: Order) -> Order:
    """The order as it is told: the receiver is encrypted where the order is masked."""
    told = {name: value for name, value in order.items() if name not in _NOTES}
    plain, place = order["plain"], order["post_addr"]
    if not order["masked"]:
        return {
            **told,
            "post_receiver": plain["receiver"],
            "post_tel": plain["tel"],
            "post_addr": {**place, "detail": plain["detail"]},
        }
    return {
        **told,
        "encrypt_post_receiver": encrypted(plain["receiver"], "##"),
        "encrypt_post_tel": encrypted(plain["tel"], "$$"),
        "post_addr": {**place, "encrypt_detail": encrypted(plain["detail"], "##")},
        "mask_post_receiver": f"{plain['receiver'][0]}*",
        "mask_post_tel": f"{plain['tel'][:3]}****{plain['tel'][-4:]}",
        "mask_post_addr": {**place, "detail": "***"},
        "open_address_id": f"#{hashlib.sha256(''.join(plain.values()).encode()).hexdigest()[:32]}",
    }


def encrypted(text: str, mark: str) -> str:
    """What Douyin shows in place of a text that only it may read."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"{mark}{base64.b64encode(digest * 2).decode()}*CgYIASAHKAE={mark[0]}1{mark}"


def ids_of(sku: str) -> Mapping[str, int]:
    """Douyin's own numbers of what a seller calls so."""
    digits = int(hashlib.sha256(sku.encode()).hexdigest()[:8], 16)
    return {"product_id": 3_500_000_000_000_000_000 + digits // 8, "sku_id": 1_700_000_000 + digits}


def _line(number: int, index: int, line: Sold, paid: int, post: int) -> dict[str, Any]:
    return {
        **ids_of(line.sku),
        "order_id": str(number + index),
        "parent_order_id": str(number),
        "order_status": UNPAID,
        "code": line.sku,
        "out_sku_id": "",
        "product_name": line.title,
        "origin_amount": int(line.price * 100),
        "item_num": line.num,
        "pay_amount": paid,
        "post_amount": post,
        "after_sale_info": {"after_sale_status": 0, "after_sale_type": 0, "refund_status": 0},
    }
