"""The bodies we write to Kuaidi100 and the parts of its own that we read (wire-formats §2.7)."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from domain.shared.address import Address, Contact
from domain.shared.money import Money
from integrations.carriers.port import WaybillRequest
from integrations.carriers.reading import Message, ScanTime, Text


class Answer(Message):
    """A refusal has `result` false; the label service has a `code`; a query that found something
    has neither."""

    result: bool | None = None
    code: Annotated[Text, Field(validation_alias=AliasChoices("returnCode", "code"))] = ""
    message: Text = ""

    @property
    def is_refusal(self) -> bool:
        return self.result is False or self.code not in ("", "200")


class Scan(Message):
    at: Annotated[ScanTime, Field(validation_alias=AliasChoices("ftime", "time"))]
    context: Text = ""
    status: Annotated[Text, Field(validation_alias=AliasChoices("statusCode", "status"))] = ""
    place: Annotated[Text, Field(validation_alias=AliasChoices("areaName", "location"))] = ""


class Tracked(Message):
    """Where a waybill is: the latest scan first."""

    state: Text = ""
    com: Text = ""
    nu: Text = ""
    data: tuple[Scan, ...] | None = None


class Pushed(Message):
    """`param` of a push; `abort` means that it is followed no longer."""

    status: Text
    comNew: Text = ""
    lastResult: Tracked = Tracked()


class Label(Message):
    kuaidinum: Text = ""
    bulkpen: Text = ""
    childNum: Text = ""
    taskId: Text = ""


class Labelled(Answer):
    data: Label | None = None


class Offer(Message):
    price: Annotated[Decimal, Field(ge=0, le=1_000_000)]
    expType: Text = ""


class Offers(Message):
    combos: tuple[Offer, ...] | None = None


class Priced(Answer):
    data: Offers | None = None
    combos: tuple[Offer, ...] | None = None

    @property
    def offers(self) -> tuple[Offer, ...]:
        return self.combos or (self.data.combos if self.data else None) or ()


def label_body(
    request: WaybillRequest, company: str, kind: str, partner: dict[str, Any]
) -> dict[str, Any]:
    """The label service's `order`; amounts in yuan. The same orderId gets the same label."""
    first = request.cargo[0].name if request.cargo else ""
    body = {
        "kuaidicom": company,
        "orderId": request.order_ref,
        "recMan": _party(request.receiver),
        "sendMan": _party(request.sender),
        "payType": "MONTHLY",
        "expType": kind or "标准快递",
        "cargo": first,
        "count": "1",
        "weight": kilograms(request.parcel.weight_g),
        "needChild": "0",
        "reorder": "false",
        "remark": request.remark,
        **partner,
    }
    if request.cash_on_delivery_minor:
        body["collection"] = str(Money(request.cash_on_delivery_minor, "CNY").major)
    if request.insured_minor:
        body["valinsPay"] = str(Money(request.insured_minor, "CNY").major)
    return body


def kilograms(weight_g: int) -> str:
    """With a point, as text."""
    return str(Decimal(weight_g) / 1000)


def written(address: Address) -> str:
    """An address in one line."""
    return "".join((address.province, address.city, address.district, address.detail))


def _party(contact: Contact) -> dict[str, str]:
    is_mobile = len(contact.phone) == 11 and contact.phone.startswith("1")
    return {
        "name": contact.name,
        "mobile" if is_mobile else "tel": contact.phone,
        "printAddr": written(contact.address),
    }
