"""Credentials of shops and carriers: they can be written, and nobody reads them back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final
from unicodedata import category

import structlog
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, SecretStr

from api.channels.ports import Outside, OutsideOf
from api.channels.shops import hurry
from api.deps import Context, RequestContext
from api.strict import Code, Moment, StrictBody
from db.channels import health
from db.finance.erp_queries import erp_accounts
from db.finance.invoice_queries import invoice_accounts
from db.shared.credentials import Credentials
from domain.shared.errors import InvalidInput
from integrations.secret_names import (
    SecretNames,
    of_carrier,
    of_channel,
    of_erp,
    of_issuer,
    of_provider,
)

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1", tags=["channels"])

_NOT_FOUND: Final = 404
_LONGEST: Final = 10_000  # a private key or certificate chain
_UNUSABLE: Final = ("Cc", "Cs")

Secret = Annotated[SecretStr, Field(min_length=1, max_length=_LONGEST)]


class NewCredentials(StrictBody):
    """Secrets by their names; those that are not named stay. `expires_at`: when the vendor's token
    ends, where it is known."""

    secrets: dict[Code, Secret] = Field(min_length=1, max_length=20)
    expires_at: Moment | None = None


class SecretState(BaseModel):
    """Whether a secret is there; never what it is."""

    name: str
    needed: bool
    is_set: bool


class CredentialsView(BaseModel):
    system: str
    secrets: list[SecretState]
    changed_at: datetime | None
    changed_by: str
    expires_at: datetime | None


@router.get("/shops/{shop_id}/credentials")
async def shop_credentials(shop_id: Code, outside: OutsideOf) -> CredentialsView:
    """Which secrets of a shop are set."""
    return await view(outside, f"shop/{shop_id}")


@router.put("/shops/{shop_id}/credentials", status_code=204)
async def set_shop_credentials(
    shop_id: Code, body: NewCredentials, context: Context, outside: OutsideOf
) -> None:
    """Replace secrets of a shop; orders that wait because the old ones were refused go on."""
    await change(context, outside, f"shop/{shop_id}", body)
    await hurry(context.temporal, shop_id)


@router.get("/carriers/{code}/credentials")
async def carrier_credentials(code: Code, outside: OutsideOf) -> CredentialsView:
    """Which secrets of a carrier are set."""
    return await view(outside, f"carrier/{code}")


@router.put("/carriers/{code}/credentials", status_code=204)
async def set_carrier_credentials(
    code: Code, body: NewCredentials, context: Context, outside: OutsideOf
) -> None:
    """Replace secrets of a carrier; shipments that wait because the old ones were refused go on."""
    await change(context, outside, f"carrier/{code}", body)


async def view(outside: Outside, system: str) -> CredentialsView:
    """What the adapter needs, and whether it is there. Raises 404."""
    names = await _names(outside, system)
    async with outside.sessions.begin() as session:
        state = await Credentials(session, outside.vault, system).state()
    assert state is not None
    secrets = [
        SecretState(name=name, needed=name in names.needed, is_set=name in state.names)
        for name in (*names.needed, *names.optional)
    ]
    return CredentialsView(
        system=system,
        secrets=secrets,
        changed_at=state.changed_at,
        changed_by=state.changed_by,
        expires_at=state.expires_at,
    )


async def change(
    context: RequestContext, outside: Outside, system: str, body: NewCredentials
) -> None:
    """Seal and keep the secrets. Raises InvalidInput without a word of them."""
    names = await _names(outside, system)
    given = checked(names, body.secrets)
    async with outside.sessions.begin() as session:
        await Credentials(session, outside.vault, system).change(
            given,
            expires_at=body.expires_at,
            now=datetime.now(UTC),
            by=context.actor,
            request_id=context.request_id,
        )
    log.info("credentials.changed", system=system, names=sorted(given))


def hidden(value: str) -> SecretStr:
    """A secret that shows nothing of itself when it is printed."""
    return SecretStr(value)


def checked(names: SecretNames, secrets: Mapping[str, SecretStr]) -> dict[str, str]:
    """The secrets as they are kept. Raises InvalidInput without a word of them."""
    given = {name: secret.get_secret_value().strip() for name, secret in secrets.items()}
    if set(given) - set(names.needed) - set(names.optional):
        # What was typed as a name may be the secret itself.
        raise InvalidInput("this system has no secret of that name")
    for name, value in given.items():
        if not value or any(category(one) in _UNUSABLE and one != "\n" for one in value):
            raise InvalidInput(f"{name} must be text, and not empty")
        if not names.reads(name, value):
            raise InvalidInput(f"{name} must be base64 text, with or without whsec_ before it")
    return given


def complete(names: SecretNames, secrets: Mapping[str, SecretStr]) -> dict[str, str]:
    """The secrets of somebody new. Raises InvalidInput, naming those that are missing."""
    given = checked(names, secrets)
    if missing := [name for name in names.needed if name not in given]:
        raise InvalidInput(f"secrets needed: {', '.join(missing)}")
    return given


async def _names(outside: Outside, system: str) -> SecretNames:
    kind, _, name = system.partition("/")
    async with outside.sessions.begin() as session:
        if kind == "shop" and (shops := await health.shops(session, name)):
            return of_channel(shops[0].channel)
        if kind == "carrier" and await health.carriers(session, name):
            return of_carrier(name)
        if kind == "payment" and (accounts := await health.payment_accounts(session, name)):
            return of_provider(accounts[0].provider)
        if kind == "erp" and (books := await erp_accounts(session, name)):
            return of_erp(books[0].vendor)
        if kind == "invoice" and (issuers := await invoice_accounts(session, name)):
            return of_issuer(issuers[0].vendor)
    raise HTTPException(_NOT_FOUND, f"there is no such {kind}")
