"""Returns of a test company: what customer service and the returns bench press."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from db.orders.exchanges import WantedLine, priced
from db.orders.return_acts import open_return, parcel_sent
from db.orders.return_decisions import DecidedTerms, decide, plan_of
from db.orders.returns import Asked
from db.shared.returns_bench import Bench, Counted, Verdict
from domain.orders.returns.model import Disposition, ReturnKind, ReturnOrigin, ReturnReason
from domain.orders.returns.plan import ReturnAction, ReturnPlan
from tests.workflows.test_refunds import opened, paid
from tests.workflows.world import Company, own_order

APPROVE, REJECT, SETTLE = ReturnAction.APPROVE, ReturnAction.REJECT, ReturnAction.SETTLE
RESELL, SCRAP = Disposition.RESELL, Disposition.SCRAP
LINE = "SELECT min(id) AS id FROM fulfilment_line"
RETURN = "SELECT status, outcome FROM sales_return"
MONEY = "SELECT refunded_minor, returning_minor, refund_due_minor FROM sales_order"
REFUNDS = "SELECT count(*), coalesce(sum(amount_minor), 0)::int FROM refund"


def stock(condition: str = "good") -> str:
    """The query of what lies at HQ in a condition."""
    return (
        "SELECT coalesce(sum(on_hand), 0)::int FROM stock_balance WHERE location_id = 'HQ'"
        f" AND condition = '{condition}'"
    )


@dataclass
class Returns:
    """One delivered order with its returns; `acts` makes the names of button presses."""

    shop: Company
    line: str = ""
    order_id: str = ""
    acts: int = field(default=0)

    @classmethod
    async def of(cls, shop: Company) -> "Returns":
        """Of the only order, which has one line."""
        line = await shop.row(LINE)
        order = await shop.row("SELECT id FROM sales_order")
        return cls(shop, line.id, order.id)

    async def delivered(self, quantity: int = 3, payable: str = "30.00", **changes: Any) -> None:
        """An order for units of A was paid, sent and delivered."""
        await opened(self.shop)
        line = {"line_no": "1", "sku": "X-A", "title": "Tea", "quantity": quantity,
                "payable": payable}  # fmt: skip
        await self.shop.hear(own_order("1", **{"lines": [line], **changes}))
        no = await self.shop.first_shipment()
        total = await self.shop.row("SELECT payable_minor AS sum FROM sales_order")
        await paid(self.shop, total.sum)
        await self.shop.ship(no)
        await self.shop.status("shipped")
        await self.shop.deliver(no)
        await self.shop.status("delivered")
        self.line = (await self.shop.row(LINE)).id
        self.order_id = (await self.shop.row("SELECT id FROM sales_order")).id

    async def ask(
        self,
        units: int,
        reason: ReturnReason = ReturnReason.CHANGED_MIND,
        kind: ReturnKind = ReturnKind.RETURN,
        goodwill: int = 0,
        remedy: str = "refund",
        origin: ReturnOrigin = ReturnOrigin.CUSTOMER_SERVICE,
        case_no: str = "",
        wanted: Sequence[WantedLine] = (),
    ) -> str:
        """Customer service, or somebody else, opens a return."""
        async with self.shop.sessions.begin() as session:
            instead, _ = await priced(session, "CNY", wanted)
            asked = Asked(
                kind, origin, reason, {self.line: units} if units else {},
                goodwill_minor=goodwill, remedy=remedy, case_no=case_no, wanted=instead,
                actor="kefu",
            )  # fmt: skip
            return await open_return(session, self.order_id, asked)

    async def preview(
        self, no: str, action: ReturnAction, terms: DecidedTerms | None = None
    ) -> ReturnPlan:
        async with self.shop.sessions.begin() as session:
            return await plan_of(session, no, action, terms or DecidedTerms())

    async def decide(
        self, no: str, action: ReturnAction, terms: DecidedTerms | None = None
    ) -> ReturnPlan:
        """Preview and confirm."""
        plan = await self.preview(no, action, terms)
        async with self.shop.sessions.begin() as session:
            return await decide(
                session, no, action, plan.hash, terms or DecidedTerms(), "as agreed", "kefu"
            )

    async def send(self, no: str, waybill_no: str = "SF1") -> None:
        async with self.shop.sessions.begin() as session:
            await parcel_sent(session, no, "sf", waybill_no, "buyer")

    async def receive(self, no: str, units: int, act: str = "") -> None:
        """The bench counts what is in the parcel."""
        self.acts += 1
        async with self.shop.sessions.begin() as session:
            await Bench(session, "bench").receive(
                no, act or f"act{self.acts}", "HQ", [Counted(self.line, units)]
            )

    async def inspect(self, no: str, *verdicts: tuple[int, Disposition], act: str = "") -> None:
        """The bench says what becomes of them."""
        self.acts += 1
        told: Sequence[Verdict] = [Verdict(self.line, units, what) for units, what in verdicts]
        async with self.shop.sessions.begin() as session:
            await Bench(session, "bench").inspect(no, act or f"act{self.acts}", told)

    async def is_at(self, status: str, outcome: str = "") -> None:
        await self.shop.until(RETURN, status, outcome)
