"""What sourcing looks at: places that ship, what is free there, what parcels cost from there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.inventory.remaining_life import wanted_by
from db.inventory.repository import StockRepository
from db.logistics.tariffs import price_list
from db.sql import run
from domain.inventory.expiry import FreeLot, Wanted, fits, is_expired, take_first, today_at
from domain.logistics.tariff import PriceList, TariffRow
from domain.orders.sourcing.model import Candidate, Demand
from domain.shared.distance import haversine_km
from domain.shared.errors import UnknownLocation

_FAR_KM: Final = 5_000.0  # a place without coordinates is chosen last

_PLACES: Final = """
SELECT id, name, priority, handling_minor, longitude, latitude, division_code, zone
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
    lots: dict[tuple[str, str], list[FreeLot]]
    prices: PriceList
    on: date
    now: datetime
    # SKUs with lots that are not good for ever: what is free of them depends on the order.
    _dated: set[str] = field(default_factory=set)
    _zones: dict[str, str] = field(default_factory=dict)
    _ways: dict[tuple[str, str], tuple[TariffRow, ...]] = field(default_factory=dict)

    @classmethod
    async def read(
        cls,
        session: AsyncSession,
        skus: Collection[str],
        on: date,
        orders: Collection[str] | None = None,
    ) -> "Network":
        """As it is free for all of these orders; None = whatever some order might take.

        Raises UnknownLocation when no place ships.
        """
        places = await run(session, _PLACES)
        if not places:
            raise UnknownLocation("no location ships orders")
        free: dict[str, dict[str, int]] = {place.id: {} for place in places}
        now = datetime.now(UTC)
        network = cls(places, free, {}, await price_list(session, on), on, now)
        network._zones = {place.id: place.zone for place in places}
        found = await StockRepository(session).free_by_lot(sorted(skus))
        dated = any(lot.expires_on for _, lot in found)
        asked = await wanted_by(session, sorted(orders)) if dated and orders is not None else {}
        for key, lot in found:
            if key.location_id in free:
                network._add(key.location_id, key.sku, lot, list(asked.values()))
        return network

    @property
    def dated(self) -> bool:
        """Whether it matters for some of these goods who asks, and when they would arrive."""
        return bool(self._dated)

    def _add(self, place: str, sku: str, lot: FreeLot, asked: Sequence[Wanted]) -> None:
        zone = self._zones[place]
        if is_expired(lot.expires_on, today_at(zone, self.now)):
            return
        if not all(fits(lot, wanted, zone, self.now) for wanted in asked):
            return
        if lot.expires_on is not None:
            self._dated.add(sku)
        self.free[place][sku] = self.free[place].get(sku, 0) + lot.units
        self.lots.setdefault((place, sku), []).append(lot)

    def candidates(
        self,
        demands: Sequence[Demand],
        to: Destination,
        doubted: Collection[tuple[str, str]] = (),
        wanted: Wanted | None = None,
    ) -> tuple[Candidate, ...]:
        """The places that could send this order, with what is left there now that is good for it
        for long enough: `wanted` is what it asks, None = that was asked when the network was read.

        `doubted` are (location, SKU) where units were looked for and not found: the books there are
        trusted only when all other places together do not have enough.
        """
        books = self._fitting(demands, wanted) if wanted and self._dated else self.free
        if doubted:
            books = self._without(books, demands, doubted)
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

    def take(
        self, location_id: str, sku: str, quantity: int, wanted: Wanted | None = None
    ) -> list[tuple[str, int]]:
        """These units are promised now: (lot, units), first expired first."""
        zone = self._zones[location_id]
        taken = take_first(
            self.lots.get((location_id, sku), ()), quantity,
            lambda lot: wanted is None or fits(lot, wanted, zone, self.now),
        )  # fmt: skip
        self.free[location_id][sku] -= sum(units for _, units in taken)
        return taken

    def _fitting(self, demands: Sequence[Demand], wanted: Wanted) -> dict[str, dict[str, int]]:
        """The books of an order: of goods with a date only the lots that fit it."""
        asked = {demand.sku for demand in demands}
        dated = sorted(asked & self._dated)
        if not dated:
            return self.free
        books: dict[str, dict[str, int]] = {}
        for place, its in self.free.items():
            books[place] = {sku: its[sku] for sku in asked if sku in its}
            for sku in dated:
                books[place][sku] = sum(
                    lot.units
                    for lot in self.lots.get((place, sku), ())
                    if fits(lot, wanted, self._zones[place], self.now)
                )
        return books

    def _between(self, origin: str, destination: str) -> tuple[TariffRow, ...]:
        way = (origin, destination)
        if way not in self._ways:
            self._ways[way] = self.prices.between(origin, destination, self.on)
        return self._ways[way]

    def _without(
        self,
        all_books: dict[str, dict[str, int]],
        demands: Sequence[Demand],
        doubted: Collection[tuple[str, str]],
    ) -> dict[str, dict[str, int]]:
        books = {place: dict(free) for place, free in all_books.items()}
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
