"""Past orders as messages of our own channel; the same order always gives the same message."""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from domain.logistics.divisions.table import fixed_district
from domain.orders.history import Conventions, PastLine, PastOrder
from domain.orders.snapshot import LineKind
from domain.shared.money import Money
from integrations.marketplaces.own_schema import OwnState

PLACED: Final = 1
CANCELLED: Final = 2  # a revision: whatever the order was before, it is cancelled now


@dataclass(frozen=True, slots=True)
class PastMessage:
    """`id` names it for ever: sent again it is known, and changes nothing."""

    id: str
    order_no: str
    body: bytes


def past_message(order: PastOrder, rules: Conventions, currency: str) -> PastMessage:
    """The order as its shop would have told us that day: paid, or cancelled as a whole."""
    revision = CANCELLED if order.cancels else PLACED
    first = order.lines[0]
    message: dict[str, Any] = {
        "order_no": order.no,
        "revision": revision,
        "state": OwnState.CANCELLED if order.cancels else OwnState.PAID,
        "currency": currency,
        "placed_at": order.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lines": [
            _line(number, line, rules, currency) for number, line in enumerate(order.lines, 1)
        ],
        "receiver": _receiver(first.customer, order.no),
        "buyer_ref": first.customer,
        "seller_remark": f"Country: {first.country}" if first.country else "",
    }
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    return PastMessage(f"replay-{order.no}-{revision}", order.no, body)


def _line(number: int, line: PastLine, rules: Conventions, currency: str) -> dict[str, Any]:
    kind = rules.kind_of(line)
    whole = Money.of(abs(line.price * line.quantity), currency).major
    sent: dict[str, Any] = {
        "line_no": str(number),
        "kind": kind,
        "title": line.title or line.sku,
        "quantity": abs(line.quantity),
        "payable": str(-whole if kind is LineKind.DISCOUNT else whole),
    }
    if kind is LineKind.GOODS:
        sent["sku"] = line.sku
    if whole == Decimal(0):
        sent["gift"] = kind is LineKind.GOODS
    return sent


def _receiver(customer: str, order_no: str) -> dict[str, str]:
    """The file knows a country at most: each customer lives in a fixed district.

    Whoever is not named is somebody else on every order. No telephone has such a number.
    """
    who = f"customer {customer}" if customer else f"order {order_no}"
    digits = int.from_bytes(hashlib.sha256(who.encode()).digest()[8:16], "big") % 10_000_000
    return {
        "name": f"客户 {customer}" if customer else "散客",
        "phone": f"1000{digits:07d}",
        "division_code": fixed_district(who).code,
        "detail": f"演示路 {digits % 999 + 1} 号",
    }
