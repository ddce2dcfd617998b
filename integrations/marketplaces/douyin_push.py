"""What Douyin pushes: a JSON array of messages about orders and after-sales (wire-formats §1.4)."""

import hashlib
import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from domain.orders.after_sale import AfterSale
from domain.shared.errors import Rejected
from integrations.marketplaces.douyin_after_sale import ToldCase, told_after_sale
from integrations.marketplaces.port import Push
from integrations.marketplaces.reading import UNREADABLE, Body, Text, read_body
from integrations.marketplaces.signing import canonical_json

# Created, paid, shipped, done, waybill or address changed, cancelled, partly shipped, amounts
# changed, payment confirmed.
ORDER_TAGS: Final = frozenset(map(str, (*range(100, 107), 108, 109, 110)))
AFTER_SALE_TAGS: Final = frozenset(map(str, range(200, 210)))


def _data(value: Any) -> Any:
    """`data` is an object, or its JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError("must be JSON") from error


class _About(Body):
    p_id: Text = ""
    shop_id: Text = ""


class _Message(Body):
    data: Annotated[_About, BeforeValidator(_data)] = _About()


class _AfterSaleMessage(Body):
    data: Annotated[ToldCase, BeforeValidator(_data)]


def read_messages(
    body: bytes, shop_id: str, more_tags: Collection[str], now: Callable[[], datetime]
) -> tuple[Push, ...]:
    """The messages about our orders; those of other topics and other shops are left out.

    Raises Rejected (`unreadable`) for a body that is no array of objects. A message that does not
    name its order is kept for a person.
    """
    found = (_push(one, shop_id, more_tags, now) for one in _array(body))
    return tuple(push for push in found if push is not None)


def is_message(raw: bytes) -> bool:
    """Whether these are the bytes of a message, not of a fetched order."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "tag" in value


def _array(body: bytes) -> list[dict[str, Any]]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected("the body is not JSON", code=UNREADABLE, system="douyin") from None
    messages = value if isinstance(value, list) else [value]
    if not messages or not all(isinstance(one, dict) for one in messages):
        raise Rejected("the body is not an array of messages", code=UNREADABLE, system="douyin")
    return messages


def _push(
    message: dict[str, Any], shop_id: str, more_tags: Collection[str], now: Callable[[], datetime]
) -> Push | None:
    tag = str(message.get("tag", ""))
    if tag not in ORDER_TAGS and tag not in AFTER_SALE_TAGS and tag not in more_tags:
        return None
    raw = _bytes(message)
    about = _read_about(raw)
    if about is not None and about.shop_id not in ("", "0", shop_id):
        return None  # one app has one push address for all its shops; that shop's poller sees it
    given = message.get("msg_id") or message.get("msgId")
    message_id = str(given or f"sha256:{hashlib.sha256(raw).hexdigest()}")
    case = _read_case(raw, now) if tag in AFTER_SALE_TAGS else None
    return Push(message_id, tag, about.p_id if about else "", raw, after_sale=case)


def _bytes(message: dict[str, Any]) -> bytes:
    """Lone surrogates, which JSON text can name and UTF-8 cannot, become question marks."""
    return canonical_json(message).encode("utf-8", "replace")


def _read_about(raw: bytes) -> _About | None:
    try:
        return read_body(_Message, raw, system="douyin").data
    except Rejected:
        return None


def _read_case(raw: bytes, now: Callable[[], datetime]) -> AfterSale | None:
    """What it says of the case; the list of cases says it again if this cannot be read."""
    try:
        return told_after_sale(read_body(_AfterSaleMessage, raw, system="douyin").data, now)
    except Rejected:
        return None
