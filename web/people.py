"""Who may log in, with which roles and where; and whose shops are whose. For administrators."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.deps import Context, RequestContext
from api.errors import Problem
from api.platform import accounts, rights
from api.platform.giving import refuse_stranger
from db.inventory.repository import StockRepository
from db.orders.queries import OrderQueries
from db.platform.scopes import limits_of
from db.platform.setups import without_password
from db.platform.tables import AccountRow
from domain.inventory.network import TRANSIT
from domain.inventory.stock import Place
from domain.platform.permissions import Role
from domain.platform.scopes import Limit
from web.order_actions import body_of
from web.render import page
from web.shop_forms import done_at

router = APIRouter(include_in_schema=False)

PEOPLE: Final = "/people"
_NOT_FOUND: Final = 404
Text = Annotated[str, Form(max_length=200)]
Many = Annotated[list[str], Form(max_length=100)]


@router.get("/people")
async def overview(request: Request, context: Context) -> Response:
    """Everybody who may log in, and the shops of dealers."""
    found = await accounts.list_accounts(context)
    async with context.sessions.begin() as session:
        places = await standing(context)
        shops = await OrderQueries(session).shops()
        new = {row.id for row in await without_password(session)}
    return page(
        request, "people.html", people=found.items, shops=shops, places=places,
        without=sum(one.id in new for one in found.items),
        names={place.location_id: place.name for place in places},
    )  # fmt: skip


@router.get("/people/new")
async def new_form(request: Request, context: Context) -> Response:
    """A log-in name, a first password, roles and places."""
    return await _form(request, context, None)


@router.post("/people/new")
async def add(
    request: Request,
    context: Context,
    login: Text = "",
    name: Text = "",
    password: Text = "",
    language: Text = "zh",
    roles: Many = [],  # noqa: B006 (FastAPI copies it)
    places: Many = [],  # noqa: B006
    below: Many = [],  # noqa: B006
) -> Response:
    """Let somebody log in."""
    body: Any = body_of(
        accounts.NewAccount, login=login.lower(), name=name, password=password,
        language=language, roles=roles, limits=limits_from(places, below),
    )  # fmt: skip
    await accounts.add_account(body, context)
    return done_at(request, PEOPLE)


@router.get("/people/accounts/{account_id}")
async def change_form(account_id: str, request: Request, context: Context) -> Response:
    """Their name, language, roles and places as they are."""
    return await _form(request, context, account_id)


@router.post("/people/accounts/{account_id}")
async def change(
    account_id: str,
    request: Request,
    context: Context,
    name: Text = "",
    language: Text = "zh",
    roles: Many = [],  # noqa: B006
    places: Many = [],  # noqa: B006
    below: Many = [],  # noqa: B006
) -> Response:
    """Change them; other roles end the person's sessions."""
    values: dict[str, Any] = {"name": name, "language": language}
    if account_id != context.principal.id:
        values |= {"roles": roles, "limits": limits_from(places, below)}
    await accounts.change_account(account_id, body_of(accounts.AccountChange, **values), context)
    return done_at(request, PEOPLE)


@router.get("/people/accounts/{account_id}/password")
async def password_form(account_id: str, request: Request, context: Context) -> Response:
    """A new password for somebody who forgot theirs."""
    account, _ = await _account(context, account_id)
    return page(request, "person_password.html", account=account)


@router.post("/people/accounts/{account_id}/password")
async def set_password(
    account_id: str, request: Request, context: Context, password: Text = ""
) -> Response:
    """Set it; every session of theirs ends."""
    body: Any = body_of(accounts.AccountChange, password=password)
    await accounts.change_account(account_id, body, context)
    return done_at(request, PEOPLE)


@router.post("/people/accounts/{account_id}/close")
async def close(account_id: str, request: Request, context: Context) -> Response:
    """They cannot log in any more, and are logged out now."""
    body = accounts.AccountChange(active=False)
    await accounts.change_account(account_id, body, context)
    return done_at(request, PEOPLE)


@router.post("/people/accounts/{account_id}/open")
async def reopen(account_id: str, request: Request, context: Context) -> Response:
    """They may log in again."""
    await accounts.change_account(account_id, accounts.AccountChange(active=True), context)
    return done_at(request, PEOPLE)


@router.post("/people/shops")
async def set_owner(
    request: Request, context: Context, shop_id: Text = "", location_id: Text = ""
) -> Response:
    """Say whose shop it is."""
    body: Any = body_of(rights.Owner, location_id=location_id or None)
    await rights.set_owner(shop_id, body, context)
    return done_at(request, f"{PEOPLE}#shops")


@router.get("/people/rights")
async def rights_page(request: Request) -> Response:
    """What each role may do, and the routes behind it."""
    return page(request, "rights.html", rights=rights.all_rights(), roles=list(Role))


def limits_from(places: Sequence[str], below: Sequence[str]) -> list[accounts.LimitBody]:
    """The places that were ticked; those without a second box have nothing below them."""
    return [
        body_of(accounts.LimitBody, location_id=place, with_below=place in below)
        for place in places
    ]


async def standing(context: RequestContext) -> list[Place]:
    """All locations one sees in the order of the tree."""
    async with context.sessions.begin() as session:
        found = await StockRepository(session).places()
    seen = {place.location_id for place in found}
    children: dict[str | None, list[Place]] = {}
    for place in found:
        if place.kind != TRANSIT:
            above = place.parent_id if place.parent_id in seen else None
            children.setdefault(above, []).append(place)
    ordered: list[Place] = []
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        place = waiting.pop()
        ordered.append(place)
        waiting += reversed(children.get(place.location_id, []))
    return ordered


def boxes(places: Sequence[Place], limits: Sequence[Limit]) -> list[dict[str, Any]]:
    """What the form shows of each location: how deep it lies and whether it is ticked."""
    chosen = {one.location_id: one.with_below for one in limits}
    parents = {place.parent_id for place in places}
    depth: dict[str | None, int] = {None: -1}
    shown = []
    for place in places:
        depth[place.location_id] = depth.get(place.parent_id, -1) + 1
        shown.append(
            {
                "id": place.location_id, "name": place.name, "kind": place.kind,
                "depth": depth[place.location_id], "has_below": place.location_id in parents,
                "ticked": place.location_id in chosen,
                "with_below": chosen.get(place.location_id, True),
            }
        )  # fmt: skip
    return shown


async def _form(request: Request, context: RequestContext, account_id: str | None) -> Response:
    account, limits = await _account(context, account_id) if account_id else (None, [])
    return page(
        request, "person.html", account=account, roles=list(Role),
        boxes=boxes(await standing(context), limits),
        own=account is not None and account.id == context.principal.id,
    )  # fmt: skip


async def _account(context: RequestContext, account_id: str) -> tuple[AccountRow, list[Limit]]:
    async with context.sessions.begin() as session:
        if account_id != context.principal.id:
            await refuse_stranger(session, context, "account", account_id)
        found = await session.get(AccountRow, account_id)
        limits = await limits_of(session, "account")
    if found is None:
        raise Problem("NotFound", _NOT_FOUND)
    return found, limits.get(account_id, [])
