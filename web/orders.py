"""Finding orders, reading one, and watching it live."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from api.auth import still_in
from api.deps import Context, RequestContext, SessionsOf, SettingsOf, VaultOf, Who
from api.errors import Problem, language_of
from api.language import translate
from api.orders.effects import now_of
from api.orders.read import read_cursor, write_cursor
from api.orders.sourcing_words import Told, tell
from api.platform.exporting import file_name, write_down
from api.platform.importing import sent
from api.strict import Asked
from db.orders.detail import order_detail
from db.orders.notes import notes_of
from db.orders.queries import MOST_COUNTED, NOT_LEFT, OrderFilter, OrderQueries, Sort
from db.orders.receivers import open_receiver
from db.orders.saved_filters import saved_filters
from db.orders.sourcing import decisions_of, names_in
from db.orders.tags import all_tags, tags_of
from db.orders.together import with_companions
from db.platform.reveals import note_reveal
from domain.orders.order import NOT_RELEASED_BY_HAND, HoldKind, OrderStatus
from domain.platform.permissions import Permission
from domain.shared.errors import InvalidInput, OrderNotFound, PersonErased
from domain.shared.money import COMPANY_CURRENCY
from web.export import HEADINGS, order_slices
from web.input import typed
from web.live import MOST_STREAMS, Change, LiveOrders
from web.order_offers import offers
from web.render import fragment, page

router = APIRouter(include_in_schema=False)

PAGE_SIZE: Final = 50
_PING_S: Final = 15.0
TO_SHIP: Final = "to_ship"
_STATUS_TABS: Final = (
    TO_SHIP, "on_hold", "backordered", "in_fulfilment", "shipped", "delivered", "completed",
    "cancelled", "all",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """From where it was decided to send, and why."""

    at: datetime
    told: Told


@dataclass(frozen=True, slots=True)
class Shown:
    """What the address of the order list says, so that it can be sent to a colleague."""

    q: str = ""
    status: str = TO_SHIP
    channel: str = ""
    shop: str = ""
    hold: str = ""
    tag: str = ""
    attention: bool = False
    late: bool = False
    at_risk: bool = False
    sort: Sort = "ship_by"
    cursor: str = ""

    def address(self, **changes: Any) -> str:
        """The same list with something changed; a change leads to its first page."""
        shown = replace(self, **{"cursor": "", **changes})
        given = {
            name: "1" if value is True else value
            for name in self.__slots__
            if (value := getattr(shown, name)) not in ("", False, getattr(_USUAL, name))
        }
        return "/orders" + (f"?{urlencode(given)}" if given else "")

    @property
    def export(self) -> str:
        """The address of the same list as a file."""
        return self.address().replace("/orders", "/orders.csv", 1)

    @property
    def query(self) -> str:
        """What its address says, for who saves it."""
        return self.address().partition("?")[2]

    @property
    def fitting(self) -> str:
        """All that fit, as a job for many orders names them."""
        wanted = self.filter()
        given = {
            "q": self.q, "status": [str(s) for s in wanted.statuses], "channel": self.channel,
            "shop": self.shop, "hold": self.hold, "tag": self.tag, "attention": self.attention,
            "late": self.late, "at_risk": self.at_risk,
        }  # fmt: skip
        return urlencode({name: value for name, value in given.items() if value}, doseq=True)

    @property
    def is_narrowed(self) -> bool:
        return any(
            (
                self.q,
                self.channel,
                self.shop,
                self.hold,
                self.tag,
                self.attention,
                self.late,
                self.at_risk,
            )
        )

    def filter(self) -> OrderFilter:
        """A search goes through all orders, whatever tab is open."""
        statuses: tuple[OrderStatus, ...] = ()
        if self.status == TO_SHIP:
            statuses = NOT_LEFT
        elif self.status in frozenset(OrderStatus):
            statuses = (OrderStatus(self.status),)
        return OrderFilter(
            self.q,
            () if self.q else statuses,
            channel=self.channel,
            shop_id=self.shop,
            hold=HoldKind(self.hold) if self.hold else None,
            tag=self.tag,
            attention=self.attention,
            late=self.late,
            at_risk=self.at_risk,
        )


_USUAL: Final = Shown()


def _shown(
    q: Asked = "",
    status: Asked = TO_SHIP,
    channel: Asked = "",
    shop: Asked = "",
    hold: Asked = "",
    tag: Asked = "",
    attention: bool = False,
    late: bool = False,
    at_risk: bool = False,
    sort: Sort = "ship_by",
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> Shown:
    if hold and hold not in frozenset(HoldKind):
        raise InvalidInput("there is no such hold")
    if status not in (*_STATUS_TABS, *OrderStatus):
        raise InvalidInput("there is no such status")
    return Shown(
        q.strip(), status, channel, shop, hold, tag, attention, late, at_risk, sort, cursor
    )


ShownOf = Annotated[Shown, Depends(_shown)]


@router.get("/orders")
async def order_list(
    request: Request,
    shown: ShownOf,
    sessions: SessionsOf,
    vault: VaultOf,
    who: Who,
    jump: bool = False,
) -> Response:
    """Orders that need somebody first; any number finds one, and `jump` leads to the only one."""
    async with sessions.begin() as session:
        queries = OrderQueries(session)
        after = read_cursor(shown.cursor, shown.sort)
        found = await queries.page(shown.filter(), vault, shown.sort, PAGE_SIZE, after, _now())
        if jump and found.total == 1:
            return _led_to(request, f"/orders/{quote(found.rows[0].no, safe='')}")
        counts = await queries.counts()
        mergeable = await with_companions(session, [row.id for row in found.rows])
        shops = await queries.shops()
        tags = await all_tags(session)
        filters = await saved_filters(session, who.actor)
    following = write_cursor(found.following, shown.sort)
    return page(
        request,
        "orders.html",
        shown=shown,
        orders=found.rows,
        mergeable=mergeable,
        total=found.total,
        most=MOST_COUNTED,
        found_by=found.found,
        tags=tags,
        filters=filters,
        following=shown.address(cursor=following) if following else "",
        counts=counts | {TO_SHIP: sum(counts.get(status, 0) for status in NOT_LEFT)},
        tabs=_STATUS_TABS,
        shops=shops,
        channels=sorted({shop.channel for shop in shops}),
        holds=list(HoldKind),
    )


@router.get("/orders.csv")
async def export_orders(
    request: Request, shown: ShownOf, context: Context, form: Literal["csv", "xlsx"] = "csv"
) -> Response:
    """The whole list as a file for a spreadsheet, however long it is."""
    await write_down(context, "orders", form, filter=shown.address())
    language = language_of(request)
    headings = [translate(language, heading) for heading in HEADINGS]
    rows = order_slices(
        context.sessions, context.vault, shown.filter(), shown.sort, _now(), language
    )
    return sent(headings, rows, form, file_name("orders", form))


@router.get("/orders/{no}")
async def order_page(no: str, request: Request, context: Context) -> Response:
    """Everything about one order."""
    about = await order_context(context, no)
    return page(
        request, "order.html", **about, **await offers(context, about),
        choices=await _choices(request, context.sessions, about),
    )  # fmt: skip


@router.get("/orders/{no}/now")
async def order_now(no: str, request: Request, context: Context) -> Response:
    """The changing part of the page, fetched again when something happened."""
    about = await order_context(context, no)
    choices = await _choices(request, context.sessions, about)
    offered = await offers(context, about)
    return page(request, "parts/order_now.html", **about, **offered, choices=choices)


@router.post("/orders/{no}/receiver")
async def reveal_receiver(
    no: str,
    request: Request,
    context: Context,
    settings: SettingsOf,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """The whole receiver, for this moment; who looked at it, and why, is written down."""
    if not reason.strip():
        raise InvalidInput("a reason is needed")
    async with context.sessions.begin() as session:
        order = await OrderQueries(session).find(typed(no))
        receiver = await open_receiver(session, context.vault, order.id) if order else None
        if order is None or receiver is None:
            raise OrderNotFound("there is no such order")
        if receiver.erased:
            raise PersonErased("the people of this order were erased")
        await note_reveal(
            session, context.actor, order.id, typed(reason), context.request_id,
            most=settings.reveals_per_hour,
        )  # fmt: skip
    return page(request, "receiver_shown.html", order=order, receiver=receiver, revealed=True)


@router.get("/orders/{no}/events")
async def order_events(no: str, request: Request, sessions: SessionsOf) -> Response:
    """What happens to the order from now on, or from `Last-Event-ID`, as server-sent events."""
    async with sessions.begin() as session:
        order = await OrderQueries(session).find(typed(no))
    if order is None:
        raise OrderNotFound("there is no such order")
    live: LiveOrders = request.app.state.live
    if live.streams >= MOST_STREAMS:
        raise Problem("Refused", 503, "too many live pages are open", {"Retry-After": "30"})
    since = _since(request.headers.get("last-event-id", ""))
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _stream(request, live, order.id, since), media_type="text/event-stream", headers=headers
    )


async def order_context(context: RequestContext, no: str) -> dict[str, Any]:
    """What the templates of one order need. Raises OrderNotFound."""
    async with context.sessions.begin() as session:
        detail = await order_detail(session, context.vault, typed(no))
        reads = context.principal.may(Permission.READ_NOTES)
        notes = await notes_of(session, context.vault, detail.order.id) if reads else []
        tags = await tags_of(session, detail.order.id)
    return {
        "detail": detail,
        "order": detail.order,
        "receiver": detail.receiver and detail.receiver.as_seen_by(context.principal.roles),
        "revealed": False,
        "remarks": detail.words_for(context.principal.roles),
        "is_closed": OrderStatus(detail.order.status).is_closed,
        "has_left": OrderStatus(detail.order.status) not in NOT_LEFT,
        "may_stop": OrderStatus(detail.order.status) in (*NOT_LEFT, OrderStatus.SHIPPED),
        "stages": [shipment.row.waits_for for shipment in detail.shipments],
        "by_hand": frozenset(HoldKind) - NOT_RELEASED_BY_HAND,
        "current": now_of(detail),
        "notes": notes,
        "note_texts": {note.id: note.text for note in notes},
        "tags": tags,
    }


async def _choices(request: Request, sessions: Any, about: dict[str, Any]) -> list[Choice]:
    """Why the order is sent from where it is, each decision in the reader's language."""
    async with sessions.begin() as session:
        decided = await decisions_of(session, about["order"].no)
        names = await names_in(session, [d.decision for d in decided if d.decision])
    language = language_of(request)
    return [
        Choice(each.at, tell(each.decision, names, COMPANY_CURRENCY, language)) for each in decided
    ]


def _led_to(request: Request, address: str) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


async def _stream(
    request: Request, live: LiveOrders, order_id: str, since: datetime
) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    looked = time.monotonic()
    async with live.watching(order_id, since) as changes:
        while not await request.is_disconnected():
            if time.monotonic() - looked >= _PING_S:
                if not await still_in(request):
                    return  # logged out, or another role: the page asks anew and is refused
                looked = time.monotonic()
            try:
                change: Change | None = await asyncio.wait_for(changes.get(), _PING_S)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if change is None:
                return
            yield _as_event(request, change)


def _as_event(request: Request, change: Change) -> str:
    lines = [
        line
        for event in change.events
        for line in fragment(request, "parts/event.html", event=event).splitlines()
        if line.strip()
    ]
    data = "\n".join(f"data: {line}" for line in lines) or "data:"
    last = f"id: {change.events[-1].at.isoformat()}\n" if change.events else ""
    return f"event: change\n{last}{data}\n\n"


def _since(last_event_id: str) -> datetime:
    try:
        at = datetime.fromisoformat(last_event_id[:64])
    except ValueError:
        return _now()
    return min(at, _now()) if at.tzinfo else _now()


def _now() -> datetime:
    return datetime.now(UTC)
