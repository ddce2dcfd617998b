"""What all changes by plan have in common.

A plan is confirmed by its hash; when something moved on meanwhile the answer is 409 PlanChanged.
"""

from typing import Annotated

from pydantic import Field

from api.deps import RequestContext
from api.orders.commands import order_command
from api.orders.money import MoneyView
from api.orders.routes import State
from api.strict import StrictBody
from db.orders.queries import OrderQueries
from domain.orders.merging import MergePlan, PartingPlan
from domain.orders.messages import ChangeByPlan
from domain.orders.splitting import SplitPlan
from domain.shared.errors import OrderNotFound
from domain.shared.money import COMPANY_CURRENCY

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class FreightView(StrictBody):
    """Parcels, and what they cost by the tariffs, as it is and as it would be."""

    parcels_before: int
    parcels_after: int
    freight_before: MoneyView
    freight_after: MoneyView

    @classmethod
    def of(cls, plan: MergePlan | PartingPlan | SplitPlan) -> "FreightView":
        return cls(
            parcels_before=plan.parcels_before,
            parcels_after=plan.parcels_after,
            freight_before=MoneyView.of(plan.freight_before_minor, COMPANY_CURRENCY),
            freight_after=MoneyView.of(plan.freight_after_minor, COMPANY_CURRENCY),
        )


async def order_id_of(context: RequestContext, no: str) -> str:
    """Raises OrderNotFound."""
    async with context.sessions.begin() as session:
        order = await OrderQueries(session).find(no)
    if order is None:
        raise OrderNotFound(f"there is no order {no[:50]}")
    return order.id


def change_id(context: RequestContext) -> str:
    """The same change sent again has the same id: it is carried out once."""
    return f"change:{context.update_id}"


async def send_change(context: RequestContext, no: str, command: ChangeByPlan) -> State:
    """Have the order's workflow carry it out."""
    return State.of(
        await order_command(context, no, "change", command, command.reason, command.kind)
    )
