"""Kits in the caller's transaction: what they are made of, how many could be, and assembly."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.engine import Row
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_kit_order_no
from db.inventory import statements
from db.inventory.kit_serials import KitSerials, merged
from db.inventory.ledger import Ledger, key_of
from db.inventory.lot_register import LotRegister
from db.inventory.repository import StockRepository
from db.sql import run
from domain.inventory.kits import Component, KitKind, KitWork, available, refuse_circle
from domain.inventory.stock import Document, StockKey, StockLine, from_lots
from domain.shared.errors import ActionNotAllowed, InsufficientStock, KitNotFound
from domain.shared.ids import LocationId, Lot, Sku

_KITS: Final = """
SELECT t.code, t.kind, s.name, s.tracks_serials, jsonb_agg(jsonb_build_object(
           'sku', k.sku, 'name', p.name, 'quantity', k.quantity,
           'tracks_serials', p.tracks_serials) ORDER BY k.sku) AS components
FROM kit t JOIN sku s ON s.code = t.code
JOIN kit_component k ON k.kit = t.code JOIN sku p ON p.code = k.sku
WHERE CAST(:code AS text) = '' OR t.code = CAST(:code AS text)
GROUP BY t.code, t.kind, s.name, s.tracks_serials ORDER BY t.code LIMIT :limit
"""
_KEEP: Final = """
INSERT INTO kit (code, kind, changed_by) VALUES (:code, :kind, :actor)
ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, changed_by = excluded.changed_by,
    changed_at = clock_timestamp()
"""
_COMPONENTS: Final = """
INSERT INTO kit_component (kit, sku, quantity)
SELECT CAST(:code AS text), c.sku, c.quantity
FROM unnest(CAST(:skus AS text[]), CAST(:quantities AS bigint[])) AS c(sku, quantity)
ON CONFLICT (kit, sku) DO UPDATE SET quantity = excluded.quantity
"""
_ORDER: Final = """
INSERT INTO kit_order (no, kit, location_id, kind, quantity, actor)
VALUES (:no, :kit, :location, :kind, :quantity, :actor) ON CONFLICT DO NOTHING RETURNING no
"""


_FIRST_TO_END: Final = """
SELECT min(t.expires_on) AS expires_on FROM lot t
WHERE (t.sku, t.lot) IN (
    SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:lots AS text[])))
"""
# Of each lot of kits: the lots of components that went in, less what was taken out again.
_WENT_IN: Final = """
SELECT m.document_no AS kit_lot, m.sku, m.lot, sum(m.quantity) - coalesce((
        SELECT sum(b.quantity) FROM stock_move b JOIN kit_order a ON a.no = b.document_no
        WHERE a.kit = :kit AND a.kind = 'disassemble' AND b.document_kind = 'kit_order'
          AND b.sku = m.sku AND b.lot = m.lot AND b.from_place = 'adjustment' AND EXISTS (
            SELECT FROM stock_move k WHERE k.document_kind = 'kit_order'
              AND k.document_no = a.no AND k.sku = :kit AND k.lot = m.document_no)), 0)
    AS left_over
FROM kit_order o JOIN stock_move m ON m.document_kind = 'kit_order' AND m.document_no = o.no
LEFT JOIN lot t ON t.sku = m.sku AND t.lot = m.lot
WHERE o.kit = :kit AND o.kind = 'assemble' AND m.from_place = :location AND m.lot <> ''
  AND EXISTS (SELECT FROM stock_balance b WHERE b.sku = :kit AND b.lot = o.no AND b.on_hand > 0)
