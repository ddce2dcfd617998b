"""What a purchase order is made of before it has a number: lines, and what they cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import purchase_statements as statements
from db.inventory.supplier_terms import items_of
from db.sql import run
from domain.inventory.purchasing.terms import MOST_MINOR
from domain.shared.errors import InvalidInput, UnknownSku

MOST_LINES: Final = 1000
MOST_UNITS: Final = 10**9


@dataclass(frozen=True, slots=True)
class DraftLine:
    """Base units of one SKU; without a price, at the supplier's."""

    sku: str
    units: int
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class PurchaseDraft:
    """A purchase order to be: `reason` and `numbers` say why, for whoever approves it."""

    supplier: str
    location_id: str
    lines: Sequence[DraftLine]
    wanted_on: date | None = None  # none = as soon as the supplier's terms allow
    reason: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    source: str = "hand"  # hand | suggestion
    actor: str = "system"


async def priced(
    session: AsyncSession, supplier: str, currency: str, lines: Sequence[DraftLine]
) -> list[DraftLine]:
    """The lines with the price that was told, the supplier's, or what the SKU costs in its money.

    Raises InvalidInput and UnknownSku.
    """
    if not 0 < len(lines) <= MOST_LINES:
        raise InvalidInput(f"a purchase order has 1 to {MOST_LINES} lines")
    terms = await items_of(session, supplier, [line.sku for line in lines])
    codes = sorted({line.sku for line in lines})
    known = {row.code: row for row in await run(session, statements.SKUS, codes=codes)}
    priced = []
    for line in lines:
        if line.sku not in known:
            raise UnknownSku(f"there is no SKU {line.sku[:50]!a}")
        if not 0 < line.units <= MOST_UNITS or not 0 <= (line.price_minor or 0) <= 10**12:
            raise InvalidInput(f"units or price of {line.sku} cannot be ordered")
        told = line.price_minor is not None or line.sku in terms
        if not told and known[line.sku].currency != currency:
            text = f"what {line.sku} costs in {currency} is not known: a price is needed"
            raise InvalidInput(text)
        usual = terms[line.sku].price_minor if line.sku in terms else known[line.sku].cost_minor
        price = line.price_minor if line.price_minor is not None else usual
        if line.units * price > MOST_MINOR:
            raise InvalidInput(f"units or price of {line.sku} cannot be ordered")
        priced.append(DraftLine(line.sku, line.units, price))
    return priced
