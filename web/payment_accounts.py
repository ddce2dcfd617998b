"""Merchant accounts at payment providers, for administrators."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from api.channels import payment_accounts
from api.channels.ports import OutsideOf
from api.deps import Context, SettingsOf
from api.language import N_
from api.strict import Asked
from db.channels import health
from domain.shared.errors import InvalidInput
from integrations.payments.registry import PROVIDERS
from integrations.secret_names import of_provider
from web.account_acts import AccountPages, acts_on
from web.input import Text
from web.order_actions import body_of
from web.render import page
from web.shop_forms import done_at, gate_code, secrets_in

ACCOUNTS: Final = "/payment-accounts"
PAGES: Final = AccountPages(
    payment_accounts.ACCOUNTS, ACCOUNTS, health.payment_accounts,
    N_("The provider is asked for nothing: refunds wait, and go on when the account is resumed."
       " What it tells of payments is still taken."),
    overview=ACCOUNTS,
)  # fmt: skip
router = APIRouter(include_in_schema=False)
acts = acts_on(PAGES)


@router.get("/payment-accounts")
async def overview(request: Request, outside: OutsideOf, settings: SettingsOf) -> Response:
    """Every account: whether it is called, when it was heard of, what waits."""
    found = await payment_accounts.list_accounts(outside, settings)
    return page(request, "payment_accounts.html", accounts=found.items, gate_code=gate_code)


@router.get("/payment-accounts/new")
async def new_form(request: Request, outside: OutsideOf, provider: Asked = "") -> Response:
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
