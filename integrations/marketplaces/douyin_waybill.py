"""Douyin's electronic waybills: ordered with the order's own ciphertext, printed by its component.

`logistics.newCreateOrder`, `.waybillApply`, `.cancelOrder`, by the names of the vendor's libraries.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from domain.shared.address import Address
from domain.shared.errors import AnswerLost, IntegrationError, Rejected
from integrations.access import ShopAccess
from integrations.marketplaces.cloud_print import written
from integrations.marketplaces.douyin import DouyinMarketplace, open_shop
from integrations.marketplaces.douyin_order import Order, read_order
from integrations.marketplaces.port import MaskedParcel, PlatformWaybill
from integrations.marketplaces.reading import Body, Number, Text, or_none, read_answer
from integrations.marketplaces.waybill_settings import entries, entry_with, missing_of
from integrations.settings import Schema

GET: Final = "/logistics/newCreateOrder"
PRINT: Final = "/logistics/waybillApply"
CANCEL: Final = "/logistics/cancelOrder"
NEEDED: Final = ("template_url",)
SETTINGS: Final = Schema((entries("template_url", "logistics_code", "net_code", "product_type"),))
LOGISTICS_CODES: Final = {
    "sf": "shunfeng",
    "zto": "zhongtong",
    "yto": "yuantong",
    "sto": "shentong",
    "yunda": "yunda",
    "ems": "ems",
    "jdl": "jd",
}
# Void already, or its number given back: as the vendor lists them.
VOID: Final = tuple(f"isv.business-failed:{n}" for n in (1102, 8037, 10801, 10901, 10903))
_LONGEST_PACK: Final = 15
_CHINA: Final = "CHN"


class _Refusal(Body):
    err_code: Text = ""
    err_msg: Text = ""


class _Bill(Body):
    track_no: Number


class _Bills(Body):
    ebill_infos: Annotated[tuple[_Bill, ...], BeforeValidator(or_none)] = ()
    err_infos: Annotated[tuple[_Refusal, ...], BeforeValidator(or_none)] = ()


class GetAnswer(Body):
    data: _Bills


class _Print(Body):
    print_data: str = Field(min_length=1, repr=False)
    sign: str = Field(default="", repr=False)


class _Prints(Body):
    waybill_infos: Annotated[tuple[_Print, ...], BeforeValidator(or_none)] = ()
    err_infos: Annotated[tuple[_Refusal, ...], BeforeValidator(or_none)] = ()


class PrintAnswer(Body):
    data: _Prints


class _Success(Body):
    success: bool


class _Cancelled(Body):
    cancel_result: _Success


class CancelAnswer(Body):
    data: _Cancelled


def open_waybills(access: ShopAccess) -> "DouyinWaybills":
    """Secrets of the shop; its setting `waybills`."""
    return DouyinWaybills(access, open_shop(access))


@dataclass(frozen=True, slots=True)
class DouyinWaybills:
    """One shop's waybills. Order and package id name one: asked again the first comes."""

    access: ShopAccess
    shop: DouyinMarketplace

    def missing(self, carrier: str) -> str:
        return missing_of(self.access.settings, carrier, NEEDED)

    async def reserve(self, parcel: MaskedParcel) -> str:
        """The package id; Douyin takes fifteen letters, ours may be longer."""
        return hashlib.sha256(parcel.reference.encode()).hexdigest()[:_LONGEST_PACK]

    async def create(self, parcel: MaskedParcel, key: str) -> PlatformWaybill:
        """The ciphertext is asked for right now and passed on; we never keep it."""
        entry = entry_with(self.access.settings, parcel.carrier, NEEDED)
        order = read_order(await self.shop.fetch_raw(parcel.external_no))
        asked = self._asked(parcel, key, order, entry)
        raw = await self.shop.call(GET, asked, changes=True)
        answer = read_answer(GetAnswer, raw, system="douyin", changes=True).data
        if answer.err_infos:
            raise _refused(answer.err_infos[0])
        if len(answer.ebill_infos) != 1:
            raise AnswerLost("one waybill was asked for", code="waybills", system="douyin")
        number = answer.ebill_infos[0].track_no
        try:
            printed = await self._printed(parcel, number)
        except IntegrationError as error:  # it is made all the same
            text = f"the waybill was made, its print data did not come: {error}"
            raise AnswerLost(text, code=error.code, system="douyin") from error
        told = {
            "encryptedData": printed.print_data,
            "signature": printed.sign,
            "templateURL": entry["template_url"],
        }
        return PlatformWaybill(number, written(told))

    async def cancel(self, parcel: MaskedParcel, key: str, waybill_no: str) -> None:
        """Nothing asks by order here: without a number, ordering ours again tells it."""
        number = waybill_no or (await self.create(parcel, key)).waybill_no
        asked = {"logistics_code": self._code(parcel.carrier), "track_no": number}
        try:
            raw = await self.shop.call(CANCEL, asked, changes=True)
        except Rejected as refusal:
            if refusal.code not in VOID:
                raise
            return
        answer = read_answer(CancelAnswer, raw, system="douyin", changes=True)
        if not answer.data.cancel_result.success:
            raise Rejected("the waybill was not voided", code="success=false", system="douyin")

    async def _printed(self, parcel: MaskedParcel, number: str) -> _Print:
        one = {"logistics_code": self._code(parcel.carrier), "track_no": number}
        raw = await self.shop.call(PRINT, {"waybill_applies": [one]}, changes=False)
        answer = read_answer(PrintAnswer, raw, system="douyin", changes=False).data
        if answer.err_infos:
            raise _refused(answer.err_infos[0])
        if len(answer.waybill_infos) != 1:
            raise Rejected("it is not there", code="waybill_infos", system="douyin")
        return answer.waybill_infos[0]

    def _asked(
        self, parcel: MaskedParcel, key: str, order: Order, entry: Mapping[str, Any]
    ) -> dict[str, Any]:
        place = order.post_addr
        address = Address("CN", place.province.name, place.city.name, place.town.name)
        detail = place.encrypt_detail or place.detail
        one: dict[str, Any] = {
            "order_id": parcel.external_no,
            "pack_id": key,
            "receiver_info": {
                "address": _address(address, detail, place.street.name),
                "contact": {
                    "name": order.encrypt_post_receiver or order.post_receiver,
                    "mobile": order.encrypt_post_tel or order.post_tel,
                },
            },
            "items": [
                {"item_name": item.name, "item_count": item.quantity} for item in parcel.items
            ],
        }
        if product := entry.get("product_type"):
            one["product_type"] = str(product)
        if site := entry.get("net_code"):
            one["net_info"] = {"net_code": str(site)}
        sender = parcel.sender
        return {
            "sender_info": {
                "address": _address(sender.address, sender.address.detail, ""),
                "contact": {"name": sender.name, "mobile": sender.phone},
            },
            "logistics_code": self._code(parcel.carrier),
            "order_infos": [one],
        }

    def _code(self, carrier: str) -> str:
        entry = entry_with(self.access.settings, carrier, NEEDED)
        return str(entry.get("logistics_code") or LOGISTICS_CODES.get(carrier, carrier))


def _address(address: Address, detail: str, street: str) -> dict[str, str]:
    told = {
        "country_code": _CHINA,
        "province_name": address.province,
        "city_name": address.city,
        "district_name": address.district,
        "detail_address": detail,
    }
    return {**told, "street_name": street} if street else told


def _refused(refusal: _Refusal) -> Rejected:
    text = refusal.err_msg or "no reason given"
    return Rejected(text, code=refusal.err_code or "err_infos", system="douyin")
