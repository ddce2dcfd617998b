"""Words that orders are marked with, and lists of orders that people come back to."""

from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, StrictBool, StringConstraints

from api.deps import Context, SessionsOf, Who
from api.strict import Code, StrictBody, clean
from db.orders.queries import order_id_of
from db.orders.saved_filters import forget_filter, save_filter, saved_filters
from db.orders.tags import all_tags, forget_tag, paint_tag, put_tag_on, tags_of, take_tag_off
from domain.orders.desk import (
    LONGEST_FILTER,
    LONGEST_FILTER_NAME,
    TagColour,
    filter_name,
    tag_name,
)
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["desk"])

_Name = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=LONGEST_FILTER_NAME),
    AfterValidator(clean),
]
_Query = Annotated[
    str, StringConstraints(strict=True, max_length=LONGEST_FILTER), AfterValidator(clean)
]
_KNOWN = frozenset(
    {"q", "status", "channel", "shop", "hold", "tag", "attention", "late", "at_risk", "sort"}
)  # fmt: skip


class TagView(BaseModel):
    """`orders`: how many have it, 1,000 at most."""

    model_config = ConfigDict(from_attributes=True)
    name: str
    colour: TagColour
    orders: int


class Tags(BaseModel):
    items: list[TagView]


class OrderTag(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str
    colour: TagColour
    by: str
    at: datetime


class OrderTags(BaseModel):
    items: list[OrderTag]


class Colour(StrictBody):
    """Counts for a new tag; one that there is keeps its colour."""

    colour: TagColour = TagColour.GREY


class NewFilter(StrictBody):
    """`query` is that of the list's address, such as `late=1&tag=VIP`."""

    name: _Name
    query: _Query
    shared: StrictBool = False


class FilterView(BaseModel):
    """`mine`: its owner asks; only he may change or forget it."""

    id: str
    name: str
    query: str
    shared: bool
    owner: str
    mine: bool
    at: datetime


class Filters(BaseModel):
    items: list[FilterView]


@router.get("/tags")
async def list_tags(sessions: SessionsOf) -> Tags:
    """Every tag, the most used first."""
    async with sessions.begin() as session:
        return Tags(items=[TagView.model_validate(row) for row in await all_tags(session)])


@router.put("/tags/{name}")
async def change_tag(name: Code, body: Colour, context: Context) -> Tags:
    """Give a tag another colour."""
    async with context.sessions.begin() as session:
        await paint_tag(session, tag_name(name), body.colour)
    return await list_tags(context.sessions)


@router.delete("/tags/{name}")
async def delete_tag(name: Code, context: Context) -> Tags:
    """Forget a tag that no order has."""
    async with context.sessions.begin() as session:
        await forget_tag(session, tag_name(name))
    return await list_tags(context.sessions)


@router.get("/orders/{no}/tags")
async def list_order_tags(no: Code, sessions: SessionsOf) -> OrderTags:
    """Tags of the order."""
    async with sessions.begin() as session:
        rows = await tags_of(session, await order_id_of(session, no))
    return OrderTags(items=[OrderTag.model_validate(row) for row in rows])


@router.put("/orders/{no}/tags/{name}")
async def put_on(no: Code, name: Code, body: Colour, context: Context) -> OrderTags:
    """Mark the order; doing it twice does nothing."""
    async with context.sessions.begin() as session:
        order_id = await order_id_of(session, no)
        await put_tag_on(session, order_id, tag_name(name), context.actor, body.colour)
    return await list_order_tags(no, context.sessions)


@router.delete("/orders/{no}/tags/{name}")
async def take_off(no: Code, name: Code, context: Context) -> OrderTags:
    """Take the mark off; doing it twice does nothing."""
    async with context.sessions.begin() as session:
        order_id = await order_id_of(session, no)
        await take_tag_off(session, order_id, tag_name(name), context.actor)
    return await list_order_tags(no, context.sessions)


@router.get("/saved-filters")
async def list_filters(sessions: SessionsOf, who: Who) -> Filters:
    """One's own, then those that others share."""
    async with sessions.begin() as session:
        rows = await saved_filters(session, who.actor)
    return Filters(
        items=[
            FilterView(
                id=row.id, name=row.name, query=row.query, shared=row.shared, owner=row.owner,
                mine=row.owner == who.actor, at=row.at,
            )
            for row in rows
        ]
    )  # fmt: skip


@router.post("/saved-filters")
async def add_filter(body: NewFilter, context: Context) -> Filters:
    """Keep a list under a name; one's own of the same name is replaced."""
    async with context.sessions.begin() as session:
        await save_filter(
            session, context.actor, filter_name(body.name), checked(body.query), shared=body.shared
        )
    return await list_filters(context.sessions, context.principal)


@router.delete("/saved-filters/{filter_id}")
async def delete_filter(filter_id: Code, context: Context) -> Filters:
    """Forget one's own filter."""
    async with context.sessions.begin() as session:
        await forget_filter(session, context.actor, filter_id)
    return await list_filters(context.sessions, context.principal)


def checked(query: str) -> str:
    """A query of the list of orders. Raises InvalidInput for anything else."""
    try:
        given = parse_qsl(query, strict_parsing=True, max_num_fields=20) if query else []
    except ValueError as error:
        raise InvalidInput("this is no query of a list") from error
    if strange := sorted({name for name, _ in given} - _KNOWN):
        raise InvalidInput(f"the list knows no {', '.join(strange)[:100]}")
    return query
