"""Words on orders, saved lists, open holds, and one decision for many orders, as pages."""

from typing import Annotated, Any, Final
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf
from api.orders import bulk as jobs
from api.orders import holds as holding
from api.orders import notes as noting
from api.orders import tags as tagging
from db.orders import bulk
from db.orders.queries import OrderQueries, order_id_of
from db.orders.tags import all_tags, put_tag_on, take_tag_off
from domain.orders.actions import Doing
from domain.orders.desk import BulkAction, TagColour, tag_name
from domain.orders.order import NOT_RELEASED_BY_HAND, HoldKind
from domain.orders.previews import effects_of
from domain.shared.errors import InvalidInput
from web.input import Text, typed
from web.order_actions import body_of, done
from web.orders import order_context
from web.render import page

router = APIRouter(include_in_schema=False)

_SHOWN: Final = 100
_NAMED: Final = 50
_AGES: Final = (0, 1, 4, 24, 72, 168)
Short = Annotated[str, Query(max_length=100)]
Long = Annotated[str, Query(max_length=1000)]
Numbers = Annotated[list[str] | None, Query(max_length=200)]


@router.get("/orders/{no}/do/note")
async def note_form(no: str, request: Request, context: Context) -> Response:
    """Where a note is written."""
    about = await order_context(context, no)
    effects = effects_of(Doing.NOTE, about["current"])
    return page(request, "note.html", effects=effects, **about)


@router.get("/orders/{no}/do/tag")
async def tag_form(no: str, request: Request, context: Context) -> Response:
    """The order's tags, with those that others use."""
    about = await order_context(context, no)
    async with context.sessions.begin() as session:
        return page(request, "tag.html", known_tags=await all_tags(session), **about)


@router.post("/orders/{no}/do/note")
async def write_note(
    no: str, request: Request, context: Context, text: Annotated[str, Form(max_length=8000)] = ""
) -> Response:
    """One more note."""
    await noting.add_note(no, body_of(noting.NewNote, text=text), context)
    return done(request, no)


@router.post("/orders/{no}/do/unnote")
async def take_note_back(
    no: str, request: Request, context: Context, note_id: Text = ""
) -> Response:
    """One's own note goes."""
    await noting.remove_note(no, typed(note_id), context)
    return done(request, no)


@router.post("/orders/{no}/do/tag")
async def put_on(
    no: str, request: Request, context: Context, tag: Text = "", colour: Text = "grey"
) -> Response:
    """Mark the order."""
    if colour not in frozenset(TagColour):
        raise InvalidInput("there is no such colour")
    async with context.sessions.begin() as session:
        order_id = await order_id_of(session, typed(no))
        await put_tag_on(session, order_id, tag_name(typed(tag)), context.actor, TagColour(colour))
    return done(request, no)


@router.post("/orders/{no}/do/untag")
async def take_off(no: str, request: Request, context: Context, tag: Text = "") -> Response:
    """Take the mark off."""
    async with context.sessions.begin() as session:
        order_id = await order_id_of(session, typed(no))
        await take_tag_off(session, order_id, tag_name(typed(tag)), context.actor)
    return done(request, no)


@router.get("/saved-filters/new")
async def filter_form(request: Request, query: Long = "") -> Response:
    """A name for the list that is open."""
    return page(request, "saved_filter.html", query=tagging.checked(typed(query)))


@router.post("/saved-filters/new")
async def save_filter(
    request: Request,
    context: Context,
    name: Text = "",
    query: Annotated[str, Form(max_length=1000)] = "",
    shared: bool = Form(default=False),
) -> Response:
    """Keep it."""
    body = body_of(tagging.NewFilter, name=name, query=query, shared=shared)
    await tagging.add_filter(body, context)
    return _to(request, f"/orders?{query}" if query else "/orders")


@router.post("/saved-filters/{filter_id}/forget")
async def forget_filter(filter_id: str, request: Request, context: Context) -> Response:
    """Only one's own."""
    await tagging.delete_filter(typed(filter_id), context)
    return _to(request, "/orders")


