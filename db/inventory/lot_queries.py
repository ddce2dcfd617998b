"""Lists of lots, one lot, and the rules of remaining life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.fitness import EXPIRED, TODAY
from db.inventory.repository import StockRepository
from db.platform.audit import audit
from db.scope import scope_in
from db.sql import run
from domain.inventory.expiry import LifeRule
from domain.inventory.stock import StockKey
from domain.shared.errors import InvalidInput, LotNotFound, UnknownSku
from domain.shared.ids import LocationId, Lot, Sku

Show = Literal["", "near", "expired", "held"]
NEAR_DAYS: Final = 60
FAR: Final = date(9999, 12, 31)

# `at` is a day that no place on earth is past, so that the index is used; then each place's own.
_LISTED: Final = f"""
SELECT t.sku, k.name, t.lot, t.produced_on, t.expires_on, t.state, t.note,
       coalesce(b.on_hand, 0)::bigint AS on_hand, coalesce(b.reserved, 0)::bigint AS reserved,
       coalesce(b.places, 0) AS places, coalesce(b.expired, false) AS expired,
       coalesce(b.frozen, false) OR t.state <> 'open' AS held, b.days AS days_left
FROM lot t JOIN sku k ON k.code = t.sku
LEFT JOIN LATERAL (
    SELECT sum(b.on_hand) AS on_hand, sum(b.reserved) AS reserved,
           count(DISTINCT b.location_id) AS places, bool_or({EXPIRED}) AS expired,
           bool_or(b.frozen) AS frozen, min(t.expires_on - {TODAY}) AS days
    FROM stock_balance b JOIN location p ON p.id = b.location_id
    WHERE b.sku = t.sku AND b.lot = t.lot AND b.on_hand > 0) b ON true
WHERE (coalesce(t.expires_on, :far), t.sku, t.lot) > (:ends, :sku, :lot)
  AND (:q = '' OR t.lot ILIKE :like OR t.sku ILIKE :like OR k.name ILIKE '%' || :like)
  AND (:whole OR b.on_hand > 0)
  AND CASE :show
      WHEN 'near' THEN b.on_hand > 0 AND NOT b.expired AND b.days <= :days
                       AND t.expires_on <= CURRENT_DATE + 1 + :days
      WHEN 'expired' THEN b.on_hand > 0 AND b.expired AND t.expires_on <= CURRENT_DATE + 1
      WHEN 'held' THEN t.state <> 'open' OR b.frozen
      ELSE true END
ORDER BY coalesce(t.expires_on, :far), t.sku, t.lot LIMIT :limit
"""  # noqa: S608 (made of constants)

_ONE: Final = """
SELECT t.*, k.name, k.shelf_life_days, k.min_life_days FROM lot t JOIN sku k ON k.code = t.sku
WHERE t.sku = :sku AND t.lot = :lot
"""
_HOLDS: Final = """
SELECT h.*, p.name AS place FROM lot_hold h LEFT JOIN location p ON p.id = h.location_id
WHERE h.sku = :sku AND h.lot = :lot ORDER BY h.placed_at DESC, h.id DESC
"""
_RECALLS_OF: Final = """
SELECT r.no, r.state, r.started_at FROM recall_lot l JOIN recall r ON r.no = l.recall_no
WHERE l.sku = :sku AND l.lot = :lot ORDER BY r.started_at DESC
"""
_RULES: Final = """
SELECT u.channel, u.shop_id, coalesce(s.name, '') AS shop, u.days, u.share_percent
FROM life_rule u LEFT JOIN shop s ON s.id = u.shop_id
WHERE u.shop_id = '' OR s.id IS NOT NULL ORDER BY u.shop_id, u.channel
"""
_SET_RULE: Final = """
INSERT INTO life_rule (channel, shop_id, days, share_percent)
VALUES (:channel, :shop_id, :days, :share)
ON CONFLICT (channel, shop_id) DO UPDATE SET days = :days, share_percent = :share
"""
_NO_RULE: Final = "DELETE FROM life_rule WHERE channel = :channel AND shop_id = :shop_id"
_KNOWN: Final = """
SELECT (CAST(:shop_id AS text) = '' OR EXISTS (SELECT FROM shop WHERE id = :shop_id))
   AND (CAST(:channel AS text) = '' OR EXISTS (SELECT FROM shop WHERE channel = :channel)) AS known
"""
_FACTS: Final = """
SELECT code, name, shelf_life_days, min_life_days, tracks_lots, tracks_serials FROM sku
WHERE code = :sku
"""
_SET_FACTS: Final = """
UPDATE sku SET shelf_life_days = :shelf, min_life_days = :least, tracks_lots = :lots,
               tracks_serials = :serials
