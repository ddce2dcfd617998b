"""What sourcing looks at: places that ship, what is free there, what parcels cost from there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.repository import StockRepository
from db.logistics.tariffs import price_list
from db.sql import run
from domain.logistics.tariff import PriceList, TariffRow
from domain.orders.sourcing.model import Candidate, Demand
from domain.shared.distance import haversine_km
from domain.shared.errors import UnknownLocation

_FAR_KM: Final = 5_000.0  # a place without coordinates is chosen last

_PLACES: Final = """
SELECT id, name, priority, handling_minor, longitude, latitude, division_code
FROM location WHERE ships AND active AND kind <> 'transit' ORDER BY priority, id
"""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an order goes to, as far as costs and distances depend on it."""

    division_code: str = ""
    longitude: float | None = None
    latitude: float | None = None


@dataclass(slots=True)
class Network:
    """The network as all orders of a batch see it; each takes its units from the next."""

    places: Sequence[Any]
    free: dict[str, dict[str, int]]
    lots: dict[tuple[str, str], dict[str, int]]
    prices: PriceList
    on: date
    _ways: dict[tuple[str, str], tuple[TariffRow, ...]] = field(default_factory=dict)

    @classmethod
    async def read(cls, session: AsyncSession, skus: Collection[str], on: date) -> "Network":
        """Raises UnknownLocation when no place ships."""
        places = await run(session, _PLACES)
        if not places:
            raise UnknownLocation("no location ships orders")
        free: dict[str, dict[str, int]] = {place.id: {} for place in places}
        lots: dict[tuple[str, str], dict[str, int]] = {}
        for key, units in await StockRepository(session).free_by_lot(sorted(skus)):
            if (its := free.get(key.location_id)) is not None:
                its[key.sku] = its.get(key.sku, 0) + units
                lots.setdefault((key.location_id, key.sku), {})[key.lot] = units
        return cls(places, free, lots, await price_list(session, on), on)

    def candidates(
        self,
        demands: Sequence[Demand],
        to: Destination,
        doubted: Collection[tuple[str, str]] = (),
    ) -> tuple[Candidate, ...]:
        """The places that could send this order, with what is left there now.

        `doubted` are (location, SKU) where units were looked for and not found: the books there are
        trusted only when all other places together do not have enough.
        """
        books = self._without(demands, doubted) if doubted else self.free
        return tuple(
            Candidate(
                place.id,
                _distance(place, to),
                place.priority,
                place.handling_minor,
                books[place.id],
                self._between(place.division_code, to.division_code),
            )
            for place in self.places
        )

    def take(self, location_id: str, sku: str, quantity: int) -> list[tuple[str, int]]:
        """These units are promised now: (lot, units), in the order of the lots."""
        self.free[location_id][sku] -= quantity
        lots = self.lots.get((location_id, sku), {})
        taken: list[tuple[str, int]] = []
        for lot, units in sorted(lots.items()):
            part = min(units, quantity)
            if part > 0:
                taken.append((lot, part))
                lots[lot] -= part
                quantity -= part
        return taken

    def _between(self, origin: str, destination: str) -> tuple[TariffRow, ...]:
        way = (origin, destination)
        if way not in self._ways:
            self._ways[way] = self.prices.between(origin, destination, self.on)
        return self._ways[way]

    def _without(
        self, demands: Sequence[Demand], doubted: Collection[tuple[str, str]]
    ) -> dict[str, dict[str, int]]:
        books = {place: dict(free) for place, free in self.free.items()}
        wanted: dict[str, int] = {}
        for demand in demands:
            wanted[demand.sku] = wanted.get(demand.sku, 0) + demand.quantity
        for sku, quantity in wanted.items():
            here = [place for place, its in doubted if its == sku and place in books]
            others = sum(
                max(free.get(sku, 0), 0) for place, free in books.items() if place not in here
            )
            if others >= quantity:
                for place in here:
                    books[place][sku] = 0
        return books


def _distance(place: Any, to: Destination) -> float:
    if place.longitude is None or place.latitude is None:
        return _FAR_KM
    if to.longitude is None or to.latitude is None:
        return _FAR_KM
    return haversine_km(place.latitude, place.longitude, to.latitude, to.longitude)
