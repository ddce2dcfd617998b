"""The returns bench: scan, count, look, and say what becomes of it; on a tablet."""

from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.cookies import read_cookie
from api.deps import Context, SessionsOf
from api.orders.returns import act_of, audited, claim_damaged
from db.inventory.repository import StockRepository
from db.orders.return_queries import find_returns, return_detail, return_queue
from db.shared.inspection_undo import undo_inspection
from db.shared.returns_bench import Bench, Counted, Verdict
from domain.orders.returns.model import Disposition, ReturnKind
from domain.shared.errors import InvalidInput
from web.render import page
from web.returns import MOST, whole
from web.warehouse import COOKIE

router = APIRouter(include_in_schema=False)

_LONGEST: Final = 100
_LONGEST_SERIALS: Final = 50_000
_DEEDS: Final = {"receive": "received", "inspect": "inspected", "undo": "uninspected"}


@router.get("/warehouse/returns")
async def bench(
    request: Request, sessions: SessionsOf, find: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """What is to be inspected and what is on its way; a scan opens its return."""
    wanted = find.strip()
    async with sessions.begin() as session:
        found = await find_returns(session, wanted, MOST) if wanted else []
        to_inspect = await return_queue(session, "inspect", limit=MOST)
        coming = await return_queue(session, "coming", limit=MOST)
        announced = await return_queue(session, "buyer", limit=MOST)
    if len(found) == 1:
        return RedirectResponse(f"/warehouse/returns/{quote(found[0].return_no, safe='')}", 303)
    return page(
        request, "returns_bench.html", find=wanted, found=found, to_inspect=to_inspect,
        coming=[*coming, *(row for row in announced if row.waits_for == "buyer_parcel")],
    )  # fmt: skip


@router.get("/warehouse/returns/{return_no}")
async def one(return_no: str, request: Request, sessions: SessionsOf) -> Response:
    """One return with what is to be done at the bench now."""
    async with sessions.begin() as session:
        detail = await return_detail(session, return_no)
        places = [one for one in await StockRepository(session).places() if one.kind != "transit"]
    known = {str(place.location_id) for place in places}
    usual = read_cookie(request, COOKIE)
    return page(
        request, "return_bench.html", detail=detail, places=places, act=uuid4().hex,
        location=usual if usual in known else detail.row.sent_from or "",
        dispositions=list(Disposition), takes_goods=ReturnKind(detail.row.kind).needs_goods,
    )  # fmt: skip


@router.post("/warehouse/returns/{return_no}")
async def work(
    return_no: str,
    request: Request,
    context: Context,
    deed: Annotated[str, Form(max_length=10)] = "",
    act: Annotated[str, Form(max_length=64)] = "",
    location: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=200)] = "",
    inspection: Annotated[str, Form(max_length=100)] = "",
    damaged_on_the_way: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Book what was counted, what becomes of what was counted before, or that this was mistyped."""
    if not act.isalnum():
        raise InvalidInput("the form cannot be read; open the page again")
    form = await request.form()
    key = act_of(context, return_no, f"{deed}:{act}")
    async with context.sessions.begin() as session:
        table = Bench(session, context.actor)
        if deed == "receive":
            await table.receive(return_no, key, location, _counted(form))
        elif deed == "inspect":
            verdicts = _verdicts(form, location, note.strip())
            await table.inspect(return_no, key, verdicts)
            if damaged_on_the_way:
                await claim_damaged(session, context, return_no, verdicts)
        elif deed == "undo" and note.strip():
            await undo_inspection(session, return_no, inspection, note.strip(), context.actor)
        else:
            raise InvalidInput("there is no such action, or its reason is missing")
        await audited(session, context, return_no, _DEEDS[deed], note if deed == "undo" else "")
    return RedirectResponse(f"/warehouse/returns/{quote(return_no, safe='')}", 303)


def _counted(form: Any) -> list[Counted]:
    return [
        Counted(line_id, units, _lot(form, line_id))
        for (line_id, _), units in _quantities(form, "count.").items()
    ]


def _verdicts(form: Any, location: str, note: str) -> list[Verdict]:
    return [
        Verdict(
            line_id, units, Disposition(code), location, _lot(form, line_id) or None, note, serials
        )
        for (line_id, code), units, serials in _named(form)
    ]


def _named(form: Any) -> list[tuple[tuple[str, str], int, tuple[str, ...]]]:
    """What becomes of units, with their serial numbers, as they were scanned one after the other:
    in the order of the fields, those that go back to the buyer without."""
    left: dict[str, list[str]] = {}
    found: list[tuple[tuple[str, str], int, tuple[str, ...]]] = []
    for (line_id, code), units in _quantities(form, "becomes.").items():
        typed = str(form.get(f"serials.{line_id}", ""))
        if len(typed) > _LONGEST_SERIALS:
            raise InvalidInput("the serial numbers cannot be used")
        numbers = left.setdefault(line_id, typed.replace(",", " ").split())
        named = numbers[:units] if Disposition(code).is_accepted else []
        del numbers[: len(named)]
        found.append(((line_id, code), units, tuple(named)))
    return found


def _quantities(form: Any, prefix: str) -> dict[tuple[str, str], int]:
    """`count.LINE` and `becomes.DISPOSITION.LINE` with what was typed; zeros are left out."""
    found: dict[tuple[str, str], int] = {}
    for name, value in form.items():
        if not name.startswith(prefix) or str(value).strip() in ("", "0"):
            continue
        rest = name.removeprefix(prefix)
        code = ""
        if prefix == "becomes.":
            code, _, rest = rest.partition(".")
            if code not in frozenset(Disposition):
                raise InvalidInput("there is no such disposition")
        found[(rest, code)] = whole(str(value))
    return found


def _lot(form: Any, line_id: str) -> str:
    lot = str(form.get(f"lot.{line_id}", "")).strip()
    if len(lot) > _LONGEST:
        raise InvalidInput("the lot cannot be used")
    return lot
