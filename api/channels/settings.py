"""What is set of shops, carriers and payment accounts: only what exists, and only what fits."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field

from api.channels.ports import Outside, OutsideOf
from api.channels.shops import hurry
from api.deps import Context, RequestContext
from api.errors import Problem, language_of
from api.language import N_, translate
from api.strict import Code, StrictBody
from db.shared.owners import change_settings, owner_of
from integrations.schemas import (
    schema_of_carrier,
    schema_of_channel,
    schema_of_erp,
    schema_of_issuer,
    schema_of_provider,
)
from integrations.settings import Fault, Rule, Schema

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1", tags=["channels"])

_NOT_FOUND: Final = 404
_MOST_FAULTS: Final = 20

# Why a value is not taken; a test holds it complete.
SENTENCES: Final[Mapping[Rule, str]] = {
    Rule.UNKNOWN: N_("there is no setting {key}; there are: {allowed}"),
    Rule.TEXT: N_("setting {key} must be text of at most {allowed} characters"),
    Rule.NUMBER: N_("setting {key} must be a number: {allowed}"),
    Rule.WHOLE: N_("setting {key} must be a whole number: {allowed}"),
    Rule.YES_NO: N_("setting {key} must be one of: {allowed}"),
    Rule.CHOICE: N_("setting {key} is not one we know; allowed: {allowed}"),
    Rule.CODES: N_("setting {key} must be a list of codes, such as {allowed}"),
    Rule.TABLE: N_("setting {key} must be an object of texts, such as {allowed}"),
    Rule.MEANINGS: N_("setting {key} must be an object whose values are among: {allowed}"),
    Rule.NESTED: N_("setting {key} must be an object with some of: {allowed}"),
    Rule.OBJECTS: N_("setting {key} must be an object of objects, such as {allowed}"),
    Rule.SEALED: N_(
        "setting {key} is no place for a secret; enter it among the credentials: {allowed}"
    ),
}


class NewSettings(StrictBody):
    """All of them: a key that is not there goes back to its default."""

    settings: dict[Code, Any] = Field(max_length=50)


class KnownSetting(BaseModel):
    """A key that may be set: how it is asked for, and what it may hold, as a sentence."""

    key: str
    input: str
    hint: str
    choices: tuple[str, ...]


class SettingsView(BaseModel):
    """`settings` is what is set, `known` what may be, `problems` what cannot be used of it."""

    system: str
    settings: dict[str, Any]
    known: list[KnownSetting]
    problems: dict[str, str]


@router.get("/shops/{shop_id}/settings")
async def shop_settings(shop_id: Code, request: Request, outside: OutsideOf) -> SettingsView:
    """What is set of a shop, and what may be."""
    return await view(request, outside, f"shop/{shop_id}")


@router.put("/shops/{shop_id}/settings", status_code=204)
async def set_shop_settings(
    shop_id: Code, body: NewSettings, request: Request, context: Context, outside: OutsideOf
) -> None:
    """Set a shop's settings anew; they count within seconds."""
    await change(request, context, outside, f"shop/{shop_id}", body)
    await hurry(context.temporal, shop_id)


@router.get("/carriers/{code}/settings")
async def carrier_settings(code: Code, request: Request, outside: OutsideOf) -> SettingsView:
    """What is set of a carrier, and what may be."""
    return await view(request, outside, f"carrier/{code}")


@router.put("/carriers/{code}/settings", status_code=204)
async def set_carrier_settings(
    code: Code, body: NewSettings, request: Request, context: Context, outside: OutsideOf
) -> None:
    """Set a carrier's settings anew."""
    await change(request, context, outside, f"carrier/{code}", body)


async def view(request: Request, outside: Outside, system: str) -> SettingsView:
    """What is set and what may be. Raises 404."""
    schema, settings = await _of(outside, system)
    faults = schema.faults(settings)
    return SettingsView(
        system=system,
        settings=settings,
        known=known(request, schema),
        problems={one.key: _sentence(request, one) for one in faults},
    )


def known(request: Request, schema: Schema) -> list[KnownSetting]:
    """What may be set, told in the language of whoever asks."""
    return [
        KnownSetting(
            key=one.key,
            input=str(one.input),
            hint=_sentence(request, Fault(one.key, one.rule, one.allowed)),
            choices=one.choices,
        )
        for one in schema.settings
    ]


async def change(
    request: Request, context: RequestContext, outside: Outside, system: str, body: NewSettings
) -> None:
    """Keep them. Raises Problem 422 that names every key that cannot be used, and what can."""
    schema, _ = await _of(outside, system)
    refuse_unfit(request, schema, body.settings)
    async with context.sessions.begin() as session:
        await change_settings(
            session, system, body.settings, by=context.actor, request_id=context.request_id
        )
    log.info("settings.changed", system=system, keys=sorted(body.settings))


def refuse_unfit(request: Request, schema: Schema, settings: Mapping[str, Any]) -> None:
    """Raises Problem 422 in the language of whoever asks."""
    if faults := schema.faults(settings)[:_MOST_FAULTS]:
        told = [
            {"field": f"settings.{one.key}", "problem": _sentence(request, one)} for one in faults
        ]
        raise Problem("InvalidInput", 422, told[0]["problem"], fields=told)


async def schema_of(outside: Outside, system: str) -> Schema:
    """What may be set of a system. Raises 404."""
    return (await _of(outside, system))[0]


async def _of(outside: Outside, system: str) -> tuple[Schema, dict[str, Any]]:
    kind, _, name = system.partition("/")
    async with outside.sessions.begin() as session:
        owner: Any = await owner_of(session, system)
    if owner is None:
        raise HTTPException(_NOT_FOUND, f"there is no such {kind}")
    match kind:
        case "shop":
            schema = schema_of_channel(owner.channel)
        case "carrier":
            schema = schema_of_carrier(name)
        case "erp":
            schema = schema_of_erp(owner.vendor)
        case "invoice":
            schema = schema_of_issuer(owner.vendor)
        case _:
            schema = schema_of_provider(owner.provider)
    return schema, dict(owner.settings)


def _sentence(request: Request, fault: Fault) -> str:
    sentence = SENTENCES[fault.rule]
    return translate(language_of(request), sentence, key=fault.key, allowed=fault.allowed)
