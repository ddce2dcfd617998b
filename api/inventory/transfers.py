"""Transfers between places over the API: drafted, approved, shipped, received, decided."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from api.deps import Context, RequestContext, SessionsOf, SettingsOf
from api.errors import Problem
from api.inventory.transfer_bodies import (
    ArrivalTold,
    DifferenceDecided,
    Drafted,
    LinesChanged,
    OnTheWayView,
    ShippingTold,
    TransferReason,
    TransferRequest,
    TransferSummary,
    TransferView,
    WantedLine,
)
from api.platform.asking import ask_another, correct_alone
from api.platform.docs import WAITS
from api.strict import Asked, Code
from db.inventory.transfer_queries import on_the_way, transfer_detail, transfer_queue
from db.inventory.transfers import (
    Decided,
    DraftLine,
    Received,
    Shipped,
    TransferDraft,
    Transfers,
)
from db.platform.alone import TooMuchAlone
from db.platform.audit import audit
from domain.inventory.transfers import WRITES_OFF, Arrived
from domain.platform.approvals import ApprovalKind
from domain.platform.permissions import Permission
from domain.shared.errors import ActionNotAllowed

router = APIRouter(tags=["transfers"])
Queue = Literal["", "approve", "ship", "receive", "decide", "closed"]


@router.get("/transfers")
async def list_transfers(
    sessions: SessionsOf,
    queue: Queue = "",
    location: Asked = "",
    q: Asked = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[TransferSummary]:
    """Open transfers, the most urgent first; `q` finds one by number, place or SKU."""
    async with sessions.begin() as session:
        rows = await transfer_queue(
            session, queue, location=location.strip(), q=q.strip(), limit=limit
        )
    return [TransferSummary.of(row) for row in rows]


@router.post("/transfers", status_code=201)
async def draft(body: TransferRequest, context: Context) -> Drafted:
    """Write a transfer down; nothing is promised before it is approved."""
    if body.approve:
        refuse_approval(context)
    wanted = TransferDraft(
        body.from_location, body.to_location, lines_of(body.lines), context.actor, "manual",
        body.days, body.remark, body.receipt_no,
    )  # fmt: skip
    if body.receipt_no:
        wanted = TransferDraft(
            wanted.from_location, wanted.to_location, wanted.lines, context.actor, "cross_dock",
            body.days, body.remark, body.receipt_no,
        )  # fmt: skip
    async with context.sessions.begin() as session:
        no = await Transfers(session).draft(wanted)
        await _audited(session, context, no, "drafted")
        if body.approve:
            await Transfers(session).approve(no, context.actor)
    return Drafted(no=no)


@router.get("/transfers/on-the-way")
async def list_on_the_way(sessions: SessionsOf, sku: Asked = "") -> list[OnTheWayView]:
    """What is between two places, by transfer, lot and owner, the first to arrive first."""
    async with sessions.begin() as session:
        rows = await on_the_way(session, [sku] if sku else None)
    return [OnTheWayView.of(row) for row in rows]


@router.get("/transfers/{no}")
async def get_transfer(no: Code, sessions: SessionsOf) -> TransferView:
    """One transfer, its lines by lot, and what did not arrive as it was sent."""
    async with sessions.begin() as session:
        return TransferView.whole(await transfer_detail(session, no))


@router.put("/transfers/{no}/lines")
async def change_lines(no: Code, body: LinesChanged, context: Context) -> TransferView:
    """Other lines, while nothing is promised yet."""
    async with context.sessions.begin() as session:
        await Transfers(session).change_lines(no, lines_of(body.lines))
        await _audited(session, context, no, "changed")
    return await get_transfer(no, context.sessions)


@router.post("/transfers/{no}/approval")
async def approve(no: Code, context: Context) -> TransferView:
    """Promise its goods at the sender."""
    async with context.sessions.begin() as session:
        await Transfers(session).approve(no, context.actor)
        await _audited(session, context, no, "approved")
    return await get_transfer(no, context.sessions)


@router.post("/transfers/{no}/cancellation")
async def cancel(no: Code, body: TransferReason, context: Context) -> TransferView:
    """Give back what was promised; 409 once the goods have left."""
    async with context.sessions.begin() as session:
        await Transfers(session).cancel(no, context.actor, body.reason)
        await _audited(session, context, no, "cancelled", body.reason)
    return await get_transfer(no, context.sessions)


@router.post("/transfers/{no}/shipment")
async def ship(no: Code, body: ShippingTold, context: Context) -> TransferView:
    """The goods left the sender; from now on they are on the way."""
    units = {line.line_no: line.quantity for line in body.lines}
    serials = {line.line_no: line.serials for line in body.lines}
    told = Shipped(
        _key(context), context.actor, units, body.carrier, body.waybill_no, body.eta, serials
    )
    async with context.sessions.begin() as session:
        await Transfers(session).shipped(no, told)
        await _audited(session, context, no, "shipped")
    return await get_transfer(no, context.sessions)


@router.post("/transfers/{no}/shipment/withdrawal")
async def take_back(no: Code, body: TransferReason, context: Context) -> TransferView:
    """It never left: its goods are promised at the sender again. 409 once some of it arrived."""
    async with context.sessions.begin() as session:
        await Transfers(session).take_back(no, _key(context), context.actor, body.reason)
        await _audited(session, context, no, "taken_back", body.reason)
    return await get_transfer(no, context.sessions)


@router.post("/transfers/{no}/arrivals")
async def receive(no: Code, body: ArrivalTold, context: Context) -> TransferView:
    """Some or all of it came; what is short, over or damaged waits for a decision."""
    lines = tuple(
        Arrived(
            x.line_no, x.good, x.damaged, x.missing, tuple(x.serials), tuple(x.damaged_serials)
        )
        for x in body.lines
    )  # fmt: skip
    told = Received(_key(context), context.actor, lines, body.last, body.receipt_no)
    async with context.sessions.begin() as session:
        await Transfers(session).received(no, told)
        await _audited(session, context, no, "received")
    return await get_transfer(no, context.sessions)


@router.post("/transfers/{no}/differences/{id}/decision", responses=WAITS)
async def decide(
    no: Code, id: Code, body: DifferenceDecided, context: Context, settings: SettingsOf
) -> TransferView:
    """What became of units that differ. 202 when it writes off, or finds, so many units that a
    second person has to approve it."""
    told = Decided(
        _key(context), context.actor, id, body.decision, body.units, body.reason, body.reference,
        tuple(body.serials),
    )  # fmt: skip
    try:
        async with context.sessions.begin() as session:
            if body.decision in WRITES_OFF:
                moved = await _moved(session, no, id, body.units)
                await correct_alone(session, context, settings, f"transfer:{told.key}", moved)
            await Transfers(session).decide(no, told)
            await _audited(session, context, no, f"difference_{body.decision}", body.reason)
    except TooMuchAlone:
        row = (await _detail(context, no)).row
        await ask_another(
            context, settings, ApprovalKind.ADJUSTMENT, f"location/{row.to_location}",
            {"transfer_no": no, "difference_id": id, "body": body.model_dump(mode="json")},
            body.reason, units=body.units,
        )  # fmt: skip
    return await get_transfer(no, context.sessions)


def refuse_approval(context: RequestContext) -> None:
    """Raises Problem 403 for whoever may draft transfers, but not approve them."""
    if not context.principal.may(Permission.APPROVE_TRANSFERS):
        raise Problem("NotAllowed", 403)


def lines_of(lines: list[WantedLine]) -> tuple[DraftLine, ...]:
    """Lines as they are drafted."""
    return tuple(
        DraftLine(line.sku, line.quantity, line.lot, line.condition, line.owner or "own")
        for line in lines
    )


async def _detail(context: RequestContext, no: str) -> Any:
    async with context.sessions.begin() as session:
        return await transfer_detail(session, no)


async def _moved(session: Any, no: str, id: str, units: int) -> list[tuple[str, str, int]]:
    detail = await transfer_detail(session, no)
    for one in detail.differences:
        if one.id == id:
            return [(one.sku, detail.row.to_location, units)]
    raise ActionNotAllowed("nobody has to decide about this now")


def _key(context: RequestContext) -> str:
    """A report's key: that of the request, so that a repeated one is the same report."""
    return f"report:{context.update_id}"


async def _audited(
    session: Any, context: RequestContext, no: str, deed: str, reason: str = ""
) -> None:
    await audit(
        session, context.actor, f"transfer.{deed}", f"transfer/{no}", reason=reason,
        request_id=context.update_id,
    )  # fmt: skip
