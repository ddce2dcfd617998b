"""What the routes of channels take and give."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictInt, StringConstraints
from sqlalchemy.engine import Row

from api.strict import Code, StrictBody


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable")
    return text


# Exactly as the channel writes it, blanks and all: anything else would never match.
ExternalSku = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=100),
    AfterValidator(_printable),
]


class MappedPart(StrictBody):
    """So many base units of one of our SKUs."""

    sku: Code
    factor: StrictInt = Field(default=1, ge=1, le=1_000_000)


class SkuMapping(StrictBody):
    """What one unit of a channel's SKU is to us: one SKU, a pack or a kit."""

    shop_id: Code
    external_sku: ExternalSku
    parts: tuple[MappedPart, ...] = Field(min_length=1, max_length=100)


class SkuMapped(StrictBody):
    """How many waiting orders were told to look again."""

    orders_told: int


class SkuMappings(StrictBody):
    items: tuple[SkuMapping, ...]
    next_cursor: str = ""


class UnmappedSku(StrictBody):
    """A channel's SKU that holds orders because nobody said what it is."""

    shop_id: str
    external_sku: str
    title: str
    orders: int
    since: datetime


class UnmappedSkus(StrictBody):
    items: tuple[UnmappedSku, ...]


class Message(StrictBody):
    """A message of a shop, without its body."""

    id: str
    source: str
    shop_id: str
    topic: str
    external_no: str
    order_id: str | None
    received_at: datetime
    applied_at: datetime | None
    outcome: str
    parked_reason: str
    hand_overs: int

    @classmethod
    def of(cls, row: Row[Any]) -> "Message":
        return cls(**row._mapping)


class Messages(StrictBody):
    items: tuple[Message, ...]
    next_cursor: str = ""


class Reprocessed(StrictBody):
    order_id: str


class Shop(StrictBody):
    """A shop and how it is doing; `backlog` counts messages its orders have not applied yet."""

    id: str
    channel: str
    external_id: str
    name: str
    active: bool
    last_push_at: datetime | None
    last_pull_at: datetime | None
    pulled_until: datetime | None
    backlog: int
    oldest: datetime | None
    parked: int

    @classmethod
    def of(cls, row: Row[Any]) -> "Shop":
        return cls(**row._mapping)


class Shops(StrictBody):
    items: tuple[Shop, ...]


class Redelivered(StrictBody):
    """How many subscribers get the event again, under its old id."""

    subscribers: int
