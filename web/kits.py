"""Kits: what is sold together, and putting it together."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlalchemy.engine import Row
from starlette.responses import Response

from api.deps import Context, SessionsOf
from api.inventory import kits
from api.strict import Asked
from db.inventory.kits import Kits
from db.inventory.repository import StockRepository
from domain.inventory.kits import KitKind
from domain.inventory.network import TRANSIT
from web.input import Short, serials_typed, typed
from web.order_actions import body_of
from web.render import page
from web.returns import to_page
from web.transfers import lines_typed

router = APIRouter(include_in_schema=False)

Long = Annotated[str, Form(max_length=5_000)]


@router.get("/kits")
async def listed(request: Request, sessions: SessionsOf) -> Response:
    """All kits."""
    async with sessions.begin() as session:
        places = {x.location_id: x.name for x in await StockRepository(session).places()}
    return page(request, "kits.html", kits=await kits.list_kits(sessions), places=places)


@router.get("/kits/new")
async def new_form(request: Request, sessions: SessionsOf, code: Asked = "") -> Response:
    """What a product is made of; filled with what is known of it."""
    async with sessions.begin() as session:
        known = next(iter(await Kits(session).kits(code)), None) if code else None
    return page(request, "kit_new.html", code=code, known=known, kinds=list(KitKind))


@router.post("/kits/new")
async def new(
    request: Request, context: Context, code: Short = "", kind: Short = "", components: Long = ""
) -> Response:
    """Keep it."""
    parts = [{"sku": part["sku"], "quantity": part["quantity"]} for part in lines_typed(components)]
    body = body_of(kits.KitDefined, kind=kind, components=parts)
    await kits.define(typed(code), body, context)
    return to_page(request, "/kits")


@router.get("/kits/{code}/work")
async def work_form(code: str, request: Request, sessions: SessionsOf) -> Response:
    """Put it together, or take it apart."""
    kit = await kits.get_kit(typed(code), sessions)
    async with sessions.begin() as session:
        numbered = _numbered(await Kits(session).kit(kit.code))
        places = [x for x in await StockRepository(session).places() if x.kind != TRANSIT]
    made = {one.location: one.units for one in kit.could_be_made}
    return page(request, "kit_work.html", kit=kit, places=places, made=made, numbered=numbered)


@router.post("/kits/{code}/work")
async def work(
    code: str, request: Request, context: Context, location: Short = "", kind: Short = "",
    quantity: Short = "",
) -> Response:  # fmt: skip
    """Move components and kits; units with serial numbers by these."""
    units = int(quantity) if quantity.isdecimal() and len(quantity) < 8 else 0
    told = await request.form()
    async with context.sessions.begin() as session:
        skus = [sku for sku, _ in _numbered(await Kits(session).kit(typed(code)))]
    typed_in = [
        (sku, serials_typed(str(told.get(f"serials-{n}", "")))) for n, sku in enumerate(skus)
    ]
    numbers = [{"sku": sku, "serials": serials} for sku, serials in typed_in if serials]
    body = body_of(
        kits.KitOrderRequest, location=location, kind=kind, quantity=units, numbers=numbers
    )
    await kits.work(typed(code), body, context)
    return to_page(request, "/kits")


def _numbered(kit: Row[Any]) -> list[tuple[str, str]]:
    """Code and name of the kit and its components, of those that ask for serial numbers."""
    found = [(kit.code, kit.name)] if kit.tracks_serials else []
    return found + [(x["sku"], x["name"]) for x in kit.components if x["tracks_serials"]]
