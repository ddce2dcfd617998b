"""Returns over the API: asked for, decided with a plan that was shown, received and inspected."""

import hashlib
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, RequestContext, SessionsOf, SettingsOf
from api.orders.paying_back import counted_for
from api.orders.return_bodies import (
    Decided,
    Inspection,
    Opened,
    ParcelSent,
    ReturnableLine,
    ReturnPlanView,
    ReturnReceipt,
    ReturnRequest,
    ReturnSummary,
    ReturnView,
    Said,
)
from api.platform.asking import ask_another
from api.platform.docs import WAITS
from api.strict import SUM, Code
from api.strict import Asked as Search
from db.logistics.claim_opening import claim_from_bench
from db.orders import return_acts, return_decisions
from db.orders.exchanges import WantedLine, priced
from db.orders.queries import OrderQueries
from db.orders.return_decisions import DecidedTerms
from db.orders.return_queries import (
    find_returns,
    return_detail,
    return_queue,
)
from db.orders.returns import Asked, returnable
from db.orders.tables import SalesOrderRow
from db.platform.alone import TooMuchAlone, add_alone, use_up
from db.platform.audit import audit
from db.shared import inspection_undo
from db.shared.returns_bench import Bench, Counted, Verdict
from db.sql import run
from domain.orders.returns.model import Disposition, ReturnOrigin
from domain.orders.returns.plan import ReturnAction, ReturnPlan
from domain.platform.approvals import ApprovalKind
from domain.platform.permissions import Permission
from domain.shared.errors import ActionNotAllowed, InvalidInput, OrderNotFound
from domain.shared.money import Money, minor_digits
from runtime.settings import Settings

router = APIRouter(tags=["returns"])
SumAsked = Annotated[str, Query(pattern=SUM)]
Queue = Literal["", "decide", "settle", "buyer", "coming", "inspect", "paying", "closed"]


@router.get("/orders/{no}/returnable")
async def can_come_back(no: Code, sessions: SessionsOf) -> list[ReturnableLine]:
    """What of the order was sent and can still come back."""
    async with sessions.begin() as session:
        order = await _order(session, no)
        return [ReturnableLine.of(row) for row in await returnable(session, order.id)]


@router.post("/orders/{no}/returns")
async def open_return(
    no: Code, body: ReturnRequest, context: Context, settings: SettingsOf
) -> Opened:
    """Open a return; the rules approve it, or a person has to, as always for goodwill."""
    units: dict[str, int] = {}
    for line in body.lines:
        units[line.line_id] = units.get(line.line_id, 0) + line.quantity
    async with context.sessions.begin() as session:
        order = await _order(session, no)
        goodwill = minor(body.goodwill, order.currency)
        wanted, below = await priced(session, order.currency, _wanted(body, order.currency))
        most = _most_goodwill(context, settings)
        if most is not None and below > most:
            raise ActionNotAllowed("goodwill above the limit is given by a manager")
        asked = Asked(
            body.kind, ReturnOrigin.CUSTOMER_SERVICE, body.reason, units, body.remark, goodwill,
            remedy=body.remedy, wanted=wanted, actor=context.actor,
        )  # fmt: skip
        number = await return_acts.open_return(session, order.id, asked)
        await audited(session, context, number, "opened", "")
    return Opened(return_no=number)


