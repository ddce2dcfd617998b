"""What was promised and is due in the next hours, per shop and place, as a page."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.deps import SessionsOf
from api.orders.promises import USUAL_HOURS, list_promises
from db.orders.queries import OrderQueries
from domain.orders.promises import Clock
from domain.shared.errors import InvalidInput
from web.input import typed
from web.render import page

router = APIRouter(include_in_schema=False)

_SHOWN: Final = 200
_WITHIN: Final = (4, USUAL_HOURS, 24, 72)
Short = Annotated[str, Query(max_length=100)]


@router.get("/sla")
async def promises(
    request: Request,
    sessions: SessionsOf,
    shop: Short = "",
    clock: Short = "",
    hours: Annotated[int, Query(ge=1, le=24 * 14)] = USUAL_HOURS,
) -> Response:
    """The earliest first; counted per shop and place."""
    if clock and clock not in frozenset(Clock):
        raise InvalidInput("there is no such clock")
    wanted = Clock(clock) if clock else None
    found = await list_promises(sessions, hours, typed(shop), wanted, _SHOWN)
    async with sessions.begin() as session:
        shops = await OrderQueries(session).shops()
    given = {"shop": shop, "hours": hours, "clock": clock}
    return page(
        request, "sla.html", found=found, shops=shops, given=given, clocks=list(Clock),
        within=_WITHIN, shown=_SHOWN,
        address=lambda **more: "/sla?" + urlencode(given | more),
    )  # fmt: skip
