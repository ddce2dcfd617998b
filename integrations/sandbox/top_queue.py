"""The message queue of the TOP sandbox: what is not confirmed comes again after its time-out."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from integrations.marketplaces.reading import write_china_time
from integrations.sandbox.framework import Sandbox

MESSAGE: Final = "message"
_PERMIT: Final = "permit"
_TOPICS: Final = {
    "create": "taobao_trade_TradeCreate",
    "pay": "taobao_trade_TradeBuyerPay",
    "modify": "taobao_trade_TradeChanged",
    "close": "taobao_trade_TradeClose",
    "send": "taobao_trade_TradeSellerShip",
    "send_part": "taobao_trade_TradePartlySellerShip",
}
_REFUND_TOPICS: Final = {
    "WAIT_SELLER_AGREE": "taobao_refund_RefundCreated",
    "WAIT_BUYER_RETURN_GOODS": "taobao_refund_RefundSellerAgreeAgreement",
    "WAIT_SELLER_CONFIRM_GOODS": "taobao_refund_RefundBuyerReturnGoods",
    "CLOSED": "taobao_refund_RefundClosed",
    "SUCCESS": "taobao_refund_RefundSuccess",
}


class TopQueue:
    """Messages of the sellers who permitted their topics, one group for all."""

    def __init__(self, sandbox: Sandbox, vendor: str) -> None:
        self._sandbox = sandbox
        self._vendor = vendor

    def permit(self, topics: str) -> None:
        """From now on messages of these topics are queued."""
        self._sandbox.store.put(self._vendor, _PERMIT, "topics", {"topics": topics.split(",")})

    def trade(self, what: str, trade: Mapping[str, Any]) -> None:
        """Something happened to a trade."""
        content = {
            "tid": trade["tid"],
            "status": trade["status"],
            "payment": trade["payment"],
            "modified": trade["modified"],
            "buyer_nick": "***",
        }
        self._queue(_TOPICS[what], content)

    def refund(self, refund: Mapping[str, Any]) -> None:
        """Something happened to a refund; some of its statuses have no topic."""
        if topic := _REFUND_TOPICS.get(refund["status"]):
            names = ("tid", "oid", "refund_id", "refund_fee", "modified")
            self._queue(topic, {name: refund[name] for name in names})

    def consume(self, most: int) -> dict[str, Any]:
        """Messages that wait; until they are confirmed they come again, later."""
        now = self._sandbox.now()
        again = (now + timedelta(seconds=self._sandbox.settings.tmc_again_s)).timestamp()
        shown: list[dict[str, Any]] = []
        for message in self._sandbox.store.all(self._vendor, MESSAGE):
            if message["due_at"] <= now.timestamp() and len(shown) < most:
                later = {**message, "due_at": again, "times": message["times"] + 1}
                self._sandbox.store.put(self._vendor, MESSAGE, f"{message['id']:012d}", later)
                hidden = ("due_at", "times")
                shown.append({k: v for k, v in message.items() if k not in hidden})
        return {"messages": {"tmc_message": shown}} if shown else {}

    def confirm(self, done: str) -> None:
        """These never come again; others are left to their time."""
        for number in done.split(","):
            if number.isascii() and number.isdigit():
                self._sandbox.store.drop(self._vendor, MESSAGE, f"{int(number[:18]):012d}")

    def _queue(self, topic: str, content: Mapping[str, Any]) -> None:
        permitted = self._sandbox.store.get(self._vendor, _PERMIT, "topics")
        if permitted is None or topic not in permitted["topics"]:
            return
        number = self._sandbox.store.next_number(self._vendor, MESSAGE)
        now = self._sandbox.now()
        message = {
            "id": number,
            "topic": topic,
            "pub_app_key": "12497914",
            "pub_time": write_china_time(now),
            "user_nick": self._sandbox.settings.top.seller_nick,
            "content": json.dumps(content, ensure_ascii=False),
            "due_at": now.timestamp(),
            "times": 0,
        }
        self._sandbox.store.put(self._vendor, MESSAGE, f"{number:012d}", message)