@router.get("/returns")
async def list_returns(
    sessions: SessionsOf,
    queue: Queue = "",
    q: Search = "",
    late: bool = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[ReturnSummary]:
    """Open returns, the most urgent first; `q` finds one by any number, also closed ones."""
    async with sessions.begin() as session:
        if q.strip():
            rows = await find_returns(session, q.strip(), limit)
        else:
            rows = await return_queue(session, queue, late=late, limit=limit)
    return [ReturnSummary.of(row) for row in rows]


@router.get("/returns/{return_no}")
async def get_return(return_no: Code, sessions: SessionsOf) -> ReturnView:
    """One return with its lines and refunds."""
    async with sessions.begin() as session:
        return ReturnView.whole(await return_detail(session, return_no))


@router.get("/returns/{return_no}/plan")
async def plan(
    return_no: Code,
    context: Context,
    action: ReturnAction,
    freight: bool | None = None,
    deduction: SumAsked = "0",
    goodwill: SumAsked = "0",
) -> ReturnPlanView:
    """What a decision would do now, in money and goods; nothing happens yet."""
    async with context.sessions.begin() as session:
        terms = await _terms(session, return_no, freight, deduction, goodwill)
        return ReturnPlanView.of(await return_decisions.plan_of(session, return_no, action, terms))


@router.post("/returns/{return_no}/decision", responses=WAITS)
async def decide(
    return_no: Code, body: Decided, context: Context, settings: SettingsOf
) -> ReturnPlanView:
    """Carry out the plan that was shown; 409 when it would do something else now.

    202 when it pays back so much that a second person has to approve it.
    """
    if body.action is ReturnAction.REJECT and not body.reason:
        raise ActionNotAllowed("a reason is needed")
    try:
        async with context.sessions.begin() as session:
            terms = await _terms(session, return_no, body.freight, body.deduction, body.goodwill)
            if (terms.goodwill_minor or terms.deduction_minor) and not body.reason:
                raise ActionNotAllowed("a reason is needed")
            done = await return_decisions.decide(
                session, return_no, body.action, body.plan_hash, terms, body.reason, context.actor,
                most_goodwill_minor=_most_goodwill(context, settings),
            )  # fmt: skip
            await audited(session, context, return_no, str(body.action), body.reason)
            await _count(session, context, settings, return_no, done)
    except TooMuchAlone:
        await ask_another(
            context, settings, ApprovalKind.RETURN_DECISION, f"return/{return_no}",
            {"return_no": return_no, "body": body.model_dump(mode="json")}, body.reason,
            amount_minor=done.refund_minor, currency=done.currency,
        )  # fmt: skip
    return ReturnPlanView.of(done)


async def _count(
    session: AsyncSession,
    context: RequestContext,
    settings: Settings,
    return_no: str,
    done: ReturnPlan,
) -> None:
    """What is settled was counted when it was decided, as far as one person decided it.

    Raises TooMuchAlone when so much of the order needs a second person.
    """
    if not settings.two_person_refund_minor or context.approval_id:
        return
    [row] = await run(
        session, "SELECT order_id FROM sales_return WHERE return_no = :no", no=return_no
    )
    of, act, paid = counted_for(row.order_id), f"return/{return_no}", done.refund_minor
    if done.action is ReturnAction.SETTLE:
        await use_up(session, act, paid)
        act = f"{act}/{context.update_id}"
    await add_alone(session, of, act, {of: paid}, settings.two_person_refund_minor)


@router.post("/returns/{return_no}/parcel")
async def parcel(return_no: Code, body: ParcelSent, context: Context) -> Opened:
    """The buyer sent it under this number."""
    async with context.sessions.begin() as session:
        await return_acts.parcel_sent(
            session, return_no, body.carrier, body.waybill_no, context.actor
        )
    return Opened(return_no=return_no)


@router.post("/returns/{return_no}/question")
async def ask(return_no: Code, body: Said, context: Context) -> Opened:
    """Ask the buyer something; our clock stands still until the answer."""
    async with context.sessions.begin() as session:
        await return_acts.ask_buyer(session, return_no, body.text, context.actor)
    return Opened(return_no=return_no)


@router.post("/returns/{return_no}/answer")
async def answer(return_no: Code, body: Said, context: Context) -> Opened:
    """What the buyer answered; our clock goes on."""
    async with context.sessions.begin() as session:
        await return_acts.buyer_answered(session, return_no, body.text, context.actor)
    return Opened(return_no=return_no)


@router.post("/returns/{return_no}/withdrawal")
async def withdraw(return_no: Code, body: Said, context: Context) -> Opened:
    """The buyer keeps the goods, or it was a mistake."""
    async with context.sessions.begin() as session:
        await return_acts.withdraw(session, return_no, body.text, context.actor)
        await audited(session, context, return_no, "withdrawn", body.text)
    return Opened(return_no=return_no)


@router.post("/returns/{return_no}/receipts")
async def receive(return_no: Code, body: ReturnReceipt, context: Context) -> Opened:
    """Count what came in; a return that was over is open again."""
    counted = [Counted(line.line_id, line.quantity, line.lot) for line in body.lines]
    async with context.sessions.begin() as session:
        bench = Bench(session, context.actor)
        await bench.receive(return_no, act_of(context, return_no), body.location, counted)
        await audited(session, context, return_no, "received", "")
    return Opened(return_no=return_no)


@router.post("/returns/{return_no}/inspections")
async def inspect(return_no: Code, body: Inspection, context: Context) -> Opened:
    """Say what becomes of received units."""
    verdicts = [
        Verdict(
            line.line_id,
            line.quantity,
            line.disposition,
            line.location,
            line.lot,
            line.note,
            tuple(line.serials),
        )
        for line in body.lines
    ]
    async with context.sessions.begin() as session:
        await Bench(session, context.actor).inspect(return_no, act_of(context, return_no), verdicts)
        if body.damaged_on_the_way:
            await claim_damaged(session, context, return_no, verdicts)
        await audited(session, context, return_no, "inspected", "")
    return Opened(return_no=return_no)


@router.post("/returns/{return_no}/inspections/{inspection_id}/undo")
async def undo_inspection(
    return_no: Code, inspection_id: Code, body: Said, context: Context
) -> Opened:
    """Take back a mistyped inspection, before its money is planned: the units lie in quarantine
    again."""
    async with context.sessions.begin() as session:
        await inspection_undo.undo_inspection(
            session, return_no, inspection_id, body.text, context.actor
        )
        await audited(session, context, return_no, "uninspected", body.text)
    return Opened(return_no=return_no)


async def claim_damaged(
    session: Any, context: RequestContext, return_no: str, verdicts: Sequence[Verdict]
) -> None:
    """What the bench does not put back on sale was broken by the carrier: its parcel is claimed."""
    units: dict[str, int] = {}
    for one in verdicts:
        if one.disposition is not Disposition.RESELL:
            units[one.line_id] = units.get(one.line_id, 0) + one.quantity
    claim_no = await claim_from_bench(session, return_no, units, context.actor)
    if claim_no is not None:
        await audit(
            session, context.actor, "claim.opened", f"claim/{claim_no}",
            request_id=context.update_id,
        )  # fmt: skip


def act_of(context: RequestContext, return_no: str, said: str = "") -> str:
    """The name of one press of a button: the same when the request is sent again."""
    seed = f"{return_no}\x1f{said or context.update_id}"
    return hashlib.sha256(seed.encode()).hexdigest()[:32]


def minor(amount: str, currency: str) -> int:
    """Minor units of a decimal sum. Raises InvalidInput for parts of a cent, and for no sum."""
    digits = minor_digits(currency)
    if not re.fullmatch(SUM, amount):
        raise InvalidInput("this is no sum of money")
    if len(amount.partition(".")[2]) > digits:
        raise InvalidInput(f"a sum has {digits} decimal places at most")
    return Money.of(Decimal(amount), currency).minor


def _most_goodwill(context: RequestContext, settings: Settings) -> int | None:
    """In minor units; none for who may give any."""
    anything = context.principal.may(Permission.APPROVE_GOODWILL)
    return None if anything else settings.return_policy.goodwill_limit_minor


def _wanted(body: ReturnRequest, currency: str) -> list[WantedLine]:
    return [
        WantedLine(one.sku, one.quantity, None if one.price is None else minor(one.price, currency))
        for one in body.wanted
    ]


async def _terms(
    session: Any, return_no: str, freight: bool | None, deduction: str, goodwill: str
) -> DecidedTerms:
    currency = await return_decisions.currency_of(session, return_no)
    return DecidedTerms(freight, minor(deduction, currency), minor(goodwill, currency))


async def _order(session: Any, no: str) -> SalesOrderRow:
    order = await OrderQueries(session).find(no)
    if order is None:
        raise OrderNotFound(f"there is no order {no}")
    return order


async def audited(
    session: Any, context: RequestContext, return_no: str, deed: str, reason: str
) -> None:
    """Write down who did it, in the same transaction."""
    await audit(
        session, context.actor, f"return.{deed}", f"return/{return_no}", reason=reason,
        request_id=context.update_id,
    )  # fmt: skip
