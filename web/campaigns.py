"""Campaigns: one decision for many steps, how it goes, and what became of each."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.deps import Context, SessionsOf
from api.platform import campaigns
from api.platform.attention import Narrowed
from db.platform.campaign_queries import CampaignQueries
from domain.orders.messages import StepAction
from domain.platform.campaigns import OWN_NUMBERS, SHARED_VALUES, CampaignState, Chosen
from domain.shared.errors import InvalidInput
from web.attention import narrowed
from web.input import Text, typed
from web.order_actions import body_of
from web.render import page

router = APIRouter(include_in_schema=False)

Number = Annotated[str, Form(max_length=6)]
_Id: Any = Query(max_length=100)
ROWS: Final = 50
_FORMS: Final = ("pause", "stop")
_OFFERS: Final[tuple[StepAction, ...]] = (
    "retry", "retry_with", "done_by_hand", "skip", "compensate",
)  # fmt: skip


@router.get("/campaigns")
async def overview(
    request: Request, sessions: SessionsOf, before: Annotated[str, _Id] = ""
) -> Response:
    """Campaigns, the latest first."""
    found = await campaigns.list_campaigns(sessions, typed(before), ROWS)
    return page(request, "campaigns.html", campaigns=found.items, following=found.next_cursor)


@router.get("/campaigns/new")
async def form(request: Request, context: Context, wanted: Narrowed) -> Response:
    """How many steps it would be about, and what can be decided for them."""
    async with context.sessions.begin() as session:
        queries = CampaignQueries(session)
        offered = await queries.offered(wanted, sorted(OWN_NUMBERS))
        fields = await queries.fields(wanted)
        systems = await queries.systems(wanted)
    would = await campaigns.preview_campaign(
        campaigns.CampaignWish(steps=_steps(wanted), action="retry"), context
    )
    return page(
        request, "campaign_new.html", wanted=wanted, would=would, systems=systems,
        offered={action: offered[action] for action in _OFFERS if action in offered},
        fields=sorted(SHARED_VALUES & set(fields)),
    )  # fmt: skip


@router.post("/campaigns/new")
async def begin(
    request: Request,
    context: Context,
    action: Annotated[str, Form(max_length=40)] = "",
    reason: Text = "",
    canary: Number = "5",
    stop_percent: Number = "20",
    rate_per_minute: Number = "30",
) -> Response:
    """Begin it with its first few steps."""
    given = await request.form()
    steps = _steps(narrowed({name: str(value) for name, value in given.items()}))
    values = {name: typed(str(given.get(f"value.{name}", ""))) for name in sorted(SHARED_VALUES)}
    body = body_of(
        campaigns.CampaignWish, steps=steps, action=action, reason=reason,
        values={name: value for name, value in values.items() if value}
        if action == "retry_with" else {},
        canary=_whole(canary), stop_percent=_whole(stop_percent),
        rate_per_minute=_whole(rate_per_minute),
    )  # fmt: skip
    begun = await campaigns.begin_campaign(body, context)
    return _to(request, begun.id)


@router.get("/campaigns/{campaign_id}")
async def one(
    campaign_id: str,
    request: Request,
    sessions: SessionsOf,
    state: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, _Id] = "",
) -> Response:
    """One campaign, live, with what became of each of its steps."""
    about = await _about(sessions, campaign_id, state, after)
    return page(request, "campaign.html", **about)


@router.get("/campaigns/{campaign_id}/now")
async def now(
    campaign_id: str,
    request: Request,
    sessions: SessionsOf,
    state: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, _Id] = "",
) -> Response:
    """The part of the page that changes."""
    about = await _about(sessions, campaign_id, state, after)
    return page(request, "parts/campaign_now.html", **about)


@router.get("/campaigns/{campaign_id}/do/{action}")
async def action_form(
    campaign_id: str, action: str, request: Request, sessions: SessionsOf
) -> Response:
    """Pausing or stopping it, with a reason."""
    if action not in _FORMS:
        raise InvalidInput("there is no such action")
    found = await campaigns.get_campaign(typed(campaign_id), sessions)
    return page(request, "campaign_stop.html", campaign=found, action=action)


@router.post("/campaigns/{campaign_id}/do/{action}")
async def act(
    campaign_id: str, action: str, request: Request, context: Context, reason: Text = ""
) -> Response:
    """Pause, resume or stop it, or begin another for what went no further."""
    campaign_id = typed(campaign_id)
    match action:
        case "pause" | "stop":
            body = body_of(campaigns.CampaignReason, reason=reason)
            change = campaigns.pause_campaign if action == "pause" else campaigns.stop_campaign
            await change(campaign_id, body, context)
        case "resume":
            await campaigns.resume_campaign(campaign_id, context)
        case "failed":
            campaign_id = (await campaigns.restart_failed(campaign_id, context)).id
        case _:
            raise InvalidInput("there is no such action")
    return _to(request, campaign_id)


async def _about(sessions: Any, campaign_id: str, state: str, after: str) -> Mapping[str, Any]:
    campaign_id = typed(campaign_id)
    found = await campaigns.get_campaign(campaign_id, sessions)
    if state and state not in campaigns.StepsWhere.model_fields:
        raise InvalidInput("there is no such state")
    async with sessions.begin() as session:
        items = await CampaignQueries(session).items(campaign_id, state, typed(after), ROWS)
    return {
        "campaign": found,
        "items": items,
        "state": state,
        "after": typed(after),
        "over": CampaignState(found.state).is_over and found.finished_at is not None,
        "following": items[-1].attention_id if len(items) == ROWS else "",
    }


def _steps(wanted: Chosen) -> campaigns.WhichSteps:
    return campaigns.WhichSteps(
        fingerprint=wanted.fingerprint, cause=wanted.cause, system=wanted.system,
        shop=wanted.shop, step=wanted.step, assignee=wanted.assignee, hours=wanted.hours,
        at_risk=wanted.at_risk,
    )  # fmt: skip


def _whole(text: str) -> int:
    """Raises InvalidInput."""
    if not (text.isascii() and text.isdigit()):
        raise InvalidInput("this is no number")
    return int(text)


def _to(request: Request, campaign_id: str) -> Response:
    """The page of the campaign; from a dialog the browser is led there."""
    address = f"/campaigns/{campaign_id}"
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
