"""Shops of marketplaces in the sandbox, and what buyers do there."""

from collections.abc import Callable
from typing import Any

import httpx

from domain.shared.errors import Rejected
from integrations.access import Secrets, ShopAccess
from integrations.marketplaces.douyin import DouyinMarketplace
from integrations.marketplaces.jd import JdMarketplace
from integrations.marketplaces.pdd import PddMarketplace
from integrations.marketplaces.port import Pushed, PushMarketplace, ShipConfirmation, ShippedLine
from integrations.marketplaces.wechat import WechatMarketplace
from integrations.marketplaces.woocommerce import WooMarketplace
from tests.integrations.sandbox.world import World


def jd(world: World, **changes: Any) -> JdMarketplace:
    """`changes` are secrets, or `now`, `http` and the shop's `settings`."""
    account = world.sandbox.settings.jd
    secrets = {
        "app_key": account.app_key,
        "app_secret": account.app_secret,
        "access_token": account.access_tokens[0],
    }
    now = changes.pop("now", world.now)
    access = _access(world, "jd", account.vender_id, "/jd/routerjson", secrets, changes)
    return JdMarketplace(access, now)


def pdd(world: World, **changes: Any) -> PddMarketplace:
    """`changes` are secrets, or `now`, `http` and the shop's `settings`."""
    account = world.sandbox.settings.pdd
    secrets = {
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "access_token": account.access_tokens[0],
    }
    now = changes.pop("now", world.now)
    access = _access(world, "pdd", account.mall_id, "/pdd/api/router", secrets, changes)
    return PddMarketplace(access, now)


def douyin(world: World, **changes: Any) -> DouyinMarketplace:
    """`changes` are secrets, or `now`, `http` and the shop's `settings`."""
    account = world.sandbox.settings.douyin
    secrets = {
        "app_key": account.app_key,
        "app_secret": account.app_secret,
        "access_token": account.access_tokens[0],
    }
    now = changes.pop("now", world.now)
    access = _access(world, "douyin", account.shop_id, "/douyin", secrets, changes)
    return DouyinMarketplace(access, now)


def wechat(world: World, **changes: Any) -> WechatMarketplace:
    """`changes` are secrets, or `now`, `http` and the shop's `settings`."""
    account = world.sandbox.settings.wechat
    secrets = {
        "app_secret": account.app_secret,
        "push_token": account.push_token,
        "aes_key": account.aes_key,
    }
    now = changes.pop("now", world.now)
    access = _access(world, "wechat", account.app_id, "/wechat", secrets, changes)
    return WechatMarketplace(access, now)


def woocommerce(world: World, **changes: Any) -> WooMarketplace:
    """`changes` are secrets, or `http` and the shop's `settings`."""
    account = world.sandbox.settings.woocommerce
    secrets = {
        "consumer_key": account.consumer_key,
        "consumer_secret": account.consumer_secret,
        "webhook_secret": account.webhook_secret,
    }
    return WooMarketplace(
        _access(world, "woocommerce", account.site, "/woocommerce", secrets, changes)
    )


def _access(
    world: World,
    channel: str,
    external_id: str,
    path: str,
    secrets: dict[str, str],
    changes: dict[str, Any],
) -> ShopAccess:
    settings, http = changes.pop("settings", {}), changes.pop("http", world.vendor_http)
    shop_id = f"{channel}-1"
    opened = Secrets(shop_id, {**secrets, **changes})
    return ShopAccess(shop_id, external_id, f"http://sandbox{path}", opened, settings, http)


def at_the_door(request: httpx.Request) -> Pushed:
    """A vendor's push as our door hands it on."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Pushed(headers, request.content, dict(request.url.params), request.method)


def answering(shop: PushMarketplace) -> Callable[[httpx.Request], httpx.Response]:
    """Our door: reads the push, says what the vendor wants to hear."""

    def answer(request: httpx.Request) -> httpx.Response:
        pushed = at_the_door(request)
        try:
            shop.read_pushes(pushed)
            said = shop.acknowledge(pushed)
        except Rejected as refusal:
            said = shop.refuse(refusal)
        return httpx.Response(said.status, content=said.body)

    return answer


async def sell(world: World, vendor: str, **new: Any) -> list[str]:
    """Numbers of the orders placed."""
    answer = await world.vendor_http.post(f"/sandbox/{vendor}/orders", json=new)
    assert answer.status_code == 201, answer.text
    names = ("orderId", "order_sn", "order_id", "id")
    return [str(next(order[name] for name in names if name in order)) for order in answer.json()]


async def act(world: World, vendor: str, number: str, action: str, **body: Any) -> dict[str, Any]:
    path = f"/sandbox/{vendor}/orders/{number}/{action}"
    answer = (await world.vendor_http.post(path, json=body)).raise_for_status()
    changed: dict[str, Any] = answer.json()
    return changed


def parcel(
    number: str, waybill_no: str = "SF1", carrier: str = "sf", *, partial: bool = False
) -> ShipConfirmation:
    return ShipConfirmation(number, "pcl_1", carrier, waybill_no, (ShippedLine("1", 1),), partial)
