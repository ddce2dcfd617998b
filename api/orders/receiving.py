"""Goods that come in, and corrections of what lies there; who waited for them hears of it."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field, StrictInt

from api.deps import Context, SettingsOf
from api.platform.asking import ask_another, correct_alone
from api.platform.docs import WAITS
from api.strict import Code, Count, SafeStr, StrictBody
from db.inventory.lot_asking import refuse_without_lot
from db.inventory.repository import StockRepository
from db.inventory.serial_adjustments import SerialAdjustments
from db.platform.alone import TooMuchAlone
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.platform.approvals import ApprovalKind
from domain.shared.ids import LocationId, Lot, Sku

router = APIRouter(tags=["inventory"])

# A correction of more units than this is a typing error.
_MOST: Final = 1_000_000
Number = Annotated[SafeStr, Field(min_length=1, max_length=40)]
Change = Annotated[StrictInt, Field(ge=-_MOST, le=_MOST)]


class ReceivedLine(StrictBody):
    """Base units; goods without lots leave `lot` empty."""

    sku: Code
    quantity: Count
    lot: SafeStr = ""


class Receipt(StrictBody):
    """What a supplier brought. A location takes each document number once."""

    location: Code
    document_no: Code
    lines: list[ReceivedLine] = Field(min_length=1, max_length=1000)


class AdjustedLine(StrictBody):
    """Base units; less than zero takes away. Units of a SKU that asks for serial numbers are named
    by them; of opening stock they may be taken down later."""

    sku: Code
    quantity: Change
    lot: SafeStr = ""
    serials: list[Number] = Field(default=[], max_length=1000)


class Adjustment(StrictBody):
    """What was found to be otherwise. A location takes each document number once."""

    location: Code
    document_no: Code
    reason: AdjustmentReason
    lines: list[AdjustedLine] = Field(min_length=1, max_length=1000)


class Posted(StrictBody):
    """The document is in the ledger."""

    document_no: str
    units: int


@router.post("/receipts")
async def receive(body: Receipt, context: Context) -> Posted:
    """Take goods into stock; who waited longest for them gets them, and hears of it."""
    key = f"grn:{body.location}:{body.document_no}"
    document = Document("grn", body.document_no, key, context.actor)
    lines = _lines(body.location, body.lines)
    async with context.sessions.begin() as session:
        await refuse_without_lot(session, lines)
        await StockRepository(session).receive(document, lines)
    return Posted(document_no=body.document_no, units=sum(line.quantity for line in lines))


@router.post("/adjustments", responses=WAITS)
async def adjust(body: Adjustment, context: Context, settings: SettingsOf) -> Posted:
    """Correct what lies there, with a reason; units that are promised stay.

    202 when it moves so many units, with what the same person corrected of a SKU there within a
    day, that a second person has to approve it.
    """
    key = f"adjustment:{body.location}:{body.document_no}"
    document = Document("adjustment", body.document_no, key, context.actor)
    lines = _lines(body.location, body.lines)
    moved = [(line.sku, body.location, line.quantity) for line in body.lines]
    try:
        async with context.sessions.begin() as session:
            await correct_alone(session, context, settings, key, moved)
            await refuse_without_lot(session, lines)
            numbers = [line.serials for line in body.lines]
            register = SerialAdjustments(session)
            await register.follow(document, lines, body.reason, numbers)
            await StockRepository(session).adjust(document, lines, body.reason)
            await register.settle(document, lines)
    except TooMuchAlone:
        await ask_another(
            context, settings, ApprovalKind.ADJUSTMENT, f"location/{body.location}",
            {"body": body.model_dump(mode="json")}, str(body.reason),
            units=sum(abs(line.quantity) for line in body.lines),
        )  # fmt: skip
    return Posted(document_no=body.document_no, units=sum(line.quantity for line in lines))


def _lines(location: str, lines: list[ReceivedLine] | list[AdjustedLine]) -> tuple[StockLine, ...]:
    place = LocationId(location)
    return tuple(
        StockLine(StockKey(Sku(line.sku), place, Lot(line.lot)), line.quantity) for line in lines
    )
