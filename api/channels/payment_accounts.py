"""Merchant accounts at payment providers, for administrators: added, paused, resumed, renewed."""

from datetime import datetime
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError

from api.channels.account_acts import AccountKind, acts_on
from api.channels.addresses import Address, ShortName, outside_address
from api.channels.credentials import Secret, complete
from api.channels.ports import OutsideOf
from api.channels.settings import refuse_unfit
from api.deps import Context, SettingsOf
from api.strict import Code, Line, Moment, StrictBody
from db.channels import health
from db.channels.tables import ShopRow
from db.orders.payment_tables import PaymentAccountRow
from db.shared.new_owners import add_owner
from domain.shared.errors import ActionNotAllowed, InvalidInput
from integrations.payments.registry import PROVIDERS
from integrations.secret_names import of_provider

log = structlog.get_logger()

ACCOUNTS: Final = AccountKind("payment", PaymentAccountRow)
router = APIRouter(prefix="/api/v1", tags=["channels"])
acts = acts_on(ACCOUNTS, "/payment-accounts", tag="channels", prefix="/api/v1")

_TAKEN: Final = "there is a payment account of that name already"


class NewPaymentAccount(StrictBody):
    """`id` is part of the address that notices come to. Without `base_url` the provider's own."""

    id: ShortName
    provider: Code
    shop_id: Code
    name: Line
    base_url: Address = ""
    secrets: dict[Code, Secret] = Field(min_length=1, max_length=20)
    settings: dict[Code, Any] = Field(default_factory=dict, max_length=50)
    expires_at: Moment | None = None


class PaymentAccountView(BaseModel):
    """An account and how it is doing; `gate` is whether we call it, `notices_to` what the provider
    has to be told."""

    id: str
    provider: str
    shop_id: str
    name: str
    base_url: str
    active: bool
    last_push_at: datetime | None
    last_call_at: datetime | None
    gate: str
    gate_reason: str
    gate_by: str
    gate_since: datetime | None
    waiting: int
    expires_at: datetime | None
    notices_to: str


class PaymentAccounts(BaseModel):
    items: list[PaymentAccountView]


@router.get("/payment-accounts")
async def list_accounts(outside: OutsideOf, settings: SettingsOf) -> PaymentAccounts:
    """Every merchant account with its health; nothing of its secrets."""
    async with outside.sessions.begin() as session:
        rows = await health.payment_accounts(session)
    base = settings.base_url.rstrip("/")
    return PaymentAccounts(
        items=[
            PaymentAccountView(
                **row._mapping, notices_to=f"{base}/webhooks/payments/{row.provider}/{row.id}"
            )
            for row in rows
        ]
    )


@router.post("/payment-accounts", status_code=201)
async def add_account(
    body: NewPaymentAccount,
    request: Request,
    context: Context,
    outside: OutsideOf,
    settings: SettingsOf,
) -> None:
    """Add an account through which one shop is paid; its secrets are sealed at once."""
    if (provider := PROVIDERS.get(body.provider)) is None:
        raise InvalidInput(f"there is no payment provider {body.provider}")
    secrets = complete(of_provider(body.provider), body.secrets)
    refuse_unfit(request, provider.settings, body.settings)
    base_url = outside_address(body.base_url or provider.base_url, settings.sandbox_base_url)
    system = f"payment/{body.id}"
    try:
        async with outside.sessions.begin() as session:
            if await session.get(ShopRow, body.shop_id) is None:
                raise InvalidInput(f"there is no shop {body.shop_id}")
            if await session.get(PaymentAccountRow, body.id) is not None:
                raise ActionNotAllowed(_TAKEN)
            told = {
                "provider": body.provider, "shop_id": body.shop_id, "name": body.name,
                "base_url": base_url,
            }  # fmt: skip
            row = PaymentAccountRow(
                id=body.id, provider=body.provider, shop_id=body.shop_id, name=body.name,
                base_url=base_url, settings=body.settings,
            )  # fmt: skip
            await add_owner(
                session, outside.vault, system, row, secrets, told=told,
                expires_at=body.expires_at, by=context.actor, request_id=context.request_id,
            )  # fmt: skip
    except IntegrityError as error:  # somebody added it this moment
        raise ActionNotAllowed(_TAKEN) from error
    log.info("payment_account.added", account_id=body.id, provider=body.provider)
