"""Goods that are set apart anywhere: listed, and decided about, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.inventory.lot_asking import refuse_without_lot
from db.inventory.repository import StockRepository
from db.inventory.serials import SerialRegister
from db.platform.audit import audit
from db.sql import run
from domain.inventory.expiry import is_expired, today_at
from domain.inventory.quarantine import (
    GOOD,
    REASONS,
    SET_APART,
    QuarantineAct,
    QuarantinePlan,
    SetApart,
    plan_of,
)
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.shared.errors import (
    InvalidInput,
    LotNotFound,
    PlanChanged,
    SerialsMissing,
    SupplierNotFound,
)
from domain.shared.ids import LocationId, Lot, Sku

# Cases, returns and transfers decide about these units themselves.
_BOUND: Final = """
SELECT
    coalesce((SELECT sum(c.units) FROM receipt_case c
        JOIN goods_receipt_line l ON l.receipt_no = c.receipt_no AND l.line_no = c.line_no
        WHERE c.state = 'open' AND c.location_id = b.location_id AND c.sku = b.sku
          AND c.lot = b.lot AND b.owner = 'own'
          AND b.condition = CASE l.verdict WHEN 'rejected' THEN 'damaged' ELSE 'quarantine' END), 0)
        AS in_cases,
    CASE WHEN b.condition = 'quarantine' THEN coalesce((
        SELECT sum(c.quantity - coalesce((
            SELECT sum(i.quantity) FROM return_inspection i WHERE i.receipt_id = c.id
              AND NOT EXISTS (SELECT FROM return_inspection_undo u WHERE u.inspection_id = i.id)
        ), 0))
        FROM return_receipt c JOIN fulfilment_line f ON f.id = c.fulfilment_line_id
        WHERE c.location_id = b.location_id AND c.lot = b.lot AND f.sku = b.sku), 0) ELSE 0 END
        AS in_returns,
    CASE WHEN b.condition = 'damaged' THEN coalesce((
        SELECT sum(d.units) FROM stock_transfer_difference d
        JOIN stock_transfer t ON t.no = d.transfer_no
        JOIN stock_transfer_line l ON l.transfer_no = d.transfer_no AND l.line_no = d.line_no
        WHERE d.decision = '' AND d.kind = 'damaged' AND t.to_location = b.location_id
          AND l.sku = b.sku AND l.lot = b.lot), 0) ELSE 0 END AS in_transfers
"""

# The oldest of the units that lie there: the newest that came cover the others.
_SINCE: Final = """
SELECT m.at, m.document_kind, m.document_no FROM (
    SELECT m.at, m.id, m.document_kind, m.document_no, m.quantity,
           sum(m.quantity) OVER (ORDER BY m.at DESC, m.id DESC) AS so_far
    FROM stock_move m
    WHERE m.sku = b.sku AND m.to_place = 'location:' || b.location_id AND m.verb <> 'issue'
      AND m.lot = b.lot AND m.condition = b.condition AND m.owner = b.owner) m
WHERE m.so_far - m.quantity < b.on_hand ORDER BY m.at, m.id LIMIT 1
"""

_ROWS: Final = f"""
SELECT b.sku, k.name, b.lot, b.location_id, p.name AS place, p.kind, p.zone, b.condition, b.owner,
       b.on_hand, b.frozen, t.expires_on, k.cost_minor, k.currency, k.tracks_serials,
       (b.on_hand * k.cost_minor)::bigint AS value_minor,
       x.in_cases::bigint, x.in_returns::bigint, x.in_transfers::bigint,
       least(x.in_cases + x.in_returns + x.in_transfers, b.on_hand)::bigint AS bound,
       s.at AS since, s.document_kind, s.document_no
FROM stock_balance b JOIN sku k ON k.code = b.sku JOIN location p ON p.id = b.location_id
LEFT JOIN lot t ON t.sku = b.sku AND t.lot = b.lot
CROSS JOIN LATERAL ({_BOUND}) x
LEFT JOIN LATERAL ({_SINCE}) s ON true
WHERE b.condition = ANY(:conditions) AND b.on_hand > 0
"""  # noqa: S608 (made of constants)

_LISTED: Final = f"""{_ROWS}
  AND (:location = '' OR b.location_id = :location)
  AND (:q = '' OR b.sku ILIKE :like OR b.lot ILIKE :like OR k.name ILIKE '%' || :like)
  AND (b.sku, b.location_id, b.lot, b.condition, b.owner)
      > (:a_sku, :a_location, :a_lot, :a_condition, :a_owner)
ORDER BY b.sku, b.location_id, b.lot, b.condition, b.owner LIMIT :limit
"""

_SUMS: Final = """
SELECT b.condition, sum(b.on_hand)::bigint AS units, k.currency,
       sum(b.on_hand * k.cost_minor)::bigint AS value_minor
