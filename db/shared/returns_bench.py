"""The returns bench: what came in is counted and lies in quarantine until it was looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.repository import StockRepository
from db.orders.refunds import tell_return
from db.orders.returns import CLAIM, lock_return, tell
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.returns.model import QUARANTINE, Disposition, Outcome, ReturnKind
from domain.shared.errors import ActionNotAllowed, InvalidInput
from domain.shared.ids import LocationId, Lot, Sku

_LINES: Final = """
SELECT l.*, f.returned_quantity, f.quantity - f.cancelled_quantity AS ordered
FROM sales_return_line l JOIN fulfilment_line f ON f.id = l.fulfilment_line_id
WHERE l.return_no = :return_no ORDER BY l.fulfilment_line_id FOR NO KEY UPDATE
"""

_RECEIPT: Final = """
INSERT INTO return_receipt (id, return_no, fulfilment_line_id, quantity, location_id, lot, actor)
VALUES (:id, :return_no, :line, :quantity, :location_id, :lot, :actor)
ON CONFLICT DO NOTHING RETURNING id
"""

_RECEIVED: Final = """
UPDATE sales_return_line SET received_quantity = received_quantity + :quantity,
    claimed_quantity = claimed_quantity + :more
WHERE return_no = :return_no AND fulfilment_line_id = :line
"""

# Goods reopen what was over, and start another round where money was planned before.
_REOPENED: Final = """
UPDATE sales_return SET received_at = coalesce(received_at, clock_timestamp()),
    reopened = reopened OR outcome <> '', outcome = '', closed_at = NULL, settled_at = NULL,
    settle_decided = false, updated_at = clock_timestamp()
WHERE return_no = :return_no
"""

_RECEIPTS: Final = """
SELECT c.id, c.fulfilment_line_id, c.location_id, c.lot, l.sku,
       c.quantity - coalesce((SELECT sum(i.quantity) FROM return_inspection i
                              WHERE i.receipt_id = c.id), 0)::bigint AS left_over
FROM return_receipt c
JOIN sales_return_line l USING (return_no, fulfilment_line_id)
WHERE c.return_no = :return_no ORDER BY c.at, c.id
"""

_INSPECTION: Final = """
INSERT INTO return_inspection (id, receipt_id, return_no, fulfilment_line_id, quantity, disposition,
                               location_id, lot, note, actor)
VALUES (:id, :receipt_id, :return_no, :line, :quantity, :disposition, :location_id, :lot, :note,
        :actor)
"""

_DONE_BEFORE: Final = """
SELECT 1 FROM return_inspection WHERE return_no = :return_no AND left(id, :length) = :act LIMIT 1
"""

_INSPECTED: Final = """
UPDATE sales_return_line SET inspected_quantity = inspected_quantity + :quantity,
    accepted_quantity = accepted_quantity + :accepted
