"""What is kept for carts and quotes, on the page of a product: kept longer or released."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SettingsOf
from api.inventory import earmarks as api_earmarks
from db.inventory import earmarks
from domain.shared.errors import InvalidInput
from web.input import Short, typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class KeptHere:
    """An earmark as the page of one of its SKUs shows it."""

    id: str
    here: int
    kept_for: str
    reference: str
    order_no: str
    ends_at: datetime
    created_by: str


async def earmarks_of(session: AsyncSession, sku: str) -> list[KeptHere]:
    """What is kept of a SKU, the newest first."""
    rows = await earmarks.listed(session, sku=sku, kept=True, limit=_SHOWN)
    return [
        KeptHere(
            row.id, sum(line["quantity"] for line in row.lines if line["sku"] == sku),
            row.kept_for, row.reference, row.order_no, row.expires_at, row.created_by,
        )
        for row in rows
    ]  # fmt: skip


@router.get("/earmarks/{earmark_id}/do/{action}")
async def form(
    earmark_id: str, action: str, request: Request, context: Context, settings: SettingsOf
) -> Response:
    """What a deed would do, said before it is done."""
    _known(action)
    found = await api_earmarks.get_earmark(typed(earmark_id), context.sessions)
    return page(
        request, "earmark_form.html", earmark=found, action=action, most=settings.earmark_hours,
        address=f"/earmarks/{earmark_id}/do/{action}",
    )  # fmt: skip


@router.post("/earmarks/{earmark_id}/do/{action}")
async def act(
    earmark_id: str, action: str, request: Request, context: Context, settings: SettingsOf,
    hours: Short = "",
) -> Response:  # fmt: skip
    """Keep the units longer from now on, or give them back."""
    _known(action)
    earmark_id = typed(earmark_id)
    if action == "release":
        kept = await api_earmarks.release_units(earmark_id, context)
    elif not (hours.isascii() and hours.isdecimal() and len(hours) < 6):
        raise InvalidInput("this is no number")
    else:
        until = datetime.now(UTC) + timedelta(hours=int(hours))
        body = body_of(api_earmarks.EarmarkEnd, until=until.isoformat())
        kept = await api_earmarks.move_end(earmark_id, body, context, settings)
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Trigger": "done"})
    return RedirectResponse(f"/stock/{kept.lines[0].sku}", 303)


def _known(action: str) -> None:
    if action not in ("extend", "release"):
        raise InvalidInput("there is no such action")
