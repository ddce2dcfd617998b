"""What WooCommerce pushes: the whole order, or the number of a deleted one (wire-formats §1.7)."""

import hashlib
import json
import re
from typing import Annotated, Final

from pydantic import BeforeValidator

from domain.orders.after_sale import AfterSale, AfterSaleKind, AfterSaleStage
from domain.shared.errors import Rejected
from integrations.marketplaces.port import Push
from integrations.marketplaces.reading import (
    UNREADABLE,
    Body,
    Number,
    Text,
    minor,
    or_none,
    read_body,
)
from integrations.marketplaces.woocommerce_order import OptionalGmtTime, Summary

TOPICS: Final = frozenset(f"order.{what}" for what in ("created", "updated", "deleted", "restored"))
_PING: Final = re.compile(rb"webhook_id=[0-9]{1,20}")
_CURRENCY: Final = re.compile("[A-Z]{3}")
Summaries = Annotated[tuple[Summary, ...], BeforeValidator(or_none)]


class ToldOrder(Body):
    """What a pushed order says at least; a deleted one says its number alone."""

    id: Number
    status: Text = ""
    date_created_gmt: OptionalGmtTime = None
    currency: Text = ""
    refunds: Summaries = ()


def is_ping(body: bytes) -> bool:
    """Whether it is the form that comes, not signed, when a webhook is made."""
    return _PING.fullmatch(body.strip()) is not None


def read_message(body: bytes, topic: str, delivery: str) -> Push:
    """A genuine message; one that does not name its order is kept for a person.

    Deliveries of one second share their number: the body tells them apart. Raises Rejected
    (`unreadable`) for what is not JSON.
    """
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected("the body is not JSON", code=UNREADABLE, system="woocommerce") from None
    try:
        told: ToldOrder | None = read_body(ToldOrder, body, system="woocommerce")
    except Rejected:
        told = None
    message_id = f"{delivery}:{hashlib.sha256(topic.encode() + body).hexdigest()[:32]}"
    return Push(message_id, topic, told.id if told else "", after_sale=_refund(told))


def _refund(told: ToldOrder | None) -> AfterSale | None:
    """The latest refund of a pushed order; what is asked for later tells its time and lines."""
    if told is None or not told.refunds or told.date_created_gmt is None:
        return None
    if not _CURRENCY.fullmatch(told.currency):
        return None
    latest = told.refunds[0]
    return AfterSale(
        external_no=told.id,
        after_sale_no=latest.id,
        kind=AfterSaleKind.REFUND,
        stage=AfterSaleStage.DONE,
        vendor_status="refunded",
        modified=told.date_created_gmt,
        amount_minor=minor(abs(latest.total), told.currency),
        reason=latest.reason,
    )
