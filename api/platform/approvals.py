"""Deciding about what another person asked for: looked at with its effects, then done or not."""

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import APIRouter
from pydantic import StringConstraints
from sqlalchemy.engine import Row

import api.inventory.counts as counts
import api.inventory.purchases as purchases
import api.inventory.quarantine as quarantine
import api.inventory.receipt_cases as receipt_cases
import api.inventory.transfer_bodies as transfer_bodies
import api.inventory.transfers as transfers
import api.orders.line_edits as line_edits
import api.orders.receiving as receiving
import api.orders.returns as returns
import api.orders.routes as orders
import api.platform.importing as importing
from api.auth import Principal
from api.deps import Context, RequestContext, SettingsOf
from api.errors import Problem, problem_of
from api.inventory.receiving_bodies import CaseDecided
from api.orders.return_bodies import Decided
from api.platform.asking import ask_another
from api.platform.docs import WAITS
from api.strict import Code, Reason, SafeStr, StrictBody
from db.inventory.count_looks import who_counted
from db.platform import approvals as kept
from db.platform.audit import audit
from domain.inventory.purchasing.acts import PurchaseAction
from domain.platform.approvals import DECIDED_BY, ApprovalKind, ApprovalState, kinds_of
from domain.platform.permissions import Role
from domain.shared.errors import ActionNotAllowed, ApprovalOver, InvalidInput, OwnApproval
from runtime.settings import Settings

_MOST_LINES: Final = 200  # of a count; its page shows them all
router = APIRouter(tags=["approvals"])

_LEAST_KEY_BITS: Final = 3072
Pem = Annotated[str, StringConstraints(strict=True, min_length=100, max_length=5000)]


class ApprovalView(StrictBody):
    """`state`: open, approved (being carried out), done, refused, withdrawn, failed, expired."""

    id: str
    kind: ApprovalKind
    subject: str
    amount_minor: int
    currency: str
    units: int
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    state: str
    decided_by: str
    decided_at: datetime | None
    decision_reason: str
    result: str

    @classmethod
    def of(cls, row: Row[Any]) -> "ApprovalView":
        told = {name: value for name, value in row._mapping.items() if name in cls.model_fields}
        return cls(**{**told, "state": state_of(row)})


class ApprovalsView(StrictBody):
    items: list[ApprovalView]


class ApprovalDecision(StrictBody):
    """Refusing needs a reason."""

    decision: Literal["approve", "refuse"]
    reason: SafeStr = ""


class KeyExport(StrictBody):
    """An RSA key of 3072 bits or more in PEM: only its owner can open what is exported."""

    public_key: Pem
    reason: Reason


@dataclass(frozen=True, slots=True)
class Preview:
    """What saying yes would do now: `plan` of an order or return, its other lines, `lines` of
    stock; `changed` when it is no longer what was asked for."""

    plan: Any = None
    lines: Sequence[Any] = ()
    changed: bool = False


@router.get("/approvals")
async def list_approvals(context: Context) -> ApprovalsView:
    """What one asked for or may decide about; what waits comes first."""
    return ApprovalsView(items=[ApprovalView.of(row) for row in await seen_by(context)])


@router.get("/approvals/{approval_id}")
async def get_approval(approval_id: Code, context: Context) -> ApprovalView:
    """One of them."""
    return ApprovalView.of(await one(context, approval_id))


@router.post("/approvals/{approval_id}/decision")
async def decide(
    approval_id: Code, body: ApprovalDecision, context: Context, settings: SettingsOf
) -> ApprovalView:
    """Yes: it is carried out as it was asked for, 409 when that is not possible any more."""
    row = await one(context, approval_id)
    _refuse_who_may_not(context, row)
    if body.decision == "refuse" and not body.reason:
        raise ActionNotAllowed("a reason is needed")
    yes = body.decision == "approve"
    if yes:
        await _refuse_who_counted(context, row)
    await _mark(context, row, ApprovalState.APPROVED if yes else ApprovalState.REFUSED, body.reason)
    if yes:
        await _carry_out(context, settings, row)
    else:
        await _taken_back(context, row, PurchaseAction.REFUSE, body.reason)
    return await get_approval(approval_id, context)


@router.post("/approvals/{approval_id}/withdrawal")
async def withdraw(approval_id: Code, context: Context) -> ApprovalView:
    """Whoever asked wants it no more."""
    row = await one(context, approval_id)
    if row.asked_by_id != _me(context):
        raise Problem("NotAllowed", 403)
    await _mark(context, row, ApprovalState.WITHDRAWN, "")
    await _taken_back(context, row, PurchaseAction.TAKE_BACK)
    return await get_approval(approval_id, context)


