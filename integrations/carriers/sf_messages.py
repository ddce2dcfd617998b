"""The bodies we write to SF and the parts of its own that we read (wire-formats §2.1)."""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AliasChoices, Field

from domain.shared.address import Address, Contact
from domain.shared.money import Money
from integrations.carriers.port import PickupWindow, WaybillRequest
from integrations.carriers.reading import ChinaTime, Message, Text, write_china_time

CURRENCY: Final = "CNY"


class Envelope(Message):
    apiResultCode: Annotated[Text, Field(min_length=1)]
    apiErrorMsg: Text = ""
    apiResultData: str | None = None


class Result(Message):
    errorCode: Annotated[Text, Field(min_length=1)]
    errorMsg: Text = ""


class WaybillNo(Message):
    waybillType: int = 1
    waybillNo: Text


class RouteLabelData(Message):
    destRouteLabel: Text = ""
    codingMapping: Text = ""


class RouteLabel(Message):
    routeLabelData: RouteLabelData | None = None


class Order(Message):
    """What create and search answer; search writes `destcode` in lower case."""

    orderId: Text = ""
    filterResult: int | None = None
    destCode: Annotated[Text, Field(validation_alias=AliasChoices("destCode", "destcode"))] = ""
    waybillNoInfoList: tuple[WaybillNo, ...] | None = None
    routeLabelInfo: tuple[RouteLabel, ...] | None = None

    @property
    def waybill_no(self) -> str:
        """The mother waybill, or empty when there is none (yet)."""
        numbers = (each for each in self.waybillNoInfoList or () if each.waybillType == 1)
        return next((each.waybillNo for each in numbers), "")

    @property
    def label(self) -> RouteLabelData:
        labels = (each.routeLabelData for each in self.routeLabelInfo or ())
        return next((label for label in labels if label), RouteLabelData())


class OrderResult(Result):
    msgData: Order | None = None


class Update(Message):
    resStatus: int


class UpdateResult(Result):
    msgData: Update | None = None


class InterceptResult(Result):
    """What SF answers besides, a fee at most, is not needed."""


class Product(Message):
    businessType: Text
    businessTypeDesc: Text = ""
    deliverTime: Text = ""
    fee: Annotated[Decimal, Field(ge=0, le=1_000_000)] | None = None


class Products(Message):
    deliverTmDto: tuple[Product, ...] | None = None


class ProductsResult(Result):
    msgData: Products | None = None


class Route(Message):
    acceptTime: ChinaTime
    acceptAddress: Text = ""
    remark: Text = ""
    opCode: Text
    reasonName: Text = ""


class Routes(Message):
    mailNo: Text = ""
    routes: tuple[Route, ...] | None = None


class RoutesList(Message):
    routeResps: tuple[Routes, ...] | None = None


class RoutesResult(Result):
    msgData: RoutesList | None = None


class PushedRoute(Route):
    mailno: Annotated[Text, Field(min_length=1)]


class PushedRoutes(Message):
    WaybillRoute: tuple[PushedRoute, ...]


class Pushed(Message):
    """The body of RoutePushService in JSON."""

    Body: PushedRoutes


def order_body(request: WaybillRequest, monthly_card: str) -> dict[str, Any]:
    services = [
        {"name": name, "value": str(Money(minor, CURRENCY).major)} | extra
        for name, minor, extra in (
            ("COD", request.cash_on_delivery_minor, {"value1": monthly_card}),
            ("INSURE", request.insured_minor, {}),
        )
        if minor
    ]
    parcel = request.parcel
    return {
        "language": "zh-CN",
        "orderId": request.order_ref,
        "cargoDetails": [{"name": item.name, "count": item.quantity} for item in request.cargo],
        "contactInfoList": [_contact(request.sender, 1), _contact(request.receiver, 2)],
        "monthlyCard": monthly_card,
        "payMethod": 1,
        **_pickup(request.pickup),
        "expressTypeId": request.product,
        "parcelQty": 1,
        "totalWeight": kilograms(parcel.weight_g),
        "totalLength": parcel.length_mm / 10,
        "totalWidth": parcel.width_mm / 10,
        "totalHeight": parcel.height_mm / 10,
        "isReturnRoutelabel": 1,
        "serviceList": services,
        "remark": request.remark,
    }


def _pickup(window: PickupWindow | None) -> dict[str, Any]:
    """A courier is called for the beginning of the window."""
    return {"isDocall": 1, "sendStartTm": write_china_time(window.begin)} if window else {}


def _contact(contact: Contact, kind: int) -> dict[str, Any]:
    address = contact.address
    is_mobile = len(contact.phone) == 11 and contact.phone.startswith("1")
    return {
        "contactType": kind,
        "company": contact.company,
        "contact": contact.name,
        "mobile" if is_mobile else "tel": contact.phone,
        "country": address.country,
        "province": address.province,
        "city": address.city,
        "county": address.district,
        "address": address.detail,
        "postCode": address.postcode,
    }


def rated_address(address: Address) -> dict[str, str]:
    return {
        "province": address.province,
        "city": address.city,
        "district": address.district,
        "address": address.detail,
    }


def kilograms(weight_g: int) -> float:
    return float(Decimal(weight_g) / 1000)
