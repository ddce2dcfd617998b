"""What can be done to an order now, with what it does, for its page."""

from dataclasses import replace
from typing import Any

from api.deps import RequestContext
from api.orders import merges
from domain.orders.actions import doable
from domain.orders.effects import OrderNow
from domain.orders.previews import effects_of


async def offers(context: RequestContext, about: dict[str, Any]) -> dict[str, Any]:
    """Every action with its effects, and the orders this one could share a parcel with."""
    now: OrderNow = about["current"]
    plan = None
    if any(one.may_join for one in now.here):
        plan = await merges.suggested(context, about["order"].id)
    others = tuple(no for no in plan.order_nos if no != now.no) if plan else ()
    now = replace(now, goes_with=others)
    found = doable(now)
    return {
        "may_merge": plan,
        "doable": found,
        "preview": [
            None if one.obstacle else effects_of(one.doing, now, one.hold) for one in found
        ],
        "can": frozenset(one.doing for one in found if not one.obstacle),
    }
