"""How the warehouses of the demo company work: bins, cartons, tolerances, cut-offs, barcodes."""

from datetime import time
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.floor_tables import CarrierCutoffRow, CartonRow, FloorRuleRow, StockBinRow
from integrations.sandbox.demo_shop import PRODUCTS

_EXAMPLES: Final = "95210010"  # GS1 keeps 952 for examples: no such goods are sold anywhere
_ZONES: Final = {"TEA": "A", "CUP": "B", "POT": "B", "SET": "B", "SNACK": "C"}
_CARTONS: Final = (
    # code, length, width, height in mm, own weight, load in g
    ("S", 200, 150, 100, 80, 3_000),
    ("M", 300, 250, 200, 150, 8_000),
    ("L", 400, 300, 300, 280, 15_000),
)
_CUTOFFS: Final = {
    "hq": {"sf": time(20), "jdl": time(19, 30), "zto": time(18, 30), "yto": time(18),
           "sto": time(18), "yunda": time(17, 30), "kuaidi100": time(18)},
    "region": {"sf": time(19), "jdl": time(18, 30), "zto": time(17, 30), "yto": time(17),
               "sto": time(17), "yunda": time(16, 30), "kuaidi100": time(17)},
    "store": {"sf": time(17), "zto": time(16, 30)},
}  # fmt: skip


def gtin_of(sku: str) -> str:
    """An example's barcode for goods of the demo."""
    number = [product.sku for product in PRODUCTS].index(sku) + 1
    digits = f"{_EXAMPLES}{number:04}"
    weighted = sum(int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"


def seed_floor(session: AsyncSession, location: str, kind: str) -> None:
    """How a place of this kind works; dealers keep their own house."""
    if kind not in _CUTOFFS:
        return
    session.add(FloorRuleRow(location_id=location, tolerance_g=60, tolerance_percent=5))
    for code, length, width, height, tare_g, most_g in _CARTONS:
        session.add(
            CartonRow(
                location_id=location, code=code, length_mm=length, width_mm=width,
                height_mm=height, tare_g=tare_g, most_g=most_g,
            )
        )  # fmt: skip
    for carrier, at in _CUTOFFS[kind].items():
        session.add(CarrierCutoffRow(location_id=location, carrier=carrier, at=at))
    for n, product in enumerate(PRODUCTS):
        zone = _ZONES[product.sku.partition("-")[0]]
        place = f"{zone}-{n // 2 + 1:02}-{n % 2 + 1:02}"
        session.add(StockBinRow(location_id=location, sku=product.sku, zone=zone, bin=place))
