"""STO's codes in our words (§2.4): scans are told by their Chinese names."""

from typing import Final

from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus
from integrations.carriers.errors import ErrorTable

SYSTEM: Final = "sto"
# Codes of the LINK gateway, as its documents name them; those of STO's own services are unknown.
ERRORS: Final = ErrorTable(
    SYSTEM,
    retry=frozenset({"S02", "S05", "S07", "LINK_SERVICE_UNAVAILABLE"}),
    wait_s={"S06": 30.0},
    credentials=frozenset({"S01", "S03", "S04"}),
    retry_texts=("系统异常", "超时", "稍后", "繁忙"),
)
NOTHING_TO_CANCEL: Final = ("不存在", "已取消", "已撤销")

_STATUS: Final = {
    "收件": ParcelStatus.PICKED_UP,
    "发件": ParcelStatus.IN_TRANSIT,
    "到件": ParcelStatus.IN_TRANSIT,
    "改地址件": ParcelStatus.IN_TRANSIT,
    "留仓件": ParcelStatus.IN_TRANSIT,
    # Taken out of a locker: by whom is not said, the signature follows as a scan of its own.
    "快件取出": ParcelStatus.IN_TRANSIT,
    "派件": ParcelStatus.OUT_FOR_DELIVERY,
    "第三方代派": ParcelStatus.OUT_FOR_DELIVERY,
    "柜机代收": ParcelStatus.AT_PICKUP_POINT,
    "驿站代收": ParcelStatus.AT_PICKUP_POINT,
    "第三方代收": ParcelStatus.AT_PICKUP_POINT,
    "派件入柜": ParcelStatus.AT_PICKUP_POINT,
    "代取快递": ParcelStatus.AT_PICKUP_POINT,
    "问题件": ParcelStatus.EXCEPTION,
    "退回件": ParcelStatus.RETURNING,
    "签收": ParcelStatus.DELIVERED,
}
_BACK_TO_SENDER: Final = "退回"


def meaning_of(scan_type: str, text: str) -> tuple[ParcelStatus, Incident | None]:
    """Where the parcel is; one that is signed for on its way back has come back."""
    status = _STATUS.get(scan_type, ParcelStatus.UNKNOWN)
    back = status is ParcelStatus.DELIVERED and _BACK_TO_SENDER in text
    return ParcelStatus.RETURNED if back else status, None
