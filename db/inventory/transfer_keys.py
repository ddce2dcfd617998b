"""Which balances the lines of a transfer are about."""

from typing import Any

from sqlalchemy.engine import Row

from domain.inventory.stock import StockKey
from domain.shared.ids import LocationId, Lot, Sku


def key_of_row(location: str, row: Row[Any]) -> StockKey:
    """The balance of a line's goods at a place."""
    return StockKey(Sku(row.sku), LocationId(location), Lot(row.lot), row.condition, row.owner)
