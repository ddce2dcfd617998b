"""Claims for goods over the API: what suppliers and carriers owe, and what came of it."""

from datetime import date, datetime
from typing import Any, Final, Self

from fastapi import APIRouter
from sqlalchemy.engine import Row

from api.deps import Context, SessionsOf
from api.orders.money import MoneyView
from api.orders.returns import act_of, minor
from api.strict import Asked, Code, Day, SafeStr, StrictBody, Sum, Switch
from db.finance.goods_claims import ClaimLine, GoodsClaims
from domain.finance.goods_claims import ClaimMove

router = APIRouter(prefix="/goods-claims", tags=["finance"])

_PAGE: Final = 100


class GoodsClaimMoneyView(StrictBody):
    """One line of a claim's ledger. `voucher_no` is empty for the seconds until it is booked."""

    kind: ClaimMove
    amount: MoneyView
    on: date
    reference: str
    reason: str
    actor: str
    voucher_no: str


class GoodsClaimSummary(StrictBody):
    """What a debtor (supplier/… or carrier/…) owes for the goods of a receipt or transfer. Its
    number is that of the case or the difference."""

    claim_no: str
    origin: str
    document_no: str
    location: str
    debtor: str
    claimed: MoneyView
    accepted: MoneyView
    received: MoneyView
    set_off: MoneyView
    written_off: MoneyView
    owed: MoneyView
    opened_at: datetime

    @classmethod
    def of(cls, row: Row[Any], **more: Any) -> Self:
        sums = ("claimed", "accepted", "received", "set_off", "written_off")
        return cls.model_validate(
            {
                **{
                    name: getattr(row, name)
                    for name in ("claim_no", "origin", "document_no", "debtor")
                },
                "location": row.location_id, "opened_at": row.created_at,
                "owed": MoneyView.of(row.owed, row.currency),
                **{
                    name: MoneyView.of(getattr(row, f"{name}_minor"), row.currency)
                    for name in sums
                },
                **more,
            }
        )  # fmt: skip


class GoodsClaimView(GoodsClaimSummary):
    """One claim with its ledger, the first line first."""

    ledger: list[GoodsClaimMoneyView]


class GoodsClaimPage(StrictBody):
    """The newest first; `next` is the cursor of older ones, empty at the end."""

    claims: list[GoodsClaimSummary]
    next: str


class GoodsClaimMoved(StrictBody):
    """kind: accepted | received | set_off | written_off. `take_back` takes so much of earlier lines
    back; that and a write-off need a reason. `on` is the day it was accepted or came."""

    kind: ClaimMove
    amount: Sum
    take_back: Switch = False
    on: Day | None = None
    reference: SafeStr = ""
    reason: SafeStr = ""


@router.get("")
async def claims(
    sessions: SessionsOf, waiting: bool = False, document: Asked = "", before: Asked = ""
) -> GoodsClaimPage:
    """Claims for goods; `waiting` those that nobody accepted yet or that still owe."""
    async with sessions.begin() as session:
        rows = await GoodsClaims(session).list(
            waiting=waiting, limit=_PAGE + 1, before=before, document=document
        )
    shown = rows[:_PAGE]
    return GoodsClaimPage(
        claims=[GoodsClaimSummary.of(row) for row in shown],
        next=shown[-1].claim_no if len(rows) > _PAGE else "",
    )


@router.get("/{claim_no}")
async def claim(claim_no: Code, sessions: SessionsOf) -> GoodsClaimView:
    """One claim for goods, with the vouchers of its money."""
    async with sessions.begin() as session:
        return await _view(GoodsClaims(session), claim_no)


@router.post("/{claim_no}/money")
async def move(claim_no: Code, body: GoodsClaimMoved, context: Context) -> GoodsClaimView:
    """Say that it was accepted, that it came or was set off, or that it is given up."""
    async with context.sessions.begin() as session:
        found = GoodsClaims(session, context.actor, context.request_id)
        amount = minor(body.amount, (await found.find(claim_no)).currency)
        line = ClaimLine(
            act_of(context, claim_no), body.kind, -amount if body.take_back else amount, body.on,
            body.reference, body.reason,
        )  # fmt: skip
        await found.move(claim_no, line)
        return await _view(found, claim_no)


async def _view(claims: GoodsClaims, claim_no: str) -> GoodsClaimView:
    row = await claims.find(claim_no)
    lines = [
        GoodsClaimMoneyView(
            kind=ClaimMove(one.kind), amount=MoneyView.of(one.amount_minor, row.currency),
            on=one.value_on, reference=one.reference, reason=one.reason, actor=one.actor,
            voucher_no=one.voucher_no,
        )
        for one in await claims.ledger(claim_no)
    ]  # fmt: skip
    return GoodsClaimView.of(row, ledger=lines)
