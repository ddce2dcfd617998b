"""Carriers: their credentials, settings and gates."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.channels import credentials, settings, shops
from api.channels.ports import OutsideOf
from api.deps import Context
from api.errors import Problem
from db.channels import health
from web.render import page
from web.shop_forms import done, filled_in, new_credentials, new_settings

router = APIRouter(include_in_schema=False)

_NOT_FOUND = 404


@router.get("/carriers/{code}/credentials")
async def carrier_form(code: str, request: Request, outside: OutsideOf) -> Response:
    """The credentials of a carrier: what is set, and the form to replace it."""
    async with outside.sessions.begin() as session:
        found = await health.carriers(session, code)
    if not found:
        raise Problem("NotFound", _NOT_FOUND)
    secrets = await credentials.view(outside, f"carrier/{code}")
    return page(request, "carrier_credentials.html", carrier=found[0], secrets=secrets)


@router.post("/carriers/{code}/credentials")
async def set_carrier_credentials(
    code: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Replace what was filled in; empty fields stay as they are."""
    body = await new_credentials(request)
    await credentials.set_carrier_credentials(code, body, context, outside)
    return done(request, "")


@router.post("/carriers/{code}/resume")
async def resume_carrier(code: str, request: Request, context: Context) -> Response:
    """Try the carrier again."""
    await shops.resume_carrier(code, context)
    return done(request, "")


@router.get("/carriers/{code}/settings")
async def carrier_settings_form(code: str, request: Request, outside: OutsideOf) -> Response:
    """What is set of a carrier, and the form to change it."""
    return await settings_form(request, outside, f"carrier/{code}", f"/carriers/{code}", "/shops")


@router.post("/carriers/{code}/settings")
async def set_carrier_settings(
    code: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Set a carrier's settings anew."""
    body = await new_settings(request, await settings.schema_of(outside, f"carrier/{code}"))
    await settings.set_carrier_settings(code, body, request, context, outside)
    return done(request, "")


async def settings_form(
    request: Request, outside: OutsideOf, system: str, address: str, back: str
) -> Response:
    """What is set of a system, and the form to change it."""
    seen = await settings.view(request, outside, system)
    return page(
        request, "partner_settings.html", settings=seen, filled=filled_in(seen),
        name=system.partition("/")[2], address=address, back=back,
    )  # fmt: skip
