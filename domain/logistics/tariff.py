"""What a parcel costs by contract, and which contract line serves it best."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.shared.freight import price_minor

ANYWHERE: Final = "*"
_CONTRACTS: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class TariffRow:
    """One price line. Grams and minor units; the period is [valid_from, valid_to)."""

    carrier: str
    product: str
    origin_zone: str
    destination_zone: str
    first_g: int
    first_minor: int
    step_g: int
    step_minor: int
    volumetric_divisor: int  # cm³ per kg; 0 = volume does not count
    surcharge_minor: int
    minimum_minor: int
    currency: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a parcel by one line of a contract, in minor units of the line's currency."""

    row: TariffRow
    price_minor: int


@dataclass(frozen=True, slots=True)
class PriceList:
    """All price lines in one currency, and the zone of each (carrier, province code)."""

    rows: tuple[TariffRow, ...]
    zones: Mapping[tuple[str, str], str]

    def between(self, origin: str, destination: str, on: date) -> tuple[TariffRow, ...]:
        """The lines of all carriers that hold on this day from division to division.

        Each carrier has its own zones; where it has none, only its lines for anywhere hold.
        """
        found: list[TariffRow] = []
        for carrier in sorted({row.carrier for row in self.rows}):
            rows = [row for row in self.rows if row.carrier == carrier]
            here = self.zones.get((carrier, province_of(origin)), "")
            there = self.zones.get((carrier, province_of(destination)), "")
            found += applicable(rows, here, there, on)
        return tuple(found)


def contract_day(now: datetime) -> date:
    """The day by which contracts begin and end: the carriers' own."""
    return now.astimezone(_CONTRACTS).date()


def province_of(division_code: str) -> str:
    """The code of the province a division lies in."""
    return f"{division_code[:2]}0000" if len(division_code) >= 2 else ""


def applicable(
    rows: Iterable[TariffRow], origin_zone: str, destination_zone: str, on: date
) -> tuple[TariffRow, ...]:
    """The one line of each carrier and product that holds on this day between these zones.

    A named destination beats "*", then a named origin, then the line agreed last.
    """
    best: dict[tuple[str, str], TariffRow] = {}
    for row in rows:
        if (
            row.origin_zone in (origin_zone, ANYWHERE)
            and row.destination_zone in (destination_zone, ANYWHERE)
            and row.valid_from <= on < row.valid_to
        ):
            key = (row.carrier, row.product)
            if key not in best or _precedence(row) > _precedence(best[key]):
                best[key] = row
    return tuple(best[key] for key in sorted(best))


def cheapest(rows: Iterable[TariffRow], weight_g: int, volume_mm3: int) -> Quote | None:
    """The line with the lowest price; equal prices go by carrier and product. None without lines.

    The rows must be of one currency: raises ValueError otherwise.
    """
    quotes = [Quote(row, price_minor(row, weight_g, volume_mm3)) for row in rows]
    if len({quote.row.currency for quote in quotes}) > 1:
        raise ValueError("prices of different currencies cannot be compared")
    return min(
        quotes,
        key=lambda quote: (quote.price_minor, quote.row.carrier, quote.row.product),
        default=None,
    )


def best_quote(
    rows: Sequence[TariffRow],
    weight_g: int,
    volume_mm3: int,
    shut: Collection[str],
    hoped: tuple[str, str],
) -> Quote | None:
    """The cheapest line of a carrier that does not fail now, of any where all do; of equal ones the
    `hoped` (carrier, product)."""
    flowing = [row for row in rows if row.carrier not in shut] or rows
    best = cheapest(flowing, weight_g, volume_mm3)
    expected = cheapest(
        [row for row in flowing if (row.carrier, row.product) == hoped], weight_g, volume_mm3
    )
    as_good = best and expected and expected.price_minor == best.price_minor
    return expected if as_good else best


def _precedence(row: TariffRow) -> tuple[bool, bool, date]:
    return (row.destination_zone != ANYWHERE, row.origin_zone != ANYWHERE, row.valid_from)
