"""Pinduoduo's electronic waybills: ordered with the order's own ciphertext, printed by its
component.

`pdd.waybill.get` and `pdd.waybill.cancel`, by the names of the vendor's libraries.
"""

from dataclasses import dataclass
from typing import Final

from pydantic import Field

from domain.shared.errors import Rejected
from integrations.access import ShopAccess
from integrations.marketplaces import cloud_print
from integrations.marketplaces.pdd import PddMarketplace, open_shop
from integrations.marketplaces.pdd_order import read_order
from integrations.marketplaces.port import MaskedParcel, PlatformWaybill
from integrations.marketplaces.reading import Body, read_answer
from integrations.marketplaces.waybill_settings import entries, entry_with, missing_of
from integrations.settings import Schema, text

GET: Final = "pdd.waybill.get"
CANCEL: Final = "pdd.waybill.cancel"
NEEDED: Final = ("template_url",)
SETTINGS: Final = Schema((text("waybill_user_id"), entries("template_url", "wp_code", "services")))
WP_CODES: Final = {
    "sf": "SF",
    "zto": "ZTO",
    "yto": "YTO",
    "sto": "STO",
    "yunda": "YUNDA",
    "ems": "EMS",
    "jdl": "JD",
}
_CHANNEL: Final = "PDD"


class _Got(Body):
    modules: tuple[cloud_print.Module, ...] = Field(min_length=1, max_length=1)


class GetAnswer(Body):
    pdd_waybill_get_response: _Got


class _Cancelled(Body):
    cancel_result: bool


class CancelAnswer(Body):
    pdd_waybill_cancel_response: _Cancelled


def open_waybills(access: ShopAccess) -> "PddWaybills":
    """Secrets of the shop; its settings `waybills`, `waybill_user_id` (else the shop's number)."""
    return PddWaybills(access, open_shop(access))


@dataclass(frozen=True, slots=True)
class PddWaybills:
    """One shop's waybills. Order, carrier and package id name one: asked again the first comes."""

    access: ShopAccess
    shop: PddMarketplace

    def missing(self, carrier: str) -> str:
        return missing_of(self.access.settings, carrier, NEEDED)

    async def reserve(self, parcel: MaskedParcel) -> str:
        """Our own reference is the key."""
        return cloud_print.key_of(parcel)

    async def create(self, parcel: MaskedParcel, key: str) -> PlatformWaybill:
        """The ciphertext is asked for right now and passed on; we never keep it."""
        entry = entry_with(self.access.settings, parcel.carrier, NEEDED)
        order = read_order(await self.shop.fetch_raw(parcel.external_no))
        if not (order.receiver_name and order.receiver_phone and order.receiver_address):
            text = "the platform tells no receiver for a waybill at the moment"
            raise Rejected(text, code="no_receiver", system="pdd")
        recipient = {
            "name": order.receiver_name,
            "mobile": order.receiver_phone,
            "address": {
                "province": order.province,
                "city": order.city,
                "district": order.town,
                "detail": order.receiver_address,
            },
        }
        user_id = str(self.access.settings.get("waybill_user_id", self.access.external_id))
        asked = cloud_print.request_of(parcel, key, _CHANNEL, recipient, entry, user_id)
        asked["wp_code"] = self._wp_code(parcel.carrier)
        raw = await self.shop.call(
            GET, {cloud_print.PARAMETER: cloud_print.written(asked)}, changes=True
        )
        answer = read_answer(GetAnswer, raw, system="pdd", changes=True)
        (made,) = answer.pdd_waybill_get_response.modules
        return made.waybill

    async def cancel(self, parcel: MaskedParcel, key: str, waybill_no: str) -> None:
        """Nothing asks by order here: without a number, ordering ours again tells it."""
        number = waybill_no or (await self.create(parcel, key)).waybill_no
        parameters = {"wp_code": self._wp_code(parcel.carrier), "waybill_code": number}
        try:
            raw = await self.shop.call(CANCEL, parameters, changes=True)
        except Rejected as refusal:
            if not refusal.says(cloud_print.VOID_WORDS):
                raise
            return
        answer = read_answer(CancelAnswer, raw, system="pdd", changes=True)
        if not answer.pdd_waybill_cancel_response.cancel_result:
            raise Rejected("the waybill was not voided", code="cancel_result=false", system="pdd")

    def _wp_code(self, carrier: str) -> str:
        entry = entry_with(self.access.settings, carrier, NEEDED)
        return str(entry.get("wp_code") or WP_CODES.get(carrier, carrier.upper()))
