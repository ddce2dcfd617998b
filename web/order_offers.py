"""What can be done to an order now beside holding and cancelling it, for its page."""

from typing import Any

from api.deps import RequestContext
from api.orders import merges


async def offers(context: RequestContext, about: dict[str, Any]) -> dict[str, Any]:
    """What the order's page offers: the orders it could go with, what it shares a parcel with."""
    early = [one for one in about["detail"].shipments if one.row.status in ("allocated", "picking")]
    plan = await merges.suggested(context, about["order"].id) if early else None
    return {
        "may_merge": plan,
        "may_edit_lines": about["order"].channel == "own"
        and bool(early)
        and len(early) == sum(one.row.status != "cancelled" for one in about["detail"].shipments)
        and not any(one.row.picked_at for one in early),
        "may_split": any(not one.row.picked_at and not one.row.ships_with for one in early),
        "may_rejoin": len([one for one in early if not one.row.picked_at]) > 1,
    }
