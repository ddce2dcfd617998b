"""Stock put right from what proves it: the ledger, the leases, the balances.

Each takes its locks in the ledger's one order, reads again in the next statement, and only then
writes; whoever moves the same goods meanwhile waits, and adds to what is right.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import statements
from db.inventory.ledger import columns_of
from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.stock import StockKey
from domain.platform.auditing import Mended
from domain.shared.errors import CannotBeRepaired
from domain.shared.ids import LocationId, Lot, Sku

_KEY: Final = """(sku, location_id, lot, condition, owner)
    = (:sku, :location_id, :lot, :condition, :owner)"""
_STANDS: Final = f"SELECT on_hand, reserved FROM stock_balance WHERE {_KEY}"  # noqa: S608
_PROVEN: Final = f"""
SELECT (SELECT coalesce(sum(CASE WHEN to_place = :place THEN quantity ELSE -quantity END), 0)
        FROM stock_move
        WHERE (sku, lot, condition, owner) = (:sku, :lot, :condition, :owner)
          AND :place IN (to_place, from_place))::bigint AS on_hand,
       (SELECT coalesce(sum(quantity - voided_quantity), 0) FROM reservation
        WHERE state = 'held' AND {_KEY})::bigint AS reserved
"""  # noqa: S608 (made of constants)
_WRITE: Final = f"""
UPDATE stock_balance SET on_hand = :on_hand, reserved = :reserved WHERE {_KEY}
"""  # noqa: S608
_WHOSE: Final = """
SELECT r.state, coalesce(o.status, '') AS order_status, coalesce(s.status, '') AS shipment_status,
       coalesce(t.state, '') AS transfer_state,
       EXISTS (SELECT FROM earmark e WHERE e.id = r.reservation_id) AS earmarked,
       r.expires_at < clock_timestamp() AS ended, clock_timestamp() AS now
FROM reservation r LEFT JOIN sales_order o ON o.id = r.order_id
LEFT JOIN shipment s ON s.no = r.reservation_id
LEFT JOIN stock_transfer t ON r.workflow_id = 'transfer/' || t.no
WHERE r.reservation_id = :id AND r.state = 'held' ORDER BY r.sku, r.location_id, r.lot
FOR UPDATE OF r
"""
_WAITS: Final = "SELECT state FROM backorder WHERE id = :id"
_LOTS: Final = """
SELECT lot FROM stock_balance WHERE sku = :sku AND location_id = :location_id
  AND condition = 'good' AND owner = 'own' ORDER BY lot
"""
# One at a time: two that read the same difference would both add it.
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtext('stock_sum'))"
_GROUP: Final = """(brand, category, location_id, condition, owner)
    = (:brand, :category, :location_id, :condition, :owner)"""
_SUMS: Final = f"""
WITH told AS (
    SELECT coalesce(sum(on_hand), 0) AS on_hand, coalesce(sum(reserved), 0) AS reserved
    FROM (SELECT on_hand, reserved FROM stock_sum WHERE {_GROUP}
          UNION ALL SELECT on_hand, reserved FROM stock_sum_change WHERE {_GROUP}) s
), counted AS (
    SELECT coalesce(sum(b.on_hand), 0) AS on_hand, coalesce(sum(b.reserved), 0) AS reserved
    FROM stock_balance b JOIN sku k ON k.code = b.sku WHERE {_GROUP}
), added AS (
    INSERT INTO stock_sum_change (brand, category, location_id, condition, owner, on_hand, reserved)
    SELECT :brand, :category, :location_id, :condition, :owner, c.on_hand - t.on_hand,
           c.reserved - t.reserved
    FROM told t CROSS JOIN counted c
    WHERE (c.on_hand, c.reserved) <> (t.on_hand, t.reserved)
)
SELECT t.on_hand::bigint AS shown, t.reserved::bigint AS shown_reserved,
       c.on_hand::bigint AS on_hand, c.reserved::bigint AS reserved
