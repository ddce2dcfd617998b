"""The table of days to the door of a shop and a carrier, as a page to write on."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf
from api.orders.delivery_times import keep_table
from db.engine import Sessions
from db.orders import delivery
from db.orders.queries import OrderQueries
from domain.logistics.divisions.table import children
from domain.orders.delivery import MOST_DAYS, USUAL_DAYS
from domain.shared.errors import InvalidInput
from web.input import typed
from web.render import page

router = APIRouter(include_in_schema=False)

Short = Annotated[str, Query(max_length=100)]
_FIELD: Final = "days."


@dataclass(frozen=True, slots=True)
class Area:
    """A line of the form; `days` is None where nothing is said."""

    code: str
    name: str
    days: int | None


@router.get("/sla/days")
async def days(
    request: Request, sessions: SessionsOf, shop: Short = "", carrier: Short = ""
) -> Response:
    """One table: for everywhere, for the zones of the carrier, for each province."""
    shop, carrier = typed(shop), typed(carrier)
    async with sessions.begin() as session:
        shops = await OrderQueries(session).shops()
        carriers = await delivery.carriers(session)
        tables = sorted({(row.shop_id, row.carrier) for row in await delivery.all_times(session)})
    zones, provinces, everywhere = await _areas(sessions, shop, carrier)
    return page(
        request, "sla_days.html", shops=shops, carriers=carriers, shop=shop, carrier=carrier,
        zones=zones, provinces=provinces, everywhere=everywhere, tables=tables, usual=USUAL_DAYS,
        most=MOST_DAYS,
    )  # fmt: skip


@router.post("/sla/days")
async def keep(
    request: Request,
    context: Context,
    shop: Annotated[str, Form(max_length=100)] = "",
    carrier: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Write the table anew; a field that is empty says nothing."""
    shop, carrier = typed(shop), typed(carrier)
    form = await request.form()
    given = {
        typed(name.removeprefix(_FIELD)): _days(str(value))
        for name, value in form.items()
        if name.startswith(_FIELD) and str(value).strip()
    }
    await keep_table(context, shop, carrier, given)
    return RedirectResponse("/sla/days?" + urlencode({"shop": shop, "carrier": carrier}), 303)


async def _areas(
    sessions: Sessions, shop: str, carrier: str
) -> tuple[list[Area], list[Area], Area]:
    async with sessions.begin() as session:
        known = await delivery.table_of(session, shop, carrier)
        zones = await delivery.zones_of(session, carrier)
    return (
        [Area(zone, zone, known.get(zone)) for zone in zones],
        [Area(one.code, one.name, known.get(one.code)) for one in children("")],
        Area("", "", known.get("")),
    )


def _days(told: str) -> int:
    """The days somebody wrote. Raises InvalidInput."""
    text = told.strip()
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST_DAYS):
        raise InvalidInput("this is no number of days")
    return int(text)
