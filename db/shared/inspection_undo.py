"""A mistyped inspection is taken back, as long as its units lie there and no money is planned."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.repository import StockRepository
from db.inventory.serials import SerialRegister
from db.orders.refunds import tell_return
from db.orders.returns import lock_return, tell
from db.orders.words import add_words, of_inspection
from db.shared.returns_bench import INSPECTED, quarantined
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.returns.model import Disposition, Outcome
from domain.shared.errors import ActionNotAllowed, ReturnNotFound
from domain.shared.ids import LocationId, Lot, Sku

_TO_UNDO: Final = """
SELECT i.*, l.sku, l.refunded_quantity, l.accepted_quantity, c.location_id AS received_at_id,
       c.lot AS received_lot,
       EXISTS (SELECT FROM return_inspection_undo u WHERE u.inspection_id = i.id) AS undone,
       EXISTS (SELECT FROM return_settlement s
               WHERE s.return_no = i.return_no AND s.at > i.at) AS settled
FROM return_inspection i
JOIN return_receipt c ON c.id = i.receipt_id
JOIN sales_return_line l
    ON l.return_no = i.return_no AND l.fulfilment_line_id = i.fulfilment_line_id
WHERE i.return_no = :return_no AND i.id = :id
"""

_UNDO: Final = """
INSERT INTO return_inspection_undo (inspection_id, actor) VALUES (:id, :actor)
"""

# What somebody decided to pay was for what lay there.
_UNDECIDED: Final = """
UPDATE sales_return SET settle_decided = false, updated_at = clock_timestamp()
WHERE return_no = :return_no
"""


async def undo_inspection(
    session: AsyncSession, return_no: str, inspection_id: str, reason: str, actor: str
) -> None:
    """Take back a mistyped inspection: its units lie in quarantine again, by a counter move.

    Raises ReturnNotFound, ActionNotAllowed once its money is planned, and InsufficientStock
    when the units are promised or gone. Said again, it changes nothing.
    """
    row = await lock_return(session, return_no)
    found = await run(session, _TO_UNDO, return_no=return_no, id=inspection_id)
    if not found:
        raise ReturnNotFound("there is no such inspection")
    one = found[0]
    if one.undone:
        return
    disposition = Disposition(one.disposition)
    accepted = one.quantity if disposition.is_accepted else 0
    open_still = row.outcome == Outcome.OPEN and row.settled_at is None and not one.settled
    if not open_still or one.accepted_quantity - accepted < one.refunded_quantity:
        raise ActionNotAllowed("money was planned for it: it stays as it is")
    await run(session, _UNDO, id=inspection_id, actor=actor)
    await SerialRegister(session, actor).return_undone(return_no, inspection_id)
    subject = of_inspection(inspection_id)
    await add_words(session, row.order_id, subject, undo_reason=reason)
    await run(
        session, INSPECTED, return_no=return_no, line=one.fulfilment_line_id,
        quantity=-one.quantity, accepted=-accepted,
    )  # fmt: skip
    await run(session, _UNDECIDED, return_no=return_no)
    sku = Sku(one.sku)
    lies = StockKey(sku, LocationId(one.location_id), Lot(one.lot), disposition.condition)
    back = quarantined(sku, LocationId(one.received_at_id), one.received_lot)
    document = Document("return", return_no, f"unsort:{inspection_id}", actor)
    line = StockLine(lies, one.quantity)
    await StockRepository(session).sort_out(document, line, back)
    data = {
        "return_no": return_no, "goods": f"{one.sku} × {one.quantity}",
        "disposition": str(disposition),
    }  # fmt: skip
    words = {"reason": reason}
    await tell(session, row.order_id, return_no, "return_uninspected", data, actor, words)
    await tell_return(session, return_no, row.order_id)
