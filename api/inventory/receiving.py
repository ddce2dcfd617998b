"""Receiving: what is expected, and goods at the ramp until they are in stock."""

from typing import Final, Literal

from fastapi import APIRouter
from sqlmodel.ext.asyncio.session import AsyncSession

from api.deps import Context, RequestContext, SessionsOf
from api.inventory.receiving_bodies import (
    ExpectedPage,
    ExpectedView,
    ReceiptOpened,
    ReceiptOpening,
    ReceiptPage,
    ReceiptPosted,
    ReceiptPosting,
    ReceiptScanAnswer,
    ReceiptScanAnswers,
    ReceiptScans,
    ReceiptSummary,
    ReceiptView,
    WithReason,
)
from api.strict import Asked, Code
from db.inventory import receipt_posting, receipt_queries, receipt_scans
from db.inventory.receiving import Opening, Receiving

router = APIRouter(tags=["receiving"])

_PAGE: Final = 100
State = Literal["", "open", "counted", "posted", "corrected", "cancelled"]


@router.get("/receiving/expected")
async def expected(sessions: SessionsOf, location: Asked = "") -> ExpectedPage:
    """Orders, transfers and ship notices that are still to come, the earliest first."""
    async with sessions.begin() as session:
        rows = await receipt_queries.expected(session, location)
    return ExpectedPage(
        expected=[
            ExpectedView(
                source_kind=row.kind, source_no=row.no, notice_no=row.notice_no,
                sender=row.sender, location=row.location_id, expected_on=row.expected_on,
                late=receipt_queries.is_late(row.expected_on, row.today), units=row.units,
                receipt_no=row.receipt_no or "",
            )
            for row in rows
        ]
    )  # fmt: skip


@router.get("/goods-receipts")
async def receipts(
    sessions: SessionsOf, location: Asked = "", state: State = "", before: Asked = ""
) -> ReceiptPage:
    """Goods receipts, the newest first."""
    async with sessions.begin() as session:
        rows = await receipt_queries.receipts(
            session, location=location, states=[state] if state else [], before=before,
            limit=_PAGE + 1,
        )  # fmt: skip
    shown = rows[:_PAGE]
    return ReceiptPage(
        receipts=[ReceiptSummary.of(row) for row in shown],
        next=shown[-1].no if len(rows) > _PAGE else "",
    )


@router.post("/goods-receipts")
async def open_receipt(body: ReceiptOpening, context: Context) -> ReceiptOpened:
    """Begin to receive; an open receipt of the same order is gone on with."""
    opening = Opening(
        body.location, body.source_kind, body.source_no, body.notice_no, body.remark
    )  # fmt: skip
    async with context.sessions.begin() as session:
        return ReceiptOpened(receipt_no=await _receiving(session, context).open(opening))


@router.get("/goods-receipts/{receipt_no}")
async def receipt(receipt_no: Code, sessions: SessionsOf) -> ReceiptView:
    """What was counted, and what became of it or would become of it."""
    async with sessions.begin() as session:
        picture = await Receiving(session).picture(receipt_no)
        return ReceiptView.of(picture, await receipt_queries.posted_lines(session, receipt_no))


@router.post("/goods-receipts/{receipt_no}/scans")
async def scan(receipt_no: Code, body: ReceiptScans, context: Context) -> ReceiptScanAnswers:
    """Hear scans in their order. Each counts once, however often it is sent; one that is refused
    says why, and the ones after it are heard all the same."""
    sent = [one.sent() for one in body.scans]
    async with context.sessions.begin() as session:
        row = await Receiving(session).lock(receipt_no)
        answers = await receipt_scans.ReceiptScans(session, row, context.actor).hear(sent)
    return ReceiptScanAnswers(answers=[ReceiptScanAnswer.of(one) for one in answers])


@router.post("/goods-receipts/{receipt_no}/finish")
async def finish(receipt_no: Code, context: Context) -> ReceiptView:
    """Nothing more comes out of the lorry: now it can be looked at."""
    async with context.sessions.begin() as session:
        receiving = _receiving(session, context)
        await receiving.finish(receipt_no)
        return ReceiptView.of(await receiving.picture(receipt_no))


@router.post("/goods-receipts/{receipt_no}/reopening", status_code=204)
async def reopen(receipt_no: Code, context: Context) -> None:
    """Count on; nothing was posted yet."""
    async with context.sessions.begin() as session:
        await _receiving(session, context).reopen(receipt_no)


@router.post("/goods-receipts/{receipt_no}/cancellation", status_code=204)
async def cancel(receipt_no: Code, body: WithReason, context: Context) -> None:
    """It was begun by mistake; nothing of it was posted."""
    async with context.sessions.begin() as session:
        await _receiving(session, context).cancel(receipt_no, body.reason)


@router.post("/goods-receipts/{receipt_no}/posting")
async def post(receipt_no: Code, body: ReceiptPosting, context: Context) -> ReceiptPosted:
    """Take it into stock: once, whoever asks; who waited longest for the goods gets them."""
    async with context.sessions.begin() as session:
        posting = receipt_posting.ReceiptPosting(session, context.actor, context.request_id)
        done = await posting.post(receipt_no, body.plan_hash or None)
    return ReceiptPosted(
        receipt_no=receipt_no, cases=list(done.cases), served=len(done.fills), **done.plan.sums
    )


@router.post("/goods-receipts/{receipt_no}/correction", status_code=204)
async def correct(receipt_no: Code, body: WithReason, context: Context) -> None:
    """Take a posted receipt back by an opposite posting, as long as its goods are all there."""
    async with context.sessions.begin() as session:
        posting = receipt_posting.ReceiptPosting(session, context.actor, context.request_id)
        await posting.correct(receipt_no, body.reason)


def _receiving(session: AsyncSession, context: RequestContext) -> Receiving:
    return Receiving(session, context.actor, context.request_id)
