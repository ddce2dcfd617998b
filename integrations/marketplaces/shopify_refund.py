"""Shopify's refunds in our words: money that went back, with or without goods."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.shared.errors import Rejected
from domain.shared.money import minor_digits
from integrations.marketplaces.port import Push
from integrations.marketplaces.reading import Body, Number, OptionalFee, Text, read_body

REFUND_TOPIC: Final = "refunds/create"
_MOST_MINOR: Final = 10**15


def _listed(value: Any) -> Any:
    return value if value is not None else ()


class _RefundedLine(Body):
    line_item_id: Number
    quantity: int = 0
    restock_type: Text = ""


class _Transaction(Body):
    amount: OptionalFee = None
    kind: Text = ""
    status: Text = ""
    currency: Text = ""


class _Refund(Body):
    id: Number
    order_id: Number
    created_at: AwareDatetime
    processed_at: AwareDatetime | None = None
    note: Text = ""
    refund_line_items: Annotated[tuple[_RefundedLine, ...], BeforeValidator(_listed)] = ()
    transactions: Annotated[tuple[_Transaction, ...], BeforeValidator(_listed)] = ()

    @property
    def modified(self) -> datetime:
        return max(self.created_at, self.processed_at or self.created_at)


def is_refund(raw: bytes) -> bool:
    """Whether a stored body is a refund and not an order."""
    try:
        found: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "order_id" in found and "line_items" not in found


def read_refund(message_id: str, body: bytes) -> Push:
    """The message of a refund; one that cannot be read is kept for a person."""
    try:
        refund = read_body(_Refund, body, system="shopify")
    except Rejected as error:
        return Push(message_id, REFUND_TOPIC, "", parked_reason=f"{error.code}: {error}")
    back = any(line.restock_type == "return" for line in refund.refund_line_items)
    case = AfterSale(
        external_no=refund.order_id,
        after_sale_no=refund.id,
        kind=AfterSaleKind.RETURN if back else AfterSaleKind.REFUND,
        stage=AfterSaleStage.DONE,
        vendor_status="refunded",
        modified=refund.modified,
        amount_minor=_amount_minor(refund),
        reason=refund.note[:500],
        external_line_nos=tuple(line.line_item_id for line in refund.refund_line_items),
    )
    return Push(message_id, REFUND_TOPIC, refund.order_id, after_sale=case)


def _amount_minor(refund: _Refund) -> int:
    """What went back, in the currency each payment was made in."""
    total = Decimal(0)
    for one in refund.transactions:
        if one.kind == "refund" and one.status in ("success", ""):
            digits = minor_digits(one.currency) if len(one.currency) == 3 else 2
            total += (one.amount or Decimal(0)).scaleb(digits)
    return min(int(total), _MOST_MINOR)
