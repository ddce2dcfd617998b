"""Sending something back: for consumers, without an account, by order number and end of the phone.

Every form carries both again, and they are proven again; guessing is limited as for tracking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from api.deps import SessionsOf, VaultOf
from api.language import N_
from api.orders.photos import read_photos
from db.inventory.tables import LocationRow
from db.orders.detail import OrderDetail
from db.orders.return_acts import buyer_answered, open_return, parcel_sent
from db.orders.return_photos import MOST_PHOTOS, add_photos
from db.orders.return_queries import ReturnDetail, return_detail, returns_of
from db.orders.returns import Asked, returnable
from domain.orders.channels import OUR_CHANNELS
from domain.orders.returns.model import ReturnKind, ReturnOrigin, ReturnReason
from domain.shared.errors import DomainError, InvalidInput, ReturnNotFound
from web.input import Text, typed
from web.render import page
from web.returns import whole
from web.tracking import look_up

router = APIRouter(include_in_schema=False)

Number = Annotated[str, Form(max_length=100)]
Digits = Annotated[str, Form(max_length=20)]
Photos = Annotated[Sequence[UploadFile], File()]
ASKED: Final = N_("We have your request. You hear from us here.")
TOLD: Final = N_("Thank you. We have written it down.")
REASONS: Final = (
    ReturnReason.CHANGED_MIND, ReturnReason.WRONG_SIZE, ReturnReason.DAMAGED,
    ReturnReason.DEFECTIVE, ReturnReason.WRONG_ITEM, ReturnReason.MISSING_PARTS,
    ReturnReason.NOT_AS_DESCRIBED, ReturnReason.OTHER,
)  # fmt: skip
_BUYER: Final = "buyer"


@dataclass(frozen=True, slots=True)
class Shown:
    """An order as its buyer sees it: what can come back, and what became of what did."""

    order: Any
    is_ours: bool
    lines: list[Any]
    returns: list[ReturnDetail]
    place: LocationRow | None


@router.get("/return")
async def form(request: Request) -> Response:
    """The form."""
    return _page(request, "", "", [], "")


@router.get("/return/{deed}")
async def again(deed: str) -> Response:
    """Whoever reads on in another language, or opens the page again, begins with the form."""
    return RedirectResponse("/return", 303)


@router.post("/return")
async def find(
    request: Request, sessions: SessionsOf, vault: VaultOf, no: Number = "", last4: Digits = ""
) -> Response:
    """The order with what can come back of it."""
    return await _answer(request, sessions, vault, no, last4)


@router.post("/return/ask")
async def ask(
    request: Request,
    sessions: SessionsOf,
    vault: VaultOf,
    no: Number = "",
    last4: Digits = "",
    order_no: Number = "",
    reason: Annotated[str, Form(max_length=30)] = "",
    remark: Text = "",
) -> Response:
    """Ask to send units back."""
    if reason not in REASONS:
        raise InvalidInput("there is no such reason")
    form, remark = await request.form(), typed(remark)
    photos = await read_photos([one for one in form.getlist("photos") if not isinstance(one, str)])
    units = {
        name.removeprefix("units."): whole(str(value))
        for name, value in form.items()
        if name.startswith("units.") and str(value).strip() not in ("", "0")
    }

    async def opened(session: Any, orders: list[OrderDetail]) -> None:
        order = next((one.order for one in orders if one.order.no == order_no), None)
        if order is None:
            raise InvalidInput("this order is sent back where it was bought")
        asked = Asked(
            ReturnKind.RETURN, ReturnOrigin.CONSUMER, ReturnReason(reason), units,
            remark, actor=_BUYER,
        )  # fmt: skip
        return_no = await open_return(session, order.id, asked)
        await add_photos(session, vault, return_no, photos, _BUYER)

    return await _answer(request, sessions, vault, no, last4, opened, ASKED)


@router.post("/return/photos")
async def photos(
    request: Request,
    sessions: SessionsOf,
    vault: VaultOf,
    no: Number = "",
    last4: Digits = "",
    return_no: Number = "",
    photos: Photos = (),
) -> Response:
    """Show what the goods look like."""
    read = await read_photos(photos)

    async def sent(session: Any, orders: list[OrderDetail]) -> None:
        await add_photos(session, vault, _own(orders, return_no), read, _BUYER)

    return await _answer(request, sessions, vault, no, last4, sent, TOLD)


@router.post("/return/parcel")
async def parcel(
    request: Request,
    sessions: SessionsOf,
    vault: VaultOf,
    no: Number = "",
    last4: Digits = "",
    return_no: Number = "",
    waybill_no: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Tell the parcel's number."""
    number = typed(waybill_no)
    if not number or not number.isprintable():
        raise InvalidInput("this is no number")

    async def sent(session: Any, orders: list[OrderDetail]) -> None:
        await parcel_sent(session, _own(orders, return_no), "", number, _BUYER)

    return await _answer(request, sessions, vault, no, last4, sent, TOLD)


@router.post("/return/answer")
async def answer(
    request: Request,
    sessions: SessionsOf,
    vault: VaultOf,
    no: Number = "",
    last4: Digits = "",
    return_no: Number = "",
    text: Text = "",
) -> Response:
    """Answer what we asked."""
    said = typed(text)
    if not said:
        raise InvalidInput("the answer is empty")

    async def answered(session: Any, orders: list[OrderDetail]) -> None:
        await buyer_answered(session, _own(orders, return_no), said, _BUYER)

    return await _answer(request, sessions, vault, no, last4, answered, TOLD)


async def _answer(
    request: Request,
    sessions: Any,
    vault: Any,
    no: str,
    last4: str,
    deed: Any = None,
    done: str = "",
) -> Response:
    """Prove who asks, do what is asked, and show the orders as they are then."""
    found = await look_up(request, sessions, vault, no, last4)
    no, last4 = no.strip(), last4.strip()
    if not found.orders:
        return _page(request, no, last4, [], found.problem, status=found.status)
    refused = ""
    if deed is not None:
        try:
            async with sessions.begin() as session:
                await deed(session, found.orders)
        except DomainError as error:
            refused, done = str(error), ""
    async with sessions.begin() as session:
        shown = [await _shown(session, one) for one in found.orders]
    return _page(
        request, no, last4, shown, "", refused=refused, done=done, status=409 if refused else 200
    )


async def _shown(session: Any, detail: OrderDetail) -> Shown:
    rows = await returnable(session, detail.order.id)
    known = await returns_of(session, detail.order.id)  # also what was just asked for
    returns = [await return_detail(session, one.return_no) for one in known]
    place = next((one.row.sent_from for one in returns if one.row.sent_from), None)
    return Shown(
        detail.order,
        detail.order.channel in OUR_CHANNELS,
        [row for row in rows if row.left_over],
        returns,
        await session.get(LocationRow, place) if place else None,
    )


def _own(orders: list[OrderDetail], return_no: str) -> str:
    """The number, if it is a return of these orders. Raises ReturnNotFound."""
    known = {one.return_no for order in orders for one in order.returns}
    if return_no not in known:
        raise ReturnNotFound("there is no such return")
    return return_no


def _page(
    request: Request,
    no: str,
    last4: str,
    shown: list[Shown],
    problem: str,
    *,
    refused: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    return page(
        request, "consumer_return.html", status=status, no=no, last4=last4, shown=shown,
        problem=problem, refused=refused, done=done, reasons=REASONS, most_photos=MOST_PHOTOS,
    )  # fmt: skip
