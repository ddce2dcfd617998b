"""The attention inbox as people read it: grouped by cause, one by one, and how it was before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.platform.choosing import MATCHES, parameters
from db.platform.tables import AttentionRow
from db.sql import run
from domain.platform.campaigns import Chosen

_EVERYTHING: Final = Chosen()
TREND_DAYS: Final = 7

# Days of the company; keyset by how many there are, then by their name.
_GROUPS: Final = f"""
SELECT * FROM (
    SELECT fingerprint, count(*) AS items, min(a.first_seen) AS first_seen,
           max(a.last_seen) AS last_seen,
           (array_agg(a.system ORDER BY a.last_seen DESC))[1] AS system,
           (array_agg(a.cause ORDER BY a.last_seen DESC))[1] AS cause,
           (array_agg(a.code ORDER BY a.last_seen DESC))[1] AS code,
           (array_agg(a.step_id ORDER BY a.last_seen DESC))[1] AS step_id,
           (array_agg(a.error ORDER BY a.last_seen DESC))[1] AS error
    FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id
    WHERE {MATCHES} GROUP BY fingerprint) g
WHERE CAST(:than AS int) = 0 OR items < :than OR items = :than AND fingerprint > :after
ORDER BY items DESC, fingerprint LIMIT :limit
"""  # noqa: S608 (made of constants)

_TREND: Final = """
SELECT fingerprint,
       date_part('day', date_trunc('day', clock_timestamp(), 'Asia/Shanghai')
                 - date_trunc('day', first_seen, 'Asia/Shanghai'))::int AS days_ago,
       count(*) AS n
FROM attention
WHERE fingerprint = ANY(CAST(:fingerprints AS text[]))
  AND first_seen >= date_trunc('day', clock_timestamp(), 'Asia/Shanghai') - interval '6 days'
GROUP BY 1, 2
"""

_ITEMS: Final = f"""
SELECT a.*, o.no AS order_no, o.status AS order_status, o.ship_by
FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id
WHERE {MATCHES} AND (CAST(:after AS text) = '' OR a.id > :after)
ORDER BY a.id LIMIT :limit
"""  # noqa: S608 (made of constants)

_ITEM: Final = """
SELECT a.*, o.no AS order_no, o.status AS order_status, o.ship_by, o.shop_id
FROM attention a LEFT JOIN sales_order o ON o.id = a.order_id WHERE a.id = :item_id
"""

_OF_SHIPMENT: Final = """
SELECT id, step_id, cause, error, first_seen FROM attention
WHERE shipment_no = :shipment_no AND resolved_at IS NULL ORDER BY id
"""

# What waits now, by what it can be narrowed to.
_CHOICES: Final = """
SELECT coalesce(array_agg(DISTINCT cause), '{}') AS causes,
       coalesce(array_agg(DISTINCT system) FILTER (WHERE system <> ''), '{}') AS systems,
       coalesce(array_agg(DISTINCT split_part(split_part(step_id, ':', 1), '/', 1)), '{}') AS steps,
       coalesce(array_agg(DISTINCT assignee) FILTER (WHERE assignee <> ''), '{}') AS assignees
FROM attention WHERE resolved_at IS NULL
"""

_HISTORY: Final = """
SELECT resolution, outcome, count(*) AS n, max(resolved_at) AS latest FROM attention
WHERE fingerprint = :fingerprint AND resolved_at > clock_timestamp() - interval '30 days'
  AND resolution NOT IN ('interrupted', 'redriven', '')
GROUP BY resolution, outcome ORDER BY count(*) DESC, resolution, outcome LIMIT 20
"""

_BEFORE: Final = """
SELECT id, first_seen, attempts, cause, error, resolved_at, resolved_by, resolution, note, outcome
FROM attention WHERE workflow_id = :workflow_id AND step_id = :step_id AND id <> :item_id
ORDER BY first_seen DESC LIMIT 20
"""

_EFFECTS: Final = """
SELECT key, kind, system, state, attempts, created_at, updated_at,
       coalesce(result->>'waybill_no', result->>'reference', result->>'no', '') AS reference
FROM effect
WHERE subject = ANY(CAST(:subjects AS text[])) OR key = ANY(CAST(:subjects AS text[]))
ORDER BY updated_at DESC LIMIT 20
"""

_GIVEN: Final = """
SELECT at, actor, data FROM correction
WHERE workflow_id = :workflow_id AND step_id = :step_id ORDER BY at DESC LIMIT 10
"""

_OTHERS: Final = """
SELECT count(*) AS n FROM attention
WHERE fingerprint = :fingerprint AND resolved_at IS NULL AND id <> :item_id
"""

_SHIPMENT: Final = """
SELECT s.no, s.carrier, s.product, s.weight_g, s.status, l.name AS location,
       (SELECT count(*) FROM parcel p WHERE p.shipment_no = s.no) AS parcels,
       (SELECT string_agg(x.sku || ' × ' || x.quantity, ', ' ORDER BY x.sku) FROM (
           SELECT sku, sum(quantity) AS quantity FROM shipment_line WHERE shipment_no = s.no
           GROUP BY sku ORDER BY sku LIMIT 20) x) AS goods
