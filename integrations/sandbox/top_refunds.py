"""Refunds as the TOP sandbox keeps them: one per line that a buyer wants his money back for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from integrations.marketplaces.reading import read_china_time, write_china_time
from integrations.sandbox.store import Store
from integrations.sandbox.top_requests import Form, number_of, time_of
from integrations.sandbox.top_trades import Trade

REFUND: Final = "refund"
_FIRST_NUMBER: Final = 180_000_000_000_000


def make_refund(
    trade: Trade, order: Mapping[str, Any], status: str, now: datetime, *, with_return: bool
) -> dict[str, Any]:
    """What the platform keeps of a line's refund, as it is now."""
    at = trade["modified"]
    return {
        "refund_id": _FIRST_NUMBER + int(order["oid"]) % 1_000_000_000,
        "tid": trade["tid"],
        "oid": order["oid"],
        "num_iid": order["num_iid"],
        "status": status,
        "refund_fee": order["divide_order_fee"],
        "total_fee": order["total_fee"],
        "reason": "不想要了" if not with_return else "商品与描述不符",
        "has_good_return": with_return,
        "good_status": "BUYER_RETURNED_GOODS"
        if status == "WAIT_SELLER_CONFIRM_GOODS"
        else "BUYER_RECEIVED"
        if with_return
        else "BUYER_NOT_RECEIVED",
        "company_name": "",
        "sid": "",
        "refund_phase": "aftersale" if order.get("consign_time") else "onsale",
        "refund_version": int(read_china_time(at).timestamp()) * 1000,
        "created": write_china_time(now),
        "modified": at,
    }


def found_refunds(store: Store, vendor: str, form: Form) -> dict[str, Any]:
    """A page of refunds by the time of their last change, latest first."""
    start, end = time_of(form, "start_modified", 41), time_of(form, "end_modified", 41)
    page, size = number_of(form, "page_no", 1, 10_000), number_of(form, "page_size", 40, 100)
    found = [
        refund
        for refund in store.all(vendor, REFUND)
        if start <= read_china_time(refund["modified"]) <= end
    ]
    found.sort(key=lambda refund: (refund["modified"], refund["refund_id"]), reverse=True)
    fields = form.get("fields", "").split(",")
    shown = [
        {name: refund[name] for name in fields if name in refund}
        for refund in found[(page - 1) * size : page * size]
    ]
    return {"refunds": {"refund": shown}, "total_results": len(found)}
