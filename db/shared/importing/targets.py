"""Products and stock: what a row of a file would change, and changing it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.lot_asking import asked_for_lot
from db.inventory.repository import StockRepository
from db.shared.importing.customers import Customers
from db.shared.importing.dealer_stock import DealerStock
from db.shared.importing.desk import Staged, Verdict
from db.shared.importing.partners import Partners
from db.shared.importing.ship_notices import ShipNoticeRows
from db.shared.importing.supplier_items import SupplierItems
from db.shared.importing.target import CURRENCY, Paper, Target, judged, minor_of, settled
from db.shared.importing.users import Users
from db.sql import run
from db.vault import Vault
from domain.inventory.lots import goes_on_sale_without_lot
from domain.inventory.stock import AdjustmentReason, Document, StockKey, StockLine
from domain.platform.sheet_reading import Fault
from domain.platform.sheets import Kind
from domain.shared.ids import LocationId, Lot, Sku

_PRODUCT: Final = (
    "name", "gtin", "brand", "category", "weight_g", "length_mm", "width_mm", "height_mm",
    "price_minor", "cost_minor", "tracks_serials", "currency", "active",
)  # fmt: skip
_NEW_PRODUCT: Final[Mapping[str, Any]] = {
    "name": "", "gtin": "", "brand": "", "category": "", "weight_g": 0, "length_mm": 0,
    "width_mm": 0, "height_mm": 0, "price_minor": 0, "cost_minor": 0,
    "tracks_serials": False, "currency": CURRENCY,
    "active": True,
}  # fmt: skip
_PRODUCTS: Final = "SELECT * FROM sku WHERE code = ANY(:codes) ORDER BY code FOR NO KEY UPDATE"
_GTINS: Final = "SELECT gtin, code FROM sku WHERE gtin = ANY(:gtins) AND gtin <> ''"
_WRITE_PRODUCTS: Final = """
INSERT INTO sku (code, name, gtin, brand, category, weight_g, length_mm, width_mm, height_mm,
                 price_minor, cost_minor, tracks_serials, currency, active)
SELECT * FROM unnest(
    CAST(:code AS text[]), CAST(:name AS text[]), CAST(:gtin AS text[]),
    CAST(:brand AS text[]), CAST(:category AS text[]), CAST(:weight_g AS bigint[]),
    CAST(:length_mm AS int[]), CAST(:width_mm AS int[]), CAST(:height_mm AS int[]),
    CAST(:price_minor AS bigint[]), CAST(:cost_minor AS bigint[]),
    CAST(:tracks_serials AS boolean[]), CAST(:currency AS text[]),
    CAST(:active AS boolean[]))
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, gtin = excluded.gtin, brand = excluded.brand,
    category = excluded.category, weight_g = excluded.weight_g,
    length_mm = excluded.length_mm, width_mm = excluded.width_mm, height_mm = excluded.height_mm,
    price_minor = excluded.price_minor, cost_minor = excluded.cost_minor,
    tracks_serials = excluded.tracks_serials,
    currency = excluded.currency, active = excluded.active
"""
_KNOWN: Final = """
SELECT 'sku' AS kind, code FROM sku WHERE code = ANY(:skus)
UNION ALL SELECT 'location', id FROM location WHERE id = ANY(:locations) AND kind <> 'transit'
"""
_BALANCES: Final = """
SELECT b.sku, b.location_id, b.lot, b.condition, b.on_hand, b.reserved FROM stock_balance b
WHERE b.owner = 'own' AND (b.sku, b.location_id, b.lot, b.condition) IN (
    SELECT * FROM unnest(CAST(:sku AS text[]), CAST(:location AS text[]), CAST(:lot AS text[]),
                         CAST(:condition AS text[])))
