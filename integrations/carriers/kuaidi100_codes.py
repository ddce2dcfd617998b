"""Kuaidi100's codes in our words (§2.7): states, whose parcels they are, what went wrong."""

from typing import Final

from domain.logistics.incidents import Incident
from domain.logistics.tracking import ParcelStatus
from integrations.carriers.errors import ErrorTable

SYSTEM: Final = "kuaidi100"
ERRORS: Final = ErrorTable(
    SYSTEM,
    retry=frozenset({"500", "501", "502"}),
    wait_s={"429": 30.0},
    credentials=frozenset({"503", "600", "601"}),  # wrong signature, no subscriber, expired key
    retry_texts=("系统异常", "超时", "稍后", "繁忙"),
)
# The same codes mean something else to a query and to a subscription.
NOTHING_YET: Final = "500"
SUBSCRIBED_ALREADY: Final = "501"
NOTHING_TO_CANCEL: Final = ("不存在", "已取消")

# Our code → Kuaidi100's.
CARRIERS: Final = {
    "sf": "shunfeng",
    "zto": "zhongtong",
    "yto": "yuantong",
    "sto": "shentong",
    "yunda": "yunda",
    "ems": "ems",
    "jdl": "jd",
    "jt": "jtexpress",
    "deppon": "debangkuaidi",
}
OURS: Final = {theirs: ours for ours, theirs in CARRIERS.items()}

_STATUS: Final = {
    "0": ParcelStatus.IN_TRANSIT,
    "1": ParcelStatus.PICKED_UP,
    "2": ParcelStatus.EXCEPTION,
    "3": ParcelStatus.DELIVERED,
    "4": ParcelStatus.RETURNED,
    "5": ParcelStatus.OUT_FOR_DELIVERY,
    "6": ParcelStatus.RETURNING,
    "7": ParcelStatus.IN_TRANSIT,
    "10": ParcelStatus.IN_TRANSIT,
    "11": ParcelStatus.IN_TRANSIT,
    "12": ParcelStatus.IN_TRANSIT,
    "13": ParcelStatus.EXCEPTION,
    "14": ParcelStatus.EXCEPTION,
}
_INCIDENTS: Final = {"13": Incident.CUSTOMS, "14": Incident.REFUSED}
_NAMES: Final = {
    "揽收": "1",
    "在途": "0",
    "派件": "5",
    "签收": "3",
    "疑难": "2",
    "退签": "4",
    "退回": "6",
    "转投": "7",
    "清关": "10",
    "待清关": "10",
    "清关中": "11",
    "已清关": "12",
    "清关异常": "13",
    "拒签": "14",
}


def meaning_of(state: str) -> tuple[ParcelStatus, Incident | None]:
    """A state by its number, or by the Chinese name that scans carry. Finer states have more
    digits: 301 is a kind of 3, 1001 a kind of 10."""
    number = _NAMES.get(state, state)
    if number not in _STATUS and number.isascii() and number.isdigit():
        number = number[:2] if len(number) == 4 else number[:1]
    return _STATUS.get(number, ParcelStatus.UNKNOWN), _INCIDENTS.get(number)
