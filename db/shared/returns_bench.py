"""The returns bench: what came in is counted and lies in quarantine until it was looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lot_asking import refuse_without_lot
from db.inventory.repository import StockRepository
from db.inventory.serials import SerialRegister, Unit
from db.orders.refunds import tell_return
from db.orders.returns import CLAIM, lock_return, tell
from db.orders.words import keep_words, of_inspection
from db.sql import run
from domain.inventory.stock import Document, StockKey, StockLine
from domain.orders.returns.model import QUARANTINE, Disposition, Outcome, ReturnKind
from domain.shared.errors import ActionNotAllowed, InvalidInput, SerialsMissing
from domain.shared.ids import LocationId, Lot, Sku

_SKUS: Final = """
SELECT fulfilment_line_id AS id, sku FROM sales_return_line WHERE return_no = :return_no
"""

_LINE: Final = """
SELECT l.*, f.returned_quantity, f.quantity - f.cancelled_quantity AS ordered
FROM sales_return_line l JOIN fulfilment_line f ON f.id = l.fulfilment_line_id
WHERE l.return_no = :return_no AND l.fulfilment_line_id = :line FOR NO KEY UPDATE
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
                              WHERE i.receipt_id = c.id AND NOT EXISTS (
                                  SELECT FROM return_inspection_undo u
                                  WHERE u.inspection_id = i.id)), 0)::bigint AS left_over
FROM return_receipt c
JOIN sales_return_line l USING (return_no, fulfilment_line_id)
WHERE c.return_no = :return_no ORDER BY c.at, c.id
"""

_INSPECTION: Final = """
INSERT INTO return_inspection (id, receipt_id, return_no, fulfilment_line_id, quantity, disposition,
                               location_id, lot, actor)