FROM told t CROSS JOIN counted c
"""  # noqa: S608 (made of constants)


async def balance(session: AsyncSession, facts: Mapping[str, Any]) -> Mended:
    """A balance is what its moves add up to, and what the leases on it hold."""
    key = StockKey(
        Sku(facts["sku"]), LocationId(facts["location_id"]), Lot(facts["lot"]),
        facts.get("condition", "good"), facts.get("owner", "own"),
    )  # fmt: skip
    names = {"sku": key.sku, "location_id": key.location_id, "lot": key.lot,
             "condition": key.condition, "owner": key.owner}  # fmt: skip
    await StockRepository(session).hold([key])
    [stands] = await run(session, _STANDS, **names)
    [proven] = await run(session, _PROVEN, place=f"location:{key.location_id}", **names)
    if not 0 <= proven.reserved <= proven.on_hand:
        raise CannotBeRepaired(
            f"the ledger says {proven.on_hand} units and leases hold {proven.reserved} of them:"
            " count the goods, and correct the stock or release orders"
        )
    mended = Mended(
        {"on_hand": stands.on_hand, "reserved": stands.reserved},
        {"on_hand": proven.on_hand, "reserved": proven.reserved},
    )
    if mended.changed:
        await run(session, _WRITE, on_hand=proven.on_hand, reserved=proven.reserved, **names)
        await StockRepository(session).fill_backorders([key])
    return mended


async def lease_of_nobody(session: AsyncSession, facts: Mapping[str, Any]) -> Mended:
    """A lease of a cancelled order, or of one that does not exist, gives its units back."""
    return await _give_back(session, str(facts["reservation_id"]), ended=False)


async def ended_lease(session: AsyncSession, facts: Mapping[str, Any]) -> Mended:
    """A lease whose time is over gives its units back."""
    return await _give_back(session, str(facts["reservation_id"]), ended=True)


async def served(session: AsyncSession, facts: Mapping[str, Any]) -> Mended:
    """Who waits for goods that lie free gets them, in the order of the queue."""
    where = {"sku": facts["sku"], "location_id": facts["location_id"]}
    lots = await run(session, _LOTS, **where)
    keys = [StockKey(Sku(where["sku"]), LocationId(where["location_id"]), Lot(row.lot))
            for row in lots]  # fmt: skip
    await run(session, statements.LOCK, **columns_of(sorted(keys)))
    waits = await run(session, _WAITS, id=facts["id"])
    if not waits or waits[0].state != "waiting":
        return Mended({}, {})
    await StockRepository(session).fill_backorders(keys)
    [after] = await run(session, _WAITS, id=facts["id"])
    if after.state == "waiting":
        raise CannotBeRepaired("no lot that lies free fits: look at the lots and their dates")
    return Mended({"state": "waiting"}, {"state": after.state})


async def sums(session: AsyncSession, facts: Mapping[str, Any]) -> Mended:
    """What is shown of a brand and a category is what its balances add up to: the difference is
    added as one more change. One statement, so that what moves meanwhile is in both or in none."""
    await run(session, _ALONE)
    group = {name: facts[name] for name in
             ("brand", "category", "location_id", "condition", "owner")}  # fmt: skip
    [row] = await run(session, _SUMS, **group)
    return Mended(
        {"on_hand": row.shown, "reserved": row.shown_reserved},
        {"on_hand": row.on_hand, "reserved": row.reserved},
    )


async def _give_back(session: AsyncSession, reservation_id: str, *, ended: bool) -> Mended:
    await run(session, statements.LOCK_RESERVED, ids=[reservation_id])
    rows = await run(session, _WHOSE, id=reservation_id)
    if not rows:
        return Mended({}, {})
    stock, row = StockRepository(session), rows[0]
    if ended:
        if not all(one.ended for one in rows):
            return Mended({}, {})
        await stock.expire(reservation_id, row.now)
        return Mended({"state": "held"}, {"state": "expired"})
    if row.earmarked:
        return Mended({}, {})
    if row.shipment_status not in ("", "cancelled"):
        raise CannotBeRepaired("a shipment has these goods: look at it, and count the place")
    if row.order_status not in ("", "cancelled"):
        raise CannotBeRepaired("the order is not cancelled: its goods may have left unbooked")
    if row.transfer_state not in ("", "cancelled"):
        raise CannotBeRepaired("the transfer is closed: its goods may have left unbooked")
    await stock.release(reservation_id)
    return Mended({"state": "held"}, {"state": "voided"})
