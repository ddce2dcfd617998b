"""The channels Onhand speaks to: one entry each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.channels.selling import LARGEST_COUNT
from integrations.access import Limit, ShopAccess
from integrations.marketplaces import (
    douyin,
    douyin_waybill,
    jd,
    own,
    pdd,
    pdd_waybill,
    pos,
    shopify,
    top,
    top_waybill,
    wechat,
    wechat_waybill,
    woocommerce,
)
from integrations.marketplaces.port import Marketplace, PlatformWaybills
from integrations.settings import Schema, nested, number, whole, yes_no

_DAY_S: Final = 86_400
# How often a shop is looked at, and what it may sell of a product that has no rule of its own.
COMMON: Final = Schema(
    (
        number("interval_s", 1, _DAY_S),
        number("message_interval_s", 1, _DAY_S),
        number("after_sale_interval_s", 1, _DAY_S),
        number("overlap_s", 0, _DAY_S),
        number("settle_s", 0, 3600),
        number("first_window_s", 0, 90 * _DAY_S),
        number("read_back_s", 1, _DAY_S),
        number("read_settle_s", 0, _DAY_S),
        nested(
            "sell",
            yes_no("allowed"),
            whole("buffer", 0, LARGEST_COUNT),
            whole("threshold", 0, LARGEST_COUNT),
            whole("share_percent", 0, 100),
            whole("most", 0, LARGEST_COUNT),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Channel:
    """What may be set of a shop of a channel, and what its client can do besides the least
    (`integrations.marketplaces.port`).

    `base_url`: where the vendor documents itself to be, `{external_id}` in the place of the shop's
    own name there; empty where every shop has an address of its own, None where we only listen.
    `limits`: method → calls, as the vendor documents them; a method that is not there waits only
    when the vendor says so.
    """

    opens: Callable[[ShopAccess], Marketplace]
    settings: Schema
    base_url: str | None = None
    is_pushed: bool = False  # it tells us by itself: our address has to be told there
    is_pulled: bool = False  # a PulledMarketplace: its shops get pollers
    is_queued: bool = False  # a QueueMarketplace: its messages are taken out of a queue
    is_stocked: bool = False  # a StockedMarketplace: it is told what it may sell
    tells_after_sales: bool = False  # an AfterSaleMarketplace
    renews: bool = False  # a RenewingMarketplace
    limits: Mapping[str, Limit] = field(default_factory=dict)
    waybills: Callable[[ShopAccess], PlatformWaybills] | None = None  # for receivers it hides


CHANNELS: Final[Mapping[str, Channel]] = {
    "douyin": Channel(
        douyin.open_shop,
        douyin.SETTINGS + douyin_waybill.SETTINGS + COMMON,
        "https://openapi-fxg.jinritemai.com",
        is_pushed=True,
        is_pulled=True,
        is_stocked=True,
        tells_after_sales=True,
        limits=douyin.LIMITS,
        waybills=douyin_waybill.open_waybills,
        renews=True,
    ),
    "jd": Channel(
        jd.open_shop,
        jd.SETTINGS + COMMON,
        "https://api.jd.com/routerjson",
        is_pulled=True,
        is_stocked=True,
        tells_after_sales=True,
    ),
    "own": Channel(own.open_shop, own.SETTINGS + COMMON, is_pushed=True),
    "pdd": Channel(
        pdd.open_shop,
        pdd.SETTINGS + pdd_waybill.SETTINGS + COMMON,
        "https://gw-api.pinduoduo.com/api/router",
        is_pulled=True,
        is_stocked=True,
        tells_after_sales=True,
        limits=pdd.LIMITS,
        renews=True,
        waybills=pdd_waybill.open_waybills,
    ),
    "pos": Channel(pos.open_shop, pos.SETTINGS + COMMON, is_pushed=True),
    "shopify": Channel(
        shopify.open_shop,
        shopify.SETTINGS + COMMON,
        "https://{external_id}",
        is_pushed=True,
        is_stocked=True,
    ),
    "top": Channel(
        top.open_shop,
        top.SETTINGS + top_waybill.SETTINGS + COMMON,
        "https://gw.api.taobao.com/router/rest",
        is_pulled=True,
        is_queued=True,
        is_stocked=True,
        tells_after_sales=True,
        waybills=top_waybill.open_waybills,
    ),
    "wechat": Channel(
        wechat.open_shop,
        wechat.SETTINGS + wechat_waybill.SETTINGS + COMMON,
        "https://api.weixin.qq.com",
        is_pushed=True,
        is_pulled=True,
        is_stocked=True,
        tells_after_sales=True,
        limits=wechat.LIMITS,
        waybills=wechat_waybill.open_waybills,
    ),
    "woocommerce": Channel(
        woocommerce.open_shop,
        woocommerce.SETTINGS + COMMON,
        "",
        is_pushed=True,
        is_pulled=True,
        is_stocked=True,
        tells_after_sales=True,
    ),
}
PULLED: Final = tuple(code for code, channel in CHANNELS.items() if channel.is_pulled)
STOCKED: Final = tuple(code for code, channel in CHANNELS.items() if channel.is_stocked)
QUEUED: Final = tuple(code for code, channel in CHANNELS.items() if channel.is_queued)
TELLS_AFTER_SALES: Final = tuple(
    code for code, channel in CHANNELS.items() if channel.tells_after_sales
)
RENEWS: Final = tuple(code for code, channel in CHANNELS.items() if channel.renews)
