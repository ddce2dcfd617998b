"""Who issues invoices, and how goods are taxed on them."""

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from pydantic import AfterValidator
from starlette.responses import RedirectResponse, Response

from api.channels import credentials, settings, shops
from api.channels.ports import OutsideOf
from api.deps import Context, SessionsOf, SettingsOf
from api.errors import Problem
from api.finance import invoice_accounts
from api.strict import clean
from db.finance import invoice_queries
from domain.finance.invoices import RATES_BP
from domain.shared.errors import InvalidInput
from integrations.invoices.registry import ISSUERS
from integrations.schemas import schema_of_issuer
from integrations.secret_names import of_issuer
from web.input import typed
from web.order_actions import body_of
from web.partners import settings_form
from web.render import page
from web.shop_forms import (
    added_at,
    done_at,
    gate_code,
    new_credentials,
    new_settings,
    secrets_in,
)

router = APIRouter(include_in_schema=False)

INVOICES: Final = "/finance/invoices"
PAGE_SIZE: Final = 100
_NOT_FOUND: Final = 404
Text = Annotated[str, Form(max_length=500)]
Word = Annotated[str, Query(max_length=100), AfterValidator(clean)]


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
    request: Request, sessions: SessionsOf, q: Word = "", missing: bool = False, after: Word = ""
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
async def new_form(request: Request, vendor: Word = "") -> Response:
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
    return added_at(request, _address(account_id.strip()))


@router.get("/finance/invoices/accounts/{account_id}")
async def account_page(account_id: str, request: Request, sessions: SessionsOf) -> Response:
    """One account: its state and what it issued."""
    account = await _account(sessions, account_id)
    return page(
        request, "invoice_account.html", account=account, address=_address(account_id),
        gate_code=gate_code,
    )  # fmt: skip


@router.get("/finance/invoices/accounts/{account_id}/pause")
async def pause_form(account_id: str, request: Request, sessions: SessionsOf) -> Response:
    """What pausing means, and the reason for it."""
    account = await _account(sessions, account_id)
    return page(
        request, "invoice_account_pause.html", account=account, address=_address(account_id)
    )


@router.post("/finance/invoices/accounts/{account_id}/pause")
async def pause(account_id: str, request: Request, context: Context, reason: Text = "") -> Response:
    """Issue nothing there for now."""
    await invoice_accounts.pause_account(account_id, body_of(shops.Pause, reason=reason), context)
    return done_at(request, _address(account_id))


@router.post("/finance/invoices/accounts/{account_id}/resume")
async def resume(account_id: str, request: Request, context: Context) -> Response:
    """Go on with the invoices that wait."""
    await invoice_accounts.resume_account(account_id, context)
    return done_at(request, _address(account_id))


@router.post("/finance/invoices/accounts/{account_id}/trial")
async def trial(account_id: str, outside: OutsideOf) -> Response:
    """Try the connection; the page says what came of it."""
    await invoice_accounts.try_account(account_id, outside)
    return RedirectResponse(_address(account_id), 303)


@router.get("/finance/invoices/accounts/{account_id}/credentials")
async def credentials_form(account_id: str, request: Request, outside: OutsideOf) -> Response:
    """The credentials of an account: what is set, and the form to replace it."""
    account = await _account(outside.sessions, account_id)
    secrets = await credentials.view(outside, f"invoice/{account_id}")
    return page(
        request, "erp_credentials.html", account=account, secrets=secrets,
        address=_address(account_id),
    )  # fmt: skip


@router.post("/finance/invoices/accounts/{account_id}/credentials")
async def set_credentials(
    account_id: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Replace what was filled in; empty fields stay as they are."""
    body = await new_credentials(request)
    await invoice_accounts.set_account_credentials(account_id, body, context, outside)
    return done_at(request, _address(account_id))


@router.get("/finance/invoices/accounts/{account_id}/settings")
async def settings_page(account_id: str, request: Request, outside: OutsideOf) -> Response:
    """What is set of an account, and the form to change it."""
    await _account(outside.sessions, account_id)
    address = _address(account_id)
    return await settings_form(request, outside, f"invoice/{account_id}", address, address)


@router.post("/finance/invoices/accounts/{account_id}/settings")
async def set_settings(
    account_id: str, request: Request, context: Context, outside: OutsideOf
) -> Response:
    """Set an account's settings anew."""
    body = await new_settings(request, await settings.schema_of(outside, f"invoice/{account_id}"))
    await invoice_accounts.set_account_settings(account_id, body, request, context, outside)
    return done_at(request, _address(account_id))


async def _account(sessions: Any, account_id: str) -> Any:
    if not account_id.isprintable():
        raise Problem("NotFound", _NOT_FOUND)
    async with sessions.begin() as session:
        found = await invoice_queries.invoice_accounts(session, account_id)
    if not found:
        raise Problem("NotFound", _NOT_FOUND)
    return found[0]


def _address(account_id: str) -> str:
    return f"{INVOICES}/accounts/{quote(account_id, safe='')}"
