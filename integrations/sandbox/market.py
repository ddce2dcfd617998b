"""Counters of the sandbox marketplaces as one driver uses them: order, pay, cancel, ask back."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import httpx


class Act(StrEnum):
    """What a buyer does after ordering."""

    PAY = "pay"
    CANCEL = "cancel"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Counter:
    """One marketplace: where its buyers stand, how it names an order, what it calls their acts."""

    vendor: str  # of the sandbox
    channel: str  # ours
    orders: str  # path below /sandbox/{vendor}
    number: str  # field of an order
    acts: Mapping[Act, str]
    hides_receivers: bool = False  # knows orders whose receiver is masked


_PLAIN: Final = {Act.PAY: "pay", Act.CANCEL: "close", Act.REFUND: "refund"}
COUNTERS: Final = (
    Counter("top", "top", "trades", "tid", _PLAIN, hides_receivers=True),
    Counter("jd", "jd", "orders", "orderId", _PLAIN, hides_receivers=True),
    Counter("pdd", "pdd", "orders", "order_sn", _PLAIN, hides_receivers=True),
    Counter("douyin", "douyin", "orders", "order_id", _PLAIN, hides_receivers=True),
    Counter("wechat", "wechat", "orders", "order_id", _PLAIN, hides_receivers=True),
    Counter("woocommerce", "woocommerce", "orders", "id", _PLAIN),
    Counter("shopify", "shopify", "orders", "id", {Act.PAY: "pay", Act.CANCEL: "cancel"}),
    Counter("mini", "own", "orders", "order_no", {Act.PAY: "pay", Act.CANCEL: "cancel"}),
    Counter("tills", "pos", "tickets", "ticket", {}),  # carried out: nothing comes after
)


async def order(http: httpx.AsyncClient, counter: Counter, *, paid: bool, masked: bool) -> str:
    """Somebody buys some products of the demo shop; the channel's number of the order.

    Raises httpx.HTTPError when the sandbox does not take it.
    """
    wanted: dict[str, Any] = {"paid": paid}
    if counter.hides_receivers:
        wanted["masked"] = masked
    path = f"/sandbox/{counter.vendor}/{counter.orders}"
    answer = (await http.post(path, json=wanted)).raise_for_status()
    return str(answer.json()[0][counter.number])


async def act(http: httpx.AsyncClient, counter: Counter, number: str, what: Act) -> None:
    """Do it if this marketplace knows it. Raises httpx.HTTPError."""
    if (name := counter.acts.get(what)) is not None:
        path = f"/sandbox/{counter.vendor}/{counter.orders}/{number}/{name}"
        (await http.post(path, json={})).raise_for_status()
