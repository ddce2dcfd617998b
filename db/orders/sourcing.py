"""Decisions that were made about orders, and the rules of shops for the next ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.queries import OrderQueries
from db.sql import run
from domain.orders.sourcing.model import Decision
from domain.orders.sourcing.record import decision_of
from domain.shared.errors import OrderNotFound

# An allocation that only took over what the queue gave it decided nothing.
_DECISIONS: Final = """
SELECT at, inputs, decision FROM sourcing_decision
WHERE order_id = :order_id AND jsonb_array_length(coalesce(inputs->'demands', '[]')) > 0
ORDER BY at DESC, allocation_id DESC
"""
_PLACES: Final = "SELECT id, name FROM location WHERE id = ANY(:ids)"
_GOODS: Final = """
SELECT code, name, weight_g, length_mm::bigint * width_mm * height_mm AS volume_mm3
FROM sku WHERE code = ANY(:ids)
"""
_CARRIERS: Final = "SELECT code, name FROM carrier_account"
_RULES: Final = """
SELECT s.id, s.name, u.strategy, u.max_parcels
FROM shop s LEFT JOIN sourcing_rule u ON u.shop_id = s.id
WHERE CAST(:shop_id AS text) IS NULL OR s.id = :shop_id ORDER BY s.id
"""
_SET_RULE: Final = """
INSERT INTO sourcing_rule (shop_id, strategy, max_parcels)
VALUES (:shop_id, :strategy, :max_parcels)
ON CONFLICT (shop_id) DO UPDATE SET strategy = :strategy, max_parcels = :max_parcels
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided when, from what. No decision: others were faster until all had to queue."""

    at: datetime
    inputs: Mapping[str, Any]
    record: Mapping[str, Any]
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Names:
    """What places, goods and carriers are called."""

    places: Mapping[str, str]
    goods: Mapping[str, str]
    carriers: Mapping[str, str]


async def decisions_of(session: AsyncSession, no: str) -> list[Decided]:
    """All decisions about an order, the latest first. Raises OrderNotFound."""
    order = await OrderQueries(session).find(no)
    if order is None:
        raise OrderNotFound(f"there is no order {no}")
    rows = await run(session, _DECISIONS, order_id=order.id)
    return [Decided(r.at, r.inputs, r.decision, decision_of(r.decision)) for r in rows]


async def names_in(session: AsyncSession, decisions: Collection[Decision]) -> Names:
    """The names of everything these decisions speak of."""
    places = {p.location_id for d in decisions for p in d.plan}
    places |= {place for d in decisions for other in d.alternatives for place in other.location_ids}
    goods = {sku for d in decisions for p in d.plan for _, sku, _ in p.lines}
    goods |= {sku for d in decisions for _, sku, _ in d.missing}
    goods |= {sku for d in decisions for other in d.alternatives for sku in other.skus}
    return Names(
        {row.id: row.name for row in await run(session, _PLACES, ids=sorted(places))},
        {row.code: row.name for row in await run(session, _GOODS, ids=sorted(goods))},
        {row.code: row.name for row in await run(session, _CARRIERS)},
    )


async def measures(session: AsyncSession, skus: Collection[str]) -> dict[str, tuple[int, int]]:
    """Grams and mm³ of one unit, of the SKUs that exist."""
    rows = await run(session, _GOODS, ids=sorted(skus))
    return {row.code: (row.weight_g, row.volume_mm3) for row in rows}


async def rules(session: AsyncSession, shop_id: str | None = None) -> Sequence[Any]:
    """Every shop, or this one, with its own strategy and cap where it has them."""
    return await run(session, _RULES, shop_id=shop_id)


async def set_rule(
    session: AsyncSession, shop_id: str, strategy: str | None, max_parcels: int | None
) -> None:
    """How orders of this shop are sourced from now on; nothing means as the company does."""
    await run(session, _SET_RULE, shop_id=shop_id, strategy=strategy, max_parcels=max_parcels)
