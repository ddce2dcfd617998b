"""Goods that are set apart: listed, looked at, and decided about with a preview."""

from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.cursors import Cursor
from api.deps import Context, SessionsOf, SettingsOf
from api.inventory import quarantine
from api.strict import Asked
from db.inventory import serial_queries
from db.inventory.quarantine import Apart, Quarantine
from db.inventory.serial_queries import SerialFilter
from domain.inventory.quarantine import QuarantineAct
from domain.shared.errors import DomainError, InvalidInput
from web import words
from web.input import Numbers, Short, Text, serials_typed, typed
from web.order_actions import body_of
from web.purchases import number_of
from web.render import page
from web.returns import sum_of, to_page

router = APIRouter(include_in_schema=False)

MOST: Final = 50


@router.get("/quarantine")
async def list_apart(
    request: Request,
    sessions: SessionsOf,
    q: Asked = "",
    location: Asked = "",
    condition: Asked = "",
    cursor: Cursor = "",
) -> Response:
    """What is set apart, with age, reason, place and value."""
    async with sessions.begin() as session:
        found = await quarantine.apart_page(session, q.strip(), location, condition, cursor, MOST)
        places = await serial_queries.places_of(session)
    return page(
        request, "quarantine.html", found=found, q=q.strip(), location=location, cursor=cursor,
        condition=condition, places=places, tabs=list(words.APART_TAB),
    )  # fmt: skip


@router.get("/quarantine/acts")
async def acts(request: Request, sessions: SessionsOf, act: Asked = "") -> Response:
    """What was done, and what suppliers owe for what went back."""
    if act not in words.QUARANTINE_TAB:
        raise InvalidInput("there is no such list")
    async with sessions.begin() as session:
        found = await quarantine.acts_view(session, act, MOST)
    return page(
        request, "quarantine_acts.html", found=found, act=act, tabs=list(words.QUARANTINE_TAB)
    )  # fmt: skip


@router.get("/quarantine/one")
async def one(
    request: Request, context: Context, settings: SettingsOf, sku: Asked = "", location: Asked = "",
    lot: Asked = "", condition: Asked = "", owner: Asked = "own", act: Asked = "",
    units: Asked = "", why: Asked = "damaged", supplier: Asked = "", claim: Asked = "",
) -> Response:  # fmt: skip
    """Goods with what may become of them; with an act and units, what that would do."""
    apart = Apart(sku, location, lot, condition, owner)
    async with context.sessions.begin() as session:
        desk = Quarantine(session)
        row = await desk.one(apart)
        suppliers = await desk.suppliers(sku)
        numbers = []
        if row.tracks_serials:
            wanted = SerialFilter("", sku, location, "in_stock")
            numbers = [
                one.serial
                for one in await serial_queries.listed(session, wanted, 200)
                if (one.lot, one.condition) == (lot, condition)
            ]
    plan, refused = None, ""
    if act:
        wish = _fields(sku, location, lot, condition, owner, act, units, why, supplier, claim)
        try:
            plan = await quarantine.preview(
                body_of(quarantine.ApartWish, **wish), context, settings
            )  # fmt: skip
        except DomainError as error:
            refused = str(error)
    return page(
        request, "quarantine_one.html", row=row, suppliers=suppliers, plan=plan, refused=refused,
        acts=list(QuarantineAct), numbers=numbers, act=act, units=units, why=why,
        supplier=supplier, claim=claim,
    )  # fmt: skip


@router.post("/quarantine/one")
async def decide(
    request: Request, context: Context, settings: SettingsOf, sku: Short = "",
    location: Short = "", lot: Short = "", condition: Short = "", owner: Short = "own",
    act: Short = "", units: Short = "", why: Short = "damaged", supplier: Short = "",
    claim: Short = "", plan_hash: Short = "", reason: Text = "", reference: Short = "",
    numbers: Numbers = "",
) -> Response:  # fmt: skip
    """Do what was shown."""
    wish = _fields(
        typed(sku), location, typed(lot), condition, owner, act, units, why, supplier, claim
    )
    body = body_of(
        quarantine.ApartDecided, **wish, plan_hash=plan_hash, reason=reason, reference=reference,
        serials=serials_typed(numbers),
    )  # fmt: skip
    await quarantine.decide(body, context, settings)
    return to_page(request, "/quarantine?" + urlencode({"q": typed(sku)}))


def _fields(
    sku: str, location: str, lot: str, condition: str, owner: str, act: str, units: str, why: str,
    supplier: str, claim: str,
) -> dict[str, Any]:  # fmt: skip
    is_back = act == QuarantineAct.TO_SUPPLIER
    return {
        "sku": sku, "location": location, "lot": lot, "condition": condition, "owner": owner,
        "act": act, "units": number_of(units), "why": why,
        "supplier": supplier if is_back else "",
        "claim": sum_of(claim) if is_back and claim.strip() else None,
    }  # fmt: skip
