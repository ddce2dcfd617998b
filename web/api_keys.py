"""The keys of programs: made once shown, withdrawn. For administrators."""

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.deps import Context
from api.errors import Problem
from api.platform import api_keys
from api.platform.giving import refuse_stranger
from db.platform.tables import ApiKeyRow
from domain.platform.permissions import ROLES_OF, Permission, Role
from web.order_actions import body_of
from web.people import Many, boxes, limits_from, standing
from web.render import page
from web.shop_forms import day_of, done_at, midnight

router = APIRouter(include_in_schema=False)

KEYS: Final = "/people/keys"
_NOT_FOUND: Final = 404
_ALWAYS: Final = (Permission.LOGGED_IN,)
Text = Annotated[str, Form(max_length=200)]


@router.get("/people/keys")
async def overview(request: Request, context: Context) -> Response:
    """Every key with what it may do, where, until when, and when it was used last."""
    found = await api_keys.list_keys(context)
    places = await standing(context)
    return page(
        request, "keys.html", keys=found.items,
        names={place.location_id: place.name for place in places},
    )  # fmt: skip


@router.get("/people/keys/new")
async def new_form(request: Request, context: Context) -> Response:
    """What the program may do and where."""
    return page(
        request, "key_new.html", roles=list(Role), boxes=boxes(await standing(context), []),
        permissions=[one for one in ROLES_OF if one not in _ALWAYS],
    )  # fmt: skip


@router.post("/people/keys/new")
async def add(
    request: Request,
    context: Context,
    name: Text = "",
    expires: Text = "",
    roles: Many = [],  # noqa: B006 (FastAPI copies it)
    permissions: Many = [],  # noqa: B006
    places: Many = [],  # noqa: B006
    below: Many = [],  # noqa: B006
) -> Response:
    """Make the key; this answer is the only one that shows it."""
    until = midnight(day_of(expires) + timedelta(days=1)) if expires.strip() else None
    body: Any = body_of(
        api_keys.NewKey, name=name, roles=roles, permissions=permissions or None,
        limits=limits_from(places, below), expires_at=until,
    )  # fmt: skip
    made = await api_keys.add_key(body, context)
    return page(request, "key_made.html", name=body.name, key=made.key, until=until)


@router.get("/people/keys/{key_id}/withdraw")
async def withdraw_form(key_id: str, request: Request, context: Context) -> Response:
    """What ends with the key."""
    async with context.sessions.begin() as session:
        await refuse_stranger(session, context, "key", key_id)
        found = await session.get(ApiKeyRow, key_id)
    if found is None:
        raise Problem("NotFound", _NOT_FOUND)
    return page(request, "key_withdraw.html", key=found)


@router.post("/people/keys/{key_id}/withdraw")
async def withdraw(key_id: str, request: Request, context: Context) -> Response:
    """End the key at once."""
    await api_keys.withdraw_key(key_id, context)
    return done_at(request, KEYS)
