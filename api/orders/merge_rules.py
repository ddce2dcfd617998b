"""How long orders of each shop wait for others of their receiver."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StrictInt
from starlette.responses import Response

from api.deps import Context, SessionsOf
from api.strict import Code, StrictBody
from db.platform.audit import audit
from db.shared.merge_rules import forget_rule, merge_rules, set_rule

router = APIRouter(tags=["orders"])


class MergeRule(StrictBody):
    """Orders of the shop wait this long for others of their receiver, to go in one parcel."""

    window_minutes: Annotated[StrictInt, Field(ge=1, le=1440)]


class ShopMergeRule(StrictBody):
    """`window_minutes` is null where orders wait for nobody."""

    shop_id: str
    shop: str
    window_minutes: int | None


@router.get("/merge-rules")
async def get_merge_rules(sessions: SessionsOf) -> list[ShopMergeRule]:
    """How long orders of each shop wait for others of their receiver."""
    async with sessions.begin() as session:
        rows = await merge_rules(session)
    return [
        ShopMergeRule(shop_id=row.id, shop=row.name, window_minutes=row.window_minutes)
        for row in rows
    ]


@router.put("/merge-rules/{shop_id}", status_code=204, response_class=Response)
async def put_merge_rule(shop_id: Code, body: MergeRule, context: Context) -> None:
    """From now on orders of the shop that nobody works on yet wait this long."""
    async with context.sessions.begin() as session:
        await set_rule(session, shop_id, body.window_minutes)
        await audit(
            session, context.actor, "merge_rule.set", f"shop/{shop_id}",
            after={"window_minutes": body.window_minutes}, request_id=context.update_id,
        )  # fmt: skip


@router.delete("/merge-rules/{shop_id}", status_code=204, response_class=Response)
async def delete_merge_rule(shop_id: Code, context: Context) -> None:
    """Orders of the shop wait for nobody any more."""
    async with context.sessions.begin() as session:
        await forget_rule(session, shop_id)
        await audit(
            session, context.actor, "merge_rule.removed", f"shop/{shop_id}",
            request_id=context.update_id,
        )  # fmt: skip
