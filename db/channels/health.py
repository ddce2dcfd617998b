"""How shops are doing: when they were last heard of, what waits, and whether we call them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.scope import scope_in
from db.sql import run

# A gate nobody has used yet has no row: it flows.
_SHOPS: Final = """
SELECT s.id, s.channel, s.external_id, s.name, s.active, s.last_push_at, s.last_pull_at,
       s.pulled_until, coalesce(b.backlog, 0) AS backlog, b.oldest, coalesce(p.parked, 0) AS parked,
       coalesce(g.state, 'flowing') AS gate, coalesce(g.reason, '') AS gate_reason,
       coalesce(g.changed_by, 'system') AS gate_by, g.changed_at AS gate_since,
       coalesce(w.waiting, 0) AS waiting, c.expires_at, coalesce(c.renews, false) AS renews
FROM shop s
LEFT JOIN gate g ON g.system = 'shop/' || s.id
LEFT JOIN credentials c ON c.system = 'shop/' || s.id
LEFT JOIN (SELECT shop_id, count(*) AS backlog, min(received_at) AS oldest FROM inbox
           WHERE applied_at IS NULL AND parked_reason = '' GROUP BY shop_id) b ON b.shop_id = s.id
LEFT JOIN (SELECT shop_id, count(*) AS parked FROM inbox
           WHERE parked_reason <> '' GROUP BY shop_id) p ON p.shop_id = s.id
LEFT JOIN (SELECT system, count(*) AS waiting FROM gate_wait GROUP BY system) w
       ON w.system = 'shop/' || s.id
WHERE (CAST(:shop_id AS text) = '' OR s.id = :shop_id)
  AND (CAST(:whole AS boolean) OR s.id = ANY(:own))
ORDER BY s.id
"""

_CARRIERS: Final = """
SELECT a.code, a.name, a.active, a.push_secret, coalesce(g.state, 'flowing') AS gate,
       coalesce(g.reason, '') AS gate_reason, coalesce(g.changed_by, 'system') AS gate_by,
       coalesce(w.waiting, 0) AS waiting, c.expires_at
FROM carrier_account a
LEFT JOIN gate g ON g.system = 'carrier/' || a.code
LEFT JOIN credentials c ON c.system = 'carrier/' || a.code
LEFT JOIN (SELECT system, count(*) AS waiting FROM gate_wait GROUP BY system) w
       ON w.system = 'carrier/' || a.code
WHERE CAST(:code AS text) = '' OR a.code = :code
ORDER BY a.code
"""

_ACCOUNTS: Final = """
SELECT a.id, a.provider, a.shop_id, a.name, a.active, a.base_url, a.last_push_at,
       g.last_call_at, coalesce(g.state, 'flowing') AS gate, coalesce(g.reason, '') AS gate_reason,
       coalesce(g.changed_by, 'system') AS gate_by, g.changed_at AS gate_since,
       coalesce(w.waiting, 0) AS waiting, c.expires_at
FROM payment_account a
LEFT JOIN gate g ON g.system = 'payment/' || a.id
LEFT JOIN credentials c ON c.system = 'payment/' || a.id
LEFT JOIN (SELECT system, count(*) AS waiting FROM gate_wait GROUP BY system) w
       ON w.system = 'payment/' || a.id
WHERE CAST(:id AS text) = '' OR a.id = :id
ORDER BY a.id
"""

_PARKED: Final = """
SELECT parked_reason AS reason, count(*) AS messages, min(received_at) AS oldest
FROM inbox WHERE shop_id = :shop_id AND parked_reason <> ''
GROUP BY parked_reason ORDER BY count(*) DESC, parked_reason LIMIT :limit
"""

_PARKED_IDS: Final = """
SELECT id FROM inbox WHERE shop_id = :shop_id AND parked_reason = :reason
ORDER BY received_at, id LIMIT :limit
"""

_UNMAPPED: Final = """
SELECT item AS external_sku, count(*) AS orders, min(h.placed_at) AS since,
       coalesce((array_agg(l.title) FILTER (WHERE l.title <> ''))[1], '') AS title
