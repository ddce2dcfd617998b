"""Promises in danger: told to people, once for each clock and level."""

from dataclasses import dataclass

from temporalio import activity

from activities.orders.ports import OrderRules
from db.engine import Sessions
from db.orders import statements
from db.orders.promises import promises_of, say
from db.orders.repository import OrderRepository
from domain.orders.lifecycle import OrderState
from domain.orders.promises import to_say
from domain.orders.work import TellPromises


@dataclass(frozen=True, slots=True)
class PromiseActivities:
    """One method is one transaction."""

    sessions: Sessions
    rules: OrderRules

    @activity.defn(name="order.tell_promises")
    async def tell(self, request: TellPromises) -> OrderState:
        """Say what is due by now and was not said; what is no longer so is closed with it."""
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            known = await orders.lock(request.order_id)
            [row] = await orders.run(statements.STATE, {"order_id": request.order_id})
            for said in to_say(promises_of(row), row.said, request.now):
                await say(session, request.order_id, known.shop_id, said)
            state = await orders.state(request.order_id)
            return self.rules.on(await orders.record(state, max(request.seq, state.seq), ()))
