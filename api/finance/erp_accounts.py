"""Account books at ERPs: added and renewed by administrators, kept up by finance."""

from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Query, Request
from sqlalchemy.exc import IntegrityError

from api.channels.account_acts import AccountKind, acts_on
from api.channels.addresses import outside_address
from api.channels.credentials import complete
from api.channels.ports import OutsideOf
from api.channels.settings import refuse_unfit
from api.deps import Context, SessionsOf, SettingsOf
from api.finance.erp_bodies import (
    AccountCode,
    AccountCodes,
    AccountCodeView,
    Beginning,
    ErpAccounts,
    ErpAccountView,
    ExportList,
    ExportView,
    NewErpAccount,
    Span,
    State,
    Wanted,
)
from api.orders.money import MoneyView
from api.strict import Code
from db.finance import erp_queries
from db.finance.erp import want_span
from db.finance.erp_tables import ErpAccountRow
from db.platform.audit import audit
from db.platform.pausing import credentials_renewed
from db.shared.new_owners import add_owner
from domain.finance.accounts import NUMBER, Account
from domain.shared.errors import ActionNotAllowed, InvalidInput
from integrations.erp.registry import ERPS
from integrations.secret_names import of_erp

log = structlog.get_logger()

ACCOUNTS: Final = AccountKind(
    "erp", ErpAccountRow, client=lambda adapters, account_id: adapters.erp(account_id)
)
router = APIRouter(prefix="/erp-accounts", tags=["finance"])
acts = acts_on(ACCOUNTS, "/erp-accounts", tag="finance")

_TAKEN: Final = "there is an ERP account of that name already"
_FORM: Final = "new"  # the page that adds an account is where one of this name would be


@router.get("")
async def list_accounts(sessions: SessionsOf) -> ErpAccounts:
    """Every account book at an ERP with its health; nothing of its secrets."""
    async with sessions.begin() as session:
        rows = await erp_queries.erp_accounts(session)
    return ErpAccounts(items=[ErpAccountView(**row._mapping) for row in rows])


@router.post("", status_code=201)
async def add_account(
    body: NewErpAccount, request: Request, context: Context, outside: OutsideOf, ours: SettingsOf
) -> None:
    """Add an account book; its secrets are sealed at once, vouchers go there when that is said."""
    if (vendor := ERPS.get(body.vendor)) is None:
        raise InvalidInput(f"there is no ERP {body.vendor}")
    if body.id == _FORM:
        raise InvalidInput("an account cannot have this name")
    secrets = complete(of_erp(body.vendor), body.secrets)
    refuse_unfit(request, vendor.settings, body.settings)
    base_url = outside_address(body.base_url, ours.sandbox_base_url)
    try:
        async with outside.sessions.begin() as session:
            if await session.get(ErpAccountRow, body.id) is not None:
                raise ActionNotAllowed(_TAKEN)
            row = ErpAccountRow(
                id=body.id, vendor=body.vendor, name=body.name, base_url=base_url,
                settings=body.settings,
            )  # fmt: skip
            told = {"vendor": body.vendor, "name": body.name, "base_url": base_url}
            await add_owner(
                session, outside.vault, f"erp/{body.id}", row, secrets, told=told,
                expires_at=body.expires_at, by=context.actor, request_id=context.request_id,
            )  # fmt: skip
    except IntegrityError as error:  # somebody added it this moment
        raise ActionNotAllowed(_TAKEN) from error
    log.info("erp_account.added", account_id=body.id, vendor=body.vendor)


@router.put("/{account_id}/beginning")
async def set_beginning(account_id: Code, body: Beginning, context: Context) -> Wanted:
    """From which day vouchers go there by themselves; those that are written already go now."""
    async with context.sessions.begin() as session:
        before = await ACCOUNTS.known(session, account_id)
        count = await erp_queries.set_beginning(
            session, account_id, body.exports_from, context.actor
        )
        await audit(
            session, context.actor, "erp.beginning", f"erp/{account_id}",
            before={"exports_from": str(before.exports_from or "")},
            after={"exports_from": str(body.exports_from or ""), "vouchers": count},
            request_id=context.request_id,
        )  # fmt: skip
    return Wanted(vouchers=count)


@router.get("/{account_id}/codes")
async def list_codes(account_id: Code, sessions: SessionsOf) -> AccountCodes:
    """What the ERP calls our accounts."""
    async with sessions.begin() as session:
        await ACCOUNTS.known(session, account_id)
        rows = await erp_queries.codes(session, account_id)
    whole = {row.account for row in rows if not row.party}
    return AccountCodes(
        items=[
            AccountCodeView(
                account=Account(row.account), number=NUMBER[Account(row.account)],
                party=row.party, code=row.code,
            )
            for row in rows
        ],
        missing=[account for account in Account if account not in whole],
    )  # fmt: skip


@router.put("/{account_id}/codes", status_code=204)
async def set_code(account_id: Code, body: AccountCode, context: Context) -> None:
    """Say what the ERP calls an account; vouchers that wait for it go on."""
    async with context.sessions.begin() as session:
        await ACCOUNTS.known(session, account_id)
        await erp_queries.set_code(session, account_id, body.account, body.party, body.code)
        await audit(
            session, context.actor, "erp.code", f"erp/{account_id}",
            after={"account": body.account, "party": body.party, "code": body.code},
            request_id=f"{context.request_id}:{body.account}:{body.party}",
        )  # fmt: skip
        await credentials_renewed(session, f"erp/{account_id}", context.actor)


@router.get("/{account_id}/exports")
async def list_exports(
    account_id: Code,
    sessions: SessionsOf,
    state: State = "",
    cursor: Annotated[str, Query(max_length=20, pattern=r"^(\d{6}-\d{6,9})?$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> ExportList:
    """Vouchers on their way there or arrived, the latest first."""
    async with sessions.begin() as session:
        await ACCOUNTS.known(session, account_id)
        rows = await erp_queries.exports(
            session, account_id, state=state, before=cursor, limit=limit + 1
        )
    shown = rows[:limit]
    return ExportList(
        items=[_export(row) for row in shown],
        next_cursor=shown[-1].voucher_no if len(rows) > limit else "",
    )


@router.post("/{account_id}/exports", status_code=202)
async def export_span(account_id: Code, body: Span, context: Context) -> Wanted:
    """Send the vouchers of some days there; those that went before do not go again."""
    if body.first_day > body.last_day:
        raise InvalidInput("the first day comes after the last")
    async with context.sessions.begin() as session:
        await ACCOUNTS.known(session, account_id)
        count = await want_span(session, account_id, body.first_day, body.last_day, context.actor)
        await audit(
            session, context.actor, "erp.export", f"erp/{account_id}",
            after={"first": str(body.first_day), "last": str(body.last_day), "vouchers": count},
            request_id=context.request_id,
        )  # fmt: skip
    return Wanted(vouchers=count)


def _export(row: Any) -> ExportView:
    return ExportView(
        voucher_no=row.voucher_no, state=row.state, number=row.number, key=row.key,
        enters_on=row.enters_on, sum=MoneyView.of(row.minor, row.currency),
        wanted_by=row.wanted_by, sent_at=row.sent_at, settled_at=row.settled_at,
        attention_id=row.attention_id, error=row.error,
    )  # fmt: skip
