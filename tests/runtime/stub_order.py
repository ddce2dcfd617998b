"""Stands in for the order's workflow: remembers what arrived, ends when it is told to."""

from temporalio import workflow

from domain.orders.messages import MessageArrived, OrderRef, StateChanged


@workflow.defn(name="Order")
class StubOrder:
    @workflow.init
    def __init__(self, order: OrderRef) -> None:
        self._order = order
        self._arrived: list[str] = []
        self._over = False

    @workflow.run
    async def run(self, order: OrderRef) -> list[str]:
        await workflow.wait_condition(lambda: self._over)
        return [order.order_id, *self._arrived]

    @workflow.signal
    def message_arrived(self, message: MessageArrived) -> None:
        self._arrived.append(message.inbox_id)

    @workflow.signal
    def state_changed(self, change: StateChanged) -> None:
        self._over = change.what == "over"