WHERE return_no = :return_no AND fulfilment_line_id = :line
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """Units of one line that are in the parcel."""

    line_id: str
    quantity: int
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of units of one line. Without a location they stay where they were received;
    `lot` None keeps the lot."""

    line_id: str
    quantity: int
    disposition: Disposition
    location_id: str = ""
    lot: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """The bench in one transaction. `act` names one press of a button: said again, it changes
    nothing."""

    session: AsyncSession
    actor: str = "system"

    async def receive(
        self, return_no: str, act: str, location_id: str, counted: Sequence[Counted]
    ) -> None:
        """Book what came in, by actual quantity; a return that was over is open again.

        Raises ReturnNotFound, UnknownLocation, InvalidInput for lines it does not have, and
        ActionNotAllowed for more units than were sent.
        """
        row = await lock_return(self.session, return_no)
        if not ReturnKind(row.kind).needs_goods:
            raise ActionNotAllowed("no goods come back with this return")
        _refuse_unless_positive(counted)
        await StockRepository(self.session).refuse_unknown_place(LocationId(location_id))
        told = False
        for number, one in enumerate(counted):
            lines = {line.fulfilment_line_id: line for line in await self._lines(return_no)}
            line = lines.get(one.line_id)
            if line is None:
                raise InvalidInput(f"{one.line_id} is no line of this return")
            told |= await self._receive(row, f"{act}:{number}", location_id, line, one)
        if not told:
            return
        await run(self.session, _REOPENED, return_no=return_no)
        if row.outcome != Outcome.OPEN:
            data = {"return_no": return_no}
            await tell(self.session, row.order_id, return_no, "return_reopened", data, self.actor)
        goods = ", ".join(f"{lines[one.line_id].sku} × {one.quantity}" for one in counted)
        data = {"return_no": return_no, "goods": goods, "location": location_id}
        await tell(self.session, row.order_id, return_no, "return_received", data, self.actor)
        await tell_return(self.session, return_no, row.order_id)

    async def inspect(self, return_no: str, act: str, verdicts: Sequence[Verdict]) -> None:
        """Say what becomes of received units, and keep them so in the stock ledger, once.

        Raises ReturnNotFound, UnknownLocation, InvalidInput, and ActionNotAllowed for more units
        than lie in quarantine.
        """
        row = await lock_return(self.session, return_no)
        await self._lines(return_no)
        if await run(
            self.session, _DONE_BEFORE, return_no=return_no, act=f"{act}:", length=len(act) + 1
        ):
            return
        _refuse_unless_positive(verdicts)
        number = 0
        for verdict in verdicts:
            left = verdict.quantity
            for receipt in await run(self.session, _RECEIPTS, return_no=return_no):
                units = min(left, receipt.left_over)
                if receipt.fulfilment_line_id == verdict.line_id and units > 0:
                    await self._sort_out(row, f"{act}:{number}", receipt, verdict, units)
                    number, left = number + 1, left - units
            if left:
                raise ActionNotAllowed(
                    f"{verdict.quantity - left} units of {verdict.line_id} wait for inspection,"
                    f" {verdict.quantity} are named"
                )
        await tell_return(self.session, return_no, row.order_id)

    async def _lines(self, return_no: str) -> Sequence[Any]:
        return await run(self.session, _LINES, return_no=return_no)

    async def _receive(
        self, row: Any, receipt_id: str, location_id: str, line: Any, one: Counted
    ) -> bool:
        kept = await run(
            self.session, _RECEIPT, id=receipt_id, return_no=row.return_no, line=one.line_id,
            quantity=one.quantity, location_id=location_id, lot=one.lot,
            actor=self.actor,
        )  # fmt: skip
        if not kept:
            return False
        sent_back = line.inspected_quantity - line.accepted_quantity
        awaited = line.received_quantity - sent_back + one.quantity
        more = max(awaited - line.claimed_quantity, 0)
        if line.returned_quantity + more > line.ordered:
            raise ActionNotAllowed(f"more of {line.sku} came back than was sent")
        await run(
            self.session, _RECEIVED, return_no=row.return_no, line=one.line_id,
            quantity=one.quantity, more=more,
        )  # fmt: skip
        await run(self.session, CLAIM, ids=[one.line_id], quantities=[more])
        key = StockKey(Sku(line.sku), LocationId(location_id), Lot(one.lot), QUARANTINE)
        document = Document("return", row.return_no, f"return:{receipt_id}", self.actor)
        await StockRepository(self.session).take_back(document, [StockLine(key, one.quantity)])
        return True

    async def _sort_out(
        self, row: Any, inspection_id: str, receipt: Any, verdict: Verdict, units: int
    ) -> None:
        disposition = verdict.disposition
        place = LocationId(verdict.location_id or receipt.location_id)
        await StockRepository(self.session).refuse_unknown_place(place)
        lot = receipt.lot if verdict.lot is None else verdict.lot
        await run(
            self.session, _INSPECTION, id=inspection_id, receipt_id=receipt.id,
            return_no=row.return_no, line=verdict.line_id, quantity=units,
            disposition=disposition, location_id=place, lot=lot, note=verdict.note,
            actor=self.actor,
        )  # fmt: skip
        await run(
            self.session, _INSPECTED, return_no=row.return_no, line=verdict.line_id,
            quantity=units, accepted=units if disposition.is_accepted else 0,
        )  # fmt: skip
        sku = Sku(receipt.sku)
        lies = StockKey(sku, LocationId(receipt.location_id), Lot(receipt.lot), QUARANTINE)
        document = Document("return", row.return_no, f"sort:{inspection_id}", self.actor)
        await StockRepository(self.session).sort_out(
            document, StockLine(lies, units), StockKey(sku, place, Lot(lot), disposition.condition)
        )
        data = {
            "return_no": row.return_no, "goods": f"{receipt.sku} × {units}",
            "disposition": str(disposition), "location": str(place),
        }  # fmt: skip
        await tell(self.session, row.order_id, row.return_no, "return_inspected", data, self.actor)


def _refuse_unless_positive(told: Sequence[Counted] | Sequence[Verdict]) -> None:
    if not told or any(one.quantity <= 0 for one in told):
        raise InvalidInput("lines with quantities above zero are needed")
