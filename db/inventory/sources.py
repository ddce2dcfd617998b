"""Orders at suppliers as something that goods come in on."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.inbound import Came, Inbound, Source, Unannounced
from db.inventory.purchase_orders import PurchaseOrders
from domain.inventory.purchasing.model import OPEN_FOR_GOODS, PurchaseLine
from domain.inventory.receiving import Expected, SourceKind
from domain.shared.errors import PurchaseNotFound, SourceNotFound


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
            tuple(_expected(line, purchase.tolerance_percent) for line in purchase.lines),
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


def inbound_of(session: AsyncSession, kind: SourceKind) -> Inbound:
    """What knows the orders of a kind."""
    match kind:
        case SourceKind.PURCHASE:
            return OfPurchase(session)
        case _:
            return Unannounced()