"""


class Products:
    """Rows change what they name; empty cells leave the product as it is."""

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        known = {
            row.code: {name: getattr(row, name) for name in _PRODUCT}
            for row in await run(session, _PRODUCTS, codes=[row.key for row in rows])
        }
        gtins = [str(row.values["gtin"]) for row in rows if "gtin" in row.values]
        holders = {row.gtin: row.code for row in await run(session, _GTINS, gtins=gtins)}
        return [self._judge(row, known.get(row.key), holders) for row in rows]

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        verdicts = await self.compare(session, rows)
        known = {
            row.code: {name: getattr(row, name) for name in _PRODUCT}
            for row in await run(session, _PRODUCTS, codes=[row.key for row in rows])
        }
        written = {
            one.row.key: {**(known.get(one.row.key) or _NEW_PRODUCT), **(one.after or {})}
            for one in verdicts
            if one.state in ("new", "changed")
        }
        if written:
            columns = {
                name: [written[code][name] for code in sorted(written)] for name in _PRODUCT
            }  # fmt: skip
            await run(session, _WRITE_PRODUCTS, code=sorted(written), **columns)
        return settled(verdicts)

    def _judge(
        self, row: Staged, before: Mapping[str, Any] | None, holders: Mapping[str, str]
    ) -> Verdict:
        given, faults = dict(row.values), list[Fault]()
        given.pop("sku", None)
        currency = str(given.get("currency") or (before or _NEW_PRODUCT)["currency"])
        for name in ("price", "cost"):
            if name in given:
                given[f"{name}_minor"] = minor_of(str(given.pop(name)), currency, name, faults)
        if before is None and not given.get("name"):
            faults.append(Fault("name", "missing"))
        holder = holders.get(str(given.get("gtin", "")), row.key)
        if holder != row.key:
            faults.append(Fault("gtin", "gtin_taken", holder))
        after = given if before is not None else {**_NEW_PRODUCT, **given}
        return judged(row, before, after, faults)


class Stock:
    """Counted quantities: the ledger gets the difference, with the import as its document."""

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        keys = [_stock_key(row) for row in rows]
        known = {
            (row.kind, row.code)
            for row in await run(
                session, _KNOWN, skus=[key.sku for key in keys],
                locations=[key.location_id for key in keys],
            )
        }  # fmt: skip
        known |= {("lot", sku) for sku in await asked_for_lot(session, (key.sku for key in keys))}
        balances = {
            StockKey(Sku(r.sku), LocationId(r.location_id), Lot(r.lot), r.condition): r
            for r in await run(
                session, _BALANCES, sku=[key.sku for key in keys],
                location=[key.location_id for key in keys], lot=[key.lot for key in keys],
                condition=[key.condition for key in keys],
            )
        }  # fmt: skip
        return [self._judge(row, known, balances.get(_stock_key(row))) for row in rows]

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        """Balances are locked before they are compared, so that no difference is out of date."""
        stock = StockRepository(session)
        seen = await self.compare(session, rows)
        fit = [one.row for one in seen if one.state != "bad"]
        if fit:
            await stock.hold(_stock_key(row) for row in fit)
        never = {one.row.id for one in seen if one.state == "new"}
        verdicts = [one for one in seen if one.state == "bad"] + [
            Verdict(one.row, "new", (), None, one.after)
            if one.row.id in never and one.state == "changed"
            else one
            for one in await self.compare(session, fit)
        ]
        for reason, lines in _by_reason(verdicts).items():
            key = f"{paper.import_id}/{min(row.row for row in rows)}/{reason}"
            document = Document("count", paper.import_id, key, paper.by)
            await stock.adjust(document, lines, reason)
        return settled(verdicts)

    def _judge(self, row: Staged, known: set[tuple[str, str]], balance: Any) -> Verdict:
        key, faults = _stock_key(row), list[Fault]()
        if ("sku", key.sku) not in known:
            faults.append(Fault("sku", "unknown_sku"))
        if ("location", key.location_id) not in known:
            faults.append(Fault("location", "unknown_location"))
        counted = int(row.values["counted"])
        if balance is not None and counted < balance.reserved:
            faults.append(Fault("counted", "below_reserved", str(balance.reserved)))
        there = 0 if balance is None else int(balance.on_hand)
        more = StockLine(key, counted - there)
        if ("lot", key.sku) in known and goes_on_sale_without_lot(more):
            faults.append(Fault("lot", "lot_missing"))
        before = None if balance is None else {"on_hand": there, "difference": 0}
        after = {"on_hand": counted, "difference": counted - there}
        if balance is None and counted == 0 and not faults:
            return Verdict(row, "same")
        return judged(row, before, after, faults)


def _stock_key(row: Staged) -> StockKey:
    value = row.values
    return StockKey(
        Sku(str(value.get("sku", ""))), LocationId(str(value.get("location", ""))),
        Lot(str(value.get("lot", ""))), str(value.get("condition", "good")),
    )  # fmt: skip


def _by_reason(verdicts: Sequence[Verdict]) -> dict[AdjustmentReason, list[StockLine]]:
    """What never lay there is opening stock; everything else was counted again."""
    found: dict[AdjustmentReason, list[StockLine]] = {}
    for one in verdicts:
        difference = int((one.after or {}).get("difference", 0))
        if one.state in ("new", "changed") and difference:
            reason = AdjustmentReason.OPENING if one.before is None else AdjustmentReason.COUNT
            found.setdefault(reason, []).append(StockLine(_stock_key(one.row), difference))
    return found


def targets(vault: Vault) -> dict[Kind, Target]:
    """Where the rows of each kind go; orders go through the intake, which is not here."""
    return {
        Kind.PRODUCTS: Products(),
        Kind.STOCK: Stock(),
        Kind.SUPPLIERS: Partners(vault, "supplier"),
        Kind.SUPPLIER_ITEMS: SupplierItems(),
        Kind.SHIP_NOTICES: ShipNoticeRows(),
        Kind.DEALERS: Partners(vault, "dealer"),
        Kind.USERS: Users(),
        Kind.CUSTOMERS: Customers(vault),
        Kind.DEALER_STOCK: DealerStock(),
    }
