"""The bodies we write to ZTO and the parts of its own that we read (wire-formats §2.3)."""

from typing import Annotated, Any

from pydantic import Field

from domain.shared.address import Contact
from integrations.carriers.port import PickupWindow, WaybillRequest
from integrations.carriers.reading import (
    ChinaTime,
    Message,
    ScanTime,
    Text,
    write_china_time,
)


class Result(Message):
    status: bool
    statusCode: Text = ""
    message: Text = ""


class BigMark(Message):
    mark: Text = ""
    bagAddr: Text = ""


class Order(Message):
    """What create answers, and one row of what the order query answers."""

    billCode: Text = ""
    orderCode: Text = ""
    partnerOrderCode: Text = ""
    orderStatus: int = 0
    bigMarkInfo: BigMark | None = None


class OrderResult(Result):
    result: Order | None = None


class OrdersResult(Result):
    result: tuple[Order, ...] | None = None


class Site(Message):
    name: Text = ""
    city: Text = ""


class Scan(Message):
    scanType: Text
    scanDate: ScanTime
    desc: Text = ""
    scanSite: Site | None = None


class ScansResult(Result):
    result: tuple[Scan, ...] | None = None


class Pushed(Message):
    """`data` of a Traces push."""

    billCode: Annotated[Text, Field(min_length=1)]
    action: Text
    actionTime: ChinaTime
    city: Text = ""
    desc: Text = ""


def order_body(
    request: WaybillRequest, account: dict[str, Any], order_type: str, cod_account: str
) -> dict[str, Any]:
    """zto.open.createOrder; the amounts of extra services are in fen."""
    extras: tuple[tuple[str, int, dict[str, str]], ...] = (
        ("COD", request.cash_on_delivery_minor, {"accountNo": cod_account}),
        ("insured", request.insured_minor, {}),
    )
    return {
        "partnerType": "2",
        "orderType": order_type,
        "partnerOrderCode": request.order_ref,
        "accountInfo": account,
        "senderInfo": _sender(request.sender),
        "receiveInfo": _receiver(request.receiver),
        "orderVasList": [
            {"vasType": name, "vasAmount": minor, **more} for name, minor, more in extras if minor
        ],
        "summaryInfo": {"quantity": 1, **_pickup(request.pickup)},
        "remark": request.remark,
        "orderItems": [
            {"name": item.name, "weight": item.weight_g, "quantity": item.quantity}
            for item in request.cargo
        ],
    }


def _pickup(window: PickupWindow | None) -> dict[str, str]:
    if window is None:
        return {}
    return {
        "startTime": write_china_time(window.begin),
        "endTime": write_china_time(window.end),
    }


def _sender(contact: Contact) -> dict[str, str]:
    address = contact.address
    return {
        "senderName": contact.name,
        "senderMobile": contact.phone,
        "senderProvince": address.province,
        "senderCity": address.city,
        "senderDistrict": address.district,
        "senderAddress": address.detail,
    }


def _receiver(contact: Contact) -> dict[str, str]:
    address = contact.address
    return {
        "receiverName": contact.name,
        "receiverMobile": contact.phone,
        "receiverProvince": address.province,
        "receiverCity": address.city,
        "receiverDistrict": address.district,
        "receiverAddress": address.detail,
    }
