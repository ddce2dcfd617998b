"""The bodies we write to YTO and the parts of its own that we read (wire-formats §2.2)."""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AliasChoices, Field, model_validator

from domain.shared.address import Contact
from domain.shared.money import Money
from integrations.carriers.port import WaybillRequest
from integrations.carriers.reading import ChinaTime, Message, Text, write_china_time

_CASH_ON_DELIVERY, _INSURED = 1, 4
_MOST_GOODS: Final = 20
_SHORTEST_REFERENCE: Final = 7


class Answer(Message):
    """What every answer may say; its names are not published. Scans come as a bare list."""

    success: bool | None = None
    code: Annotated[Text, Field(validation_alias=AliasChoices("code", "statusCode"))] = ""
    reason: Annotated[Text, Field(validation_alias=AliasChoices("reason", "message", "msg"))] = ""

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, told: Any) -> Any:
        return {"rows": told} if isinstance(told, list) else told


class Created(Answer):
    mailNo: Text = ""
    shortAddress: Annotated[
        Text, Field(validation_alias=AliasChoices("shortAddress", "threeSegmentCode"))
    ] = ""
    packageCenterName: Text = ""


class Scan(Message):
    waybill_No: Text = ""
    upload_Time: ChinaTime
    infoContent: Text
    processInfo: Text = ""
    city: Text = ""


class Scans(Answer):
    rows: tuple[Scan, ...] = ()


def reference(order_ref: str) -> str:
    """YTO wants seven characters at least."""
    return order_ref.rjust(_SHORTEST_REFERENCE, "0")


def order_body(request: WaybillRequest) -> dict[str, Any]:
    """privacy_create_adapter; amounts in yuan."""
    extras = (
        (_CASH_ON_DELIVERY, request.cash_on_delivery_minor),
        (_INSURED, request.insured_minor),
    )
    window = request.pickup
    body = {
        "logisticsNo": reference(request.order_ref),
        **_party("sender", request.sender),
        **_party("recipient", request.receiver),
        "remark": request.remark,
        "increments": [
            {"type": kind, "amount": str(Money(minor, "CNY").major)}
            for kind, minor in extras
            if minor
        ],
        "goods": [
            {"name": item.name, "quantity": item.quantity} for item in request.cargo[:_MOST_GOODS]
        ],
        "weight": str(Decimal(request.parcel.weight_g) / 1000),
        "productCode": request.product,
        "cstOrderNo": request.order_ref,
    }
    if window is not None:
        body["startTime"] = write_china_time(window.begin)
        body["endTime"] = write_china_time(window.end)
    return body


def _party(kind: str, contact: Contact) -> dict[str, str]:
    address = contact.address
    return {
        f"{kind}Name": contact.name,
        f"{kind}ProvinceName": address.province,
        f"{kind}CityName": address.city,
        f"{kind}CountyName": address.district,
        f"{kind}TownName": "",
        f"{kind}Address": address.detail,
        f"{kind}Mobile": contact.phone,
    }
