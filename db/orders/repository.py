"""Orders as their activities see them. Every method takes part in the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders import statements
from db.orders.promises import close_promise, promises_of
from db.sql import run
from domain.orders.intake import COMES_AGAIN, SENT, Judgement
from domain.orders.lifecycle import OrderState, ShipmentState, status_of, waits_for
from domain.orders.order import HOLD_RULES, HoldKind, OrderStatus, ShipmentStatus
from domain.orders.promises import over, untold_at
from domain.orders.snapshot import ChannelState, Version
from domain.orders.work import Entry
from domain.shared.errors import OrderNotFound


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """What decides whether a message about the order counts. The row is locked."""

    order_id: str
    channel: str
    shop_id: str
    external_no: str
    status: OrderStatus
    version: Version
    channel_state: str
    sha256: str
    workflow_id: str


@dataclass(frozen=True, slots=True)
class OrderRepository:
    """One transaction's view of orders."""

    session: AsyncSession

    async def lock(self, order_id: str) -> KnownOrder:
        """Lock the order's row. Raises OrderNotFound."""
        rows = await self.run(statements.LOCK, {"order_id": order_id})
        if not rows:
            raise OrderNotFound(f"there is no order {order_id}")
        row = rows[0]
        return KnownOrder(
            row.id,
            row.channel,
            row.shop_id,
            row.external_no,
            OrderStatus(row.status),
            Version(row.version_revision, row.version_modified_us),
            row.channel_state,
            row.sha256 or "",
            row.workflow_id,
        )

    async def state(self, order_id: str) -> OrderState:
        """Where the order stands, derived from its rows. Raises OrderNotFound."""
        rows = await self.run(statements.STATE, {"order_id": order_id})
        if not rows:
            raise OrderNotFound(f"there is no order {order_id}")
        row = rows[0]
        holds = tuple(HoldKind(kind) for kind in row.holds)
        shipments = tuple(
            ShipmentState(s["no"], s["workflow_id"], ShipmentStatus(s["status"]), s["ahead"])
            for s in row.shipments
        )
        running = promises_of(row)
        return OrderState(
            order_id=row.id,
            seq=row.seq,
            status=OrderStatus(row.status),
            promise_at=untold_at(running, row.said),
            promises_over=over(running, row.said_open),
            known=row.known,
            holds=holds,
            to_allocate=row.to_allocate > 0,
            waiting_for_stock=row.waiting,
            shipments=shipments,
            sent_without_us=row.channel_state in SENT
            and not any(s.status.has_left for s in shipments),
            cancelled_by_channel=row.channel_state == ChannelState.CANCELLED,
            cancellable=row.cancellable,
            lines_to_cancel=tuple(row.lines_to_cancel),
            paid=row.paid_at is not None or row.cash_on_delivery,
            refund_due_minor=row.refund_due_minor,
            refund_to_start=row.refund_to_start,
            refund_running=row.refund_running > 0,
            fetch_needed=row.fetch_needed,
            unpaid_reserved_until=row.unpaid_reserved_until,
            stock_given_back=row.stock_given_back,
            presale_until=row.presale_until,
            delivered_at=row.delivered_at,
            carried_out=row.carried_out,
            gather_until=row.gather_until,
        )

    async def record(self, state: OrderState, seq: int, entries: Sequence[Entry]) -> OrderState:
        """Write lines of the story after `seq` and the status that follows from the rows.

        A line that is there already, and a status older than the stored one, change nothing.
        """
        last = seq + len(entries)
        state = await self._close_promises(state)
        status, waits = status_of(state), waits_for(state)
        if entries:
            await self.run(
                statements.EVENTS,
                {
                    "order_id": state.order_id,
                    "seq": [seq + 1 + i for i in range(len(entries))],
                    "kind": [entry.kind for entry in entries],
                    "data": [statements.as_json(entry.data) for entry in entries],
                    "actor": [entry.actor for entry in entries],
                    "source": "order",
                },
            )
        rows = await self.run(
            statements.PROGRESS,
            {
                "order_id": state.order_id,
                "seq": last,
                "status": status,
                "waits_for": waits,
                "closed": status.is_closed,
            },
        )
        return replace(state, seq=max(last, state.seq), status=status) if rows else state

    async def _close_promises(self, state: OrderState) -> OrderState:
        for step in state.promises_over:
            await close_promise(self.session, state.order_id, step)
        return replace(state, promises_over=())

    async def place_holds(self, order_id: str, holds: Iterable[Judgement]) -> list[HoldKind]:
        """Place what is not open and was not released by a person before; returns the new ones."""
        placed: list[HoldKind] = []
        for hold in holds:
            owner, auto = HOLD_RULES[hold.kind]
            rows = await self.run(
                statements.PLACE_HOLD,
                {
                    "order_id": order_id,
                    "kind": hold.kind,
                    "reason": hold.reason,
                    "detail": statements.as_json({"items": list(hold.detail)}),
                    "owner": owner,
                    "auto_release": auto,
                    "until": hold.until,
                    "by": "system",
                    "once": hold.kind not in COMES_AGAIN,
                },
            )
            if rows:
                placed.append(hold.kind)
        return placed

    async def hold_by_hand(self, order_id: str, reason: str, actor: str) -> bool:
        """A person's own hold; False when one is open."""
        owner, auto = HOLD_RULES[HoldKind.MANUAL]
        rows = await self.run(
            statements.PLACE_HOLD,
            {
                "order_id": order_id, "kind": HoldKind.MANUAL, "reason": reason,
                "detail": "{}", "owner": owner, "auto_release": auto, "until": None,
                "by": actor, "once": False,
            },
        )  # fmt: skip
        return bool(rows)

    async def release_holds(
        self, order_id: str, kinds: Iterable[HoldKind], actor: str
    ) -> list[HoldKind]:
        """Release open holds of these kinds; returns those that were open."""
        rows = await self.run(
            statements.RELEASE_HOLDS,
            {"order_id": order_id, "kinds": [str(kind) for kind in kinds], "by": actor},
        )
        return [HoldKind(row.kind) for row in rows]

    async def map_again(self, order_id: str) -> list[Entry]:
        """Take over mappings that were missing; the hold goes when none is missing any more."""
        await self.lock(order_id)
        await self.run(statements.SAVE_FULFILMENT, {"order_id": order_id})
        if await self.run(statements.UNMAPPED, {"order_id": order_id}):
            return []
        released = await self.release_holds(order_id, [HoldKind.UNMAPPED_SKU], "system")
        return [Entry("hold_released", {"hold": str(kind)}) for kind in released]

    async def wake_shipments(self, order_id: str, what: str) -> None:
        """After the commit, shipments that are worked on look again at what stops them."""
        await self.run(statements.WAKE_SHIPMENTS, {"order_id": order_id, "what": what})

    async def run(self, statement: str, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
        """One statement of this repository."""
        return await run(self.session, statement, **parameters)
