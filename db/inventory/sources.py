"""Orders at suppliers and transfers as something that goods come in on."""

from dataclasses import dataclass
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.inbound import Came, Inbound, Source, Unannounced
from db.inventory.purchase_orders import PurchaseOrders
from db.inventory.transfers import Received, Transfers
from domain.inventory.purchasing.model import OPEN_FOR_GOODS, PurchaseLine
from domain.inventory.receiving import Expected, SourceKind, Trouble, Verdict
from domain.inventory.transfers import Arrived, TransferState
from domain.shared.errors import PurchaseNotFound, SourceNotFound, TransferNotFound


@dataclass(frozen=True, slots=True)
class OfPurchase:
    """Goods of an order at a supplier; the receipt moves them."""

    session: AsyncSession
    moves_goods: bool = False

    async def source(self, no: str, *, locked: bool = False) -> Source:
        orders = PurchaseOrders(self.session)
        try:
            purchase, row = await (orders.locked if locked else orders.find)(no)
        except PurchaseNotFound as error:
            raise SourceNotFound(str(error)) from error
        return Source(
            SourceKind.PURCHASE, no, row.location_id, purchase.supplier, row.currency,
            purchase.state in OPEN_FOR_GOODS,
            tuple(_expected(line, purchase.tolerance_percent) for line in purchase.lines
                  if not line.dropped),
        )  # fmt: skip

    async def came(self, no: str, came: Came) -> None:
        units = {line_no: count for line_no, count in came.units.items() if count}
        if units:
            await PurchaseOrders(self.session).received(
                no, units, document=came.key, actor=came.actor
            )


def _expected(line: PurchaseLine, tolerance_percent: int) -> Expected:
    room = max(line.most(tolerance_percent) - line.received, 0)
    return Expected(
        line.line_no, line.sku, line.open, tolerance_units=room - min(line.open, room),
        cost_minor=line.price_minor,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OfTransfer:
    """Goods of a transfer: its own books move them, and people decide there about differences."""

    session: AsyncSession
    moves_goods: bool = True

    async def source(self, no: str, *, locked: bool = False) -> Source:
        transfers = Transfers(self.session)
        try:
            row = await (transfers.lock if locked else transfers.find)(no)
        except TransferNotFound as error:
            raise SourceNotFound(str(error)) from error
        return Source(
            SourceKind.TRANSFER, no, row.to_location, row.from_location,
            is_open=row.state == TransferState.SHIPPED,
            lines=tuple(
                Expected(
                    line.line_no, line.sku, line.on_the_way, announced_units=line.on_the_way,
                    lots=frozenset({line.lot} - {""}),
                )
                for line in await transfers.lines(no)
            ),
        )  # fmt: skip

    async def came(self, no: str, came: Came) -> None:
        """Broken and doubtful units arrive damaged; more than was sent is said of its line."""
        lines = await Transfers(self.session).lines(no)
        good: dict[int, int] = {}
        damaged: dict[int, int] = {}
        for one in came.lines:
            if one.trouble in NOT_OF_A_TRANSFER:
                continue
            line_no = one.source_line_no
            if not line_no:
                line_no = next(line.line_no for line in lines if line.sku == one.sku)
            is_fine = one.verdict is Verdict.ACCEPTED or one.trouble is Trouble.OVER
            counts = good if is_fine else damaged
            counts[line_no] = counts.get(line_no, 0) + one.units
        arrived = []
        for line in lines:
            fine, broken = good.get(line.line_no, 0), damaged.get(line.line_no, 0)
            gone = max(line.on_the_way - fine - broken, 0)
            if fine or broken or gone:
                arrived.append(Arrived(line.line_no, fine, broken, gone))
        told = Received(came.key, came.actor, tuple(arrived), receipt_no=came.receipt_no)
        await Transfers(self.session).received(no, told)


# What is in no book of a transfer: its receipt finds it.
NOT_OF_A_TRANSFER: Final = frozenset({Trouble.WRONG_SKU, Trouble.UNKNOWN_LOT})


def inbound_of(session: AsyncSession, kind: SourceKind) -> Inbound:
    """What knows the orders of a kind."""
    match kind:
        case SourceKind.PURCHASE:
            return OfPurchase(session)
        case SourceKind.TRANSFER:
            return OfTransfer(session)
        case _:
            return Unannounced()
