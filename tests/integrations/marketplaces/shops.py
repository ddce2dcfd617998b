"""Shops of JD and Pinduoduo in the sandbox, and what buyers do there."""

from typing import Any

from integrations.access import Secrets, ShopAccess
from integrations.marketplaces.jd import JdMarketplace
from integrations.marketplaces.pdd import PddMarketplace
from integrations.marketplaces.port import ShipConfirmation, ShippedLine
from tests.integrations.sandbox.world import World


def jd(world: World, **changes: Any) -> JdMarketplace:
    """`changes` are secrets, or `now`, `http` and the shop's `settings`."""
    account = world.sandbox.settings.jd
    secrets = {
        "app_key": account.app_key,
        "app_secret": account.app_secret,
        "access_token": account.access_tokens[0],
    }
    now, settings = changes.pop("now", world.now), changes.pop("settings", {})
    http = changes.pop("http", world.vendor_http)
    access = ShopAccess(
        "jd-1",
        account.vender_id,
        "http://sandbox/jd/routerjson",
        Secrets("jd-1", {**secrets, **changes}),
        settings,
        http,
    )
    return JdMarketplace(access, now)


def pdd(world: World, **changes: Any) -> PddMarketplace:
    """`changes` are secrets, or `now`, `http` and the shop's `settings`."""
    account = world.sandbox.settings.pdd
    secrets = {
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "access_token": account.access_tokens[0],
    }
    now, settings = changes.pop("now", world.now), changes.pop("settings", {})
    http = changes.pop("http", world.vendor_http)
    access = ShopAccess(
        "pdd-1",
        account.mall_id,
        "http://sandbox/pdd/api/router",
        Secrets("pdd-1", {**secrets, **changes}),
        settings,
        http,
    )
    return PddMarketplace(access, now)


async def sell(world: World, vendor: str, **new: Any) -> list[str]:
    """Numbers of the orders placed."""
    answer = await world.vendor_http.post(f"/sandbox/{vendor}/orders", json=new)
    assert answer.status_code == 201, answer.text
    return [str(order.get("orderId") or order.get("order_sn")) for order in answer.json()]


async def act(world: World, vendor: str, number: str, action: str, **body: Any) -> dict[str, Any]:
    path = f"/sandbox/{vendor}/orders/{number}/{action}"
    answer = (await world.vendor_http.post(path, json=body)).raise_for_status()
    changed: dict[str, Any] = answer.json()
    return changed


def parcel(
    number: str, waybill_no: str = "SF1", carrier: str = "sf", *, partial: bool = False
) -> ShipConfirmation:
    return ShipConfirmation(number, "pcl_1", carrier, waybill_no, (ShippedLine("1", 1),), partial)
