"""Accounts that issue invoices, and how goods are taxed."""

from datetime import datetime
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError

from api.channels.account_acts import AccountKind, acts_on
from api.channels.addresses import Address, ShortName, outside_address
from api.channels.credentials import Secret, complete
from api.channels.ports import OutsideOf
from api.channels.settings import refuse_unfit
from api.deps import Context, SessionsOf, SettingsOf
from api.strict import Code, Line, Moment, SafeStr, StrictBody
from db.channels.tables import ShopRow
from db.finance import invoice_queries
from db.finance.invoice_tables import InvoiceAccountRow
from db.platform.audit import audit
from db.shared.new_owners import add_owner
from domain.finance.invoices import RATES_BP
from domain.shared.errors import ActionNotAllowed, InvalidInput
from integrations.invoices.registry import ISSUERS
from integrations.secret_names import of_issuer

log = structlog.get_logger()

ACCOUNTS: Final = AccountKind(
    "invoice", InvoiceAccountRow, client=lambda adapters, account_id: adapters.issuer(account_id)
)
router = APIRouter(tags=["finance"])
acts = acts_on(ACCOUNTS, "/invoice-accounts", tag="finance")

_TAKEN: Final = "there is such an account already, or another one for this shop"
_FORM: Final = "new"  # the page that adds an account is where one of this name would be


class NewInvoiceAccount(StrictBody):
    """Without a base_url the vendor's own address; without a shop for all that have none."""

    id: ShortName
    vendor: Code
    name: Line
    base_url: Address | None = None
    shop_id: SafeStr = ""
    secrets: dict[Code, Secret] = Field(min_length=1, max_length=20)
    settings: dict[Code, Any] = Field(default_factory=dict, max_length=50)
    expires_at: Moment | None = None


class InvoiceAccountView(BaseModel):
    """An account and how it is doing."""

    id: str
    vendor: str
    name: str
    base_url: str
    shop_id: str | None
    active: bool
    tried_at: datetime | None
    tried_error: str
    last_call_at: datetime | None
    gate: str
    gate_reason: str
    gate_by: str
    gate_since: datetime | None
    waiting: int
    expires_at: datetime | None
    under_way: int
    issued: int
    failed: int


class InvoiceAccounts(BaseModel):
    items: list[InvoiceAccountView]


class TaxCategory(StrictBody):
    """`goods_code` is the tax bureau's 19 digits, `rate_bp` the rate in hundredths of a percent."""

    name: Line
    goods_code: Annotated[str, Field(pattern=r"^[0-9]{19}$")]
    rate_bp: int


class CategoryName(StrictBody):
    """A tax category's short name."""

    code: ShortName


class TaxCategoryView(BaseModel):
    """`freight` is postage and `other` a charge without goods; `skus` are in it."""

    code: str
    name: str
    goods_code: str
    rate_bp: int
    skus: int


class TaxCategories(BaseModel):
    items: list[TaxCategoryView]


class SkuTax(StrictBody):
    """An empty category takes it back."""

    category: SafeStr = ""


class SkuTaxView(BaseModel):
    code: str
    name: str
    category: str


class SkuTaxes(BaseModel):
    items: list[SkuTaxView]
    next_cursor: str


@router.get("/invoice-accounts")
async def list_accounts(sessions: SessionsOf) -> InvoiceAccounts:
    """Every account that issues invoices with its health; nothing of its secrets."""
    async with sessions.begin() as session:
        rows = await invoice_queries.invoice_accounts(session)
    return InvoiceAccounts(items=[InvoiceAccountView(**row._mapping) for row in rows])


@router.post("/invoice-accounts", status_code=201)
async def add_account(
    body: NewInvoiceAccount, request: Request, context: Context, outside: OutsideOf,
    ours: SettingsOf,
) -> None:  # fmt: skip
    """Add an account that issues invoices; its secrets are sealed at once."""
    if (vendor := ISSUERS.get(body.vendor)) is None:
        raise InvalidInput(f"nobody called {body.vendor} issues invoices")
    if body.id == _FORM:
        raise InvalidInput("an account cannot have this name")
    secrets = complete(of_issuer(body.vendor), body.secrets)
    refuse_unfit(request, vendor.settings, body.settings)
    base_url = outside_address(body.base_url or vendor.base_url, ours.sandbox_base_url)
    try:
        async with outside.sessions.begin() as session:
            if await session.get(InvoiceAccountRow, body.id) is not None:
                raise ActionNotAllowed(_TAKEN)
            if body.shop_id and await session.get(ShopRow, body.shop_id) is None:
                raise InvalidInput(f"there is no shop {body.shop_id}")
            row = InvoiceAccountRow(
                id=body.id, vendor=body.vendor, name=body.name, base_url=base_url,
                shop_id=body.shop_id or None, settings=body.settings,
            )  # fmt: skip
            told = {"vendor": body.vendor, "name": body.name, "base_url": base_url}
            await add_owner(
                session, outside.vault, f"invoice/{body.id}", row, secrets, told=told,
                expires_at=body.expires_at, by=context.actor, request_id=context.request_id,
            )  # fmt: skip
    except IntegrityError as error:  # somebody added it this moment, or the shop has one
        raise ActionNotAllowed(_TAKEN) from error
    log.info("invoice_account.added", account_id=body.id, vendor=body.vendor)


@router.get("/finance/tax-categories")
async def list_categories(sessions: SessionsOf) -> TaxCategories:
    """How kinds of goods are taxed on invoices."""
    async with sessions.begin() as session:
        rows = await invoice_queries.tax_categories(session)
    return TaxCategories(items=[TaxCategoryView(**row._mapping) for row in rows])


@router.put("/finance/tax-categories/{code}", status_code=204)
async def set_category(code: ShortName, body: TaxCategory, context: Context) -> None:
    """Say how a kind of goods is taxed; invoices that are written down stay as they are."""
    if body.rate_bp not in RATES_BP:
        rates = ", ".join(str(rate) for rate in RATES_BP)
        raise InvalidInput(f"the law knows these rates: {rates}")
    async with context.sessions.begin() as session:
        await invoice_queries.set_category(session, code, body.name, body.goods_code, body.rate_bp)
        await audit(
            session, context.actor, "tax.category", f"tax/{code}",
            after={"name": body.name, "goods_code": body.goods_code, "rate_bp": body.rate_bp},
            request_id=context.request_id,
        )  # fmt: skip


@router.get("/finance/sku-taxes")
async def list_sku_taxes(
    sessions: SessionsOf,
    q: Annotated[SafeStr, Query()] = "",
    missing: bool = False,
    cursor: Annotated[SafeStr, Query()] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> SkuTaxes:
    """Products with their tax category; `missing`: only those without one."""
    async with sessions.begin() as session:
        rows = await invoice_queries.taxed_skus(
            session, q, missing=missing, after=cursor, limit=limit + 1
        )
    shown = rows[:limit]
    return SkuTaxes(
        items=[SkuTaxView(**row._mapping) for row in shown],
        next_cursor=shown[-1].code if len(rows) > limit else "",
    )


@router.put("/finance/sku-taxes/{sku:path}", status_code=204)
async def set_sku_tax(sku: Code, body: SkuTax, context: Context) -> None:
    """Say which tax category a product is in."""
    async with context.sessions.begin() as session:
        if not await invoice_queries.set_sku_tax(session, sku, body.category):
            raise InvalidInput("there is no such product or tax category")
        await audit(
            session, context.actor, "tax.sku", f"sku/{sku}", after={"category": body.category},
            request_id=f"{context.request_id}:{sku}",
        )  # fmt: skip
