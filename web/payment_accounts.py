"""Merchant accounts at payment providers, for administrators."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from pydantic import AfterValidator
from starlette.responses import Response

from api.channels import credentials, payment_accounts, settings, shops
from api.channels.ports import OutsideOf
from api.deps import Context, SettingsOf
from api.errors import Problem
from api.strict import clean
from db.channels import health
from domain.shared.errors import InvalidInput
from integrations.payments.registry import PROVIDERS
from integrations.secret_names import of_provider
from web.order_actions import body_of
from web.partners import settings_form
from web.render import page
from web.shop_forms import done_at, gate_code, new_credentials, new_settings, secrets_in

router = APIRouter(include_in_schema=False)

ACCOUNTS: Final = "/payment-accounts"
_NOT_FOUND: Final = 404
Text = Annotated[str, Form(max_length=500)]
Name = Annotated[str, Query(max_length=100), AfterValidator(clean)]


@router.get("/payment-accounts")
async def overview(request: Request, outside: OutsideOf, settings: SettingsOf) -> Response:
    """Every account: whether it is called, when it was heard of, what waits."""
    found = await payment_accounts.list_accounts(outside, settings)
    return page(request, "payment_accounts.html", accounts=found.items, gate_code=gate_code)


@router.get("/payment-accounts/new")
async def new_form(request: Request, outside: OutsideOf, provider: Name = "") -> Response:
    """First the provider, then what it wants to know of us."""
    if provider and provider not in PROVIDERS:
        raise InvalidInput(f"there is no payment provider {provider}")
    async with outside.sessions.begin() as session:
        found = await health.shops(session)
    chosen = PROVIDERS.get(provider)
    return page(
        request, "account_new.html", providers=tuple(PROVIDERS), provider=provider, shops=found,
        names=of_provider(provider), base_url=chosen.base_url if chosen else "",
    )  # fmt: skip


@router.post("/payment-accounts/new")
async def add(
    request: Request,
    context: Context,
    outside: OutsideOf,
    ours: SettingsOf,
    provider: Annotated[str, Form(max_length=100)] = "",
    account_id: Annotated[str, Form(max_length=100)] = "",
    name: Text = "",
    shop_id: Annotated[str, Form(max_length=100)] = "",
    base_url: Text = "",
) -> Response:
    """Add the account; it is used from then on."""
    told = await secrets_in(request)
    if not told["secrets"]:
        raise InvalidInput("fill in at least one secret")
    body: Any = body_of(
        payment_accounts.NewPaymentAccount,
        id=account_id.strip(),
        provider=provider,
        name=name,
        shop_id=shop_id,
        base_url=base_url.strip(),
        **told,
    )
    await payment_accounts.add_account(body, request, context, outside, ours)
    return done_at(request, ACCOUNTS)


@router.get("/payment-accounts/{account_id}/pause")
async def pause_form(account_id: str, request: Request, outside: OutsideOf) -> Response:
    """What pausing means, and the reason for it."""
    return page(request, "account_pause.html", account=await _account(outside, account_id))


@router.post("/payment-accounts/{account_id}/pause")
async def pause(account_id: str, request: Request, context: Context, reason: Text = "") -> Response:
    """Ask nothing of the provider for now."""
    body: Any = body_of(shops.Pause, reason=reason)
    await payment_accounts.pause_account(account_id, body, context)
    return done_at(request, ACCOUNTS)


@router.post("/payment-accounts/{account_id}/resume")
async def resume(account_id: str, request: Request, context: Context) -> Response:
    """Go on with the refunds that wait."""
    await payment_accounts.resume_account(account_id, context)
    return done_at(request, ACCOUNTS)


@router.get("/payment-accounts/{account_id}/credentials")
async def account_form(account_id: str, request: Request, outside: OutsideOf) -> Response:
    """The credentials of a merchant account: what is set, and the form to replace it."""
    account = await _account(outside, account_id)
    secrets = await credentials.view(outside, f"payment/{account_id}")
    return page(request, "account_credentials.html", account=account, secrets=secrets)


@router.post("/payment-accounts/{account_id}/credentials")
async def set_account_credentials(
    account_id: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Replace what was filled in; empty fields stay as they are."""
    body = await new_credentials(request)
    await credentials.set_payment_credentials(account_id, body, context, outside)
    return done_at(request, ACCOUNTS)


@router.get("/payment-accounts/{account_id}/settings")
async def account_settings_form(account_id: str, request: Request, outside: OutsideOf) -> Response:
    """What is set of a merchant account, and the form to change it."""
    address = f"/payment-accounts/{account_id}"
    return await settings_form(request, outside, f"payment/{account_id}", address, ACCOUNTS)


@router.post("/payment-accounts/{account_id}/settings")
async def set_account_settings(
    account_id: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Set a merchant account's settings anew."""
    body = await new_settings(request, await settings.schema_of(outside, f"payment/{account_id}"))
    await settings.set_payment_settings(account_id, body, request, context, outside)
    return done_at(request, ACCOUNTS)


async def _account(outside: Any, account_id: str) -> Any:
    async with outside.sessions.begin() as session:
        found = await health.payment_accounts(session, account_id)
    if not found:
        raise Problem("NotFound", _NOT_FOUND)
    return found[0]