FROM order_hold h
JOIN sales_order o ON o.id = h.order_id
CROSS JOIN LATERAL jsonb_array_elements_text(h.detail->'items') AS item
LEFT JOIN LATERAL (SELECT title FROM order_line
                   WHERE order_id = o.id AND external_sku = item LIMIT 1) l ON true
WHERE h.kind = 'unmapped_sku' AND h.released_at IS NULL AND o.shop_id = :shop_id
GROUP BY item ORDER BY count(*) DESC, item LIMIT :limit
"""

_LIKELY: Final = """
SELECT code, name, gtin FROM sku
WHERE active AND (code = :external_sku OR lower(code) = lower(:external_sku)
    OR (gtin <> '' AND ltrim(gtin, '0') = ltrim(:external_sku, '0'))
    OR regexp_replace(lower(code), '[^[:alnum:]]', '', 'g') = :plain
    OR name ILIKE ANY(CAST(:needles AS text[])))
ORDER BY (SELECT count(*) FROM unnest(CAST(:needles AS text[])) n WHERE name ILIKE n) DESC, code
LIMIT 50
"""

_EVENTS: Final = """
SELECT o.event_id, o.name, min(o.created_at) AS created_at, max(o.sent_at) AS sent_at,
       max(o.attempts) AS attempts, max(o.error) AS error, bool_and(o.sent_at IS NOT NULL) AS over
FROM outbox o JOIN webhook_endpoint e ON e.id = o.target
WHERE o.kind = 'webhook' AND e.shop_id = :shop_id
GROUP BY o.event_id, o.name ORDER BY min(o.created_at) DESC LIMIT :limit
"""

_HELD: Final = """
SELECT split_part(key, '/', 3) AS method, max(held_until) AS held_until FROM rate_bucket
WHERE key LIKE :vendor AND held_until > clock_timestamp()
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20
"""


async def shops(session: AsyncSession, shop_id: str = "") -> Sequence[Row[Any]]:
    """Every shop of one's own, or one: when it was heard of, what waits, and its gate."""
    scope = scope_in(session)
    return await run(session, _SHOPS, shop_id=shop_id, whole=scope.whole, own=list(scope.shops))


async def carriers(session: AsyncSession, code: str = "") -> Sequence[Row[Any]]:
    """Every account at a carrier, or one, with its gate."""
    return await run(session, _CARRIERS, code=code)


async def payment_accounts(session: AsyncSession, id: str = "") -> Sequence[Row[Any]]:
    """Every merchant account at a payment provider, or one."""
    return await run(session, _ACCOUNTS, id=id)


async def parked_reasons(
    session: AsyncSession, shop_id: str, limit: int = 20
) -> Sequence[Row[Any]]:
    """Why messages of a shop wait for a person, the commonest first."""
    return await run(session, _PARKED, shop_id=shop_id, limit=limit)


async def parked_ids(session: AsyncSession, shop_id: str, reason: str, limit: int) -> list[str]:
    """Messages of a shop that wait for this reason, the oldest first."""
    rows = await run(session, _PARKED_IDS, shop_id=shop_id, reason=reason, limit=limit)
    return [row.id for row in rows]


async def unmapped(session: AsyncSession, shop_id: str, limit: int = 20) -> Sequence[Row[Any]]:
    """SKUs of a shop that hold orders because nobody said what they are, most wanted first."""
    return await run(session, _UNMAPPED, shop_id=shop_id, limit=limit)


async def likely_skus(
    session: AsyncSession, external_sku: str, plain: str, needles: Sequence[str]
) -> Sequence[Row[Any]]:
    """SKUs of ours worth a closer look; `needles` are parts of a name."""
    patterns = [f"%{needle}%" for needle in needles]
    return await run(session, _LIKELY, external_sku=external_sku, plain=plain, needles=patterns)


async def webhook_events(
    session: AsyncSession, shop_id: str, limit: int = 20
) -> Sequence[Row[Any]]:
    """What the shop's subscribers were told lately, and whether they heard it."""
    return await run(session, _EVENTS, shop_id=shop_id, limit=limit)


async def held_methods(session: AsyncSession, vendor: str) -> Sequence[Row[Any]]:
    """Calls that everybody holds back now because the vendor asked for it."""
    return await run(session, _HELD, vendor=f"{vendor}/%")