@router.get("/holds")
async def hold_list(
    request: Request,
    sessions: SessionsOf,
    kind: Short = "",
    shop: Short = "",
    hours: Annotated[int, Query(ge=0, le=24 * 365)] = 0,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """Every open hold with its clocks, by kind, the oldest first."""
    if kind and kind not in frozenset(HoldKind):
        raise InvalidInput("there is no such hold")
    wanted = HoldKind(kind) if kind else None
    found = await holding.list_holds(sessions, wanted, typed(shop), hours, cursor, 50)
    async with sessions.begin() as session:
        shops = await OrderQueries(session).shops()
    given = {"kind": kind, "shop": shop, "hours": hours}
    return page(
        request, "holds.html", found=found, shops=shops, given=given, ages=_AGES,
        address=lambda **more: _address("/holds", given | more),
        releases=kind and kind not in NOT_RELEASED_BY_HAND,
        fitting=_fitting(hold=kind, shop=shop, held_hours=hours),
    )  # fmt: skip


@router.get("/bulk")
async def job_list(request: Request, sessions: SessionsOf) -> Response:
    """The latest jobs of everybody."""
    found = await jobs.list_bulk_jobs(sessions)
    return page(request, "bulk_jobs.html", jobs=found.items)


@router.get("/bulk/new")
async def job_form(
    request: Request,
    context: Context,
    action: Short = "hold",
    no: Numbers = None,
    whole: bool = False,
    query: Long = "",
    hold: Short = "",
    tag: Short = "",
    job: Short = "",
) -> Response:
    """What it would do, to be confirmed: how many orders, and which cannot."""
    if action not in frozenset(BulkAction) or (hold and hold not in frozenset(HoldKind)):
        raise InvalidInput("there is no such action")
    async with context.sessions.begin() as session:
        numbers = await bulk.done_of(session, typed(job)) if job else no or []
        tags = await all_tags(session)
    preview, refused = None, ""
    shown_tag = tag or ("–" if action in ("tag", "untag") else "")  # any: it is typed below
    try:
        body = _job(action, numbers, query if whole and not job else None, hold, shown_tag, "–")
        preview = await jobs.preview_bulk_job(body, context)
    except InvalidInput as error:
        refused = str(error)
    return page(
        request, "bulk_new.html", action=action, numbers=numbers, whole=whole and not job,
        query=query, hold=hold or "manual", tag=tag, preview=preview, refused=refused, tags=tags,
        by_hand=[kind for kind in HoldKind if kind not in NOT_RELEASED_BY_HAND],
    )  # fmt: skip


@router.post("/bulk/new")
async def start_job(
    request: Request,
    context: Context,
    action: Text = "",
    no: Annotated[list[str] | None, Form(max_length=10_000)] = None,
    whole: bool = Form(default=False),
    query: Annotated[str, Form(max_length=1000)] = "",
    hold: Text = "",
    tag: Text = "",
    reason: Text = "",
) -> Response:
    """Begin it, and look on."""
    body = _job(action, no or [], query if whole else None, hold, tag, reason)
    job = await jobs.start_bulk_job(body, context)
    return _to(request, f"/bulk/{job.id}")


@router.get("/bulk/{job_id}")
async def job_page(
    job_id: str, request: Request, sessions: SessionsOf, state: Short = "", after: int = 0
) -> Response:
    """How far it is, and what became of each order."""
    about = await _about(sessions, job_id, state, after)
    return page(request, "bulk_job.html", **about)


@router.get("/bulk/{job_id}/now")
async def job_now(
    job_id: str, request: Request, sessions: SessionsOf, state: Short = "", after: int = 0
) -> Response:
    """The changing part of it."""
    about = await _about(sessions, job_id, state, after)
    return page(request, "parts/bulk_now.html", **about)


@router.post("/bulk/{job_id}/stop")
async def stop_job(job_id: str, request: Request, context: Context) -> Response:
    """No further order is begun."""
    await jobs.stop_bulk_job(typed(job_id), context)
    return _to(request, f"/bulk/{typed(job_id)}")


async def _about(sessions: Any, job_id: str, state: str, after: int) -> dict[str, Any]:
    if state and state not in ("waiting", "done", "refused", "left_out"):
        raise InvalidInput("there is no such state")
    after = min(max(after, 0), 10_000)
    job = await jobs.get_bulk_job(typed(job_id), sessions)
    async with sessions.begin() as session:
        results = await bulk.results_of(session, job.id, state, after, _SHOWN)
    following = results[-1].place if len(results) == _SHOWN else None
    return {"job": job, "results": results, "state": state, "following": following}


def _job(
    action: str, numbers: list[str], query: str | None, hold: str, tag: str, reason: str
) -> jobs.NewBulkJob:
    """The API's own body. Raises InvalidInput."""
    body: jobs.NewBulkJob = body_of(
        jobs.NewBulkJob, action=action, order_nos=numbers, hold=hold or "manual", tag=tag,
        reason=reason, fitting=None if query is None else _fitting_of(query),
    )  # fmt: skip
    return body


def _fitting_of(query: str) -> jobs.Fitting:
    given: dict[str, Any] = parse_qs(typed(query), max_num_fields=30)
    values = {name: many if name == "status" else many[0] for name, many in given.items()}
    for name in ("attention", "late", "at_risk"):
        if name in values:
            values[name] = values[name] in ("1", "true", "True")
    if str(values.get("held_hours", "")).isdecimal():
        values["held_hours"] = int(values["held_hours"])
    fitting: jobs.Fitting = body_of(jobs.Fitting, **values)
    return fitting


def _fitting(**given: Any) -> str:
    return urlencode({name: value for name, value in given.items() if value})


def _address(path: str, given: dict[str, Any]) -> str:
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{path}?{query}" if query else path


def _to(request: Request, address: str) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
