"""The channels Onhand speaks to: one entry each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from integrations.access import Limit, ShopAccess
from integrations.marketplaces import douyin, jd, own, pdd, shopify, top, wechat, woocommerce
from integrations.marketplaces.port import Marketplace


@dataclass(frozen=True, slots=True)
class Channel:
    """What a channel's client can do besides the least (`integrations.marketplaces.port`).

    `limits`: method → calls, as the vendor documents them; a method that is not there waits only
    when the vendor says so.
    """

    opens: Callable[[ShopAccess], Marketplace]
    is_pulled: bool = False  # a PulledMarketplace: its shops get pollers
    is_queued: bool = False  # a QueueMarketplace: its messages are taken out of a queue
    is_stocked: bool = False  # a StockedMarketplace: it is told what it may sell
    tells_after_sales: bool = False  # an AfterSaleMarketplace
    limits: Mapping[str, Limit] = field(default_factory=dict)


CHANNELS: Final[Mapping[str, Channel]] = {
    "douyin": Channel(
        douyin.open_shop,
        is_pulled=True,
        is_stocked=True,
        tells_after_sales=True,
        limits=douyin.LIMITS,
    ),
    "jd": Channel(jd.open_shop, is_pulled=True, is_stocked=True, tells_after_sales=True),
    "own": Channel(own.open_shop),
    "pdd": Channel(
        pdd.open_shop,
        is_pulled=True,
        is_stocked=True,
        tells_after_sales=True,
        limits=pdd.LIMITS,
    ),
    "shopify": Channel(shopify.open_shop, is_stocked=True),
    "top": Channel(
        top.open_shop,
        is_pulled=True,
        is_queued=True,
        is_stocked=True,
        tells_after_sales=True,
    ),
    "wechat": Channel(
        wechat.open_shop,
        is_pulled=True,
        is_stocked=True,
        tells_after_sales=True,
        limits=wechat.LIMITS,
    ),
    "woocommerce": Channel(
        woocommerce.open_shop, is_pulled=True, is_stocked=True, tells_after_sales=True
    ),
}
PULLED: Final = tuple(code for code, channel in CHANNELS.items() if channel.is_pulled)
STOCKED: Final = tuple(code for code, channel in CHANNELS.items() if channel.is_stocked)
QUEUED: Final = tuple(code for code, channel in CHANNELS.items() if channel.is_queued)
TELLS_AFTER_SALES: Final = tuple(
    code for code, channel in CHANNELS.items() if channel.tells_after_sales
)
