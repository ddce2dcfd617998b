"""What carriers write about a parcel in trouble, and whose fault it is."""

import pytest

from domain.logistics.incidents import Fault, Incident, fault_of, incident_in
from domain.logistics.tracking import ParcelStatus, incident_of


@pytest.mark.parametrize(
    ("text", "incident", "fault"),
    [
        ("收件人拒收", Incident.REFUSED, Fault.RECEIVER),
        ("客户电话无人接听，将再次派送", Incident.UNREACHABLE, Fault.RECEIVER),
        ("客户要求改期派送", Incident.DELIVER_LATER, Fault.RECEIVER),
        ("地址不详，无法派送", Incident.WRONG_ADDRESS, Fault.SENDER),
        ("寄件人要求退回", Incident.CALLED_BACK, Fault.SENDER),
        ("快件外包装破损", Incident.DAMAGED, Fault.CARRIER),
        ("快件遗失，正在核实", Incident.LOST, Fault.CARRIER),
        ("因天气原因延误", Incident.WEATHER, Fault.WEATHER),
        ("正在等待海关清关", Incident.CUSTOMS, Fault.CUSTOMS),
        ("运输途中延误", Incident.DELAYED, Fault.CARRIER),
        ("问题件", Incident.UNEXPLAINED, Fault.OTHER),
        ("", Incident.UNEXPLAINED, Fault.OTHER),
    ],
)
def test_the_courier_s_words_tell_what_went_wrong(
    text: str, incident: Incident, fault: Fault
) -> None:
    assert incident_in(text) is incident
    assert incident.fault is fault


def test_every_incident_is_somebody_s_fault() -> None:
    assert {fault_of(incident) for incident in Incident} <= set(Fault)
    assert fault_of("") == ""


@pytest.mark.parametrize("status", [ParcelStatus.DELIVERED, ParcelStatus.IN_TRANSIT])
def test_a_parcel_without_trouble_has_no_incident_whatever_is_written(
    status: ParcelStatus,
) -> None:
    assert incident_of(status, "请勿拒收，谢谢") is None


def test_a_parcel_on_its_way_back_keeps_the_reason_it_had() -> None:
    assert incident_of(ParcelStatus.RETURNING, "快件退回中") is None
    assert incident_of(ParcelStatus.RETURNING, "收件人拒收，退回") is Incident.REFUSED
    assert incident_of(ParcelStatus.LOST, "…") is Incident.LOST
