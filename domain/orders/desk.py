"""What customer service does at its desk: words on orders, and one decision for many of them."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from domain.orders.order import NOT_RELEASED_BY_HAND, HoldKind, OrderStatus
from domain.shared.errors import InvalidInput

MOST_AT_ONCE: Final = 10_000
MOST_TAGS: Final = 20  # of one order: more are no help to anybody
LONGEST_TAG: Final = 30
LONGEST_NOTE: Final = 2000
LONGEST_FILTER_NAME: Final = 40
LONGEST_FILTER: Final = 1000
HOLDABLE: Final = frozenset(
    {
        OrderStatus.RECEIVED, OrderStatus.ON_HOLD, OrderStatus.BACKORDERED, OrderStatus.ALLOCATED,
        OrderStatus.IN_FULFILMENT,
    }
)  # fmt: skip


class TagColour(StrEnum):
    """Few enough to be told apart; a tag always has its word as well."""

    GREY = "grey"
    BLUE = "blue"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    PURPLE = "purple"


class BulkAction(StrEnum):
    HOLD = "hold"
    RELEASE = "release"
    TAG = "tag"
    UNTAG = "untag"


class Obstacle(StrEnum):
    """Why an action is not possible with an order now."""

    CLOSED = "closed"
    HAS_LEFT = "has_left"
    HELD_ALREADY = "held_already"
    NOT_HELD = "not_held"
    GOES_BY_ITSELF = "goes_by_itself"
    TAGGED_ALREADY = "tagged_already"
    NOT_TAGGED = "not_tagged"
    TOO_MANY_TAGS = "too_many_tags"


@dataclass(frozen=True, slots=True)
class Deed:
    """One decision for many orders: `hold` is the kind to release, `tag` the word to put on or
    take off; the reason goes into the story of every order."""

    action: BulkAction
    hold: HoldKind = HoldKind.MANUAL
    tag: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.action in (BulkAction.TAG, BulkAction.UNTAG):
            tag_name(self.tag)
        elif not self.reason.strip():
            raise InvalidInput("a reason is needed")


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a deed is possible: where an order is, its open holds and its tags."""

    status: OrderStatus
    holds: Collection[str] = frozenset()
    tags: Collection[str] = field(default=frozenset())


def obstacle(deed: Deed, order: Standing) -> Obstacle | None:
    """What stands in the way of doing it now; None = nothing."""
    match deed.action:
        case BulkAction.HOLD:
            return hold_obstacle(order)
        case BulkAction.RELEASE:
            return release_obstacle(order, deed.hold)
        case BulkAction.TAG if deed.tag in order.tags:
            return Obstacle.TAGGED_ALREADY
        case BulkAction.TAG if len(order.tags) >= MOST_TAGS:
            return Obstacle.TOO_MANY_TAGS
        case BulkAction.UNTAG if deed.tag not in order.tags:
            return Obstacle.NOT_TAGGED
    return None


def hold_obstacle(order: Standing) -> Obstacle | None:
    """A parcel that has left is not stopped by a hold; once is enough."""
    if order.status.is_closed:
        return Obstacle.CLOSED
    if order.status not in HOLDABLE:
        return Obstacle.HAS_LEFT
    return Obstacle.HELD_ALREADY if HoldKind.MANUAL in order.holds else None


def release_obstacle(order: Standing, kind: HoldKind) -> Obstacle | None:
    """Some holds go by themselves once their cause is mended, and only so."""
    if order.status.is_closed:
        return Obstacle.CLOSED
    if kind not in order.holds:
        return Obstacle.NOT_HELD
    return Obstacle.GOES_BY_ITSELF if kind in NOT_RELEASED_BY_HAND else None


def tag_name(typed: str) -> str:
    """A tag as it is kept: composed, with single blanks. Raises InvalidInput."""
    return _short_name(typed, LONGEST_TAG, "a tag")


def filter_name(typed: str) -> str:
    """The name of a saved filter as it is kept. Raises InvalidInput."""
    return _short_name(typed, LONGEST_FILTER_NAME, "the name of a filter")


def note_text(typed: str) -> str:
    """A note as it is kept. Raises InvalidInput."""
    text = unicodedata.normalize("NFC", typed).strip()
    if not text or len(text) > LONGEST_NOTE:
        raise InvalidInput(f"a note has 1 to {LONGEST_NOTE} characters")
    return text


def _short_name(typed: str, longest: int, what: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if not name or len(name) > longest or not name.isprintable():
        raise InvalidInput(f"{what} has 1 to {longest} characters")
    return name
