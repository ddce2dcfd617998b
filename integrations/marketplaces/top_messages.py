"""TOP's message queue in its HTTP form: which topics we follow and what their bodies hold."""

import json
from typing import Any, Final

from pydantic import Field

from domain.shared.errors import Rejected
from integrations.marketplaces.port import Push, Queued
from integrations.marketplaces.reading import Body, Number, Text, read_body
from integrations.marketplaces.top_after_sale import TOPICS as REFUND_TOPICS
from integrations.marketplaces.top_after_sale import ToldRefund, told_after_sale

GROUP: Final = "default"  # default of the shop's setting `tmc_group`
MOST_AT_ONCE: Final = 100  # the vendor allows 10 to 200
TRADE_TOPICS: Final = tuple(
    f"taobao_trade_Trade{name}"
    for name in (
        "Create", "BuyerPay", "SellerShip", "PartlySellerShip", "Success", "Close", "Changed",
        "ModifyFee", "LogisticsAddressChanged", "MemoModified",
    )
)  # fmt: skip
TOPICS: Final = (*TRADE_TOPICS, *REFUND_TOPICS)


class TmcMessage(Body):
    id: Number
    topic: Text = ""
    content: Text = ""
    user_nick: Text = ""
    pub_time: Text = ""


class _Messages(Body):
    tmc_message: tuple[TmcMessage, ...] = ()


class _Consumed(Body):
    messages: _Messages = _Messages()


class ConsumedAnswer(Body):
    tmc_messages_consume_response: _Consumed = Field(default_factory=_Consumed)


class _Told(Body):
    tid: Number


def queued(message: TmcMessage) -> Queued:
    """What is kept of a message: nothing of topics we do not follow.

    One that does not name its trade is kept for a person; it would come for ever otherwise.
    """
    if message.topic not in TOPICS:
        return Queued(message.id, None)
    content = message.content.encode()
    raw = json.dumps(
        {"topic": message.topic, "content": message.content}, ensure_ascii=False
    ).encode()
    message_id = f"tmc:{message.id}"
    try:
        if message.topic in REFUND_TOPICS:
            told = read_body(ToldRefund, content, system="top")
            case = told_after_sale(message.topic, told)
            push = Push(message_id, message.topic, told.tid, raw, after_sale=case)
        else:
            trade = read_body(_Told, content, system="top")
            push = Push(message_id, message.topic, trade.tid, raw)
    except Rejected as error:
        push = Push(message_id, message.topic, "", raw, parked_reason=f"{error.code}: {error}")
    return Queued(message.id, push)


def only_says_something_happened(raw: bytes) -> bool:
    """Whether a stored body is a message of the queue and not a trade."""
    try:
        found: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("topic") in TOPICS and "content" in found
