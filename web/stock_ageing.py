"""How long goods have lain and will last: charts, and the rows in which most money lies."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.auth import principal_of
from api.deps import SessionsOf
from api.errors import language_of
from api.inventory.ageing import USUAL_DAYS, aged_of
from api.language import N_, translate
from db.inventory.levels import StockLevels
from db.inventory.lying import MOST_SKUS
from db.shared.importing.target import CURRENCY
from domain.inventory.lying import AGES, COVERS
from domain.inventory.regions import Region
from domain.platform.permissions import Permission
from web.render import page
from web.stock import Looking

router = APIRouter(include_in_schema=False)
_ROWS = 200
_DAYS = (30, 60, 90, 180, 365)


@router.get("/levels/ageing")
async def ageing(
    request: Request,
    sessions: SessionsOf,
    shown: Looking,
    days: Annotated[int, Query(ge=1, le=400)] = USUAL_DAYS,
    dead: Annotated[str, Query(max_length=5)] = "",
) -> Response:
    """Cover and age of what lies there; dead stock alone on request."""
    async with sessions.begin() as session:
        seen = await aged_of(session, shown.question, days)
        words = await StockLevels(session).words()
    rows = seen.dead if dead else seen.lying
    return page(
        request, "stock_ageing.html", shown=shown, seen=seen, rows=rows[:_ROWS], all=len(rows),
        days=days, dead=bool(dead), choices=_DAYS, regions=tuple(Region), brands=words["brand"],
        categories=words["category"], most=MOST_SKUS,
        may_see=principal_of(request).may(Permission.READ_BOOKS), currency=CURRENCY,
        ages=_bars(request, AGES, seen.ages, N_("unknown")),
        covers=_bars(request, COVERS, seen.covers, N_("not sold")),
    )  # fmt: skip


def _bars(
    request: Request, begins: tuple[int, ...], counts: tuple[int, ...], last: str
) -> list[dict[str, Any]]:
    """A bar for each bucket, named by its days."""
    names = [
        f"{begin}-{end - 1}" if end else f"{begin}+"
        for begin, end in zip(begins, (*begins[1:], None), strict=True)
    ]
    names.append(translate(language_of(request), last))
    return [{"name": name, "value": count} for name, count in zip(names, counts, strict=True)]
