"""Orders as the WooCommerce sandbox keeps them, in the field names of wire-formats §1.7."""

import random
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from integrations.marketplaces.woocommerce_places import PROVINCES
from integrations.sandbox.demo_shop import REMARKS, Buyer
from integrations.sandbox.order_controls import Order
from integrations.sandbox.top_trades import Sold, yuan

_FIRST_PRODUCT: Final = 7_000_000_000
_CODES: Final = {name: code for code, name in PROVINCES.items()}
_REDUCED_FROM_FEN, _REDUCED_BY_FEN = 30_000, 2_500  # a fee of less than nothing: a bulk discount


def make_order(
    number: int,
    lines: Sequence[Sold],
    buyer: Buyer,
    chance: random.Random,
    now: datetime,
    *,
    freight: Decimal,
) -> Order:
    """An order that waits for its payment."""
    fens = [int(line.price * 100) * line.num for line in lines]
    reduced = _REDUCED_BY_FEN if sum(fens) >= _REDUCED_FROM_FEN else 0
    post = int(freight * 100)
    party = {
        "first_name": buyer.name[1:],
        "last_name": buyer.name[:1],
        "company": "",
        "address_1": f"{buyer.district}{buyer.detail}",
        "address_2": "",
        "city": buyer.city,
        "state": _CODES.get(buyer.province, buyer.province),
        "postcode": buyer.postcode,
        "country": "CN",
        "phone": buyer.mobile,
    }
    return {
        "id": number,
        "number": str(number),
        "status": "pending",
        "currency": "CNY",
        "prices_include_tax": True,
        "date_created_gmt": gmt(now),
        "date_modified_gmt": gmt(now),
        "date_paid_gmt": None,
        "discount_total": "0.00",
        "shipping_total": yuan(post),
        "shipping_tax": "0.00",
        "total": yuan(sum(fens) + post - reduced),
        "total_tax": "0.00",
        "customer_id": chance.randrange(1, 10**6),
        "customer_note": chance.choice(REMARKS),
        "payment_method": "wechatpay",
        "billing": party,
        "shipping": dict(party),
        "line_items": [_line(number, index, line) for index, line in enumerate(lines, 1)],
        "fee_lines": [{"id": number * 100 + 99, "name": "满减", "total": yuan(-reduced)}]
        if reduced
        else [],
        "refunds": [],
        "meta_data": [],
    }


def gmt(at: datetime) -> str:
    """As WooCommerce writes times: UTC, without saying so."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def modified_of(order: Order) -> datetime:
    return datetime.fromisoformat(order["date_modified_gmt"]).replace(tzinfo=UTC)


def make_refund(
    refund_id: int, order: Order, units: Mapping[int, int], at: datetime
) -> dict[str, Any]:
    """So many units of each line go back with their money."""
    lines = [
        {
            "id": refund_id * 100 + index,
            "quantity": -units[line["id"]],
            "total": yuan(-_share(line, units[line["id"]])),
            "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(line["id"])}],
        }
        for index, line in enumerate(order["line_items"])
        if units.get(line["id"])
    ]
    amount = sum(_share(line, units.get(line["id"], 0)) for line in order["line_items"])
    return {
        "id": refund_id,
        "date_created_gmt": gmt(at),
        "amount": yuan(amount),
        "reason": "不想要了",
        "line_items": lines,
    }


def product_number(sku: str) -> int:
    """The one product that has this SKU."""
    return _FIRST_PRODUCT + zlib.crc32(sku.encode()) % 1_000_000_000


def product_of(sku: str, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "parent_id": 0,
        "sku": sku,
        "manage_stock": False,
        "stock_quantity": None,
    }


def _share(line: Mapping[str, Any], units: int) -> int:
    return int(Decimal(line["total"]) * 100) * units // int(line["quantity"])


def _line(number: int, index: int, line: Sold) -> dict[str, Any]:
    whole = yuan(int(line.price * 100) * line.num)
    return {
        "id": number * 100 + index,
        "name": line.title,
        "product_id": product_number(line.sku),
        "variation_id": 0,
        "quantity": line.num,
        "subtotal": whole,
        "subtotal_tax": "0.00",
        "total": whole,
        "total_tax": "0.00",
        "sku": line.sku,
        "price": str(line.price),
    }