FROM shipment s JOIN location l ON l.id = s.location_id WHERE s.no = :shipment_no
"""

_NOTES: Final = """
SELECT at, actor, text FROM attention_note WHERE attention_id = :item_id ORDER BY id
"""

_NOTE: Final = """
INSERT INTO attention_note (id, attention_id, actor, text) VALUES (:id, :item_id, :actor, :text)
ON CONFLICT (id) DO NOTHING
"""

_ASSIGN: Final = """
UPDATE attention SET assignee = :assignee WHERE id = :item_id AND resolved_at IS NULL RETURNING id
"""


@dataclass(frozen=True, slots=True)
class ItemDetail:
    """A step that waits, with all that helps to decide about it."""

    row: Any
    shipment: Any
    effects: Sequence[Row[Any]]
    before: Sequence[Row[Any]]
    given: Sequence[Row[Any]]
    history: Sequence[Row[Any]]
    notes: Sequence[Row[Any]]
    others: int


@dataclass(frozen=True, slots=True)
class AttentionInbox:
    """One transaction's view of what waits for people."""

    session: AsyncSession

    async def groups(
        self, limit: int = 100, chosen: Chosen = _EVERYTHING, than: int = 0, after: str = ""
    ) -> Sequence[Row[Any]]:
        """Open items per fingerprint, most first, with the words of the latest; those after the
        group `after`, which has `than` items."""
        return await run(
            self.session, _GROUPS, limit=limit, than=than, after=after, **parameters(chosen)
        )

    async def trend(self, fingerprints: Sequence[str]) -> dict[str, list[int]]:
        """How many began on each of the last seven days, today last."""
        found = {one: [0] * TREND_DAYS for one in fingerprints}
        for row in await run(self.session, _TREND, fingerprints=list(fingerprints)):
            if 0 <= row.days_ago < TREND_DAYS:
                found[row.fingerprint][TREND_DAYS - 1 - row.days_ago] = row.n
        return found

    async def items(
        self, chosen: Chosen = _EVERYTHING, after: str = "", limit: int = 100
    ) -> Sequence[Row[Any]]:
        """Open items, by id, with `order_no`."""
        return await run(self.session, _ITEMS, after=after, limit=limit, **parameters(chosen))

    async def choices(self) -> Row[Any]:
        """What the list can be narrowed to now."""
        return (await run(self.session, _CHOICES))[0]

    async def item(self, item_id: str) -> Row[Any] | None:
        """One item with its order's number, open or not."""
        rows = await run(self.session, _ITEM, item_id=item_id)
        return rows[0] if rows else None

    async def detail(self, item: Any) -> ItemDetail:
        """Everything that is known about a step."""
        step = {"workflow_id": item.workflow_id, "step_id": item.step_id}
        own = item.workflow_id.partition("/")[2]
        subjects = [one for one in (item.shipment_no, item.order_id, own) if one]
        shipment_no = item.shipment_no or ""
        shipment = await run(self.session, _SHIPMENT, shipment_no=shipment_no)
        others = await run(self.session, _OTHERS, fingerprint=item.fingerprint, item_id=item.id)
        return ItemDetail(
            item,
            shipment[0] if shipment else None,
            await run(self.session, _EFFECTS, subjects=subjects),
            await run(self.session, _BEFORE, item_id=item.id, **step),
            await run(self.session, _GIVEN, **step),
            await self.history(item.fingerprint),
            await run(self.session, _NOTES, item_id=item.id),
            int(others[0].n),
        )

    async def history(self, fingerprint: str) -> Sequence[Row[Any]]:
        """What was decided about such steps in the last 30 days, and whether they went on."""
        return await run(self.session, _HISTORY, fingerprint=fingerprint)

    async def note(self, note_id: str, item_id: str, actor: str, text: str) -> None:
        """Write down what somebody found out; the same note is written once."""
        await run(self.session, _NOTE, id=note_id, item_id=item_id, actor=actor, text=text)

    async def assign(self, item_id: str, assignee: str) -> bool:
        """Say who looks after it, '' for nobody; False when it is settled."""
        return bool(await run(self.session, _ASSIGN, item_id=item_id, assignee=assignee))

    async def of_shipment(self, shipment_no: str) -> Sequence[Row[Any]]:
        """Open items of one shipment, the oldest first."""
        return await run(self.session, _OF_SHIPMENT, shipment_no=shipment_no)

    async def open_count(self) -> int:
        """How many steps wait for people."""
        rows = await run(
            self.session, "SELECT count(*) AS n FROM attention WHERE resolved_at IS NULL"
        )
        return int(rows[0].n)

    async def row(self, item_id: str) -> AttentionRow | None:
        """The item alone."""
        query = select(AttentionRow).where(col(AttentionRow.id) == item_id)
        return (await self.session.exec(query)).one_or_none()
