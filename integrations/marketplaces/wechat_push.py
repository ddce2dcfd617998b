"""What WeChat pushes: sealed events, in JSON or XML, that name an order or a case (§1.5)."""

import hashlib
import json
import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from domain.orders.after_sale import AfterSale
from domain.shared.errors import Rejected
from integrations.marketplaces.port import Push
from integrations.marketplaces.reading import (
    UNREADABLE,
    Body,
    Text,
    UnixTime,
    or_empty,
    read_body,
)
from integrations.marketplaces.wechat_after_sale import ToldCase, told_after_sale

ORDER_EVENTS: Final = frozenset(
    f"channels_ec_order_{what}"
    for what in ("new", "pay", "deliver", "confirm", "cancel", "ext_info_update")
)
AFTER_SALE_EVENT: Final = "channels_ec_aftersale_update"
_CASE: Final = "finder_shop_aftersale_status_update"
_LEAF: Final = re.compile(r"<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</\1>", re.DOTALL)


class _OrderInfo(Body):
    order_id: Text = ""


class _Event(Body):
    Event: Text = ""
    order_info: Annotated[_OrderInfo, BeforeValidator(or_empty)] = _OrderInfo()


class _CaseEvent(Body):
    CreateTime: UnixTime
    finder_shop_aftersale_status_update: ToldCase


class _Sealed(Body):
    Encrypt: str


def sealed_part(body: bytes) -> str:
    """`Encrypt` of a body in either form. Raises Rejected (`unreadable`)."""
    return read_body(_Sealed, _as_json(body), system="wechat").Encrypt


def read_event(plain: bytes) -> tuple[Push, ...]:
    """The one message of an opened event; none for a topic we do not follow.

    Raises Rejected (`unreadable`). An event that does not name its order is kept for a person.
    """
    raw = _as_json(plain)
    event = read_body(_Event, raw, system="wechat")
    topic = event.Event
    message_id = f"{topic}:{hashlib.sha256(plain).hexdigest()[:32]}"
    if topic in ORDER_EVENTS:
        return (Push(message_id, topic, event.order_info.order_id, plain),)
    if topic != AFTER_SALE_EVENT:
        return ()
    case = _read_case(raw)
    number = case.external_no if case else ""
    return (Push(message_id, topic, number, plain, after_sale=case),)


def is_event(raw: bytes) -> bool:
    """Whether these are the bytes of an event, not of a fetched order."""
    if raw.lstrip()[:1] == b"<":
        return True
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "Event" in value


def _read_case(raw: bytes) -> AfterSale | None:
    try:
        read = read_body(_CaseEvent, raw, system="wechat")
    except Rejected:
        return None
    return told_after_sale(read.finder_shop_aftersale_status_update, read.CreateTime)


def _as_json(body: bytes) -> bytes:
    """XML events are flat but for one part: their leaves are enough, and no parser is needed."""
    if body.lstrip()[:1] != b"<":
        return body
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Rejected("the body is not UTF-8", code=UNREADABLE, system="wechat") from None
    leaves: dict[str, Any] = {name: data or plain for name, data, plain in _LEAF.findall(text)}
    return json.dumps({**leaves, "order_info": leaves, _CASE: leaves}).encode()
