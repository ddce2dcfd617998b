"""What moves of goods mean in the books, at a standard cost per SKU."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.finance.accounts import Account, Side
from domain.finance.vouchers import Transfer, Voucher
from domain.shared.ids import Sku

_A: Final = Account
_INVENTORY: Final = Side(_A.INVENTORY)
OURS: Final = "own"
_OF_REASON: Final = {
    "opening": _A.OPENING_BALANCE,
    "sample": _A.SAMPLES,
    "internal_use": _A.INTERNAL_USE,
}
_OUTSIDE: Final = {"supplier": _A.GOODS_RECEIVED, "customer": _A.COST_OF_GOODS_SOLD}


@dataclass(frozen=True, slots=True)
class GoodsMoved:
    """One line of the stock ledger."""

    sku: Sku
    quantity: int
    from_place: str
    to_place: str
    owner: str = OURS
    reason: str = ""
    document_kind: str = ""
    value_minor: int | None = None  # what a paper says they cost

    @property
    def units(self) -> int:
        """How many units we own more than before; none when they stay among our places."""
        if self.owner != OURS:
            return 0
        return self.quantity * (_is_ours(self.to_place) - _is_ours(self.from_place))

    @property
    def against(self) -> Side:
        """The account that stands for where they came from or went."""
        outside = self.from_place if _is_ours(self.to_place) else self.to_place
        if self.document_kind == "opening":
            return Side(_A.OPENING_BALANCE)
        return Side(_OUTSIDE.get(outside) or _OF_REASON.get(self.reason, _A.STOCK_DIFFERENCES))


@dataclass(slots=True)
class StockValue:
    """What of a SKU we own, at what cost a unit. Its value is units × cost, always."""

    sku: Sku
    cost_minor: int
    currency: str
    units: int = 0

    @property
    def value_minor(self) -> int:
        return self.units * self.cost_minor


def moved(moves: Iterable[GoodsMoved], values: dict[Sku, StockValue]) -> list[Voucher]:
    """The cost of goods that came or went, a voucher per currency; `values` moves along.

    Where a paper says what they cost, that is owed; what the SKU's cost is otherwise is a
    difference of cost, which a new average of the SKU takes up again.
    """
    transfers: dict[str, list[Transfer]] = {}
    for move in moves:
        if not move.units:
            continue
        value = values[move.sku]
        value.units += move.units
        minor = move.units * value.cost_minor
        told = minor
        if move.value_minor is not None:
            told = move.value_minor if move.units > 0 else -move.value_minor
        transfers.setdefault(value.currency, []).extend(
            (
                Transfer(_INVENTORY, move.against, told),
                Transfer(_INVENTORY, Side(_A.COST_DIFFERENCES), minor - told),
            )
        )
    return [
        Voucher("cost" if i == 0 else f"cost-{currency}", currency, tuple(found))
        for i, (currency, found) in enumerate(sorted(transfers.items()))
    ]


def cost_changed(value: StockValue, cost_minor: int) -> Voucher:
    """A new standard cost: what lies there is worth that much more or less from now on."""
    difference = value.units * (cost_minor - value.cost_minor)
    value.cost_minor = cost_minor
    transfer = Transfer(_INVENTORY, Side(_A.COST_DIFFERENCES), difference)
    return Voucher("cost", value.currency, (transfer,))


def _is_ours(place: str) -> bool:
    return place.startswith("location:")
