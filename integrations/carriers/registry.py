"""The carriers Onhand works with: one line each."""

from collections.abc import Callable, Mapping
from typing import Final

from integrations.access import CarrierAccess
from integrations.carriers import sf, zto
from integrations.carriers.port import Carrier

CARRIERS: Final[Mapping[str, Callable[[CarrierAccess], Carrier]]] = {
    "sf": sf.open_carrier,
    "zto": zto.open_carrier,
}