WHERE code = :sku RETURNING code
"""
# Goods that orders wait for although they lie there: a rule that asks less may have fitted them.
_AWAITED: Final = """
SELECT DISTINCT b.sku, b.location_id, b.lot FROM backorder w
JOIN stock_balance b ON b.sku = w.sku AND b.location_id = w.location_id
WHERE w.state = 'waiting' AND b.condition = 'good' AND b.owner = 'own' AND b.lot <> ''
  AND b.on_hand > b.reserved AND NOT b.frozen
ORDER BY 1, 2, 3 LIMIT 5000
"""


@dataclass(frozen=True, slots=True)
class LotFilter:
    """Which lots: near their end, expired, kept back, or all; by lot, SKU or name."""

    show: Show = ""
    days: int = NEAR_DAYS
    q: str = ""


@dataclass(frozen=True, slots=True)
class SkuFacts:
    """What is known of a SKU's life, and what of it is written down at each step."""

    shelf_life_days: int = 0
    min_life_days: int = 0
    tracks_lots: bool = False
    tracks_serials: bool = False


async def listed(
    session: AsyncSession, wanted: LotFilter, limit: int, after: tuple[date | None, str, str] | None
) -> Sequence[Row[Any]]:
    """Lots as they expire, from behind `after` on; those without a date last."""
    ends, sku, lot = after or (date.min, "", "")
    like = wanted.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return await run(
        session, _LISTED, show=wanted.show, days=wanted.days, q=wanted.q, like=like, limit=limit,
        ends=ends or FAR, sku=sku, lot=lot, far=FAR, whole=scope_in(session).whole,
    )  # fmt: skip


async def one(session: AsyncSession, sku: str, lot: str) -> Row[Any]:
    """A lot. Raises LotNotFound."""
    rows = await run(session, _ONE, sku=sku, lot=lot)
    if not rows:
        raise LotNotFound(f"there is no lot {lot[:50]} of {sku[:50]}")
    return rows[0]


async def holds_of(session: AsyncSession, sku: str, lot: str) -> Sequence[Row[Any]]:
    """What keeps it back, and what did."""
    return await run(session, _HOLDS, sku=sku, lot=lot)


async def recalls_of(session: AsyncSession, sku: str, lot: str) -> Sequence[Row[Any]]:
    """The recalls that name it."""
    return await run(session, _RECALLS_OF, sku=sku, lot=lot)


async def rules(session: AsyncSession) -> Sequence[Row[Any]]:
    """What must remain at the door, by channel and shop."""
    return await run(session, _RULES)


async def set_rule(
    session: AsyncSession, channel: str, shop_id: str, rule: LifeRule | None, actor: str,
    request_id: str,
) -> None:  # fmt: skip
    """From now on this holds for a channel or a shop ('' = all); None takes it back. Who waits for
    goods that fit now gets them. Raises InvalidInput."""
    known = await run(session, _KNOWN, shop_id=shop_id, channel=channel)
    if not known[0].known or (shop_id and channel):
        raise InvalidInput("a rule is of one channel, of one shop, or of all")
    if rule is None:
        await run(session, _NO_RULE, channel=channel, shop_id=shop_id)
    else:
        await run(
            session, _SET_RULE, channel=channel, shop_id=shop_id, days=rule.days,
            share=rule.share_percent,
        )  # fmt: skip
    told = {"days": rule.days, "share_percent": rule.share_percent} if rule else {}
    await audit(
        session, actor, "life_rule.set", f"shop/{shop_id}" if shop_id else "company",
        after={"channel": channel, **told}, request_id=request_id,
    )  # fmt: skip
    await _serve(session)


async def facts_of(session: AsyncSession, sku: str) -> Row[Any]:
    """What is known of a SKU's life. Raises UnknownSku."""
    rows = await run(session, _FACTS, sku=sku)
    if not rows:
        raise UnknownSku(f"there is no SKU {sku[:50]}")
    return rows[0]


async def set_facts(
    session: AsyncSession, sku: str, facts: SkuFacts, actor: str, request_id: str
) -> None:
    """From now on this is known of a SKU. Raises UnknownSku."""
    before = await facts_of(session, sku)
    await run(
        session, _SET_FACTS, sku=sku, shelf=facts.shelf_life_days, least=facts.min_life_days,
        lots=facts.tracks_lots, serials=facts.tracks_serials,
    )  # fmt: skip
    names = ("shelf_life_days", "min_life_days", "tracks_lots", "tracks_serials")
    await audit(
        session, actor, "sku.life_set", f"sku/{sku}",
        before={name: getattr(before, name) for name in names},
        after={name: getattr(facts, name) for name in names}, request_id=request_id,
    )  # fmt: skip
    await _serve(session)


async def _serve(session: AsyncSession) -> None:
    keys = [
        StockKey(Sku(row.sku), LocationId(row.location_id), Lot(row.lot))
        for row in await run(session, _AWAITED)
    ]
    await StockRepository(session).fill_backorders(keys)
