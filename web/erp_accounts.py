"""Account books at ERPs: how they are doing, which codes they use, and what goes there."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.channels import settings
from api.channels.ports import OutsideOf
from api.deps import Context, RequestContext, SessionsOf, SettingsOf
from api.finance import erp_accounts, erp_bodies
from api.language import N_
from api.strict import Asked
from db.finance import erp_queries
from domain.finance.accounts import NUMBER, Account
from domain.shared.errors import InvalidInput
from integrations.erp.registry import ERPS
from integrations.schemas import schema_of_erp
from integrations.secret_names import of_erp
from web.account_acts import AccountPages, acts_on
from web.input import Text
from web.order_actions import body_of
from web.render import page
from web.shop_forms import (
    added_at,
    day_of,
    gate_code,
    new_settings,
    secrets_in,
)

PAGES: Final = AccountPages(
    erp_accounts.ACCOUNTS, "/finance/erp", erp_queries.erp_accounts,
    N_(
        "No voucher goes there until the account is resumed; those that are written meanwhile wait."
    ),
)  # fmt: skip
router = APIRouter(include_in_schema=False)
acts = acts_on(PAGES)

PAGE_SIZE: Final = 50


@router.get("/finance/erp")
async def overview(request: Request, sessions: SessionsOf) -> Response:
    """Every account book: whether it is called, what is there and what is not."""
    async with sessions.begin() as session:
        found = await erp_queries.erp_accounts(session)
    return page(request, "erps.html", accounts=found, gate_code=gate_code)


@router.get("/finance/erp/new")
async def new_form(request: Request, vendor: Asked = "") -> Response:
    """First the ERP, then what it wants to know of us."""
    if vendor and vendor not in ERPS:
        raise InvalidInput(f"there is no ERP {vendor}")
    known = settings.known(request, schema_of_erp(vendor))
    return page(
        request, "erp_new.html", vendors=tuple(ERPS), vendor=vendor, names=of_erp(vendor),
        known=known,
    )  # fmt: skip


@router.post("/finance/erp/new")
async def add(
    request: Request,
    context: Context,
    outside: OutsideOf,
    ours: SettingsOf,
    vendor: Annotated[str, Form(max_length=100)] = "",
    account_id: Annotated[str, Form(max_length=100)] = "",
    name: Text = "",
    base_url: Text = "",
) -> Response:
    """Add the account book; what goes there is said on its page."""
    told = await secrets_in(request)
    if not told["secrets"]:
        raise InvalidInput("fill in at least one secret")
    chosen = await new_settings(request, schema_of_erp(vendor))
    body: Any = body_of(
        erp_bodies.NewErpAccount, id=account_id.strip(), vendor=vendor, name=name,
        base_url=base_url.strip(), settings=chosen.settings, **told,
    )  # fmt: skip
    await erp_accounts.add_account(body, request, context, outside, ours)
    return added_at(request, PAGES.address(account_id.strip()))


@router.get("/finance/erp/{account_id}")
async def account_page(
    account_id: str,
    request: Request,
    sessions: SessionsOf,
    state: Annotated[str, Query(pattern="^(wanted|confirmed|by_hand|skipped)?$")] = "",
    before: Annotated[str, Query(max_length=20, pattern=r"^(\d{6}-\d{6,9})?$")] = "",
) -> Response:
    """One account book: its state, its codes, and the vouchers on their way."""
    account = await PAGES.known(sessions, account_id)
    async with sessions.begin() as session:
        rows = await erp_queries.exports(
            session, account_id, state=state, before=before, limit=PAGE_SIZE + 1
        )
        codes = await erp_queries.codes(session, account_id)
        parties = await erp_queries.parties(session)
    shown = rows[:PAGE_SIZE]
    return page(
        request, "erp.html", account=account, address=PAGES.address(account_id),
        gate_code=gate_code,
        exports=shown, following=shown[-1].voucher_no if len(rows) > PAGE_SIZE else "",
        state=state, accounts=list(Account), numbers=NUMBER,
        codes={row.account: row.code for row in codes if not row.party},
        own=[row for row in codes if row.party], parties=parties,
    )  # fmt: skip


@router.post("/finance/erp/{account_id}/beginning")
async def beginning(
    account_id: str,
    context: Context,
    exports_from: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """From which day vouchers go there by themselves; an empty day: none do."""
    day: date | None = day_of(exports_from) if exports_from.strip() else None
    body = erp_bodies.Beginning(exports_from=day)
    await erp_accounts.set_beginning(account_id, body, context)
    return RedirectResponse(PAGES.address(account_id), 303)


@router.post("/finance/erp/{account_id}/codes")
async def set_codes(account_id: str, request: Request, context: Context) -> Response:
    """What the ERP calls our accounts: what was changed in the table, and one party's own."""
    await PAGES.known(context.sessions, account_id)
    form = await request.form()
    given = {(account, ""): f"code.{account}" for account in Account}
    for account, party, code in await _wished(context, account_id, form, given):
        body = body_of(erp_bodies.AccountCode, account=account, party=party, code=code)
        await erp_accounts.set_code(account_id, body, context)
    return RedirectResponse(PAGES.address(account_id) + "#codes", 303)


@router.post("/finance/erp/{account_id}/exports")
async def export_span(
    account_id: str,
    context: Context,
    first: Annotated[str, Form(max_length=20)] = "",
    last: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Send the vouchers of some days there."""
    body = erp_bodies.Span(first_day=day_of(first), last_day=day_of(last))
    await erp_accounts.export_span(account_id, body, context)
    return RedirectResponse(PAGES.address(account_id), 303)


async def _wished(
    context: RequestContext, account_id: str, form: Any, fields: dict[tuple[Account, str], str]
) -> list[tuple[Account, str, str]]:
    """Codes that are other than before, and the one for a party that was added or emptied."""
    async with context.sessions.begin() as session:
        rows = await erp_queries.codes(session, account_id)
    known = {(row.account, row.party): row.code for row in rows}
    for row in rows:
        if row.party:
            fields[Account(row.account), row.party] = f"code.{row.account}.{row.party}"
    wished = [
        (account, party, str(form[name]).strip())
        for (account, party), name in fields.items()
        if name in form and str(form[name]).strip() != known.get((account, party), "")
    ]
    account, _, party = str(form.get("party", "")).partition("|")
    if party and (code := str(form.get("party_code", "")).strip()):
        if account not in frozenset(Account):
            raise InvalidInput("there is no such choice")
        wished.append((Account(account), party, code))
    return wished
