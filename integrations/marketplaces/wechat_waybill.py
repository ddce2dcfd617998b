"""WeChat shops' electronic waybills: a number of theirs is taken first, then the waybill is made
under it; printed by WeChat's component.

`ewaybill/biz/order/precreate`, `create`, `get`, `cancel`, by the names of the vendor's libraries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from domain.shared.errors import AnswerLost, Rejected
from integrations.access import ShopAccess
from integrations.marketplaces.port import MaskedParcel, PlatformWaybill
from integrations.marketplaces.reading import Body, Number, Text, or_empty, read_answer
from integrations.marketplaces.waybill_settings import entries, entry_with, missing_of
from integrations.marketplaces.wechat import WechatMarketplace, open_shop
from integrations.marketplaces.wechat_order import read_order
from integrations.settings import Schema

PRECREATE: Final = "/channels/ec/logistics/ewaybill/biz/order/precreate"
CREATE: Final = "/channels/ec/logistics/ewaybill/biz/order/create"
FIND: Final = "/channels/ec/logistics/ewaybill/biz/order/get"
CANCEL: Final = "/channels/ec/logistics/ewaybill/biz/order/cancel"
NEEDED: Final = ("ewaybill_acct_id", "shop_id")
SETTINGS: Final = Schema((entries(*NEEDED, "delivery_id", "site_code", "template_id"),))
DELIVERY_IDS: Final = {
    "sf": "SF",
    "zto": "ZTO",
    "yto": "YTO",
    "sto": "STO",
    "yunda": "YUNDA",
    "ems": "EMS",
    "jdl": "JD",
}
VOID_WORDS: Final = ("已取消", "已被取消", "重复取消")


class PrecreateAnswer(Body):
    ewaybill_order_id: Number


class CreateAnswer(Body):
    waybill_id: Text = ""
    print_info: Annotated[str, BeforeValidator(lambda value: value or "")] = ""
    delivery_error_msg: Text = ""


class _Info(Body):
    waybill_id: Text = ""


class FindAnswer(Body):
    order_info: Annotated[_Info, BeforeValidator(or_empty)] = _Info()


def open_waybills(access: ShopAccess) -> "WechatWaybills":
    """Secrets of the shop; its setting `waybills`."""
    return WechatWaybills(access, open_shop(access))


@dataclass(frozen=True, slots=True)
class WechatWaybills:
    """One shop's waybills; their key is WeChat's own number for the order of one, under which the
    same is asked once more when it is made right away."""

    access: ShopAccess
    shop: WechatMarketplace
    _asked_for: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    def missing(self, carrier: str) -> str:
        return missing_of(self.access.settings, carrier, NEEDED)

    async def reserve(self, parcel: MaskedParcel) -> str:
        """One that is never used costs nothing."""
        asked = await self._asked(parcel)
        raw = await self.shop.call(PRECREATE, asked, changes=False)
        answer = read_answer(PrecreateAnswer, raw, system="wechat", changes=False)
        self._asked_for[answer.ewaybill_order_id] = asked
        return answer.ewaybill_order_id

    async def create(self, parcel: MaskedParcel, key: str) -> PlatformWaybill:
        """The receiver is passed on as the order shows him: WeChat knows him by the order."""
        entry = entry_with(self.access.settings, parcel.carrier, NEEDED)
        asked = self._asked_for.pop(key, None) or await self._asked(parcel)
        asked |= {
            "ewaybill_order_id": key,
            "ext_info": {"package_weight_g": parcel.weight_g},
        }
        if template := entry.get("template_id"):
            asked["template_id"] = str(template)
        raw = await self.shop.call(CREATE, asked, changes=True)
        answer = read_answer(CreateAnswer, raw, system="wechat", changes=True)
        if answer.waybill_id and answer.print_info:
            return PlatformWaybill(answer.waybill_id, answer.print_info)
        if answer.delivery_error_msg and not answer.waybill_id:
            raise Rejected(answer.delivery_error_msg, code="delivery_error_msg", system="wechat")
        raise AnswerLost("no waybill or nothing to print came", code="waybill_id", system="wechat")

    async def cancel(self, parcel: MaskedParcel, key: str, waybill_no: str) -> None:
        """Without a number WeChat is asked what its own number became."""
        number = waybill_no or await self._found(key)
        if not number:
            return
        asked = {
            "ewaybill_order_id": key,
            "delivery_id": self._delivery_id(parcel.carrier),
            "waybill_id": number,
        }
        try:
            await self.shop.call(CANCEL, asked, changes=True)
        except Rejected as refusal:
            if not refusal.says(VOID_WORDS):
                raise

    async def _found(self, key: str) -> str:
        raw = await self.shop.call(FIND, {"ewaybill_order_id": key}, changes=False)
        return read_answer(FindAnswer, raw, system="wechat", changes=False).order_info.waybill_id

    async def _asked(self, parcel: MaskedParcel) -> dict[str, Any]:
        entry = entry_with(self.access.settings, parcel.carrier, NEEDED)
        order = read_order(await self.shop.fetch_raw(parcel.external_no))
        shown = order.order_detail.delivery_info.address_info
        sender = parcel.sender
        asked: dict[str, Any] = {
            "delivery_id": self._delivery_id(parcel.carrier),
            "shop_id": str(entry["shop_id"]),
            "ewaybill_acct_id": str(entry["ewaybill_acct_id"]),
            "sender": {
                "name": sender.name,
                "mobile": sender.phone,
                "province": sender.address.province,
                "city": sender.address.city,
                "county": sender.address.district,
                "address": sender.address.detail,
            },
            "receiver": {
                "name": shown.user_name,
                "mobile": shown.tel_number,
                "province": shown.province_name,
                "city": shown.city_name,
                "county": shown.county_name,
                "address": shown.detail_info,
            },
            "ec_order_list": [_order(parcel, order.order_detail.delivery_info.ewaybill_order_code)],
        }
        return {**asked, "site_code": str(entry["site_code"])} if entry.get("site_code") else asked

    def _delivery_id(self, carrier: str) -> str:
        entry = entry_with(self.access.settings, carrier, NEEDED)
        return str(entry.get("delivery_id") or DELIVERY_IDS.get(carrier, carrier.upper()))


def _order(parcel: MaskedParcel, code: str) -> Mapping[str, Any]:
    goods = [{"good_name": item.name, "good_count": item.quantity} for item in parcel.items]
    told = {"ec_order_id": parcel.external_no, "goods_list": goods}
    return {**told, "ewaybill_order_code": code} if code else told
