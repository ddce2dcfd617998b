"""The hand-over list 交接单 that sender and courier sign: A4, as many pages as it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from domain.shared.money import Money
from integrations.printing import FONT_DIR, printed

_TEMPLATE: Final = Path(__file__).with_name("manifest.typ")


@dataclass(frozen=True, slots=True)
class HandedParcel:
    """One line; `destination` names no receiver."""

    waybill_no: str
    order_no: str
    destination: str
    weight_g: int
    cash: Money | None = None
    insured: Money | None = None


@dataclass(frozen=True, slots=True)
class HandOverList:
    """`day`, `pickup` and `printed_on` are local text."""

    carrier_name: str
    place_name: str
    contact: str
    day: str
    printed_on: str
    parcels: tuple[HandedParcel, ...]
    pickup: str = ""
    driver: str = ""
    signed_on: str = ""
    signature: bytes = b""  # a PNG


def render_manifest(listed: HandOverList, font_dirs: Sequence[Path] = (FONT_DIR,)) -> bytes:
    """The list as a PDF. Raises FontMissing."""
    parcels = listed.parcels
    cash = [parcel.cash for parcel in parcels if parcel.cash]
    insured = [parcel.insured for parcel in parcels if parcel.insured]
    values = {
        "carrier": listed.carrier_name,
        "place": listed.place_name,
        "contact": listed.contact,
        "day": listed.day,
        "pickup": listed.pickup,
        "driver": listed.driver,
        "signed": listed.signed_on,
        "signature": list(listed.signature),
        "printed": listed.printed_on,
        "count": str(len(parcels)),
        "weight": _kilograms(sum(parcel.weight_g for parcel in parcels)),
        "cash": _total(cash),
        "insured": _total(insured),
        "rows": [
            [
                str(number),
                parcel.waybill_no,
                parcel.destination,
                _kilograms(parcel.weight_g),
                _amount(parcel.cash),
                _amount(parcel.insured),
                parcel.order_no,
            ]
            for number, parcel in enumerate(parcels, 1)
        ],
    }
    return printed(_TEMPLATE, "manifest", values, font_dirs)


def _kilograms(weight_g: int) -> str:
    return f"{weight_g / 1000:.2f}"


def _amount(money: Money | None) -> str:
    return f"{money.major}" if money else ""


def _total(amounts: Sequence[Money]) -> str:
    """A sum for each currency that occurs."""
    sums: dict[str, int] = {}
    for money in amounts:
        sums[money.currency] = sums.get(money.currency, 0) + money.minor
    return "  ".join(f"{code} {Money(minor, code).major}" for code, minor in sums.items()) or "无"
