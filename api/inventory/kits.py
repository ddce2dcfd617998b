"""Kits over the API: what they are made of, how many there could be, and their assembly."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.engine import Row

from api.deps import Context, SessionsOf
from api.strict import Code, Count, SafeStr, StrictBody
from db.inventory.kits import KitOrder, Kits
from db.platform.audit import audit
from domain.inventory.kits import Component, KitKind, KitWork
from domain.shared.errors import InvalidInput

router = APIRouter(tags=["kits"])


class Part(StrictBody):
    """Units of a SKU in one kit."""

    sku: Code
    quantity: Count


class KitDefined(StrictBody):
    """What a SKU is made of. Orders placed from now on are picked so."""

    kind: KitKind
    components: list[Part] = Field(min_length=1, max_length=50)


class CouldBeMade(StrictBody):
    location: str
    units: int


class KitView(StrictBody):
    """A kit; `could_be_made` of the free units of its components, by place."""

    code: str
    name: str
    kind: KitKind
    components: list[Part]
    could_be_made: list[CouldBeMade]


class KitUnits(StrictBody):
    """The serial numbers of units of a SKU: the kits themselves, or what goes in or comes out."""

    sku: Code
    serials: list[Annotated[SafeStr, Field(min_length=1, max_length=40)]] = Field(
        min_length=1, max_length=1000
    )


class KitOrderRequest(StrictBody):
    """Kits to be put together, or taken apart, at a place. Each unit of a SKU that asks for serial
    numbers is named, the kits as well as what goes into them or comes out."""

    location: Code
    kind: KitWork
    quantity: Count
    numbers: list[KitUnits] = Field(default_factory=list, max_length=51)


class KitOrderPosted(StrictBody):
    no: str


@router.get("/kits")
async def list_kits(sessions: SessionsOf) -> list[KitView]:
    """All kits, by their codes."""
    async with sessions.begin() as session:
        rows = await Kits(session).kits()
        made = await Kits(session).could_be_made(rows)
    return [_view(row, made[row.code]) for row in rows]


@router.get("/kits/{code}")
async def get_kit(code: Code, sessions: SessionsOf) -> KitView:
    """One kit."""
    async with sessions.begin() as session:
        row = await Kits(session).kit(code)
        made = await Kits(session).could_be_made([row])
    return _view(row, made[row.code])


@router.put("/kits/{code}")
async def define(code: Code, body: KitDefined, context: Context) -> KitView:
    """Say what a SKU is made of."""
    parts = [Component(part.sku, part.quantity) for part in body.components]
    async with context.sessions.begin() as session:
        await Kits(session).define(code, body.kind, parts, context.actor)
        await audit(
            session, context.actor, "kit.defined", f"sku/{code}",
            after=body.model_dump(mode="json"), request_id=context.update_id,
        )  # fmt: skip
    return await get_kit(code, context.sessions)


@router.post("/kits/{code}/orders", status_code=201)
async def work(code: Code, body: KitOrderRequest, context: Context) -> KitOrderPosted:
    """Put kits together, or take them apart: components and kits move in one transaction."""
    named = {one.sku: one.serials for one in body.numbers}
    if len(named) < len(body.numbers):
        raise InvalidInput("each SKU names its serial numbers once")
    order = KitOrder(
        context.update_id, code, body.location, body.kind, body.quantity, context.actor, named
    )
    async with context.sessions.begin() as session:
        no = await Kits(session).work(order)
        told = {"serials": named} if named else {}
        await audit(
            session, context.actor, f"kit.{body.kind}", f"location/{body.location}",
            after={"kit": code, "quantity": body.quantity, "no": no, **told},
            request_id=context.update_id,
        )  # fmt: skip
    return KitOrderPosted(no=no)


def _view(row: Row[Any], made: Mapping[str, int]) -> KitView:
    return KitView(
        code=row.code, name=row.name, kind=row.kind,
        components=[Part(sku=x["sku"], quantity=x["quantity"]) for x in row.components],
        could_be_made=[CouldBeMade(location=at, units=n) for at, n in sorted(made.items())],
    )  # fmt: skip
