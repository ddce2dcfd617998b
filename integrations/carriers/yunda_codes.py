"""Yunda's codes in our words (§2.6): actions of a scan, statuses of a parcel."""

from typing import Final

from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus
from integrations.carriers.errors import ErrorTable

SYSTEM: Final = "yunda"
OK: Final = "0000"
# No table of errors is published: what a text says is temporary is tried again.
ERRORS: Final = ErrorTable(
    SYSTEM,
    retry=frozenset({"9999"}),
    wait_s={"429": 30.0},
    credentials=frozenset({"1001", "1002", "1003"}),
    retry_texts=("系统异常", "超时", "稍后", "繁忙"),
)
NOTHING_TO_CANCEL: Final = ("不存在", "已取消", "已撤销")

_STATUS: Final = {
    "ACCEPT": ParcelStatus.LABELLED,
    "GOT": ParcelStatus.PICKED_UP,
    "TRANSIT": ParcelStatus.IN_TRANSIT,
    "ARRIVAL": ParcelStatus.IN_TRANSIT,
    "DEPARTURE": ParcelStatus.IN_TRANSIT,
    "TRANSFER": ParcelStatus.IN_TRANSIT,
    "SENT": ParcelStatus.OUT_FOR_DELIVERY,
    "INBOUND": ParcelStatus.AT_PICKUP_POINT,
    "SIGNED": ParcelStatus.DELIVERED,
    "OUTBOUND": ParcelStatus.DELIVERED,  # collected from the station
    "SIGNFAIL": ParcelStatus.EXCEPTION,
    "ISSUE": ParcelStatus.EXCEPTION,
    "REJECTION": ParcelStatus.EXCEPTION,
    "RETURN": ParcelStatus.RETURNING,
}
_INCIDENTS: Final = {"REJECTION": Incident.REFUSED}
_BACK_TO_SENDER: Final = "退回"


def meaning_of(action: str, text: str) -> tuple[ParcelStatus, Incident | None]:
    """Where the parcel is; one that is signed for on its way back has come back."""
    status = _STATUS.get(action, ParcelStatus.UNKNOWN)
    if status is ParcelStatus.DELIVERED and _BACK_TO_SENDER in text:
        return ParcelStatus.RETURNED, None
    return status, _INCIDENTS.get(action)
