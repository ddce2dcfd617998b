"""The bodies we write to STO and the parts of its own that we read (wire-formats §2.4)."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from domain.shared.address import Contact
from integrations.carriers.port import WaybillRequest
from integrations.carriers.reading import Message, ScanTime, Text


class Answer(Message):
    """The LINK envelope; `success` is a word."""

    success: Annotated[Text, BeforeValidator(lambda value: str(value).lower())] = ""
    errorCode: Text = ""
    errorMsg: Text = ""

    @property
    def is_success(self) -> bool:
        return self.success == "true"


class Order(Message):
    orderNo: Text = ""
    waybillNo: Text = ""
    bigWord: Text = ""
    packagePlace: Text = ""


class Created(Answer):
    data: Order | None = None


class Trace(Message):
    """One scan, in a push and in an answer."""

    scanType: Text
    opTime: ScanTime
    memo: Text = ""
    issueName: Text = ""
    opOrgCityName: Text = ""
    opOrgName: Text = ""


class Traces(Answer):
    """`data`: waybill → its scans."""

    data: dict[str, tuple[Trace, ...] | None] | None = None


class Pushed(Message):
    """`content` of STO_TRACE_PLATFORM_PUSH."""

    waybillNo: Annotated[Text, Field(min_length=1)]
    trace: Trace


def order_body(
    request: WaybillRequest, customer: dict[str, str], source: str, kinds: tuple[str, str]
) -> dict[str, Any]:
    """OMS_EXPRESS_ORDER_CREATE; `kinds` are STO's billType and orderType."""
    first = request.cargo[0].name if request.cargo else ""
    return {
        "orderNo": request.order_ref,
        "orderSource": source,
        "billType": kinds[0],
        "orderType": kinds[1],
        "sender": _party(request.sender),
        "receiver": _party(request.receiver),
        "cargo": {
            "battery": "30",  # none inside
            "goodsType": "小件",
            "goodsName": first,
            "goodsCount": sum(item.quantity for item in request.cargo),
            "weight": str(Decimal(request.parcel.weight_g) / 1000),
        },
        "customer": customer,
        "remark": request.remark,
    }


def _party(contact: Contact) -> dict[str, str]:
    address = contact.address
    return {
        "name": contact.name,
        "tel": contact.phone,
        "mobile": contact.phone,
        "province": address.province,
        "city": address.city,
        "area": address.district,
        "town": "",
        "address": address.detail,
    }
