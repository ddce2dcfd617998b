"""Purchase orders over the API: drafted, decided with a plan that was shown, printed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Annotated, Any, Literal

import anyio
from fastapi import APIRouter, Query
from starlette.responses import Response

from api.deps import Context, RequestContext, SessionsOf, SettingsOf
from api.errors import ApprovalAsked, Problem
from api.inventory.purchase_bodies import (
    AmendedLineBody,
    PurchaseCreated,
    PurchaseDecided,
    PurchaseEdit,
    PurchasePlanView,
    PurchaseRequest,
    PurchaseSummary,
    PurchaseView,
    PurchaseWish,
    WantedLine,
)
from api.orders.labels import RENDERERS
from api.orders.returns import minor
from api.platform.docs import WAITS
from api.strict import Asked as Search
from api.strict import Code
from db.inventory.buying_limits import submission
from db.inventory.placing import placed_order
from db.inventory.purchase_drafts import DraftLine, PurchaseDraft
from db.inventory.purchase_orders import PurchaseOrders, effect_key
from db.inventory.purchase_queries import find_purchases, purchase_detail, purchase_list
from db.inventory.purchase_story import Decision
from db.inventory.supplier_terms import supplier_row
from db.platform.approvals import Asked, ask_audited
from db.platform.audit import audit
from db.sql import run
from domain.inventory.purchasing.acts import AmendedLine, PurchaseAction, PurchasePlan, Wish
from domain.platform.approvals import ApprovalKind
from domain.shared.errors import ActionNotAllowed, PlanChanged
from integrations.printing import FontMissing
from integrations.purchase_sheets import render_purchase
from runtime.settings import Settings

router = APIRouter(tags=["purchasing"])
Tab = Literal["", "buyer", "approval", "answer", "goods", "late", "ended"]
# A second person says these, on the page Approvals.
_OF_ANOTHER = (PurchaseAction.APPROVE, PurchaseAction.REFUSE)


@router.get("/purchase-orders")
async def list_purchases(
    sessions: SessionsOf,
    tab: Tab = "",
    supplier: Search = "",
    location: Search = "",
    q: Search = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[PurchaseSummary]:
    """Open purchase orders, what is late first; `q` finds by any number, supplier or SKU."""
    async with sessions.begin() as session:
        if q.strip():
            rows = await find_purchases(session, q.strip(), limit)
        else:
            rows = await purchase_list(
                session, tab, supplier=supplier.strip(), location=location.strip(), limit=limit
            )
    return [PurchaseSummary.of(row) for row in rows]


@router.post("/purchase-orders", status_code=201)
async def draft(body: PurchaseRequest, context: Context) -> PurchaseCreated:
    """Write a purchase order down as a draft."""
    async with context.sessions.begin() as session:
        supplier = await supplier_row(session, body.supplier)
        new = PurchaseDraft(
            body.supplier, body.location_id, lines_of(body.lines, supplier.currency),
            body.wanted_on, body.reason, actor=context.actor,
        )  # fmt: skip
        no = await PurchaseOrders(session).draft(new)
        await audited(session, context, no, "drafted", body.reason)
    return PurchaseCreated(no=no)


@router.get("/purchase-orders/{no}")
async def get_purchase(no: Code, sessions: SessionsOf) -> PurchaseView:
    """One purchase order with its lines and its story."""
    async with sessions.begin() as session:
        purchase, _ = await PurchaseOrders(session).find(no)
        return PurchaseView.whole(await purchase_detail(session, no), purchase)


@router.put("/purchase-orders/{no}/lines")
async def edit(no: Code, body: PurchaseEdit, context: Context) -> PurchaseView:
    """Other lines or another day for a draft; 409 when it moved on since it was shown."""
    async with context.sessions.begin() as session:
        _, row = await PurchaseOrders(session).find(no)
        lines = lines_of(body.lines, row.currency)
        await PurchaseOrders(session).edit(no, lines, body.wanted_on, body.version, context.actor)
        await audited(session, context, no, "edited", "")
    return await get_purchase(no, context.sessions)


@router.post("/purchase-orders/{no}/plan")
async def plan(
    no: Code, body: PurchaseWish, context: Context, settings: SettingsOf
) -> PurchasePlanView:
    """What a decision would do now; nothing happens yet."""
    async with context.sessions.begin() as session:
        _, row = await PurchaseOrders(session).find(no)
        wish = await wish_of(session, body, row, settings)
        found = await PurchaseOrders(session).plan(no, wish)
    return PurchasePlanView.of(found, row.currency)


@router.post("/purchase-orders/{no}/decision", responses=WAITS)
async def decide(
    no: Code, body: PurchaseDecided, context: Context, settings: SettingsOf
) -> PurchasePlanView:
    """Carry out the plan that was shown; 409 when it would do something else now.

    An order above the limit waits for a second person: 202.
    """
    if body.action in _OF_ANOTHER:
        raise ActionNotAllowed("another person decides this under Approvals")
    async with context.sessions.begin() as session:
        _, row = await PurchaseOrders(session).find(no)
        wish = await wish_of(session, body, row, settings)
    decision = Decision(wish, body.plan_hash, body.reason, body.reference, context.actor)
    done = await carry_out(context, settings, no, decision)
    return PurchasePlanView.of(done, row.currency)


@router.get("/purchase-orders/{no}/sheet", response_class=Response,
            responses={200: {"content": {"application/pdf": {}}}})  # fmt: skip
async def sheet(no: Code, sessions: SessionsOf) -> Response:
    """The purchase order as a PDF, as the supplier gets it."""
    async with sessions.begin() as session:
        _, row = await PurchaseOrders(session).find(no)
        order = await placed_order(session, row, effect_key(no))
    try:
        pdf = await anyio.to_thread.run_sync(render_purchase, order, limiter=RENDERERS)
    except FontMissing as error:
        raise Problem("LabelFontMissing", 503, str(error)) from error
    headers = {"content-disposition": f'inline; filename="{row.no}.pdf"',
               "cache-control": "no-store"}  # fmt: skip
    return Response(pdf, media_type="application/pdf", headers=headers)


async def carry_out(
    context: RequestContext, settings: Settings, no: str, decision: Decision
) -> PurchasePlan:
    """Decide, and ask a second person where the sum needs one.

    Raises ApprovalAsked then; PurchaseNotFound, PlanChanged, ActionNotAllowed, InvalidInput.
    """
    approval_id = ""
    async with context.sessions.begin() as session:
        orders = PurchaseOrders(session)
        done = await orders.decide(no, decision)
        _, row = await orders.find(no)
        await audited(session, context, no, str(decision.wish.action), decision.reason)
        if done.asks:
            who = context.principal
            asked = Asked(
                ApprovalKind.PURCHASE, f"purchase/{no}", _to_ask(done, decision),
                decision.reason or row.reason, f"{who.kind}/{who.id}", who.actor, who.roles,
                _amount(done), row.currency,
            )  # fmt: skip
            lasts = timedelta(hours=settings.approval_hours)
            approval_id = await ask_audited(session, asked, lasts, context.request_id)
    if approval_id:
        raise ApprovalAsked(approval_id)
    return done


def _to_ask(done: PurchasePlan, decision: Decision) -> dict[str, Any]:
    """What a second person says yes to: the order as submitted, or the amendment in full."""
    no, version = done.before.no, done.before.version
    if done.action is not PurchaseAction.AMEND:
        return {"no": no, "version": version + 1}
    day = decision.wish.expected_on
    return {
        "no": no, "version": version, "lines": [asdict(one) for one in decision.wish.lines],
        "expected_on": day.isoformat() if day else "", "reason": decision.reason,
    }  # fmt: skip


def _amount(done: PurchasePlan) -> int:
    """What the order costs then."""
    asked = [one.amount_minor for one in done.effects if one.kind == "asks_approval"]
    return asked[0] if asked else done.after.total_minor


async def amend_approved(context: RequestContext, told: Mapping[str, Any]) -> None:
    """Another person said yes: what was asked for is done, if the order is still as it was.

    Raises PlanChanged, ActionNotAllowed, PurchaseNotFound.
    """
    day = told["expected_on"]
    wish = Wish(
        PurchaseAction.AMEND, expected_on=date.fromisoformat(day) if day else None,
        lines=tuple(AmendedLine(**one) for one in told["lines"]),
    )  # fmt: skip
    async with context.sessions.begin() as session:
        purchase, _ = await PurchaseOrders(session).locked(told["no"])
        if purchase.version != told["version"]:
            raise PlanChanged("the purchase order moved on since the plan was shown")
        decision = Decision(wish, reason=told["reason"], actor=context.actor)
        await PurchaseOrders(session).decide(told["no"], decision)
        await audited(session, context, told["no"], "amend", told["reason"])


async def answer_approval(
    context: RequestContext, approval_id: str, no: str, action: PurchaseAction, reason: str = ""
) -> None:
    """What became of the wish: approved, refused, or taken back by who asked."""
    async with context.sessions.begin() as session:
        rows = await run(session, "SELECT decided_by FROM approval WHERE id = :id", id=approval_id)
        actor = rows[0].decided_by if rows and rows[0].decided_by else context.actor
        decision = Decision(Wish(action), reason=reason, actor=actor)
        await PurchaseOrders(session).decide(no, decision)
        await audited(session, context, no, str(action), reason)


async def wish_of(session: Any, body: PurchaseWish, row: Any, settings: Settings) -> Wish:
    """The wish of a body; a submission with what needs no second person. Raises RateUnknown."""
    if body.action is PurchaseAction.SUBMIT:
        alone = settings.purchase_auto_approve_minor
        return await submission(session, row.supplier, row.currency, alone)
    if body.action is PurchaseAction.AMEND:
        alone = settings.purchase_auto_approve_minor
        limits = await submission(session, row.supplier, row.currency, alone)
        wanted = _lines_wanted(body.lines, row.currency)
        lines = await PurchaseOrders(session).amended(row.no, wanted)
        return replace(
            limits, action=body.action, lines=lines, expected_on=body.expected_on
        )  # fmt: skip
    units = {one.line_no: one.units for one in body.units}
    return Wish(body.action, units or None, body.expected_on)


def _lines_wanted(lines: Sequence[AmendedLineBody], currency: str) -> list[AmendedLine]:
    return [
        AmendedLine(
            one.line_no or 0, one.sku, one.units,
            None if one.price is None else minor(one.price, currency),
        )
        for one in lines
    ]  # fmt: skip


def lines_of(lines: Sequence[WantedLine], currency: str) -> list[DraftLine]:
    """Lines as people write them, priced in minor units."""
    return [
        DraftLine(one.sku, one.units, None if one.price is None else minor(one.price, currency))
        for one in lines
    ]


async def audited(session: Any, context: RequestContext, no: str, deed: str, reason: str) -> None:
    """Who did it, and why."""
    await audit(
        session, context.actor, f"purchase.{deed}", f"purchase/{no}", reason=reason,
        request_id=context.update_id,
    )  # fmt: skip