@router.post("/key-exports", status_code=202, responses=WAITS)
async def export_key(body: KeyExport, context: Context, settings: SettingsOf) -> None:
    """The encryption key for a safe: wrapped for the key given here, after a second administrator
    said yes."""
    _public_key(body.public_key)
    await ask_another(
        context, settings, ApprovalKind.KEY_EXPORT, "key", {"public_key": body.public_key},
        body.reason,
    )  # fmt: skip


async def seen_by(context: RequestContext) -> Sequence[Row[Any]]:
    """The rows this person may see."""
    kinds = kinds_of(context.principal.roles)
    async with context.sessions.begin() as session:
        return await kept.approvals(session, _me(context), kinds, datetime.now(UTC))


async def one(context: RequestContext, approval_id: str) -> Row[Any]:
    """One that this person may see. Raises Problem 404."""
    kinds = kinds_of(context.principal.roles)
    async with context.sessions.begin() as session:
        row = await kept.approval(session, _me(context), kinds, approval_id)
    if row is None:
        raise Problem("NotFound", 404)
    return row


def may_decide(context: RequestContext, row: Row[Any]) -> bool:
    """Another person than who asked, with the right; never a program."""
    other = context.principal.kind == "account" and row.asked_by_id != _me(context)
    if row.kind == ApprovalKind.KEY_EXPORT and not context.principal.scope.whole:
        return False
    return other and bool(context.principal.roles & DECIDED_BY[ApprovalKind(row.kind)])


def state_of(row: Row[Any]) -> str:
    """Its state; one that nobody decided about in time has expired."""
    late = row.state == ApprovalState.OPEN and row.expires_at <= datetime.now(UTC)
    return "expired" if late else str(row.state)


async def preview(context: RequestContext, settings: Settings, row: Row[Any]) -> Preview:
    """What it would do now. Raises what planning it raises."""
    told = row.payload
    if row.kind == ApprovalKind.RETURN_DECISION:
        body = Decided(**told["body"])
        shown = await returns.plan(
            told["return_no"], context, body.action, body.freight, body.deduction, body.goodwill
        )
        return Preview(plan=shown, changed=shown.plan_hash != body.plan_hash)
    if row.kind == ApprovalKind.CANCELLATION:
        wish = orders.Cancellation(**told["body"])
        planned = await orders.cancellation_plan(
            told["no"], context, list(wish.line_ids), wish.intercept
        )
        return Preview(plan=planned, changed=planned.plan_hash != wish.plan_hash)
    if row.kind == ApprovalKind.LINES:
        edit = line_edits.Lines(**told["body"])
        edited = await line_edits.lines_plan(
            told["no"], line_edits.LinesWish(lines=edit.lines), context, settings
        )
        return Preview(plan=edited, changed=edited.plan_hash != edit.plan_hash)
    if row.kind == ApprovalKind.ADJUSTMENT and "import_id" in told:
        return Preview(
            lines=(await importing.differences(context, told["import_id"]))[:_MOST_LINES]
        )
    if row.kind == ApprovalKind.ADJUSTMENT and "count_no" in told:
        found = await counts.get_count(told["count_no"], context.sessions)
        return Preview(
            lines=[
                receiving.AdjustedLine(sku=one.sku, quantity=one.difference, lot=one.lot)
                for one in found.items
                if one.difference
            ][:_MOST_LINES]
        )
    if row.kind == ApprovalKind.ADJUSTMENT and "apart" in told:
        wanted = quarantine.ApartDecided(**told["apart"])
        now = await quarantine.preview(wanted, context, settings)
        line = receiving.AdjustedLine(sku=wanted.sku, quantity=-wanted.units, lot=wanted.lot)
        return Preview(lines=[line], changed=now.plan_hash != wanted.plan_hash)
    if row.kind == ApprovalKind.ADJUSTMENT and {"transfer_no", "case_no"} & set(told):
        return Preview()
    if row.kind == ApprovalKind.ADJUSTMENT:
        return Preview(lines=receiving.Adjustment(**told["body"]).lines)
    return Preview()


def _refuse_who_may_not(context: RequestContext, row: Row[Any]) -> None:
    if row.asked_by_id == _me(context):
        raise OwnApproval("nobody approves what he asked for himself")
    if not may_decide(context, row):
        raise Problem("NotAllowed", 403)


async def _refuse_who_counted(context: RequestContext, row: Row[Any]) -> None:
    """What a count corrects is approved by somebody who saw none of it: the count itself asks."""
    if "count_no" in row.payload:
        async with context.sessions.begin() as session:
            if context.actor in await who_counted(session, row.payload["count_no"]):
                raise OwnApproval("nobody approves what he counted himself")


