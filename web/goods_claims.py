"""Claims for goods for accountants: who owes what, and what came of it."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deps import Context, SessionsOf
from api.finance import goods_claims
from api.language import N_
from api.strict import Asked
from db.finance.goods_claims import GoodsClaims
from domain.finance.goods_claims import SUPPLIER, ClaimMove
from domain.shared.clock import COMPANY_ZONE
from web.input import Short, Text, typed
from web.order_actions import body_of
from web.render import page
from web.returns import sum_of, to_page

router = APIRouter(include_in_schema=False)

MOST: Final = 100
MOVE: Final = {
    "accepted": N_("accepted"),
    "received": N_("paid"),
    "set_off": N_("set off against goods received"),
    "written_off": N_("written off"),
}


@router.get("/finance/goods-claims")
async def claims(
    request: Request, sessions: SessionsOf, waiting: bool = True, before: Asked = ""
) -> Response:
    """Claims against suppliers, and against carriers between our places; the newest first."""
    async with sessions.begin() as session:
        rows = await GoodsClaims(session).list(waiting=waiting, limit=MOST + 1, before=before)
    following = rows[MOST - 1].claim_no if len(rows) > MOST else ""
    return page(
        request, "goods_claims.html", rows=rows[:MOST], waiting=waiting, following=following
    )


@router.get("/finance/goods-claims/{claim_no}")
async def claim(claim_no: str, request: Request, sessions: SessionsOf) -> Response:
    """One claim, its money and the vouchers of it."""
    async with sessions.begin() as session:
        found = GoodsClaims(session)
        row = await found.find(typed(claim_no))
        ledger = await found.ledger(row.claim_no)
    moves = [
        move for move in ClaimMove
        if move is not ClaimMove.SET_OFF or row.debtor.startswith(SUPPLIER)
    ]  # fmt: skip
    return page(
        request, "goods_claim.html", row=row, ledger=ledger, moves=moves, names=MOVE,
        act=secrets.token_hex(8), today=datetime.now(UTC).astimezone(COMPANY_ZONE).date(),
    )  # fmt: skip


@router.post("/finance/goods-claims/{claim_no}/money")
async def move(
    claim_no: str,
    request: Request,
    context: Context,
    kind: Short = "",
    amount: Short = "",
    take_back: Short = "",
    on: Short = "",
    reference: Short = "",
    reason: Text = "",
    act: Short = "",
) -> Response:
    """Write down what came of it; a form that is sent twice counts once."""
    body = body_of(
        goods_claims.GoodsClaimMoved, kind=kind, amount=sum_of(amount),
        take_back=take_back == "yes", on=on or None, reference=reference, reason=reason,
    )  # fmt: skip
    once = replace(context, update_id=f"{context.actor}:{act}") if act else context
    await goods_claims.move(typed(claim_no), body, once)
    return to_page(request, f"/finance/goods-claims/{claim_no}")
