"""Words that orders are marked with."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.desk_events import desk_event
from db.sql import run
from domain.orders.desk import MOST_TAGS, TagColour
from domain.shared.errors import ActionNotAllowed, TagNotFound

_MAKE: Final = """
INSERT INTO tag (name, colour, made_by) VALUES (:name, :colour, :actor) ON CONFLICT DO NOTHING
"""

_PAINT: Final = "UPDATE tag SET colour = :colour WHERE name = :name RETURNING name"

_FORGET: Final = """
DELETE FROM tag t WHERE name = :name AND NOT EXISTS (SELECT FROM order_tag WHERE tag = t.name)
RETURNING name
"""

_PUT_ON: Final = """
INSERT INTO order_tag (order_id, tag, by) VALUES (:order_id, :tag, :actor)
ON CONFLICT DO NOTHING RETURNING tag
"""

_TAKE_OFF: Final = "DELETE FROM order_tag WHERE order_id = :order_id AND tag = :tag RETURNING tag"

_COUNT: Final = "SELECT count(*) AS n FROM order_tag WHERE order_id = :order_id"

_TAGS_OF: Final = """
SELECT t.name, t.colour, o.by, o.at FROM order_tag o JOIN tag t ON t.name = o.tag
WHERE o.order_id = :order_id ORDER BY t.name
"""

# The most used first; what is counted of each stops where nobody cares any more.
_TAGS: Final = """
SELECT t.name, t.colour, used.n AS orders
FROM tag t CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM (SELECT FROM order_tag WHERE tag = t.name LIMIT 1000) seen) used
ORDER BY used.n DESC, t.name LIMIT 200
"""


async def tags_of(session: AsyncSession, order_id: str) -> Sequence[Row[Any]]:
    """Tags of the order with their colour, who put them on, and when."""
    return await run(session, _TAGS_OF, order_id=order_id)


async def all_tags(session: AsyncSession) -> Sequence[Row[Any]]:
    """Every tag with its colour and how many `orders` have it, 1,000 at most; most used first."""
    return await run(session, _TAGS)


async def put_tag_on(
    session: AsyncSession, order_id: str, tag: str, actor: str, colour: TagColour = TagColour.GREY
) -> bool:
    """Mark the order, with a new tag if there is none of that name; False when it has it already.

    Raises ActionNotAllowed when the order has as many tags as one may have.
    """
    await run(session, _MAKE, name=tag, colour=colour, actor=actor)
    if not await run(session, _PUT_ON, order_id=order_id, tag=tag, actor=actor):
        return False
    if (await run(session, _COUNT, order_id=order_id))[0].n > MOST_TAGS:
        raise ActionNotAllowed(f"an order has {MOST_TAGS} tags at most")
    await desk_event(session, order_id, "tagged", actor, tag=tag)
    return True


async def take_tag_off(session: AsyncSession, order_id: str, tag: str, actor: str) -> bool:
    """Take the mark off again; False when the order does not have it."""
    if not await run(session, _TAKE_OFF, order_id=order_id, tag=tag):
        return False
    await desk_event(session, order_id, "untagged", actor, tag=tag)
    return True


async def paint_tag(session: AsyncSession, tag: str, colour: TagColour) -> None:
    """Give the tag another colour, on every order. Raises TagNotFound."""
    if not await run(session, _PAINT, name=tag, colour=colour):
        raise TagNotFound(f"there is no tag {tag}")


async def forget_tag(session: AsyncSession, tag: str) -> None:
    """Take it out of the suggestions. Raises ActionNotAllowed while an order has it."""
    if not await run(session, _FORGET, name=tag):
        raise ActionNotAllowed("the tag is not known, or orders still have it")
