"""Acts on an order that pay something back: what one person does alone is added up per order, and
above the limit a second one has to say yes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from api.deps import RequestContext
from api.errors import problem_of
from api.platform.asking import ask_another
from api.strict import StrictBody
from db.platform.alone import TooMuchAlone, add_alone, take_off, was_added
from domain.platform.approvals import ApprovalKind
from domain.shared.errors import PlanChanged
from runtime.settings import Settings

Done = TypeVar("Done")


class Confirmed(StrictBody):
    """Confirms the plan that was shown."""

    plan_hash: str
    reason: str


@dataclass(frozen=True, slots=True)
class Payback:
    """What the plan pays back as it is now."""

    order_id: str
    plan_hash: str
    refund_minor: int
    currency: str


def counted_for(order_id: str) -> str:
    """What sums of an order are counted under, whatever pays them."""
    return f"refund/{order_id}"


async def alone_or_ask(
    context: RequestContext,
    settings: Settings,
    kind: ApprovalKind,
    no: str,
    body: Confirmed,
    planned: Callable[[], Awaitable[Payback]],
    do: Callable[[], Awaitable[Done]],
) -> Done:
    """Do it, unless it pays back so much, with what was given back of the order by one person
    before, that another one has to say yes. What is refused is not counted.

    Raises PlanChanged, ApprovalAsked.
    """
    limit = settings.two_person_refund_minor
    if not limit or context.approval_id:
        return await do()
    act = f"{context.update_id}:{body.plan_hash}"
    async with context.sessions.begin() as session:
        again = await was_added(session, act)  # nobody answered in time before
    if not again:
        await _count(context, settings, kind, no, body, await planned(), act)
    try:
        return await do()
    except Exception as error:
        problem = problem_of(error)
        if not again and problem is not None and problem.status < 500:
            async with context.sessions.begin() as session:
                await take_off(session, act)
        raise


async def _count(
    context: RequestContext,
    settings: Settings,
    kind: ApprovalKind,
    no: str,
    body: Confirmed,
    plan: Payback,
    act: str,
) -> None:
    if plan.plan_hash != body.plan_hash:
        raise PlanChanged("the order moved on since the plan was shown")
    of, limit = counted_for(plan.order_id), settings.two_person_refund_minor
    try:
        async with context.sessions.begin() as session:
            await add_alone(session, of, act, {of: plan.refund_minor}, limit)
    except TooMuchAlone:
        await ask_another(
            context, settings, kind, f"order/{no}",
            {"no": no, "body": body.model_dump(mode="json")}, body.reason,
            amount_minor=plan.refund_minor, currency=plan.currency,
        )  # fmt: skip
