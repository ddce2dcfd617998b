"""Exchanges over the API: the difference that a buyer paid by a way no provider tells us of."""

from fastapi import APIRouter

from api.deps import Context
from api.orders.returns import minor
from api.strict import Code, Line, StrictBody, Sum
from db.orders.exchanges import pay_difference
from db.orders.queries import OrderQueries
from db.platform.audit import audit
from domain.shared.errors import OrderNotFound

router = APIRouter(tags=["returns"])


class DifferencePaid(StrictBody):
    """A sum in the order's currency, at most what is owed; `reference` is the bank's or the till's
    number of it, and counts once."""

    amount: Sum
    reference: Line


class DifferenceTaken(StrictBody):
    order_no: str


@router.post("/orders/{no}/difference-payments")
async def difference_paid(no: Code, body: DifferencePaid, context: Context) -> DifferenceTaken:
    """The goods of the exchange go once nothing is owed for them."""
    async with context.sessions.begin() as session:
        order = await OrderQueries(session).find(no)
        if order is None:
            raise OrderNotFound(f"there is no order {no}")
        amount = minor(body.amount, order.currency)
        await pay_difference(session, order.no, amount, body.reference, context.actor)
        await audit(
            session, context.actor, "order.difference_paid", f"order/{order.no}",
            reason=body.reference, request_id=context.update_id,
        )  # fmt: skip
    return DifferenceTaken(order_no=order.no)