FROM stock_balance b JOIN sku k ON k.code = b.sku
WHERE b.condition = ANY(:conditions) AND b.on_hand > 0
  AND (:location = '' OR b.location_id = :location)
GROUP BY b.condition, k.currency ORDER BY 1, 3
"""

_ONE: Final = f"""{_ROWS}
  AND b.sku = :sku AND b.location_id = :location AND b.lot = :lot AND b.condition = :condition
  AND b.owner = :owner
"""

_WRITE: Final = """
INSERT INTO quarantine_act (no, act, sku, lot, location_id, condition, owner, units, value_minor,
    currency, supplier, claim_minor, reference, reason, actor)
VALUES (:no, :act, :sku, :lot, :location, :condition, :owner, :units, :value, :currency, :supplier,
    :claim, :reference, :reason, :actor)
"""

_ACTS: Final = """
SELECT q.*, k.name, p.name AS place, coalesce(s.name, q.supplier) AS supplier_name
FROM quarantine_act q JOIN sku k ON k.code = q.sku JOIN location p ON p.id = q.location_id
LEFT JOIN supplier s ON s.code = q.supplier
WHERE (:act = '' OR q.act = :act) ORDER BY q.at DESC, q.no DESC LIMIT :limit
"""

_CLAIMS: Final = """
SELECT q.supplier, coalesce(s.name, q.supplier) AS name, q.currency, sum(q.units)::bigint AS units,
       sum(q.claim_minor)::bigint AS claim_minor
