"""ZTO's codes in our words: its error table and the scans it pushes and answers (§2.3)."""

from typing import Final

from domain.logistics.tracking import ParcelStatus
from integrations.carriers.errors import ErrorTable

SYSTEM: Final = "zto"
CANCELLED_ORDER: Final = -2

ERRORS: Final = ErrorTable(
    SYSTEM,
    retry=frozenset({"S200", "S202", "S203"}),
    wait_s={"S206": 30.0, "S221": 30.0},
    credentials=frozenset({"S210", "S211", "S212", "E404"}),
)

# Pushes name the action; queries name the same scan in Chinese or by a digit.
_ACTIONS: Final = {
    "收件": "GOT",
    "发件": "DEPARTURE",
    "到件": "ARRIVAL",
    "派件": "DISPATCH",
    "签收": "SIGNED",
    "退件": "RETURN_SCAN",
    "退件签收": "RETURN_SIGNED",
    "问题件": "PROBLEM",
    "1": "GOT",
    "2": "DEPARTURE",
    "3": "ARRIVAL",
    "4": "DISPATCH",
    "5": "SIGNED",
    "7": "SIGNED",
    "8": "RETURN_SIGNED",
    "44": "INBOUND",
    "45": "INBOUND",
}
_STATUS: Final = {
    "GOT": ParcelStatus.PICKED_UP,
    "DEPARTURE": ParcelStatus.IN_TRANSIT,
    "ARRIVAL": ParcelStatus.IN_TRANSIT,
    "DISPATCH": ParcelStatus.OUT_FOR_DELIVERY,
    "INBOUND": ParcelStatus.AT_PICKUP_POINT,
    # Captured in the same second as INBOUND: the station has it, nobody has collected it yet.
    "HANDOVERSCAN_SIGNED": ParcelStatus.AT_PICKUP_POINT,
    "DEPARTURE_SIGNED": ParcelStatus.DELIVERED,
    "SIGNED": ParcelStatus.DELIVERED,
    "PROBLEM": ParcelStatus.EXCEPTION,
    "RETURN_SCAN": ParcelStatus.RETURNING,
    "RETURN_SIGNED": ParcelStatus.RETURNED,
}


def action_of(code: str) -> str:
    """The push's name for a scan, so that a query and a push of one scan look the same."""
    return _ACTIONS.get(code, code)


def queried_action(scan_type: str) -> str:
    """Queries also write ARRIVAL and SIGNED for a locker: into it, and out of it."""
    locker = {"ARRIVAL": "INBOUND", "SIGNED": "DEPARTURE_SIGNED"}
    return locker.get(scan_type) or action_of(scan_type)


def status_of(action: str) -> ParcelStatus:
    return _STATUS.get(action, ParcelStatus.UNKNOWN)
