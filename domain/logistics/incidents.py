"""What went wrong with a parcel on its way, and whose fault it is."""

from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """Who has to answer for an incident: whom we claim from, whom we ask."""

    CARRIER = "carrier"
    RECEIVER = "receiver"
    SENDER = "sender"
    WEATHER = "weather"
    CUSTOMS = "customs"
    OTHER = "other"


class Incident(StrEnum):
    """Why a parcel does not move as it should, in one vocabulary for all carriers."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    DELIVER_LATER = "deliver_later"
    WRONG_ADDRESS = "wrong_address"
    FORBIDDEN_GOODS = "forbidden_goods"
    CALLED_BACK = "called_back"
    DAMAGED = "damaged"
    LOST = "lost"
    MISROUTED = "misrouted"
    DELAYED = "delayed"
    WEATHER = "weather"
    CUSTOMS = "customs"
    UNEXPLAINED = "unexplained"  # the carrier reports a problem and does not say which

    @property
    def fault(self) -> Fault:
        return _FAULT[self]


_FAULT: Final = {
    Incident.REFUSED: Fault.RECEIVER,
    Incident.UNREACHABLE: Fault.RECEIVER,
    Incident.DELIVER_LATER: Fault.RECEIVER,
    Incident.WRONG_ADDRESS: Fault.SENDER,
    Incident.FORBIDDEN_GOODS: Fault.SENDER,
    Incident.CALLED_BACK: Fault.SENDER,
    Incident.DAMAGED: Fault.CARRIER,
    Incident.LOST: Fault.CARRIER,
    Incident.MISROUTED: Fault.CARRIER,
    Incident.DELAYED: Fault.CARRIER,
    Incident.WEATHER: Fault.WEATHER,
    Incident.CUSTOMS: Fault.CUSTOMS,
    Incident.UNEXPLAINED: Fault.OTHER,
}


def fault_of(incident: str) -> str:
    """Whose fault an incident is, by its stored name; empty where there is none."""
    return str(Incident(incident).fault) if incident else ""


# Couriers choose these words from short lists; the first that is found counts, so what tells more
# comes first: 因天气原因延误 is the weather, not a delay.
_WORDS: Final = (
    (Incident.WEATHER, ("天气", "暴雨", "暴雪", "台风", "自然灾害", "不可抗力", "封路")),
    (Incident.CUSTOMS, ("海关", "清关", "报关", "关税")),
    (Incident.REFUSED, ("拒收", "拒签", "拒绝签收")),
    (Incident.LOST, ("遗失", "丢失", "丢件")),
    (Incident.DAMAGED, ("破损", "损坏", "污染", "内件短少")),
    (Incident.FORBIDDEN_GOODS, ("违禁", "禁寄", "禁运")),
    (Incident.CALLED_BACK, ("拦截", "寄件人要求退", "客户要求退回", "寄方要求")),
    (
        Incident.WRONG_ADDRESS,
        ("地址不详", "地址错误", "地址不符", "地址有误", "电话错误", "电话号码错误", "电话有误",
         "空号", "查无此人", "超区", "超出派送范围", "不在派送范围"),
    ),
    (
        Incident.UNREACHABLE,
        ("无人接听", "无法接通", "联系不上", "无法联系", "电话关机", "家中无人", "无人签收",
         "客户不在", "收件人不在"),
    ),
    (Incident.DELIVER_LATER, ("改约", "另约", "约定", "改期", "节假日不收", "要求延迟", "自提")),
    (Incident.MISROUTED, ("错分", "错发", "分错", "转错", "误分")),
    (Incident.DELAYED, ("延误", "滞留", "爆仓", "积压", "晚点", "车辆故障")),
)  # fmt: skip


def incident_in(text: str) -> Incident:
    """What the carrier's own words say; `UNEXPLAINED` when they say nothing we know."""
    for incident, words in _WORDS:
        if any(word in text for word in words):
            return incident
    return Incident.UNEXPLAINED