GROUP BY m.document_no, m.sku, m.lot, t.expires_on
ORDER BY m.document_no, m.sku, t.expires_on NULLS LAST, m.lot
"""


@dataclass(frozen=True, slots=True)
class KitOrder:
    """Kits to be put together or taken apart. The same key again changes nothing. `serials` are by
    SKU the numbers of the kits and of what goes in or comes out."""

    key: str
    kit: str
    location_id: str
    kind: KitWork
    quantity: int
    actor: str
    serials: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kits:
    """What is sold together."""

    session: AsyncSession

    async def define(
        self, code: str, kind: KitKind, components: Sequence[Component], actor: str
    ) -> None:
        """Say what a SKU is made of; orders that are placed from now on are picked so.

        Raises UnknownSku, InvalidInput for what cannot be picked; ActionNotAllowed for a SKU that
        lies somewhere as itself and would only be virtual.
        """
        skus = [Sku(part.sku) for part in components]
        await Ledger(self.session).refuse_unknown([Sku(code), *skus])
        refuse_circle(code, components, await self._kinds(skus))
        inside = await run(
            self.session, "SELECT kit FROM kit_component WHERE sku = :code LIMIT 1", code=code
        )
        lies = await run(
            self.session,
            "SELECT 1 FROM stock_balance WHERE sku = :code AND on_hand > 0 LIMIT 1", code=code,
        )  # fmt: skip
        if kind is KitKind.VIRTUAL and (inside or lies):
            raise ActionNotAllowed(f"{code} is kept as itself")
        await run(self.session, _KEEP, code=code, kind=kind, actor=actor)
        await run(
            self.session, "DELETE FROM kit_component WHERE kit = :code AND sku <> ALL(:skus)",
            code=code, skus=[str(sku) for sku in skus],
        )  # fmt: skip
        await run(
            self.session, _COMPONENTS, code=code, skus=[str(sku) for sku in skus],
            quantities=[part.quantity for part in components],
        )  # fmt: skip

    async def kits(self, code: str = "", limit: int = 200) -> Sequence[Row[Any]]:
        """Kits with their components, or one of them."""
        return await run(self.session, _KITS, code=code, limit=limit)

    async def kit(self, code: str) -> Row[Any]:
        """One kit. Raises KitNotFound."""
        rows = await self.kits(code)
        if not rows:
            raise KitNotFound(f"there is no kit {code[:50]!a}")
        return rows[0]

    async def could_be_made(self, kits: Sequence[Row[Any]]) -> dict[str, dict[str, int]]:
        """How many of each kit the free units of its components make, by place."""
        parts = {kit.code: components_in(kit) for kit in kits}
        skus = sorted({part.sku for of in parts.values() for part in of})
        free: dict[str, dict[str, int]] = {}
        for level in await StockRepository(self.session).levels(skus):
            free.setdefault(level.location_id, {})[level.sku] = level.available
        return {
            code: {place: n for place, units in free.items() if (n := available(of, units))}
            for code, of in parts.items()
        }

    async def work(self, order: KitOrder) -> str:
        """Put kits together or take them apart: what is used and what is made move together.
        Returns the paper's number.

        Raises KitNotFound, UnknownLocation, InsufficientStock; ActionNotAllowed for virtual kits;
        SerialsMissing, SerialTaken, InvalidInput where units have numbers.
        """
        kit = await self.kit(order.kit)
        if kit.kind != KitKind.ASSEMBLED:
            raise ActionNotAllowed("a virtual kit is put together for each order")
        here = LocationId(order.location_id)
        await Ledger(self.session).refuse_unknown((), [here])
        no, key = new_kit_order_no(datetime.now(UTC)), f"kit:{order.key}"
        document = Document("kit_order", no, key, order.actor)
        known = await run(
            self.session, "SELECT document_no FROM stock_move WHERE idempotency_key = :key LIMIT 1",
            key=key,
        )  # fmt: skip
        if known:
            return str(known[0].document_no)
        parts = {x.sku: x.quantity * order.quantity for x in components_in(kit)}
        numbers = KitSerials(self.session, order.kit, no, order.actor, order.serials)
        await numbers.prepare({**parts, order.kit: order.quantity})
        if order.kind is KitWork.ASSEMBLE:
            taken, made = await self._put_together(here, parts, order, numbers)
        else:
            taken, made = await self._taken_apart(here, parts, order, numbers)
        await StockRepository(self.session).rework(document, taken, made)
        await run(
            self.session, _ORDER, no=no, kit=order.kit, location=here, kind=order.kind,
            quantity=order.quantity, actor=order.actor,
        )  # fmt: skip
        return no

    async def _put_together(
        self, here: LocationId, parts: Mapping[str, int], order: KitOrder, numbers: KitSerials
    ) -> tuple[list[StockLine], list[StockLine]]:
        """Kits of components that have lots are a lot of their own: the paper's number. It ends
        when the first of its components does."""
        kit, no = Sku(order.kit), numbers.document_no
        free = await self._free(here, parts, [StockKey(kit, here), StockKey(kit, here, Lot(no))])
        taken: list[StockLine] = []
        for sku, units in parts.items():
            if sku in numbers.asked:
                taken += await numbers.used(sku, free[sku])
            else:
                taken += _used(here, sku, units, free[sku])
        lots = [(line.key.sku, line.key.lot) for line in taken if line.key.lot]
        key = StockKey(kit, here, Lot(no)) if lots else StockKey(kit, here)
        if lots:
            ends = (await run(self.session, _FIRST_TO_END, **_columns(lots)))[0].expires_on
            await LotRegister(self.session, order.actor).know(order.kit, no, None, ends)
        await numbers.made(key)
        return taken, [StockLine(key, order.quantity)]

    async def _taken_apart(
        self, here: LocationId, parts: Mapping[str, int], order: KitOrder, numbers: KitSerials
    ) -> tuple[list[StockLine], list[StockLine]]:
        """The components are of those lots again that went into the kits, the first to end first;
        what nobody knows the lot of has none. Units with numbers know their lot themselves."""
        rows = await run(self.session, _WENT_IN, kit=order.kit, location="location:" + here)
        keys = [StockKey(Sku(row.sku), here, Lot(row.lot)) for row in rows]
        keys += [
            StockKey(Sku(sku), here, Lot(lot)) for sku in parts for lot in numbers.lots_named(sku)
        ]
        plain = [StockKey(Sku(sku), here) for sku in parts]
        kits = (await self._free(here, {order.kit: order.quantity}, [*plain, *keys]))[order.kit]
        each = {sku: units // order.quantity for sku, units in parts.items()}
        if order.kit in numbers.asked:
            taken = await numbers.used(order.kit, kits)
        else:
            taken = numbers.kits_opened(kits, order.quantity, each)
        made: list[StockLine] = []
        for sku in numbers.asked & parts.keys():
            made += await numbers.taken_out(sku, StockKey(Sku(sku), here))
        return taken, made + _came_out(here, taken, rows, _without(each, numbers.asked))

    async def _free(
        self, here: LocationId, used: Mapping[str, int], new: Sequence[StockKey]
    ) -> dict[str, list[tuple[StockKey, int]]]:
        """What is free of what is used, lot by lot, the first to end first; locked in the one order
        of locks, as what is new. Raises InsufficientStock where it is too little."""
        rows = await run(self.session, statements.LOTS_TO_USE, location_id=here, skus=sorted(used))
        free: dict[str, list[tuple[StockKey, int]]] = {sku: [] for sku in used}
        for row in rows:
            free[row.sku].append((key_of(row), int(row.free)))
        keys = [StockKey(Sku(sku), here) for sku in used]
        lots = [key for of in free.values() for key, _ in of]
        await StockRepository(self.session).hold([*keys, *new, *lots])
        for sku, units in used.items():
            _used(here, sku, units, free[sku])
        return free

    async def _kinds(self, skus: Sequence[str]) -> dict[str, KitKind]:
        rows = await run(
            self.session, "SELECT code, kind FROM kit WHERE code = ANY(:skus)", skus=list(skus)
        )
        return {row.code: KitKind(row.kind) for row in rows}


def components_in(kit: Row[Any]) -> list[Component]:
    """The components of a kit that was read."""
    return [Component(part["sku"], int(part["quantity"])) for part in kit.components]


def _used(
    here: LocationId, sku: str, units: int, free: Sequence[tuple[StockKey, int]]
) -> list[StockLine]:
    """The first to end first. Raises InsufficientStock."""
    taken = from_lots(free, {Sku(sku): units})
    there = sum(line.quantity for line in taken)
    if there < units:
        raise InsufficientStock(f"{here} has {there} free units of {sku}, {units} are asked")
    return taken


def _came_out(
    here: LocationId, kits: Sequence[StockLine], rows: Sequence[Row[Any]], each: Mapping[str, int]
) -> list[StockLine]:
    """The components of these kits, of the lots that went into them as far as anybody knows."""
    known: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows:
        known.setdefault((row.kit_lot, row.sku), {})[row.lot] = max(int(row.left_over), 0)
    made: list[StockLine] = []
    for line in kits:
        for sku, in_one in each.items():
            wanted = in_one * line.quantity
            for lot, units in known.get((line.key.lot, sku), {}).items():
                part = min(wanted, units)
                made.append(StockLine(StockKey(Sku(sku), here, Lot(lot)), part))
                wanted -= part
            made.append(StockLine(StockKey(Sku(sku), here), wanted))
    return [line for line in merged(made) if line.quantity]


def _without(each: Mapping[str, int], numbered: Collection[str]) -> dict[str, int]:
    return {sku: units for sku, units in each.items() if sku not in numbered}


def _columns(lots: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    return {"skus": [sku for sku, _ in lots], "lots": [lot for _, lot in lots]}
