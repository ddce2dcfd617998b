"""Cainiao's electronic waybills for Tmall and Taobao: ordered with the oaid, printed by Cainiao.

`cainiao.waybill.ii.get`, `.cancel`, `.query.by.tradecode`, by the names of TOP's own libraries.
"""

from dataclasses import dataclass
from typing import Final

from pydantic import Field

from domain.shared.errors import Rejected
from integrations.access import ShopAccess
from integrations.marketplaces import cloud_print
from integrations.marketplaces.port import MaskedParcel, PlatformWaybill
from integrations.marketplaces.reading import Body, read_answer
from integrations.marketplaces.top import TopMarketplace, open_shop
from integrations.marketplaces.waybill_settings import entries, entry_with, missing_of
from integrations.settings import Schema, text

GET: Final = "cainiao.waybill.ii.get"
CANCEL: Final = "cainiao.waybill.ii.cancel"
BY_ORDER: Final = "cainiao.waybill.ii.query.by.tradecode"
NEEDED: Final = ("template_url",)
SETTINGS: Final = Schema(
    (text("waybill_user_id"), entries("template_url", "cp_code", "product_code", "services"))
)
CP_CODES: Final = {
    "sf": "SF",
    "zto": "ZTO",
    "yto": "YTO",
    "sto": "STO",
    "yunda": "YUNDA",
    "ems": "EMS",
    "jdl": "LE04284890",
}
_CHANNEL: Final = "TB"  # order_channels_type of Taobao and Tmall


class _Made(Body):
    waybill_cloud_print_response: tuple[cloud_print.Module, ...] = Field(min_length=1, max_length=1)


class _Got(Body):
    modules: _Made


class GetAnswer(Body):
    cainiao_waybill_ii_get_response: _Got


class _Cancelled(Body):
    cancel_result: bool


class CancelAnswer(Body):
    cainiao_waybill_ii_cancel_response: _Cancelled


class _Known(Body):
    success: bool = False


class _KnownList(Body):
    waybill_cloud_print_with_result_desc_response: tuple[_Known, ...] = ()


class _Asked(Body):
    modules: _KnownList = _KnownList()


class ByOrderAnswer(Body):
    cainiao_waybill_ii_query_by_tradecode_response: _Asked


def open_waybills(access: ShopAccess) -> "TopWaybills":
    """Secrets of the shop; its settings `waybills`, `waybill_user_id`."""
    return TopWaybills(access, open_shop(access))


@dataclass(frozen=True, slots=True)
class TopWaybills:
    """One shop's waybills. Order, carrier and package id name one: asked again the first comes."""

    access: ShopAccess
    shop: TopMarketplace

    def missing(self, carrier: str) -> str:
        return missing_of(self.access.settings, carrier, NEEDED)

    async def reserve(self, parcel: MaskedParcel) -> str:
        """Our own reference is the key."""
        return cloud_print.key_of(parcel)

    async def create(self, parcel: MaskedParcel, key: str) -> PlatformWaybill:
        """The oaid stands for the receiver; his masks are only what must not be empty."""
        entry = entry_with(self.access.settings, parcel.carrier, NEEDED)
        receiver = parcel.receiver
        recipient = {
            "name": receiver.name_mask,
            "mobile": receiver.phone_mask,
            "address": cloud_print.address_of(receiver.address),
            "oaid": receiver.oaid,
            "tid": parcel.external_no,
        }
        user_id = str(self.access.settings.get("waybill_user_id", ""))
        asked = cloud_print.request_of(parcel, key, _CHANNEL, recipient, entry, user_id)
        asked["cp_code"] = self._cp_code(parcel.carrier)
        if product := entry.get("product_code"):
            asked["product_code"] = str(product)
        raw = await self.shop.call(
            GET, {cloud_print.PARAMETER: cloud_print.written(asked)}, changes=True
        )
        answer = read_answer(GetAnswer, raw, system="top", changes=True)
        (made,) = answer.cainiao_waybill_ii_get_response.modules.waybill_cloud_print_response
        return made.waybill

    async def cancel(self, parcel: MaskedParcel, key: str, waybill_no: str) -> None:
        """Without a number the order is asked for its waybills first; if it has any, ordering
        ours again tells its number."""
        if not waybill_no:
            if not await self._has_waybills(parcel, key):
                return
            waybill_no = (await self.create(parcel, key)).waybill_no
        parameters = {"cp_code": self._cp_code(parcel.carrier), "waybill_code": waybill_no}
        try:
            raw = await self.shop.call(CANCEL, parameters, changes=True)
        except Rejected as refusal:
            if not refusal.says(cloud_print.VOID_WORDS):
                raise
            return
        answer = read_answer(CancelAnswer, raw, system="top", changes=True)
        if not answer.cainiao_waybill_ii_cancel_response.cancel_result:
            raise Rejected("the waybill was not voided", code="cancel_result=false", system="top")

    async def _has_waybills(self, parcel: MaskedParcel, key: str) -> bool:
        asked = [{"biz_sub_code": parcel.external_no, "object_id": key}]
        raw = await self.shop.call(
            BY_ORDER, {"param_list": cloud_print.written(asked)}, changes=False
        )
        answer = read_answer(ByOrderAnswer, raw, system="top", changes=False)
        known = answer.cainiao_waybill_ii_query_by_tradecode_response.modules
        return any(one.success for one in known.waybill_cloud_print_with_result_desc_response)

    def _cp_code(self, carrier: str) -> str:
        entry = entry_with(self.access.settings, carrier, NEEDED)
        return str(entry.get("cp_code") or CP_CODES.get(carrier, carrier.upper()))