async def _taken_back(
    context: RequestContext, row: Row[Any], action: PurchaseAction, reason: str = ""
) -> None:
    """A purchase order that is not approved is a draft again, unless its buyer was faster."""
    if row.kind == ApprovalKind.PURCHASE and "lines" not in row.payload:
        with suppress(ActionNotAllowed):
            await purchases.answer_approval(context, row.id, row.payload["no"], action, reason)


async def _mark(context: RequestContext, row: Row[Any], state: ApprovalState, reason: str) -> None:
    async with context.sessions.begin() as session:
        done = await kept.decide(
            session, row.id, state, _me(context), context.actor, reason, datetime.now(UTC)
        )
        if not done:
            raise ApprovalOver(f"this is {state_of(row)}")
        await audit(
            session, context.actor, f"approval.{state}", f"approval/{row.id}", reason=reason,
            after={"kind": row.kind, "subject": row.subject, "asked_by": row.asked_by},
            request_id=context.request_id,
        )  # fmt: skip


async def _carry_out(context: RequestContext, settings: Settings, row: Row[Any]) -> None:
    """In the name of who asked; a refusal ends it, a failure on our side lets it be tried again."""
    kind, _, asked_by = row.asked_by_id.partition("/")
    roles = frozenset(Role(role) for role in row.asked_roles)
    scope = context.principal.scope
    asker = Principal(kind, asked_by, row.asked_by, row.asked_by, roles, scope=scope)
    acting = replace(context, principal=asker, approval_id=row.id, update_id=f"approval:{row.id}")
    try:
        result = await _do(acting, settings, row)
    except Exception as error:
        problem = problem_of(error)
        if problem is not None and problem.status < 500:
            await _settle(context, row, ApprovalState.FAILED, problem.code)
        raise
    await _settle(context, row, ApprovalState.DONE, result)


async def _settle(
    context: RequestContext, row: Row[Any], state: ApprovalState, result: str
) -> None:
    async with context.sessions.begin() as session:
        await kept.settle(session, row.id, state, result)


async def _do(acting: RequestContext, settings: Settings, row: Row[Any]) -> str:
    told = row.payload
    match row.kind:
        case ApprovalKind.RETURN_DECISION:
            await returns.decide(told["return_no"], Decided(**told["body"]), acting, settings)
        case ApprovalKind.CANCELLATION:
            await orders.cancel(told["no"], orders.Cancellation(**told["body"]), acting, settings)
        case ApprovalKind.LINES:
            edit = line_edits.Lines(**told["body"])
            await line_edits.change_lines(told["no"], edit, acting, settings)
        case ApprovalKind.ADJUSTMENT if "case_no" in told:
            decided = CaseDecided(**told["body"])
            await receipt_cases.decide(told["case_no"], decided, acting, settings)
        case ApprovalKind.ADJUSTMENT if "apart" in told:
            await quarantine.decide(quarantine.ApartDecided(**told["apart"]), acting, settings)
        case ApprovalKind.ADJUSTMENT if "import_id" in told:
            file = await importing.found(acting, told["import_id"])
            await importing.decide(acting, settings, file, told["decision"])
        case ApprovalKind.ADJUSTMENT if "count_no" in told:
            await counts.post(told["count_no"], acting, settings)
        case ApprovalKind.ADJUSTMENT if "transfer_no" in told:
            about = transfer_bodies.DifferenceDecided(**told["body"])
            no, difference = told["transfer_no"], told["difference_id"]
            await transfers.decide(no, difference, about, acting, settings)
        case ApprovalKind.ADJUSTMENT:
            await receiving.adjust(receiving.Adjustment(**told["body"]), acting, settings)
        case ApprovalKind.PURCHASE if "lines" in told:
            await purchases.amend_approved(acting, told)
        case ApprovalKind.PURCHASE:
            await purchases.answer_approval(
                acting, row.id, told["no"], PurchaseAction.APPROVE
            )  # fmt: skip
        case ApprovalKind.KEY_EXPORT:
            return _wrapped(settings.encryption_key(), told["public_key"])
    return ""


def _public_key(pem: str) -> rsa.RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        key = None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _LEAST_KEY_BITS:
        raise InvalidInput("an RSA key of 3072 bits or more in PEM is needed")
    return key


def _wrapped(secret: bytes, pem: str) -> str:
    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
    return base64.b64encode(_public_key(pem).encrypt(secret, oaep)).decode()


def _me(context: RequestContext) -> str:
    return f"{context.principal.kind}/{context.principal.id}"
