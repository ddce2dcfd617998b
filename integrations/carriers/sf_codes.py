"""SF's codes in our words: its error table and the scan codes seen in production (§2.1)."""

from typing import Final

from domain.logistics.tracking import ParcelStatus
from integrations.carriers.errors import ErrorTable

SYSTEM: Final = "sf"
OK: Final = "S0000"
TRANSPORT_OK: Final = "A1000"
DUPLICATE_ORDER: Final = "8016"
ALREADY_CANCELLED: Final = "8037"
NO_SUCH_ORDER: Final = frozenset({"8018", "6150", "8024"})

ERRORS: Final = ErrorTable(
    SYSTEM,
    retry=frozenset({"A1009", "A1099", "S0003"}),
    wait_s={"A1005": 30.0, "8177": 600.0},  # per-second limit; peak capacity
    credentials=frozenset({"A1003", "A1004", "A1011", "8119", "6126", "8114"}),
)

_STATUS_CODES: Final = {
    ParcelStatus.PICKED_UP: "50 51 54 700 701 655 651",
    ParcelStatus.IN_TRANSIT: "30 10 302 304 36 105 190 570 31 11 106 571 44",
    ParcelStatus.OUT_FOR_DELIVERY: "204 34",
    ParcelStatus.AT_PICKUP_POINT: "123 125 130 678",
    ParcelStatus.EXCEPTION: "33 70 870 77 66",
    ParcelStatus.DELIVERED: "80 8000 128 679",
    ParcelStatus.RETURNING: "631",
}
_STATUS: Final = {code: status for status, codes in _STATUS_CODES.items() for code in codes.split()}
_FORWARDED_OR_RETURNED: Final = frozenset({"99", "648"})
_BACK_TO_SENDER: Final = "退回"


def status_of(op_code: str, remark: str) -> ParcelStatus:
    """Where the parcel is. SF signs for returned parcels, and forwards them, with the same codes as
    for delivered and returned ones: only the remark tells, so 退回 in it means the way back."""
    back = _BACK_TO_SENDER in remark
    if op_code in _FORWARDED_OR_RETURNED:
        return ParcelStatus.RETURNING if back else ParcelStatus.IN_TRANSIT
    status = _STATUS.get(op_code, ParcelStatus.UNKNOWN)
    return ParcelStatus.RETURNED if back and status is ParcelStatus.DELIVERED else status