FROM quarantine_act q LEFT JOIN supplier s ON s.code = q.supplier
WHERE q.act = 'to_supplier' GROUP BY 1, 2, 3 ORDER BY 5 DESC, 1
"""

# Who sells us these goods, and for what: the usual one first.
_SUPPLIERS: Final = """
SELECT i.supplier, s.name, i.price_minor, s.currency FROM supplier_item i
JOIN supplier s ON s.code = i.supplier WHERE i.sku = :sku
ORDER BY i.preferred DESC, i.active DESC, i.supplier
"""


@dataclass(frozen=True, slots=True)
class Apart:
    """Which goods: a balance that is not good."""

    sku: str
    location: str
    lot: str
    condition: str
    owner: str = "own"

    @property
    def key(self) -> StockKey:
        return StockKey(
            Sku(self.sku), LocationId(self.location), Lot(self.lot), self.condition, self.owner
        )

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.sku, self.location, self.lot, self.condition, self.owner)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done with units. `why` is the books' word for a write-off."""

    apart: Apart
    act: QuarantineAct
    units: int
    reason: str = ""
    why: str = "damaged"
    supplier: str = ""
    claim_minor: int | None = None  # none = what the supplier takes for such units
    reference: str = ""
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantine:
    """`actor` is who decides; `request_id` names the press of the button."""

    session: AsyncSession
    actor: str = "system"
    request_id: str = ""

    async def listed(
        self, q: str, location: str, condition: str, limit: int,
        after: tuple[str, ...] = ("", "", "", "", ""),
    ) -> Sequence[Row[Any]]:  # fmt: skip
        """Goods that are set apart, with since when, by what paper, and what they are worth."""
        like = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        return await run(
            self.session, _LISTED, q=q, like=like, location=location, limit=limit,
            conditions=[condition] if condition else list(SET_APART), a_sku=after[0],
            a_location=after[1], a_lot=after[2], a_condition=after[3], a_owner=after[4],
        )  # fmt: skip

    async def sums(self, location: str) -> Sequence[Row[Any]]:
        """Units and value by condition and currency."""
        return await run(self.session, _SUMS, location=location, conditions=list(SET_APART))

    async def one(self, apart: Apart) -> Row[Any]:
        """One balance of them. Raises LotNotFound."""
        rows = await run(
            self.session, _ONE, conditions=list(SET_APART), sku=apart.sku,
            location=apart.location, lot=apart.lot, condition=apart.condition, owner=apart.owner,
        )  # fmt: skip
        if not rows:
            raise LotNotFound("no such goods are set apart there")
        return rows[0]

    async def suppliers(self, sku: str) -> Sequence[Row[Any]]:
        """Who may have sold us the goods, with his price."""
        return await run(self.session, _SUPPLIERS, sku=sku)

    async def acts(self, act: str, limit: int) -> Sequence[Row[Any]]:
        """What was done, the latest first."""
        return await run(self.session, _ACTS, act=act, limit=limit)

    async def claims(self) -> Sequence[Row[Any]]:
        """What each supplier owes us for goods that went back from quarantine."""
        return await run(self.session, _CLAIMS)

    async def plan(self, wish: Wish) -> QuarantinePlan:
        """What it would do now. Raises LotNotFound, InvalidInput, ActionNotAllowed,
        SupplierNotFound."""
        row = await self.one(wish.apart)
        if wish.act is QuarantineAct.WRITE_OFF and wish.why not in REASONS:
            raise InvalidInput("goods are written off as damaged, expired, recalled or lost")
        claim = await self._claim(wish)
        today = today_at(row.zone, datetime.now(UTC))
        lies = SetApart(
            row.on_hand, row.bound, row.cost_minor, is_expired(row.expires_on, today), row.frozen,
            row.owner == "own", row.kind == "transit",
        )  # fmt: skip
        return plan_of(wish.act, wish.apart.parts, lies, wish.units, claim)

    async def carry_out(self, wish: Wish, plan_hash: str) -> str:
        """Do what was shown; its number.

        Raises what `plan` raises, PlanChanged when it would do something else now, LotMissing,
        SerialsMissing, InsufficientStock.
        """
        if not wish.reason:
            raise InvalidInput("a reason is needed")
        key = wish.apart.key
        await StockRepository(self.session).hold([key, replace(key, condition=GOOD)])
        plan = await self.plan(wish)
        if plan.hash != plan_hash:
            raise PlanChanged("the goods moved on since they were shown")
        row = await self.one(wish.apart)
        no = new_id("QA")
        await self._serials(wish, row, no)
        await self._move(wish, plan, Document("quarantine", no, f"quarantine:{no}", self.actor))
        supplier = wish.supplier if wish.act is QuarantineAct.TO_SUPPLIER else ""
        await run(
            self.session, _WRITE, no=no, act=wish.act, sku=key.sku, lot=key.lot,
            location=key.location_id, condition=key.condition, owner=key.owner, units=plan.units,
            value=plan.value_minor, currency=row.currency, supplier=supplier,
            claim=plan.claim_minor, reference=wish.reference, reason=wish.reason, actor=self.actor,
        )  # fmt: skip
        await audit(
            self.session, self.actor, f"quarantine.{wish.act}", f"location/{key.location_id}",
            reason=wish.reason,
            after={"no": no, "sku": key.sku, "lot": key.lot, "condition": key.condition,
                   "units": plan.units, "value_minor": plan.value_minor,
                   "claim_minor": plan.claim_minor},
            request_id=self.request_id,
        )  # fmt: skip
        return no

    async def _claim(self, wish: Wish) -> int:
        if wish.act is not QuarantineAct.TO_SUPPLIER:
            return wish.claim_minor or 0
        known = {row.supplier: row for row in await self.suppliers(wish.apart.sku)}
        if wish.supplier not in known and not await run(
            self.session, "SELECT FROM supplier WHERE code = :code", code=wish.supplier
        ):
            raise SupplierNotFound(f"there is no supplier {wish.supplier[:50]!a}")
        if wish.claim_minor is not None:
            return wish.claim_minor
        price = known[wish.supplier].price_minor if wish.supplier in known else 0
        return int(price) * wish.units

    async def _move(self, wish: Wish, plan: QuarantinePlan, document: Document) -> None:
        stock, line = StockRepository(self.session), StockLine(wish.apart.key, plan.units)
        match wish.act:
            case QuarantineAct.RELEASE:
                good = replace(line.key, condition=GOOD)
                await refuse_without_lot(self.session, [replace(line, key=good)])
                await stock.sort_out(document, line, good)
            case QuarantineAct.WRITE_OFF:
                reason = REASONS.get(wish.why, AdjustmentReason.DAMAGED)
                await stock.adjust(document, [StockLine(line.key, -plan.units)], reason)
            case QuarantineAct.TO_SUPPLIER:
                await stock.send_back(document, [line])

    async def _serials(self, wish: Wish, row: Row[Any], no: str) -> None:
        """Units that are known by number are decided about by number."""
        if not row.tracks_serials:
            return
        register = SerialRegister(self.session, self.actor, self.request_id)
        known = await register.set_apart(
            wish.apart.sku, wish.apart.location, wish.apart.lot, wish.apart.condition
        )
        if strange := sorted(set(wish.serials) - known):
            raise InvalidInput(f"{strange[0]} is not set apart there")
        if len(set(wish.serials)) != min(wish.units, len(known)):
            raise SerialsMissing(f"{wish.units} serial numbers of {wish.apart.sku} are needed")
        await register.decided(
            wish.apart.sku, sorted(set(wish.serials)), wish.apart.location, no, wish.reason,
            good=wish.act is QuarantineAct.RELEASE,
        )  # fmt: skip
