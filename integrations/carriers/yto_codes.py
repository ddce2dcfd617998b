"""YTO's codes in our words (§2.2); its error codes are not published."""

from typing import Final

from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus
from integrations.carriers.errors import ErrorTable

SYSTEM: Final = "yto"
ERRORS: Final = ErrorTable(
    SYSTEM,
    retry_texts=("系统", "超时", "稍后", "繁忙"),
)
NOTHING_TO_CANCEL: Final = ("不存在", "已取消", "重复取消", "已撤销")

_STATUS: Final = {
    "GOT": ParcelStatus.PICKED_UP,
    "ARRIVAL": ParcelStatus.IN_TRANSIT,
    "DEPARTURE": ParcelStatus.IN_TRANSIT,
    "AIRSEND": ParcelStatus.IN_TRANSIT,
    "AIRPICK": ParcelStatus.IN_TRANSIT,
    "FORWARDING": ParcelStatus.IN_TRANSIT,
    "SENT_SCAN": ParcelStatus.OUT_FOR_DELIVERY,
    "INBOUND": ParcelStatus.AT_PICKUP_POINT,
    "SIGNED": ParcelStatus.DELIVERED,
    "FAILED": ParcelStatus.EXCEPTION,
    "TMS_RETURN": ParcelStatus.RETURNING,
}
_BACK_TO_SENDER: Final = "退回"


def meaning_of(code: str, text: str) -> tuple[ParcelStatus, Incident | None]:
    """Where the parcel is; one that is signed for on its way back has come back."""
    status = _STATUS.get(code, ParcelStatus.UNKNOWN)
    back = status is ParcelStatus.DELIVERED and _BACK_TO_SENDER in text
    return ParcelStatus.RETURNED if back else status, None
