"""Campaigns as people read them: what one would do, and how they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.campaigns import CAN_BE_DECIDED, NewCampaign, decidable
from db.platform.choosing import MATCHES, parameters
from db.sql import run
from domain.platform.campaigns import Chosen

_SYSTEMS: Final = f"""
SELECT DISTINCT a.system FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id
WHERE {MATCHES} ORDER BY 1
"""  # noqa: S608 (made of constants)

_WOULD: Final = f"""
SELECT count(*) AS matching, count(*) FILTER (WHERE {CAN_BE_DECIDED}) AS decidable,
       count(DISTINCT a.order_id) FILTER (WHERE {CAN_BE_DECIDED}) AS orders
FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id WHERE {MATCHES}
"""  # noqa: S608 (made of constants)

# What all of them may be given, and which actions any of them offers.
_OFFERED: Final = f"""
SELECT action, count(*) AS items FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id
CROSS JOIN LATERAL jsonb_array_elements_text(a.actions) AS action
WHERE {MATCHES}
  AND NOT (action = 'done_by_hand' AND a.input_fields ?| CAST(:own_numbers AS text[]))
GROUP BY action
"""  # noqa: S608 (made of constants)

_FIELDS: Final = f"""
SELECT field, count(*) AS items FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id
CROSS JOIN LATERAL jsonb_object_keys(a.input_fields) AS field WHERE {MATCHES} GROUP BY field
"""  # noqa: S608 (made of constants)

_COUNTED: Final = """
SELECT c.*, coalesce(s.states, '{}') AS states FROM campaign c
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(state, n) AS states FROM (
        SELECT state, count(*) AS n FROM campaign_item WHERE campaign_id = c.id GROUP BY state) t
) s ON true
"""

_LATEST: Final = f"""
{_COUNTED} WHERE CAST(:before AS text) = '' OR c.id < :before ORDER BY c.id DESC LIMIT :limit
"""

_ONE: Final = f"{_COUNTED} WHERE c.id = :id"

_ITEMS: Final = """
SELECT i.attention_id, i.state, i.detail, i.taken_at, i.settled_at, a.step_id, a.system, a.cause,
       a.code, a.workflow_id, a.shipment_no, o.no AS order_no
FROM campaign_item i JOIN attention a ON a.id = i.attention_id
LEFT JOIN sales_order o ON o.id = a.order_id
WHERE i.campaign_id = :id AND (CAST(:state AS text) = '' OR i.state = :state)
  AND (CAST(:after AS text) = '' OR i.attention_id > :after)
ORDER BY i.attention_id LIMIT :limit
"""

_RUNNING: Final = "SELECT count(*) AS n FROM campaign WHERE finished_at IS NULL"


@dataclass(frozen=True, slots=True)
class CampaignQueries:
    """One transaction's view of campaigns, for reading."""

    session: AsyncSession

    async def systems(self, chosen: Chosen) -> list[str]:
        """The outside systems these steps wait for."""
        rows = await run(self.session, _SYSTEMS, **parameters(chosen))
        return [row.system for row in rows]

    async def would(self, wanted: NewCampaign) -> Row[Any]:
        """How many steps match, how many of them can be decided so, and of how many orders."""
        (row,) = await run(self.session, _WOULD, **decidable(wanted), **parameters(wanted.chosen))
        return row

    async def offered(self, chosen: Chosen, own_numbers: Sequence[str]) -> dict[str, int]:
        """For how many of these steps each action is offered."""
        rows = await run(
            self.session, _OFFERED, own_numbers=list(own_numbers), **parameters(chosen)
        )
        return {row.action: row.items for row in rows}

    async def fields(self, chosen: Chosen) -> dict[str, int]:
        """For how many of these steps each value may be corrected."""
        rows = await run(self.session, _FIELDS, **parameters(chosen))
        return {row.field: row.items for row in rows}

    async def latest(self, before: str = "", limit: int = 50) -> Sequence[Row[Any]]:
        """Campaigns with how many of their `states`, the latest first."""
        return await run(self.session, _LATEST, before=before, limit=limit)

    async def one(self, campaign_id: str) -> Row[Any] | None:
        """One campaign with how many of its `states`."""
        rows = await run(self.session, _ONE, id=campaign_id)
        return rows[0] if rows else None

    async def items(
        self, campaign_id: str, state: str = "", after: str = "", limit: int = 100
    ) -> Sequence[Row[Any]]:
        """Its steps, all or those of one state, in the order they are decided."""
        return await run(
            self.session, _ITEMS, id=campaign_id, state=state, after=after, limit=limit
        )

    async def running(self) -> int:
        """How many campaigns are not over."""
        return int((await run(self.session, _RUNNING))[0].n)
