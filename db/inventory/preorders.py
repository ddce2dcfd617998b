"""Rules of pre-orders, and what suppliers are still to send of a product."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.audit import audit
from db.sql import run
from domain.inventory.preorders import PreorderMode, PreorderRule, promise_day
from domain.inventory.purchasing.expecting import Supply
from domain.shared.errors import InvalidInput, UnknownSku

# Where missing units queue: only what comes there can fill them.
QUEUE_PLACE: Final = """(
    SELECT id FROM location WHERE ships AND active AND kind <> 'transit'
    ORDER BY priority, id LIMIT 1)"""

# What suppliers were told to send to that place, have not sent, and are not late with.
INBOUND: Final = f"""(
    SELECT l.sku, p.location_id, p.expected_on,
           sum(greatest(least(l.ordered, coalesce(l.acknowledged, l.ordered)) - l.cancelled
                        - l.received, 0))::bigint AS units
    FROM purchase_order_line l JOIN purchase_order p ON p.no = l.purchase_no
    JOIN location a ON a.id = p.location_id
    WHERE p.location_id = {QUEUE_PLACE} AND p.state IN ('sent', 'acknowledged', 'partly_received')
      AND p.expected_on >= (clock_timestamp() AT TIME ZONE a.zone)::date
    GROUP BY l.sku, p.location_id, p.expected_on)"""  # noqa: S608 (made of constants)

_COVERED: Final = f"""
SELECT i.expected_on, i.units FROM {INBOUND} i WHERE i.sku = :sku AND i.units > 0
ORDER BY i.expected_on
"""  # noqa: S608 (made of constants)

_QUEUE: Final = f"""
SELECT (SELECT coalesce(sum(quantity), 0)::bigint FROM backorder
        WHERE sku = :sku AND state = 'waiting' AND location_id = {QUEUE_PLACE}) AS waiting,
       coalesce((SELECT (clock_timestamp() AT TIME ZONE zone)::date FROM location
                 WHERE id = {QUEUE_PLACE}), current_date) AS today
"""  # noqa: S608 (made of constants)

_RULES: Final = """
SELECT r.sku, r.shop_id, r.mode, r.units, r.changed_by, r.changed_at FROM preorder_rule r
WHERE (CAST(:sku AS text) = '' OR r.sku = :sku) AND (r.sku, r.shop_id) > (:after, :after_shop)
ORDER BY r.sku, r.shop_id LIMIT :limit
"""

_SAVE: Final = """
INSERT INTO preorder_rule (sku, shop_id, mode, units, changed_by)
VALUES (:sku, :shop, :mode, :units, :actor)
ON CONFLICT (sku, shop_id) DO UPDATE SET mode = excluded.mode, units = excluded.units,
    changed_by = excluded.changed_by, changed_at = clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Inbound:
    """What may be promised of a product: units to come, units waited for, the next unit's day."""

    coming: int
    waiting: int
    day: date | None


@dataclass(frozen=True, slots=True)
class Preorders:
    """Rules of pre-orders. Shops are told within seconds: offers are counted from the tables."""

    session: AsyncSession

    async def rules(
        self, *, sku: str = "", after: tuple[str, str] = ("", ""), limit: int = 200
    ) -> Sequence[Row[Any]]:
        """By product and shop; the shop '' stands for all without a rule of their own."""
        return await run(
            self.session, _RULES, sku=sku, after=after[0], after_shop=after[1], limit=limit
        )

    async def inbound(self, sku: str) -> Inbound:
        """What suppliers still send where missing units wait, and who waits there already."""
        rows = await run(self.session, _COVERED, sku=sku)
        [queue] = await run(self.session, _QUEUE, sku=sku)
        supplies = [Supply(row.units, row.expected_on) for row in rows]
        day = promise_day(queue.waiting, supplies, queue.today)
        return Inbound(sum(one.units for one in supplies), queue.waiting, day)

    async def save(
        self, sku: str, shop_id: str, rule: PreorderRule, actor: str, request_id: str = ""
    ) -> None:
        """Raises UnknownSku, and InvalidInput for a shop that is not there."""
        if not await run(self.session, "SELECT FROM sku WHERE code = :sku", sku=sku):
            raise UnknownSku(f"there is no product {sku[:50]!a}")
        if shop_id and not await run(
            self.session, "SELECT FROM shop WHERE id = :shop", shop=shop_id
        ):
            raise InvalidInput("there is no such shop")
        await run(
            self.session, _SAVE, sku=sku, shop=shop_id, mode=rule.mode, units=rule.units,
            actor=actor,
        )  # fmt: skip
        await audit(
            self.session, actor, "preorder.rule", f"sku/{sku}",
            after={"shop": shop_id, "mode": str(rule.mode), "units": rule.units},
            request_id=request_id,
        )  # fmt: skip


def rule_of_row(row: Row[Any]) -> PreorderRule:
    """A rule as its row says it."""
    return PreorderRule(PreorderMode(row.mode), row.units)
