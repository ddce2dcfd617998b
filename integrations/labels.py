"""Waybill labels as a PDF of 100 × 150 mm, one a page, ready for a thermal printer."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Final

from domain.shared.address import Address, Contact
from domain.shared.ids import ParcelId
from domain.shared.money import Money
from integrations.carriers.port import CargoItem
from integrations.code128 import code128
from integrations.printing import FONT_DIR, pictures, printed
from integrations.printing import FontMissing as FontMissing
from integrations.zpl import DOTS_PER_MM

PRODUCT_NAMES: Final = {
    ("sf", "1"): "特快",
    ("sf", "2"): "标快",
    ("jdl", "ed-m-0001"): "特惠送",
    ("zto", "standard"): "标准快递",
    ("yto", "standard"): "标准快递",
    ("sto", "standard"): "标准快递",
    ("yunda", "standard"): "标准快递",
}
_TEMPLATE: Final = Path(__file__).with_name("label.typ")
_BARCODE_SPACE_MM: Final = 92.0
_QUIET_MODULES: Final = 20
_WIDEST_MODULE_MM: Final = 0.5
_DOT_MM: Final = 0.125  # a printer of 203 dpi: bars of whole dots stay sharp
_CARGO_LINES: Final = 12


@dataclass(frozen=True, slots=True)
class Label:
    """What is printed. `printed_on` is local text."""

    carrier_name: str
    product_name: str
    waybill_no: str
    parcel_id: ParcelId
    sender: Contact
    receiver: Contact
    cargo: tuple[CargoItem, ...]
    weight_g: int
    printed_on: str
    routing_code: str = ""
    sorting_code: str = ""
    order_no: str = ""
    remark: str = ""
    cash_on_delivery: Money | None = None
    box: int = 1  # this one of `boxes`
    boxes: int = 1


def render_labels(labels: Sequence[Label], font_dirs: Sequence[Path] = (FONT_DIR,)) -> bytes:
    """A page for each label; the same labels give the same bytes.

    Raises FontMissing, and ValueError for a waybill number no barcode can hold.
    """
    return printed(_TEMPLATE, "labels", [_values(label) for label in labels], font_dirs)


def render_label_pictures(
    labels: Sequence[Label], font_dirs: Sequence[Path] = (FONT_DIR,)
) -> list[bytes]:
    """A PNG of 8 dots per millimetre for each label. Raises as `render_labels` does."""
    values = [_values(label) for label in labels]
    return pictures(_TEMPLATE, "labels", values, DOTS_PER_MM, font_dirs)


def _values(label: Label) -> dict[str, object]:
    barcode = code128(label.waybill_no)
    return {
        "carrier": label.carrier_name,
        "product": label.product_name,
        "waybill_no": label.waybill_no,
        "routing_code": label.routing_code,
        "sorting_code": label.sorting_code,
        "barcode": barcode,
        "barcode_mm": _barcode_mm(sum(barcode)),
        "receiver": _party(label.receiver),
        "sender": _party(label.sender),
        "cargo": _cargo(label),
        "weight": f"{label.weight_g / 1000:.2f} kg",
        "boxes": f"{label.box}/{label.boxes}",
        "cash": f"¥ {label.cash_on_delivery.major}" if label.cash_on_delivery else "无",
        "remark": label.remark,
        "parcel": "  ".join(part for part in (label.parcel_id, label.order_no) if part),
        "printed": label.printed_on,
    }


def _barcode_mm(modules: int) -> float:
    """As wide as fits with quiet zones, in whole printer dots where there is room for them."""
    fitting = min(_BARCODE_SPACE_MM / (modules + _QUIET_MODULES), _WIDEST_MODULE_MM)
    dots = floor(fitting / _DOT_MM)
    return modules * (dots * _DOT_MM if dots else fitting)


def _party(who: Contact) -> dict[str, str]:
    parts = (who.name, who.phone, who.company)
    return {"heading": "  ".join(part for part in parts if part), "address": _address(who.address)}


def _address(address: Address) -> str:
    """Province and city once where they are the same (直辖市)."""
    parts = (address.province, address.city, address.district, address.detail)
    kept = [part for at, part in enumerate(parts) if part and part not in parts[:at]]
    return " ".join(kept)


def _cargo(label: Label) -> str:
    shown = label.cargo[:_CARGO_LINES]
    text = "；".join(f"{item.name} ×{item.quantity}" for item in shown)
    if len(label.cargo) > len(shown):
        text += f"；等 {len(label.cargo)} 种"
    pieces = sum(item.quantity for item in label.cargo)
    return f"共 {pieces} 件  {text}"
