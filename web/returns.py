"""The service desk's returns: the queue, one return, and what people decide about it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from pydantic import AfterValidator, TypeAdapter, ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf, SettingsOf
from api.orders import return_bodies, returns
from api.strict import Sum as SumOfMoney
from api.strict import clean
from db.orders.return_photos import MOST_PHOTOS
from db.orders.return_queries import (
    QUEUES,
    find_returns,
    queue_counts,
    return_detail,
    return_queue,
)
from db.orders.returns import returnable
from domain.orders.actions import Doing
from domain.orders.previews import effects_of
from domain.orders.returns.model import ReturnReason
from domain.orders.returns.plan import ReturnAction
from domain.shared.errors import ActionNotAllowed, InvalidInput, ReturnClosed
from domain.shared.money import Money, minor_digits
from web.input import Text
from web.order_actions import body_of
from web.orders import order_context
from web.render import page

router = APIRouter(include_in_schema=False)

Sum = Annotated[str, Form(max_length=20)]
SumAsked = Annotated[str, Query(max_length=20)]
MOST: Final = 100
WANTED_ROWS: Final = 3
_WANTED: Final = ("sku", "units", "price")
NEAR: Final = timedelta(hours=8)
_TABS: Final = ("", *QUEUES, "closed")
_SAY: Final = ("ask", "answer", "withdraw", "parcel")
_FREIGHT: Final[dict[str, bool | None]] = {"": None, "yes": True, "no": False}
_SUM: Final[TypeAdapter[str]] = TypeAdapter(SumOfMoney)
_COMMA: Final = re.compile("[,，]")
_OPENED_BY_HAND: Final = ("return", "exchange", "refund_only", "resend", "came_back")
_REMEDIES: Final = {"exchange": ("return", "exchange"), "resend": ("refund_only", "resend")}


@router.get("/returns")
async def queue(
    request: Request,
    sessions: SessionsOf,
    queue: Annotated[str, Query(max_length=20)] = "",
    q: Annotated[str, Query(max_length=100), AfterValidator(clean)] = "",
) -> Response:
    """Returns that need somebody, the most urgent first; any number finds one."""
    if queue not in _TABS:
        raise InvalidInput("there is no such queue")
    async with sessions.begin() as session:
        if q.strip():
            rows = await find_returns(session, q.strip(), MOST)
        else:
            rows = await return_queue(session, queue, limit=MOST)
        counts = await queue_counts(session)
    return page(
        request, "returns.html", rows=rows, queue=queue, q=q.strip(), tabs=_TABS, most=MOST,
        counts={**counts, "": sum(counts.values())}, near=datetime.now(UTC) + NEAR,
    )  # fmt: skip


@router.get("/returns/{return_no}")
async def one(return_no: str, request: Request, sessions: SessionsOf) -> Response:
    """Everything about one return."""
    detail = await _detail(sessions, return_no)
    return page(
        request, "return.html", detail=detail, near=datetime.now(UTC) + NEAR,
        most_photos=MOST_PHOTOS,
    )  # fmt: skip


@router.get("/orders/{no}/do/return")
async def open_form(no: str, request: Request, context: Context) -> Response:
    """What can come back of an order, to be chosen from."""
    about = await order_context(context, no)
    async with context.sessions.begin() as session:
        lines = await returnable(session, about["order"].id)
    return page(
        request, "return_open.html", lines=[line for line in lines if line.left_over],
        kinds=_OPENED_BY_HAND, reasons=list(ReturnReason), wanted_rows=WANTED_ROWS,
        effects=effects_of(Doing.RETURN, about["current"]), **about,
    )  # fmt: skip


@router.post("/orders/{no}/do/return")
async def open_return(
    no: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    kind: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=30)] = "",
    remark: Text = "",
    goodwill: Sum = "",
) -> Response:
    """Open the return; its page shows what the rules say."""
    form = await request.form()
    lines = [
        {"line_id": name.removeprefix("units."), "quantity": whole(str(value))}
        for name, value in form.items()
        if name.startswith("units.") and str(value).strip() not in ("", "0")
    ]
    kind, remedy = _REMEDIES.get(kind, (kind, "refund"))
    body = body_of(
        return_bodies.ReturnRequest, kind=kind, remedy=remedy, reason=reason, lines=lines,
        remark=remark, goodwill=sum_of(goodwill), wanted=_wanted(form),
    )  # fmt: skip
    opened = await returns.open_return(no, body, context, settings)
    return to_page(request, f"/returns/{opened.return_no}")


@router.get("/returns/{return_no}/do/{action}")
async def form(
    return_no: str,
    action: str,
    request: Request,
    context: Context,
    freight: Annotated[str, Query(max_length=3)] = "",
    deduction: SumAsked = "",
    goodwill: SumAsked = "",
) -> Response:
    """The form of one action; a decision shows what it would do, in money and goods."""
    detail = await _detail(context.sessions, return_no)
    if action in _SAY:
        return page(request, "return_say.html", detail=detail, action=action)
    if action not in frozenset(ReturnAction) or freight not in _FREIGHT:
        raise InvalidInput("there is no such action")
    plan, refused = None, ""
    if not goodwill and action == ReturnAction.APPROVE and detail.row.goodwill_minor:
        goodwill = _shown(detail.row.goodwill_minor, detail.row.currency)
    try:
        plan = await returns.plan(
            return_no, context, ReturnAction(action), _FREIGHT[freight],
            sum_of(deduction), sum_of(goodwill),
        )  # fmt: skip
    except (ActionNotAllowed, ReturnClosed) as error:
        refused = str(error)
    return page(
        request, "return_decide.html", detail=detail, action=action, plan=plan, refused=refused,
        freight=freight, deduction=deduction, goodwill=goodwill,
    )  # fmt: skip


@router.post("/returns/{return_no}/do/decide")
async def decide(
    return_no: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    action: Annotated[str, Form(max_length=20)] = "",
    plan_hash: Annotated[str, Form(max_length=64)] = "",
    reason: Text = "",
    freight: Annotated[str, Form(max_length=3)] = "",
    deduction: Sum = "",
    goodwill: Sum = "",
) -> Response:
    """Carry out the plan that was shown."""
    if freight not in _FREIGHT:
        raise InvalidInput("there is no such choice")
    body = body_of(
        return_bodies.Decided, action=action, plan_hash=plan_hash, reason=reason,
        freight=_FREIGHT[freight], deduction=sum_of(deduction), goodwill=sum_of(goodwill),
    )  # fmt: skip
    await returns.decide(return_no, body, context, settings)
    return to_page(request, f"/returns/{return_no}")


@router.post("/returns/{return_no}/do/parcel")
async def parcel(
    return_no: str,
    request: Request,
    context: Context,
    carrier: Annotated[str, Form(max_length=100)] = "",
    waybill_no: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """The buyer told the parcel's number."""
    body = body_of(return_bodies.ParcelSent, carrier=carrier, waybill_no=waybill_no)
    await returns.parcel(return_no, body, context)
    return to_page(request, f"/returns/{return_no}")


