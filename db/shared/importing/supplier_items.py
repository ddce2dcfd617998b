"""How products are bought from suppliers: what a row of a file would change, and changing it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.supplier_terms import Item, save_item
from db.shared.importing.desk import Staged, Verdict
from db.shared.importing.target import Paper, judged, minor_of, settled
from db.sql import run
from domain.platform.sheet_reading import Fault

_TERMS: Final = (
    "supplier_sku", "price_minor", "moq", "multiple", "case_pack", "lead_time_days",
    "min_life_days", "preferred", "active",
)  # fmt: skip
_NEW: Final[Mapping[str, Any]] = {
    "supplier_sku": "", "price_minor": 0, "moq": 1, "multiple": 1, "case_pack": 1,
    "lead_time_days": None, "min_life_days": 0, "preferred": False, "active": True,
}  # fmt: skip
_SUPPLIERS: Final = "SELECT code, currency FROM supplier WHERE code = ANY(:codes) FOR SHARE"
_SKUS: Final = "SELECT code FROM sku WHERE code = ANY(:skus)"
_ITEMS: Final = """
SELECT * FROM supplier_item WHERE (supplier, sku) IN (
    SELECT * FROM unnest(CAST(:supplier AS text[]), CAST(:sku AS text[])))
ORDER BY supplier, sku FOR UPDATE
"""


class SupplierItems:
    """Rows change what they name; a price is in the supplier's currency. A product that gets a
    preferred supplier loses the one it had."""

    async def compare(self, session: AsyncSession, rows: Sequence[Staged]) -> list[Verdict]:
        pairs = [_pair(row) for row in rows]
        currencies = {
            row.code: row.currency
            for row in await run(session, _SUPPLIERS, codes=sorted({one for one, _ in pairs}))
        }
        skus = {row.code for row in await run(session, _SKUS, skus=[sku for _, sku in pairs])}
        known = {
            (row.supplier, row.sku): {name: getattr(row, name) for name in _TERMS}
            for row in await run(
                session, _ITEMS, supplier=[one for one, _ in pairs], sku=[sku for _, sku in pairs]
            )
        }
        return [self._judge(row, known.get(_pair(row)), currencies, skus) for row in rows]

    async def apply(
        self, session: AsyncSession, paper: Paper, rows: Sequence[Staged]
    ) -> list[Verdict]:
        verdicts = await self.compare(session, rows)
        for one in verdicts:
            if one.state in ("new", "changed"):
                supplier, sku = _pair(one.row)
                terms = {**_NEW, **(await self._now(session, supplier, sku)), **(one.after or {})}
                await save_item(session, supplier, Item(sku=sku, **terms))
        return settled(verdicts)

    async def _now(self, session: AsyncSession, supplier: str, sku: str) -> dict[str, Any]:
        """An earlier row of the same file may have taken the preference away."""
        rows = await run(session, _ITEMS, supplier=[supplier], sku=[sku])
        return {name: getattr(rows[0], name) for name in _TERMS} if rows else {}

    def _judge(
        self, row: Staged, before: Mapping[str, Any] | None, currencies: Mapping[str, str],
        skus: set[str],
    ) -> Verdict:  # fmt: skip
        given, faults = dict(row.values), list[Fault]()
        supplier, sku = str(given.pop("supplier", "")), str(given.pop("sku", ""))
        if supplier not in currencies:
            faults.append(Fault("supplier", "unknown_supplier"))
        if sku not in skus:
            faults.append(Fault("sku", "unknown_sku"))
        if "price" in given and supplier in currencies:
            price = str(given.pop("price"))
            given["price_minor"] = minor_of(price, currencies[supplier], "price", faults)
        elif before is None and "price" not in given:
            faults.append(Fault("price", "missing"))
        after = given if before is not None else {**_NEW, **given}
        return judged(row, before, after, faults)


def _pair(row: Staged) -> tuple[str, str]:
    return str(row.values.get("supplier", "")), str(row.values.get("sku", ""))
