"""Masked orders in the sandbox's shops, and the waybills their platforms make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.shared.address import MaskedReceiver
from integrations.access import Secrets, ShopAccess
from integrations.marketplaces.port import Marketplace, MaskedParcel, PackedItem, PlatformWaybills
from integrations.marketplaces.registry import CHANNELS
from tests.integrations.marketplaces.shops import douyin, pdd, wechat
from tests.integrations.sandbox.world import SENDER, World

TEMPLATE: Final = "http://cloudprint.example/template/standard/1"


@dataclass(frozen=True, slots=True)
class Platform:
    """`get` and `cancel` are its operations; `used_up` the code of an empty account."""

    channel: str
    orders: str
    number: str
    get: str
    cancel: str
    used_up: str
    access: Callable[[World], ShopAccess]
    settings: Mapping[str, Any]


def _top(world: World) -> ShopAccess:
    account = world.sandbox.settings.top
    secrets = {
        "app_key": account.app_key,
        "app_secret": account.app_secret,
        "session": account.sessions[0],
    }
    url, opened = "http://sandbox/top/router/rest", Secrets("top-1", secrets)
    return ShopAccess("top-1", "tmall", url, opened, {}, world.vendor_http)


WECHAT: Final = "/channels/ec/logistics/ewaybill/biz/order"
CLOUD_PRINT: Final = {
    "waybill_user_id": "2088",
    "waybills": {"sf": {"template_url": TEMPLATE}, "zto": {"template_url": TEMPLATE}},
}
PLATFORMS: Final = {
    "top": Platform(
        "top", "trades", "tid", "cainiao.waybill.ii.get", "cainiao.waybill.ii.cancel",
        "isv.waybill-error:BALANCE", _top, CLOUD_PRINT,
    ),
    "pdd": Platform(
        "pdd", "orders", "order_sn", "pdd.waybill.get", "pdd.waybill.cancel", "50001",
        lambda world: pdd(world).access, CLOUD_PRINT,
    ),
    "douyin": Platform(
        "douyin", "orders", "order_id", "/logistics/newCreateOrder", "/logistics/cancelOrder",
        "10710", lambda world: douyin(world).access, {"waybills": CLOUD_PRINT["waybills"]},
    ),
    "wechat": Platform(
        "wechat", "orders", "order_id", f"{WECHAT}/create", f"{WECHAT}/cancel", "10020052",
        lambda world: wechat(world).access,
        {"waybills": {code: {"ewaybill_acct_id": "1001", "shop_id": "2000"}
                      for code in ("sf", "zto")}},
    ),
}  # fmt: skip


@dataclass
class Counter:
    """A shop whose platform hides its buyers: its client, and the waybills it can order."""

    world: World
    platform: Platform
    shop: Marketplace
    waybills: PlatformWaybills

    async def order(self, **new: Any) -> str:
        path = f"/sandbox/{self.platform.channel}/{self.platform.orders}"
        answer = await self.world.vendor_http.post(path, json={"masked": True, **new})
        assert answer.status_code == 201, answer.text
        return str(answer.json()[0][self.platform.number])

    async def parcel(self, number: str, box: int = 1, carrier: str = "sf") -> MaskedParcel:
        """A box of the order, with the receiver as our client reads him."""
        snapshot = self.shop.snapshot(await self.shop.fetch_raw(number))
        assert snapshot is not None
        assert isinstance(snapshot.receiver, MaskedReceiver)
        items = (PackedItem("铁观音 礼盒", 2),)
        return MaskedParcel(
            f"O-77-1-P{box}", number, carrier, "2", SENDER, snapshot.receiver, items, 1500
        )

    async def made(self) -> list[dict[str, Any]]:
        """What the platform says it made."""
        answer = await self.world.vendor_http.get(f"/sandbox/{self.platform.channel}/waybills")
        made: list[dict[str, Any]] = answer.json()
        return made

    async def fault(self, operation: str, kind: str, **more: Any) -> None:
        switch = {"vendor": self.platform.channel, "operation": operation, "kind": kind}
        await self.world.fault(**switch, times=1, delay_s=0.01, **more)

    async def fill(self, left: int | None) -> None:
        path = f"/sandbox/{self.platform.channel}/waybills/account"
        (await self.world.vendor_http.put(path, json={"left": left})).raise_for_status()


def counter(world: World, platform: Platform, **settings: Any) -> Counter:
    """`settings` take the place of the platform's."""
    plain = platform.access(world)
    access = ShopAccess(
        plain.shop_id, plain.external_id, plain.base_url, plain.secrets,
        {**platform.settings, **settings}, plain.http,
    )  # fmt: skip
    channel = CHANNELS[platform.channel]
    assert channel.waybills is not None
    return Counter(world, platform, channel.opens(access), channel.waybills(access))
