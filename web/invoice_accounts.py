"""Who issues invoices, and how goods are taxed on them."""

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.channels import settings
from api.channels.ports import OutsideOf
from api.deps import Context, SessionsOf, SettingsOf
from api.finance import invoice_accounts
from api.language import N_
from api.strict import Asked
from db.finance import invoice_queries
from domain.finance.invoices import RATES_BP
from domain.shared.errors import InvalidInput
from integrations.invoices.registry import ISSUERS
from integrations.schemas import schema_of_issuer
from integrations.secret_names import of_issuer
from web.account_acts import AccountPages, acts_on
from web.input import Text, typed
from web.order_actions import body_of
from web.render import page
from web.shop_forms import (
    added_at,
    gate_code,
    new_settings,
    secrets_in,
)

INVOICES: Final = "/finance/invoices"
PAGES: Final = AccountPages(
    invoice_accounts.ACCOUNTS, f"{INVOICES}/accounts", invoice_queries.invoice_accounts,
    N_("No invoice is issued there until the account is resumed; those that are asked for"
       " meanwhile wait."),
)  # fmt: skip
router = APIRouter(include_in_schema=False)
acts = acts_on(PAGES)

PAGE_SIZE: Final = 100


@router.get("/finance/invoices")
async def overview(request: Request, sessions: SessionsOf) -> Response:
    """Every account that issues invoices, and every tax category."""
    async with sessions.begin() as session:
        accounts = await invoice_queries.invoice_accounts(session)
        categories = await invoice_queries.tax_categories(session)
        missing = await invoice_queries.taxed_skus(session, missing=True, limit=1)
    return page(
        request, "invoices.html", accounts=accounts, categories=categories, rates=RATES_BP,
        missing=bool(missing), gate_code=gate_code,
    )  # fmt: skip


@router.post("/finance/invoices/categories")
async def set_category(
    context: Context,
    code: Text = "",
    name: Text = "",
    goods_code: Text = "",
    rate: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Say how a kind of goods is taxed."""
    rate_bp = int(rate) if rate.isascii() and rate.isdigit() else -1
    body = body_of(
        invoice_accounts.TaxCategory, name=name, goods_code=goods_code.strip(), rate_bp=rate_bp
    )
    named = body_of(invoice_accounts.CategoryName, code=code.strip())
    await invoice_accounts.set_category(named.code, body, context)
    return RedirectResponse(f"{INVOICES}#taxes", 303)


@router.get("/finance/invoices/skus")
async def skus(
    request: Request, sessions: SessionsOf, q: Asked = "", missing: bool = False, after: Asked = ""
) -> Response:
    """Products with their tax category, to read and to set."""
    async with sessions.begin() as session:
        rows = await invoice_queries.taxed_skus(
            session, q.strip(), missing=missing, after=after, limit=PAGE_SIZE + 1
        )
        categories = await invoice_queries.tax_categories(session)
    return page(
        request, "invoice_skus.html", q=q.strip(), missing=missing, skus=rows[:PAGE_SIZE],
        categories=categories,
        following=rows[PAGE_SIZE - 1].code if len(rows) > PAGE_SIZE else "",
    )  # fmt: skip


@router.post("/finance/invoices/skus")
async def set_sku(context: Context, sku: Text = "", category: Text = "") -> Response:
    """Say which tax category a product is in."""
    body = body_of(invoice_accounts.SkuTax, category=category)
    await invoice_accounts.set_sku_tax(typed(sku), body, context)
    return RedirectResponse(f"{INVOICES}/skus?q={quote(sku, safe='')}", 303)


@router.get("/finance/invoices/new")
async def new_form(request: Request, vendor: Asked = "") -> Response:
    """First who issues, then what he wants to know of us."""
    if vendor and vendor not in ISSUERS:
        raise InvalidInput(f"nobody called {vendor} issues invoices")
    known = settings.known(request, schema_of_issuer(vendor))
    return page(
        request, "invoice_account_new.html", vendors=tuple(ISSUERS), vendor=vendor,
        names=of_issuer(vendor), known=known,
    )  # fmt: skip


@router.post("/finance/invoices/new")
async def add(
    request: Request,
    context: Context,
    outside: OutsideOf,
    ours: SettingsOf,
    vendor: Annotated[str, Form(max_length=100)] = "",
    account_id: Annotated[str, Form(max_length=100)] = "",
    name: Text = "",
    base_url: Text = "",
    shop_id: Text = "",
) -> Response:
    """Add the account."""
    told = await secrets_in(request)
    if not told["secrets"]:
        raise InvalidInput("fill in at least one secret")
    chosen = await new_settings(request, schema_of_issuer(vendor))
    body: Any = body_of(
        invoice_accounts.NewInvoiceAccount, id=account_id.strip(), vendor=vendor, name=name,
        base_url=base_url.strip() or None, shop_id=shop_id, settings=chosen.settings, **told,
    )  # fmt: skip
    await invoice_accounts.add_account(body, request, context, outside, ours)
    return added_at(request, PAGES.address(account_id.strip()))


@router.get("/finance/invoices/accounts/{account_id}")
async def account_page(account_id: str, request: Request, sessions: SessionsOf) -> Response:
    """One account: its state and what it issued."""
    account = await PAGES.known(sessions, account_id)
    return page(
        request, "invoice_account.html", account=account, address=PAGES.address(account_id),
        gate_code=gate_code,
    )  # fmt: skip
