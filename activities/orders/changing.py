"""Changes of orders that people confirm by plan; one method is one transaction."""

from dataclasses import dataclass
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.orders.ports import OrderRules
from db.engine import Sessions
from db.orders import together
from db.orders.repository import OrderRepository
from db.shared import line_edits, regrouping
from domain.orders.lifecycle import OrderState
from domain.orders.messages import ChangeByPlan
from domain.orders.sourcing.model import Usual
from domain.orders.work import ChangeOrder, RecordOrder
from domain.shared.errors import InvalidInput, PlanChanged

_SHOP = "SELECT shop_id FROM sales_order WHERE id = :order_id"
_GATHERED = "UPDATE sales_order SET gathered = true WHERE id = :order_id"


@dataclass(frozen=True, slots=True)
class ChangingActivities:
    """One plan is carried out once, as a whole or not at all."""

    sessions: Sessions
    rules: OrderRules

    @activity.defn(name="order.change")
    async def change(self, request: ChangeOrder) -> OrderState:
        """Plan again under locks, compare, and carry it out; the same change again does nothing.

        Raises PlanChanged, ActionNotAllowed.
        """
        async with self.sessions.begin() as session:
            command = request.command
            await together.lock_together(session, {request.order_id, *command.others})
            if not await regrouping.known_change(session, command.change_id):
                await _carry_out(session, request.order_id, command, self.rules.usual)
            return await self._state(session, request.order_id, request.seq)

    @activity.defn(name="order.gather")
    async def gather(self, request: RecordOrder) -> OrderState:
        """Put the order together with those of its shop that wait for the same receiver, if any.

        It is done once; what comes later goes by itself or is put together by a person.
        """
        async with self.sessions.begin() as session:
            orders = OrderRepository(session)
            shop_id = (await orders.run(_SHOP, {"order_id": request.order_id}))[0].shop_id
            others = await together.candidates_of(session, request.order_id, shop_id)
            await together.lock_together(session, {request.order_id, *others})
            plan = await regrouping.suggestion(session, request.order_id, shop_id, certain=True)
            if plan is not None:
                await regrouping.put_together(session, plan, "", "system")
            await orders.run(_GATHERED, {"order_id": request.order_id})
            return await self._state(session, request.order_id, request.seq)

    async def _state(self, session: AsyncSession, order_id: str, seq: int) -> OrderState:
        orders = OrderRepository(session)
        state = await orders.state(order_id)
        return self.rules.on(await orders.record(state, max(seq, state.seq), ()))


async def _carry_out(
    session: AsyncSession, order_id: str, command: ChangeByPlan, usual: Usual
) -> None:
    plan: Any
    reason, actor = command.reason, command.actor
    match command.kind:
        case "merge":
            plan = await regrouping.merge_plan(session, order_id, command.others)
            _refuse_another(plan.hash, command)
            await regrouping.put_together(session, plan, reason, actor)
        case "unmerge":
            plan = await regrouping.parting_plan(session, order_id)
            _refuse_another(plan.hash, command)
            await regrouping.take_apart(session, order_id, reason, actor)
        case "split":
            wanted = {line.line_id: line.quantity for line in command.lines}
            plan = await regrouping.split_plan(session, order_id, wanted, command.place)
            _refuse_another(plan.hash, command)
            await regrouping.send_ahead(session, order_id, plan, reason, actor)
        case "lines":
            plan = await line_edits.edit_plan(session, order_id, command.lines, usual)
            _refuse_another(plan.hash, command)
            await line_edits.carry_out_edit(
                session, order_id, plan, command.change_id, reason, actor
            )
        case _:
            raise InvalidInput("there is no such change")
    await regrouping.keep_change(
        session, command.change_id, order_id, command.kind, plan, reason, actor
    )


def _refuse_another(plan_hash: str, command: ChangeByPlan) -> None:
    if plan_hash != command.plan_hash:
        raise PlanChanged("the order moved on since the plan was shown")
