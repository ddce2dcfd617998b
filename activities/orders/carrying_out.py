"""Booking what buyers carried out of a store: the goods are gone, the books follow."""

from dataclasses import dataclass
from typing import Final

from temporalio import activity

from activities.orders.ports import OrderRules
from db.engine import Sessions
from db.inventory.carrying_out import carry_out
from db.orders import tickets
from db.orders.repository import OrderRepository
from db.orders.tickets import OpenSale
from domain.inventory.stock import CarryOut, Document
from domain.orders.intake import Judgement
from domain.orders.order import HoldKind
from domain.orders.ticket import shared_out
from domain.orders.work import BookSale, Entry, SaleBooked
from domain.shared.ids import LocationId, Sku

_STORY: Final = {"books": "carried_out", "counted": "carried_out_counted"}


@dataclass(frozen=True, slots=True)
class CarryingOutActivities:
    """One method is one transaction."""

    sessions: Sessions
    rules: OrderRules

    @activity.defn(name="order.carry_out")
    async def carry_out(self, request: BookSale) -> SaleBooked:
        """Issue what is still to be booked of a sale; what the books do not have is told.

        What was booked before is not booked again, so a retry goes on where things stand.
        """
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            await orders.lock(request.order_id)
            sale = await tickets.open_sale(session, request.order_id)
            entries = await self._book(orders, request, sale) if sale.lines else []
            sale = await tickets.open_sale(session, request.order_id)
            missing = ", ".join(f"{sku} × {units}" for sku, units in _units(sale).items())
            text = f"{sale.store} has too few of what was sold, by its books: {missing}"
            if missing:
                await orders.place_holds(request.order_id, [Judgement(HoldKind.STOCK_COUNT, text)])
            else:
                await orders.release_holds(request.order_id, [HoldKind.STOCK_COUNT], "system")
            state = await orders.state(request.order_id)
            state = await orders.record(state, max(request.seq, state.seq), entries)
        return SaleBooked(self.rules.on(state), text if missing else "", sale.store)

    async def _book(
        self, orders: OrderRepository, request: BookSale, sale: OpenSale
    ) -> list[Entry]:
        units = _units(sale)
        if request.how == "without_stock":
            issued = units
        else:
            document = Document("ticket", sale.next_number, f"carry:{sale.next_number}")
            goods = CarryOut(
                document, LocationId(sale.store), units, request.order_id, sale.workflow_id
            )
            counted = request.how == "counted"
            issued = await carry_out(orders.session, goods, counted=counted)
        lines = shared_out(sale.lines, issued)
        if not lines:
            return []
        await tickets.ship_at_once(orders.session, request.order_id, sale, lines)
        goods_told = ", ".join(f"{sku} × {issued[sku]}" for sku in sorted(issued))
        kind = _STORY.get(request.how, "carried_out_before")
        return [Entry(kind, {"location": sale.store, "goods": goods_told}, request.actor)]


def _units(sale: OpenSale) -> dict[Sku, int]:
    sums: dict[Sku, int] = {}
    for _, sku, units in sale.lines:
        sums[sku] = sums.get(sku, 0) + units
    return dict(sorted(sums.items()))