@router.post("/returns/{return_no}/do/ask")
async def ask(return_no: str, request: Request, context: Context, text: Text = "") -> Response:
    """Ask the buyer; our clock stands still."""
    await returns.ask(return_no, body_of(return_bodies.Said, text=text), context)
    return to_page(request, f"/returns/{return_no}")


@router.post("/returns/{return_no}/do/answer")
async def answer(return_no: str, request: Request, context: Context, text: Text = "") -> Response:
    """The buyer's answer; our clock goes on."""
    await returns.answer(return_no, body_of(return_bodies.Said, text=text), context)
    return to_page(request, f"/returns/{return_no}")


@router.post("/returns/{return_no}/do/withdraw")
async def withdraw(return_no: str, request: Request, context: Context, text: Text = "") -> Response:
    """The buyer keeps the goods."""
    await returns.withdraw(return_no, body_of(return_bodies.Said, text=text), context)
    return to_page(request, f"/returns/{return_no}")


def _wanted(form: FormData) -> list[dict[str, Any]]:
    """Rows of the form whose SKU was filled in."""
    rows = []
    for number in range(1, WANTED_ROWS + 1):
        told = {name: str(form.get(f"wanted.{name}.{number}", "")).strip() for name in _WANTED}
        if told["sku"]:
            price = {"price": sum_of(told["price"])} if told["price"] else {}
            rows.append({"sku": told["sku"], "quantity": whole(told["units"] or "1"), **price})
    return rows


def whole(text: str) -> int:
    """A quantity. Raises InvalidInput."""
    if not text.strip().isdecimal() or len(text) > 7:
        raise InvalidInput("a quantity must be a whole number")
    return int(text)


async def _detail(sessions: Any, return_no: str) -> Any:
    async with sessions.begin() as session:
        return await return_detail(session, return_no)


def sum_of(text: str) -> str:
    """A sum as people type it; nothing is zero. Raises InvalidInput."""
    try:
        return _SUM.validate_python(_COMMA.sub(".", text.strip()).lstrip("¥￥") or "0")
    except ValidationError:
        raise InvalidInput("this is no number") from None


def _shown(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).major:.{minor_digits(currency)}f}"


def to_page(request: Request, address: str) -> Response:
    """To a page, in place of the dialog that asked."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