VALUES (:id, :receipt_id, :return_no, :line, :quantity, :disposition, :location_id, :lot, :actor)
"""

_DONE_BEFORE: Final = """
SELECT 1 FROM return_inspection WHERE return_no = :return_no AND left(id, :length) = :act LIMIT 1
"""

INSPECTED: Final = """
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
    `lot` None keeps the lot; `serials` are the numbers of the units, where their SKU asks."""

    line_id: str
    quantity: int
    disposition: Disposition
    location_id: str = ""
    lot: str | None = None
    note: str = ""
    serials: tuple[str, ...] = ()


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
        stock, place = StockRepository(self.session), LocationId(location_id)
        await stock.refuse_unknown_place(place)
        skus = {
            line.id: Sku(line.sku) for line in await run(self.session, _SKUS, return_no=return_no)
        }
        if strange := sorted({one.line_id for one in counted} - set(skus)):
            raise InvalidInput(f"{strange[0]} is no line of this return")
        in_order = sorted(counted, key=lambda one: (one.line_id, one.lot, one.quantity))
        keys = [quarantined(skus[one.line_id], place, one.lot) for one in in_order]
        await stock.hold(keys)
        told = False
        for number, (one, key) in enumerate(zip(in_order, keys, strict=True)):
            told |= await self._receive(row, f"{act}:{number}", key, one)
        if not told:
            return
        await run(self.session, _REOPENED, return_no=return_no)
        if row.outcome != Outcome.OPEN:
            data = {"return_no": return_no}
            await tell(self.session, row.order_id, return_no, "return_reopened", data, self.actor)
        goods = ", ".join(f"{skus[one.line_id]} × {one.quantity}" for one in in_order)
        data = {"return_no": return_no, "goods": goods, "location": location_id}
        await tell(self.session, row.order_id, return_no, "return_received", data, self.actor)
        await tell_return(self.session, return_no, row.order_id)

    async def inspect(self, return_no: str, act: str, verdicts: Sequence[Verdict]) -> None:
        """Say what becomes of received units, and keep them so in the stock ledger, once.

        Raises ReturnNotFound, UnknownLocation, InvalidInput, ActionNotAllowed for more units than
        lie in quarantine, LotMissing, SerialsMissing, and SerialTaken for a unit that was not sent
        with the order.
        """
        row = await lock_return(self.session, return_no)
        if await run(
            self.session, _DONE_BEFORE, return_no=return_no, act=f"{act}:", length=len(act) + 1
        ):
            return
        _refuse_unless_positive(verdicts)
        stock = StockRepository(self.session)
        for place in sorted({one.location_id for one in verdicts if one.location_id}):
            await stock.refuse_unknown_place(LocationId(place))
        sorted_out = await self._sorted_out(return_no, verdicts)
        accepted = [one for one in sorted_out if one.verdict.disposition.is_accepted]
        await refuse_without_lot(
            self.session, [StockLine(one.becomes, one.units) for one in accepted]
        )
        await self._serials(row, act, sorted_out)
        await stock.hold(key for one in sorted_out for key in (one.lies, one.becomes))
        for number, one in enumerate(sorted_out):
            await self._sort_out(row, f"{act}:{number}", one)
        await tell_return(self.session, return_no, row.order_id)

    async def _sorted_out(
        self, return_no: str, verdicts: Sequence[Verdict]
    ) -> Sequence["_SortedOut"]:
        """The verdicts on units of each receipt, the oldest first."""
        receipts = await run(self.session, _RECEIPTS, return_no=return_no)
        left = {receipt.id: receipt.left_over for receipt in receipts}
        found: list[_SortedOut] = []
        for verdict in verdicts:
            wanted = verdict.quantity
            for receipt in receipts:
                units = min(wanted, left[receipt.id])
                if receipt.fulfilment_line_id == verdict.line_id and units > 0:
                    done = verdict.quantity - wanted
                    numbers = verdict.serials[done : done + units]
                    found.append(_SortedOut(receipt, verdict, units, numbers))
                    left[receipt.id], wanted = left[receipt.id] - units, wanted - units
            if wanted:
                raise ActionNotAllowed(
                    f"{verdict.quantity - wanted} units of {verdict.line_id} wait for inspection,"
                    f" {verdict.quantity} are named"
                )
        return found

    async def _serials(self, row: Any, act: str, sorted_out: Sequence["_SortedOut"]) -> None:
        """The register has the units back, each under its number; what goes back to the buyer is
        not ours and needs none."""
        register = SerialRegister(self.session, self.actor)
        asked = await register.asked(one.receipt.sku for one in sorted_out)
        for number, one in enumerate(sorted_out):
            if one.receipt.sku not in asked or not one.verdict.disposition.is_accepted:
                continue
            if len(set(one.serials)) != one.units:
                raise SerialsMissing(f"{one.units} serial numbers of {one.receipt.sku} are needed")
            becomes = one.becomes
            units = [
                Unit(becomes.sku, serial, becomes.lot, becomes.condition) for serial in one.serials
            ]
            await register.come_back(
                row.return_no, row.order_id, f"{act}:{number}", units, becomes.location_id
            )

    async def _receive(self, row: Any, receipt_id: str, key: StockKey, one: Counted) -> bool:
        kept = await run(
            self.session, _RECEIPT, id=receipt_id, return_no=row.return_no, line=one.line_id,
            quantity=one.quantity, location_id=key.location_id, lot=one.lot, actor=self.actor,
        )  # fmt: skip
        if not kept:
            return False
        line = (await run(self.session, _LINE, return_no=row.return_no, line=one.line_id))[0]
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
        document = Document("return", row.return_no, f"return:{receipt_id}", self.actor)
        await StockRepository(self.session).take_back(document, [StockLine(key, one.quantity)])
        return True

    async def _sort_out(self, row: Any, inspection_id: str, one: "_SortedOut") -> None:
        verdict, becomes = one.verdict, one.becomes
        disposition = verdict.disposition
        await run(
            self.session, _INSPECTION, id=inspection_id, receipt_id=one.receipt.id,
            return_no=row.return_no, line=verdict.line_id, quantity=one.units,
            disposition=disposition, location_id=becomes.location_id, lot=becomes.lot,
            actor=self.actor,
        )  # fmt: skip
        words = {of_inspection(inspection_id): {"note": verdict.note}}
        await keep_words(self.session, row.order_id, words)
        await run(
            self.session, INSPECTED, return_no=row.return_no, line=verdict.line_id,
            quantity=one.units, accepted=one.units if disposition.is_accepted else 0,
        )  # fmt: skip
        document = Document("return", row.return_no, f"sort:{inspection_id}", self.actor)
        lies = StockLine(one.lies, one.units)
        await StockRepository(self.session).sort_out(document, lies, becomes)
        data = {
            "return_no": row.return_no, "goods": f"{becomes.sku} × {one.units}",
            "disposition": str(disposition), "location": str(becomes.location_id),
        }  # fmt: skip
        await tell(self.session, row.order_id, row.return_no, "return_inspected", data, self.actor)


@dataclass(frozen=True, slots=True)
class _SortedOut:
    """Units of one receipt and what becomes of them."""

    receipt: Any
    verdict: Verdict
    units: int
    serials: tuple[str, ...] = ()

    @property
    def lies(self) -> StockKey:
        return quarantined(
            Sku(self.receipt.sku), LocationId(self.receipt.location_id), self.receipt.lot
        )

    @property
    def becomes(self) -> StockKey:
        place = LocationId(self.verdict.location_id or self.receipt.location_id)
        lot = self.receipt.lot if self.verdict.lot is None else self.verdict.lot
        return StockKey(Sku(self.receipt.sku), place, Lot(lot), self.verdict.disposition.condition)


def quarantined(sku: Sku, place: LocationId, lot: str) -> StockKey:
    """How received units lie until they are inspected."""
    return StockKey(sku, place, Lot(lot), QUARANTINE)


def _refuse_unless_positive(told: Sequence[Counted] | Sequence[Verdict]) -> None:
    if not told or any(one.quantity <= 0 for one in told):
        raise InvalidInput("lines with quantities above zero are needed")
