"""A purchase order as its supplier reads it."""

from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory import purchase_statements as statements
from db.sql import run
from domain.inventory.purchasing.placing import OrderedLine, PlacedOrder
from domain.shared.money import Money

_BUYER: Final = "Onhand"


async def placed_order(session: AsyncSession, row: Any, key: str) -> PlacedOrder:
    """The order of this row, with where its goods go."""
    [place] = await run(session, statements.SHIP_TO, id=row.location_id)
    lines = await run(session, statements.ORDERED, no=row.no, supplier=row.supplier)
    address = "".join((place.province, place.city, place.district, place.detail))
    return PlacedOrder(
        key, row.no, row.supplier_name, place.company or _BUYER, row.currency, row.wanted_on,
        place.name, address, place.contact_name, place.contact_phone,
        tuple(
            OrderedLine(
                line.line_no, line.sku, line.supplier_sku, line.name, line.ordered,
                line.case_pack, Money(line.price_minor, row.currency),
            )
            for line in lines
        ),
        row.revision,
    )  # fmt: skip
