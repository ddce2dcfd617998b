"""The bodies we write to JD Logistics and the parts of its own that we read (§2.5)."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AliasChoices, Field

from domain.shared.address import Contact
from domain.shared.money import Money
from integrations.carriers.port import PickupWindow, WaybillRequest
from integrations.carriers.reading import Message, Text

B2C: Final = "1"
C2B: Final = "2"  # a consumer sends goods back
AMOUNT: Final = "{amount}"


class Answer(Message):
    """What every answer says; the gateway refuses with `error_response`."""

    success: bool | None = None
    code: Text = ""
    message: Annotated[Text, Field(validation_alias=AliasChoices("msg", "message"))] = ""
    error_response: dict[str, Any] | None = None

    @property
    def refusal(self) -> tuple[str, str] | None:
        """Code and words of a refusal."""
        if self.error_response is not None:
            told = self.error_response
            return str(told.get("code", "")), str(told.get("zh_desc") or told.get("msg") or "")
        return None if self.success else (self.code, self.message)


class Presort(Message):
    targetSortCenterName: Text = ""
    siteName: Text = ""
    road: Text = ""


class Order(Message):
    waybillCode: Text = ""
    orderCode: Text = ""
    presortResult: Presort | None = None


class Created(Answer):
    data: Order | None = None


class Traces(Answer):
    """`data` holds the scans in a form that is configuration."""

    data: Any = None


def order_body(
    request: WaybillRequest, customer_code: str, origin: str, added: Mapping[str, Any]
) -> dict[str, Any]:
    """create and precheck; `added`: templates of the services cash and insurance."""
    parcel = request.parcel
    first = request.cargo[0].name if request.cargo else ""
    return {
        "orderId": request.order_ref,
        "senderContact": _party(request.sender),
        "receiverContact": _party(request.receiver),
        "orderOrigin": int(origin),
        "customerCode": customer_code,
        "productsReq": {"productCode": request.product},
        "addedProducts": list(_added(request, added)),
        "settleType": 3,
        "cargoes": [
            {
                "name": first,
                "quantity": 1,
                "weight": str(Decimal(parcel.weight_g) / 1000),
                "volume": str(
                    Decimal(parcel.length_mm * parcel.width_mm * parcel.height_mm) / 1000
                ),
                "length": parcel.length_mm / 10,
                "width": parcel.width_mm / 10,
                "hight": parcel.height_mm / 10,
            }
        ],
        "remark": request.remark,
        **_pickup(request.pickup),
    }


def _added(request: WaybillRequest, templates: Mapping[str, Any]) -> Any:
    amounts = {"cash": request.cash_on_delivery_minor, "insured": request.insured_minor}
    for name, minor in amounts.items():
        if minor:
            amount = str(Money(minor, "CNY").major)
            yield json.loads(json.dumps(templates[name]).replace(AMOUNT, amount))


def _pickup(window: PickupWindow | None) -> dict[str, Any]:
    if window is None:
        return {"pickupType": 2}  # brought to JD
    return {
        "pickupType": 1,
        "pickupStartTime": int(window.begin.timestamp() * 1000),
        "pickupEndTime": int(window.end.timestamp() * 1000),
    }


def _party(contact: Contact) -> dict[str, str]:
    address = contact.address
    parts = (address.province, address.city, address.district, address.detail)
    is_mobile = len(contact.phone) == 11 and contact.phone.startswith("1")
    return {
        "name": contact.name,
        "mobile" if is_mobile else "phone": contact.phone,
        "fullAddress": "".join(parts),
    }
