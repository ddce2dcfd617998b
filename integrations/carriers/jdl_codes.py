"""JD Logistics' codes in our words (§2.5): statuses of an order and states of a scan."""

from typing import Final

from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus
from integrations.carriers.errors import ErrorTable

SYSTEM: Final = "jdl"
# No table of errors is published: the gateway's own are HTTP statuses written as codes.
ERRORS: Final = ErrorTable(
    SYSTEM,
    retry=frozenset({"500", "502", "503", "504"}),
    wait_s={"429": 30.0},
    credentials=frozenset({"401", "403"}),
    retry_texts=("系统异常", "超时", "稍后", "繁忙", "限流"),
)
NOTHING_TO_CANCEL: Final = ("不存在", "已取消", "重复取消")

_STATUS: Final = {
    "100": ParcelStatus.LABELLED,
    "390": ParcelStatus.EXCEPTION,
    "403": ParcelStatus.EXCEPTION,
    "420": ParcelStatus.PICKED_UP,
    "430": ParcelStatus.IN_TRANSIT,
    "440": ParcelStatus.OUT_FOR_DELIVERY,
    "480": ParcelStatus.RETURNING,
    "500": ParcelStatus.EXCEPTION,
    "510": ParcelStatus.DELIVERED,
    "530": ParcelStatus.EXCEPTION,
    "690": ParcelStatus.LABELLED,  # the order is void: its parcel never moved
    "200001": ParcelStatus.PICKED_UP,
    "10054": ParcelStatus.IN_TRANSIT,
    "11000": ParcelStatus.OUT_FOR_DELIVERY,
    "200003": ParcelStatus.EXCEPTION,
    "10034": ParcelStatus.DELIVERED,
    "10035": ParcelStatus.EXCEPTION,
}
_INCIDENTS: Final = {
    "480": Incident.CALLED_BACK,
    "530": Incident.REFUSED,
    "10035": Incident.REFUSED,
    "200003": Incident.DELIVER_LATER,
}
_BACK_TO_SENDER: Final = "退回"


def meaning_of(code: str, text: str) -> tuple[ParcelStatus, Incident | None]:
    """Where the parcel is, and why it does not move where the code itself says so."""
    status = _STATUS.get(code, ParcelStatus.UNKNOWN)
    if _BACK_TO_SENDER in text:
        if status is ParcelStatus.DELIVERED:
            return ParcelStatus.RETURNED, None
        if status is ParcelStatus.IN_TRANSIT:
            return ParcelStatus.RETURNING, None
    return status, _INCIDENTS.get(code)
