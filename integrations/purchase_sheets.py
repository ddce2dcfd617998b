"""A purchase order on paper 采购单: A4, as many pages as it takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from domain.inventory.purchasing.placing import PlacedOrder
from domain.shared.money import Money
from integrations.printing import FONT_DIR, printed

_TEMPLATE: Final = Path(__file__).with_name("purchase.typ")


def render_purchase(order: PlacedOrder, font_dirs: Sequence[Path] = (FONT_DIR,)) -> bytes:
    """The order as a PDF. Raises FontMissing."""
    values = {
        "no": order.no if order.revision == 1 else f"{order.no} / {order.revision}",
        "supplier": order.supplier,
        "buyer": order.buyer,
        "place": order.place,
        "address": order.address,
        "contact": " ".join(word for word in (order.contact, order.phone) if word),
        "wanted": order.wanted_on.isoformat() if order.wanted_on else "—",
        "currency": order.currency,
        "total": str(order.total.major),
        "rows": [
            [
                str(line.line_no), line.sku, line.supplier_sku, line.name, str(line.units),
                str(line.price.major),
                str(Money(line.price.minor * line.units, order.currency).major),
            ]
            for line in order.lines
        ],
    }  # fmt: skip
    return printed(_TEMPLATE, "purchase", values, font_dirs)
